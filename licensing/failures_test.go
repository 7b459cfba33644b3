package licensing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"licensebot/approvals"
	"licensebot/internal/outbound"
)

func header(status int, body string, pairs ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			w.Header().Set(pairs[i], pairs[i+1])
		}
		says(status, body)(w, r)
	}
}

func page200(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, "<!DOCTYPE html><html><head><title>\nMaintenance &amp; rest </title></head></html>")
}

func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func cutInBody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "500")
	io.WriteString(w, `{"userBundleCodes":["IDU"]}`)
}

func oversized(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	chunk := strings.Repeat(" ", 1<<20)
	for range 5 {
		io.WriteString(w, chunk)
	}
}

var failures = []struct {
	name   string
	answer http.HandlerFunc
	status int
	kind   Kind
	after  time.Duration
	said   string
	cause  error
}{
	{"400", says(400, `{"errors":{"partitionGlobalId":["The value 'x' is not valid."]},"title":"Bad"}`), 400, Refused, 0, "Bad: partitionGlobalId: The value 'x' is not valid.", nil},
	{"401", header(401, "", "WWW-Authenticate", `Bearer error="invalid_token", error_description="The token expired"`), 401, Misconfigured, 0, "The token expired", nil},
	{"403", says(403, `{"message":"You are not allowed.","errorCode":0}`), 403, Misconfigured, 0, "You are not allowed.", nil},
	{"403 scope", header(403, ``, "WWW-Authenticate", `Bearer error="insufficient_scope", scope="PM.License.Write"`), 403, Misconfigured, 0, "insufficient_scope (scope: PM.License.Write)", nil},
	{"403 page", header(403, `<html><title>Firewall</title>`), 403, Misconfigured, 0, "a page titled “Firewall”", ErrHTML},
	{"404", says(404, `{"message":"No account license"}`), 404, Refused, 0, "No account license", nil},
	{"404 string", says(404, `"No account license"`), 404, Refused, 0, `No account license`, nil},
	{"404 text", says(404, `No account license`), 404, Misconfigured, 0, "No account license", ErrNotJSON},
	{"404 empty", says(404, ``), 404, Misconfigured, 0, "", ErrNotJSON},
	{"404 page", header(404, `<html><title>Gone</title>`), 404, Misconfigured, 0, "a page titled “Gone”", ErrHTML},
	{"400 cut", says(400, `{"message":"No`), 400, Misconfigured, 0, `{"message":"No`, ErrNotJSON},
	{"405", says(405, `{"error":{"code":"UnsupportedApiVersion","message":"No POST.","innerError":null}}`), 405, Misconfigured, 0, "UnsupportedApiVersion: No POST.", nil},
	{"409", says(409, `{"detail":"exceeds\n\tthe\u0000 quantities\u202e"}`), 409, Refused, 0, "exceeds the quantities", nil},
	{"422", says(422, `{"unknown":"form"}`), 422, Misconfigured, 0, `{"unknown":"form"}`, nil},
	{"408", says(408, ``), 408, Unknown, 0, "", nil},
	{"429", says(429, ``), 429, Later, 0, "", nil},
	{"429 seconds", header(429, `{}`, "Retry-After", "7"), 429, Later, 7 * time.Second, "{}", nil},
	{"429 date", header(429, ``, "Retry-After", "Wed, 04 Mar 2026 05:07:07 GMT"), 429, Later, time.Minute, "", nil},
	{"429 past", header(429, ``, "Retry-After", "Wed, 04 Mar 2020 05:07:07 GMT"), 429, Later, 0, "", nil},
	{"429 next year", header(429, ``, "Retry-After", "Thu, 04 Mar 2027 05:07:07 GMT"), 429, Later, 15 * time.Minute, "", nil},
	{"429 many seconds", header(429, ``, "Retry-After", "86400"), 429, Later, 15 * time.Minute, "", nil},
	{"429 nonsense", header(429, ``, "Retry-After", "-soon"), 429, Later, 0, "", nil},
	{"500", says(500, `{"message":"`+strings.Repeat("é", 400)+`"}`), 500, Unknown, 0, strings.Repeat("é", 299) + "…", nil},
	{"502 page", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(502)
		io.WriteString(w, "<html><title>Bad gateway</title>")
	}, 502, Unknown, 0, "a page titled “Bad gateway”", ErrHTML},
	{"503", says(503, ``), 503, Unknown, 0, "", nil},
	{"503 seconds", header(503, ``, "Retry-After", "0"), 503, Later, 0, "", nil},
	{"504", header(504, ``, "Retry-After", "5"), 504, Unknown, 5 * time.Second, "", nil},
	{"302", header(302, ``, "Location", "https://login.example/sign-in?state=abc"), 302, Misconfigured, 0, "to https://login.example/sign-in", ErrRedirect},
	{"307", header(307, ``, "Location", "/elsewhere"), 307, Misconfigured, 0, "", ErrRedirect},
	{"200 page", page200, 200, Misconfigured, 0, "a page titled “Maintenance & rest”", ErrHTML},
	{"200 truncated", says(200, `{"userBundleCodes":["IDU"`), 200, Unknown, 0, "", ErrTruncated},
	{"200 empty", says(200, ``), 200, Unknown, 0, "", ErrTruncated},
	{"204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 0, Unknown, 0, "", ErrTruncated},
	{"200 without an allocation", says(200, `{}`), 200, Unknown, 0, "", ErrNoAllocation},
	{"200 of another group", says(200, `{"groupId":"other","userBundleCodes":[]}`), 200, Unknown, 0, "", ErrOtherGroup},
	{"200 oversized", oversized, 200, Unknown, 0, "", ErrTooLarge},
	{"cut", cut, 0, Unknown, 0, "", io.EOF},
	{"cut in the body", cutInBody, 200, Unknown, 0, "", ErrTruncated},
}

// Every failure, of a read and of a write. A write that left may have taken effect,
// whatever the status.
func TestFailures(t *testing.T) {
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			s := newStand(t)
			s.on("PUT "+ruleRoute, f.answer)
			s.on("GET "+ruleRoute, f.answer)
			c := s.client(t)
			_, err := c.WriteAllocation(context.Background(), groupID, Allocation{Codes: []string{"IDU"}})
			e := mustError(t, err)
			if f.status != 0 && e.Status != f.status || e.Kind != f.kind || e.RetryAfter != f.after || e.Op != "write allocation" {
				t.Errorf("got %#v", e)
			}
			if f.name != "307" && e.Answer != f.said {
				t.Errorf("said %q, want %q", e.Answer, f.said)
			}
			if f.cause != nil && !errors.Is(err, f.cause) {
				t.Errorf("cause is %v, want %v", e.Err, f.cause)
			}
			if !e.MayHaveTakenEffect() || e.Retryable() != (f.kind == Unknown || f.kind == Later) {
				t.Errorf("effect %v, retry %v", e.MayHaveTakenEffect(), e.Retryable())
			}
			if n := len(s.requests()); n != 1 {
				t.Errorf("%d requests", n)
			}
			_, err = c.ReadAllocation(context.Background(), groupID)
			if e := mustError(t, err); e.MayHaveTakenEffect() || e.Kind != f.kind || e.Op != "read allocation" {
				t.Errorf("read: got %#v", e)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	s := newStand(t)
	release := make(chan struct{})
	defer close(release)
	s.on("PUT "+ruleRoute, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	c := s.client(t, func(c *Config) { c.Timeout = 20 * time.Millisecond })
	_, err := c.WriteAllocation(context.Background(), groupID, Allocation{})
	if e := mustError(t, err); !errors.Is(err, context.DeadlineExceeded) || !e.MayHaveTakenEffect() || e.Status != 0 {
		t.Errorf("got %#v", e)
	}
}

func TestCancelled(t *testing.T) {
	s := newStand(t)
	ctx, cancel := context.WithCancel(context.Background())
	s.on("PUT "+ruleRoute, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	c := s.client(t)
	_, err := c.WriteAllocation(ctx, groupID, Allocation{})
	if e := mustError(t, err); !errors.Is(err, context.Canceled) || !e.MayHaveTakenEffect() {
		t.Errorf("cancelled on the way: got %#v", e)
	}
	_, err = c.WriteAllocation(ctx, groupID, Allocation{})
	if e := mustError(t, err); !errors.Is(err, context.Canceled) || e.MayHaveTakenEffect() {
		t.Errorf("cancelled before: got %#v", e)
	}
}

// A connection that never came to be carried no write.
func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	s := newStand(t)
	c := s.client(t, func(c *Config) { c.URL = "http://" + l.Addr().String() })
	_, err = c.WriteAllocation(context.Background(), groupID, Allocation{})
	if e := mustError(t, err); e.Kind != Later || e.MayHaveTakenEffect() || e.Err == nil {
		t.Errorf("got %#v", e)
	}
	tls := httptest.NewUnstartedServer(nil)
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	defer tls.Close()
	c = s.client(t, func(c *Config) { c.URL = tls.URL })
	_, err = c.WriteAllocation(context.Background(), groupID, Allocation{})
	if e := mustError(t, err); e.Kind != Later || e.MayHaveTakenEffect() {
		t.Errorf("unknown certificate: got %#v", e)
	}
}

func TestRedirectsKeepTheToken(t *testing.T) {
	elsewhere := newStand(t)
	s := newStand(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		s.on("PUT "+ruleRoute, header(status, "", "Location", elsewhere.URL+"/x"))
		_, err := s.client(t).WriteAllocation(context.Background(), groupID, Allocation{})
		if !errors.Is(err, ErrRedirect) {
			t.Errorf("%d: got %v", status, err)
		}
	}
	if n := len(elsewhere.requests()); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

// A read is repeated at once with a fresh token.
func TestReadIsRepeatedAfter401(t *testing.T) {
	s := newStand(t)
	s.on("GET "+idRoute, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer two" {
			says(401, ``)(w, r)
			return
		}
		says(200, `[]`)(w, r)
	})
	tokens := &renewer{tokens: []string{"one", "two", "three"}}
	c := s.client(t, func(c *Config) { c.Tokens = tokens })
	if lists := c.ReadGroupLists(context.Background()); lists.IdentityErr != nil || s.count("GET "+idRoute) != 2 {
		t.Errorf("got %v after %d requests", lists.IdentityErr, s.count("GET "+idRoute))
	}
}

// A write is sent once for each call, whatever the answer: between two attempts a person
// may have taken their consent back. A fresh token is there for the next call. If UiPath
// refuses that too, an operator has to act.
func TestWriteIsNotRepeatedAfter401(t *testing.T) {
	s := newStand(t)
	good := ""
	s.on("PUT "+ruleRoute, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+good {
			says(401, ``)(w, r)
			return
		}
		says(200, `{"userBundleCodes":["IDU"]}`)(w, r)
	})
	tokens := &renewer{tokens: []string{"one", "two", "three", "four", "five"}}
	c := s.client(t, func(c *Config) { c.Tokens = tokens })
	write := func(want Kind) {
		t.Helper()
		before := len(s.requests())
		_, err := c.WriteAllocation(context.Background(), groupID, Allocation{Codes: []string{"IDU"}})
		e := mustError(t, err)
		if e.Kind != want || e.Status != 401 || errors.Is(err, ErrTokenRenewed) != (want == Unknown) {
			t.Errorf("got %v, %v", e.Kind, e)
		}
		if n := len(s.requests()) - before; n != 1 || !e.MayHaveTakenEffect() {
			t.Errorf("%d requests for one call: %v", n, e)
		}
	}
	write(Unknown)       // with one
	write(Misconfigured) // with two
	write(Misconfigured) // with three
	good = "four"
	allocation, err := c.WriteAllocation(context.Background(), groupID, Allocation{Codes: []string{"IDU"}})
	if err != nil || len(allocation.Codes) != 1 {
		t.Errorf("got %v, %v", allocation, err)
	}
	good = "five" // long after, four is refused in its turn
	write(Unknown)
	if got := fmt.Sprint(tokens.rejected); got != "[one two three four]" {
		t.Errorf("rejected %s", got)
	}
}

func TestA401ThatNoTokenCanMend(t *testing.T) {
	s := newStand(t)
	s.on("PUT "+ruleRoute, says(401, ``))
	_, err := s.client(t).WriteAllocation(context.Background(), groupID, Allocation{})
	if mustError(t, err).Kind != Misconfigured || len(s.requests()) != 1 {
		t.Errorf("got %v after %d requests", err, len(s.requests()))
	}
}

// TestAProxyThatRefuses is an operator's to mend, and proves that nothing left.
func TestAProxyThatRefuses(t *testing.T) {
	proxy := httptest.NewServer(says(http.StatusProxyAuthRequired, "who are you?"))
	t.Cleanup(proxy.Close)
	transport := outbound.NewTransport()
	transport.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	client := &http.Client{Transport: transport}
	signIn, err := ClientCredentials(TokenConfig{
		URL: "https://uipath.invalid", Organization: "acme", ClientID: "app", ClientSecret: "hunter2", HTTPClient: client,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, tokens := range map[string]oauth2.TokenSource{"sign-in": signIn, "call": StaticToken("pat")} {
		c, err := New(Config{
			URL: "https://uipath.invalid", Organization: "acme", AccountID: "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f",
			Tokens: tokens, HTTPClient: client,
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewAllocations(c).WriteAllocation(t.Context(), groupID, approvals.Allocation{})
		fault, ok := approvals.NeedsOperator(err)
		if !ok || fault.Variable != "HTTPS_PROXY" || fault.EffectUnknown || !strings.Contains(fault.Cause, "407") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
