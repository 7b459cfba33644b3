package licensing

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
)

// Authenticate is a source of tokens for a person of a tenant, by the JSON call
// that Automation Suite documents as ROPC (authentication-methods): POST
// account/authenticate. It is not OAuth, and no external application can use
// it. If an installation answers it only behind orchestrator_, the source finds
// out by itself.
func Authenticate(cfg TokenConfig) (*TokenSource, error) {
	err := requireFields("account/authenticate", "Tenant", cfg.Tenant, "Username", cfg.Username, "Password", cfg.Password)
	if err != nil {
		return nil, err
	}
	site, err := siteURL(cfg.URL, cfg.Organization)
	if err != nil {
		return nil, err
	}
	if !isPathSegment(cfg.Tenant) {
		return nil, errors.New("licensing: TokenConfig.Tenant must be the tenant's logical name")
	}
	tenant := site + "/" + url.PathEscape(cfg.Tenant)
	routes := []string{tenant + "/api/account/authenticate", tenant + "/orchestrator_/api/Account/Authenticate"}
	transport := cfg.transport()
	cfg.TokenURL = "" // another endpoint's
	signIn := func(ctx context.Context, current TokenConfig) (*oauth2.Token, time.Duration, error) {
		token, err := current.postCredentials(ctx, transport, routes)
		return token, authenticatedLife, err
	}
	return cfg.newTokenSource(methodPassword, passwordOf, signIn), nil
}

// postCredentials tries the routes in turn until one is there.
func (c TokenConfig) postCredentials(
	ctx context.Context, transport *transport, routes []string,
) (*oauth2.Token, error) {
	body, err := json.Marshal(map[string]string{
		"TenancyName": c.Tenant, "UsernameOrEmailAddress": c.Username, "Password": c.Password,
	})
	if err != nil {
		return nil, err
	}
	r := request{operation: opToken, method: http.MethodPost, body: body, secrets: c.secretValues()}
	var answer []byte
	for _, route := range routes {
		r.url = route
		answer, err = transport.sendRequest(ctx, r)
		if !routeAbsent(err) {
			break
		}
	}
	if err != nil {
		return nil, credentialsError(err)
	}
	return readToken(r, answer)
}

func routeAbsent(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed)
}

// readToken reads the token from ABP's envelope, in which a 200 may be a refusal.
func readToken(r request, body []byte) (*oauth2.Token, error) {
	var answer struct {
		Result  string `json:"result"`
		Success *bool  `json:"success"`
	}
	if err := decodeJSON(r, body, &answer); err != nil {
		return nil, err
	}
	if answer.Result == "" || answer.Success != nil && !*answer.Success {
		return nil, &Error{Op: opToken, Status: http.StatusOK, Kind: Misconfigured, Err: ErrNoToken}
	}
	return &oauth2.Token{AccessToken: answer.Result, TokenType: "Bearer"}, nil
}
