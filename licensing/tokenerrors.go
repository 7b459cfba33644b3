package licensing

import (
	"errors"
	"net/http"

	"golang.org/x/oauth2"
)

// credentialsError sets the kind that a status has at a token endpoint.
func credentialsError(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Kind = tokenKind(e.Kind, e.Status)
	}
	return err
}

// tokenError makes an *Error of a failure to get a token. It drops an
// oauth2.RetrieveError, which holds the whole answer and, behind it, the request
// with its secrets.
func tokenError(err error, secrets []string) error {
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	r := request{operation: opToken, secrets: secrets}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response != nil {
		status := refused.Response.StatusCode
		e := &Error{Op: opToken, Status: status, Kind: tokenKind(classifyStatus(status, false), status)}
		e.Answer = r.answerText(refused.Body)
		return e
	}
	return r.noAnswerError(err)
}

// tokenKind corrects the kind: a token endpoint answers wrong credentials with 400
// or 403.
func tokenKind(kind Kind, status int) Kind {
	switch status {
	case http.StatusBadRequest, http.StatusForbidden:
		return Unauthorized
	}
	return kind
}
