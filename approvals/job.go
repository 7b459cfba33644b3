package approvals

import (
	"strconv"
	"time"
)

// A Job is the due effect of a change of state: a card to post, an allocation to
// write. The store keeps jobs in the transaction of the change, and workers carry
// them out.
//
// A request has at most one job of a kind and key. Enqueueing it again while it waits
// changes nothing. Enqueueing it again while it runs makes it run once more.
type Job struct {
	Kind    JobKind
	Number  int     // tells repeated posts of a thread apart; 0: told once
	Person  string  `words:"person"` // the person the job is about; empty: the whole request
	Payload Payload // more for the words of the job
	Due     time.Time

	// SaidAt is when the words of the job are made, by the store's clock: what they call future
	// may be past. The store does not keep it. Zero: it does not matter.
	SaidAt time.Time `json:"-"`
}

// Key tells apart the jobs of one kind of one request.
func (j Job) Key() string {
	switch {
	case j.Person != "":
		return j.Person
	case j.Number > 0:
		return strconv.Itoa(j.Number)
	}
	return ""
}

// A Payload is what people are told by a job beyond what the request says. The store
// keeps it as JSON.
type Payload struct {
	Eligibility Eligibility   `json:"eligibility,omitempty"`            // JobTellVoter: why the vote does not count
	Lost        []LostConsent `json:"lost,omitempty"`                   // JobPostConsentLost
	Mention     []string      `json:"mention,omitempty" words:"person"` // JobRemind, JobPostEscalation
	// JobWarnExpiry: the codes that are about to go. JobPostEffect: what the group has.
	Codes []string `json:"codes,omitempty"`
	Press *Press   `json:"press,omitempty"` // JobPostPress
	Post  JobKind  `json:"post,omitempty"`  // JobTellRequester: says what this post says, as the thread is closed to it
	// JournalHead names the last seal of the journal when the message was made. The store sets it
	// once, so that a repeated post carries the same.
	JournalHead string `json:"journal_head,omitempty"`
}

// A JobKind is one row of the table JobKinds.
type JobKind string

// The kinds of jobs. Each comment says what a second run would do. If it would do
// harm, the attempt is recorded first.
const (
	JobPrepare             JobKind = "prepare"               // read UiPath and fix the change; harmless to repeat
	JobPostCard            JobKind = "post_card"             // a repeat would show the card twice
	JobAddReactions        JobKind = "add_reactions"         // put the two emoji on the card; a repeat changes nothing
	JobCountVotes          JobKind = "count_votes"           // look up who reacted; harmless to repeat
	JobApply               JobKind = "apply"                 // write the allocation; read first, so a repeat finds it done
	JobUpdateCard          JobKind = "update_card"           // bring the card up to date; a repeat changes nothing
	JobTellVoter           JobKind = "tell_voter"            // say privately why a vote does not count; at most once
	JobTellDelay           JobKind = "tell_delay"            // tell the requester what holds the request up; at least once
	JobTellRequester       JobKind = "tell_requester"        // tell the requester privately; at least once
	JobExpire              JobKind = "expire"                // the deadline; harmless to repeat
	JobGrantExpiry         JobKind = "grant_expiry"          // the time of a grant is over; harmless to repeat
	JobRevoke              JobKind = "revoke"                // take the grant's codes out; like JobApply
	JobFindEffect          JobKind = "find_effect"           // read once more what a failed write did; harmless to repeat
	JobPostOutcome         JobKind = "post_outcome"          // the request's end, in the thread; like JobPostCard
	JobPostDelay           JobKind = "post_delay"            // the write takes longer, in the thread; like JobPostCard
	JobPostConsentLost     JobKind = "post_consent_lost"     // consent was lost before the write; like JobPostCard
	JobPostRevocation      JobKind = "post_revocation"       // what the end of a grant did; like JobPostCard
	JobPostRevocationDelay JobKind = "post_revocation_delay" // the end of a grant takes longer; like JobPostCard
	JobPostEffect          JobKind = "post_effect"           // the change is in effect after all; like JobPostCard
	JobPostPress           JobKind = "post_press"            // a button was pressed, in the thread; like JobPostCard
	JobRemind              JobKind = "remind"                // remind the approvers in the thread; like JobPostCard
	JobEscalate            JobKind = "escalate"              // more people may approve; harmless to repeat
	JobPostEscalation      JobKind = "post_escalation"       // ask them, in the thread; like JobPostCard
	JobWarnExpiry          JobKind = "warn_expiry"           // a grant is about to end; like JobPostCard
	JobRemoveDoubles       JobKind = "remove_doubles"        // delete what the channel shows twice; harmless to repeat
)

// A Pool is a set of workers. Pools are apart because a slow peer delays only its
// own: a throttled channel in Slack must not delay a write to UiPath.
type Pool string

// The pools.
const (
	PoolPrepare     Pool = "prepare"
	PoolWrites      Pool = "writes"
	PoolVotes       Pool = "votes"
	PoolDeadlines   Pool = "deadlines"
	PoolGrantExpiry Pool = "grant_expiry"
	PoolThreads     Pool = "threads"
	PoolNudges      Pool = "nudges"
	PoolReactions   Pool = "reactions"
	PoolCards       Pool = "cards"
	PoolPrivate     Pool = "private"
)

// A Pace is a rate limit of Slack, shared by several kinds of jobs.
type Pace string

// The paces. The jobs of PaceNone leave Slack alone.
const (
	PaceNone    Pace = ""
	PacePosts   Pace = "posts"
	PaceUpdates Pace = "updates"
	PaceEmoji   Pace = "emoji"
	PacePrivate Pace = "private"
)

// A JobSpec says what is particular about one kind of job. What it does is one
// function of package worker; what people read is one function of bot/message.
type JobSpec struct {
	Kind JobKind
	Lane func(Request) Lane // nil: the job waits for no other
	Pool Pool
	Pace Pace

	// UnsettledWait is, for a write, the longest wait between two attempts while the effect
	// of one is unknown. Requests for the same codes wait for it.
	UnsettledWait time.Duration

	// EventType is the event type in the metadata of the job's message. Empty:
	// allocation_ and the request's state.
	EventType string

	// ByBot means the message tells what the bot did by itself.
	ByBot bool

	// Anchored means the message carries the head of the journal's chain.
	Anchored bool

	// Fair means people take turns: the one request of a person goes before the many of
	// another.
	Fair bool

	// Dated means the job is due at an hour known to people.
	Dated bool

	// Until is the kind of the message that ends the truth of this one. Empty: its words
	// stay true.
	Until JobKind

	// TriedAtOnce means a worker begins with the effect. The transaction that hands it the job
	// records the attempt in passing.
	TriedAtOnce bool

	// Relevant reports whether the words of the job are still true. Nil: always.
	Relevant func(Job, Request) bool
}

// unsettledWait is short, because UiPath can tell by a read what became of a write.
const unsettledWait = 10 * time.Second

// JobKinds is the table of kinds. Within a pool the first kinds run first.
func JobKinds() []JobSpec {
	return []JobSpec{
		{Kind: JobPrepare, Pool: PoolPrepare, Fair: true},
		{Kind: JobFindEffect, Pool: PoolPrepare, Lane: effectLane},
		{Kind: JobApply, Pool: PoolWrites, Lane: groupLane, UnsettledWait: unsettledWait},
		{Kind: JobRevoke, Pool: PoolWrites, Lane: groupLane, UnsettledWait: unsettledWait},
		{Kind: JobCountVotes, Pool: PoolVotes},
		{Kind: JobExpire, Pool: PoolDeadlines, Dated: true},
		{Kind: JobEscalate, Pool: PoolDeadlines, Dated: true},
		{Kind: JobGrantExpiry, Pool: PoolGrantExpiry, Dated: true},
		{Kind: JobPostOutcome, Pool: PoolThreads, Pace: PacePosts, Lane: threadLane, Anchored: true,
			TriedAtOnce: true},
		{Kind: JobPostRevocation, Pool: PoolThreads, Pace: PacePosts, Lane: threadLane,
			EventType: "allocation_ended", ByBot: true, Anchored: true, Relevant: revocationPosted},
		{Kind: JobPostEffect, Pool: PoolThreads, Pace: PacePosts, Lane: threadLane,
			EventType: "allocation_found", ByBot: true, Anchored: true},
		{Kind: JobPostDelay, Pool: PoolThreads, Pace: PacePosts, Lane: threadLane,
			EventType: "allocation_approved", Until: JobPostOutcome, Relevant: writeDelayed},
		{Kind: JobPostRevocationDelay, Pool: PoolThreads, Pace: PacePosts, Lane: threadLane,
			EventType: "allocation_overdue", ByBot: true, Until: JobPostRevocation, Relevant: revocationIsDelayed},
		{Kind: JobPostConsentLost, Pool: PoolThreads, Pace: PacePosts, Lane: threadLane,
			EventType: "allocation_reopened", ByBot: true, Until: JobPostOutcome, Relevant: isPending},
		{Kind: JobPostPress, Pool: PoolThreads, Pace: PacePosts, Lane: threadLane, EventType: "allocation_vote"},
		{Kind: JobPostEscalation, Pool: PoolThreads, Pace: PacePosts, Lane: threadLane,
			EventType: "allocation_escalated", ByBot: true, Until: JobPostOutcome, Relevant: isPending},
		{Kind: JobPostCard, Pool: PoolThreads, Pace: PacePosts, Lane: threadLane, EventType: CardEventType, Fair: true,
			TriedAtOnce: true},
		{Kind: JobWarnExpiry, Pool: PoolNudges, Pace: PacePosts, Lane: threadLane,
			EventType: "allocation_ending", ByBot: true, Dated: true, Until: JobPostRevocation},
		{Kind: JobRemind, Pool: PoolNudges, Pace: PacePosts,
			EventType: "allocation_reminder", ByBot: true, Dated: true, Until: JobPostOutcome, Relevant: isPending},
		{Kind: JobAddReactions, Pool: PoolReactions, Pace: PaceEmoji, Lane: cardLane, TriedAtOnce: true},
		{Kind: JobUpdateCard, Pool: PoolCards, Pace: PaceUpdates, Lane: cardLane, EventType: CardEventType,
			TriedAtOnce: true},
		{Kind: JobRemoveDoubles, Pool: PoolCards, Pace: PaceUpdates, EventType: DoubleEventType, ByBot: true},
		{Kind: JobTellDelay, Pool: PoolPrivate, Pace: PacePrivate, Relevant: isHeldUp},
		{Kind: JobTellRequester, Pool: PoolPrivate, Pace: PacePrivate},
		{Kind: JobTellVoter, Pool: PoolPrivate, Pace: PacePrivate},
	}
}

// CardEventType is the event type in the metadata of a request's card.
const CardEventType = "allocation_requested"

// DoubleEventType is the event type of a double after its deletion failed.
const DoubleEventType = "allocation_double"

var (
	jobKinds   = JobKinds()
	specByKind = indexSpecs(jobKinds)
)

func indexSpecs(specs []JobSpec) map[JobKind]JobSpec {
	byKind := make(map[JobKind]JobSpec, len(specs))
	for _, spec := range specs {
		byKind[spec.Kind] = spec
	}
	return byKind
}

// Spec is the kind's row of the table; the zero JobSpec for an unknown kind.
func (k JobKind) Spec() JobSpec { return specByKind[k] }

// PoolKinds lists the kinds of jobs of a pool, the most urgent first.
func PoolKinds(pool Pool) []JobKind {
	var kinds []JobKind
	for _, spec := range jobKinds {
		if spec.Pool == pool {
			kinds = append(kinds, spec.Kind)
		}
	}
	return kinds
}

// MessageEventType is the event type in the metadata of the job's message about r.
func (j Job) MessageEventType(r Request) string {
	if event := j.Kind.Spec().EventType; event != "" {
		return event
	}
	return outcomeEvent(r.State)
}

// IsRelevant reports whether what the job says is still true of r.
func (j Job) IsRelevant(r Request) bool {
	relevant := j.Kind.Spec().Relevant
	return relevant == nil || relevant(j, r)
}

func isPending(_ Job, r Request) bool { return r.State == Pending }

func isHeldUp(_ Job, r Request) bool {
	return (r.State == Filed || r.State == Pending) && r.DelayReason != ""
}

func writeDelayed(j Job, r Request) bool {
	return r.State == Approved && r.DelayReason != "" && j.Number == r.delayNumber()
}

// revocationPosted is false for an earlier attempt to end the grant: the later
// attempt says it all.
func revocationPosted(j Job, r Request) bool {
	return r.Grant != nil && r.Grant.Revocation != nil && j.Number == r.Grant.attemptNumber()
}

func revocationIsDelayed(j Job, r Request) bool {
	return r.AwaitsRevocation() && r.Grant.DelayReason != "" && j.Number == r.Grant.attemptNumber()
}

// A Lane is a queue with one job under lease at a time, on all replicas together:
// writes to one group never overlap, and one thread keeps its order.
type Lane struct {
	Name string // empty: the job waits for no other

	// InOrder makes a job wait for every earlier one in its lane. Otherwise a job waits
	// only for a tried and unsettled one.
	InOrder bool
}

// GroupLane is the lane of all writes to one group's allocation. A write passes an
// earlier untried one, because each write reads the allocation itself, and the
// earlier one may be delayed as long as its approval holds. It waits for a tried one:
// until its result is known, so are neither the allocation nor the holders of codes.
func GroupLane(groupID string) Lane { return Lane{Name: "group " + groupID} }

func groupLane(r Request) Lane { return GroupLane(r.Proposal.Group.ID) }

// EffectLane is the lane of the later looks at one group's allocation. A write finds in it
// what may still turn up.
func EffectLane(groupID string) Lane { return Lane{Name: "effect " + groupID} }

func effectLane(r Request) Lane { return EffectLane(r.Proposal.Group.ID) }

// threadLane excludes reminders: one due tomorrow would hold up what is due now. A
// warning may stand in it, because whatever is said after the warning drops it.
func threadLane(r Request) Lane { return Lane{Name: "thread " + r.ID, InOrder: true} }

func cardLane(r Request) Lane { return Lane{Name: "card " + r.ID, InOrder: true} }

// LaneOf is the lane of the job.
func (j Job) LaneOf(r Request) Lane {
	if lane := j.Kind.Spec().Lane; lane != nil {
		return lane(r)
	}
	return Lane{}
}

// LaneMates lists the kinds of jobs with a chance to be next when a job of kind k
// ends, k included.
func LaneMates(k JobKind) []JobKind {
	mates := []JobKind{k}
	probe := Request{ID: "R", Proposal: &Proposal{}}
	lane := Job{Kind: k}.LaneOf(probe)
	for _, spec := range jobKinds {
		if lane.Name != "" && spec.Kind != k && (Job{Kind: spec.Kind}).LaneOf(probe) == lane {
			mates = append(mates, spec.Kind)
		}
	}
	return mates
}

// A LeasedJob is a job in the hands of one worker for a limited time.
type LeasedJob struct {
	ID        int64
	RequestID string
	Job
	Attempt  int       // how often the job was leased; fences everything its holder does
	Revision int       // how often it was enqueued; completing an older revision leaves it due
	TriedAt  time.Time // when its effect was last attempted, before this lease; zero: never

	// MarkedAt is when this process recorded the attempt of this lease together with it, by
	// a clock that cannot be set; zero: it did not.
	MarkedAt time.Time

	Unfinished bool // an event is applied under the lease, and the job goes on

	Writing *Allocation // what is about to be written; the journal keeps it with the attempt
	Guard   *VoteGuard  // what the event of the job rests on; nil: it rests on no vote
	Carried bool        // its effect was carried out, and not only pointless

	PostedTS string // the timestamp of the message that it posted
}

// TellsPeople reports whether the effect of the job is a message to people.
func (t LeasedJob) TellsPeople() bool {
	pace := t.Kind.Spec().Pace
	return pace == PacePosts || pace == PacePrivate
}

// markLasts is how long after its lease a job may rest on the attempt that was recorded with
// it. It is a small part of the lease, so a worker that stood still notices its end.
const markLasts = time.Second

// IsMarked reports whether the attempt was recorded with the lease, a moment ago.
func (t LeasedJob) IsMarked(now time.Time) bool {
	return !t.MarkedAt.IsZero() && now.Sub(t.MarkedAt) < markLasts
}

// WasTried reports whether the effect of the job may have happened already.
func (t LeasedJob) WasTried() bool { return !t.TriedAt.IsZero() }

// Backoff is the wait before the next attempt, where its number alone would have it
// wait for d. unsettled says that this attempt may have had its effect. A write never waits
// for long: people have agreed to it, and others wait behind it.
func (t LeasedJob) Backoff(d time.Duration, unsettled bool) time.Duration {
	limit := t.Kind.Spec().UnsettledWait
	switch {
	case limit == 0:
		return d
	case unsettled || t.WasTried():
		return min(d, limit)
	}
	return min(d, promptRetry)
}

// KeepLeased is the job for an event in the midst of it.
func (t LeasedJob) KeepLeased() *LeasedJob {
	t.Unfinished = true
	return &t
}

// A Lifeline says which jobs carry on the requests of a state: a request
// without any of them would wait for ever.
type Lifeline struct {
	State State
	Card  CardPresence
	Kinds []JobKind
}

// A CardPresence tells requests with a card from those without.
type CardPresence int

// What a lifeline asks of the card.
const (
	AnyCard CardPresence = iota
	NoCard
	WithCard
)

// Lifelines lists the lifelines. The one of Done is for requests with a grant.
func Lifelines() []Lifeline {
	return []Lifeline{
		{State: Filed, Kinds: []JobKind{JobPrepare}},
		{State: Pending, Card: NoCard, Kinds: []JobKind{JobPostCard}},
		{State: Pending, Card: WithCard, Kinds: []JobKind{JobExpire}},
		{State: Approved, Kinds: []JobKind{JobApply}},
		{State: Done, Kinds: []JobKind{JobGrantExpiry, JobRevoke}},
	}
}
