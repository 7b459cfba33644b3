// Package slacktoken lets a token of Slack change while the bot runs. slack-go keeps
// the token with which its client was made, so the HTTP transport below it puts the
// token of now into each call.
//
//	token := slacktoken.New("xoxb-1")
//	client := slack.New("xoxb-1", slack.OptionHTTPClient(&http.Client{Transport: token.Transport(next)}))
//	token.Replace("xoxb-2")
package slacktoken

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
)

// A Token is one that may be replaced. It is safe for concurrent use.
type Token struct {
	given   string // what the client puts into its calls
	current atomic.Pointer[string]
}

// New makes a token that has not been replaced yet.
func New(given string) *Token {
	t := &Token{given: given}
	t.current.Store(&given)
	return t
}

// Replace changes the token of all later calls.
func (t *Token) Replace(token string) { t.current.Store(&token) }

// Transport puts the token into each call and hands the call on.
func (t *Token) Transport(next http.RoundTripper) http.RoundTripper { return transport{t, next} }

type transport struct {
	token *Token
	next  http.RoundTripper
}

// RoundTrip changes a copy of the call: the token is in the header, in the form, or in
// both.
func (t transport) RoundTrip(call *http.Request) (*http.Response, error) {
	given, current := t.token.given, *t.token.current.Load()
	if given == current {
		return t.next.RoundTrip(call)
	}
	signed := call.Clone(call.Context())
	if signed.Header.Get("Authorization") == "Bearer "+given {
		signed.Header.Set("Authorization", "Bearer "+current)
	}
	if call.Body != nil && call.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		form, err := readForm(call.Body)
		if err != nil {
			return nil, err
		}
		if form.Get("token") == given {
			form.Set("token", current)
		}
		setForm(signed, form)
	}
	return t.next.RoundTrip(signed)
}

func readForm(body io.ReadCloser) (url.Values, error) {
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(text))
}

// setForm also lets net/http repeat a call whose connection was closed before Slack
// read it.
func setForm(call *http.Request, form url.Values) {
	text := form.Encode()
	call.ContentLength = int64(len(text))
	call.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	call.Body, _ = call.GetBody()
}

// CloseIdleConnections lets http.Client close those of the transport below.
func (t transport) CloseIdleConnections() {
	if closer, can := t.next.(interface{ CloseIdleConnections() }); can {
		closer.CloseIdleConnections()
	}
}
