package judge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// A reader makes a History of the journals of the two fakes.
type reader struct {
	*History
	server *fakeslack.Server
	bot    string                  // its user id
	asked  map[[2]string]time.Time // when it first posted a text in a thread
}

// Read makes a History of what the two fakes wrote down so far.
func Read(s Setting, slack *fakeslack.Server, uipath *fakeuipath.Server) *History {
	h := &History{Setting: s, slack: slack.Journal(), uipath: uipath.Calls("")}
	r := &reader{History: h, server: slack, bot: slack.BotUserID(), asked: firstPosted(slack)}
	r.readCommands()
	r.readCards()
	r.readVotes()
	r.readHeard()
	r.readLooks(slack.Calls("reactions.get"))
	r.Surveys = looksOf(slack.Calls("conversations.history"))
	r.readKnown(slices.Concat(slack.Calls("reactions.add"), slack.Calls("chat.update")))
	r.readRights()
	r.readOrders()
	r.readAllocations()
	r.readMarks()
	r.readPrivate()
	r.readUnsaid()
	h.Activity = len(h.uipath) + r.countCalls()
	return h
}

// ReadCards reads only the cards that are there, with their threads.
func ReadCards(s Setting, slack *fakeslack.Server) []*Card {
	r := &reader{History: &History{Setting: s}, server: slack, bot: slack.BotUserID()}
	r.readCards()
	return r.Cards
}

// readCommands finds what was typed and what the person then read.
func (r *reader) readCommands() {
	byEnvelope := map[string]*Command{}
	for _, e := range r.slack {
		switch {
		case e.Kind == fakeslack.EntryEnvelope && e.Type == "slash_commands" && byEnvelope[e.Envelope] == nil:
			c := commandTyped(e)
			byEnvelope[e.Envelope] = c
			r.Commands = append(r.Commands, c)
		case e.Kind == fakeslack.EntryEnvelope && e.Type == "slash_commands":
			byEnvelope[e.Envelope].Copies++
		case e.Kind == fakeslack.EntryFrame && e.Type == "sent":
			if c := byEnvelope[envelopeOf(e.Detail)]; c != nil {
				c.Copies++
			}
		case e.Kind == fakeslack.EntryAck && byEnvelope[e.Envelope] != nil:
			c := byEnvelope[e.Envelope]
			c.Acked, c.Answer = true, answerOf(e)
			if id, ok := RecordedID(c.Answer); ok {
				c.ID = id
			}
		}
	}
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

func commandTyped(e fakeslack.Entry) *Command {
	var frame struct {
		Payload struct {
			Text string `json:"text"`
			User string `json:"user_id"`
		} `json:"payload"`
	}
	_ = json.Unmarshal(e.Payload, &frame)
	text := unescape.Replace(frame.Payload.Text)
	return &Command{Envelope: e.Envelope, User: frame.Payload.User, Text: text, Ticket: ticketWord.FindString(text),
		At: e.At, Copies: 1}
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

// readOrders finds the orders, whatever the bot answered.
func (r *reader) readOrders() {
	for _, c := range r.Commands {
		if found := orderCommand.FindStringSubmatch(c.Text); found != nil {
			r.Orders = append(r.Orders, Order{Verb: found[1], ID: found[2], User: c.User, At: c.At})
		}
	}
}

// readPrivate finds what one person alone read.
func (r *reader) readPrivate() {
	for _, user := range r.People {
		for _, e := range r.server.Ephemerals(user) {
			r.Private = append(r.Private, Word{User: user, Text: e.Text, Via: e.Via, At: e.At})
		}
		for _, m := range r.server.DirectMessages(user) {
			r.Private = append(r.Private, Word{User: user, Text: m.Text, Via: "direct message", At: m.PostedAt})
		}
	}
}

// readUnsaid finds the private words that may not have reached their reader.
func (r *reader) readUnsaid() {
	for _, method := range []string{"response_url", "chat.postEphemeral", "chat.postMessage"} {
		for _, call := range r.server.Calls(method) {
			if call.Status != http.StatusOK || call.Error != "" || call.Faulted {
				r.Unsaid = append(r.Unsaid, call.Args["text"]+call.Args["payload"])
			}
		}
	}
}

// readCards finds the bot's messages in the approvals channel.
func (r *reader) readCards() {
	byBot := map[string]bool{}
	for _, call := range r.server.Calls("chat.delete") {
		byBot[call.Args["ts"]] = true
	}
	posted, deleted := r.readPosted()
	for _, m := range posted {
		undone := byBot[m.TS] && !deleted[m.TS].IsZero()
		switch event := eventOf(m); {
		case m.User != r.bot, event == doubleEvent:
		case event == outsideEvent:
			r.Alerts = append(r.Alerts, alertOf(m))
		case event != CardEvent:
			if !undone || event == "" { // Slack puts a reply into the channel if its card was just deleted
				r.Stray = append(r.Stray, Stray{TS: m.TS, Text: m.Text})
			}
		default:
			c := cardOf(m)
			c.Deleted, c.Thread = deleted[m.TS], r.readThread(m.TS)
			if undone {
				r.Doubles = append(r.Doubles, c)
				continue
			}
			r.Cards = append(r.Cards, c)
		}
	}
}

// readPosted finds the messages of the channel outside threads, with those that were
// deleted and when.
func (r *reader) readPosted() (posted []fakeslack.Message, deleted map[string]time.Time) {
	posted, deleted = r.server.Messages(r.Channel), map[string]time.Time{}
	for _, e := range r.slack {
		if e.Kind != fakeslack.EntryDeleted {
			continue
		}
		deleted[e.TS] = e.At
		if m, ok := r.server.Message(r.Channel, e.TS); ok && (m.ThreadTS == "" || m.ThreadTS == m.TS) {
			posted = append(posted, m)
		}
	}
	return posted, deleted
}

// eventOf is the event type in the metadata of a message; empty without metadata.
func eventOf(m fakeslack.Message) string {
	if m.Metadata == nil {
		return ""
	}
	return m.Metadata.EventType
}

// ReadCard reads what one card shows.
func ReadCard(m fakeslack.Message) *Card { return cardOf(m) }

func alertOf(m fakeslack.Message) Alert {
	p := payload(m.Metadata.EventPayload)
	return Alert{
		TS: m.TS, ID: p.text("change_id"), Group: p.text("group_id"), At: m.PostedAt,
		Added: strings.Fields(p.text("added")), Removed: strings.Fields(p.text("removed")),
	}
}

func cardOf(m fakeslack.Message) *Card {
	p := payload(m.Metadata.EventPayload)
	c := &Card{
		TS: m.TS, ID: p.text("request_id"), Group: p.text("group_id"), Requester: p.text("actor"),
		Codes: strings.Fields(p.text("codes")), Ticket: ticketWord.FindString(m.Text), At: m.PostedAt,
		Says: sayingsOf(m), Blocks: fakeslack.Render(m.Blocks),
	}
	c.readChange(p)
	c.readTerms()
	return c
}

// readChange finds how long the codes are asked for, which of them the group
// has already and is to keep for longer, and which are to be removed.
func (c *Card) readChange(p payload) {
	change := changeOf(c.Says[0].Text)
	c.Extends = firstGroups(extendedCode, change)
	c.Removes = removedCodes(p, func() []string { return firstGroups(removedCode, change) })
	c.Codes = without(c.Codes, c.Removes)
	c.Lasts = periodShown(change)
	c.Stays = codesIn(unchanged, c.Says[0].Text)
}

// readTerms finds what a card says about who may approve it, how, and for which
// group.
func (c *Card) readTerms() {
	text := c.Says[0].Text
	if found := quorumWord.FindStringSubmatch(text); found != nil {
		c.Quorum, _ = strconv.Atoi(found[1])
	}
	if found := emojiWord.FindStringSubmatch(text); found != nil {
		c.Emoji = found[1]
	}
	if found := groupWord.FindStringSubmatch(text); found != nil {
		c.Name = unescape.Replace(found[1])
	}
	_, terms, _ := strings.Cut(text, termsHeading)
	terms, _, _ = strings.Cut(terms, "\n")
	c.Approvers = firstGroups(approverWord, terms)
}

// sayingsOf are the versions of a message with the time from which each stood.
func sayingsOf(m fakeslack.Message) []Saying {
	from := m.PostedAt
	var all []Saying
	for _, r := range m.Revisions {
		all = append(all, Saying{At: from, Text: r.Text})
		from = r.Until
	}
	return append(all, Saying{At: from, Text: m.Text})
}

func (r *reader) readThread(ts string) []Reply {
	var thread []Reply
	for _, m := range r.server.Thread(r.Channel, ts) {
		if m.User != r.bot {
			continue
		}
		reply := Reply{At: m.PostedAt, Asked: r.asked[[2]string{ts, m.Text}], Text: m.Text}
		if m.Metadata != nil {
			reply.payload = m.Metadata.EventPayload
			reply.Event, reply.Number = m.Metadata.EventType, reply.payload.number()
		}
		thread = append(thread, reply)
	}
	return thread
}

// firstPosted has when each text was first posted in a thread.
func firstPosted(slack *fakeslack.Server) map[[2]string]time.Time {
	first := map[[2]string]time.Time{}
	for _, call := range slack.Calls("chat.postMessage") {
		said := [2]string{call.Args["thread_ts"], call.Args["text"]}
		if _, again := first[said]; !again {
			first[said] = call.At
		}
	}
	return first
}

// meaningOf tells what an emoji means on a card, if anything.
func (s Setting) meaningOf(c *Card, emoji string) (deny, ok bool) {
	plain, _, _ := strings.Cut(emoji, "::skin-tone-")
	switch {
	case plain == s.Deny:
		return true, true
	case plain == "thumbsup":
		return false, slices.Contains(s.approvingOn(c), "+1")
	case slices.Contains(s.approvingOn(c), plain):
		return false, true
	}
	return false, false
}

func (r *reader) readVotes() {
	for _, e := range r.slack {
		if e.Kind != fakeslack.EntryReactionAdded && e.Kind != fakeslack.EntryReactionRemoved || e.User == r.bot {
			continue
		}
		c := r.messageAt(e.TS)
		if c == nil || e.Channel != r.Channel {
			continue
		}
		if deny, ok := r.meaningOf(c, e.Detail); ok {
			c.Votes = append(c.Votes, Vote{At: e.At, User: e.User, Deny: deny, Emoji: e.Detail,
				Present: e.Kind == fakeslack.EntryReactionAdded})
		}
	}
}

// messageAt is the card or the double with this timestamp, or nil.
func (r *reader) messageAt(ts string) *Card {
	for _, c := range r.Doubles {
		if c.TS == ts {
			return c
		}
	}
	return r.CardAt(ts)
}

// A reactionEvent is what an envelope tells of a reaction.
type reactionEvent struct {
	Type     string `json:"type"`
	User     string `json:"user"`
	Reaction string `json:"reaction"`
	EventTS  string `json:"event_ts"`
	Item     struct {
		TS string `json:"ts"`
	} `json:"item"`
}

// readHeard finds when the event of each vote was sent to the bot, and when it was
// acknowledged. An event carries the time of its reaction.
func (r *reader) readHeard() {
	told := map[string]reactionEvent{}
	for _, e := range r.slack {
		switch {
		case e.Kind == fakeslack.EntryEnvelope && e.Type == "events_api":
			var frame struct {
				Payload struct {
					Event reactionEvent `json:"event"`
				} `json:"payload"`
			}
			if json.Unmarshal(e.Payload, &frame) == nil && strings.HasPrefix(frame.Payload.Event.Type, "reaction_") {
				told[e.Envelope] = frame.Payload.Event
				r.noteEvent(frame.Payload.Event, func(v *Vote) *time.Time { return &v.Sent }, e.At)
			}
		case e.Kind == fakeslack.EntryAck:
			if event, ok := told[e.Envelope]; ok {
				r.noteEvent(event, func(v *Vote) *time.Time { return &v.Heard }, e.At)
			}
		}
	}
}

// noteEvent notes the first time at which something became of the event of a vote.
func (r *reader) noteEvent(event reactionEvent, what func(*Vote) *time.Time, at time.Time) {
	c := r.messageAt(event.Item.TS)
	if c == nil {
		return
	}
	seconds, _ := strconv.ParseFloat(event.EventTS, 64)
	given := time.UnixMicro(int64(seconds * 1e6))
	for i, v := range c.Votes {
		same := v.User == event.User && v.Emoji == event.Reaction && v.Present == (event.Type == "reaction_added")
		if first := what(&c.Votes[i]); same && first.IsZero() && v.At.Sub(given).Abs() < eventMargin {
			*first = at
			return
		}
	}
}

// eventMargin is how far the time in an event may be from the one in the journal.
const eventMargin = 50 * time.Millisecond

// looksOf are calls with an answer that the bot may have read.
func looksOf(calls []fakeslack.Call) []Look {
	var looks []Look
	for _, call := range calls {
		if call.Status == 200 && call.Error == "" {
			looks = append(looks, Look{From: call.At, To: call.At.Add(call.Dur + time.Millisecond), Lag: call.Lag})
		}
	}
	return looks
}

// The suite's own marks in Slack's journal that the judge reads.
const (
	RenameMark = "rename" // a group was renamed; the detail is its id, a tab and the name
	StallMark  = "stall"  // a process or a database is held up

	StallOfDatabase = "database" // the detail of a stall
)

func (r *reader) readMarks() {
	r.Renames = map[string][]Naming{}
	for _, e := range r.slack {
		switch {
		case e.Kind != fakeslack.EntryMark:
		case e.Type == StallMark:
			r.Stalls = append(r.Stalls, Stall{At: e.At, Database: e.Detail == StallOfDatabase})
		case e.Type == RenameMark:
			group, name, _ := strings.Cut(e.Detail, "\t")
			r.Renames[group] = append(r.Renames[group], Naming{At: e.At, Name: name})
		}
	}
}

// readLooks keeps the looks with an answer that the bot may have read.
func (r *reader) readLooks(calls []fakeslack.Call) {
	for _, call := range calls {
		if c := r.CardAt(call.Args["timestamp"]); c != nil {
			c.Looks = append(c.Looks, looksOf([]fakeslack.Call{call})...)
		}
	}
}

// readKnown finds when the bot knew of each card: it looked at it, put an emoji on
// it or changed it. After a post with a lost answer it may not know the card.
func (r *reader) readKnown(calls []fakeslack.Call) {
	know := func(c *Card, at time.Time) {
		if c.Known.IsZero() || at.Before(c.Known) {
			c.Known = at
		}
	}
	for _, call := range calls {
		ts := call.Args["timestamp"]
		if ts == "" {
			ts = call.Args["ts"]
		}
		if c := r.CardAt(ts); c != nil {
			know(c, call.At)
		}
	}
	for _, c := range r.Cards {
		for _, look := range c.Looks {
			know(c, look.From)
		}
	}
}

// readRights follows which people are in the user group, and which accounts
// work. What holds before the bot's first call has always held.
func (r *reader) readRights() {
	member, active := map[string]bool{}, map[string]bool{}
	for _, user := range r.Voters {
		active[user] = true
		member[user] = slices.Contains(r.Named, user)
	}
	note := func(at time.Time) {
		for _, user := range r.Voters {
			r.Rights = append(r.Rights, Right{At: at, User: user, Has: member[user] && active[user]})
		}
	}
	begun := false
	for _, e := range r.slack {
		switch {
		case e.Kind == fakeslack.EntryCall && !begun:
			note(time.Time{})
			begun = true
			continue
		case e.Kind != fakeslack.EntryWorkspace:
			continue
		case e.Type == "user group":
			_, members, _ := strings.Cut(e.Detail, ": ")
			for _, user := range r.Voters {
				if !slices.Contains(r.Named, user) {
					member[user] = slices.Contains(strings.Fields(members), user)
				}
			}
		case e.Type == "user":
			active[e.User] = e.Detail != "deactivated"
		}
		if begun {
			note(e.At)
		}
	}
}

// limitsOf lists the seat limits of an allocation as an alert does.
func limitsOf(a fakeuipath.Allocation) []string {
	var limits []string
	for code, limit := range a.Quotas {
		limits = append(limits, fmt.Sprintf("%s=%d", code, limit))
	}
	return limits
}

// refusals are the statuses by which UiPath may say that something is not there.
var refusals = []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict}

// readAllocations finds the reads and writes of allocations, and the edits by
// hand.
func (r *reader) readAllocations() {
	r.Reads, r.LateReads = map[string][]time.Time{}, map[string][]Look{}
	for _, call := range r.uipath {
		if strings.HasPrefix(call.Operation, "GET ") && slices.Contains(refusals, call.Status) {
			r.Refusals = append(r.Refusals, call.At)
		}
		switch {
		case call.Operation == fakeuipath.OperationPortal:
			r.Edits = append(r.Edits, Edit{
				At: call.At, Group: call.Path, Before: call.Before, After: call.After,
				LimitsBefore: limitsOf(call.Was), LimitsAfter: limitsOf(call.Is),
			})
		case strings.HasPrefix(call.Operation, "PUT group"):
			r.Writes = append(r.Writes, writeOf(call))
		case strings.HasPrefix(call.Operation, "GET group "), call.Operation == "GET group":
			group := groupOf(call)
			r.Reads[group] = append(r.Reads[group], call.At.Add(-call.Lag))
			if call.Lag > 0 {
				r.LateReads[group] = append(r.LateReads[group], Look{From: call.At, To: call.At.Add(call.Dur), Lag: call.Lag})
			}
		case strings.HasPrefix(call.Operation, "GET identity group") && call.Lag > 0:
			r.LateNames = append(r.LateNames, Look{From: call.At, To: call.At.Add(call.Dur), Lag: call.Lag})
		case call.Operation == "token":
			r.Tokens = append(r.Tokens, Look{From: call.At, To: call.At.Add(call.Dur)})
		}
	}
	for _, reads := range r.Reads {
		slices.SortFunc(reads, time.Time.Compare)
	}
	slices.SortFunc(r.Writes, func(a, b *Write) int { return a.Arrived.Compare(b.Arrived) })
}

func writeOf(call fakeuipath.Call) *Write {
	var body struct {
		Codes []string `json:"userBundleCodes"`
	}
	_ = json.Unmarshal([]byte(call.Body), &body)
	return &Write{
		Seq: call.Seq, Group: groupOf(call), Asked: body.Codes, Arrived: call.At, Took: call.TookAt,
		Ended:  call.At.Add(call.Dur),
		Spoilt: call.Faulted, Status: call.Status, Before: call.Before, After: call.After,
		Altered: alteredSetting(call.Was, call.Is), Changed: call.Changed,
	}
}

// groupOf is the group that a call reads or writes.
func groupOf(call fakeuipath.Call) string {
	_, rest, _ := strings.Cut(call.Path, "/user-license/group/")
	group, _, _ := strings.Cut(rest, "/")
	return group
}

// alteredSetting names a setting that a write changed by mistake: a seat limit, or
// the source of the licenses. The people of the suite never ask for such a change.
func alteredSetting(was, is fakeuipath.Allocation) string {
	if was.External != is.External {
		return fmt.Sprintf("useExternalLicense from %v to %v", was.External, is.External)
	}
	for _, code := range common(was.Codes, is.Codes) {
		if was.Quotas[code] != is.Quotas[code] {
			return fmt.Sprintf("the limit of %s from %d to %d", code, was.Quotas[code], is.Quotas[code])
		}
	}
	return ""
}

// countCalls counts what the bot asked of Slack, except the calls to open a socket:
// they belong to no request.
func (r *reader) countCalls() (n int) {
	for _, e := range r.slack {
		if e.Kind == fakeslack.EntryCall && e.Type != "apps.connections.open" {
			n++
		}
	}
	return n
}
