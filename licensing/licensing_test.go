package licensing

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

const (
	accountID = "0d1c2b3a-4455-6677-8899-aabbccddeeff"
	groupID   = "group-01"
	ruleRoute = "/base/acme/lease_/api/account/" + accountID + "/user-license/group/" + groupID
	listRoute = "/base/acme/lease_/api/account/" + accountID + "/user-license/groups/with-quota"
	idRoute   = "/base/acme/identity_/api/Group/" + accountID
	secret    = "tok-4f1d-very-secret"
)

// seen is a request as a server saw it.
type seen struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

// stand is a UiPath that answers "METHOD /path" as a test says, and keeps what
// it was asked. A route without an answer is UiPath's 404.
type stand struct {
	*httptest.Server
	mu      sync.Mutex
	asked   []seen
	answers map[string]http.HandlerFunc
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{answers: map[string]http.HandlerFunc{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header.Clone()})
	answer := s.answers[r.Method+" "+r.URL.EscapedPath()]
	s.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	if answer == nil {
		answer = says(http.StatusNotFound, `{"message":"not here"}`)
	}
	answer(w, r)
}

func (s *stand) on(route string, answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[route] = answer
}

func (s *stand) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.asked...)
}

// count tells how many requests there were for "METHOD /path".
func (s *stand) count(route string) int {
	n := 0
	for _, r := range s.requests() {
		if r.Method+" "+r.Path == route {
			n++
		}
	}
	return n
}

// says answers with JSON.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// clock is a time that only a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// client returns one for the stand, after the given changes.
func (s *stand) client(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{
		URL: s.URL + "/base/", Organization: "acme", AccountID: accountID,
		Tokens: StaticToken(secret), Now: newClock().now, UserAgent: "test/1",
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mustError returns the *Error in err.
func mustError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T %v, want *Error", err, err)
	}
	return e
}

func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("%q: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	gj, _ := json.Marshal(g)
	wj, _ := json.Marshal(w)
	if string(gj) != string(wj) {
		t.Errorf("body is %s, want %s", gj, wj)
	}
}

// renewer hands out tokens in turn, the next one after each Reject.
type renewer struct {
	mu       sync.Mutex
	tokens   []string
	rejected []string
}

func (r *renewer) Token() (*oauth2.Token, error) { return r.TokenContext(context.Background()) }

func (r *renewer) TokenContext(context.Context) (*oauth2.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &oauth2.Token{AccessToken: r.tokens[0]}, nil
}

func (r *renewer) Reject(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rejected = append(r.rejected, token)
	if len(r.tokens) > 1 {
		r.tokens = r.tokens[1:]
	}
}

func TestNewTellsAllThatIsWrong(t *testing.T) {
	_, err := New(Config{URL: "cloud.uipath.com", Organization: "a/b"})
	for _, want := range []string{"URL", "Organization", "AccountID", "Tokens"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell of %s", err, want)
		}
	}
	for _, bad := range []string{"", "ftp://x", "https://u:p@x", "https://x?y=1", "https://x/#z", "https:///x", "http://%zz"} {
		if _, err := siteURL(bad, "acme"); err == nil {
			t.Errorf("URL %q is accepted", bad)
		}
	}
}
