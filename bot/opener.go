package bot

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often apps.connections.open may be called. slack-go opens a new
// connection at once whenever one ends, whatever the reason: 2,677 times in a
// second when Slack answers each with too_many_websockets. Slack's own sources
// disagree whether the method is tier 1 (one a minute) or tier 3 (fifty).
const (
	openEvery      = 5 * time.Second
	openBurst      = 6
	firstBackoff   = 2 * time.Second
	longestBackoff = 30 * time.Second
)

// An opener is the RoundTripper of the Socket Mode clients: it holds back
// apps.connections.open, together for all connections, when connections end
// without having said hello, and at any rate above openEvery.
type opener struct {
	next  http.RoundTripper
	limit *rate.Limiter

	mu     sync.Mutex
	silent int       // connections that came to be since the last hello
	until  time.Time // as Slack's Retry-After asked
}

func newOpener(next http.RoundTripper) *opener {
	return &opener{next: next, limit: rate.NewLimiter(rate.Every(openEvery), openBurst)}
}

// RoundTrip makes one call, when it is time for it.
func (o *opener) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, "/apps.connections.open") {
		return o.next.RoundTrip(req)
	}
	if err := o.awaitTurn(req); err != nil {
		return nil, err
	}
	resp, err := o.next.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		o.heedRetryAfter(resp.Header.Get("Retry-After"))
	}
	return resp, err
}

func (o *opener) awaitTurn(req *http.Request) error {
	pause := o.nextPause(time.Now())
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-req.Context().Done():
		return req.Context().Err()
	case <-timer.C:
	}
	return o.limit.Wait(req.Context())
}

// pause grows with every connection that never said hello. The first two are
// free: so many are opened side by side. Those that never came to be do not
// count: between them slack-go waits by itself.
func (o *opener) nextPause(now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	var pause time.Duration
	if extra := o.silent - Connections; extra >= 0 {
		pause = backoffAfter(extra)
	}
	return max(pause, o.until.Sub(now))
}

// silence is how long to wait after so many failures, from zero on.
func backoffAfter(failures int) time.Duration {
	return min(firstBackoff<<min(failures, 8), longestBackoff)
}

// connected counts a connection that came to be, until it says hello.
func (o *opener) countConnected() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.silent++
}

// hello resets the pause: a connection came to life.
func (o *opener) resetSilent() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.silent = 0
}

// unanswered tells how many connections came to be since the last hello.
func (o *opener) countSilent() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.silent
}

func (o *opener) heedRetryAfter(retryAfter string) {
	wait, err := time.ParseDuration(retryAfter + "s")
	if err != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until = time.Now().Add(wait)
}
