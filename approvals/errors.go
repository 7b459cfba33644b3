package approvals

import (
	"errors"
	"fmt"
	"time"
)

// Errors of the store.
var (
	ErrNoJob     = errors.New("no job is due")
	ErrLeaseLost = errors.New("the lease is lost: another worker carries this on")
	ErrNotFound  = errors.New("there is no such request")

	// ErrCommitUnknown is in an error that leaves open whether the change was
	// recorded: the answer to the commit was lost, and the database cannot say.
	ErrCommitUnknown = errors.New("whether this was recorded is unknown")
)

var (
	// ErrCardDeleted means that Slack shows the card no longer.
	ErrCardDeleted = errors.New("the card was deleted")

	// ErrCardNotShown means that a look did not show the card, which is no proof yet.
	ErrCardNotShown = errors.New("the card is not shown")
)

// A DuplicateError says that another open request asks for the same change.
type DuplicateError struct{ RequestID string }

func (e *DuplicateError) Error() string { return "request " + e.RequestID + " asks the same" }

// A RefusedError is a no that asking again does not change.
type RefusedError struct {
	Answer string // the other side's words, bounded and free of secrets
	Err    error
}

// A DelayError is a "not now": the call certainly had no effect.
type DelayError struct {
	After  time.Duration // as the other side asked; zero: choose
	Reason string        // for people, in one clause
	Err    error
}

// A GroupError says that a group reference does not name exactly one group.
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

// IsRefused reports whether an error is a no that asking again does not change.
func IsRefused(err error) bool {
	_, ok := asRefusal(err)
	return ok
}

func asRefusal(err error) (*RefusedError, bool) { return errors.AsType[*RefusedError](err) }

// DelayReason is the clause that people are told when an effect is delayed.
func DelayReason(err error) string {
	if delay, ok := errors.AsType[*DelayError](err); ok {
		return delay.Reason
	}
	if refusal, ok := asRefusal(err); ok {
		return refusal.Answer
	}
	return "no clear answer came back"
}
