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

// A Call is one request that reached the Server and ended, without its tokens
// and secrets.
type Call struct {
	Seq       int       // order of arrival, from 1
	At        time.Time // of arrival, by Config.Now
	Operation string    // as for faults; "unknown" without a route
	Method    string
	Path      string // escaped, as it was sent
	Query     string
	Body      string        // of a token call: grant type and scope; empty for an unknown operation
	Status    int           // as the caller saw it; 0 if the answer was cut
	Answer    string        // the first 2 KiB of it; empty for tokens
	Before    []string      // codes of the group before a write
	After     []string      // codes of the group after it
	Was, Is   Allocation    // the allocation before and after, with quotas and useExternalLicense
	Took      bool          // UiPath accepted the write, whatever it answered
	TookAt    time.Time     // when the write took effect; zero if it did not
	Changed   bool          // the write changed the allocation
	Faulted   bool          // a fault harmed the call
	Lag       time.Duration // a read showed what was so this long before
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

// Calls returns the calls of an operation in the order in which they ended.
// Operation "" means all. A call is in the journal before its caller gets the
// answer.
func (u *Server) Calls(operation string) []Call {
	return u.filterCalls(func(c Call) bool { return operation == "" || c.Operation == operation })
}

// Writes returns the calls that changed a group's allocation: its codes, its
// quotas or its useExternalLicense. A PUT of the same allocation is not among
// them; see Call.Took.
func (u *Server) Writes() []Call {
	return u.filterCalls(func(c Call) bool { return c.Changed })
}

// Pending is the number of running calls of an operation: arrived but not
// ended. A fault can hold a call up.
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
		call.Seq, call.Lag = u.seq, u.lags[call.Operation]
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

// scrubCall takes secrets out of a call. The journal does not record the fields
// for secrets. This is for a secret in a wrong field, such as a token in a
// query.
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

// bufferedAnswer keeps an answer until the call is in the journal. A test with
// the answer can then rely on the call.
type bufferedAnswer struct {
	header http.Header
	status int
	body   []byte
}

// Header is the answer's header.
func (a *bufferedAnswer) Header() http.Header { return a.header }

// WriteHeader keeps the first status.
func (a *bufferedAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write keeps the body.
func (a *bufferedAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, p...)
	return len(p), nil
}

// sendTo sends the answer, or cuts the connection if it has none.
func (a *bufferedAnswer) sendTo(w http.ResponseWriter) {
	if a.status == 0 {
		panic(http.ErrAbortHandler) // the caller has gone
	}
	for name, values := range a.header {
		w.Header()[name] = slices.Clone(values)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}
