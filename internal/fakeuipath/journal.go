package fakeuipath

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A Call is one request that reached the Server and ended. It never
// holds a token or a secret.
type Call struct {
	Seq       int       // order of arrival, from 1
	At        time.Time // of arrival, by Config.Now
	Operation string    // as for Server.Faults; "unknown" when no route took it
	Method    string
	Path      string // escaped, as it was sent
	Query     string
	Body      string        // of a token call only grant type and scope; empty for an unknown operation
	Status    int           // as the caller saw it; 0 when the answer was cut
	Answer    string        // the first 2 KiB of it; empty for tokens
	Before    []string      // codes of the group's rule before a write
	After     []string      // and after it
	Was, Is   Allocation    // the same, with limits and useExternalLicense
	Took      bool          // the write was accepted, whatever was answered
	TookAt    time.Time     // when it took effect; zero if it did not
	Changed   bool          // and the rule was another one afterwards
	Faulted   bool          // a fault was in the way
	Dur       time.Duration // real time, from arrival to answer
}

// The operations that the journal treats apart from the others.
const (
	opToken        = "token"
	opAuthenticate = "authenticate"
	opUnknown      = "unknown" // no route took the call
)

const (
	maxBody     = 1 << 20
	maxRecorded = 64 << 10
	maxAnswer   = 2 << 10
)

// Calls returns the calls of an operation in the order in which they ended;
// of every operation when it is empty. A call is there before its answer is.
func (u *Server) Calls(operation string) []Call {
	return u.filterCalls(func(c Call) bool { return operation == "" || c.Operation == operation })
}

// Writes returns the calls that changed a group's rule: its codes, its quotas
// or its useExternalLicense. A PUT of the rule that was there already is none;
// see Call.Took.
func (u *Server) Writes() []Call {
	return u.filterCalls(func(c Call) bool { return c.Changed })
}

// Pending is the number of calls of an operation that have arrived and not
// ended, such as one that a fault holds up.
func (u *Server) Pending(operation string) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.pending[operation]
}

func (u *Server) filterCalls(keep func(Call) bool) []Call {
	u.mu.Lock()
	defer u.mu.Unlock()
	var found []Call
	for _, call := range u.calls {
		if keep(call) {
			found = append(found, call)
		}
	}
	return found
}

// Length is the number of calls that have ended so far.
func (u *Server) Length() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.calls)
}

func (u *Server) beginCall(call *Call) {
	u.changeState(func() {
		u.seq++
		call.Seq = u.seq
		u.pending[call.Operation]++
	})
}

func (u *Server) endCall(call *Call, answer []byte) {
	u.changeState(func() {
		u.pending[call.Operation]--
		call.Answer = truncateText(string(answer), maxAnswer)
		u.scrubCall(call)
		u.calls = append(u.calls, *call)
	})
}

// scrubCall takes secrets out of a call. The fields that should hold them are not
// recorded in the first place; this is for those that hold them by mistake of
// the caller, such as a token in a query.
func (u *Server) scrubCall(call *Call) {
	if call.Operation == opToken || call.Operation == opAuthenticate {
		if call.Status == http.StatusOK {
			call.Answer = ""
		}
	}
	pairs := make([]string, 0, 2*len(u.tokens)+4)
	for _, secret := range slices.AppendSeq([]string{u.clientSecret, u.password}, maps.Keys(u.tokens)) {
		pairs = append(pairs, secret, "[redacted]")
	}
	hide := strings.NewReplacer(pairs...)
	for _, field := range []*string{&call.Path, &call.Query, &call.Body, &call.Answer} {
		*field = hide.Replace(*field)
	}
}

// recordedBody is what the journal keeps of a request's body.
func recordedBody(operation string, body []byte) string {
	switch operation {
	case opUnknown:
		return ""
	case opToken:
		form, _ := url.ParseQuery(string(body))
		kept := url.Values{}
		for _, name := range []string{"grant_type", "scope"} {
			if form.Has(name) {
				kept.Set(name, form.Get(name))
			}
		}
		return kept.Encode()
	case opAuthenticate:
		var login struct{ TenancyName string }
		_ = json.Unmarshal(body, &login)
		return login.TenancyName
	default:
		return truncateText(string(body), maxRecorded)
	}
}

func truncateText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// bufferedAnswer keeps an answer until the call is in the journal: a test that
// has the answer must find the call.
type bufferedAnswer struct {
	header http.Header
	status int
	body   []byte
}

func (a *bufferedAnswer) Header() http.Header { return a.header }

func (a *bufferedAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *bufferedAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, p...)
	return len(p), nil
}

func (a *bufferedAnswer) sendTo(w http.ResponseWriter) {
	if a.status == 0 {
		panic(http.ErrAbortHandler) // whoever asked has gone
	}
	for name, values := range a.header {
		w.Header()[name] = slices.Clone(values)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}
