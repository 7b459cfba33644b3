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
// it. Installations that answer it only behind orchestrator_ are found by
// themselves.
func Authenticate(cfg TokenConfig) (*Source, error) {
	err := require("account/authenticate", "Tenant", cfg.Tenant, "Username", cfg.Username, "Password", cfg.Password)
	if err != nil {
		return nil, err
	}
	site, err := siteURL(cfg.URL, cfg.Organization)
	if err != nil {
		return nil, err
	}
	if !validID(cfg.Tenant) {
		return nil, errors.New("licensing: TokenConfig.Tenant must be the tenant's logical name")
	}
	tenant := site + "/" + url.PathEscape(cfg.Tenant)
	routes := []string{tenant + "/api/account/authenticate", tenant + "/orchestrator_/api/Account/Authenticate"}
	link := cfg.link()
	fetch := func(ctx context.Context) (*oauth2.Token, time.Duration, error) {
		token, err := cfg.authenticate(ctx, link, routes)
		return token, authenticatedLife, err
	}
	return &Source{fetch: fetch, now: link.now}, nil
}

// authenticate asks the routes in turn, as long as one is not there.
func (c TokenConfig) authenticate(ctx context.Context, link *link, routes []string) (*oauth2.Token, error) {
	body, err := json.Marshal(map[string]string{
		"TenancyName": c.Tenant, "UsernameOrEmailAddress": c.Username, "Password": c.Password,
	})
	if err != nil {
		return nil, err
	}
	a := ask{op: opToken, method: http.MethodPost, body: body, secrets: c.secrets()}
	var answer []byte
	for _, route := range routes {
		a.url = route
		answer, err = link.send(ctx, a)
		if !routeAbsent(err) {
			break
		}
	}
	if err != nil {
		return nil, credentialsError(err)
	}
	return authenticated(a, answer)
}

func routeAbsent(err error) bool {
	e, ok := err.(*Error)
	return ok && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed)
}

// authenticated reads the token from ABP's envelope, in which a 200 may be a
// refusal.
func authenticated(a ask, body []byte) (*oauth2.Token, error) {
	var answer struct {
		Result  string `json:"result"`
		Success *bool  `json:"success"`
	}
	if err := decode(a, body, &answer); err != nil {
		return nil, err
	}
	if answer.Result == "" || answer.Success != nil && !*answer.Success {
		e := &Error{Op: opToken, Status: http.StatusOK, Kind: Unauthorized, Err: ErrNoToken}
		e.Said = oneLine(messages(body), append(a.secrets, answer.Result))
		return nil, e
	}
	return &oauth2.Token{AccessToken: answer.Result, TokenType: "Bearer"}, nil
}
