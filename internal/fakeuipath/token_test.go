package fakeuipath

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"licensebot/internal/testclock"
)

func TestClientCredentials(t *testing.T) {
	c := startSeeded(t, Config{TokenLife: 10 * time.Minute})
	var token struct {
		Value string `json:"access_token"`
		Life  int    `json:"expires_in"`
		Type  string `json:"token_type"`
		Scope string `json:"scope"`
	}
	c.postTokenForm(c.clientForm("PM.License.Read")).decodeJSON(t, &token)
	if token.Life != 600 || token.Type != "Bearer" || token.Scope != "PM.License.Read" || strings.Count(token.Value, ".") != 2 {
		t.Errorf("token is %+v", token)
	}
	c.postTokenForm(c.clientForm("")).wantAnswer(t, 200, "PM.License.Read PM.License.Write PM.Group.Read")
}

func TestTokenAtHostLevelByBasicAuthentication(t *testing.T) {
	c := startSeeded(t, Config{})
	ask := func(form string) testReply {
		r := c.newRequest("POST", "/identity_/connect/token", "application/x-www-form-urlencoded", form)
		r.SetBasicAuth(url.QueryEscape(c.u.ClientID()), url.QueryEscape(c.u.ClientSecret()))
		return c.sendRequest(r)
	}
	ask("grant_type=client_credentials").wantAnswer(t, 200, "access_token")
	ask("grant_type=client_credentials&client_id="+c.u.ClientID()).wantAnswer(t, 400, `{"error":"invalid_client"}`)
}

func TestTokenRefusals(t *testing.T) {
	c := startSeeded(t, Config{})
	with := func(name string, values ...string) url.Values {
		form := c.clientForm("PM.License.Read")
		form[name] = values
		return form
	}
	password := url.Values{"grant_type": {"password"}, "username": {c.u.Username()}, "password": {"guess"}}
	for _, test := range []struct {
		form url.Values
		want string
	}{
		{with("client_secret", "guess"), "invalid_client"},
		{with("client_secret"), "invalid_client"},
		{with("client_id", "someone"), "invalid_client"},
		{with("scope", "PM.License"), "invalid_scope"},
		{with("scope", "PM.License.Read offline_access"), "invalid_scope"},
		{with("scope", "PM.License.Read", "PM.License.Write"), "invalid_request"},
		{with("grant_type", "refresh_token"), "unsupported_grant_type"},
		{with("grant_type"), "unsupported_grant_type"},
		{password, "invalid_grant"},
	} {
		c.postTokenForm(test.form).wantAnswer(t, 400, fmt.Sprintf(`{"error":%q}`, test.want))
	}
	c.u.SetAppScopes("PM.License.Read")
	c.postTokenForm(c.clientForm("PM.License.Write")).wantAnswer(t, 400, "invalid_scope")
}

func TestTokenAsksForAForm(t *testing.T) {
	c := startSeeded(t, Config{})
	reply := c.sendRequest(c.newRequest("POST", "/acme/identity_/connect/token", "application/json", `{}`))
	reply.wantAnswer(t, 200, "<html>")
	if got := reply.header.Get("Content-Type"); !strings.HasPrefix(got, "text/html") {
		t.Errorf("Content-Type is %q", got)
	}
}

func TestPasswordGrant(t *testing.T) {
	c := startSeeded(t, Config{})
	form := url.Values{"grant_type": {"password"}, "username": {c.u.Username()}, "password": {c.u.Password()}}
	c.postTokenForm(form).wantAnswer(t, 200, "access_token")
	form.Set("client_id", c.u.ClientID())
	c.postTokenForm(form).wantAnswer(t, 400, "invalid_client")
	form.Set("client_secret", c.u.ClientSecret())
	c.postTokenForm(form).wantAnswer(t, 200, "access_token")
}

func TestAuthenticate(t *testing.T) {
	clock := testclock.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	c := startSeeded(t, Config{Now: clock.Now})
	login := fmt.Sprintf(`{"TenancyName":%q,"UsernameOrEmailAddress":%q,"Password":%q}`, c.u.Tenant(), c.u.Username(), c.u.Password())
	for _, path := range []string{
		"/acme/DefaultTenant/api/account/authenticate",
		"/acme/DefaultTenant/orchestrator_/api/Account/Authenticate",
		"/api/account/authenticate",
	} {
		c.bearer = ""
		var answer struct {
			Result  string
			Success bool
		}
		c.sendRequest(c.newRequest("POST", path, "application/json", login)).decodeJSON(t, &answer)
		c.bearer = answer.Result
		c.get(c.licensePath("/group/g1")).wantAnswer(t, 200, "RPADEVPRONU")
	}
	clock.Advance(30 * time.Minute)
	c.get(c.licensePath("/group/g1")).wantAnswer(t, 401, "")
}

func TestAuthenticateRefusals(t *testing.T) {
	c := startSeeded(t, Config{})
	const path = "/acme/DefaultTenant/api/account/authenticate"
	wrong := `{"TenancyName":"DefaultTenant","UsernameOrEmailAddress":"admin","Password":"guess"}`
	c.sendRequest(c.newRequest("POST", path, "application/json", wrong)).wantAnswer(t, 401, `"success":false`)
	c.sendRequest(c.newRequest("POST", path, "application/x-www-form-urlencoded", "Password=guess")).wantAnswer(t, 415, "")
	c.sendRequest(c.newRequest("POST", path, "application/json", `{"username":"admin"}`)).wantAnswer(t, 400, "")
	c.sendRequest(c.newRequest("POST", "/acme/Other/api/account/authenticate", "application/json", wrong)).wantAnswer(t, 404, "")
}

func TestTokenExpires(t *testing.T) {
	clock := testclock.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	c := startSeeded(t, Config{Now: clock.Now})
	c.signIn("PM.License.Read")
	clock.Advance(time.Hour - time.Second)
	c.get(c.licensePath("/group/g1")).wantAnswer(t, 200, "")
	clock.Advance(time.Second)
	reply := c.get(c.licensePath("/group/g1"))
	reply.wantAnswer(t, 401, "")
	if got := reply.header.Get("WWW-Authenticate"); !strings.Contains(got, "invalid_token") {
		t.Errorf("WWW-Authenticate is %q", got)
	}
}

func TestRevokeTokens(t *testing.T) {
	c := startSeeded(t, Config{})
	personal := c.bearer
	c.signIn("PM.License.Read")
	c.u.RevokeTokens()
	c.get(c.licensePath("")).wantAnswer(t, 401, "")
	c.bearer = personal
	c.get(c.licensePath("")).wantAnswer(t, 401, "")
	c.bearer = c.u.PersonalAccessToken()
	c.get(c.licensePath("")).wantAnswer(t, 200, "")
	c.signIn("PM.License.Read")
	c.get(c.licensePath("")).wantAnswer(t, 200, "")
}

func TestScopes(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.SetAppScopes("PM.License.Read", "PM.License.Write", "PM.Group.Read", "PM.License")
	group, groups := c.licensePath("/group/g1"), c.identityPath("")
	for _, test := range []struct {
		scope             string
		read, write, list int
	}{
		{"PM.License.Read", 200, 403, 403},
		{"PM.License.Write", 403, 200, 403},
		{"PM.Group.Read", 403, 403, 200},
		{"PM.License", 200, 200, 403},
	} {
		c.signIn(test.scope)
		c.get(group).wantAnswer(t, test.read, "")
		c.put(group, `{"userBundleCodes":["IDU"]}`).wantAnswer(t, test.write, "")
		c.get(groups).wantAnswer(t, test.list, "")
	}
	c.u.SetPersonalAccessTokenScopes("PM.License.Read")
	c.bearer = c.u.PersonalAccessToken()
	c.get(group).wantAnswer(t, 200, "")
	c.get(groups).wantAnswer(t, 401, "") // not 403, for a personal access token
}

func TestJournalHoldsNoSecrets(t *testing.T) {
	c := startSeeded(t, Config{})
	c.signIn("PM.License.Read")
	c.postTokenForm(url.Values{"grant_type": {"password"}, "username": {c.u.Username()}, "password": {c.u.Password()}})
	login := fmt.Sprintf(`{"TenancyName":%q,"UsernameOrEmailAddress":%q,"Password":%q}`, c.u.Tenant(), c.u.Username(), c.u.Password())
	c.sendRequest(c.newRequest("POST", "/api/account/authenticate", "application/json", login))
	c.get(c.licensePath("/group/" + c.bearer + "?access_token=" + c.bearer))
	c.sendRequest(c.newRequest("POST", "/nowhere", "", c.u.ClientSecret()))
	journal := fmt.Sprintf("%+v", c.u.Calls(""))
	for _, secret := range []string{c.bearer, c.u.ClientSecret(), c.u.Password(), c.u.PersonalAccessToken(), "eyJ"} {
		if strings.Contains(journal, secret) {
			t.Errorf("the journal holds %q:\n%s", secret, journal)
		}
	}
	first := c.u.Calls("token")[0]
	if first.Body != "grant_type=client_credentials&scope=PM.License.Read" || first.Status != http.StatusOK {
		t.Errorf("token call is %+v", first)
	}
}
