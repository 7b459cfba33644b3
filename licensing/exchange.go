package licensing

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxBody      = 4 << 20   // of an answer, as far as it is kept
	maxList      = 128 << 20 // of an answer most of which is left out while it is read
	maxErrorBody = 64 << 10  // of an answer that only serves to be quoted
	maxAfter     = 15 * time.Minute
)

// link is what the client and the token sources share: how one request goes
// out and how its answer is judged.
type link struct {
	http    *http.Client
	timeout time.Duration
	now     func() time.Time
	agent   string
}

func newLink(base *http.Client, timeout time.Duration, now func() time.Time, agent string) *link {
	if base == nil {
		base = &http.Client{}
	}
	own := *base
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
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
	return &link{http: &own, timeout: timeout, now: now, agent: agent}
}

// ask is one request.
type ask struct {
	op      string
	method  string
	url     string
	body    []byte // JSON, nil for none
	bearer  string
	write   bool
	secrets []string // must not reach an error's text
	skip    string   // the key whose values are left out of the answer; "" for none
}

// send makes one exchange and returns the body of a good answer. Its error is
// an *Error.
func (l *link) send(ctx context.Context, a ask) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: a.op, Kind: Later, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, a.method, a.url, bytes.NewReader(a.body))
	if err != nil {
		return nil, a.noAnswer(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", l.agent)
	if a.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+a.bearer)
	}
	resp, err := l.http.Do(req)
	if err != nil {
		return nil, a.noAnswer(err)
	}
	return l.read(resp, a)
}

// noAnswer judges a request that got no answer. Only a connection that never
// came to be proves that a write did not happen.
func (a ask) noAnswer(err error) *Error {
	var in *url.Error
	if errors.As(err, &in) {
		err = in.Err // the URL says nothing new
	}
	e := &Error{Op: a.op, Kind: Unknown, Write: a.write, Err: a.quiet(err)}
	if neverConnected(err) {
		e.Kind, e.Write = Later, false
	}
	return e
}

// quiet keeps an error of the network without what must not be printed.
func (a ask) quiet(err error) error {
	text := oneLine(err.Error(), a.secrets)
	if errors.Is(err, context.DeadlineExceeded) {
		text = "no complete answer in time"
	}
	return &cause{text: text, err: err}
}

func neverConnected(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	var cert *tls.CertificateVerificationError
	return errors.As(err, &cert)
}

// read judges an answer and closes it.
func (l *link) read(resp *http.Response, a ask) ([]byte, error) {
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, l.refusal(resp, a)
	}
	e := &Error{Op: a.op, Status: resp.StatusCode, Kind: Unknown, Write: a.write}
	body, err := a.take(resp.Body)
	switch {
	case errors.Is(err, ErrTooLarge):
		e.Err = ErrTooLarge
	case isHTML(resp, body):
		e.Err, e.Said = ErrHTML, a.said(body)
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Err = ErrTruncated
	case err != nil:
		e.Err = a.quiet(err)
	default:
		return bytes.TrimPrefix(body, []byte("\uFEFF")), nil
	}
	return nil, e
}

// take reads as much of an answer as is wanted.
func (a ask) take(body io.Reader) ([]byte, error) {
	if a.skip == "" {
		all, err := io.ReadAll(io.LimitReader(body, maxBody+1))
		if len(all) > maxBody {
			err = ErrTooLarge
		}
		return all, err
	}
	part := slim{key: a.skip, most: maxBody}
	n, err := io.Copy(&part, io.LimitReader(body, maxList+1))
	if n > maxList {
		err = ErrTooLarge
	}
	return part.kept.Bytes(), err
}

// isHTML trusts the first character over the header: proxies send their pages
// under any type, and JSON never starts with "<".
func isHTML(resp *http.Response, body []byte) bool {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return kind == "text/html" || kind == "application/xhtml+xml" || looksHTML(body)
}

// refusal turns any status that is not a success into an error.
func (l *link) refusal(resp *http.Response, a ask) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	after, told := retryAfter(resp.Header.Get("Retry-After"), l.now())
	e := &Error{
		Op: a.op, Status: resp.StatusCode, Write: a.write, After: after,
		Kind: kindOf(resp.StatusCode, told), Said: a.said(body),
	}
	switch {
	case resp.StatusCode < 400:
		e.Err, e.Said = ErrRedirect, whereTo(resp, a.secrets)
	case isHTML(resp, body):
		e.Err = ErrHTML
	case e.Said == "":
		e.Said = oneLine(challenge(resp), a.secrets)
	}
	return e
}

// kindOf classifies a status that is not a success. A 503 that names a time
// comes from something that turned the request away; one that does not may as
// well come from a gateway that lost the answer.
func kindOf(status int, afterTold bool) Kind {
	switch {
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusTooManyRequests,
		status == http.StatusTooEarly,
		status == http.StatusServiceUnavailable && afterTold:
		return Later
	case status >= 300 && status < 500 && status != http.StatusRequestTimeout:
		return Refused
	}
	return Unknown
}

// whereTo names the target of a redirect without its query, which may carry
// codes and states of a login.
func whereTo(resp *http.Response, secrets []string) string {
	to, err := resp.Location()
	if err != nil {
		return ""
	}
	return oneLine(fmt.Sprintf("to %s://%s%s", to.Scheme, to.Host, to.EscapedPath()), secrets)
}

var challengeWords = []string{"error_description=", "error="}

// challenge reads the reason of a 401 from WWW-Authenticate, where ASP.NET puts
// it when the body is empty.
func challenge(resp *http.Response) string {
	header := resp.Header.Get("WWW-Authenticate")
	for _, word := range challengeWords {
		if _, rest, ok := strings.Cut(header, word); ok {
			if unquoted, err := strconv.QuotedPrefix(rest); err == nil {
				return strings.Trim(unquoted, `"`)
			}
			return rest
		}
	}
	return ""
}

// retryAfter reads both forms of Retry-After, and whether there was one.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxAfter), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxAfter), true
	}
	return 0, false
}
