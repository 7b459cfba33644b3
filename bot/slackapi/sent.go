package slackapi

import (
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// connectLimit bounds the dial and the TLS handshake, each. Together they stay below
// callLimit, so that a call that got no connection is told from one that got no
// answer.
const connectLimit = 5 * time.Second

// A neverSentError says that a call got no connection, so that nothing of it was
// written.
type neverSentError struct{ err error }

// Error is the error of the connection.
func (e *neverSentError) Error() string { return e.err.Error() }

func (e *neverSentError) Unwrap() error { return e.err }

// A transport says of each failed call whether it got a connection.
type transport struct{ *http.Transport }

func newTransport() transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: connectLimit}).DialContext
	t.TLSHandshakeTimeout = connectLimit
	return transport{t}
}

// RoundTrip carries a call out.
func (t transport) RoundTrip(call *http.Request) (*http.Response, error) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	answer, err := t.Transport.RoundTrip(call.WithContext(httptrace.WithClientTrace(call.Context(), trace)))
	if err != nil && !connected.Load() {
		err = &neverSentError{err}
	}
	return answer, err
}
