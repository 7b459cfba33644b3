//go:build linux

package chaos

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What is said in the thread of a grant for a time, after it is done.
const (
	warnEvent    = "allocation_ending"
	overdueEvent = "allocation_overdue"
	endedEvent   = "allocation_ended"
)

var grantEvents = []string{warnEvent, overdueEvent, endedEvent}

// periods are how long people ask for, and how a card says so.
var periods = []struct {
	typed, shown string
	lasts        time.Duration
}{
	{"1m", "1 minute", time.Minute},
	{"20m", "20 minutes", 20 * time.Minute},
	{"2h", "2 hours", 2 * time.Hour},
}

var (
	extends  = regexp.MustCompile("• Extends `([A-Z0-9]+)`")
	removes  = regexp.MustCompile("(?m)^• `- ([A-Z0-9]+)`")
	typedFor = regexp.MustCompile(` for (\w+) because `)
	tookOut  = regexp.MustCompile("UiPath confirmed that (.*?) (?:was|were) taken out")
	leftIn   = regexp.MustCompile(`Left in: (.*?)\. (?:UiPath|Take)`)
	ordered  = regexp.MustCompile("^(cancel|end) (R-[0-9A-Z]{8})$")
)

// readGrant finds how long the codes are asked for, which of them are in the
// rule already and are only to stay, and which are to be taken out.
func (c *Card) readGrant() {
	_, change, _ := strings.Cut(askOf(c.Says[0].Text), "*Change to the group's allocation rule*")
	for _, found := range extends.FindAllStringSubmatch(change, -1) {
		c.Renews = append(c.Renews, found[1])
	}
	for _, found := range removes.FindAllStringSubmatch(change, -1) {
		c.Removes = append(c.Removes, found[1])
	}
	c.Codes = without(c.Codes, c.Removes)
	for _, p := range periods {
		if strings.Contains(change, "Granted for: "+p.shown+" from") {
			c.Lasts = p.lasts
		}
	}
}

// lastsAsTyped is how long a command asks for; zero is for good.
func lastsAsTyped(text string) time.Duration {
	found := typedFor.FindStringSubmatch(text)
	for _, p := range periods {
		if found != nil && found[1] == p.typed {
			return p.lasts
		}
	}
	return 0
}

// done is the reply that the request is done; nil if there is none.
func (c *Card) done() *Reply {
	at := slices.IndexFunc(c.Thread, func(r Reply) bool { return r.Event == doneEvent })
	if at < 0 {
		return nil
	}
	return &c.Thread[at]
}

// over reports whether a reply tells that nothing of a grant is left.
func (r Reply) over() bool {
	return r.Event == endedEvent && !strings.Contains(r.Text, "in UiPath by hand")
}

// overBy reports whether the end of a card's grant was told by then.
func (c *Card) overBy(when time.Time) bool {
	return slices.ContainsFunc(c.Thread, func(r Reply) bool { return r.over() && r.At.Before(when) })
}

// lacksEnd tells what a grant is without whose request is done.
func (c *Card) lacksEnd() string {
	switch {
	case c.Lasts == 0:
		return ""
	case !c.overBy(forever):
		return "is done for a time, whose end is not told"
	case !strings.Contains(statusOf(last(c.Says).Text), "*Ended*"):
		return "has its grant ended and its card does not show it"
	}
	return ""
}

// An Order is a command that cancels a request, or ends a grant before its
// time.
type Order struct {
	Verb, ID, User string
	At             time.Time
}

// readOrders finds them, whatever they were answered.
func (h *History) readOrders() {
	for _, c := range h.Commands {
		if found := ordered.FindStringSubmatch(c.Text); found != nil {
			h.Orders = append(h.Orders, Order{Verb: found[1], ID: found[2], User: c.User, At: c.At})
		}
	}
}

// number is the ordinal in a message's metadata: what is said more than once
// in a thread is told apart by it.
func number(payload map[string]any) string {
	n, ok := payload["number"].(float64)
	if !ok {
		return ""
	}
	return strconv.Itoa(int(n))
}
