package licensing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// TokenConfig says where tokens come from and on whose behalf. Printed with any
// verb, or written as JSON, it withholds its secrets.
type TokenConfig struct {
	// URL and Organization are as in [Config]. Required, unless TokenURL says
	// it all.
	URL, Organization string
	// TokenURL is the OAuth token endpoint. "" means
	// {URL}/{Organization}/identity_/connect/token. [Authenticate] does not
	// use it.
	TokenURL string
	// Scopes to ask for, exactly as granted: a wider one than was granted is
	// answered with invalid_scope. None means all that were granted.
	Scopes []string
	// ClientID and ClientSecret are those of a confidential external
	// application.
	ClientID     string
	ClientSecret string `json:"-"`
	// Username and Password are a person's.
	Username string
	Password string `json:"-"`
	// Tenant is the tenant's logical name, for [Authenticate].
	Tenant string

	HTTPClient *http.Client  `json:"-"` // as in Config
	Timeout    time.Duration // as in Config
	// Now is the clock for the end of tokens and for dates in Retry-After. nil
	// means time.Now.
	Now       func() time.Time `json:"-"`
	UserAgent string           // as in Config
}

// Format writes what is not secret, whatever the verb.
func (c TokenConfig) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "licensing.TokenConfig{URL:%q Organization:%q TokenURL:%q ClientID:%q Username:%q Tenant:%q Scopes:%q}",
		c.URL, c.Organization, c.TokenURL, c.ClientID, c.Username, c.Tenant, c.Scopes)
}

// TokenURL returns the token endpoint of an organization, the one that
// getting-started-with-external-apis shows. Older pages leave the organization
// out.
func TokenURL(base, organization string) (string, error) {
	site, err := siteURL(base, organization)
	if err != nil {
		return "", err
	}
	return site + "/identity_/connect/token", nil
}

// ClientCredentials is a source of tokens for a confidential external
// application with application scopes: the OAuth grant client_credentials, with
// the secret in the form.
func ClientCredentials(cfg TokenConfig) (*Source, error) {
	if err := require("client credentials", "ClientID", cfg.ClientID, "ClientSecret", cfg.ClientSecret); err != nil {
		return nil, err
	}
	return cfg.grant(func(ctx context.Context, endpoint string) (*oauth2.Token, error) {
		conf := clientcredentials.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, TokenURL: endpoint,
			Scopes: cfg.Scopes, AuthStyle: oauth2.AuthStyleInParams,
		}
		return conf.Token(ctx)
	})
}

// PasswordGrant is a source of tokens for a person: the OAuth grant password,
// with the client's id and secret if there are any. UiPath's pages speak of
// "the ROPC method" but document only [Authenticate] for it; installations
// that put another identity provider in front may offer this.
func PasswordGrant(cfg TokenConfig) (*Source, error) {
	if err := require("the password grant", "Username", cfg.Username, "Password", cfg.Password); err != nil {
		return nil, err
	}
	return cfg.grant(func(ctx context.Context, endpoint string) (*oauth2.Token, error) {
		conf := oauth2.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Scopes: cfg.Scopes,
			Endpoint: oauth2.Endpoint{TokenURL: endpoint, AuthStyle: oauth2.AuthStyleInParams},
		}
		return conf.PasswordCredentialsToken(ctx, cfg.Username, cfg.Password)
	})
}

// require names the fields that are empty, given as names and values.
func require(what string, pairs ...string) error {
	var missing []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			missing = append(missing, pairs[i])
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("licensing: %s needs TokenConfig.%s", what, strings.Join(missing, " and ."))
}

// grant is a source that gets its tokens through x/oauth2.
func (c TokenConfig) grant(get func(context.Context, string) (*oauth2.Token, error)) (*Source, error) {
	endpoint, err := c.endpoint()
	if err != nil {
		return nil, err
	}
	link := c.link()
	guarded := *link.http
	guarded.Transport = &tokenTransport{base: guarded.Transport, link: link, ask: ask{op: opToken, secrets: c.secrets()}}
	fetch := func(ctx context.Context) (*oauth2.Token, time.Duration, error) {
		ctx, cancel := context.WithTimeout(ctx, link.timeout)
		defer cancel()
		token, err := get(context.WithValue(ctx, oauth2.HTTPClient, &guarded), endpoint)
		if err != nil {
			return nil, 0, tokenError(err, c.secrets())
		}
		return token, lifeOf(token), nil
	}
	return &Source{fetch: fetch, now: link.now}, nil
}

func (c TokenConfig) endpoint() (string, error) {
	if c.TokenURL == "" {
		return TokenURL(c.URL, c.Organization)
	}
	u, err := url.Parse(c.TokenURL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", errors.New("licensing: TokenConfig.TokenURL must be absolute and without a user")
	}
	return c.TokenURL, nil
}

func (c TokenConfig) link() *link { return newLink(c.HTTPClient, c.Timeout, c.Now, c.UserAgent) }

func (c TokenConfig) secrets() []string { return []string{c.ClientSecret, c.Password} }

// lifeOf reads expires_in, which x/oauth2 has turned into a time of its own
// clock already.
func lifeOf(token *oauth2.Token) time.Duration {
	seconds, err := strconv.ParseFloat(fmt.Sprint(token.Extra("expires_in")), 64)
	if err != nil || seconds <= 0 || seconds > 1e9 {
		return usualLife
	}
	return time.Duration(seconds) * time.Second
}

// tokenTransport judges answers of a token endpoint before x/oauth2 sees them,
// so that it meets none that it would misread or quote: pages with status 200,
// errors that are objects, answers without a token.
type tokenTransport struct {
	base http.RoundTripper // nil: the default
	link *link
	ask  ask
}

func (t *tokenTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	req = req.Clone(req.Context())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", t.link.agent)
	resp, err := base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := t.link.read(resp, t.ask)
	if err != nil {
		return nil, credentialsError(err)
	}
	if err := t.ask.grantError(body); err != nil {
		return nil, err
	}
	resp.Header.Set("Content-Type", "application/json") // text/plain would be read as a form
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// credentialsError sets the kind that a status has at a token endpoint.
func credentialsError(err error) error {
	var e *Error
	if errors.As(err, &e) {
		e.Kind = tokenKind(e.Kind, e.Status)
	}
	return err
}

// grantError finds what a 200 has instead of a token.
func (a ask) grantError(body []byte) error {
	var answer struct {
		Token string          `json:"access_token"`
		Error json.RawMessage `json:"error"`
	}
	if err := decode(a, body, &answer); err != nil {
		return err
	}
	if present(answer.Error) || answer.Token == "" {
		e := &Error{Op: a.op, Status: http.StatusOK, Kind: Unauthorized, Err: ErrNoToken}
		e.Said = oneLine(messages(body), append(a.secrets, answer.Token))
		return e
	}
	return nil
}

func present(raw json.RawMessage) bool {
	return len(raw) > 0 && string(raw) != "null" && string(raw) != `""`
}
