package licensing

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"

	"licensebot/approvals"
	"licensebot/internal/outbound"
)

// The environment variables that an operator may have to look at.
const (
	variableProxy        = "HTTPS_PROXY"
	variableURL          = "UIPATH_URL"
	variableTokenURL     = "UIPATH_TOKEN_URL"
	variableAccountID    = "UIPATH_ACCOUNT_ID"
	variableAuth         = "UIPATH_AUTH"
	variableClientID     = "UIPATH_CLIENT_ID"
	variableClientSecret = "UIPATH_CLIENT_SECRET"
	variableScopes       = "UIPATH_SCOPES"
	variableUsername     = "UIPATH_USERNAME"
	variablePassword     = "UIPATH_PASSWORD"
	variableAccessToken  = "UIPATH_ACCESS_TOKEN"
)

// A signInSettings says which variables a way to sign in rests on.
type signInSettings struct {
	secret   string // what it proves itself with
	identity string // as whom
	rights   string // what it may do
}

var settingsOf = map[method]signInSettings{
	methodOther:             {variableAuth, variableAuth, variableAuth},
	methodClientCredentials: {variableClientSecret, variableClientID, variableScopes},
	methodPassword:          {variablePassword, variableUsername, variableUsername},
	methodToken:             {variableAccessToken, variableAccessToken, variableAccessToken},
}

// variableOfCode says which variable an OAuth error is about.
var variableOfCode = map[string]string{
	codeInvalidClient:      variableClientSecret,
	codeInvalidGrant:       variablePassword,
	codeUnauthorizedClient: variableClientID,
	codeUnsupportedGrant:   variableAuth,
	codeInvalidScope:       variableScopes,
}

// operatorError is a failure in the words for an operator, if it is one that only
// an operator can mend. Of a token endpoint that is every answer.
func (c *Client) operatorError(e *Error) (*approvals.OperatorError, bool) {
	source, _ := c.tokens.(*TokenSource)
	if source == nil {
		source = &TokenSource{}
	}
	fault := &approvals.OperatorError{EffectUnknown: e.MayHaveTakenEffect(), Err: e}
	switch {
	case outbound.IsRefusal(e):
		fault.Cause, fault.Variable = outbound.Cause(e), variableProxy
	case e.Op == opToken && e.needsOperator():
		fault.Cause, fault.Variable = source.signInFault(e)
		fault.Code = e.Answer
	case e.Op != opToken && e.Kind == Misconfigured:
		fault.Cause, fault.Variable = source.callFault(e)
	default:
		return nil, false
	}
	if fault.Code == "" && e.Status >= http.StatusMultipleChoices {
		fault.Code = strconv.Itoa(e.Status)
	}
	return fault, true
}

// needsOperator leaves out sign-ins without an answer, and those that a token
// endpoint asks to repeat later.
func (e *Error) needsOperator() bool {
	return e.Kind == Misconfigured || e.Status >= http.StatusInternalServerError
}

func (s *TokenSource) signInFault(e *Error) (cause, variable string) {
	settings, address := settingsOf[s.method], variableURL
	if s.ownURL {
		address = variableTokenURL
	}
	switch {
	case errors.Is(e, ErrSecretUnreadable):
		return "the bot cannot read its secret for UiPath", settings.secret + "_FILE"
	case errors.Is(e, ErrRedirect):
		return "UiPath's sign-in answers with a redirect", address
	case errors.Is(e, ErrHTML):
		return "UiPath's sign-in answers with a web page", address
	case e.Status >= http.StatusInternalServerError:
		return "UiPath's sign-in does not work", address
	case variableOfCode[e.Answer] != "":
		return "UiPath refuses the bot's sign-in", variableOfCode[e.Answer]
	case e.Status == http.StatusNotFound, e.Status == http.StatusMethodNotAllowed:
		return "UiPath's sign-in is not at its address", address
	}
	return "UiPath refuses the bot's sign-in", settings.secret
}

func (s *TokenSource) callFault(e *Error) (cause, variable string) {
	settings := settingsOf[s.method]
	switch {
	case errors.Is(e, ErrRedirect):
		return "UiPath redirects the bot " + e.Answer, variableURL
	case errors.Is(e, ErrHTML):
		return "UiPath's address answers with " + firstText(e.Answer, "a web page"), variableURL
	case e.Status == http.StatusUnauthorized:
		return "UiPath does not accept the bot's token", settings.identity
	case e.Status == http.StatusForbidden:
		return "UiPath does not let the bot do this" + namedScope(e.Answer), settings.rights
	}
	return "UiPath's address answers in a way that UiPath does not", variableURL
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// scopeName matches the scopes of UiPath's platform, such as PM.License.Write.
var scopeName = regexp.MustCompile(`\b[A-Z]{2,5}\.[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)?\b`)

func namedScope(answer string) string {
	if scope := scopeName.FindString(answer); scope != "" {
		return " without the scope " + scope
	}
	return ""
}
