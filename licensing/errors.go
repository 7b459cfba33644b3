package licensing

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// What an [Error] says that was being done.
const (
	opReadAllocation  = "read allocation"
	opWriteAllocation = "write allocation"
	opListAllocations = "list allocations"
	opListSeats       = "list seats"
	opListGroups      = "list groups"
	opReadGroup       = "read group"
	opToken           = "token"
)

// Kind tells what a failure means for the next step. It does not tell whether a
// write took effect: see [Error.MayHaveTakenEffect].
type Kind int

const (
	// Unknown means that the outcome is open: no answer came, the server
	// failed, or the answer makes no sense. Trying again can help.
	Unknown Kind = iota
	// Refused means that UiPath said no in its own JSON, with 400, 404 or 409.
	// Trying the same again cannot help, but one 404 proves no absence.
	Refused
	// Misconfigured means that an operator has to act: UiPath refuses the
	// credentials, the token or the call, or something else answers at its
	// address. Then trying again helps.
	Misconfigured
	// Later means that UiPath did not take the request now, or that it never
	// left. Trying again after [Error.RetryAfter] can help.
	Later
)

var kindNames = [...]string{Unknown: "unknown", Refused: "refused", Misconfigured: "misconfigured", Later: "later"}

// String returns the kind in one lower-case word.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "Kind(" + strconv.Itoa(int(k)) + ")"
	}
	return kindNames[k]
}

// ErrQuotasUnknown is in an error that leaves open which quotas a group has. A
// write would lift those that exist.
var ErrQuotasUnknown = approvals.ErrQuotasUnknown

// ErrExternalUnknown is in an error about an answer without useExternalLicense, which
// another one showed.
var ErrExternalUnknown = approvals.ErrExternalUnknown

// Causes that [Error] wraps, for errors.Is.
var (
	// ErrHTML is a web page where JSON was due: a wrong URL, a proxy, or a
	// maintenance page.
	ErrHTML = errors.New("answered with a web page instead of JSON")
	// ErrTruncated is an answer that ends in the middle.
	ErrTruncated = errors.New("the answer was cut short")
	// ErrNotJSON is an answer that is not JSON of the documented form.
	ErrNotJSON = errors.New("the answer is not JSON of the documented form")
	// ErrTooLarge is an answer longer than this package will hold in memory.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrRedirect is a redirect. The client follows none: it would carry the
	// token, or a password, to a place outside the configuration.
	ErrRedirect = errors.New("answered with a redirect")
	// ErrNoAllocation is well-formed JSON that does not tell a group's codes: it has no list of
	// them, or null for it.
	ErrNoAllocation = errors.New("the answer does not tell the group's allocation")
	// ErrNameUnknown means that UiPath does not show the name of a group that had one.
	ErrNameUnknown = errors.New("UiPath does not show the group's name")
	// ErrOtherGroup is an answer about another group than the one asked for.
	ErrOtherGroup = errors.New("the answer is about another group")
	// ErrAnswersDiffer means that two answers, or two lists in one answer, tell
	// different allocations of the same group.
	ErrAnswersDiffer = errors.New("UiPath's answers about the group differ")
	// ErrSecretUnreadable means that [TokenConfig.ReadSecret] failed.
	ErrSecretUnreadable = errors.New("the secret cannot be read")
	// ErrNoToken is an answer of the token endpoint that holds no token.
	ErrNoToken = errors.New("the answer holds no access token")
	// ErrTokenRenewed means that a write was refused with 401, and that the client has a
	// fresh token now. Look again at what allows the write before it is repeated.
	ErrTokenRenewed = errors.New("UiPath refused the token, and there is a fresh one now")
	// ErrTokenTooNew means that UiPath takes the token for one that is not valid yet: its
	// own clocks differ. The same token is good a moment later.
	ErrTokenTooNew = errors.New("UiPath takes the token for one that is not valid yet")
	// ErrBadID is an id that cannot be one segment of a path.
	ErrBadID = errors.New("not an id: it is empty, too long, or has slashes or control characters")
)

// Error is a failed exchange with UiPath. No token, password or client secret
// is in any of its fields.
type Error struct {
	// Op is what was being done: "read allocation", "write allocation", "list
	// allocations", "list seats", "list groups", "read group" or "token".
	Op string
	// Status is the HTTP status, 0 if no answer came.
	Status int
	// Kind tells what the failure means for the next step.
	Kind Kind
	// Answer is UiPath's own words: one line of at most 300 characters, without
	// control characters. It comes from outside, so escape it before showing it.
	Answer string
	// RetryAfter is how long UiPath asks to wait: 0 (it did not say) to 15
	// minutes.
	RetryAfter time.Duration
	// Write reports whether a request left that would change something.
	Write bool
	// Err is the cause, if there is more to it than Status and Answer.
	Err error
}

// Error says what was being done, the status, the cause and UiPath's words.
func (e *Error) Error() string {
	parts := []string{"licensing: " + e.Op}
	if e.Status != 0 {
		parts = append(parts, strings.TrimSpace(strconv.Itoa(e.Status)+" "+http.StatusText(e.Status)))
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	if e.Answer != "" {
		parts = append(parts, e.Answer)
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause, for errors.Is with the Err variables of this
// package, context.DeadlineExceeded, context.Canceled and so on.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether the same request may succeed after RetryAfter,
// without an operator.
func (e *Error) Retryable() bool { return e.Kind == Unknown || e.Kind == Later }

// MayHaveTakenEffect reports whether a write may have been carried out in spite
// of the error. Once it has left, no status proves the contrary: only reading the
// allocation settles it.
func (e *Error) MayHaveTakenEffect() bool { return e.Write }

// GroupError is a reference that no group, or more than one, answers to.
type GroupError struct {
	Reference string // as it was given
	// Candidates are the groups it may have meant, at most ten: those of that
	// very name if there are several, else those of a similar name.
	Candidates []Group
	// Ambiguous reports whether each candidate has exactly that name. It may be a
	// single one if the name has the shape of an id.
	Ambiguous bool
}

// Error names the reference and the candidates.
func (e *GroupError) Error() string {
	text := "licensing: no group has the id or the exact name " + strconv.Quote(e.Reference)
	if e.Ambiguous {
		text = "licensing: several groups have the name " + strconv.Quote(e.Reference)
	}
	if e.Ambiguous && groupname.IsGUID(e.Reference) {
		text = "licensing: an id means a group of that id, and only a name is " + strconv.Quote(e.Reference)
	}
	for i, g := range e.Candidates {
		if i == 0 {
			text += "; there is "
		} else {
			text += ", "
		}
		text += strconv.Quote(g.Name) + " (" + g.ID + ")"
	}
	return text
}

// redactedError is an error of the network with the secrets taken out of its text.
// errors.Is and errors.As see the error itself. There is no Unwrap, because loggers
// walk that chain and print each link.
type redactedError struct {
	text string
	err  error
}

func (c *redactedError) Error() string        { return c.text }
func (c *redactedError) Is(target error) bool { return errors.Is(c.err, target) }
func (c *redactedError) As(target any) bool   { return errors.As(c.err, target) }

// isAbsent reports whether an endpoint, or what it is about, is missing. A 404
// does not say which of the two, so callers ask the other endpoint.
func isAbsent(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Op == opToken {
		return false
	}
	switch e.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}

func isRetryable(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Retryable()
}

func isAbsentOrForbidden(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return isAbsent(err) || ok && e.Op != opToken && e.Status == http.StatusForbidden && !errors.Is(err, ErrHTML)
}

// isOutOfReach adds the 401 of a personal access token without the scope: it says
// so of one endpoint while the others take the token.
func isOutOfReach(err error) bool {
	return isAbsentOrForbidden(err) || wasUnauthorized(err) && !isTokenError(err)
}

func isTokenError(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Op == opToken
}
