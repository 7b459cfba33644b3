package socket

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"licensebot/internal/outbound"
	"licensebot/internal/sleep"
)

// How often apps.connections.open may be called. Whenever a connection ends,
// slack-go opens a new one at once: 2,677 times in a second if Slack answers each
// with too_many_websockets. Slack's own sources disagree whether the method is
// tier 1 (one call a minute) or tier 3 (fifty).
const (
	openEvery      = 5 * time.Second
	openBurst      = 6
	firstBackoff   = 2 * time.Second
	longestBackoff = 30 * time.Second
)

// An opener is the RoundTripper of the Socket Mode clients. It holds back
// apps.connections.open for all connections together: to the pace of openEvery,
// and longer while connections end without a hello.
type opener struct {
	next   http.RoundTripper
	limit  *rate.Limiter
	onDate func(header string) // receives Slack's time

	mu     sync.Mutex
	silent int       // connections that were opened since the last hello
	until  time.Time // as Slack's Retry-After asked
}

func newOpener(next http.RoundTripper) *opener {
	return &opener{next: next, limit: rate.NewLimiter(rate.Every(openEvery), openBurst), onDate: func(string) {}}
}

// RoundTrip makes a call when its turn has come.
func (o *opener) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, "/apps.connections.open") {
		return o.next.RoundTrip(req)
	}
	if err := o.awaitTurn(req); err != nil {
		return nil, err
	}
	resp, err := o.next.RoundTrip(req)
	if err == nil {
		o.onDate(resp.Header.Get("Date"))
	}
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		o.heedRetryAfter(resp.Header.Get("Retry-After"))
	}
	if err == nil {
		err = outbound.CheckPage(resp)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// awaitTurn waits until a connection may be opened.
func (o *opener) awaitTurn(req *http.Request) error {
	sleep.For(req.Context(), o.nextPause(time.Now())) // the limit notices that the context ended
	return o.limit.Wait(req.Context())
}

// nextPause grows with every connection since the last hello. The first two are
// free, because so many are opened side by side. Failed attempts to open one do not
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

// backoffAfter is how long to wait after so many failures, counted from zero.
func backoffAfter(failures int) time.Duration {
	return min(firstBackoff<<min(failures, 8), longestBackoff)
}

// countConnected counts a connection that was opened, until it says hello.
func (o *opener) countConnected() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.silent++
}

// resetSilent ends the pause, because a connection said hello.
func (o *opener) resetSilent() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.silent = 0
}

// countSilent tells how many connections were opened since the last hello.
func (o *opener) countSilent() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.silent
}

// maxRetryAfter bounds the pause that Slack, or a proxy, may ask for.
const maxRetryAfter = 15 * time.Minute

// heedRetryAfter waits for as many seconds as Slack asked.
func (o *opener) heedRetryAfter(value string) {
	now := time.Now()
	pause, ok := outbound.ParseRetryAfter(value, now, maxRetryAfter)
	if !ok {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until = now.Add(pause)
}
