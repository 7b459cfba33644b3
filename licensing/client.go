package licensing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"
)

// Config says where an organization's licenses are managed and as whom.
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
	// Tokens gives access tokens. Those of this package are renewed once after
	// a 401; see [Renewer]. Required.
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

// Renewer is a token source that can be told that a token was refused. A
// client asks it, and only it, for one fresh token after a 401.
type Renewer interface {
	oauth2.TokenSource
	// TokenContext is Token for as long as ctx allows.
	TokenContext(ctx context.Context) (*oauth2.Token, error)
	// Reject drops the token, unless another one took its place already: of
	// many callers that were refused together, one causes a renewal.
	Reject(accessToken string)
}

// Client speaks to the License Accountant and to Identity for one
// organization. It is safe for concurrent use.
type Client struct {
	link    *link
	tokens  oauth2.TokenSource
	site    string // with the organization, without a slash at the end
	account string // escaped
	groups  groupCache
}

// New returns a client. It sends nothing yet. Its error joins all that is
// wrong with the configuration.
func New(cfg Config) (*Client, error) {
	site, err := siteURL(cfg.URL, cfg.Organization)
	problems := []error{err}
	if !validID(cfg.AccountID) {
		problems = append(problems, errors.New("licensing: Config.AccountID must be the organization's id, a GUID"))
	}
	if cfg.Tokens == nil {
		problems = append(problems, errors.New("licensing: Config.Tokens is required"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	c := &Client{
		link:    newLink(cfg.HTTPClient, cfg.Timeout, cfg.Now, cfg.UserAgent),
		tokens:  cfg.Tokens,
		site:    site,
		account: url.PathEscape(cfg.AccountID),
	}
	c.groups.ttl = cfg.GroupsTTL
	if cfg.GroupsTTL == 0 {
		c.groups.ttl = 3 * time.Minute
	}
	return c, nil
}

// Format writes whom the client speaks to, whatever the verb.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "licensing.Client(%s)", c.site) }

// siteURL joins the base and the organization.
func siteURL(base, organization string) (string, error) {
	var problems []error
	u, err := url.Parse(base)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http":
		problems = append(problems, errors.New("licensing: URL must be absolute, such as https://cloud.uipath.com"))
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		problems = append(problems, errors.New("licensing: URL must have no user, query or fragment"))
	}
	if !validID(organization) {
		problems = append(problems, errors.New("licensing: Organization must be the logical name in the portal's URL"))
	}
	if err := errors.Join(problems...); err != nil {
		return "", err
	}
	return strings.TrimRight(u.String(), "/") + "/" + url.PathEscape(organization), nil
}

// validID tells whether s can be one segment of a path. Slashes are refused
// although they could be escaped: some proxies undo that before they route, and
// then an id such as "x/with-quota" would name another endpoint.
func validID(s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > 256 || strings.ContainsAny(s, `/\`) {
		return false
	}
	return !strings.ContainsFunc(s, unicode.IsControl)
}

// lease is a URL of the License Accountant under the organization's account.
func (c *Client) lease(path string) string {
	return c.site + "/lease_/api/account/" + c.account + "/user-license" + path
}

// get reads url into out.
func (c *Client) get(ctx context.Context, op, url string, out any) error {
	return c.exchange(ctx, ask{op: op, method: http.MethodGet, url: url}, out)
}

// put writes in as JSON to url and reads the answer into out.
func (c *Client) put(ctx context.Context, op, url string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return &Error{Op: op, Kind: Refused, Err: err}
	}
	return c.exchange(ctx, ask{op: op, method: http.MethodPut, url: url, body: body, write: true}, out)
}

// exchange sends with a token, and after a 401 once more if there is a fresh
// one. A 401 is a refusal at the door, so that repeating a write is safe.
func (c *Client) exchange(ctx context.Context, a ask, out any) error {
	token, err := c.token(ctx)
	if err != nil {
		return err
	}
	a.bearer, a.secrets = token, []string{token}
	body, err := c.link.send(ctx, a)
	if wasUnauthorized(err) {
		fresh, tokenErr := c.renew(ctx, token)
		if tokenErr != nil {
			return tokenErr // it tells whether trying again can help; the 401 cannot
		}
		if fresh != token {
			a.bearer, a.secrets = fresh, append(a.secrets, fresh)
			body, err = c.link.send(ctx, a)
		}
	}
	if err != nil {
		return err
	}
	return decode(a, body, out)
}

func wasUnauthorized(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusUnauthorized
}

// renew returns another token than the refused one, or the same if there is no
// other to be had.
func (c *Client) renew(ctx context.Context, refused string) (string, error) {
	renewer, ok := c.tokens.(Renewer)
	if !ok {
		return refused, nil
	}
	renewer.Reject(refused)
	return c.token(ctx)
}

// token returns the access token to send.
func (c *Client) token(ctx context.Context) (string, error) {
	var token *oauth2.Token
	var err error
	if renewer, ok := c.tokens.(Renewer); ok {
		token, err = renewer.TokenContext(ctx)
	} else {
		token, err = c.tokens.Token()
	}
	if err != nil {
		return "", tokenError(err, nil)
	}
	if token == nil || token.AccessToken == "" {
		return "", &Error{Op: opToken, Kind: Unauthorized, Err: ErrNoToken}
	}
	return token.AccessToken, nil
}

// decode reads JSON into out. What cannot be read leaves open what a write did.
func decode(a ask, body []byte, out any) error {
	err := json.Unmarshal(body, out)
	if err == nil {
		return nil
	}
	e := &Error{Op: a.op, Status: http.StatusOK, Kind: Unknown, Write: a.write, Err: ErrNotJSON}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && int(syntax.Offset) >= len(body) {
		e.Err = ErrTruncated
	}
	if errors.Is(err, ErrNoRule) {
		e.Err = ErrNoRule
	}
	return e
}
