package approvals

import "errors"

// ErrForgotten is the trouble with a request of which nothing was owed.
var ErrOrphaned = errors.New("nothing was owed that carries this request on; it is owed again")

// forgotten owes again what a request owes all the while that it is in its
// state. What is owed already stays as it is.
func orphaned(r Request) (Step, error) {
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
