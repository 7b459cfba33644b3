package licensing

import (
	"errors"

	"golang.org/x/oauth2"
)

// credentialsError corrects the kind: no answer of a token endpoint is a refusal
// of the change.
func credentialsError(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == Refused {
		e.Kind = Misconfigured
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
		return credentialsError(&Error{
			Op: opToken, Status: status, Kind: classifyStatus(status, false), Answer: r.answerText(refused.Body),
		})
	}
	return r.noAnswerError(err)
}
