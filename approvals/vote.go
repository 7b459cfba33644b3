package approvals

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Vote is one consent that counts.
type Vote struct {
	User   string    `json:"user" words:"person"`
	At     time.Time `json:"at"`     // when it was first counted, by the store's clock
	Stages []int     `json:"stages"` // the stages that name the voter
}

// A Reaction is one person's emoji on one message, as events and looks told. What
// it means, the terms of the request say: see [Request.VotesAmong].
type Reaction struct {
	Channel string
	TS      string // of the message
	User    string
	Name    string    // the emoji's first short name, with its skin tone
	Deny    bool      // the emoji means no on this request's card
	EventTS string    // Slack's time of the change; orders added and removed; empty: no event told
	AfterTS string    // of one that no event told: Slack's time of the last event before it, such as its removal
	SeenAt  time.Time // when the store first knew of it, by its own clock
	Present bool      // false once taken back
}

// isAfter reports whether events prove that the reaction was given after a moment. What a look
// alone showed was given after the last event that told of this emoji of the person.
func (r Reaction) isAfter(moment time.Time) bool {
	given, ok := ParseTimestamp(cmp.Or(r.EventTS, r.AfterTS))
	return ok && given.After(moment)
}

// isSame reports whether two reactions are one person's same emoji on a message.
func (r Reaction) isSame(other Reaction) bool { return r.User == other.User && r.Name == other.Name }

// ReadLag is how long Slack or UiPath may go on showing what was so before a
// change. Within it, what an event told outweighs a look.
const ReadLag = time.Minute

// clockDoubt is how far a clock may be put back or forward between two moments that are
// compared. A larger step shows that the clock was wrong for long.
const clockDoubt = 10 * time.Minute

// SurelyNow is the clock as far as the time since a moment has passed for certain. While no
// process looked at it, a clock may have been put ahead, and what happened a moment ago would
// seem to be old. steady is for how long the clock went right without doubt.
func SurelyNow(since, now time.Time, steady time.Duration) time.Time {
	if sure := since.Add(steady); now.Sub(since) <= clockDoubt && now.After(sure) {
		return sure
	}
	return now
}

// mayBeLate reports whether a read begun now may show what was so before a change.
func mayBeLate(change, now time.Time) bool {
	age := now.Sub(change)
	return !change.IsZero() && age > -clockDoubt && age < ReadLag
}

// A PendingCard is where a pending request waits for consent.
type PendingCard struct {
	RequestID string
	Channel   string
	TS        string
	Known     []Reaction // present on the card, as far as the store knows
	Missed    bool       // the last look did not show the card
}

// GivenAt is when the reaction was given or taken back, by Slack's clock; false
// if no event told: what Slack shows on a card has no times.
func (r Reaction) GivenAt() (time.Time, bool) { return ParseTimestamp(r.EventTS) }

// ParseTimestamp is the moment of the timestamp of a message or an event; false if it is none.
func ParseTimestamp(ts string) (time.Time, bool) {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	us, _ := strconv.ParseInt(micros, 10, 64) // missing: the whole second
	return time.Unix(s, us*1000), true
}

// deadlineAtSlack is the deadline by Slack's clock: the card's own time and what was left of the
// request's life then. The store's clock, which Deadline rests on, may be off.
func (r Request) deadlineAtSlack() time.Time {
	if deadline, ok := ParseTimestamp(r.DeadlineTS); ok {
		return deadline
	}
	if posted, ok := ParseTimestamp(r.CardTS); ok {
		return posted.Add(r.Terms.TTL)
	}
	return r.Deadline
}

// timeliness says whether an approval came before the deadline: by the time that
// its event told, or else because a look showed it before the deadline.
func (r Request) timeliness(reaction Reaction) Eligibility {
	at, dated := reaction.GivenAt()
	switch {
	case dated && !at.Before(r.deadlineAtSlack()):
		return IsLate
	case !dated && !reaction.SeenAt.Before(r.Deadline):
		return IsUndated
	}
	return Counts
}

// A Person is what Slack says of a user, as far as voting is concerned.
type Person struct {
	ID          string // the canonical one: all that is compared or kept has it
	LocalID     string // another id of theirs, if Slack showed one
	Bot         bool   // a bot, a workflow or an app's own user
	Guest       bool   // a single- or multi-channel guest
	External    bool   // from another organization, through Slack Connect
	Deactivated bool
	UTCOffset   time.Duration // of their clock from UTC now; above zero east of it
	TimeZone    string        // its name, such as Europe/Berlin; empty if it is not known
	Name        string        // what people call them; empty if it is not known
}

// is reports whether an id is one of the person's.
func (p Person) is(id string) bool { return id != "" && (id == p.ID || id == p.LocalID) }

// An Audience is who sees a channel. The zero value is everybody.
type Audience struct {
	Private bool     // only members see it; any colleague can open a public channel
	Members []string // of a private one, by the ids that Slack shows
	TwoIDs  bool     // a person may stand there with an id that Slack did not show elsewhere
}

// Sees reports whether a person sees the channel, or may see it for all that is known.
func (a Audience) Sees(p Person) bool {
	isMember := slices.ContainsFunc(a.Members, p.is)
	return !a.Private || isMember || a.TwoIDs && p.LocalID == ""
}

// An Eligibility says whether a person's vote counts, and if not, why.
type Eligibility string

// The eligibilities, in the order in which they are checked.
const (
	Counts      Eligibility = "counts"
	IsBot       Eligibility = "bot"
	Deactivated Eligibility = "deactivated"
	IsExternal  Eligibility = "external"
	IsGuest     Eligibility = "guest"
	IsRequester Eligibility = "requester"    // a requester cannot approve the own request
	IsLate      Eligibility = "late"         // an approval given after the deadline
	IsUndated   Eligibility = "undated"      // an approval first seen after the deadline, which no event dates
	NotApprover Eligibility = "not_approver" // no stage names the person
	NotToday    Eligibility = "not_today"    // a stage does, and the policy of today does not
	OtherEmoji  Eligibility = "other_emoji"  // a person who may vote gave an emoji that is no vote
	Uncheckable Eligibility = "uncheckable"  // the check could not be made, which is a refusal
)

// A Ballot is one reaction after its author was looked up.
type Ballot struct {
	User        string      `json:"user" words:"person"`
	Name        string      `json:"name,omitempty"`      // of the emoji
	EventTS     string      `json:"event_ts,omitempty"`  // Slack's time of the reaction
	AfterTS     string      `json:"after_ts,omitempty"`  // without it: the time of the last event before the reaction
	LookedTS    string      `json:"looked_ts,omitempty"` // Slack's time at the look, where what is found then lasts
	Deny        bool        `json:"deny,omitempty"`
	Eligibility Eligibility `json:"eligibility"`
	Stages      []int       `json:"stages,omitempty"` // those that name the person
}

// EligibilityOf decides whether person may vote on r. stages are those that name
// the person, user groups resolved.
func EligibilityOf(r Request, person Person, stages []int) Eligibility {
	switch {
	case person.Bot:
		return IsBot
	case person.Deactivated:
		return Deactivated
	case person.External:
		return IsExternal
	case person.Guest:
		return IsGuest
	case person.is(r.Requester) && !r.Terms.SelfApproval:
		return IsRequester
	case len(stages) == 0:
		return NotApprover
	}
	return Counts
}

// consents returns the votes among the ballots, one for each person, keeping
// the time of those that counted before.
func consents(before []Vote, ballots []Ballot, now time.Time) []Vote {
	var votes []Vote
	for _, b := range ballots {
		if b.Deny || b.Eligibility != Counts || HasVoted(votes, b.User) {
			continue
		}
		vote := Vote{User: b.User, At: now, Stages: b.Stages}
		if i := slices.IndexFunc(before, func(v Vote) bool { return v.User == b.User }); i >= 0 {
			vote.At = before[i].At
		}
		votes = append(votes, vote)
	}
	return votes
}

// HasVoted reports whether the votes have one of the user.
func HasVoted(votes []Vote, user string) bool {
	return slices.ContainsFunc(votes, func(v Vote) bool { return v.User == user })
}

// findDenier returns the first person with a ❌ that counts.
func findDenier(ballots []Ballot) (string, bool) {
	for _, b := range ballots {
		if b.Deny && b.Eligibility == Counts {
			return b.User, true
		}
	}
	return "", false
}

// Voters lists who the votes are from, in the order in which they came.
func Voters(votes []Vote) []string {
	users := make([]string, len(votes))
	for i, v := range votes {
		users[i] = v.User
	}
	return users
}
