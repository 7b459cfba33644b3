package approvals

import (
	"errors"
	"fmt"
	"time"
)

// An OperatorError is a fault that only an operator can mend. It delays a
// request and never ends one.
type OperatorError struct {
	Cause         string // for people, in one clause, without the code
	Code          string // OAuth's error code, or the HTTP status
	Variable      string // the environment variable to look at
	EffectUnknown bool   // a write left before, and may have taken effect
	Err           error
}

// Error is the clause people read in the thread.
func (e *OperatorError) Error() string { return e.clause() }

// Unwrap is the client's own error.
func (e *OperatorError) Unwrap() error { return e.Err }

// Remedy tells the operator what to look at.
func (e *OperatorError) Remedy() string {
	return e.Variable + ": " + remedyOf(e.Variable) + "; what waits goes on by itself"
}

// Remedy tells the operator what to look at, if the refusal is about the bot's
// account.
func (e *RefusedError) Remedy() string { return e.Variable + ": " + remedyOf(e.Variable) }

func remedyOf(variable string) string {
	if remedy, known := remedies[variable]; known {
		return remedy
	}
	return "check it"
}

func (e *OperatorError) clause() string {
	if e.Code == "" {
		return e.Cause
	}
	return fmt.Sprintf("%s (%s)", e.Cause, e.Code)
}

// remedies says what to do about the variable of an OperatorError.
var remedies = map[string]string{
	"HTTPS_PROXY":               "check that it names the proxy, and that the proxy lets the bot through to UiPath",
	"UIPATH_URL":                "check that UiPath answers there, and UIPATH_ORGANIZATION: a renamed one redirects",
	"UIPATH_TOKEN_URL":          "check that UiPath's token endpoint is there",
	"UIPATH_ACCOUNT_ID":         "check that it is the organization's id, not a tenant's, and that it has user licenses",
	"UIPATH_AUTH":               "choose a way to sign in that UiPath allows the application",
	"UIPATH_CLIENT_ID":          "check that it is the id of a confidential application that is switched on",
	"UIPATH_CLIENT_SECRET":      "give the bot a secret of the application that is in force",
	"UIPATH_SCOPES":             "let it name the scopes that the application has, and grant it those that the bot needs",
	"UIPATH_USERNAME":           "check that the user exists and may manage licenses",
	"UIPATH_PASSWORD":           "correct it, and unlock the account if need be",
	"UIPATH_ACCESS_TOKEN":       "give the bot a token that is in force and has the scopes for licenses",
	"UIPATH_CLIENT_SECRET_FILE": "check that the bot can read the file and that it holds the secret alone",
	"UIPATH_PASSWORD_FILE":      "check that the bot can read the file and that it holds the password alone",
	"UIPATH_ACCESS_TOKEN_FILE":  "check that the bot can read the file and that it holds the token alone",
}

// ConcernsOperator reports whether a refusal is about the bot's account, so that
// the operator has to know of it.
func ConcernsOperator(err error) bool {
	refusal, ok := asRefusal(err)
	return ok && refusal.Variable != ""
}

// NeedsOperator returns the fault that only an operator can mend, if that is
// what failed.
func NeedsOperator(err error) (*OperatorError, bool) { return errors.AsType[*OperatorError](err) }

func isOperators(err error) bool {
	_, ok := NeedsOperator(err)
	return ok
}

// promptRetry is the longest time between two attempts of a write, of what waits for one, and
// of any job while an operator has to act, so that what waits goes on soon after.
const promptRetry = 30 * time.Second

// lateRetry is the longest time between two reads while they are late, which passes within a
// minute.
const lateRetry = 10 * time.Second

// RetryAfter is how long a job that failed with err waits, where backoff is what
// its attempts alone would have it wait.
func RetryAfter(err error, backoff time.Duration) time.Duration {
	switch {
	case errors.Is(err, ErrReadIsLate):
		backoff = min(backoff, lateRetry)
	case errors.Is(err, ErrBeingChanged):
		backoff = min(backoff, promptRetry)
	}
	if _, ok := NeedsOperator(err); ok {
		return min(backoff, promptRetry)
	}
	if delay, ok := errors.AsType[*DelayError](err); ok {
		return max(backoff, delay.After)
	}
	if unknown, ok := errors.AsType[*UnknownEffectError](err); ok {
		return max(backoff, unknown.After)
	}
	return backoff
}
