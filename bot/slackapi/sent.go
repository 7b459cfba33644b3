package slackapi

import (
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"licensebot/internal/outbound"
)

// A neverSentError says that a call got no connection, so that nothing of it was
// written.
type neverSentError struct{ err error }

// Error is the error of the connection.
func (e *neverSentError) Error() string { return e.err.Error() }

func (e *neverSentError) Unwrap() error { return e.err }

// A transport says of each failed call whether it got a connection, and refuses answers
// that the library would misunderstand.
type transport struct {
	*http.Transport
	follow atomic.Pointer[func(header string)] // receives the Date of each answer
}

func newTransport() *transport { return &transport{Transport: outbound.NewTransport()} }

// RoundTrip carries a call out.
func (t *transport) RoundTrip(call *http.Request) (*http.Response, error) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	answer, err := t.Transport.RoundTrip(call.WithContext(httptrace.WithClientTrace(call.Context(), trace)))
	if err != nil && !connected.Load() {
		err = &neverSentError{err}
	}
	if err != nil {
		return nil, err
	}
	if follow := t.follow.Load(); follow != nil {
		(*follow)(answer.Header.Get("Date"))
	}
	rewriteRetryAfter(answer, time.Now())
	if err := checkAnswer(methodOf(call), answer); err != nil {
		return nil, err
	}
	return answer, nil
}
