package approvals

import (
	"errors"
	"time"
)

// ErrOrphaned is the problem with a request that had no job to carry it on.
var ErrOrphaned = errors.New("it had no job to carry it on; it has one again")

// An orphaned request gets the jobs that it has all the while it is in its state.
// Jobs that it has already stay as they are.
func (Orphaned) move(r Request, _ time.Time) (Step, error) {
	deadline := Job{Kind: JobExpire, Due: r.Deadline}
	switch {
	case r.State == Filed:
		return Step{Request: r, Enqueue: []Job{{Kind: JobPrepare}, deadline}}, nil
	case r.State == Pending && r.CardTS == "":
		return Step{Request: r, Enqueue: []Job{{Kind: JobPostCard}, deadline}}, nil
	case r.State == Pending:
		return Step{Request: r, Enqueue: []Job{{Kind: JobCountVotes}, deadline}}, nil
	case r.State == Approved:
		return Step{Request: r, Enqueue: []Job{{Kind: JobApply}}}, nil
	case r.AwaitsRevocation():
		return Step{Request: r, Enqueue: []Job{{Kind: JobGrantExpiry, Due: r.Grant.Until}}}, nil
	}
	return Step{}, ErrNoTransition
}
