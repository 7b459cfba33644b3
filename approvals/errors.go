package approvals

import (
	"errors"
	"fmt"
	"time"
)

// Errors of a Store.
var (
	ErrNoJob     = errors.New("nothing is due")
	ErrLeaseLost = errors.New("the lease is lost: someone else carries this on")
	ErrNotFound  = errors.New("there is no such request")

	// ErrUncertain is in an error after which nobody can tell whether it was
	// recorded: the answer to a commit was lost, and so was the question.
	ErrCommitUnknown = errors.New("whether this was recorded is not known")
)

// A Taken says that another open request already asks the very same.
type DuplicateError struct{ RequestID string } // its id

func (e *DuplicateError) Error() string { return "request " + e.RequestID + " asks the same" }

// ErrGone is returned by Directory.OnCard for a card that was deleted.
var ErrCardDeleted = errors.New("the card is not there any more")

// A Card is where a pending request waits for consent.
type PendingCard struct {
	RequestID string
	Channel   string
	TS        string
	Known     []Reaction // present, as far as was heard or seen
}

// A Refusal is a no that asking again does not change.
type RefusedError struct {
	Answer string // the other side's words, bounded and free of secrets
	Err    error
}

// A Delay is a "not now": it certainly had no effect.
type DelayError struct {
	After  time.Duration // as the other side asked; zero: choose
	Reason string        // for people, in one clause
	Err    error
}

// A NoGroup says that a group reference does not name exactly one group.
type GroupError struct {
	Reference  string
	Candidates []string // names and ids to offer
	Ambiguous  bool     // several groups have this very name
}

func (e *RefusedError) Error() string { return fmt.Sprintf("refused: %s", e.Answer) }

func (e *RefusedError) Unwrap() error { return e.Err }

func (e *DelayError) Error() string { return fmt.Sprintf("not now: %s", e.Reason) }

func (e *DelayError) Unwrap() error { return e.Err }

func (e *GroupError) Error() string {
	return fmt.Sprintf("%q does not name exactly one group", e.Reference)
}

// refused reports whether an error is a no that asking again does not change.
func IsRefused(err error) bool {
	var refusal *RefusedError
	return errors.As(err, &refusal)
}
