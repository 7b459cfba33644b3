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
	Vetted struct {
		Proposal Proposal
		Terms    Terms
	}

	// Unfit means that the request cannot be put before anyone, and why.
	Unfit struct{ Outcome Outcome }

	// Posted means that the card is in the channel.
	Posted struct{ TS string }

	// Weighed means that the reactions on the card were looked at, all of them.
	Weighed struct{ Ballots []Ballot }

	// Cancel means that a person takes the request back. Authorised says that
	// it is one who may approve it; they have to say why, unless it is theirs.
	Cancel struct {
		By         string
		Why        string
		Authorised bool
	}

	// Lapse means that the deadline may have passed; the store's clock decides.
	// Ballots are what stood on the card when it was looked at for the last time;
	// Unseen says that it could not be looked at.
	Lapse struct {
		Ballots []Ballot
		Unseen  bool
	}

	// Gone means that the card was deleted, and every consent with it. Waiting
	// says that it was missed while the request waited for consent: whether a
	// write was begun since is known only to who would make it.
	Gone struct{ Attempted, Waiting bool }

	// Rechecked means that right before a write too few consents were left.
	// Attempted says that another write had been tried before.
	Rechecked struct {
		Ballots   []Ballot
		Attempted bool
	}

	// Carried means that right before a write others consent, in sufficient
	// number, than those whose consent is recorded.
	Carried struct{ Ballots []Ballot }

	// Held means that an owed effect did not go through yet, and why.
	Held struct{ Why string }

	// Missed means that UiPath answered a write with a rule that is not the one asked for.
	Missed struct{ Answered []string }

	// Settled means that the write is over, one way or the other.
	Settled struct {
		State   State // Done, Failed or Superseded
		Outcome Outcome
	}

	// Reminded means that the approvers were reminded for the n-th time.
	Reminded struct{ Number int }

	// Elapsed means that the time of a grant may be over; the store's clock
	// decides.
	Elapsed struct{}

	// EndEarly means that a person ends a grant before its time, or wants its
	// end tried again that left codes in the rule. Authorised says that it is
	// somebody whose approval of the request would count.
	EndEarly struct {
		By         string
		Authorised bool
	}

	// Ended means that the end of a grant was carried out, or given up.
	Ended struct{ Ending Ending }

	// Forgotten means that nothing was owed that carries the request on.
	Forgotten struct{}
)

func (Vetted) Kind() string    { return "vetted" }
func (Unfit) Kind() string     { return "unfit" }
func (Posted) Kind() string    { return "posted" }
func (Weighed) Kind() string   { return "weighed" }
func (Cancel) Kind() string    { return "cancel" }
func (Lapse) Kind() string     { return "lapse" }
func (Gone) Kind() string      { return "gone" }
func (Rechecked) Kind() string { return "rechecked" }
func (Carried) Kind() string   { return "carried" }
func (Held) Kind() string      { return "held" }
func (Missed) Kind() string    { return "missed" }
func (Settled) Kind() string   { return "settled" }
func (Reminded) Kind() string  { return "reminded" }
func (Elapsed) Kind() string   { return "elapsed" }
func (EndEarly) Kind() string  { return "end_early" }
func (Ended) Kind() string     { return "ended" }
func (Forgotten) Kind() string { return "forgotten" }

func (Vetted) Actor() string     { return UiPath }
func (Unfit) Actor() string      { return UiPath }
func (Posted) Actor() string     { return Bot }
func (e Weighed) Actor() string  { return actorOf(e.Ballots) }
func (e Cancel) Actor() string   { return e.By }
func (Lapse) Actor() string      { return Bot }
func (Gone) Actor() string       { return Bot }
func (Rechecked) Actor() string  { return Bot }
func (Carried) Actor() string    { return Bot }
func (Held) Actor() string       { return Bot }
func (Missed) Actor() string     { return UiPath }
func (Settled) Actor() string    { return UiPath }
func (Reminded) Actor() string   { return Bot }
func (Elapsed) Actor() string    { return Bot }
func (e EndEarly) Actor() string { return e.By }
func (Ended) Actor() string      { return UiPath }
func (Forgotten) Actor() string  { return Bot }

// actorOf names whoever's ballot comes last of those that count. A weighing
// mostly follows their reaction, but may have followed one that was taken back.
func actorOf(ballots []Ballot) string {
	for _, b := range slices.Backward(ballots) {
		if b.Standing == Counts {
			return b.User
		}
	}
	return Bot
}
