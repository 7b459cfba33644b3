package command

import (
	"regexp"
	"slices"
	"strings"

	"licensebot/approvals"
)

// readTicketFirst reads the key of a ticket before the request that it is for.
func (r *reader) readTicketFirst(tokens []word) (c Command, isAny bool, err error) {
	if !r.knowsGroups() || r.isCheck {
		return Command{}, false, nil
	}
	d := &draft{reader: r}
	for n := 1; n < min(len(tokens)-1, maxTicketWords); n++ {
		rest := tokens[n:]
		isCut := rest[0].isOneOf([]string{"-", "|", "/", "--"})
		isKey := n == 1 && ticketKey.MatchString(tokens[0].text)
		if !endsClause(tokens[n-1]) && !isCut && !isKey || !d.isTicket(tokens[:n]) {
			continue
		}
		if isCut {
			rest = rest[1:]
		}
		c, err := r.readSentence(r.dropOpening(rest))
		ask, ok := r.offeredBy(c, err)
		if !ok {
			return Command{}, false, nil
		}
		ask.Reason = strings.TrimRight(strings.TrimRight(joinTyped(tokens[:n]), ",;:- ")+": "+ask.Reason, ": ")
		if err == nil && reasonProblem(ask.Reason) == "" {
			return Command{Verb: VerbAsk, Ask: ask}, true, nil
		}
		return Command{}, true, newError(r.verify(ask), "The reason comes last, after %s.", Typed("because"))
	}
	return Command{}, false, nil
}

// maxTicketWords bounds the key of a ticket with what people call it.
const maxTicketWords = 4

var (
	ticketKey    = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,9}-[0-9]+$|^[A-Z]{2,6}[0-9]{4,}$|^#[0-9]{3,}$`)
	ticketNumber = regexp.MustCompile(`^[A-Z]{2,6}[0-9]{5,}$`) // of a ticket and of nothing else
	webAddress   = regexp.MustCompile(`^(https?://\S+|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+/\S+)$`)
)

// ticketWords stand before the key of a ticket.
var ticketWords = []string{
	"ticket", "see", "per", "ref", "reference", "jira", "issue", "case", "incident", "request", "of", "for",
}

// isTicket reports whether words are the key of a ticket or an address, with what people
// call it before it. A key is nothing that UiPath has.
func (d *draft) isTicket(words []word) bool {
	last := words[len(words)-1]
	for _, w := range words[:len(words)-1] {
		if !w.isOneOf(ticketWords) {
			return false
		}
	}
	if last.quoted {
		return false
	}
	prefix, _, _ := strings.Cut(strings.ToLower(last.text), "-")
	isGroupLike := func(g approvals.Group) bool {
		return strings.HasPrefix(strings.ToLower(g.ID), prefix+"-") || strings.HasPrefix(g.Canonical.String(), prefix+" ")
	}
	isOther := d.isAskable(last.text) || len(d.nearest(prefix)) > 0 || slices.ContainsFunc(d.Groups, isGroupLike)
	isKey := ticketKey.MatchString(last.text) && !isOther
	isNear := len(d.nearest(last.text)) > 0 || len(d.nearGroups(last.text)) > 0
	return isKey && !isNear || webAddress.MatchString(last.text)
}
