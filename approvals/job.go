package approvals

import "time"

// A Kind is a sort of owed work. Its comment says what carrying it out twice
// would do, which decides whether it is tried before it is done.
type JobKind string

// The kinds of owed work.
const (
	JobPrepare             JobKind = "vet"      // read UiPath, fix the change; harmless to repeat
	JobPostCard            JobKind = "announce" // post the card; a repeat would show it twice
	JobAddReactions        JobKind = "seed"     // put the emoji on the card; a repeat changes nothing
	JobCountVotes          JobKind = "weigh"    // look up who reacted; harmless to repeat
	JobApply               JobKind = "apply"    // write the rule; read first, so that a repeat finds it done
	JobPostDelay           JobKind = "progress" // say in the thread that the write is held up; as Announce
	JobPostOutcome         JobKind = "reply"    // tell the end in the thread; as Announce
	JobUpdateCard          JobKind = "render"   // bring the card up to date; a repeat changes nothing
	JobTellVoter           JobKind = "tell"     // tell a reactor why their vote does not count; at most once
	JobTellRequester       JobKind = "notify"   // tell the requester privately; at least once
	JobExpire              JobKind = "expire"   // the deadline; harmless to repeat
	JobRemind              JobKind = "remind"   // remind the approvers in the thread; as Announce
	JobPostConsentLost     JobKind = "reopen"   // say in the thread that consent was lost; as Announce
	JobWarnExpiry          JobKind = "warn"     // say in the thread that a grant is about to end; as Announce
	JobGrantExpiry         JobKind = "elapse"   // the time of a grant is over; harmless to repeat
	JobRevoke              JobKind = "end"      // take the grant's codes out of the rule; as Apply
	JobPostRevocationDelay JobKind = "overdue"  // say in the thread that the end is held up; as Announce
	JobPostRevocation      JobKind = "conclude" // tell in the thread what the end did; as Announce
)

// Owed is work that a change of state makes due. A request owes a kind of
// work to a subject at most once at a time: owing it again while it waits
// changes nothing, and owing it again while it runs has it run once more.
type Job struct {
	Kind JobKind
	Key  string    // the person concerned, for Tell; a number, for what a thread is told more than once
	Note string    // what the words need: the Standing, for Tell; ids, for Remind; codes, for Warn; see Lost, for Reopen
	Due  time.Time // zero: at once
}

// Lane names the queue in which the work waits its turn, or is empty. Of one
// lane only the head runs, on any replica: the writes to one group's rule
// never overlap, and what is said in one thread keeps its order. What is owed
// for a later time stands in no lane, because it would hold up the others; but
// for a warning: whatever is said after it drops it.
func (o Job) Lane(r Request) string {
	switch o.Kind {
	case JobApply, JobRevoke:
		return "rule " + r.Proposal.Group.ID
	case JobPostCard, JobPostDelay, JobPostOutcome, JobPostConsentLost, JobWarnExpiry, JobPostRevocationDelay, JobPostRevocation:
		return "thread " + r.ID
	case JobAddReactions, JobUpdateCard:
		return "card " + r.ID
	}
	return ""
}

// A Task is owed work taken under a lease.
type LeasedJob struct {
	ID        int64
	RequestID string
	Job
	Attempt    int       // how often it was taken; fences everything the holder does
	Revision   int       // how often it was owed; settling an older want leaves it due
	TriedAt    time.Time // when its effect was first attempted; zero: never
	Unfinished bool      // Store.Step leaves it owed and only sees that its lease is not lost
}

// kept is the task for a step that is not the end of it.
func (t LeasedJob) KeepLeased() *LeasedJob {
	t.Unfinished = true
	return &t
}

// Look names the look at all cards to Workers.Trouble. It is never owed.
const JobSurvey JobKind = "look"

// Sweep names the search for forgotten requests to Workers.Trouble, and each
// that was found. It is never owed.
const JobReconcile JobKind = "sweep"
