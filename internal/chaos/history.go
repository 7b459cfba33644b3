//go:build linux

package chaos

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// What the bot's messages carry.
const (
	cardEvent     = "allocation_requested"
	approvedEvent = "allocation_approved"
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
	Stray    []fakeslack.Message // in the approvals channel, by the bot, and no card
	Private  []Word
	Writes   []*Write
	Edits    []Edit                 // of rules, by hand
	Reads    map[string][]time.Time // of each group's rule, as they arrived
	Orders   []Order
	Rights   []Right
	Quorum   int
	TTL      time.Duration
	Skew     time.Duration // of the clock that decides deadlines
	Bot      string        // its user id

	slack  []fakeslack.Entry
	uipath []fakeuipath.Call
}

// A Command is a slash command that somebody typed.
type Command struct {
	Envelope string
	User     string
	Text     string // unescaped
	Ticket   string // "" where none was in it
	At       time.Time
	Acked    bool
	Answer   string // what the person read; "" where nothing came in time
	ID       string // of the request that the answer says is recorded
	Copies   int    // how often it was delivered; Slack does so once
}

// A Card is a message that asks for consent, with its thread.
type Card struct {
	TS, ID, Group, Requester string
	Codes                    []string      // what it asks to add, or to let stay
	Removes                  []string      // what it asks to take out
	Renews                   []string      // of these, what is there for a time and is to stay for longer
	Lasts                    time.Duration // how long they are asked for; zero is for good
	Ticket                   string
	At                       time.Time
	Says                     []Saying // what it said at first, and after every update
	Blocks                   string   // what is seen of it in the end
	Thread                   []Reply
	Votes                    []Vote
	Looks                    []Look
	Known                    time.Time // when the bot first did something with it; zero: never
	Deleted                  time.Time // zero: it is there
}

// A Saying is the text of a card from some time on.
type Saying struct {
	At   time.Time
	Text string
}

// A Reply is a message of the bot in a card's thread.
type Reply struct {
	At     time.Time
	Event  string
	Number string // where it may be said more than once
	Text   string
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
	Altered       string // what else of the rule it changed
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
		Quorum: w.terms.quorum, TTL: w.terms.ttl, Skew: w.terms.doubt(w.round.Store), Bot: w.slack.BotUserID(),
		slack: w.slack.Journal(), uipath: w.uipath.Calls(""),
	}
	h.readCommands()
	h.readCards(w.slack)
	h.readVotes()
	h.readLooks(w.slack.Calls("reactions.get"))
	h.readKnown(slices.Concat(w.slack.Calls("reactions.add"), w.slack.Calls("chat.update")))
	h.readRights()
	h.readOrders()
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
		case e.Kind == fakeslack.EntryEnvelope && e.Type == "slash_commands" && byEnvelope[e.Envelope] == nil:
			c := typed(e)
			byEnvelope[e.Envelope] = c
			h.Commands = append(h.Commands, c)
		case e.Kind == fakeslack.EntryEnvelope && e.Type == "slash_commands":
			byEnvelope[e.Envelope].Copies++
		case e.Kind == fakeslack.EntryFrame && e.Type == "sent":
			if c := byEnvelope[envelopeOf(e.Detail)]; c != nil {
				c.Copies++
			}
		case e.Kind == fakeslack.EntryAck && byEnvelope[e.Envelope] != nil:
			c := byEnvelope[e.Envelope]
			c.Acked, c.Answer = true, answerOf(e)
			if found := recorded.FindStringSubmatch(c.Answer); found != nil {
				c.ID = found[1]
			}
		}
	}
}

func typed(e fakeslack.Entry) *Command {
	var frame struct {
		Payload struct {
			Text string `json:"text"`
			User string `json:"user_id"`
		} `json:"payload"`
	}
	_ = json.Unmarshal(e.Payload, &frame)
	text := unescape.Replace(frame.Payload.Text)
	return &Command{Envelope: e.Envelope, User: frame.Payload.User, Text: text, Ticket: ticketWord.FindString(text), At: e.At, Copies: 1}
}

func envelopeOf(frame string) string {
	var envelope struct {
		ID string `json:"envelope_id"`
	}
	_ = json.Unmarshal([]byte(frame), &envelope)
	return envelope.ID
}

func answerOf(e fakeslack.Entry) string {
	var ack struct {
		Payload struct {
			Text string `json:"text"`
		} `json:"payload"`
	}
	_ = json.Unmarshal(e.Payload, &ack)
	return ack.Payload.Text
}

// readCards finds the bot's messages in the approvals channel.
func (h *History) readCards(slack *fakeslack.Server) {
	deleted := map[string]time.Time{}
	posted := slack.Messages(approvalsChannel)
	for _, e := range h.slack {
		if e.Kind != fakeslack.EntryDeleted {
			continue
		}
		deleted[e.TS] = e.At
		if m, ok := slack.Message(approvalsChannel, e.TS); ok {
			posted = append(posted, m)
		}
	}
	for _, m := range posted {
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
			Blocks: fakeslack.Render(m.Blocks), Deleted: deleted[m.TS],
		}
		for _, r := range slack.Thread(approvalsChannel, m.TS) {
			if r.User != h.Bot {
				continue
			}
			reply := Reply{At: r.PostedAt, Text: r.Text}
			if r.Metadata != nil {
				reply.Event, reply.Number = r.Metadata.EventType, number(r.Metadata.EventPayload)
			}
			c.Thread = append(c.Thread, reply)
		}
		c.readGrant()
		h.Cards = append(h.Cards, c)
	}
}

// sayings are the versions of a message with the time from which each stood.
func sayings(m fakeslack.Message) []Saying {
	from := m.PostedAt
	var all []Saying
	for _, r := range m.Revisions {
		all = append(all, Saying{At: from, Text: r.Text})
		from = r.Until
	}
	return append(all, Saying{At: from, Text: m.Text})
}
