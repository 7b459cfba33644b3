//go:build linux

package chaos

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"licensebot/internal/sandbox"
)

// What the bot's messages carry.
const (
	cardEvent     = "allocation_requested"
	progressEvent = "allocation_approved"
	doneEvent     = "allocation_done"
	failedEvent   = "allocation_failed"
)

// shows is what a card says once its request has ended.
var shows = map[string]string{
	doneEvent: "*Done*", failedEvent: "*Failed*", "allocation_superseded": "*Superseded*",
	"allocation_denied": "*Denied*", "allocation_cancelled": "*Cancelled*", "allocation_expired": "*Expired*",
}

func isEnd(event string) bool { return shows[event] != "" }

// A History is what the two simulators saw, as far as it is judged.
type History struct {
	Commands []*Command
	Cards    []*Card
	Stray    []sandbox.Message // in the approvals channel, by the bot, and no card
	Private  []Word
	Writes   []*Write
	Edits    []Edit // of rules, by hand
	Rights   []Right
	Quorum   int
	TTL      time.Duration
	Skew     time.Duration
	Bot      string // its user id

	slack  []sandbox.Entry
	uipath []sandbox.UiPathCall
}

// A Command is a slash command that somebody typed.
type Command struct {
	Envelope string
	User     string
	Text     string // unescaped
	Ticket   string // "" where none was in it
	At       time.Time
	Answer   string // what the person read; "" where nothing came in time
	ID       string // of the request that the answer says is recorded
}

// A Card is a message that asks for consent, with its thread.
type Card struct {
	TS, ID, Group, Requester string
	Codes                    []string // what it asks to add
	Ticket                   string
	At                       time.Time
	Says                     []Saying // what it said at first, and after every update
	Thread                   []Reply
	Votes                    []Vote
	Looks                    []Look
}

// A Saying is the text of a card from some time on.
type Saying struct {
	At   time.Time
	Text string
}

// A Reply is a message of the bot in a card's thread.
type Reply struct {
	At    time.Time
	Event string
	Text  string
}

// A Vote is a reaction put on a card or taken off it.
type Vote struct {
	At      time.Time
	User    string
	Deny    bool
	Emoji   string
	Present bool
}

// A Look is a call that showed the bot who had reacted on a card, some time
// between From and To.
type Look struct{ From, To time.Time }

// A Word is what one person alone read.
type Word struct {
	User, Text string
	Via        string
}

// A Right is somebody's right to approve, from some time on.
type Right struct {
	At   time.Time
	User string
	Has  bool
}

// A Write is a call that would replace a group's rule.
type Write struct {
	Seq           int
	Group         string
	Asked         []string // the codes it would set
	Arrived       time.Time
	Took          time.Time // zero: it had no effect
	Ended         time.Time
	Spoilt        bool // its caller got no answer, or not the real one
	Status        int
	Before, After []string
	Changed       bool
}

// An Edit is a change of a group's rule that somebody made by hand.
type Edit struct {
	At            time.Time
	Group         string
	Before, After []string
}

// read makes a History of the journals.
func (w *world) read() *History {
	h := &History{
		Quorum: w.terms.quorum, TTL: w.terms.ttl, Skew: w.terms.skew, Bot: w.slack.BotUserID(),
		slack: w.slack.Journal(), uipath: w.uipath.Calls(""),
	}
	h.readCommands()
	h.readCards(w.slack)
	h.readVotes()
	h.readLooks(w.slack.Calls("reactions.get"))
	h.readRights()
	h.readUiPath()
	for _, user := range everybody {
		for _, e := range w.slack.Ephemerals(user) {
			h.Private = append(h.Private, Word{User: user, Text: e.Text, Via: e.Via})
		}
		for _, m := range w.slack.DirectMessages(user) {
			h.Private = append(h.Private, Word{User: user, Text: m.Text, Via: "direct message"})
		}
	}
	return h
}

var (
	ticketWord = regexp.MustCompile(`ask-\d+-\d+`)
	recorded   = regexp.MustCompile("^Request `(R-[0-9A-Z]{8})` is recorded")
	unescape   = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// readCommands finds what was typed and what the person then read.
func (h *History) readCommands() {
	byEnvelope := map[string]*Command{}
	for _, e := range h.slack {
		switch {
		case e.Kind == sandbox.EntryEnvelope && e.Type == "slash_commands" && byEnvelope[e.Envelope] == nil:
			c := typed(e)
			byEnvelope[e.Envelope] = c
			h.Commands = append(h.Commands, c)
		case e.Kind == sandbox.EntryAck && byEnvelope[e.Envelope] != nil:
			c := byEnvelope[e.Envelope]
			c.Answer = answerOf(e)
			if found := recorded.FindStringSubmatch(c.Answer); found != nil {
				c.ID = found[1]
			}
		}
	}
}

func typed(e sandbox.Entry) *Command {
	var frame struct {
		Payload struct {
			Text string `json:"text"`
			User string `json:"user_id"`
		} `json:"payload"`
	}
	_ = json.Unmarshal(e.Payload, &frame)
	text := unescape.Replace(frame.Payload.Text)
	return &Command{Envelope: e.Envelope, User: frame.Payload.User, Text: text, Ticket: ticketWord.FindString(text), At: e.At}
}

func answerOf(e sandbox.Entry) string {
	var ack struct {
		Payload struct {
			Text string `json:"text"`
		} `json:"payload"`
	}
	_ = json.Unmarshal(e.Payload, &ack)
	return ack.Payload.Text
}

// readCards finds the bot's messages in the approvals channel.
func (h *History) readCards(slack *sandbox.Slack) {
	for _, m := range slack.Messages(approvalsChannel) {
		if m.User != h.Bot {
			continue
		}
		if m.Metadata == nil || m.Metadata.EventType != cardEvent {
			h.Stray = append(h.Stray, m)
			continue
		}
		field := func(name string) string { text, _ := m.Metadata.EventPayload[name].(string); return text }
		c := &Card{
			TS: m.TS, ID: field("request_id"), Group: field("group_id"), Requester: field("actor"),
			Codes: strings.Fields(field("codes")), Ticket: ticketWord.FindString(m.Text), At: m.PostedAt, Says: sayings(m),
		}
		for _, r := range slack.Thread(approvalsChannel, m.TS) {
			if r.User != h.Bot {
				continue
			}
			reply := Reply{At: r.PostedAt, Text: r.Text}
			if r.Metadata != nil {
				reply.Event = r.Metadata.EventType
			}
			c.Thread = append(c.Thread, reply)
		}
		h.Cards = append(h.Cards, c)
	}
}

// sayings are the versions of a message with the time from which each stood.
func sayings(m sandbox.Message) []Saying {
	from := m.PostedAt
	var all []Saying
	for _, r := range m.Revisions {
		all = append(all, Saying{At: from, Text: r.Text})
		from = r.Until
	}
	return append(all, Saying{At: from, Text: m.Text})
}

func (h *History) card(ts string) *Card {
	for _, c := range h.Cards {
		if c.TS == ts {
			return c
		}
	}
	return nil
}

// approves tells what an emoji means, if anything.
func approves(emoji string) (deny, ok bool) {
	plain, _, _ := strings.Cut(emoji, "::skin-tone-")
	switch {
	case plain == denyEmoji:
		return true, true
	case plain == "thumbsup", slices.Contains(approveEmoji, plain):
		return false, true
	}
	return false, false
}

func (h *History) readVotes() {
	for _, e := range h.slack {
		if e.Kind != sandbox.EntryReactionAdded && e.Kind != sandbox.EntryReactionRemoved || e.User == h.Bot {
			continue
		}
		deny, ok := approves(e.Detail)
		if c := h.card(e.TS); ok && c != nil && e.Channel == approvalsChannel {
			c.Votes = append(c.Votes, Vote{At: e.At, User: e.User, Deny: deny, Emoji: e.Detail, Present: e.Kind == sandbox.EntryReactionAdded})
		}
	}
}

// readLooks keeps the looks whose answer the bot may have read.
func (h *History) readLooks(calls []sandbox.Call) {
	for _, call := range calls {
		if c := h.card(call.Args["timestamp"]); c != nil && call.Status == 200 && call.Error == "" {
			c.Looks = append(c.Looks, Look{From: call.At, To: call.At.Add(call.Dur + time.Millisecond)})
		}
	}
}

// readRights follows who is in the user group and whose account works.
func (h *History) readRights() {
	member, active := map[string]bool{}, map[string]bool{}
	for _, user := range voters {
		active[user] = true
		member[user] = slices.Contains(approversOf, user)
	}
	for _, e := range h.slack {
		switch {
		case e.Kind != sandbox.EntryWorkspace:
			continue
		case e.Type == "user group":
			_, folk, _ := strings.Cut(e.Detail, ": ")
			for _, user := range voters {
				if !slices.Contains(approversOf, user) {
					member[user] = slices.Contains(strings.Fields(folk), user)
				}
			}
		case e.Type == "user":
			active[e.User] = e.Detail != "deactivated"
		}
		for _, user := range voters {
			h.Rights = append(h.Rights, Right{At: e.At, User: user, Has: member[user] && active[user]})
		}
	}
}

func (h *History) readUiPath() {
	for _, call := range h.uipath {
		switch {
		case call.Operation == sandbox.OperationPortal:
			h.Edits = append(h.Edits, Edit{At: call.At, Group: call.Path, Before: call.Before, After: call.After})
		case strings.HasPrefix(call.Operation, "PUT group"):
			h.Writes = append(h.Writes, writeOf(call))
		}
	}
	slices.SortFunc(h.Writes, func(a, b *Write) int { return a.Arrived.Compare(b.Arrived) })
}

func writeOf(call sandbox.UiPathCall) *Write {
	var body struct {
		Codes []string `json:"userBundleCodes"`
	}
	_ = json.Unmarshal([]byte(call.Body), &body)
	_, rest, _ := strings.Cut(call.Path, "/user-license/group/")
	group, _, _ := strings.Cut(rest, "/")
	return &Write{
		Seq: call.Seq, Group: group, Asked: body.Codes, Arrived: call.At, Took: call.TookAt, Ended: call.At.Add(call.Dur),
		Spoilt: call.Faulted, Status: call.Status, Before: call.Before, After: call.After, Changed: call.Changed,
	}
}
