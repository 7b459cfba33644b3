package fakeuipath

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"licensebot/internal/fault"
)

// testCaller speaks HTTP to a UiPath.
type testCaller struct {
	t      *testing.T
	u      *Server
	client *http.Client
	bearer string
}

type testReply struct {
	status int
	header http.Header
	text   string
}

func startServer(t *testing.T, cfg Config) *testCaller {
	t.Helper()
	u, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() {
		u.Close()
		client.CloseIdleConnections()
	})
	return &testCaller{t: t, u: u, client: client, bearer: u.PersonalAccessToken()}
}

// startSeeded has a group g1 with RPADEVPRONU. The organization owns that code,
// IDU and ATTUNU.
func startSeeded(t *testing.T, cfg Config) *testCaller {
	c := startServer(t, cfg)
	c.u.Own("RPADEVPRONU", 40, 3)
	c.u.Own("IDU", 5, 5)
	c.u.Own("ATTUNU", 10, 0)
	c.u.AddGroup(Group{ID: "g1", Name: "Developers", Codes: []string{"RPADEVPRONU"}})
	return c
}

func (c *testCaller) newRequest(method, path, contentType, body string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.u.URL()+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	return r
}

func (c *testCaller) sendRequest(r *http.Request) testReply {
	c.t.Helper()
	reply, err := c.trySend(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return reply
}

func (c *testCaller) trySend(r *http.Request) (testReply, error) {
	response, err := c.client.Do(r)
	if err != nil {
		return testReply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return testReply{response.StatusCode, response.Header, string(text)}, err
}

func (c *testCaller) get(path string) testReply {
	c.t.Helper()
	return c.sendRequest(c.newRequest("GET", path, "", ""))
}

func (c *testCaller) put(path, body string) testReply {
	c.t.Helper()
	return c.sendRequest(c.newRequest("PUT", path, "application/json", body))
}

func (c *testCaller) licensePath(rest string) string {
	return "/" + c.u.Organization() + "/lease_/api/account/" + c.u.AccountID() + "/user-license" + rest
}

func (c *testCaller) identityPath(rest string) string {
	return "/" + c.u.Organization() + "/identity_/api/Group/" + c.u.AccountID() + rest
}

func (c *testCaller) postTokenForm(values url.Values) testReply {
	c.t.Helper()
	path := "/" + c.u.Organization() + "/identity_/connect/token"
	return c.sendRequest(c.newRequest("POST", path, "application/x-www-form-urlencoded", values.Encode()))
}

func (c *testCaller) clientForm(scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {c.u.ClientID()},
		"client_secret": {c.u.ClientSecret()}, "scope": {scope}}
}

// signIn gets a token of client credentials and uses it from then on.
func (c *testCaller) signIn(scope string) {
	c.t.Helper()
	var token struct {
		Value string `json:"access_token"`
	}
	c.postTokenForm(c.clientForm(scope)).decodeJSON(c.t, &token)
	c.bearer = token.Value
}

func (r testReply) decodeJSON(t *testing.T, value any) {
	t.Helper()
	if r.status != http.StatusOK {
		t.Fatalf("status %d: %s", r.status, r.text)
	}
	if err := json.Unmarshal([]byte(r.text), value); err != nil {
		t.Fatalf("%v in %s", err, r.text)
	}
}

func (r testReply) wantAnswer(t *testing.T, status int, part string) {
	t.Helper()
	if r.status != status || !strings.Contains(r.text, part) {
		t.Errorf("got %d %s, want %d with %q", r.status, r.text, status, part)
	}
}

func (c *testCaller) wantAllocation(id string, codes ...string) {
	c.t.Helper()
	allocation, ok := c.u.Allocation(id)
	if !ok || !slices.Equal(allocation.Codes, codes) {
		c.t.Errorf("allocation of %s is %v (known: %v), want %v", id, allocation.Codes, ok, codes)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, cfg := range []Config{{UnknownCodes: "500"}, {Organization: "a/b"}} {
		if u, err := New(cfg); err == nil {
			u.Close()
			t.Errorf("%+v was taken", cfg)
		}
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	u, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	u.Inject("token", fault.Fault{Hang: true})
	client := &http.Client{Transport: &http.Transport{}}
	cut := make(chan error, 1)
	go func() {
		_, err := client.Post(u.URL()+"/identity_/connect/token", "text/plain", nil)
		cut <- err
	}()
	if err := u.Wait(t.Context(), func() bool { return u.Pending("token") == 1 }); err != nil {
		t.Fatal(err)
	}
	u.Close()
	u.Close()
	if err := <-cut; err == nil {
		t.Error("a hanging call was answered")
	}
	if err := u.Wait(t.Context(), func() bool { return false }); err == nil {
		t.Error("Wait goes on after Close")
	}
	client.CloseIdleConnections()
	goleak.VerifyNone(t, before)
}

func TestWait(t *testing.T) {
	c := startSeeded(t, Config{})
	done := make(chan error, 1)
	go func() {
		done <- c.u.Wait(t.Context(), func() bool {
			allocation, _ := c.u.Allocation("g1")
			return slices.Contains(allocation.Codes, "IDU") && len(c.u.Writes()) == 1
		})
	}()
	c.put(c.licensePath("/group/g1"), `{"userBundleCodes":["IDU"]}`)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.u.Wait(ctx, func() bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
