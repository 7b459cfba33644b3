package fault

import (
	"net/http"
	"sync"
	"time"

	"licensebot/internal/sleep"
)

// AskedCodes in Fault.Codes stands for the codes that a write asks for, whatever its effect.
const AskedCodes = "as asked"

// A Fault harms calls of one method. A zero field leaves its part of the
// answer alone.
type Fault struct {
	Times       int           // calls to harm; 0 means every call until Clear
	Latency     time.Duration // wait this long before anything else
	Status      int           // answer with this HTTP status
	Error       string        // Slack: the error name of {"ok":false}; UiPath: the message of the error body
	RetryAfter  string        // the Retry-After header: seconds or an HTTP date
	Body        string        // answer with exactly this body
	ContentType string        // of Body; application/json when empty
	Location    string        // the Location header, for a redirect
	Echo        bool          // UiPath: repeat what was sent, secrets too, in the error, in headers, for {sent} in Body
	Codes       string        // UiPath: answer 200 with an allocation of these codes, separated by blanks, or AskedCodes
	AfterEffect bool          // let the call take effect first, then harm its answer
	EffectAfter time.Duration // let the call take effect so long after it arrived; with AfterEffect, once more
	Lag         time.Duration // show what was so this long ago, where the server can
	Cut         bool          // close the connection without an answer
	Hang        bool          // answer nothing until Clear, or until the caller or the server ends

	over <-chan struct{} // closed by Clear
}

// Faults holds the planned faults by method. It is safe for concurrent use.
type Faults struct {
	mu       sync.Mutex
	planned  map[string][]Fault
	injected int
	over     chan struct{} // closed by the next Clear
}

// Inject plans a fault for a method: a Slack method such as
// "chat.postMessage", or a UiPath operation such as "PUT group" (see
// fakeuipath.Server). The faults of one method take effect in the order of
// their injection.
func (f *Faults) Inject(method string, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.planned == nil {
		f.planned = make(map[string][]Fault)
	}
	f.planned[method] = append(f.planned[method], fault)
}

// Clear drops every planned fault and cuts the calls that hang.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planned = nil
	if f.over != nil {
		close(f.over)
		f.over = nil
	}
}

// Injected is the number of calls that faults have harmed so far.
func (f *Faults) Injected() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.injected
}

// Take returns the fault for this call of a method, if one is planned. The
// simulated server calls it once for each call.
func (f *Faults) Take(method string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	queue := f.planned[method]
	if len(queue) == 0 {
		return Fault{}, false
	}
	fault := queue[0]
	if fault.Times > 0 {
		queue[0].Times--
		if queue[0].Times == 0 {
			f.planned[method] = queue[1:]
		}
	}
	f.injected++
	if f.over == nil {
		f.over = make(chan struct{})
	}
	fault.over = f.over
	return fault, true
}

// A Refusal answers a fault in the error format of its server.
type Refusal func(w http.ResponseWriter, fault Fault)

// Serve answers a call as the fault says. effect is the call's real handler,
// and refuse answers an error. With AfterEffect the real answer is thrown away.
func (fault Fault) Serve(w http.ResponseWriter, r *http.Request, effect http.HandlerFunc, refuse Refusal) {
	if !fault.awaitLatency(r) {
		return
	}
	if !fault.harmsAnswer() {
		effect(w, r)
		return
	}
	if fault.AfterEffect {
		effect(discardWriter{header: make(http.Header)}, r)
	}
	if fault.Location != "" {
		w.Header().Set("Location", fault.Location)
	}
	switch {
	case fault.Hang:
		fault.awaitEnd(r)
		panic(http.ErrAbortHandler)
	case fault.Cut:
		panic(http.ErrAbortHandler)
	case fault.Body != "":
		fault.answerBody(w)
	default:
		refuse(w, fault)
	}
}

// harmsAnswer tells whether the fault does more than delay the call.
func (fault Fault) harmsAnswer() bool {
	return fault.Cut || fault.Hang || fault.Status != 0 || fault.Error != "" || fault.Body != "" || fault.Codes != ""
}

// awaitLatency waits out the latency. It returns false if the caller left.
func (fault Fault) awaitLatency(r *http.Request) bool {
	return fault.Latency <= 0 || sleep.For(r.Context(), fault.Latency)
}

// awaitEnd waits until Clear, or until the caller or the server ends.
func (fault Fault) awaitEnd(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-fault.over:
	}
}

func (fault Fault) answerBody(w http.ResponseWriter) {
	contentType := fault.ContentType
	if contentType == "" {
		contentType = "application/json"
	}
	w.Header().Set("Content-Type", contentType)
	if fault.RetryAfter != "" {
		w.Header().Set("Retry-After", fault.RetryAfter)
	}
	if fault.Status != 0 {
		w.WriteHeader(fault.Status)
	}
	_, _ = w.Write([]byte(fault.Body))
}

// discardWriter throws an answer away.
type discardWriter struct{ header http.Header }

// Header is dropped in the end.
func (d discardWriter) Header() http.Header { return d.header }

// Write drops the body.
func (d discardWriter) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader drops the status.
func (d discardWriter) WriteHeader(int) {}
