package approvals

import (
	"encoding/json"
	"slices"
	"time"
)

// Kinds of rows in the journal that come from no event.
const (
	KindReacted    = "reacted"         // a person gave a reaction that is a vote, or took it back: ReactedEntry
	KindWriteTried = "write_tried"     // an allocation is about to be written: WriteEntry
	KindTold       = "told"            // a message of the bot went out: ToldEntry
	KindPolicy     = "policy_in_force" // PolicyEntry
	KindRestored   = "restored"        // the database is an older copy: RestoredEntry
	KindRefusal    = "policy_refused"  // the policy refused a person: RefusalEntry
	KindOutside    = "changed_outside" // an allocation changed outside of the bot: OutsideChange
)

// The journal's forms of what is no event.
type (
	// ReactedEntry has Slack's time of the reaction, or of its end.
	ReactedEntry struct {
		User    string `words:"person"`
		Name    string // of the emoji
		Deny    bool   `json:",omitempty"`
		Taken   bool   `json:",omitempty"` // back
		EventTS string
	}

	// WriteEntry is the body of a write.
	WriteEntry struct {
		Codes  []string
		Quotas []Quota `json:",omitempty"`

		UseExternalLicense bool `json:",omitempty"`
	}

	// ToldEntry names the job with the words.
	ToldEntry struct {
		Post   JobKind
		Number int    `json:",omitempty"`
		Person string `json:",omitempty" words:"person"`
		TS     string `json:",omitempty"` // of a message in a thread
	}

	// PolicyEntry is a policy that came into force.
	PolicyEntry struct {
		SHA256 string
		From   string // a file, or the environment
		Loader string `words:"person"` // user@host
		Text   string `words:"text"`
	}

	// RefusalEntry says that the policy refused a person something for a group. The first
	// refusal of a day is a row; the requests have the others.
	RefusalEntry struct {
		Request   string
		GroupID   string
		Group     string
		Violation ViolationKind
		Rule      string `json:",omitempty"`
		Codes     []string
	}

	// RestoredEntry says what an older copy of the database lacks. Seals and Head are the
	// end of its chain. Lost is the head that the channel tells, of a later chain.
	RestoredEntry struct {
		Seals  int64
		Head   string
		Lost   string    `json:",omitempty"`
		ToldAt time.Time // of the newest message that the database did not know

		Foreign []string `json:",omitempty"` // the requests that only the channel tells of, each with a digest
	}
)

// A Reply is a message in a thread, as a row of the journal tells of it.
type Reply struct {
	Job Job    // that posted it
	TS  string // empty in a row without it
}

// ReadReply reads a row of the kinds told and reminded.
func ReadReply(kind string, event []byte) (Reply, error) {
	var row struct {
		Post   JobKind
		Number int
		TS     string
	}
	err := json.Unmarshal(event, &row)
	if kind == (Reminded{}).Kind() {
		row.Post = JobRemind
	}
	return Reply{Job: Job{Kind: row.Post, Number: row.Number}, TS: row.TS}, err
}

// A ballotsEntry is the journal's form of an event with ballots. It has only what
// is new: each count looks at all reactions on the card, so whole counts would
// grow with the square of the people who react.
type ballotsEntry struct {
	Ballots        []Ballot `json:",omitempty"`                // those that the request does not know yet
	Withdrawn      []string `json:",omitempty" words:"person"` // the voters without an approval that counts
	Unseen         bool     `json:",omitempty"`
	WriteAttempted bool     `json:",omitempty"`
}

// What UiPath was read for names the requester again, whose name is known by then.
type (
	preparedEntry struct {
		Requester string `words:"person"`
		Proposal  Proposal
		Terms     Terms
	}

	rejectedEntry struct {
		Requester string `words:"person"`
		Outcome   Outcome
		Group     Group `json:",omitzero"`
	}
)

// JournalEntry is what the journal keeps of an event that happens to r.
func JournalEntry(r Request, e Event) any {
	switch e := e.(type) {
	case Prepared:
		return preparedEntry{Requester: r.Requester, Proposal: e.Proposal, Terms: e.Terms}
	case Rejected:
		return rejectedEntry{Requester: r.Requester, Outcome: e.Outcome, Group: e.Group}
	case VotesCounted:
		return r.newBallots(e.Ballots, ballotsEntry{})
	case ApproversChanged:
		return r.newBallots(e.Ballots, ballotsEntry{})
	case ConsentLost:
		return r.newBallots(e.Ballots, ballotsEntry{WriteAttempted: e.WriteAttempted})
	case Expire:
		return r.newBallots(e.Ballots, ballotsEntry{Unseen: e.Unseen})
	}
	return e
}

// newBallots adds to an entry what the ballots change: votes that begin or cease
// to count, and people who are to be told why theirs does not.
func (r Request) newBallots(ballots []Ballot, entry ballotsEntry) ballotsEntry {
	for _, b := range ballots {
		if !r.knowsBallot(b) {
			entry.Ballots = append(entry.Ballots, b)
		}
	}
	for _, vote := range r.Votes {
		counts := func(b Ballot) bool { return b.User == vote.User && !b.Deny && b.Eligibility == Counts }
		if !slices.ContainsFunc(ballots, counts) {
			entry.Withdrawn = append(entry.Withdrawn, vote.User)
		}
	}
	return entry
}

// knowsBallot reports whether an earlier entry has the ballot. No entry has those
// of bots and of people who left, unless a vote of theirs counted.
func (r Request) knowsBallot(b Ballot) bool {
	i := slices.IndexFunc(r.Votes, func(v Vote) bool { return v.User == b.User })
	switch {
	case r.isNewJudgment(b):
		return false
	case i >= 0:
		return b.Eligibility == Counts && !b.Deny && slices.Equal(b.Stages, r.Votes[i].Stages)
	case b.Eligibility == IsBot, b.Eligibility == Deactivated:
		return true
	}
	return b.Eligibility != Counts && slices.Contains(r.Notified, noticeMark(b))
}
