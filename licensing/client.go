package licensing

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
)

// Config says where an organization's licenses are managed, and with which tokens.
type Config struct {
	// URL is where UiPath answers: https://cloud.uipath.com,
	// https://govcloud.uipath.us, https://{name}.dedicated.uipath.com or an
	// Automation Suite's domain. It may have a base path. Required.
	URL string
	// Organization is the logical name, the first segment of the portal's
	// URL. Required.
	Organization string
	// AccountID is the organization's id, a GUID, called accountId by the
	// License Accountant and partitionGlobalId by Identity. Required.
	AccountID string
	// Tokens gives access tokens. Those of this package are renewed after a 401; see
	// [Renewer]. Required.
	Tokens oauth2.TokenSource
	// HTTPClient is a base to copy: its transport is used, its timeout and its
	// redirect policy are not.
	HTTPClient *http.Client
	// Timeout bounds each exchange, from connecting to the last byte of the
	// answer. 0 means 15 seconds.
	Timeout time.Duration
	// GroupsTTL is how long the lists of groups are kept, because Identity
	// allows 300 GETs in five minutes (api-rate-limits-for-identity-server).
	// 0 means 3 minutes, less than 0 keeps nothing.
	GroupsTTL time.Duration
	// Now is the clock for dates in Retry-After and for GroupsTTL. nil means
	// time.Now.
	Now func() time.Time
	// UserAgent names the caller to UiPath.
	UserAgent string
}

// Renewer is a token source that learns when a token was refused. After a 401 a
// client asks it for one fresh token; it asks no other kind of source.
type Renewer interface {
	oauth2.TokenSource
	// TokenContext is Token for as long as ctx allows.
	TokenContext(ctx context.Context) (*oauth2.Token, error)
	// Reject drops the token, unless another one took its place already. So many
	// callers that are refused together cause one renewal.
	Reject(accessToken string)
}

// Client speaks to the License Accountant and to Identity for one
// organization. It is safe for concurrent use.
type Client struct {
	transport *transport
	tokens    oauth2.TokenSource
	site      string // with the organization, without a slash at the end
	account   string // escaped
	groups    cache[GroupLists]
	groupsTTL time.Duration
	seen      endpointMemory
	renewed   atomic.Value // the token that a refused write got last, until a write succeeds with it
}

// New returns a client. It sends nothing yet. Its error joins all that is
// wrong with the configuration.
func New(cfg Config) (*Client, error) {
	site, err := siteURL(cfg.URL, cfg.Organization)
	problems := []error{err}
	if !isPathSegment(cfg.AccountID) {
		problems = append(problems, errors.New("licensing: Config.AccountID must be the organization's id, a GUID"))
	}
	if cfg.Tokens == nil {
		problems = append(problems, errors.New("licensing: Config.Tokens is required"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	c := &Client{
		transport: newTransport(cfg.HTTPClient, cfg.Timeout, cfg.Now, cfg.UserAgent),
		tokens:    cfg.Tokens,
		site:      site,
		account:   url.PathEscape(cfg.AccountID),
		groupsTTL: cmp.Or(cfg.GroupsTTL, 3*time.Minute),
	}
	c.groups.operation, c.groups.now, c.groups.fetch = opListGroups, c.transport.now, c.fetchGroupLists
	return c, nil
}

// Format writes where the client sends requests, whatever the verb.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "licensing.Client(%s)", c.site) }

// accountantURL is a URL of the License Accountant under the organization's
// account.
func (c *Client) accountantURL(path string) string {
	return c.site + "/lease_/api/account/" + c.account + "/user-license" + path
}

// getJSON reads url into out.
func (c *Client) getJSON(ctx context.Context, op, url string, out any) error {
	return c.sendAuthorized(ctx, request{operation: op, method: http.MethodGet, url: url}, out)
}

// putJSON writes in as JSON to url and reads the answer into out.
func (c *Client) putJSON(ctx context.Context, op, url string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return &Error{Op: op, Kind: Refused, Err: err}
	}
	return c.sendAuthorized(ctx, request{operation: op, method: http.MethodPut, url: url, body: body, write: true}, out)
}

// sendAuthorized sends with a token. After a 401 a read is sent once more with a fresh
// token. A write is not: what allowed it may have changed while the token came.
func (c *Client) sendAuthorized(ctx context.Context, r request, out any) error {
	token, err := c.accessToken(ctx)
	if err != nil {
		return err
	}
	r.bearer, r.secrets = token, []string{token}
	body, err := c.transport.sendRequest(ctx, r)
	switch {
	case !wasUnauthorized(err):
	case r.write:
		return r.markSent(c.renewForWrite(ctx, r, err))
	default:
		body, err = c.sendRenewed(ctx, r, err)
	}
	if err != nil {
		return err
	}
	if r.write {
		c.renewed.CompareAndSwap(token, "") // the write has all that it needs
	}
	return decodeJSON(r, body, out)
}

// sendRenewed sends a request with a fresh token, if there is one. refused is what
// became of it with the token that it has.
func (c *Client) sendRenewed(ctx context.Context, r request, refused error) ([]byte, error) {
	fresh, err := c.renewToken(ctx, r.bearer)
	switch {
	case err != nil:
		return nil, err // it says what an operator can do; the 401 does not
	case fresh == r.bearer:
		return nil, refused
	}
	r.bearer, r.secrets = fresh, append(r.secrets, fresh)
	return c.transport.sendRequest(ctx, r)
}

// renewForWrite gets a fresh token for the caller's next attempt at a refused write. If
// the refused token came in this way itself, tokens are not what the write lacks.
func (c *Client) renewForWrite(ctx context.Context, r request, refused error) error {
	fresh, err := c.renewToken(ctx, r.bearer)
	switch {
	case err != nil:
		return err
	case fresh == r.bearer, c.renewed.Swap(fresh) == r.bearer:
		return refused
	}
	return &Error{Op: r.operation, Status: http.StatusUnauthorized, Kind: Unknown, Err: ErrTokenRenewed}
}

// markSent marks an error that came after the request had left once.
func (r request) markSent(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || !r.write {
		return err
	}
	sent := *e
	sent.Write = true
	return &sent
}

func wasUnauthorized(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusUnauthorized && !errors.Is(e, ErrTokenTooNew)
}

// renewToken returns another token than the refused one, or the same if there is
// no other.
func (c *Client) renewToken(ctx context.Context, refused string) (string, error) {
	renewer, ok := c.tokens.(Renewer)
	if !ok {
		return refused, nil
	}
	renewer.Reject(refused)
	return c.accessToken(ctx)
}

// accessToken returns the access token to send.
func (c *Client) accessToken(ctx context.Context) (string, error) {
	token, err := c.currentToken(ctx)
	if err != nil {
		return "", err
	}
	return token.AccessToken, nil
}

func (c *Client) currentToken(ctx context.Context) (*oauth2.Token, error) {
	var token *oauth2.Token
	var err error
	if renewer, ok := c.tokens.(Renewer); ok {
		token, err = renewer.TokenContext(ctx)
	} else {
		token, err = c.tokens.Token()
	}
	if err != nil {
		return nil, tokenError(err, nil)
	}
	if token == nil || token.AccessToken == "" {
		return nil, &Error{Op: opToken, Kind: Misconfigured, Err: ErrNoToken}
	}
	return token, nil
}
