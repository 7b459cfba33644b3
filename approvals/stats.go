package approvals

import "time"

// A Transition is one step of a request that was committed.
type Transition struct {
	Before, After Request
	Event         string // its kind in the journal
}

// Stats is how much there is to do. What it costs to read does not grow with the
// requests that are closed.
type Stats struct {
	Jobs          []JobStats
	Open          map[State]int // requests
	RunningGrants int
	OverdueGrants int           // their time is over, and they still run
	OldestOverdue time.Duration // since the end of the one that is overdue for longest
}

// JobStats is about the jobs of one kind.
type JobStats struct {
	Kind     JobKind
	Count    int
	Attempts int           // the most that one of them had
	Overdue  time.Duration // of the one that waits for longest; zero while none is due
}
