package licensing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
)

// organization is a simulated UiPath with a group-01 that has IDU.
type organization struct {
	*fakeuipath.Server
	clock *clock
}

func newOrganization(t *testing.T, change ...func(*fakeuipath.Config)) *organization {
	t.Helper()
	at := newClock()
	cfg := fakeuipath.Config{Now: at.now}
	for _, f := range change {
		f(&cfg)
	}
	u, err := fakeuipath.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	for _, code := range []string{"IDU", "ACNU", "ATTUNU"} {
		u.Own(code, 10, 1)
	}
	u.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance", Codes: []string{"IDU"}, External: true})
	return &organization{u, at}
}

func (o *organization) tokenConfig() TokenConfig {
	return TokenConfig{
		URL: o.URL(), Organization: o.Organization(), ClientID: o.ClientID(), ClientSecret: o.ClientSecret(),
		Username: o.Username(), Password: o.Password(), Tenant: o.Tenant(), Now: o.clock.now,
	}
}

func (o *organization) allocations(t *testing.T, tokens *TokenSource) *Allocations {
	t.Helper()
	return o.allocationsBy(t, tokens, nil)
}

func (o *organization) allocationsBy(t *testing.T, tokens *TokenSource, way *http.Client) *Allocations {
	t.Helper()
	c, err := New(Config{
		URL: o.URL(), Organization: o.Organization(), AccountID: o.AccountID(), Tokens: tokens, Now: o.clock.now,
		HTTPClient: way,
	})
	if err != nil {
		t.Fatal(err)
	}
	return NewAllocations(c)
}

var (
	page    = fault.Fault{Body: "<html><title>Sign in</title></html>", ContentType: "text/html"}
	page404 = fault.Fault{Status: 404, Body: "<html><title>Gone</title></html>", ContentType: "text/html"}
	away    = fault.Fault{Status: 302, Location: "https://login.example/other?state=x"}
)

// Each row of what answers mean, for a read, for a write that took effect and for
// one that did not: the three say the same but for the effect, which no status
// proves absent.
func TestWhatEachAnswerOfUiPathMeans(t *testing.T) {
	const login = "UiPath redirects the bot to https://login.example/other (302)"
	const firewall = "UiPath's address answers with a page titled “Sign in”"
	for name, c := range map[string]struct {
		fault fault.Fault
		read  string
	}{
		"401":              {fault.Fault{Status: 401}, "UIPATH_CLIENT_ID: UiPath does not accept the bot's token (401)"},
		"403":              {fault.Fault{Status: 403, Error: "no"}, "UIPATH_SCOPES: UiPath does not let the bot do this (403)"},
		"403 with a scope": {fault.Fault{Status: 403, Error: "needs PM.License.Write"}, "UIPATH_SCOPES: UiPath does not let the bot do this without the scope PM.License.Write (403)"},
		"redirect":         {away, "UIPATH_URL: " + login},
		"page":             {page, "UIPATH_URL: " + firewall},
		"404 page":         {page404, "UIPATH_URL: UiPath's address answers with a page titled “Gone” (404)"},
		"409 cut":          {fault.Fault{Status: 409, Body: `{"mess`}, "UIPATH_URL: UiPath's address answers in a way that UiPath does not (409)"},
		"422":              {fault.Fault{Status: 422}, "UIPATH_URL: UiPath's address answers in a way that UiPath does not (422)"},
		"400":              {fault.Fault{Status: 400, Error: "bad"}, "refused: 400: bad"},
		"404":              {fault.Fault{Status: 404, Error: "none"}, "refused: 404: none"},
		"409":              {fault.Fault{Status: 409, Error: "too many"}, "refused: 409: too many"},
		"429":              {fault.Fault{Status: 429, RetryAfter: "7"}, "later after 7s: UiPath asked the bot to slow down"},
		"500":              {fault.Fault{Status: 500, Error: "oops"}, "later after 0s: UiPath is not working properly; it answered 500: oops"},
		"503":              {fault.Fault{Status: 503, Error: "oops", RetryAfter: "9"}, "later after 9s: UiPath is not working properly; it answered 503: oops"},
		"garbage":          {fault.Fault{Body: `{"us`}, "later after 0s: UiPath is not working properly; it answered 200"},
		"cut":              {fault.Fault{Cut: true}, "later after 0s: UiPath cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization(t)
			tokens, err := ClientCredentials(o.tokenConfig())
			if err != nil {
				t.Fatal(err)
			}
			a := o.allocations(t, tokens)
			for _, operation := range []string{"GET group", "GET group with-quota"} {
				o.Inject(operation, c.fault)
			}
			_, err = a.ReadAllocation(t.Context(), groupID)
			if got := meaning(err); got != c.read {
				t.Errorf("a read: %s, want %s", got, c.read)
			}
			if got, want := approvals.IsNotFound(err), name == "404"; got != want {
				t.Errorf("not found: %v", got)
			}
			if !strings.HasPrefix(meaning(err), "refused") && approvals.EffectIsUnknown(err) {
				t.Errorf("a read has no effect: %v", err)
			}
			for _, effect := range []bool{true, false} {
				f := c.fault
				f.AfterEffect = effect
				o.Clear()
				o.Inject("PUT group", f)
				write := func() error {
					_, err := a.WriteAllocation(t.Context(), groupID, approvals.Allocation{Codes: []string{"ACNU"}})
					return err
				}
				err := write()
				if errors.Is(err, ErrTokenRenewed) && approvals.EffectIsUnknown(err) {
					err = write()
				}
				if got, want := meaning(err), writeMeaning(c.read); got != want || !approvals.EffectIsUnknown(err) {
					t.Errorf("a write: %s, want %s; unknown %v", got, want, approvals.EffectIsUnknown(err))
				}
			}
		})
	}
}

// writeMeaning is what a write means if a read with the same answer means this.
func writeMeaning(read string) string {
	variable, rest, _ := strings.Cut(read, ": ")
	switch {
	case strings.HasPrefix(read, "refused"):
		return read
	case strings.HasSuffix(read, "cannot be reached"):
		return "unknown, later after 0s: UiPath gave no complete answer"
	case strings.HasPrefix(read, "later"):
		return "unknown, " + read
	}
	return variable + ", unknown effect: " + rest
}

func TestA200WithAnotherSetIsReturned(t *testing.T) {
	o := newOrganization(t)
	a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
	o.Inject("PUT group", fault.Fault{Codes: "ATTUNU IDU", AfterEffect: true})
	answer, err := a.WriteAllocation(t.Context(), groupID, approvals.Allocation{Codes: []string{"ACNU", "IDU"}})
	if err != nil || !slices.Equal(answer.Codes, []string{"ATTUNU", "IDU"}) {
		t.Errorf("got %+v, %v", answer, err)
	}
}

// Whatever a token endpoint answers, no request is refused: what waits for a token
// has had no effect.
func TestWhatEachAnswerOfTheTokenEndpointMeans(t *testing.T) {
	signIn := "UiPath refuses the bot's sign-in"
	for name, c := range map[string]struct {
		fault fault.Fault
		want  string
	}{
		"invalid_client":         {fault.Fault{Status: 400, Error: "invalid_client"}, "UIPATH_CLIENT_SECRET: " + signIn + " (invalid_client)"},
		"401":                    {fault.Fault{Status: 401, Error: "invalid_client"}, "UIPATH_CLIENT_SECRET: " + signIn + " (invalid_client)"},
		"invalid_scope":          {fault.Fault{Status: 400, Error: "invalid_scope"}, "UIPATH_SCOPES: " + signIn + " (invalid_scope)"},
		"unauthorized_client":    {fault.Fault{Status: 403, Error: "unauthorized_client"}, "UIPATH_CLIENT_ID: " + signIn + " (unauthorized_client)"},
		"unsupported_grant_type": {fault.Fault{Status: 400, Error: "unsupported_grant_type"}, "UIPATH_AUTH: " + signIn + " (unsupported_grant_type)"},
		"invalid_grant":          {fault.Fault{Status: 400, Error: "invalid_grant"}, "UIPATH_PASSWORD: " + signIn + " (invalid_grant)"},
		"another error":          {fault.Fault{Status: 400, Error: "my_own_error"}, "UIPATH_CLIENT_SECRET: " + signIn + " (400)"},
		"403":                    {fault.Fault{Status: 403}, "UIPATH_CLIENT_SECRET: " + signIn + " (403)"},
		"404":                    {fault.Fault{Status: 404}, "UIPATH_URL: UiPath's sign-in is not at its address (404)"},
		"500":                    {fault.Fault{Status: 500}, "UIPATH_URL: UiPath's sign-in does not work (500)"},
		"503":                    {fault.Fault{Status: 503, RetryAfter: "3"}, "UIPATH_URL: UiPath's sign-in does not work (503)"},
		"page":                   {page, "UIPATH_URL: UiPath's sign-in answers with a web page"},
		"redirect":               {away, "UIPATH_URL: UiPath's sign-in answers with a redirect (302)"},
		"429":                    {fault.Fault{Status: 429, RetryAfter: "3"}, "later after 3s: UiPath asked the bot to slow down"},
		"cut":                    {fault.Fault{Cut: true}, "later after 0s: UiPath cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization(t)
			tokens, err := ClientCredentials(o.tokenConfig())
			if err != nil {
				t.Fatal(err)
			}
			a := o.allocations(t, tokens)
			o.Inject("token", c.fault)
			_, findErr := a.FindGroup(t.Context(), "Finance")
			_, readErr := a.ReadAllocation(t.Context(), groupID)
			_, groupErr := a.ReadGroup(t.Context(), approvals.Group{ID: groupID})
			_, writeErr := a.WriteAllocation(t.Context(), groupID, approvals.Allocation{})
			for _, err := range []error{findErr, readErr, groupErr, writeErr} {
				if got := meaning(err); got != c.want || approvals.EffectIsUnknown(err) || approvals.IsRefused(err) {
					t.Errorf("%s, want %s", got, c.want)
				}
			}
			o.Clear()
			o.clock.pass(refusalPause)
			if _, err := a.ReadAllocation(t.Context(), groupID); err != nil {
				t.Errorf("after the mend: %v", err)
			}
		})
	}
}

// A token that fails after a write left says nothing of the write.
func TestTokenFailureAfterAWriteLeft(t *testing.T) {
	o := newOrganization(t)
	tokens, err := ClientCredentials(o.tokenConfig())
	if err != nil {
		t.Fatal(err)
	}
	a := o.allocations(t, tokens)
	if _, err := a.ReadAllocation(t.Context(), groupID); err != nil {
		t.Fatal(err)
	}
	o.Inject("PUT group", fault.Fault{Status: 401, AfterEffect: true})
	for _, f := range []fault.Fault{{Status: 400, Error: "invalid_client"}, {Status: 429}, {Cut: true}} {
		f.Times = 1
		o.Inject("token", f)
		_, err := a.WriteAllocation(t.Context(), groupID, approvals.Allocation{Codes: []string{"ACNU"}})
		if !approvals.EffectIsUnknown(err) {
			t.Errorf("%+v: %s", f, meaning(err))
		}
		o.clock.pass(refusalPause)
		if _, err := a.ReadAllocation(t.Context(), groupID); err != nil { // has a token again
			t.Fatal(err)
		}
	}
}

// What never left had no effect.
func TestWriteToAClosedPort(t *testing.T) {
	o := newOrganization(t)
	a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
	o.Close()
	_, err := a.WriteAllocation(t.Context(), groupID, approvals.Allocation{})
	want := "later after 0s: UiPath cannot be reached: " + strings.TrimPrefix(o.URL(), "http://") + " refuses connections"
	if got := meaning(err); got != want || approvals.EffectIsUnknown(err) {
		t.Errorf("got %s", got)
	}
}

// A 404 about the account is for the operator too: a wrong account id gets it.
func TestRefusalAboutTheAccount(t *testing.T) {
	o := newOrganization(t)
	a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
	o.NoAccountLicense(true)
	_, err := a.ReadAllocation(t.Context(), groupID)
	var refusal *approvals.RefusedError
	if !errors.As(err, &refusal) || refusal.Variable != "UIPATH_ACCOUNT_ID" {
		t.Errorf("got %#v", err)
	}
	o.NoAccountLicense(false)
	_, err = a.ReadAllocation(t.Context(), "group-99")
	if !errors.As(err, &refusal) || refusal.Variable != "" || !refusal.NotFound {
		t.Errorf("got %#v", err)
	}
}

// inTurn holds the plain GET of an allocation back until with-quota has its answer. The client
// sends both side by side.
type inTurn struct{ answered chan struct{} }

func (i inTurn) RoundTrip(call *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(call.URL.Path, withQuota) {
		<-i.answered
		return http.DefaultTransport.RoundTrip(call)
	}
	defer func() { i.answered <- struct{}{} }()
	return http.DefaultTransport.RoundTrip(call)
}

// meeting holds each call back until another one is there.
type meeting struct{ met chan struct{} }

func (m meeting) RoundTrip(call *http.Request) (*http.Response, error) {
	select {
	case m.met <- struct{}{}:
	case <-m.met:
	case <-call.Context().Done():
		return nil, call.Context().Err()
	}
	return http.DefaultTransport.RoundTrip(call)
}

// Both GETs of an allocation are under way at the same time: each waits for the other here.
func TestTheTwoGETsGoSideBySide(t *testing.T) {
	o := newOrganization(t)
	a := o.allocationsBy(t, StaticToken(o.PersonalAccessToken()), &http.Client{Transport: meeting{make(chan struct{})}})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := a.ReadAllocation(ctx, groupID); err != nil {
		t.Error(err)
	}
}

// An edit between the two GETs is read again. Answers that go on differing are no
// answer, and never a union.
func TestEditsBetweenTheTwoGETs(t *testing.T) {
	edits := [][]string{{"ACNU"}, {"IDU", "ATTUNU"}, {"ATTUNU"}, {}}
	for n := 1; n <= len(edits); n++ {
		o := newOrganization(t)
		a := o.allocationsBy(t, StaticToken(o.PersonalAccessToken()), &http.Client{Transport: inTurn{make(chan struct{}, 1)}})
		for _, codes := range edits[:n] {
			o.After("GET group with-quota", func() { o.Edit(groupID, func([]string) []string { return codes }) })
		}
		allocation, err := a.ReadAllocation(t.Context(), groupID)
		now, _ := o.Allocation(groupID)
		switch {
		case n < maxReadRounds && (err != nil || !slices.Equal(allocation.Codes, now.Codes)):
			t.Errorf("%d edits: got %v, %v, want %v", n, allocation.Codes, err, now.Codes)
		case n >= maxReadRounds && (meaning(err) != "later after 0s: UiPath's answers about the allocation differ, as they do while it is being changed" ||
			len(o.Calls("GET group")) != maxReadRounds || allocation.Codes != nil):
			t.Errorf("%d edits: got %v, %v after %d readings", n, allocation.Codes, err, len(o.Calls("GET group")))
		}
	}
}

// While one endpoint lags behind the other, there is no answer; then there is.
func TestOneEndpointLags(t *testing.T) {
	for _, operation := range []string{"GET group", "GET group with-quota"} {
		o := newOrganization(t)
		a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
		o.SetLag(operation, 3*time.Second)
		o.clock.pass(time.Minute)
		if _, err := a.WriteAllocation(t.Context(), groupID, approvals.Allocation{Codes: []string{"ACNU"}, UseExternalLicense: true}); err != nil {
			t.Fatal(err)
		}
		_, err := a.ReadAllocation(t.Context(), groupID)
		if !errors.Is(err, ErrAnswersDiffer) || approvals.EffectIsUnknown(err) {
			t.Errorf("%s lags: got %v", operation, err)
		}
		o.clock.pass(3 * time.Second)
		if now, err := a.ReadAllocation(t.Context(), groupID); err != nil || !slices.Equal(now.Codes, []string{"ACNU"}) {
			t.Errorf("%s is in time again: got %v, %v", operation, now, err)
		}
	}
}

// An endpoint that answered before, for any group, or that the list shows to be
// there, is not missing.
func TestAnEndpointThatWasThereIsNotMissing(t *testing.T) {
	const delay = "later after 0s: UiPath does not show the seat limits that have to stay"
	learn := map[string]func(o *organization, a *Allocations){
		"by a reading":   func(_ *organization, a *Allocations) { _, _ = a.ReadAllocation(t.Context(), "other") },
		"by the list":    func(_ *organization, a *Allocations) { _, _ = a.FindGroup(t.Context(), "Finance") },
		"by a late look": func(*organization, *Allocations) {},
	}
	for name, before := range learn {
		t.Run(name, func(t *testing.T) {
			o := newOrganization(t)
			o.AddGroup(fakeuipath.Group{ID: "other", Name: "Other"})
			a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
			before(o, a)
			o.Inject("GET group with-quota", fault.Fault{Status: 404, Error: "no such route"})
			_, err := a.ReadAllocation(t.Context(), groupID)
			if got := meaning(err); got != delay || !errors.Is(err, approvals.ErrQuotasUnknown) {
				t.Errorf("got %s", got)
			}
			if now, err := a.ReadAllocation(t.Context(), "other"); err != nil || len(now.Codes) != 0 {
				t.Errorf("a group without codes has no limits: got %+v, %v", now, err)
			}
			o.Clear()
			if now, err := a.ReadAllocation(t.Context(), groupID); err != nil || now.Quotas == nil {
				t.Errorf("got %+v, %v", now, err)
			}
			o.HideQuotas(true)
			if _, err := a.ReadAllocation(t.Context(), groupID); meaning(err) != delay {
				t.Errorf("all quota routes are gone: got %v", err)
			}
		})
	}
}

// An installation that never had quotas works without; only now and then the list
// is asked whether that is still so.
func TestInstallationWithoutQuotas(t *testing.T) {
	o := newOrganization(t, func(c *fakeuipath.Config) { c.NoQuotaRoutes = true })
	a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
	for range 3 {
		now, err := a.ReadAllocation(t.Context(), groupID)
		if err != nil || now.Quotas != nil || !now.UseExternalLicense || !slices.Equal(now.Codes, []string{"IDU"}) {
			t.Fatalf("got %+v, %v", now, err)
		}
	}
	if n := len(o.Calls("GET groups with-quota")); n != 1 {
		t.Errorf("the list was asked %d times", n)
	}
	o.clock.pass(noQuotasAge)
	o.HideQuotas(false)
	o.Inject("GET group with-quota", fault.Fault{Status: 404})
	if _, err := a.ReadAllocation(t.Context(), groupID); !errors.Is(err, ErrQuotasUnknown) {
		t.Errorf("it has quotas now: got %v", err)
	}
}

// useExternalLicense that was told before is not taken for false.
func TestExternalThatIsNotToldAnyMore(t *testing.T) {
	o := newOrganization(t)
	a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
	if now, err := a.ReadAllocation(t.Context(), groupID); err != nil || !now.UseExternalLicense {
		t.Fatalf("got %+v, %v", now, err)
	}
	o.HideExternal(true)
	_, err := a.ReadAllocation(t.Context(), groupID)
	if got := meaning(err); got != "later after 0s: UiPath does not show whether the group uses external licenses" {
		t.Errorf("got %s", got)
	}
	o.HideExternal(false)
	if now, err := a.ReadAllocation(t.Context(), groupID); err != nil || !now.UseExternalLicense || now.ExternalLeftOut {
		t.Errorf("got %+v, %v", now, err)
	}
	never := o.allocations(t, StaticToken(o.PersonalAccessToken()))
	o.HideExternal(true)
	if now, err := never.ReadAllocation(t.Context(), groupID); err != nil || now.UseExternalLicense || !now.ExternalLeftOut {
		t.Errorf("an installation without the field: got %+v, %v", now, err)
	}
}

// A limit of 0 or null is no limit, and is not written.
func TestNoLimitIsNotWritten(t *testing.T) {
	o := newOrganization(t)
	a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
	o.Inject("GET group with-quota", fault.Fault{Body: `{"groupRule":{"groupId":"group-01","userBundleCodes":["ACNU","ATTUNU","IDU"]},
		"quotas":[{"userBundleCode":"IDU","limit":0.0},{"userBundleCode":"ACNU","limit":null},{"userBundleCode":"ATTUNU","limit":4}]}`})
	o.SetAllocation(groupID, "ACNU", "ATTUNU", "IDU")
	now, err := a.ReadAllocation(t.Context(), groupID)
	if want := []approvals.Quota{{Code: "ATTUNU", Limit: 4}}; err != nil || !slices.Equal(now.Quotas, want) {
		t.Fatalf("got %+v, %v", now, err)
	}
	now.Quotas = append(now.Quotas, approvals.Quota{Code: "IDU"}, approvals.Quota{Code: "ACNU", Limit: -1})
	if _, err := a.WriteAllocation(t.Context(), groupID, now); err != nil {
		t.Fatal(err)
	}
	if body := o.Calls("PUT group with-quota")[0].Body; !strings.Contains(body, `"quotas":[{"userBundleCode":"ATTUNU","limit":4}]`) {
		t.Errorf("wrote %s", body)
	}
}

// No answer of a token endpoint leaks what was sent, wherever it repeats it.
func TestNoEchoOfATokenEndpoint(t *testing.T) {
	faults := []fault.Fault{page, away, {Status: 429}, {Codes: "{sent}"}}
	for _, status := range []int{200, 400, 401, 403, 404, 500, 503} {
		faults = append(faults, fault.Fault{Status: status}, fault.Fault{Status: status, Body: "<html><title>{sent}</title>"},
			fault.Fault{Status: status, Body: `{"error":{"code":"{sent}"}}`}, fault.Fault{Status: status, Body: "{sent}"})
	}
	for _, f := range faults {
		o := newOrganization(t)
		f.Echo = true
		o.Inject("token", f)
		o.Inject("authenticate", f)
		for _, build := range []func(TokenConfig) (*TokenSource, error){ClientCredentials, PasswordGrant, Authenticate} {
			tokens, err := build(o.tokenConfig())
			if err != nil {
				t.Fatal(err)
			}
			_, err = o.allocations(t, tokens).ReadAllocation(t.Context(), groupID)
			if err == nil {
				t.Fatalf("%+v: no error", f)
			}
			text := meaning(err) + approvals.DelayReason(err) + texts(err)
			for _, part := range []string{o.ClientSecret(), o.Password(), o.ClientID(), "grant_type", "withheld"} {
				if strings.Contains(text, part) {
					t.Errorf("%+v: %q is in %s", f, part, text)
				}
			}
		}
	}
}

// No exchange follows a redirect: not of a token, a read or a write.
func TestNoRedirectIsFollowed(t *testing.T) {
	followed := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed++ }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		o := newOrganization(t)
		tokens, err := ClientCredentials(o.tokenConfig())
		if err != nil {
			t.Fatal(err)
		}
		a := o.allocations(t, tokens)
		f := fault.Fault{Times: 1, Status: status, Location: elsewhere.URL}
		for _, operation := range []string{"token", "GET group", "PUT group", "GET identity group", "GET groups with-quota"} {
			o.Inject(operation, f)
		}
		for range 2 {
			_, _ = a.ReadAllocation(t.Context(), groupID)
			_, _ = a.WriteAllocation(t.Context(), groupID, approvals.Allocation{})
			_, _ = a.ReadGroup(t.Context(), approvals.Group{ID: groupID})
			_, _ = a.FindGroup(t.Context(), "Finance")
			o.clock.pass(time.Minute)
		}
		if harmed := o.Injected(); harmed != 5 || followed != 0 {
			t.Errorf("%d: of %d redirects %d were followed", status, harmed, followed)
		}
	}
}

// A group that was renamed is found under its new name alone, three seconds later
// at the most, and its id tells the new name at once.
func TestRenamedGroup(t *testing.T) {
	for _, directory := range []bool{false, true} {
		o := newOrganization(t)
		o.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance", Codes: []string{"IDU"}, Directory: directory})
		a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
		if g, err := a.FindGroup(t.Context(), "Finance"); err != nil || g.ID != groupID {
			t.Fatalf("got %+v, %v", g, err)
		}
		o.RenameGroup(groupID, "Prod")
		o.clock.pass(freshGroupAge + time.Millisecond)
		if g, err := a.ReadGroup(t.Context(), approvals.Group{ID: groupID}); err != nil || g.Name != "Prod" {
			t.Errorf("directory %v: got %+v, %v", directory, g, err)
		}
		if g, err := a.FindGroup(t.Context(), "Finance"); err == nil {
			t.Errorf("directory %v: found %+v", directory, g)
		}
		if g, err := a.FindGroup(t.Context(), "Prod"); err != nil || g.ID != groupID {
			t.Errorf("directory %v: got %+v, %v", directory, g, err)
		}
	}
}

// What ReadGroup tells of groups that Identity does not list.
func TestReadGroupBeyondTheLists(t *testing.T) {
	const unlisted = "0d000000-0000-0000-0000-00000000000d"
	o := newOrganization(t)
	a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
	o.AddGroup(fakeuipath.Group{ID: unlisted, Name: "AD", Directory: true})
	if g, err := a.ReadGroup(t.Context(), approvals.Group{ID: unlisted}); err != nil || g.Name != "" || g.ID != unlisted {
		t.Errorf("a directory's group without an allocation: got %+v, %v", g, err)
	}
	o.RemoveGroup(unlisted)
	if _, err := a.ReadGroup(t.Context(), approvals.Group{ID: unlisted}); !approvals.IsNotFound(err) {
		t.Errorf("a group that is gone: got %v", err)
	}
	o.OrphanGroup(groupID)
	o.clock.pass(time.Minute)
	if g, err := a.ReadGroup(t.Context(), approvals.Group{ID: groupID}); err != nil || g.Name != "Finance" {
		t.Errorf("a deleted group with an allocation: got %+v, %v", g, err)
	}
	for _, f := range []fault.Fault{{Status: 500}, {Status: 429}, page, away} {
		f.Times = 1
		o.Inject("GET identity group", f)
		if _, err := a.ReadGroup(t.Context(), approvals.Group{ID: groupID}); err == nil || approvals.IsRefused(err) {
			t.Errorf("%+v: got %v", f, err)
		}
	}
	if _, err := a.ReadGroup(t.Context(), approvals.Group{ID: "a/b"}); !approvals.IsRefused(err) {
		t.Errorf("not an id: got %v", err)
	}
}

// A name that was shown and that UiPath does not show any more is unknown: a list that is out of
// reach may have it. Without such a list two looks prove that it is gone.
func TestANameThatIsNotShown(t *testing.T) {
	const id = "11111111-5af3-4e43-8516-1adad6e98fc9"
	const hidden = "later after 0s: UiPath does not show the group's name at the moment"
	const lookAgain = "later after 10s: UiPath does not show the group's name at the moment"
	const forbidden = "UIPATH_ACCESS_TOKEN: UiPath does not let the bot do this (403)"
	lists := []string{"GET identity group", "GET identity groups"}
	missing := fault.Fault{Status: 404, Error: "not here"}
	for name, c := range map[string]struct {
		fault      fault.Fault
		operations []string
		want       string
		second     string
	}{
		"identity does not find it": {missing, lists, hidden, hidden},
		"identity is forbidden":     {fault.Fault{Status: 403, Error: "no"}, lists, forbidden, forbidden},
		"the other list is, too":    {missing, append(lists, "GET groups with-quota"), hidden, hidden},
		"the list lacks it":         {fault.Fault{Body: "[]"}, lists[1:], lookAgain, meaning(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization(t)
			a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
			shown := approvals.Group{ID: o.AddGroup(fakeuipath.Group{ID: id, Name: "Robots"}), Name: "Robots"}
			o.Inject("GET identity group", missing)
			for _, operation := range c.operations {
				o.Inject(operation, c.fault)
			}
			read := func(after time.Duration, want string) {
				t.Helper()
				o.clock.pass(after)
				if g, err := a.ReadGroup(t.Context(), shown); meaning(err) != want {
					t.Errorf("got %+v, %s, want %s", g, meaning(err), want)
				}
			}
			read(0, c.want)
			read(secondLookAfter, c.second)
			if g, err := a.ReadGroup(t.Context(), approvals.Group{ID: id}); err != nil || g.Name != "" {
				t.Errorf("a name that was never shown: got %+v, %v", g, err)
			}
			o.Clear()
			o.clock.pass(time.Minute)
			if g, err := a.ReadGroup(t.Context(), shown); err != nil || g.Name != "Robots" {
				t.Errorf("after the mend: got %+v, %v", g, err)
			}
		})
	}
}

// A person's password is tried twice at the most, then once in ten minutes or
// after its file changed, by all callers of the process together.
func TestARefusedPasswordIsNotHammered(t *testing.T) {
	for name, build := range map[string]func(TokenConfig) (*TokenSource, error){
		"token": PasswordGrant, "authenticate": Authenticate,
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization(t)
			password, changed := "wrong", o.clock.now()
			cfg := o.tokenConfig()
			cfg.ReadSecret = func() (string, time.Time, error) { return password, changed, nil }
			tokens, err := build(cfg)
			if err != nil {
				t.Fatal(err)
			}
			a := o.allocations(t, tokens)
			tries := func(want int) {
				t.Helper()
				for range 5 {
					_, err := a.ReadAllocation(t.Context(), groupID)
					if _, ok := approvals.NeedsOperator(err); !ok || !strings.HasPrefix(meaning(err), "UIPATH_PASSWORD: ") {
						t.Errorf("got %s", meaning(err))
					}
					o.clock.pass(20 * time.Second)
				}
				if n := len(o.Calls(name)); n != want {
					t.Errorf("tried %d times, want %d", n, want)
				}
			}
			tries(2)
			tries(2)
			o.clock.pass(lockoutPause - 4*time.Minute)
			tries(3)
			tries(3)
			changed = o.clock.now() // the file was written again, with the same password
			tries(5)
			password = o.Password()
			if _, err := a.ReadAllocation(t.Context(), groupID); err != nil {
				t.Errorf("after the mend: %v", err)
			}
		})
	}
}

// A secret or a token is read anew, so that a mended file is enough.
func TestSecretsAreReadAnew(t *testing.T) {
	o := newOrganization(t)
	secret, failure := "expired", error(nil)
	read := func() (string, time.Time, error) { return secret, time.Time{}, failure }
	cfg := o.tokenConfig()
	cfg.ReadSecret = read
	credentials, err := ClientCredentials(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for variable, c := range map[string]struct {
		tokens *TokenSource
		good   string
	}{
		"UIPATH_CLIENT_SECRET": {credentials, o.ClientSecret()}, "UIPATH_ACCESS_TOKEN": {ReadToken(read), o.PersonalAccessToken()},
	} {
		a := o.allocations(t, c.tokens)
		secret, failure = "expired", errors.New("permission denied")
		_, err := a.ReadAllocation(t.Context(), groupID)
		if got, want := meaning(err), variable+"_FILE: the bot cannot read its secret for UiPath"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		failure = nil
		_, err = a.ReadAllocation(t.Context(), groupID)
		if fault, ok := approvals.NeedsOperator(err); !ok || fault.Variable != variable {
			t.Errorf("%s: got %s", variable, meaning(err))
		}
		secret = c.good
		if _, err := a.ReadAllocation(t.Context(), groupID); err != nil {
			t.Errorf("%s after the mend: %v", variable, err)
		}
	}
}

// Every variable that an error names has a remedy of its own.
func TestEveryVariableHasARemedy(t *testing.T) {
	variables := []string{variableURL, variableTokenURL}
	for _, s := range settingsOf {
		variables = append(variables, s.secret, s.identity, s.rights)
	}
	for _, v := range variableOfCode {
		variables = append(variables, v)
	}
	for _, secret := range []string{variableClientSecret, variablePassword, variableAccessToken} {
		variables = append(variables, secret+"_FILE")
	}
	for _, v := range variables {
		if remedy := (&approvals.OperatorError{Variable: v}).Remedy(); strings.Contains(remedy, ": check it;") || !strings.HasPrefix(remedy, v+": ") {
			t.Errorf("%s: %s", v, remedy)
		}
	}
	if said := fmt.Sprint(variables); strings.Contains(said, " _FILE") {
		t.Errorf("got %s", said)
	}
}

// A group that is younger than the lists in memory is found under its name, by either
// reference.
func TestANewGroupHasItsName(t *testing.T) {
	o := newOrganization(t)
	a := o.allocations(t, StaticToken(o.PersonalAccessToken()))
	for _, ref := range []string{"8d2f6a10-7b3c-4e5d-9f60-1a2b3c4d5e6f", "Payroll"} {
		if _, err := a.FindGroup(t.Context(), groupID); err != nil { // the lists are in memory now
			t.Fatal(err)
		}
		o.AddGroup(fakeuipath.Group{ID: "8d2f6a10-7b3c-4e5d-9f60-1a2b3c4d5e6f", Name: "Payroll", Codes: []string{"IDU"}})
		o.clock.pass(time.Millisecond)
		if g, err := a.FindGroup(t.Context(), ref); err != nil || g.Name != "Payroll" {
			t.Errorf("%s is %+v, %v", ref, g, err)
		}
		o.RemoveGroup("8d2f6a10-7b3c-4e5d-9f60-1a2b3c4d5e6f")
	}
}

// TestATokenThatIsNotValidYet is no refusal: the same token is good a moment later, and
// another one would be younger still.
func TestATokenThatIsNotValidYet(t *testing.T) {
	for _, words := range []string{
		`Bearer error="invalid_token", error_description="IDX10222: Lifetime validation failed. The token is not yet valid. ValidFrom: '10:00:05'"`,
		`Bearer error="invalid_token", error_description="The token is not valid before '11/29/2026 01:00:05'"`,
		`Bearer error="invalid_token", error_description="nbf is in the future"`,
	} {
		s, at := newStand(t), newClock()
		s.on(tokenRoute, issuer(`,"expires_in":3600`))
		s.on("GET "+ruleRoute, header(401, "", "WWW-Authenticate", words))
		s.on("GET "+ruleRoute+"/with-quota", header(401, "", "WWW-Authenticate", words))
		s.on("PUT "+ruleRoute, header(401, "", "WWW-Authenticate", words))
		a := NewAllocations(s.client(t, func(cfg *Config) { cfg.Tokens = credentials(t, s.tokenConfig(at)) }))
		_, err := a.ReadAllocation(t.Context(), groupID)
		if got := meaning(err); !strings.HasPrefix(got, "later after 5s: UiPath takes the bot's token for one that is not valid yet") {
			t.Errorf("a read: %s", got)
		}
		if _, err = a.WriteAllocation(t.Context(), groupID, approvals.Allocation{}); !approvals.EffectIsUnknown(err) {
			t.Errorf("a write: %v", err)
		}
		if n := s.count(tokenRoute); n != 1 {
			t.Errorf("%d tokens were fetched", n)
		}
	}
}
