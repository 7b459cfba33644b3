package licensing

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Kind tells what a failure means for the next step.
type Kind int

const (
	// Unknown means that it cannot be told what happened: no answer, a
	// server's failure, or an answer that makes no sense. A write may have
	// taken effect. Trying again can help.
	Unknown Kind = iota
	// Refused means that UiPath understood and said no. Nothing was changed,
	// and trying the same again cannot help.
	Refused
	// Unauthorized means that the credentials or the token were not accepted,
	// also not after one fresh token. Nothing was changed; somebody has to put
	// the credentials right.
	Unauthorized
	// Later means that UiPath did not take the request now. Nothing was
	// changed; trying again after [Error.After] can help.
	Later
)

var kindNames = [...]string{Unknown: "unknown", Refused: "refused", Unauthorized: "unauthorized", Later: "later"}

func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "Kind(" + strconv.Itoa(int(k)) + ")"
	}
	return kindNames[k]
}

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
	// ErrRedirect is a redirect. None is followed: it would carry the token,
	// or a password, to a place that nobody configured.
	ErrRedirect = errors.New("answered with a redirect")
	// ErrNoRule is well-formed JSON that does not tell a group's rule.
	ErrNoRule = errors.New("the answer does not tell the group's rule")
	// ErrOtherGroup is an answer about another group than the one asked for.
	ErrOtherGroup = errors.New("the answer is about another group")
	// ErrNoToken is an answer of the token endpoint that holds no token.
	ErrNoToken = errors.New("the answer holds no access token")
	// ErrBadID is an id that cannot be one segment of a path.
	ErrBadID = errors.New("not an id: it is empty, too long, or has slashes or control characters")
)

// Error is a failed exchange with UiPath. No token, password or client secret
// is in any of its fields.
type Error struct {
	// Op is what was being done: "read rule", "set rule", "list seats", "list
	// groups", "list rules", or "token".
	Op string
	// Status is the HTTP status, 0 where no answer came.
	Status int
	// Kind tells what the failure means for the next step.
	Kind Kind
	// Said is what UiPath said: one line of at most 300 characters, without
	// control characters. It comes from outside; escape it where it is shown.
	Said string
	// After is how long UiPath asks to wait, from 0 (it did not say) to 15
	// minutes.
	After time.Duration
	// Write tells that a request that would change something was sent.
	Write bool
	// Err is the cause, if there is more to tell than Status and Said.
	Err error
}

// Error tells what was done, the status, what UiPath said and the cause.
func (e *Error) Error() string {
	parts := []string{"licensing: " + e.Op}
	if e.Status != 0 {
		parts = append(parts, strings.TrimSpace(strconv.Itoa(e.Status)+" "+http.StatusText(e.Status)))
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	if e.Said != "" {
		parts = append(parts, e.Said)
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause, for errors.Is with the Err variables of this
// package, context.DeadlineExceeded, context.Canceled and so on.
func (e *Error) Unwrap() error { return e.Err }

// Retryable tells whether the same request may succeed later, after After.
func (e *Error) Retryable() bool { return e.Kind == Unknown || e.Kind == Later }

// MayHaveTakenEffect tells whether a write may have been carried out in spite
// of the error. Reading the rule settles it.
func (e *Error) MayHaveTakenEffect() bool { return e.Write && e.Kind == Unknown }

// GroupError tells that a reference does not name exactly one group.
type GroupError struct {
	Ref string // as it was given
	// Candidates are the groups it may have meant, at most ten: those of that
	// very name if there are several, else those of a similar name.
	Candidates []Group
	// Ambiguous tells that each candidate has exactly that name.
	Ambiguous bool
}

func (e *GroupError) Error() string {
	text := "licensing: no group has the id or the exact name " + strconv.Quote(e.Ref)
	if e.Ambiguous {
		text = "licensing: several groups have the name " + strconv.Quote(e.Ref)
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

// cause keeps an error of the network for errors.Is and errors.As while its
// text is what was scrubbed of secrets. It has no Unwrap, because loggers walk
// that chain and print each link.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string        { return c.text }
func (c *cause) Is(target error) bool { return errors.Is(c.err, target) }
func (c *cause) As(target any) bool   { return errors.As(c.err, target) }
