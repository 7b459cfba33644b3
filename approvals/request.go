package approvals

import (
	"time"
)

// A State is where a request stands in its life; see the package comment.
type State string

// The states of a request. Filed, pending and approved are open; the others are
// final.
const (
	Filed      State = "filed"      // durable, acknowledged, not yet read against UiPath
	Pending    State = "pending"    // the change is fixed and waits for consent
	Approved   State = "approved"   // the quorum approved it; the write is due
	Refused    State = "refused"    // cannot be put before approvers: unknown group, code not owned, …
	Denied     State = "denied"     // an approver said no
	Cancelled  State = "cancelled"  // by the requester or an approver, or because its card was deleted
	Expired    State = "expired"    // the deadline passed without a quorum, or the quorum was lost after it
	Done       State = "done"       // UiPath confirmed exactly the change shown
	Failed     State = "failed"     // UiPath refused or never confirmed it, or its end had passed before the write
	Superseded State = "superseded" // the group changed, so that the change shown is no longer the change made
)

// States lists every state, open ones first.
func States() []State {
	return []State{Filed, Pending, Approved, Refused, Denied, Cancelled, Expired, Done, Failed, Superseded}
}

// Open reports whether something can still happen to a request in this state.
func (s State) Open() bool { return s == Filed || s == Pending || s == Approved }

// A Request is one person's wish to change one group's allocation.
type Request struct {
	ID             string // "R-" and eight characters; what people type and read
	EnvelopeID     string // the delivery that filed it; a second delivery finds it again
	State          State
	Requester      string // Slack user id
	OriginChannel  string // channel in which it was typed
	Channel        string // the approvals channel, where the card is
	CardTS         string // the card's message timestamp; empty until it is posted
	Target         Target // the UiPath organization it was filed for
	Ask            Ask
	Terms          Terms
	Proposal       *Proposal  // what the card shows; fixed when the request becomes pending
	DedupKey       string     // no two open requests have the same; set with the proposal
	Votes          []Vote     // the consents that count now
	Judgments      []Judgment // the approvals on the card that never count
	Outcome        *Outcome   // how it closed
	Grant          *Grant     // what it holds for a time; nil before it is done, and for a change for good
	DelayReason    string     // why an effect takes longer; empty when it does not
	Notified       []string   // "user:eligibility" of people who were told why their vote does not count
	Mismatches     int        // answers of UiPath that were not what was asked
	RemindersSent  int        // how often its approvers were reminded
	ConsentLosses  int        // how often consent was lost before the write
	WriteAttempted bool       // a write was tried that may have had an effect
	RefusedAt      time.Time  // when UiPath first refused to show the group after the approval; zero: never
	ToldPrivately  []string   // what its thread was to be told, and the requester was told instead
	Doubles        []string   // timestamps of messages that show its card once more
	Denials        []Denial   // deny emoji on these
	Presses        []Press    // each person's last press of a button
	PressCount     int        // how often buttons were pressed
	AnsweredAt     time.Time  // when UiPath said yes to a write that no read shows yet; zero: never
	OperatorFault  bool       // only an operator could mend what delayed it; it does not lapse meanwhile
	EffectInPart   bool       // EffectFound, and only for the codes of the grant
	EffectFound    bool       // it closed otherwise, and later its change was in effect after all
	FiledAt        time.Time
	Deadline       time.Time // an open request without a quorum expires then
	DecidedAt      time.Time // when the quorum was met; zero before
	ClosedAt       time.Time // zero while open

	DeadlineTS       string    // Deadline by Slack's clock, once the card is posted
	CardMissingSince time.Time // when a look first did not show the card; zero while it is shown
}

// A Receipt is what a store says when it has recorded a request.
type Receipt struct {
	Again bool // its envelope had filed a request before, which stands
	Ahead int  // cards that are posted before the last one of its requester, as far as they were counted
}

// ApprovalExpires is when an approval lapses if UiPath has not confirmed by then:
// as long after the decision as a request may wait for one.
func (r Request) ApprovalExpires() time.Time { return r.DecidedAt.Add(r.Terms.TTL) }

// HasLapsed reports whether the approval lapsed. A fault of the operator's delays a
// request and never ends one.
func (r Request) HasLapsed(now time.Time) bool {
	return !r.OperatorFault && !now.Before(r.ApprovalExpires())
}

// IsForeign reports whether the channel tells of a request that the database does
// not know.
func (r Request) IsForeign() bool { return r.EnvelopeID == "" }

// IsInEffect reports whether the request's change was made, as far as is known.
func (r Request) IsInEffect() bool { return r.State == Done || r.EffectFound }
