package approvals

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// PostSettles is how long the post of an attempt with an unknown outcome is looked
// for before it is made anew: Slack may store it after the bot gave up waiting, and
// history may show it late.
const PostSettles = 22 * time.Second

// UntilSettled is how long it takes until a look that does not find the post of the
// last attempt may be believed. It has a bound, because the clock may have been put back
// since the attempt.
func (t LeasedJob) UntilSettled(now time.Time) time.Duration {
	return min(PostSettles, max(0, t.TriedAt.Add(PostSettles).Sub(now)))
}

// When the channel is searched for doubles after a post was made anew.
const (
	firstDoubleLook = time.Minute
	lastDoubleLook  = 10 * time.Minute
)

// Events of posts. A double is a message of the bot that says once more what another
// message says.
type (
	// PostMissing means that a post was looked for long enough and was not found. It may
	// turn up later all the same.
	PostMissing struct{ Post JobKind }

	// DoubleSeen means that the channel shows the request's card a second time.
	DoubleSeen struct{ TS string }

	// DeniedOnDouble means that a person put a deny emoji on a double of the card, or
	// took it back. While the card's timestamp is unknown, the message may be the card.
	DeniedOnDouble struct{ Denial Denial }

	// DeniedOnReply means the same of another message that names the request.
	DeniedOnReply struct{ Denial Denial }
)

func (PostMissing) Kind() string    { return "post_missing" }
func (DoubleSeen) Kind() string     { return "double_seen" }
func (DeniedOnDouble) Kind() string { return "denied_on_double" }
func (DeniedOnReply) Kind() string  { return "denied_on_reply" }

func (PostMissing) Actor() string      { return Bot }
func (DoubleSeen) Actor() string       { return Bot }
func (e DeniedOnDouble) Actor() string { return e.Denial.User }
func (e DeniedOnReply) Actor() string  { return e.Denial.User }

// A post that turns up late repeats the one that was made anew, or stands below what made
// it untrue, so the channel is searched twice.
func (PostMissing) move(r Request, now time.Time) (Step, error) {
	if r.Proposal == nil {
		return Step{}, ErrNoTransition
	}
	return Step{Request: r, Enqueue: r.SearchLater(now)}, nil
}

// SearchLater has the channel searched for what turns up late, and for replies that became
// messages of the channel.
func (r Request) SearchLater(now time.Time) []Job {
	if r.Proposal == nil {
		return nil // nothing was posted
	}
	return []Job{
		{Kind: JobRemoveDoubles, Number: 1, Due: now.Add(firstDoubleLook)},
		{Kind: JobRemoveDoubles, Number: 2, Due: now.Add(lastDoubleLook)},
	}
}

func (e DoubleSeen) move(r Request, _ time.Time) (Step, error) {
	if r.CardTS == "" || !r.isDouble(e.TS) || slices.Contains(r.Doubles, e.TS) {
		return Step{}, ErrNoTransition
	}
	r.Doubles = append(slices.Clone(r.Doubles), e.TS)
	return Step{Request: r, Enqueue: []Job{{Kind: JobRemoveDoubles}}}, nil
}

// A no on a double counts as on the card; a yes there counts for nothing.
func (e DeniedOnDouble) move(r Request, now time.Time) (Step, error) {
	step, err := r.deny(e.Denial, now)
	if err == nil && r.CardTS != "" && !slices.Contains(r.Doubles, e.Denial.TS) {
		step.Request.Doubles = append(slices.Clone(r.Doubles), e.Denial.TS)
		step.Enqueue = append(step.Enqueue, Job{Kind: JobRemoveDoubles})
	}
	return step, err
}

func (e DeniedOnReply) move(r Request, now time.Time) (Step, error) { return r.deny(e.Denial, now) }

// deny records a denial on a message other than the card. The emoji means what the
// request's card says.
func (r Request) deny(d Denial, now time.Time) (Step, error) {
	d.HeardAt = now
	isDeny, _ := r.Terms.Emoji.Meaning(d.Name)
	denials, changed := d.addTo(r.Denials)
	if !r.State.Open() || !isDeny || !changed || !r.isDouble(d.TS) {
		return Step{}, ErrNoTransition
	}
	r.Denials = denials
	return Step{Request: r, Enqueue: []Job{{Kind: JobCountVotes}}}, nil
}

// isDouble reports whether a message that names the request is not the card that is
// known.
func (r Request) isDouble(ts string) bool { return ts != "" && ts != r.CardTS }

// A Post is a message of the bot about a request, as history shows it.
type Post struct {
	TS        string
	EventType string
	Number    string // as in its metadata; empty for what is said once
	InChannel bool   // it stands in the channel itself, and in no thread
}

// A Double is a post that has to go.
type Double struct {
	Post
	Why  Surplus
	Kept string // timestamp of the other post; empty for a Stray and an Orphan
}

// Surplus says why a post has to go.
type Surplus int

// The reasons.
const (
	Repeated Surplus = iota // another post says the same
	Late                    // another post had made it untrue when it came
	Stray                   // its thread was gone, so that it became a message of the channel
	Orphan                  // it is a card that turned up after the known card was deleted
)

// FindDoubles finds the posts about a request that have to go. Of the same posts the card
// that the store knows is kept, else the oldest.
func FindDoubles(r Request, posts []Post) []Double {
	type words struct{ event, number string }
	kept := make(map[words]string)
	for _, p := range posts {
		if p.isStray() {
			continue
		}
		said := words{p.EventType, p.Number}
		known, isKnown := kept[said]
		if !isKnown || p.TS == r.CardTS || known != r.CardTS && strings.Compare(p.TS, known) < 0 {
			kept[said] = p.TS
		}
	}
	var doubles []Double
	for _, p := range posts {
		keep := kept[words{p.EventType, p.Number}]
		late := slices.IndexFunc(posts, func(before Post) bool { return p.isOutdatedBy(before) && before.TS < p.TS })
		switch {
		case p.EventType == DoubleEventType:
		case p.isStray():
			doubles = append(doubles, Double{Post: p, Why: Stray})
		case p.EventType == CardEventType && r.CardTS != "" && keep != r.CardTS:
			doubles = append(doubles, Double{Post: p, Why: Orphan})
		case keep != p.TS:
			doubles = append(doubles, Double{Post: p, Kept: keep})
		case late >= 0:
			doubles = append(doubles, Double{Post: p, Why: Late, Kept: posts[late].TS})
		}
	}
	return doubles
}

// isStray reports whether a reply became a message of the channel. Only cards belong there.
func (p Post) isStray() bool {
	return p.InChannel && p.EventType != CardEventType && p.EventType != DoubleEventType
}

// isOutdatedBy reports whether the words of another post make those of this one untrue.
func (p Post) isOutdatedBy(other Post) bool {
	switch untilByEvent[p.EventType] {
	case JobPostOutcome:
		return isOutcomeEvent(other.EventType)
	case JobPostRevocation:
		return other.EventType == endedEvent && (p.EventType == endingEvent || other.attempt() >= p.attempt())
	}
	return p.EventType == endedEvent && other.EventType == endedEvent && other.attempt() > p.attempt()
}

// The event types of a grant's warning, whose number is one of hours, and of its end.
var (
	endingEvent = JobWarnExpiry.Spec().EventType
	endedEvent  = JobPostRevocation.Spec().EventType
)

// attempt is the number of the attempt to end a grant that a post tells of; zero: it has none.
func (p Post) attempt() int {
	n, err := strconv.Atoi(p.Number)
	if err != nil {
		return 0
	}
	return n
}

// untilByEvent is the kind of the message that ends the truth of one of an event type.
var untilByEvent = indexUntil(jobKinds)

func indexUntil(specs []JobSpec) map[string]JobKind {
	until := make(map[string]JobKind)
	for _, spec := range specs {
		if spec.Until != "" {
			until[spec.EventType] = spec.Until
		}
	}
	return until
}

func isOutcomeEvent(event string) bool {
	return slices.ContainsFunc(States(), func(s State) bool { return !s.Open() && event == outcomeEvent(s) })
}

// outcomeEvent is the event type of the message that tells how a request ended.
func outcomeEvent(s State) string { return "allocation_" + string(s) }

// FindLateCard finds the card of a request that closed while its post was in doubt: it
// has to show that. The oldest one counts.
func FindLateCard(r Request, posts []Post) (ts string, found bool) {
	if r.CardTS != "" || r.State.Open() {
		return "", false
	}
	for _, p := range posts {
		if p.EventType == CardEventType && (!found || p.TS < ts) {
			ts, found = p.TS, true
		}
	}
	return ts, found
}

// SurveyDoubles finds in a survey the requests with more than one card. cards are the
// cards of pending requests. The result maps the timestamp of each card too many to
// its request; where the right card is unknown, it has all of them.
func SurveyDoubles(cards []PendingCard, sights []Sighting) map[string]string {
	right := make(map[string]string)
	for _, card := range cards {
		right[card.RequestID] = card.TS
	}
	shown := make(map[string][]string)
	for _, s := range sights {
		if s.RequestID != "" && s.TS != right[s.RequestID] {
			shown[s.RequestID] = append(shown[s.RequestID], s.TS)
		}
	}
	doubles := make(map[string]string)
	for id, all := range shown {
		if right[id] == "" && len(all) == 1 {
			continue // the only card
		}
		for _, ts := range all {
			doubles[ts] = id
		}
	}
	return doubles
}
