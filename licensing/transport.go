package licensing

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"licensebot/internal/noredirect"
	"licensebot/internal/outbound"
)

const (
	maxBody      = 4 << 20   // bytes of an answer that are kept
	maxList      = 128 << 20 // bytes of an answer that is mostly left out while it is read
	maxErrorBody = 64 << 10  // bytes of an answer that is only quoted

	maxRetryAfter = 15 * time.Minute
)

// transport sends one request and judges its answer, for the client and for the
// token sources.
type transport struct {
	client  *http.Client
	timeout time.Duration
	now     func() time.Time
	agent   string
}

func newTransport(base *http.Client, timeout time.Duration, now func() time.Time, agent string) *transport {
	if base == nil {
		base = &http.Client{}
	}
	own := noredirect.Client(base)
	if own.Transport == nil {
		own.Transport = outbound.NewTransport()
	}
	own.Timeout = 0 // each exchange has its own
	if timeout <= 0 {
		timeout = 15 * time.Second
	}
	if now == nil {
		now = time.Now
	}
	if agent == "" {
		agent = "uipath-licensing-go"
	}
	return &transport{client: own, timeout: timeout, now: now, agent: agent}
}

// request is one request to UiPath.
type request struct {
	operation  string
	method     string
	url        string
	body       []byte // JSON, nil for none
	bearer     string
	write      bool
	secrets    []string // kept out of errors
	skippedKey string   // its values are left out of the answer; "": none
}

// sendRequest makes one exchange and returns the body of a good answer. Its
// error is an *Error.
func (t *transport) sendRequest(ctx context.Context, r request) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: r.operation, Kind: Later, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return nil, r.noAnswerError(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", t.agent)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.bearer)
	}
	resp, err := t.client.Do(req) //nolint:bodyclose // readAnswer closes it
	if err != nil {
		return nil, r.noAnswerError(err)
	}
	return t.readAnswer(resp, r)
}

// noAnswerError judges a request without an answer. Only a connection that never
// came about proves that a write did not happen.
func (r request) noAnswerError(err error) *Error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // the URL says nothing new
	}
	e := &Error{Op: r.operation, Kind: Unknown, Write: r.write, Err: r.redactError(err)}
	if neverConnected(err) {
		e.Kind, e.Write = Later, false
	}
	return e
}

// redactError keeps secrets out of the text of a network's error. Such a text may
// quote what a server sent, so that of a token endpoint is replaced.
func (r request) redactError(err error) error {
	text := oneLine(err.Error(), r.secrets)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		text = "no complete answer in time"
	case r.operation == opToken && !neverConnected(err):
		text = "the exchange broke off"
	}
	return &redactedError{text: text, err: err}
}

func neverConnected(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" || outbound.IsProxy(err) {
		return true
	}
	_, distrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return distrusted
}

// readAnswer judges an answer and closes it.
func (t *transport) readAnswer(resp *http.Response, r request) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, t.statusError(resp, r)
	}
	e := &Error{Op: r.operation, Status: resp.StatusCode, Kind: Unknown, Write: r.write}
	body, err := r.readBody(resp.Body)
	switch {
	case errors.Is(err, ErrTooLarge):
		e.Err = ErrTooLarge
	case isHTMLAnswer(resp, body):
		e.Kind, e.Err, e.Answer = Misconfigured, ErrHTML, r.answerText(body)
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Err = ErrTruncated
	case err != nil:
		e.Err = r.redactError(err)
	default:
		return bytes.TrimPrefix(body, []byte("\uFEFF")), nil
	}
	return nil, e
}

// readBody reads as much of an answer as is wanted.
func (r request) readBody(body io.Reader) ([]byte, error) {
	if r.skippedKey == "" {
		all, err := io.ReadAll(io.LimitReader(body, maxBody+1))
		if len(all) > maxBody {
			err = ErrTooLarge
		}
		return all, err
	}
	part := keyFilter{key: r.skippedKey, maxKept: maxBody}
	n, err := io.Copy(&part, io.LimitReader(body, maxList+1))
	if n > maxList {
		err = ErrTooLarge
	}
	return part.kept.Bytes(), err
}

// isHTMLAnswer trusts the first character more than the header: proxies send
// their pages under any type, JSON never starts with "<", and a page never with "{".
func isHTMLAnswer(resp *http.Response, body []byte) bool {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	isPage := kind == "text/html" || kind == "application/xhtml+xml"
	return looksHTML(body) || isPage && !looksJSON(body)
}

// statusError makes an error of a status that is not a success.
func (t *transport) statusError(resp *http.Response, r request) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	after, hasAfter := outbound.ParseRetryAfter(resp.Header.Get("Retry-After"), t.now(), maxRetryAfter)
	e := &Error{
		Op: r.operation, Status: resp.StatusCode, Write: r.write, RetryAfter: after,
		Kind: classifyStatus(resp.StatusCode, hasAfter), Answer: r.answerText(body),
	}
	switch {
	case resp.StatusCode < 400:
		e.Err, e.Answer = ErrRedirect, r.redirectTarget(resp)
	case isHTMLAnswer(resp, body):
		e.Err = ErrHTML
	case e.Kind == Refused && !isOwnJSON(body):
		e.Err = ErrNotJSON
	case r.operation != opToken:
		e.Answer = oneLine(cmp.Or(e.Answer, challengePart(resp, "error_description", "error")), r.secrets)
		if scope := challengePart(resp, "scope"); scope != "" {
			e.Answer = oneLine(strings.TrimSpace(e.Answer+" (scope: "+scope+")"), r.secrets)
		}
	}
	if e.Status == http.StatusUnauthorized && tooNew.MatchString(e.Answer) {
		e.Kind, e.Err, e.RetryAfter = Later, ErrTokenTooNew, max(after, tooNewPause)
	}
	if e.Kind == Refused && e.Err != nil {
		e.Kind = Misconfigured // not UiPath's own words
	}
	return e
}

// tooNew matches the words for a token of which nbf is still to come. IDX10222 is the
// name of that in the library of ASP.NET.
var tooNew = regexp.MustCompile(`(?i)not yet valid|not valid (yet|before)|IDX10222|\bnbf\b`)

// tooNewPause is how long to wait for a token to become valid.
const tooNewPause = 5 * time.Second

// classifyStatus takes a status that is not a success.
func classifyStatus(status int, hasRetryAfter bool) Kind {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict:
		return Refused
	case http.StatusTooManyRequests, http.StatusTooEarly:
		return Later
	case http.StatusRequestTimeout:
		return Unknown
	case http.StatusServiceUnavailable:
		if hasRetryAfter {
			return Later
		}
	}
	if status >= 300 && status < 500 {
		return Misconfigured
	}
	return Unknown
}

// isOwnJSON takes an object, or a string, which is what ASP.NET makes of a bare
// message. What stands before UiPath answers with pages, text or nothing.
func isOwnJSON(body []byte) bool {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	return json.Valid(body) && (body[0] == '{' || body[0] == '"')
}

// redirectTarget names the target without its query, which may carry codes and
// states of a login. A token endpoint's is not named.
func (r request) redirectTarget(resp *http.Response) string {
	to, err := resp.Location()
	if err != nil || r.operation == opToken {
		return ""
	}
	return oneLine(fmt.Sprintf("to %s://%s%s", to.Scheme, to.Host, to.EscapedPath()), r.secrets)
}

// challengePart reads the first of these parts that WWW-Authenticate has. ASP.NET
// puts the reason there when the body is empty, and OAuth the scope.
func challengePart(resp *http.Response, parts ...string) string {
	header := resp.Header.Get("WWW-Authenticate")
	for _, part := range parts {
		if _, rest, ok := strings.Cut(header, part+"="); ok {
			if unquoted, err := strconv.QuotedPrefix(rest); err == nil {
				return strings.Trim(unquoted, `"`)
			}
			return rest
		}
	}
	return ""
}

// decodeJSON reads JSON into out. JSON that cannot be read leaves open what a
// write did.
func decodeJSON(r request, body []byte, out any) error {
	err := json.Unmarshal(body, out)
	if err == nil {
		return nil
	}
	e := &Error{Op: r.operation, Status: http.StatusOK, Kind: Unknown, Write: r.write, Err: ErrNotJSON}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && int(syntax.Offset) >= len(body) {
		e.Err = ErrTruncated
	}
	for _, known := range []error{ErrNoAllocation, ErrAnswersDiffer} {
		if errors.Is(err, known) {
			e.Err = known
		}
	}
	return e
}
