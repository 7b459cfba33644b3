package approvals

import (
	"slices"
	"time"
)

// An Event is one step in the life of a request. Events are plain data: the journal
// keeps each as JSON under its kind. A new event is a type in this file and its move
// in next.go or grant_moves.go.
type Event interface {
	Kind() string  // for the journal
	Actor() string // a user id, "uipath" or "licensebot"

	// move is what the event makes of a request. Next calls it.
	move(r Request, now time.Time) (Step, error)
}

// Actors besides people.
const (
	Bot      = "licensebot"
	UiPath   = "uipath"
	Operator = "operator" // of the bot, by a command of the program
)

// The events, in the order of a request's life.
type (
	// Prepared means UiPath was read, the change is fixed, and the policy says who has
	// to approve it.
	Prepared struct {
		Proposal Proposal
		Terms    Terms
	}

	// Rejected means approvers will never see the request, and why. Group is known if the
	// policy refuses it.
	Rejected struct {
		Outcome Outcome
		Group   Group `json:",omitzero"`
	}

	// CardPosted means the card is in the channel, where an attempt put it so long ago.
	CardPosted struct {
		TS  string
		Age time.Duration `json:",omitempty"`
	}

	// VotesCounted means all reactions on the card were looked at.
	VotesCounted struct{ Ballots []Ballot }

	// Reminded means the approvers were reminded for the n-th time.
	Reminded struct {
		Number int
		TS     string `json:",omitempty"` // of the message
	}

	// Cancel means a person takes the request back. Authorized says whether this person
	// may approve it. An approver has to give a reason.
	Cancel struct {
		By         string `words:"person"`
		Reason     string `words:"text"`
		Authorized bool
	}

	// Expire means the deadline may have passed; the store's clock decides. Ballots are
	// what the last look at the card showed. Unseen means that look did not show the
	// card.
	Expire struct {
		Ballots []Ballot
		Unseen  bool
	}

	// CardDeleted means the card was deleted, and every consent with it. Waiting means
	// the request waited for consent then: only the writing worker knows whether a write
	// began since.
	CardDeleted struct{ WriteAttempted, Waiting bool }

	// ConsentLost means too few consents were left right before a write. WriteAttempted
	// says whether another write was tried before.
	ConsentLost struct {
		Ballots        []Ballot
		WriteAttempted bool
	}

	// ApproversChanged means other people carry the request right before the write than
	// are recorded.
	ApproversChanged struct{ Ballots []Ballot }

	// Delayed means an effect is still to come, and why. Operator means only an operator
	// can mend it.
	Delayed struct {
		Reason   string
		Operator bool `json:",omitempty"`
	}

	// ReadRefused means UiPath refused to show the group of a request, before a change
	// or at the end of a grant.
	ReadRefused struct{}

	// ReadShown means UiPath shows the group again after a refusal.
	ReadShown struct{}

	// WriteAnswered means UiPath answered yes to a write, and reads still show the old
	// allocation. Both have codes, and limits as CODE=10.
	WriteAnswered struct {
		Answered, Shown []string
		Unread          bool     `json:",omitempty"` // no read tells yet what became of the other settings
		Taken           []string `json:",omitempty"` // the codes that the end of a grant took out
	}

	// LaneYielded means that a write fails again and again, and lets other writes to the
	// group go first. One of its attempts may have had an effect.
	LaneYielded struct{}

	// Mismatch means UiPath said yes to a write, and shows another allocation for good.
	Mismatch struct{ Shown []string }

	// WriteFinished means the write is over. State is Done, Failed or Superseded.
	WriteFinished struct {
		State   State
		Outcome Outcome
	}

	// EffectFound means the change is in the allocation after all, though the request
	// closed otherwise. Codes are those that its grant holds, if it is for a time.
	// InPart means the rest of the change is missing.
	EffectFound struct {
		Allocation []string
		Codes      []string
		InPart     bool `json:",omitempty"`
	}

	// RemainingGone means the codes left behind by the end of a grant are out after all.
	RemainingGone struct{ Allocation []string }

	// GrantExpired means the time of a grant may be over, and the store's clock decides; or that
	// it is time to repeat an end that left codes behind.
	GrantExpired struct{}

	// RevokeEarly means a person ends a grant before its time, or repeats an end because
	// it left codes behind. Authorized says whether this person's approval of the
	// request would count.
	RevokeEarly struct {
		By         string `words:"person"`
		Authorized bool
	}

	// Revoked means the end of a grant was carried out, or given up.
	Revoked struct{ Revocation Revocation }

	// Orphaned means the request lacked a job to carry it on.
	Orphaned struct{}
)

func (Prepared) Kind() string         { return "prepared" }
func (Rejected) Kind() string         { return "rejected" }
func (CardPosted) Kind() string       { return "card_posted" }
func (VotesCounted) Kind() string     { return "votes_counted" }
func (Cancel) Kind() string           { return "cancel" }
func (Expire) Kind() string           { return "expire" }
func (CardDeleted) Kind() string      { return "card_deleted" }
func (ConsentLost) Kind() string      { return "consent_lost" }
func (ApproversChanged) Kind() string { return "approvers_changed" }
func (Delayed) Kind() string          { return "delayed" }
func (ReadRefused) Kind() string      { return "read_refused" }
func (ReadShown) Kind() string        { return "read_shown" }
func (WriteAnswered) Kind() string    { return "write_answered" }
func (LaneYielded) Kind() string      { return "lane_yielded" }
func (Mismatch) Kind() string         { return "mismatch" }
func (WriteFinished) Kind() string    { return "write_finished" }
func (EffectFound) Kind() string      { return "effect_found" }
func (RemainingGone) Kind() string    { return "remaining_gone" }
func (Reminded) Kind() string         { return "reminded" }
func (GrantExpired) Kind() string     { return "grant_expired" }
func (RevokeEarly) Kind() string      { return "revoke_early" }
func (Revoked) Kind() string          { return "revoked" }
func (Orphaned) Kind() string         { return "orphaned" }

func (Prepared) Actor() string         { return UiPath }
func (Rejected) Actor() string         { return UiPath }
func (CardPosted) Actor() string       { return Bot }
func (e VotesCounted) Actor() string   { return actorOf(e.Ballots) }
func (e Cancel) Actor() string         { return e.By }
func (Expire) Actor() string           { return Bot }
func (CardDeleted) Actor() string      { return Bot }
func (ConsentLost) Actor() string      { return Bot }
func (ApproversChanged) Actor() string { return Bot }
func (Delayed) Actor() string          { return Bot }
func (ReadRefused) Actor() string      { return UiPath }
func (ReadShown) Actor() string        { return UiPath }
func (WriteAnswered) Actor() string    { return UiPath }
func (LaneYielded) Actor() string      { return Bot }
func (Mismatch) Actor() string         { return UiPath }
func (WriteFinished) Actor() string    { return UiPath }
func (EffectFound) Actor() string      { return UiPath }
func (RemainingGone) Actor() string    { return UiPath }
func (Reminded) Actor() string         { return Bot }
func (GrantExpired) Actor() string     { return Bot }
func (e RevokeEarly) Actor() string    { return e.By }
func (Revoked) Actor() string          { return UiPath }
func (Orphaned) Actor() string         { return Bot }

// actorOf names the person with the last counted ballot. Most counts follow that
// person's reaction; some follow a withdrawn one.
func actorOf(ballots []Ballot) string {
	for _, b := range slices.Backward(ballots) {
		if b.Eligibility == Counts {
			return b.User
		}
	}
	return Bot
}

// A Step is what an event makes of a request.
type Step struct {
	Request Request
	Enqueue []Job
	Drop    []JobKind // jobs that became pointless
	File    *Request  // a new request that takes its place; nil: none
}

func finished(state State, outcome Outcome) Event {
	return WriteFinished{State: state, Outcome: outcome}
}
