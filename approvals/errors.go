package approvals

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors of the store.
var (
	ErrNoJob     = errors.New("no job is due")
	ErrLeaseLost = errors.New("the lease is lost: another worker carries this on")
	ErrNotFound  = errors.New("there is no such request")

	// ErrVotedSince means a vote was recorded after the last look at the card. The write
	// must wait.
	ErrVotedSince = errors.New("a vote was given or taken back since the last look at the card")

	// ErrDeniersUntold means Slack counts more people with a no than it names, or names one
	// by an id that it does not explain.
	ErrDeniersUntold = errors.New("Slack does not tell all people who said no")

	// ErrUnreadable is in the error of a request or job beyond the store's decoder. A
	// newer version of the bot may have written it.
	ErrUnreadable = errors.New("its row cannot be decoded")

	// ErrCommitUnknown is in an error after a lost answer to a commit: the change may be
	// recorded or missing.
	ErrCommitUnknown = errors.New("whether this was recorded is unknown")
)

// ErrQuotasUnknown is in an error if a group's seat limits are unknown. A write would
// lift them.
var ErrQuotasUnknown = errors.New("the seat limits are unknown")

// ErrExternalUnknown is in an error if it is unknown whether a group uses external
// licenses. A write would reset that.
var ErrExternalUnknown = errors.New("whether the group uses external licenses is unknown")

var (
	// ErrCardDeleted means the card is gone from Slack.
	ErrCardDeleted = errors.New("the card was deleted")

	// ErrCardNotShown means a look missed the card. It may still be there.
	ErrCardNotShown = errors.New("the card is not shown")
)

// A DuplicateError names another open request for the same change.
type DuplicateError struct{ RequestID string }

func (e *DuplicateError) Error() string { return "request " + e.RequestID + " asks the same" }

// A TooManyOpenError means the person has reached the bound of open requests.
type TooManyOpenError struct{ Most int }

func (e *TooManyOpenError) Error() string {
	return fmt.Sprintf("the requester has %d open requests, and one person may have no more", e.Most)
}

// A RefusedError is a lasting no, in the other side's own words.
type RefusedError struct {
	Answer   string // the other side's words, bounded and free of secrets
	NotFound bool   // it seems to be gone; one look is too little proof
	Variable string // the environment variable to look at, if the no is about the bot's account
	Err      error
}

// A DelayError is a "not now": the call certainly changed nothing.
type DelayError struct {
	After  time.Duration // as the other side asked; zero: choose
	Reason string        // for people, in one clause
	Closed bool          // Slack refuses words in this place, perhaps for long
	Err    error
}

// An UnknownEffectError is a write or a post with an open result: its answer was lost or
// unclear.
type UnknownEffectError struct {
	After  time.Duration // as in DelayError
	Reason string        // for people, in one clause
	Closed bool          // as in DelayError
	Err    error
}

// A GroupError means a reference names several groups, or none.
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

// IsRefused reports whether an error is a lasting no.
func IsRefused(err error) bool {
	_, ok := asRefusal(err)
	return ok
}

// IsDelay reports whether an error is a "not now".
func IsDelay(err error) bool {
	_, ok := errors.AsType[*DelayError](err)
	return ok
}

// IsNotFound reports whether the other side lacks the object. Only a second, later
// look proves it gone.
func IsNotFound(err error) bool {
	refusal, ok := asRefusal(err)
	return ok && refusal.NotFound
}

// EffectIsUnknown reports whether a write may have taken effect although it failed with
// err. This is true of a refusal too, because no status code proves that there was no
// effect: only a read settles a sent write.
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

// DelayReason is the clause for people when an effect is delayed.
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

// A LackOfApproversError means that nobody can approve a request: too few of the people whom
// its terms name may vote on it.
type LackOfApproversError struct {
	Rule    string `json:"rule,omitempty"`
	Needed  int    `json:"needed"`  // approvals
	Missing int    `json:"missing"` // how many of these no person can give

	// Outside are people who could vote if they were in the private approvals channel.
	Outside []string `json:"outside,omitempty" words:"person"`
}

func (l LackOfApproversError) Error() string {
	text := fmt.Sprintf("too few approvers may vote (rule %q): %d needed, %d missing", l.Rule, l.Needed, l.Missing)
	if len(l.Outside) > 0 {
		text += "; not in the private approvals channel: " + strings.Join(l.Outside, ", ")
	}
	return text
}
