package licensing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

const tokenRoute = "POST /base/acme/identity_/connect/token"

// issuer gives tokens t1, t2, … that live for the given seconds.
func issuer(life string) http.HandlerFunc {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		n++
		says(200, fmt.Sprintf(`{"access_token":"t%d","token_type":"Bearer"%s,"scope":"x"}`, n, life))(w, r)
	}
}

func (s *stand) tokenConfig(at *clock) TokenConfig {
	return TokenConfig{
		URL: s.URL + "/base", Organization: "acme", Now: at.now, UserAgent: "test/1",
		ClientID: "app-1", ClientSecret: "s3cr3t/+ %", Scopes: []string{"PM.License.Read", "PM.Group.Read"},
		Username: "root@acme", Password: "pa55 wörd\"&", Tenant: "Default",
	}
}

func credentials(t *testing.T, cfg TokenConfig) *TokenSource {
	t.Helper()
	src, err := ClientCredentials(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func wantToken(t *testing.T, src *TokenSource, want string) {
	t.Helper()
	token, err := src.Token()
	if err != nil || token.AccessToken != want {
		t.Errorf("got %v, %v, want %s", token, err, want)
	}
}

func TestClientCredentials(t *testing.T) {
	s, at := newStand(t), newClock()
	s.on(tokenRoute, issuer(`,"expires_in":3600`))
	src := credentials(t, s.tokenConfig(at))
	wantToken(t, src, "t1")
	r := s.requests()[0]
	if h := r.Header; h.Get("Content-Type") != "application/x-www-form-urlencoded" || h.Get("Authorization") != "" || h.Get("User-Agent") != "test/1" {
		t.Errorf("header is %v", h)
	}
	form, _ := url.ParseQuery(r.Body)
	want := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"app-1"}, "client_secret": {"s3cr3t/+ %"},
		"scope": {"PM.License.Read PM.Group.Read"},
	}
	if form.Encode() != want.Encode() || r.Query != "" {
		t.Errorf("form is %v", form)
	}
}

func TestTokensAreRenewedEarly(t *testing.T) {
	for name, c := range map[string]struct {
		life   string
		lasts  time.Duration
		expiry time.Duration
	}{
		"an hour":           {`,"expires_in":3600`, 58 * time.Minute, time.Hour},
		"as a string":       {`,"expires_in":"600"`, 8 * time.Minute, 10 * time.Minute},
		"a decimal":         {`,"expires_in":600.0`, 8 * time.Minute, 10 * time.Minute},
		"a broken second":   {`,"expires_in":600.9`, 8 * time.Minute, 10 * time.Minute},
		"an exponent":       {`,"expires_in":6e2`, 8 * time.Minute, 10 * time.Minute},
		"a decimal string":  {`,"expires_in":"600.0"`, 8 * time.Minute, 10 * time.Minute},
		"null":              {`,"expires_in":null`, 58 * time.Minute, time.Hour},
		"an empty string":   {`,"expires_in":""`, 58 * time.Minute, time.Hour},
		"in words":          {`,"expires_in":"one hour"`, 58 * time.Minute, time.Hour},
		"an object":         {`,"expires_in":{"seconds":5}`, 58 * time.Minute, time.Hour},
		"endless":           {`,"expires_in":1e300`, 58 * time.Minute, time.Hour},
		"zero":              {`,"expires_in":0`, 58 * time.Minute, time.Hour},
		"odd types":         {`,"expires_in":600,"token_type":7,"scope":["a"],"refresh_token":false`, 8 * time.Minute, 10 * time.Minute},
		"not told":          {``, 58 * time.Minute, time.Hour},
		"nonsense":          {`,"expires_in":-5`, 58 * time.Minute, time.Hour},
		"less than the gap": {`,"expires_in":60`, 30 * time.Second, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s, at := newStand(t), newClock()
			s.on(tokenRoute, issuer(c.life))
			src := credentials(t, s.tokenConfig(at))
			wantToken(t, src, "t1")
			if token, _ := src.Token(); !token.Expiry.Equal(at.now().Add(c.expiry)) {
				t.Errorf("ends at %v", token.Expiry)
			}
			at.pass(c.lasts - time.Second)
			wantToken(t, src, "t1")
			at.pass(time.Second)
			wantToken(t, src, "t2")
		})
	}
}

// A token that has two minutes left is better than none.
func TestOldTokenOutlivesAFailedRenewal(t *testing.T) {
	s, at := newStand(t), newClock()
	s.on(tokenRoute, issuer(`,"expires_in":3600`))
	src := credentials(t, s.tokenConfig(at))
	wantToken(t, src, "t1")
	s.on(tokenRoute, says(503, ``))
	at.pass(59 * time.Minute)
	wantToken(t, src, "t1")
	at.pass(time.Minute)
	if _, err := src.Token(); mustError(t, err).Status != 503 {
		t.Errorf("got %v", err)
	}
	s.on(tokenRoute, issuer(``))
	wantToken(t, src, "t1")
	s.on(tokenRoute, says(503, ``))
	src.Reject("t1")
	if _, err := src.Token(); err == nil {
		t.Error("a rejected token is given out")
	}
}

func TestRejectCausesOneRenewal(t *testing.T) {
	s, at := newStand(t), newClock()
	s.on(tokenRoute, issuer(``))
	src := credentials(t, s.tokenConfig(at))
	wantToken(t, src, "t1")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			src.Reject("t1")
			wantToken(t, src, "t2")
		})
	}
	all.Wait()
	src.Reject("t1")
	wantToken(t, src, "t2")
	if n := s.count(tokenRoute); n != 2 {
		t.Errorf("%d tokens were asked for", n)
	}
}

// The same through the client: many calls at once, all refused once.
func TestManyCallsRefusedTogether(t *testing.T) {
	s, at := newStand(t), newClock()
	s.on(tokenRoute, issuer(``))
	src := credentials(t, s.tokenConfig(at))
	wantToken(t, src, "t1")
	s.on("PUT "+ruleRoute, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer t1" {
			says(401, ``)(w, r)
			return
		}
		says(200, `{"userBundleCodes":[]}`)(w, r)
	})
	c := s.client(t, func(c *Config) { c.Tokens = src })
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := c.WriteAllocation(context.Background(), groupID, Allocation{})
			if errors.Is(err, ErrTokenRenewed) {
				_, err = c.WriteAllocation(context.Background(), groupID, Allocation{})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := s.count(tokenRoute); n != 2 {
		t.Errorf("%d tokens were asked for", n)
	}
}

// If the renewal after a 401 fails for now, trying again can help.
func TestRenewalDownAfter401(t *testing.T) {
	s, at := newStand(t), newClock()
	s.on(tokenRoute, issuer(``))
	src := credentials(t, s.tokenConfig(at))
	wantToken(t, src, "t1")
	s.on(tokenRoute, header(429, ``, "Retry-After", "9"))
	s.on("PUT "+ruleRoute, says(401, ``))
	c := s.client(t, func(c *Config) { c.Tokens = src })
	_, err := c.WriteAllocation(context.Background(), groupID, Allocation{})
	e := mustError(t, err)
	if e.Op != "token" || !e.Retryable() || e.RetryAfter != 9*time.Second || !e.MayHaveTakenEffect() {
		t.Errorf("got %#v", e)
	}
}

func TestWhoLeavesDoesNotEndARenewal(t *testing.T) {
	s, at := newStand(t), newClock()
	arrived, release := make(chan struct{}), make(chan struct{})
	give := issuer(``)
	s.on(tokenRoute, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		give(w, r)
	})
	src := credentials(t, s.tokenConfig(at))
	ctx, leave := context.WithCancel(context.Background())
	left := make(chan error, 1)
	go func() {
		_, err := src.TokenContext(ctx)
		left <- err
	}()
	<-arrived
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) || mustError(t, err).Kind != Later {
		t.Errorf("got %v", err)
	}
	stay := make(chan string, 1)
	go func() {
		token, _ := src.Token()
		stay <- token.AccessToken
	}()
	close(release)
	if got := <-stay; got != "t1" {
		t.Errorf("got %s", got)
	}
}

func TestTokenErrors(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   Kind
		said   string
		cause  error
	}{
		"a string":         {says(400, `{"error":"invalid_scope"}`), Misconfigured, "invalid_scope", nil},
		"with description": {says(400, `{"error":"invalid_client","error_description":"Client Error"}`), Misconfigured, "invalid_client", nil},
		"an object":        {says(405, `{"error":{"code":"UnsupportedApiVersion","message":"No POST.","innerError":null}}`), Misconfigured, "", nil},
		"401":              {says(401, `{"error":"invalid_client"}`), Misconfigured, "invalid_client", nil},
		"403":              {says(403, ``), Misconfigured, "", nil},
		"404":              {says(404, ``), Misconfigured, "", nil},
		"429":              {header(429, ``, "Retry-After", "3"), Later, "", nil},
		"500":              {says(500, ``), Unknown, "", nil},
		"503":              {header(503, ``, "Retry-After", "3"), Later, "", nil},
		"302":              {header(302, ``, "Location", "https://login.example/?code=1"), Misconfigured, "", ErrRedirect},
		"200 and an error": {says(200, `{"error":"unauthorized_client"}`), Misconfigured, "unauthorized_client", ErrNoToken},
		"200 and no token": {says(200, `{"access_token":"","expires_in":3600}`), Misconfigured, "", ErrNoToken},
		"200 and a page":   {page200, Misconfigured, "", ErrHTML},
		"200 truncated":    {says(200, `{"access_token":"abc`), Unknown, "", ErrTruncated},
		"200 of a form":    {says(200, `access_token=abc&token_type=Bearer`), Unknown, "", ErrNotJSON},
		"cut":              {cut, Unknown, "", nil},
		"cut in the body":  {cutInBody, Unknown, "", ErrTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			s, at := newStand(t), newClock()
			s.on(tokenRoute, c.answer)
			c2 := s.client(t, func(cfg *Config) { cfg.Tokens = credentials(t, s.tokenConfig(at)) })
			_, err := c2.WriteAllocation(context.Background(), groupID, Allocation{})
			e := mustError(t, err)
			if e.Op != "token" || e.Kind != c.kind || e.Answer != c.said || e.MayHaveTakenEffect() {
				t.Errorf("got %#v (%v)", e, e)
			}
			if c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("cause is %v", e.Err)
			}
			if n := len(s.requests()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestTokensOfAnyContentType has a good token under a wrong type, and things that are
// no token under the right one.
func TestTokensOfAnyContentType(t *testing.T) {
	for _, kind := range []string{
		"text/plain", "text/html", "text/html; charset=utf-8", "application/xhtml+xml", "text/javascript",
		"application/octet-stream", "application/x-www-form-urlencoded", "nonsense", "application/json",
	} {
		for body, want := range map[string]string{
			`{"access_token":"t1","error":null}`:            "t1",
			"\uFEFF" + ` {"access_token":" t1\n"}` + "\r\n": "t1",
			`{"access_token":""}`:                           "",
			`{"access_token":" "}`:                          "",
			`{"access_token":"t 1"}`:                        "",
			`{"access_token":"t\r\nX-Admin: 1"}`:            "",
			`{"access_token":"t1é"}`:                        "",
			`{"access_token":null}`:                         "",
			`{"access_token":{"value":"t1"}}`:               "",
			`["t1"]`:                                        "",
			`t1`:                                            "",
			``:                                              "",
			`access_token=t1&expires_in=3600`:               "",
			`<html><title>Sign in</title></html>`:           "",
		} {
			s, at := newStand(t), newClock()
			s.on(tokenRoute, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", kind)
				w.Write([]byte(body))
			})
			token, err := credentials(t, s.tokenConfig(at)).Token()
			if (err == nil) != (want != "") || err == nil && token.AccessToken != want {
				t.Errorf("%s under %s: got %v, %v, want %q", body, kind, token, err, want)
			}
		}
	}
}

func TestTokenTimeout(t *testing.T) {
	s, at := newStand(t), newClock()
	release := make(chan struct{})
	defer close(release)
	s.on(tokenRoute, func(_ http.ResponseWriter, r *http.Request) { <-release })
	cfg := s.tokenConfig(at)
	cfg.Timeout = 20 * time.Millisecond
	_, err := credentials(t, cfg).Token()
	if e := mustError(t, err); !errors.Is(err, context.DeadlineExceeded) || !e.Retryable() {
		t.Errorf("got %#v", e)
	}
}

func TestPasswordGrant(t *testing.T) {
	s, at := newStand(t), newClock()
	s.on(tokenRoute, issuer(``))
	cfg := s.tokenConfig(at)
	for _, client := range []bool{true, false} {
		if !client {
			cfg.ClientID, cfg.ClientSecret, cfg.Scopes = "", "", nil
		}
		src, err := PasswordGrant(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := src.Token(); err != nil {
			t.Fatal(err)
		}
		asked := s.requests()
		form, _ := url.ParseQuery(asked[len(asked)-1].Body)
		want := url.Values{"grant_type": {"password"}, "username": {cfg.Username}, "password": {cfg.Password}}
		if client {
			want.Set("client_id", cfg.ClientID)
			want.Set("client_secret", cfg.ClientSecret)
			want.Set("scope", "PM.License.Read PM.Group.Read")
		}
		if form.Encode() != want.Encode() {
			t.Errorf("form is %v", form)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	const short = "POST /base/acme/Default/api/account/authenticate"
	const long = "POST /base/acme/Default/orchestrator_/api/Account/Authenticate"
	good := says(200, `{"result":"t1","targetUrl":null,"success":true,"error":null,"unAuthorizedRequest":false,"__abp":true}`)
	for name, c := range map[string]struct {
		short, long http.HandlerFunc
		kind        Kind
		said        string
		requests    int
	}{
		"first route":    {good, nil, 0, "t1", 1},
		"second route":   {nil, good, 0, "t1", 2},
		"second by 405":  {says(405, ``), good, 0, "t1", 2},
		"no route":       {nil, nil, Misconfigured, "", 2},
		"refused by 400": {says(400, `{"message":"Invalid credentials","errorCode":1000}`), good, Misconfigured, "", 1},
		"refused by 200": {says(200, `{"result":null,"success":false,"error":{"code":0,"message":"Login failed!","details":"Invalid password"}}`), good, Misconfigured, "", 1},
		"down":           {says(500, ``), good, Unknown, "", 1},
		"a page":         {page200, good, Misconfigured, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, at := newStand(t), newClock()
			s.answers[short], s.answers[long] = c.short, c.long
			src, err := Authenticate(s.tokenConfig(at))
			if err != nil {
				t.Fatal(err)
			}
			token, err := src.Token()
			if n := len(s.requests()); n != c.requests {
				t.Errorf("%d requests", n)
			}
			sameJSON(t, s.requests()[0].Body, `{"TenancyName":"Default","UsernameOrEmailAddress":"root@acme","Password":"pa55 wörd\"&"}`)
			if c.said == "t1" {
				if err != nil || token.AccessToken != "t1" || !token.Expiry.Equal(at.now().Add(30*time.Minute)) {
					t.Errorf("got %+v, %v", token, err)
				}
				return
			}
			if e := mustError(t, err); e.Kind != c.kind || e.Answer != c.said || e.Op != "token" || e.Write {
				t.Errorf("got %#v", e)
			}
		})
	}
}

func TestStatic(t *testing.T) {
	src := StaticToken("pat")
	wantToken(t, src, "pat")
	src.Reject("pat")
	wantToken(t, src, "pat")
	if _, err := StaticToken("").Token(); !errors.Is(err, ErrNoToken) || mustError(t, err).Kind != Misconfigured {
		t.Errorf("got %v", err)
	}
}

// Sources of other packages do as well.
func TestForeignSource(t *testing.T) {
	s := newStand(t)
	s.on("PUT "+ruleRoute, says(200, `{"userBundleCodes":[]}`))
	c := s.client(t, func(c *Config) { c.Tokens = oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "x"}) })
	if _, err := c.WriteAllocation(context.Background(), groupID, Allocation{}); err != nil {
		t.Error(err)
	}
	c = s.client(t, func(c *Config) { c.Tokens = oauth2.StaticTokenSource(&oauth2.Token{}) })
	if _, err := c.WriteAllocation(context.Background(), groupID, Allocation{}); !errors.Is(err, ErrNoToken) {
		t.Errorf("got %v", err)
	}
	failing := failingSource{&oauth2.RetrieveError{Response: &http.Response{StatusCode: 400}, Body: []byte(`{"error":"invalid_scope","access_token":"leak"}`)}}
	c = s.client(t, func(c *Config) { c.Tokens = failing })
	_, err := c.WriteAllocation(context.Background(), groupID, Allocation{})
	var raw *oauth2.RetrieveError
	if e := mustError(t, err); e.Kind != Misconfigured || e.Answer != "invalid_scope" || errors.As(err, &raw) {
		t.Errorf("got %#v", e)
	}
}

type failingSource struct{ err error }

func (f failingSource) Token() (*oauth2.Token, error) { return nil, f.err }

func TestTokenConfigProblems(t *testing.T) {
	ok := TokenConfig{URL: "https://cloud.uipath.com", Organization: "acme", ClientID: "a", ClientSecret: "b", Username: "c", Password: "d", Tenant: "e"}
	for name, c := range map[string]struct {
		change func(*TokenConfig)
		build  func(TokenConfig) (*TokenSource, error)
		names  string
	}{
		"no secret":     {func(c *TokenConfig) { c.ClientSecret = "" }, ClientCredentials, "ClientSecret"},
		"no password":   {func(c *TokenConfig) { c.Username, c.Password = "", "" }, PasswordGrant, "Username and .Password"},
		"no tenant":     {func(c *TokenConfig) { c.Tenant = "" }, Authenticate, "Tenant"},
		"bad tenant":    {func(c *TokenConfig) { c.Tenant = "../x" }, Authenticate, "Tenant"},
		"bad token URL": {func(c *TokenConfig) { c.TokenURL = "identity_" }, ClientCredentials, "TokenURL"},
		"no org":        {func(c *TokenConfig) { c.Organization = "" }, PasswordGrant, "Organization"},
		"bad base":      {func(c *TokenConfig) { c.URL = "x" }, Authenticate, "URL"},
	} {
		cfg := ok
		c.change(&cfg)
		if _, err := c.build(cfg); err == nil || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if u, err := TokenURL("https://cloud.uipath.com/", "acme"); err != nil || u != "https://cloud.uipath.com/acme/identity_/connect/token" {
		t.Errorf("got %s, %v", u, err)
	}
}
