package fakeuipath

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestUiPathClientCredentials(t *testing.T) {
	c := uipathSeeded(t, Config{TokenLife: 10 * time.Minute})
	var token struct {
		Value string `json:"access_token"`
		Life  int    `json:"expires_in"`
		Type  string `json:"token_type"`
		Scope string `json:"scope"`
	}
	c.form(c.app("PM.License.Read")).decode(t, &token)
	if token.Life != 600 || token.Type != "Bearer" || token.Scope != "PM.License.Read" || strings.Count(token.Value, ".") != 2 {
		t.Errorf("token is %+v", token)
	}
	c.form(c.app("")).want(t, 200, "PM.License.Read PM.License.Write PM.Group.Read")
}

func TestUiPathTokenAtHostLevelByBasicAuthentication(t *testing.T) {
	c := uipathSeeded(t, Config{})
	ask := func(form string) uipathReply {
		r := c.request("POST", "/identity_/connect/token", "application/x-www-form-urlencoded", form)
		r.SetBasicAuth(url.QueryEscape(c.u.ClientID()), url.QueryEscape(c.u.ClientSecret()))
		return c.send(r)
	}
	ask("grant_type=client_credentials").want(t, 200, "access_token")
	ask("grant_type=client_credentials&client_id="+c.u.ClientID()).want(t, 400, `{"error":"invalid_client"}`)
}

func TestUiPathTokenRefusals(t *testing.T) {
	c := uipathSeeded(t, Config{})
	with := func(name string, values ...string) url.Values {
		form := c.app("PM.License.Read")
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
		c.form(test.form).want(t, 400, fmt.Sprintf(`{"error":%q}`, test.want))
	}
	c.u.SetAppScopes("PM.License.Read")
	c.form(c.app("PM.License.Write")).want(t, 400, "invalid_scope")
}

func TestUiPathTokenAsksForAForm(t *testing.T) {
	c := uipathSeeded(t, Config{})
	reply := c.send(c.request("POST", "/acme/identity_/connect/token", "application/json", `{}`))
	reply.want(t, 200, "<html>")
	if got := reply.header.Get("Content-Type"); !strings.HasPrefix(got, "text/html") {
		t.Errorf("Content-Type is %q", got)
	}
}

func TestUiPathPasswordGrant(t *testing.T) {
	c := uipathSeeded(t, Config{})
	form := url.Values{"grant_type": {"password"}, "username": {c.u.Username()}, "password": {c.u.Password()}}
	c.form(form).want(t, 200, "access_token")
	form.Set("client_id", c.u.ClientID())
	c.form(form).want(t, 400, "invalid_client")
	form.Set("client_secret", c.u.ClientSecret())
	c.form(form).want(t, 200, "access_token")
}

func TestUiPathAuthenticate(t *testing.T) {
	clock := &uipathClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	c := uipathSeeded(t, Config{Now: clock.Now})
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
		c.send(c.request("POST", path, "application/json", login)).decode(t, &answer)
		c.bearer = answer.Result
		c.get(c.license("/group/g1")).want(t, 200, "RPADEVPRONU")
	}
	clock.advance(30 * time.Minute)
	c.get(c.license("/group/g1")).want(t, 401, "")
}

func TestUiPathAuthenticateRefusals(t *testing.T) {
	c := uipathSeeded(t, Config{})
	const path = "/acme/DefaultTenant/api/account/authenticate"
	wrong := `{"TenancyName":"DefaultTenant","UsernameOrEmailAddress":"admin","Password":"guess"}`
	c.send(c.request("POST", path, "application/json", wrong)).want(t, 401, `"success":false`)
	c.send(c.request("POST", path, "application/x-www-form-urlencoded", "Password=guess")).want(t, 415, "")
	c.send(c.request("POST", path, "application/json", `{"username":"admin"}`)).want(t, 400, "")
	c.send(c.request("POST", "/acme/Other/api/account/authenticate", "application/json", wrong)).want(t, 404, "")
}

func TestUiPathTokenExpires(t *testing.T) {
	clock := &uipathClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	c := uipathSeeded(t, Config{Now: clock.Now})
	c.signIn("PM.License.Read")
	clock.advance(time.Hour - time.Second)
	c.get(c.license("/group/g1")).want(t, 200, "")
	clock.advance(time.Second)
	reply := c.get(c.license("/group/g1"))
	reply.want(t, 401, "")
	if got := reply.header.Get("WWW-Authenticate"); !strings.Contains(got, "invalid_token") {
		t.Errorf("WWW-Authenticate is %q", got)
	}
}

func TestUiPathRevokeTokens(t *testing.T) {
	c := uipathSeeded(t, Config{})
	personal := c.bearer
	c.signIn("PM.License.Read")
	c.u.RevokeTokens()
	c.get(c.license("")).want(t, 401, "")
	c.bearer = personal
	c.get(c.license("")).want(t, 401, "")
	c.bearer = c.u.PersonalAccessToken()
	c.get(c.license("")).want(t, 200, "")
	c.signIn("PM.License.Read")
	c.get(c.license("")).want(t, 200, "")
}

func TestUiPathScopes(t *testing.T) {
	c := uipathSeeded(t, Config{})
	c.u.SetAppScopes("PM.License.Read", "PM.License.Write", "PM.Group.Read", "PM.License")
	group, groups := c.license("/group/g1"), c.identity("")
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
		c.get(group).want(t, test.read, "")
		c.put(group, `{"userBundleCodes":["IDU"]}`).want(t, test.write, "")
		c.get(groups).want(t, test.list, "")
	}
	c.u.SetPersonalAccessTokenScopes("PM.License.Read")
	c.bearer = c.u.PersonalAccessToken()
	c.get(group).want(t, 200, "")
	c.get(groups).want(t, 401, "") // not 403, for a personal access token
}

func TestUiPathJournalHoldsNoSecrets(t *testing.T) {
	c := uipathSeeded(t, Config{})
	c.signIn("PM.License.Read")
	c.form(url.Values{"grant_type": {"password"}, "username": {c.u.Username()}, "password": {c.u.Password()}})
	login := fmt.Sprintf(`{"TenancyName":%q,"UsernameOrEmailAddress":%q,"Password":%q}`, c.u.Tenant(), c.u.Username(), c.u.Password())
	c.send(c.request("POST", "/api/account/authenticate", "application/json", login))
	c.get(c.license("/group/" + c.bearer + "?access_token=" + c.bearer))
	c.send(c.request("POST", "/nowhere", "", c.u.ClientSecret()))
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
