// Package noredirect keeps HTTP clients from following redirects. A redirect would
// carry a token, a password or a message to a place outside the configuration.
//
//	client := noredirect.Client(&http.Client{Timeout: time.Minute})
//
// The client returns the redirect itself as the answer.
package noredirect

import "net/http"

// Client returns a copy of a client that follows no redirect.
func Client(base *http.Client) *http.Client {
	own := *base
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}
