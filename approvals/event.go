package approvals

import (
	"slices"
	"time"
)

// An Event is something that happened to a request. Events are plain data: the
// journal keeps each as JSON under its kind. A new event is a type in this file
// and its move in next.go or grant_moves.go.
type Event interface {
	Kind() string  // for the journal
	Actor() string // a user id, "uipath" or "licensebot"

	// move is what the event makes of a request. Next calls it.
	move(r Request, now time.Time) (Step, error)
}

// Actors that are not people.
const (
	Bot    = "licensebot"
	UiPath = "uipath"
)

// The events, in the order of a request's life.
type (
	// Prepared means that UiPath was read, the change is fixed, and the policy
	// says who has to approve it.
	Prepared struct {
		Proposal Proposal
		Terms    Terms
	}

	// Rejected means that the request cannot be put before approvers, and why.
	Rejected struct{ Outcome Outcome }

	// CardPosted means that the card is in the channel.
	CardPosted struct{ TS string }

	// VotesCounted means that all reactions on the card were looked at.
	VotesCounted struct{ Ballots []Ballot }

	// Reminded means that the approvers were reminded for the n-th time.
	Reminded struct{ Number int }

	// Cancel means that a person takes the request back. Authorized says that
	// this person may approve it. An approver has to give a reason.
	Cancel struct {
		By         string
		Reason     string
		Authorized bool
	}

	// Expire means that the deadline may have passed; the store's clock decides.
	// Ballots are what the last look at the card showed. Unseen says that Slack
	// did not show the card.
	Expire struct {
		Ballots []Ballot
		Unseen  bool
	}

	// CardDeleted means that the card was deleted, and every consent with it.
	// Waiting says that this was found while the request waited for consent: only
	// the worker that writes knows whether a write began since.
	CardDeleted struct{ WriteAttempted, Waiting bool }

	// ConsentLost means that too few consents were left right before a write.
	// WriteAttempted says that another write had been tried before.
	ConsentLost struct {
		Ballots        []Ballot
		WriteAttempted bool
	}

	// ApproversChanged means that right before a write other people carry the
	// request than the recorded ones.
	ApproversChanged struct{ Ballots []Ballot }

	// Delayed means that an effect did not go through yet, and why.
	// Operator says that only an operator can mend it.
	Delayed struct {
		Reason   string
		Operator bool `json:",omitempty"`
	}

	// ReadRefused means that UiPath refused to show the group of a request, before a
	// change or at the end of a grant.
	ReadRefused struct{}

	// ReadShown means that UiPath showed a group that it refused to show before.
	ReadShown struct{}

	// WriteAnswered means that UiPath answered yes to a write which no read shows yet.
	WriteAnswered struct{}

	// Mismatch means that UiPath answered a write with an allocation that is not
	// the one asked for.
	Mismatch struct{ Answered []string }

	// WriteFinished means that the write is over. State is Done, Failed or
	// Superseded.
	WriteFinished struct {
		State   State
		Outcome Outcome
	}

	// EffectFound means that a request which closed otherwise has its change in the
	// allocation after all.
	// Codes are those that its grant holds, if it is for a time. InPart says that the
	// rest of the change is not there.
	EffectFound struct {
		Allocation []string
		Codes      []string
		InPart     bool `json:",omitempty"`
	}

	// RemainingGone means that the codes that the end of a grant left behind are out
	// after all.
	RemainingGone struct{ Allocation []string }

	// GrantExpired means that the time of a grant may be over; the store's clock
	// decides.
	GrantExpired struct{}

	// RevokeEarly means that a person ends a grant before its time, or wants an
	// end tried again that left codes behind. Authorized says that this person's
	// approval of the request would count.
	RevokeEarly struct {
		By         string
		Authorized bool
	}

	// Revoked means that the end of a grant was carried out, or given up.
	Revoked struct{ Revocation Revocation }

	// Orphaned means that the request had no job to carry it on.
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
func (Mismatch) Actor() string         { return UiPath }
func (WriteFinished) Actor() string    { return UiPath }
func (EffectFound) Actor() string      { return UiPath }
func (RemainingGone) Actor() string    { return UiPath }
func (Reminded) Actor() string         { return Bot }
func (GrantExpired) Actor() string     { return Bot }
func (e RevokeEarly) Actor() string    { return e.By }
func (Revoked) Actor() string          { return UiPath }
func (Orphaned) Actor() string         { return Bot }

// actorOf names the person with the last ballot that counts. Most
// counts follow that person's reaction; some follow one that was taken back.
func actorOf(ballots []Ballot) string {
	for _, b := range slices.Backward(ballots) {
		if b.Eligibility == Counts {
			return b.User
		}
	}
	return Bot
}
