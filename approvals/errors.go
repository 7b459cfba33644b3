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

	// ErrVotedSince means that a vote was recorded after the last look at the card, so
	// that the write must not begin.
	ErrVotedSince = errors.New("a vote was given or taken back since the last look at the card")

	// ErrUnreadable is in the error of a request or job that the store cannot decode.
	// A newer version of the bot may have written it.
	ErrUnreadable = errors.New("its row cannot be decoded")

	// ErrCommitUnknown is in an error that leaves open whether the change was
	// recorded: the answer to the commit was lost, and the database cannot say.
	ErrCommitUnknown = errors.New("whether this was recorded is unknown")
)

// ErrQuotasUnknown is in an error that leaves open which seat limits a group has.
// A write would lift those that exist.
var ErrQuotasUnknown = errors.New("the seat limits are unknown")

var (
	// ErrCardDeleted means that Slack shows the card no longer.
	ErrCardDeleted = errors.New("the card was deleted")

	// ErrCardNotShown means that a look did not show the card, which is no proof yet.
	ErrCardNotShown = errors.New("the card is not shown")
)

// A DuplicateError says that another open request asks for the same change.
type DuplicateError struct{ RequestID string }

func (e *DuplicateError) Error() string { return "request " + e.RequestID + " asks the same" }

// A TooManyOpenError says that a person has as many open requests as one person
// may have.
type TooManyOpenError struct{ Most int }

func (e *TooManyOpenError) Error() string {
	return fmt.Sprintf("the requester has %d open requests, and one person may have no more", e.Most)
}

// A RefusedError is a no, in the other side's own words, that asking again does
// not change.
type RefusedError struct {
	Answer   string // the other side's words, bounded and free of secrets
	NotFound bool   // what was asked about is not there; one look proves no absence
	Variable string // the environment variable that an operator has to look at, if the no is about the bot's account
	Err      error
}

// A DelayError is a "not now": the call certainly had no effect.
type DelayError struct {
	After  time.Duration // as the other side asked; zero: choose
	Reason string        // for people, in one clause
	Closed bool          // Slack refuses what is said in this place, and may do so for long
	Err    error
}

// An UnknownEffectError is a write that left without an answer that settles it.
type UnknownEffectError struct {
	After  time.Duration // as in DelayError
	Reason string        // for people, in one clause
	Err    error
}

// A GroupError says that a group reference does not name exactly one group.
type GroupError struct {
	Reference  string
	Candidates []string // names and ids to offer
	Ambiguous  bool     // several groups have this very name
}

// Error is the refusal for the log.
func (e *RefusedError) Error() string { return fmt.Sprintf("refused: %s", e.Answer) }

// Unwrap is the client's own error.
func (e *RefusedError) Unwrap() error { return e.Err }

// Error is the delay for the log.
func (e *DelayError) Error() string { return fmt.Sprintf("not now: %s", e.Reason) }

// Unwrap is the client's own error.
func (e *DelayError) Unwrap() error { return e.Err }

// Error is the doubt for the log.
func (e *UnknownEffectError) Error() string { return fmt.Sprintf("unknown effect: %s", e.Reason) }

// Unwrap is the client's own error.
func (e *UnknownEffectError) Unwrap() error { return e.Err }

// Error repeats the reference as typed.
func (e *GroupError) Error() string {
	return fmt.Sprintf("%q does not name exactly one group", e.Reference)
}

// IsRefused reports whether an error is a no that asking again does not change.
func IsRefused(err error) bool {
	_, ok := asRefusal(err)
	return ok
}

// IsDelay reports whether an error is a "not now": the call had no effect.
func IsDelay(err error) bool {
	_, ok := errors.AsType[*DelayError](err)
	return ok
}

// IsNotFound reports whether the other side does not have what was asked about.
// Only a second, later look proves that it is gone.
func IsNotFound(err error) bool {
	refusal, ok := asRefusal(err)
	return ok && refusal.NotFound
}

// EffectIsUnknown reports whether a write that failed with err may have taken
// effect. No status code proves the contrary, so this is true of a refusal too:
// only a read settles a write that left.
func EffectIsUnknown(err error) bool {
	if err == nil {
		return false
	}
	if fault, ok := NeedsOperator(err); ok {
		return fault.EffectUnknown
	}
	return !IsDelay(err)
}

func asRefusal(err error) (*RefusedError, bool) { return errors.AsType[*RefusedError](err) }

// DelayReason is the clause that people are told when an effect is delayed.
func DelayReason(err error) string {
	if fault, ok := NeedsOperator(err); ok {
		return "an operator has to act: " + fault.clause()
	}
	if delay, ok := errors.AsType[*DelayError](err); ok {
		return delay.Reason
	}
	if unknown, ok := errors.AsType[*UnknownEffectError](err); ok {
		return unknown.Reason
	}
	if refusal, ok := asRefusal(err); ok {
		return refusal.Answer
	}
	return "no clear answer came back"
}
