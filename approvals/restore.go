package approvals

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A database that was restored from a copy knows less than the channel. What the channel
// tells is adopted, so that each thing happens once.

// ErrChannelUnread means the channel may know more about a request than the database,
// and is still to be read after the start.
var ErrChannelUnread = errors.New("the channel was not read since the start; if it tells more than the database, " +
	"that is adopted first")

// A Told is a bot's message about a request, read back.
type Told struct {
	Post
	RequestID  string
	GroupID    string // empty if it was cut for its length
	Actor      string
	Codes      []string // all that the change is about
	Added      []string
	Removed    []string
	Approvers  []string
	Allocation []string
	Until      time.Time
	Cut        bool   // a list of codes was too long to be told in full
	Press      *Press // of a message that tells a press
	Head       string // of the journal when the message was made; empty: not told
}

// At is when the message was posted.
func (t Told) At() time.Time {
	seconds, micros, _ := strings.Cut(t.TS, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64)
	us, _ := strconv.ParseInt(micros, 10, 64)
	return time.Unix(s, us*int64(time.Microsecond)).UTC()
}

// A ToldCard is a card of the bot, as the channel shows it.
type ToldCard struct {
	Told
	LatestReply string // the timestamp of the newest message in its thread; empty: none
}

// An Adoption is the channel's news about one request.
type Adoption struct {
	RequestID string
	Event     Event     // nil: nothing happened to it
	Foreign   []Request // what it holds, if the database does not know it
	Posts     []Post    // what the bot said about it
	At        time.Time // when it ended
	Head      string    // of the journal, as the newest of its messages tells; empty: none does
}

// HasPosted reports whether a job's message about r is in the channel.
func (a Adoption) HasPosted(r Request, job Job) bool {
	number := ""
	if job.Number != 0 {
		number = strconv.Itoa(job.Number)
	}
	return job.Kind.Spec().Pace == PacePosts && slices.ContainsFunc(a.Posts, func(p Post) bool {
		return p.EventType == job.MessageEventType(r) && p.Number == number
	})
}

// RestsOnAbsence reports whether a job decides, writes or speaks because the channel does not
// tell that it was done. A message with an earlier attempt is looked for by itself.
func (t LeasedJob) RestsOnAbsence() bool {
	spec := t.Kind.Spec()
	switch spec.Pool {
	case PoolVotes, PoolDeadlines, PoolWrites:
		return true
	}
	return spec.Pace == PacePosts && !t.WasTried()
}

// Adopted means the channel has news about a request.
type Adopted struct {
	Channel     string // where the card is
	CardTS      string
	State       State  // how it closed; empty if the channel does not tell
	By          string `words:"person"`
	At          time.Time
	Approvers   []string `words:"person"`
	Allocation  []string
	EffectFound bool
	Found       []string  // the codes in effect, of EffectFound
	WasApproved bool      // the channel tells of an approval before the end
	Until       time.Time // the end of its grant
	Revocation  *Revocation
	EndedBy     string `words:"person"` // the person or bot that ended the grant
	Attempts    int    // to end the grant, before the one that Revocation tells
	Presses     []Press
	PressCount  int
}

func (Adopted) Kind() string  { return "adopted" }
func (Adopted) Actor() string { return Bot }

// endings has the state that each outcome tells, by its event type.
var endings = map[string]State{
	"allocation_denied": Denied, "allocation_cancelled": Cancelled, "allocation_expired": Expired,
	"allocation_done": Done, "allocation_failed": Failed, "allocation_superseded": Superseded,
}

// Adopt is what the thread of a request's card tells about how it ended. thread has
// the bot's messages there, the oldest first.
func Adopt(cardTS string, thread []Told) Adopted {
	e := Adopted{CardTS: cardTS}
	for _, t := range thread {
		state, ends := endings[t.EventType]
		switch {
		case ends && e.State == "":
			e.State, e.By, e.At, e.Approvers, e.Allocation = state, t.Actor, t.At(), t.Approvers, t.Allocation
		case t.Press != nil:
			e.Presses = append(e.Presses, *t.Press)
			n, _ := strconv.Atoi(t.Number)
			e.PressCount = max(e.PressCount, n)
			continue
		case t.EventType == JobPostDelay.Spec().EventType, t.EventType == JobPostConsentLost.Spec().EventType:
			e.WasApproved = true
			continue
		case t.EventType == JobPostEffect.Spec().EventType:
			e.EffectFound, e.Found = true, t.Added
		case t.EventType == JobPostRevocation.Spec().EventType:
			n, _ := strconv.Atoi(t.Number)
			e.EndedBy, e.Attempts = t.Actor, max(n-1, 0)
			e.Revocation = &Revocation{
				At: t.At(), Removed: t.Removed, Allocation: t.Allocation, Uncertain: len(t.Allocation) == 0,
			}
		default:
			continue
		}
		e.Until = t.Until
	}
	return e
}

// What the channel tells is not done again: no write, no message. The card is drawn anew.
func (e Adopted) move(r Request, now time.Time) (Step, error) {
	before := r.Channel
	r.Channel = cmp.Or(e.Channel, before)
	switch {
	case r.State == Filed:
		return e.moveFiled(r, now), nil
	case r.State.Open() && e.State != "":
		r = e.close(r)
	case !r.State.Open() && r.MayHaveEffect() && e.EffectFound, e.endsLater(r):
		r.EffectFound = r.EffectFound || e.EffectFound
	case r.State.Open() && e.PressCount > r.PressCount:
		return Step{Request: e.adoptPresses(r), Enqueue: []Job{{Kind: JobCountVotes}}}, nil
	case r.State.Open() && r.CardTS == "" && r.Channel != before:
		return Step{Request: r}, nil // the job that posts the card finds it there
	default:
		return Step{}, ErrNoTransition
	}
	return e.settle(r, now), nil
}

// settle drops all jobs of a request that has ended, and enqueues what its end still needs.
func (e Adopted) settle(r Request, now time.Time) Step {
	step := Step{Request: r}
	for _, spec := range jobKinds {
		step.Drop = append(step.Drop, spec.Kind)
	}
	if r.IsInEffect() && r.Grant == nil {
		step = e.startGrant(step, now)
	}
	step = e.endGrant(step)
	step.Enqueue = append(step.Enqueue, step.Request.lateEffectLook()...)
	step.Enqueue = append(step.Enqueue, Job{Kind: JobUpdateCard}) // the bot may have ended before it drew the card
	return step
}

// adoptPresses adds the presses that the channel tells: the thread has each of them.
func (e Adopted) adoptPresses(r Request) Request {
	for _, told := range e.Presses {
		if last, pressed := r.lastPress(told.User); !pressed || told.At > last.At {
			r.Presses = replacePress(r.Presses, told)
		}
	}
	r.PressCount = e.PressCount
	return r
}

// startGrant begins the grant told by the channel. A late effect may be a part of the
// change.
func (e Adopted) startGrant(step Step, now time.Time) Step {
	codes := step.Request.Proposal.Change.GrantedCodes()
	if e.EffectFound && len(e.Found) > 0 && !SameSet(e.Found, step.Request.Proposal.Change.Add) {
		step.Request.EffectInPart, codes = true, e.Found
	}
	return startGrantUntil(step, codes, e.Until, now)
}

// endsLater reports whether the channel tells a later attempt to end the grant than
// the request.
func (e Adopted) endsLater(r Request) bool {
	if e.Revocation == nil || !r.HoldsGrant() {
		return false
	}
	return e.Attempts > r.Grant.Attempts || e.Attempts == r.Grant.Attempts && r.Grant.Revocation == nil
}

// moveFiled closes a request that has a card in the channel and was not prepared here:
// what the card asks consent for is unknown.
func (e Adopted) moveFiled(r Request, now time.Time) Step {
	step := closeRequest(r, Cancelled, Outcome{Reason: ReasonFromChannel, By: Bot}, now)
	step.Drop = append(step.Drop, JobPostCard)
	return step
}

func (e Adopted) close(r Request) Request {
	wasApproved := r.State == Approved || e.WasApproved
	r.State, r.CardTS, r.DedupKey, r.DelayReason = e.State, e.CardTS, "", ""
	r.Outcome = &Outcome{Reason: ReasonFromChannel, By: personOf(e.By), Allocation: e.Allocation}
	r.EffectFound = e.EffectFound
	r.ClosedAt = e.At
	if e.At.Before(r.FiledAt) { // by a clock that was wrong
		r.ClosedAt = r.FiledAt
	}
	if r.DecidedAt.IsZero() && (e.State == Done || e.State == Failed || e.State == Superseded) {
		r.DecidedAt = r.ClosedAt
	}
	r.Votes = nil
	for _, user := range e.Approvers {
		r.Votes = append(r.Votes, Vote{User: user, At: r.ClosedAt, Stages: r.Terms.stagesOf(user)})
	}
	r.WriteAttempted = r.WriteAttempted || e.mayHaveWritten(r, wasApproved)
	return r
}

// mayHaveWritten reports whether a write may have been tried before a request ended without
// success, so that UiPath may show its effect late. Where the group had got a part of the change
// from others, that is why the request was superseded, and it is no effect of it.
func (e Adopted) mayHaveWritten(r Request, wasApproved bool) bool {
	change := r.Proposal.Change
	change.Extend = nil // to extend a code writes nothing
	switch {
	case e.State == Done, change.IsEmpty():
		return false
	case e.State == Superseded:
		return len(e.Allocation) == 0 || change.ShownPart(e.Allocation).IsEmpty()
	}
	return e.State == Failed || wasApproved || r.Terms.Met(r.Votes)
}

// stagesOf lists the stages for which a person may have approved: those that name the
// person, or else all, because a user group may.
func (t Terms) stagesOf(user string) []int {
	people := make([][]string, len(t.Stages))
	var all []int
	for i, stage := range t.Stages {
		people[i] = stage.Approvers
		all = append(all, i)
	}
	if named := StagesNaming(people, user); len(named) > 0 {
		return named
	}
	return all
}

// endGrant records an end of the grant told by the channel.
func (e Adopted) endGrant(step Step) Step {
	if !e.endsLater(step.Request) {
		return step
	}
	g := *step.Request.Grant
	g.Revocation, g.Attempts, g.EndedBy, g.DelayReason = e.Revocation, e.Attempts, personOf(e.EndedBy), ""
	if !e.Until.IsZero() {
		g.Until = e.Until
	}
	step.Request.Grant = &g
	step.Enqueue = nil
	return step
}

// personOf is the person who did something; empty if no person did it.
func personOf(actor string) string {
	if actor == Bot {
		return ""
	}
	return actor
}

// Foreign is what an unknown request did in groups of others. concerned has, by
// group, the codes that others hold or ask for. If the channel does not tell all
// codes of the request, it may hold each of these.
func Foreign(card Told, thread []Told, concerned map[string][]string) []Request {
	done := slices.IndexFunc(thread, func(t Told) bool {
		return endings[t.EventType] == Done || t.EventType == JobPostEffect.Spec().EventType
	})
	if done < 0 {
		return nil
	}
	var foreign []Request
	for group, codes := range concerned {
		if card.GroupID == group || card.GroupID == "" {
			foreign = append(foreign, foreignIn(group, codes, card, thread[done], Adopt(card.TS, thread).Revocation))
		}
	}
	return foreign
}

func foreignIn(group string, concerned []string, card, done Told, ended *Revocation) Request {
	r := Request{
		ID: card.RequestID, State: Done, FiledAt: card.At(), ClosedAt: done.At(),
		Outcome: &Outcome{Reason: ReasonFromChannel},
	}
	change := Change{Add: done.Added, Remove: done.Removed}
	change.Extend = Without(Without(done.Codes, done.Added), done.Removed)
	isUntold := done.Cut || done.GroupID == ""
	if isUntold {
		change = Change{Extend: concerned}
	} else if !done.Until.IsZero() {
		r.Grant = &Grant{Codes: change.GrantedCodes(), Until: done.Until, Revocation: ended}
	}
	r.Proposal = &Proposal{Group: Group{ID: group}, Change: change, CodesUntold: isUntold}
	return r
}

// foreignInDoubt is what an unknown request may have done: the channel does not tell that it ended
// without a change. Its group is empty if the channel does not tell that either.
func foreignInDoubt(card Told, thread []Told) []Request {
	at := card.At()
	for _, t := range thread {
		switch endings[t.EventType] {
		case Denied, Cancelled, Expired, Superseded:
			return nil
		}
		at = t.At()
	}
	return []Request{{
		ID: card.RequestID, State: Done, FiledAt: card.At(), ClosedAt: at, Outcome: &Outcome{Reason: ReasonFromChannel},
		Proposal: &Proposal{Group: Group{ID: card.GroupID}, CodesUntold: true},
	}}
}

// ConcernedCodes has, by group, the codes that these requests hold or ask for.
func ConcernedCodes(requests []Request) map[string][]string {
	codes := make(map[string][]string)
	for _, r := range requests {
		if r.Proposal != nil && (r.State.Open() || r.HoldsGrant() || r.MayHaveEffect()) {
			id := r.Proposal.Group.ID
			codes[id] = Union(codes[id], r.Proposal.Change.AllCodes())
		}
	}
	return codes
}

// A ChannelToRead is a channel that may tell more than the database.
type ChannelToRead struct {
	Channel string
	Newest  string // the timestamp of the newest card there that the database knows; empty: none
	OfToday bool   // it is the approvals channel of today
}

// MayShow reports whether the card of a known request may be in the channel. After the copy was
// made, one without a card got it in the channel of today. A channel without any card may be
// another one under a new id.
func (c ChannelToRead) MayShow(r Request) bool {
	return r.Channel == c.Channel || c.OfToday && (r.CardTS == "" || c.Newest == "")
}

// A Reading collects what a channel tells and the database may not know.
type Reading struct {
	ChannelToRead
	requests  map[string]Request // whose cards it may show
	concerned map[string][]string
	watches   bool // changes outside of the bot are told
	adoptions []Adoption
}

// clocksDiffer is how far the clocks of Slack and the store may be apart.
const clocksDiffer = 10 * time.Minute

// NewReading begins to read a channel. unfinished are the known requests of all channels with
// possible news: requests in this one may concern the groups of each.
func NewReading(channel ChannelToRead, unfinished []Request) *Reading {
	r := &Reading{ChannelToRead: channel, requests: make(map[string]Request), concerned: ConcernedCodes(unfinished)}
	for _, request := range unfinished {
		if channel.MayShow(request) {
			r.requests[request.ID] = request
		}
	}
	return r
}

// Watch has the reading collect what unknown requests did to any group: it is no change outside of
// the bot.
func (r *Reading) Watch() { r.watches = true }

// concernedBy has the groups that a card may be about, with the codes that matter there.
func (r *Reading) concernedBy(card ToldCard) map[string][]string {
	if _, concerns := r.concerned[card.GroupID]; concerns || !r.watches {
		return r.concerned
	}
	concerned := map[string][]string{card.GroupID: nil}
	if card.GroupID == "" { // it may be any
		maps.Copy(concerned, r.concerned)
	}
	return concerned
}

// Oldest is the timestamp from which the cards have to be read: of the newest known card, or of the
// oldest one of an unfinished request. Without any, it is from the oldest of these requests on.
func (r *Reading) Oldest() string {
	oldest := r.Newest
	for _, request := range r.requests {
		ts := request.CardTS
		if ts == "" && r.Newest == "" { // in the channel, all others are newer than the request
			ts = TimestampAt(request.FiledAt.Add(-clocksDiffer))
		}
		if ts != "" && (oldest == "" || ts < oldest) {
			oldest = ts
		}
	}
	return oldest
}

// MayTell reports whether the thread of a card has to be read: it is the card of an
// unfinished request and its thread goes on after the newest known card, or the card is
// unknown and its group concerns an unfinished request.
func (r *Reading) MayTell(card ToldCard) bool {
	if request, ours := r.requests[card.RequestID]; ours {
		return request.CardTS == "" || request.CardTS == card.TS && card.LatestReply > r.Newest
	}
	_, concerns := r.concerned[card.GroupID]
	concerns = concerns || card.GroupID == "" && len(r.concerned) > 0
	return card.TS > r.Newest && (r.watches || card.LatestReply != "" && concerns)
}

// Add takes what a card and its thread tell. known means the database has its
// request.
func (r *Reading) Add(card ToldCard, thread []Told, known bool) {
	ended := Adopt(card.TS, thread)
	ended.Channel = r.Channel
	a := Adoption{RequestID: card.RequestID, At: ended.At, Head: card.Head}
	for _, t := range thread {
		a.Head = cmp.Or(t.Head, a.Head)
	}
	request, ours := r.requests[card.RequestID]
	if ours {
		a.Event, a.Posts = ended, []Post{card.Post}
		for _, t := range thread {
			a.Posts = append(a.Posts, t.Post)
		}
	}
	if !known || ours && request.State == Filed {
		a.Foreign = Foreign(card.Told, thread, r.concernedBy(card))
		if len(a.Foreign) == 0 && r.watches {
			a.Foreign = foreignInDoubt(card.Told, thread)
		}
	}
	if ours || len(a.Foreign) > 0 {
		r.adoptions = append(r.adoptions, a)
	}
}

// Adoptions lists the channel's news in the order of events.
func (r *Reading) Adoptions() []Adoption {
	slices.SortStableFunc(r.adoptions, func(a, b Adoption) int { return a.At.Compare(b.At) })
	return r.adoptions
}
