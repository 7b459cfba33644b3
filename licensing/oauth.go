package licensing

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// ClientCredentials is a source of tokens for a confidential external
// application with application scopes: the OAuth grant client_credentials, with
// the secret in the form.
func ClientCredentials(cfg TokenConfig) (*TokenSource, error) {
	if err := requireFields("client credentials", "ClientID", cfg.ClientID, "ClientSecret", cfg.ClientSecret); err != nil {
		return nil, err
	}
	return cfg.oauthSource(methodClientCredentials, clientSecretOf, func(
		ctx context.Context, cfg TokenConfig, endpoint string,
	) (*oauth2.Token, error) {
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
func PasswordGrant(cfg TokenConfig) (*TokenSource, error) {
	if err := requireFields("the password grant", "Username", cfg.Username, "Password", cfg.Password); err != nil {
		return nil, err
	}
	return cfg.oauthSource(methodPassword, passwordOf, func(
		ctx context.Context, cfg TokenConfig, endpoint string,
	) (*oauth2.Token, error) {
		conf := oauth2.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Scopes: cfg.Scopes,
			Endpoint: oauth2.Endpoint{TokenURL: endpoint, AuthStyle: oauth2.AuthStyleInParams},
		}
		return conf.PasswordCredentialsToken(ctx, cfg.Username, cfg.Password)
	})
}

// oauthSource is a source that gets its tokens through x/oauth2.
func (c TokenConfig) oauthSource(
	m method, secretOf func(*TokenConfig) *string,
	get func(context.Context, TokenConfig, string) (*oauth2.Token, error),
) (*TokenSource, error) {
	endpoint, err := c.tokenEndpoint()
	if err != nil {
		return nil, err
	}
	transport := c.transport()
	signIn := func(ctx context.Context, current TokenConfig) (*oauth2.Token, time.Duration, error) {
		guarded := *transport.client
		guarded.Transport = &tokenTransport{
			base: guarded.Transport, transport: transport,
			request: request{operation: opToken, secrets: current.secretValues()},
		}
		ctx, cancel := context.WithTimeout(ctx, transport.timeout)
		defer cancel()
		token, err := get(context.WithValue(ctx, oauth2.HTTPClient, &guarded), current, endpoint)
		if err != nil {
			return nil, 0, tokenError(err, current.secretValues())
		}
		return token, tokenLife(token), nil
	}
	return c.newTokenSource(m, secretOf, signIn), nil
}

// tokenLife reads expires_in. The token's own expiry is no use: x/oauth2 takes it
// from another clock.
func tokenLife(token *oauth2.Token) time.Duration {
	seconds, err := strconv.ParseFloat(fmt.Sprint(token.Extra("expires_in")), 64)
	if err != nil || seconds <= 0 || seconds > 1e9 {
		return assumedLife
	}
	return time.Duration(seconds) * time.Second
}

// tokenTransport judges answers of a token endpoint before x/oauth2 sees them. It
// keeps away those that x/oauth2 would misread or quote: pages with status 200,
// errors that are objects, answers without a token.
type tokenTransport struct {
	base      http.RoundTripper
	transport *transport
	request   request
}

// RoundTrip returns an answer that has a token, or an *Error.
func (t *tokenTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", t.transport.agent)
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := t.transport.readAnswer(resp, t.request)
	if err != nil {
		return nil, credentialsError(err)
	}
	if err := t.request.missingToken(body); err != nil {
		return nil, err
	}
	if body, err = tokenAnswer(body); err != nil {
		return nil, err
	}
	resp.Header.Set("Content-Type", "application/json") // text/plain would be read as a form
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// tokenAnswer writes an answer with a token as x/oauth2 reads it: that takes no decimal
// for a lifetime, and no other text than a whole number.
func tokenAnswer(body []byte) ([]byte, error) {
	var answer struct {
		Token string          `json:"access_token"`
		Life  json.RawMessage `json:"expires_in"`
		Scope json.RawMessage `json:"scope"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	plain := map[string]any{
		"access_token": strings.TrimSpace(answer.Token), "token_type": "Bearer",
		"scope": strings.Join(decodeScopes(answer.Scope), " "),
	}
	seconds, err := strconv.ParseFloat(strings.Trim(string(answer.Life), `" `), 64)
	if err == nil && seconds > 0 && seconds < 1e9 {
		plain["expires_in"] = int64(seconds)
	}
	return json.Marshal(plain)
}

// missingToken is nil if a 200 has a token, and else says what it has instead.
func (r request) missingToken(body []byte) error {
	var answer struct {
		Token string          `json:"access_token"`
		Error json.RawMessage `json:"error"`
	}
	if err := decodeJSON(r, body, &answer); err != nil {
		return err
	}
	if hasValue(answer.Error) || !isHeaderText(strings.TrimSpace(answer.Token)) {
		return &Error{
			Op: r.operation, Status: http.StatusOK, Kind: Misconfigured, Err: ErrNoToken, Answer: r.answerText(body),
		}
	}
	return nil
}

// isHeaderText reports whether a token can be sent: it is not empty and has no blanks
// or control characters.
func isHeaderText(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

func hasValue(raw json.RawMessage) bool {
	return len(raw) > 0 && string(raw) != "null" && string(raw) != `""`
}
