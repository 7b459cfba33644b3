package fakeuipath

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The scopes that this UiPath asks for. PM.License includes the first two, and
// PM.Group the third (docs.uipath.com, platform management scopes).
const (
	scopeLicenseRead  = "PM.License.Read"
	scopeLicenseWrite = "PM.License.Write"
	scopeGroupRead    = "PM.Group.Read"
)

// sessionLife is how long an ROPC token is valid.
const sessionLife = 30 * time.Minute

// signInPage is what the token endpoint answers, with 200, to a Content-Type
// other than that of a form.
const signInPage = "<!DOCTYPE html><html><head><title>UiPath</title></head><body>Sign in</body></html>"

// issuedToken is a token of this UiPath, which may have expired.
type issuedToken struct {
	scopes   []string
	expires  time.Time // zero for never
	personal bool
}

func defaultScopes() []string {
	return []string{scopeLicenseRead, scopeLicenseWrite, scopeGroupRead}
}

func (t issuedToken) hasScope(scope string) bool {
	whole := scope[:strings.LastIndex(scope, ".")]
	return slices.Contains(t.scopes, scope) || slices.Contains(t.scopes, whole)
}

// SetAppScopes sets the scopes of the external application, by default
// PM.License.Read, PM.License.Write and PM.Group.Read. A request for any other
// scope is invalid_scope, even for PM.License when PM.License.Read is granted.
// Issued tokens keep their scopes.
func (u *Server) SetAppScopes(scopes ...string) {
	u.changeState(func() { u.appScopes = slices.Clone(scopes) })
}

// NamePartition makes the tokens issued from now on name an organization by its id,
// as the claim prt_id. Tokens of client credentials may lack it, as they do at first.
func (u *Server) NamePartition(id string) {
	u.changeState(func() { u.partition = id })
}

// PersonalAccessToken is a token that does not expire.
func (u *Server) PersonalAccessToken() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.personal
}

// SetPersonalAccessTokenScopes replaces the personal access token by one with
// these scopes. The first one has the scopes of the external application. If
// such a token lacks a scope, the answer is 401 instead of 403.
func (u *Server) SetPersonalAccessTokenScopes(scopes ...string) {
	u.changeState(func() { u.newPersonalToken(scopes) })
}

// RevokeTokens makes every issued token worthless, and issues a new personal
// access token.
func (u *Server) RevokeTokens() {
	u.changeState(func() {
		scopes := u.tokens[u.personal].scopes
		for value, token := range u.tokens {
			token.scopes = nil
			token.expires = time.Unix(0, 0) // kept: the journal must still recognize the secret
			u.tokens[value] = token
		}
		u.newPersonalToken(scopes)
	})
}

func (u *Server) newPersonalToken(scopes []string) {
	if old, ok := u.tokens[u.personal]; ok {
		old.expires = time.Unix(0, 0)
		u.tokens[u.personal] = old
	}
	u.personal = "rt_" + rand.Text()
	u.tokens[u.personal] = issuedToken{scopes: slices.Clone(scopes), personal: true}
}

// issueToken makes a token in the shape of a JWT.
func (u *Server) issueToken(token issuedToken) string {
	part := base64.RawURLEncoding.EncodeToString
	value := part([]byte(`{"alg":"RS256","typ":"at+jwt"}`)) + "." +
		part(u.claimsOf(token)) + "." +
		part([]byte(rand.Text()))
	u.tokens[value] = token
	u.wakeWaiters()
	return value
}

// claimsOf is what a token says of itself.
func (u *Server) claimsOf(token issuedToken) []byte {
	claims := map[string]any{
		"iss": u.url, "exp": token.expires.Unix(), "jti": rand.Text(), "scope": token.scopes,
	}
	if u.partition != "" {
		claims["prt_id"] = u.partition
	}
	encoded, err := json.Marshal(claims)
	if err != nil {
		panic(err) // every value is of a type that JSON has
	}
	return encoded
}

// checkToken checks the bearer token of a request for a scope, and answers if
// it refuses.
func (x *exchange) checkToken(scope string) bool {
	kind, value, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	token, known := x.u.tokens[value]
	expired := !token.expires.IsZero() && !x.now.Before(token.expires)
	switch {
	case !strings.EqualFold(kind, "Bearer") || !known || expired || token.personal && !token.hasScope(scope):
		x.w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		x.answerError(http.StatusUnauthorized, "You are not authenticated.")
		return false
	case !token.hasScope(scope):
		x.answerError(http.StatusForbidden, "You are not allowed to perform this operation.")
		return false
	}
	return true
}

// serveToken is the OAuth token endpoint. UiPath documents client credentials;
// the password grant is OAuth's form of its ROPC.
func (x *exchange) serveToken() {
	if !x.hasContentType("application/x-www-form-urlencoded") {
		x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = x.w.Write([]byte(signInPage))
		return
	}
	form, err := url.ParseQuery(string(x.body))
	if err != nil || repeatsField(form) {
		x.refuseToken("invalid_request")
		return
	}
	switch grant := form.Get("grant_type"); {
	case !x.isRightClient(form, grant == "password"):
		x.refuseToken("invalid_client")
	case grant == "client_credentials":
		x.grantToken(form, x.u.appScopes)
	case grant == "password" && !x.isRightUser(form.Get("username"), form.Get("password")):
		x.refuseToken("invalid_grant")
	case grant == "password":
		x.grantToken(form, defaultScopes())
	default:
		x.refuseToken("unsupported_grant_type")
	}
}

func repeatsField(form url.Values) bool {
	for _, values := range form {
		if len(values) > 1 {
			return true
		}
	}
	return false
}

// isRightClient takes the app's credentials from the form or from Basic
// authentication, which encodes them as in a form (RFC 6749, 2.3.1).
func (x *exchange) isRightClient(form url.Values, mayLack bool) bool {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if name, pass, ok := x.r.BasicAuth(); ok {
		if id != "" || secret != "" {
			return false // "MUST NOT use more than one authentication method"
		}
		id, _ = url.QueryUnescape(name)
		secret, _ = url.QueryUnescape(pass)
	}
	if mayLack && id == "" && secret == "" {
		return true
	}
	return id == x.u.clientID && secret == x.u.clientSecret
}

func (x *exchange) isRightUser(name, password string) bool {
	return name == x.u.username && password == x.u.password
}

// grantToken issues a token for the requested scopes, by default for all.
func (x *exchange) grantToken(form url.Values, may []string) {
	asked := strings.Fields(form.Get("scope"))
	for _, scope := range asked {
		if !slices.Contains(may, scope) {
			x.refuseToken("invalid_scope")
			return
		}
	}
	if len(asked) == 0 {
		asked = may
	}
	life := x.u.cfg.TokenLife
	x.w.Header().Set("Cache-Control", "no-store")
	x.answerJSON(http.StatusOK, map[string]any{
		"access_token": x.u.issueToken(issuedToken{scopes: slices.Clone(asked), expires: x.now.Add(life)}),
		"expires_in":   int(life.Seconds()),
		"token_type":   "Bearer",
		"scope":        strings.Join(asked, " "),
	})
}

func (x *exchange) refuseToken(name string) {
	x.answerJSON(http.StatusBadRequest, map[string]string{"error": name})
}

// serveAuthenticate is UiPath's own ROPC: JSON instead of OAuth, and valid for
// half an hour (docs.uipath.com, ropc-authentication).
func (x *exchange) serveAuthenticate() {
	var login struct{ TenancyName, UsernameOrEmailAddress, Password string }
	if !x.decodeBody(&login, "TenancyName", "UsernameOrEmailAddress", "Password") {
		return
	}
	if login.TenancyName != x.u.tenantID || !x.isRightUser(login.UsernameOrEmailAddress, login.Password) {
		x.answerJSON(http.StatusUnauthorized, abpEnvelope(nil, "Invalid credentials, failed to login."))
		return
	}
	token := issuedToken{scopes: defaultScopes(), expires: x.now.Add(sessionLife)}
	x.answerJSON(http.StatusOK, abpEnvelope(x.u.issueToken(token), ""))
}

// abpEnvelope is an answer of ASP.NET Boilerplate, the base of Orchestrator.
func abpEnvelope(result any, message string) map[string]any {
	var problem any
	if message != "" {
		problem = map[string]any{"code": 0, "message": message, "details": nil, "validationErrors": nil}
	}
	return map[string]any{"result": result, "targetUrl": nil, "success": message == "", "error": problem,
		"unAuthorizedRequest": message != "", "__abp": true}
}
