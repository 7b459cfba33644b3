package fault

import (
	"net/http"
	"sync"
	"time"
)

// A Fault makes calls of one method misbehave. The zero value of each field
// leaves that part of the answer alone.
type Fault struct {
	Times       int           // calls to harm; 0 means every call until Clear
	Latency     time.Duration // wait this long before anything else
	Status      int           // answer with this HTTP status
	Error       string        // Slack: the error name of {"ok":false}; UiPath: the message of the error body
	RetryAfter  string        // Retry-After header, verbatim: seconds or an HTTP date
	Body        string        // answer with exactly this body
	ContentType string        // of Body; application/json when empty
	AfterEffect bool          // let the call take effect first, then misbehave
	Cut         bool          // close the connection without an answer
	Hang        bool          // answer nothing until Clear, or until the caller or the server goes away

	over <-chan struct{} // closed by Clear
}

// Faults holds what is to go wrong, by method. Safe for concurrent use.
type Faults struct {
	mu       sync.Mutex
	planned  map[string][]Fault
	injected int
	over     chan struct{} // closed by the next Clear
}

// Inject plans a fault for a method: a Slack method name such as
// "chat.postMessage", or a UiPath operation such as "PUT group" (see
// fakeuipath.Server).
// Faults of one method are used in the order in which they were injected.
func (f *Faults) Inject(method string, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.planned == nil {
		f.planned = make(map[string][]Fault)
	}
	f.planned[method] = append(f.planned[method], fault)
}

// Clear forgets every planned fault and cuts the calls that hang.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planned = nil
	if f.over != nil {
		close(f.over)
		f.over = nil
	}
}

// Injected tells how many calls have been harmed so far.
func (f *Faults) Injected() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.injected
}

// Take returns the fault that this call of method meets, if any. It is for the
// server that was asked.
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

// Serve answers a call the way the fault says; effect is the call's real
// handler, and refuse answers an error in the server's own format. The answer of a call that took effect and is then spoilt is
// thrown away.
func (fault Fault) Serve(w http.ResponseWriter, r *http.Request, effect http.HandlerFunc, refuse func(w http.ResponseWriter, fault Fault)) {
	if fault.Latency > 0 {
		select {
		case <-time.After(fault.Latency):
		case <-r.Context().Done():
			return
		}
	}
	spoilt := fault.Cut || fault.Hang || fault.Status != 0 || fault.Error != "" || fault.Body != ""
	if !spoilt {
		effect(w, r)
		return
	}
	if fault.AfterEffect {
		effect(discardWriter{header: make(http.Header)}, r)
	}
	switch {
	case fault.Hang:
		select {
		case <-r.Context().Done():
		case <-fault.over:
		}
		panic(http.ErrAbortHandler)
	case fault.Cut:
		panic(http.ErrAbortHandler)
	case fault.Body != "":
		answerBody(w, fault)
	default:
		refuse(w, fault)
	}
}

func answerBody(w http.ResponseWriter, fault Fault) {
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

// discardWriter is a ResponseWriter for effects whose answer is lost.
type discardWriter struct{ header http.Header }

func (d discardWriter) Header() http.Header         { return d.header }
func (d discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (d discardWriter) WriteHeader(int)             {}
