package socket

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// answering is a Slack without a network, for tests that own the clock.
type answering func(*http.Request) *http.Response

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

func answer(status int, retryAfter string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {retryAfter}}, Body: io.NopCloser(strings.NewReader(""))}
}

// opens counts the connections that slack-go, which never waits by itself,
// opens within a time.
func opens(t *testing.T, o *opener, within time.Duration, opened func()) int {
	t.Helper()
	start := time.Now()
	n := 0
	for {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://slack.example/api/apps.connections.open", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := o.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if time.Since(start) > within || n > 1000 {
			return n
		}
		n++
		opened()
	}
}

// TestOpenerSlowsDown counts calls in ten minutes of each kind of trouble.
func TestOpenerSlowsDown(t *testing.T) {
	greeted := func(o *opener) { o.countConnected(); o.resetSilent() }
	nobody := func(*opener) {}
	for name, c := range map[string]struct {
		then        func(o *opener) // what becomes of each connection
		retryAfter  string
		least, most int
	}{
		"no hello ever":                   {then: func(o *opener) { o.countConnected() }, least: 20, most: 26},
		"ends right after each hello":     {then: greeted, least: 100, most: 126},
		"never comes to be":               {then: nobody, least: 100, most: 126},
		"too many requests":               {then: nobody, retryAfter: "60", least: 10, most: 11},
		"too many requests, then hellos":  {then: greeted, retryAfter: "60", least: 10, most: 11},
		"a Retry-After that is no number": {then: greeted, retryAfter: "soon", least: 100, most: 126},
		"a Retry-After that is a date":    {then: greeted, retryAfter: "Sat, 01 Jan 2000 00:05:00 GMT", least: 50, most: 70},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status := http.StatusOK
				if c.retryAfter != "" {
					status = http.StatusTooManyRequests
				}
				o := newOpener(answering(func(*http.Request) *http.Response { return answer(status, c.retryAfter) }))
				if n := opens(t, o, 10*time.Minute, func() { c.then(o) }); n < c.least || n > c.most {
					t.Errorf("%d calls in ten minutes instead of %d to %d", n, c.least, c.most)
				}
				if name == "no hello ever" {
					o.resetSilent()
					if pause := o.nextPause(time.Now()); pause > 0 {
						t.Errorf("after a hello it still waits %v", pause)
					}
				}
			})
		})
	}
}

// TestOpenerBoundsRetryAfter opens again soon, however long a pause it is asked for.
func TestOpenerBoundsRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOpener(answering(func(*http.Request) *http.Response { return answer(http.StatusTooManyRequests, "86400") }))
		if n := opens(t, o, 50*time.Minute, func() {}); n != 4 {
			t.Errorf("%d calls in fifty minutes", n)
		}
	})
}

// TestOpenerHoldsNothingElse back, and lets go of a call that is given up.
func TestOpenerHoldsNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOpener(answering(func(*http.Request) *http.Response { return answer(http.StatusTooManyRequests, "3600") }))
		call := func(ctx context.Context, method string) error {
			req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "https://slack.example/api/"+method, nil)
			answered, err := o.RoundTrip(req)
			if err == nil {
				err = answered.Body.Close()
			}
			return err
		}
		start := time.Now()
		for range 100 {
			if err := call(t.Context(), "auth.test"); err != nil {
				t.Fatal(err)
			}
		}
		if err := call(t.Context(), "apps.connections.open"); err != nil || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := call(ctx, "apps.connections.open"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// TestOpeningFollowsNoRedirect keeps the app-level token at Slack.
func TestOpeningFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	followed := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed++ }))
	defer elsewhere.Close()
	slack := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer slack.Close()
	s := New(Config{APIURL: slack.URL + "/", BotToken: "xoxb-secret", AppToken: "xapp-secret"}, nil, zerolog.Nop())
	if _, _, err := s.api.StartSocketModeContext(t.Context()); err == nil || followed != 0 {
		t.Errorf("%v, followed %d times", err, followed)
	}
}
