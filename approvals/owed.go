package approvals

import "time"

// A Kind is a sort of owed work. Its comment says what carrying it out twice
// would do, which decides whether it is tried before it is done.
type Kind string

// The kinds of owed work.
const (
	Vet      Kind = "vet"      // read UiPath, fix the change; harmless to repeat
	Announce Kind = "announce" // post the card; a repeat would show it twice
	Seed     Kind = "seed"     // put the emoji on the card; a repeat changes nothing
	Weigh    Kind = "weigh"    // look up who reacted; harmless to repeat
	Apply    Kind = "apply"    // write the rule; read first, so that a repeat finds it done
	Progress Kind = "progress" // say in the thread that the write is held up; as Announce
	Reply    Kind = "reply"    // tell the end in the thread; as Announce
	Render   Kind = "render"   // bring the card up to date; a repeat changes nothing
	Tell     Kind = "tell"     // tell a reactor why their vote does not count; at most once
	Notify   Kind = "notify"   // tell the requester privately; at least once
	Expire   Kind = "expire"   // the deadline; harmless to repeat
	Remind   Kind = "remind"   // remind the approvers in the thread; as Announce
	Reopen   Kind = "reopen"   // say in the thread that consent was lost; as Announce
	Warn     Kind = "warn"     // say in the thread that a grant is about to end; as Announce
	Elapse   Kind = "elapse"   // the time of a grant is over; harmless to repeat
	End      Kind = "end"      // take the grant's codes out of the rule; as Apply
	Overdue  Kind = "overdue"  // say in the thread that the end is held up; as Announce
	Conclude Kind = "conclude" // tell in the thread what the end did; as Announce
)

// Owed is work that a change of state makes due. A request owes a kind of
// work to a subject at most once at a time: owing it again while it waits
// changes nothing, and owing it again while it runs has it run once more.
type Owed struct {
	Kind    Kind
	Subject string    // the person concerned, for Tell; a number, for what a thread is told more than once
	Note    string    // what the words need: the Standing, for Tell; ids, for Remind; codes, for Warn; see Lost, for Reopen
	Due     time.Time // zero: at once
}

// Lane names the queue in which the work waits its turn, or is empty. Of one
// lane only the head runs, on any replica: the writes to one group's rule
// never overlap, and what is said in one thread keeps its order. What is owed
// for a later time stands in no lane, because it would hold up the others; but
// for a warning: whatever is said after it drops it.
func (o Owed) Lane(r Request) string {
	switch o.Kind {
	case Apply, End:
		return "rule " + r.Proposal.Group.ID
	case Announce, Progress, Reply, Reopen, Warn, Overdue, Conclude:
		return "thread " + r.ID
	case Seed, Render:
		return "card " + r.ID
	}
	return ""
}

// A Task is owed work taken under a lease.
type Task struct {
	ID      int64
	Request string
	Owed
	Attempt int       // how often it was taken; fences everything the holder does
	Wanted  int       // how often it was owed; settling an older want leaves it due
	Tried   time.Time // when its effect was first attempted; zero: never
	Kept    bool      // Store.Step leaves it owed and only sees that its lease is not lost
}

// kept is the task for a step that is not the end of it.
func (t Task) kept() *Task {
	t.Kept = true
	return &t
}
