package approvals

import "slices"

// An Event is something that happened to a request. Events are plain data:
// the journal keeps each as JSON under its kind.
type Event interface {
	Kind() string  // for the journal
	Actor() string // a user id, "uipath" or "licensebot"
}

// Actors that are not people.
const (
	Bot    = "licensebot"
	UiPath = "uipath"
)

type (
	// Vetted means that UiPath was read, the change is fixed, and the policy
	// says who has to agree to it.
	Prepared struct {
		Proposal Proposal
		Terms    Terms
	}

	// Unfit means that the request cannot be put before anyone, and why.
	Rejected struct{ Outcome Outcome }

	// Posted means that the card is in the channel.
	CardPosted struct{ TS string }

	// Weighed means that the reactions on the card were looked at, all of them.
	VotesCounted struct{ Ballots []Ballot }

	// Cancel means that a person takes the request back. Authorised says that
	// it is one who may approve it; they have to say why, unless it is theirs.
	Cancel struct {
		By         string
		Reason     string
		Authorized bool
	}

	// Lapse means that the deadline may have passed; the store's clock decides.
	// Ballots are what stood on the card when it was looked at for the last time;
	// Unseen says that it could not be looked at.
	Expire struct {
		Ballots []Ballot
		Unseen  bool
	}

	// Gone means that the card was deleted, and every consent with it. Waiting
	// says that it was missed while the request waited for consent: whether a
	// write was begun since is known only to who would make it.
	CardDeleted struct{ WriteAttempted, Waiting bool }

	// Rechecked means that right before a write too few consents were left.
	// Attempted says that another write had been tried before.
	ConsentLost struct {
		Ballots        []Ballot
		WriteAttempted bool
	}

	// Carried means that right before a write others consent, in sufficient
	// number, than those whose consent is recorded.
	ApproversChanged struct{ Ballots []Ballot }

	// Held means that an owed effect did not go through yet, and why.
	Delayed struct{ Reason string }

	// Missed means that UiPath answered a write with a rule that is not the one asked for.
	Mismatch struct{ Answered []string }

	// Settled means that the write is over, one way or the other.
	WriteFinished struct {
		State   State // Done, Failed or Superseded
		Outcome Outcome
	}

	// Reminded means that the approvers were reminded for the n-th time.
	Reminded struct{ Number int }

	// Elapsed means that the time of a grant may be over; the store's clock
	// decides.
	GrantExpired struct{}

	// EndEarly means that a person ends a grant before its time, or wants its
	// end tried again that left codes in the rule. Authorised says that it is
	// somebody whose approval of the request would count.
	RevokeEarly struct {
		By         string
		Authorized bool
	}

	// Ended means that the end of a grant was carried out, or given up.
	Revoked struct{ Revocation Revocation }

	// Forgotten means that nothing was owed that carries the request on.
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
func (Mismatch) Kind() string         { return "mismatch" }
func (WriteFinished) Kind() string    { return "write_finished" }
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
func (Mismatch) Actor() string         { return UiPath }
func (WriteFinished) Actor() string    { return UiPath }
func (Reminded) Actor() string         { return Bot }
func (GrantExpired) Actor() string     { return Bot }
func (e RevokeEarly) Actor() string    { return e.By }
func (Revoked) Actor() string          { return UiPath }
func (Orphaned) Actor() string         { return Bot }

// actorOf names whoever's ballot comes last of those that count. A weighing
// mostly follows their reaction, but may have followed one that was taken back.
func actorOf(ballots []Ballot) string {
	for _, b := range slices.Backward(ballots) {
		if b.Eligibility == Counts {
			return b.User
		}
	}
	return Bot
}
