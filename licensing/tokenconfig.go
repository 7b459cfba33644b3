package licensing

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TokenConfig says where tokens come from and for which application or person.
// Its secrets appear neither in print, whatever the verb, nor in JSON.
type TokenConfig struct {
	// URL and Organization are as in [Config]. Required, unless TokenURL is
	// given.
	URL, Organization string
	// TokenURL is the OAuth token endpoint. "" means
	// {URL}/{Organization}/identity_/connect/token. [Authenticate] does not
	// use it.
	TokenURL string
	// Scopes to ask for, exactly as granted: a wider one than was granted is
	// answered with invalid_scope. None means all that were granted.
	Scopes []string
	// ClientID and ClientSecret are those of a confidential external
	// application.
	ClientID     string
	ClientSecret string `json:"-"`
	// Username and Password are a person's.
	Username string
	Password string `json:"-"`
	// Tenant is the tenant's logical name, for [Authenticate].
	Tenant string

	// ReadSecret reads the client's secret or the person's password anew before
	// each sign-in, and tells when it was last changed. nil means that they stay
	// as they are.
	ReadSecret SecretReader `json:"-"`

	HTTPClient *http.Client  `json:"-"` // as in Config
	Timeout    time.Duration // as in Config
	// Now is the clock for the end of tokens and for dates in Retry-After. nil
	// means time.Now.
	Now       func() time.Time `json:"-"`
	UserAgent string           // as in Config
}

// A SecretReader reads a secret that an operator may change at any time, and
// tells when it was last changed.
type SecretReader func() (secret string, changed time.Time, err error)

// Format writes the fields that are no secrets, whatever the verb.
func (c TokenConfig) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "licensing.TokenConfig{URL:%q Organization:%q TokenURL:%q ClientID:%q Username:%q Tenant:%q Scopes:%q}",
		c.URL, c.Organization, c.TokenURL, c.ClientID, c.Username, c.Tenant, c.Scopes)
}

// TokenURL returns the token endpoint of an organization, as in
// getting-started-with-external-apis. Older pages leave the organization out.
func TokenURL(base, organization string) (string, error) {
	site, err := siteURL(base, organization)
	if err != nil {
		return "", err
	}
	return site + "/identity_/connect/token", nil
}

// requireFields names the empty fields, given as names and values.
func requireFields(what string, pairs ...string) error {
	var missing []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			missing = append(missing, pairs[i])
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("licensing: %s needs TokenConfig.%s", what, strings.Join(missing, " and ."))
}

func (c TokenConfig) tokenEndpoint() (string, error) {
	if c.TokenURL == "" {
		return TokenURL(c.URL, c.Organization)
	}
	u, err := url.Parse(c.TokenURL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", errors.New("licensing: TokenConfig.TokenURL must be absolute and without a user")
	}
	return c.TokenURL, nil
}

func (c TokenConfig) transport() *transport {
	return newTransport(c.HTTPClient, c.Timeout, c.Now, c.UserAgent)
}

// readSecret reads into one of the two secrets, if there is a way to read it.
func (c TokenConfig) readSecret(into *string) (changed time.Time, err error) {
	if c.ReadSecret == nil {
		return time.Time{}, nil
	}
	*into, changed, err = c.ReadSecret()
	if err != nil {
		return changed, &Error{Op: opToken, Kind: Misconfigured, Err: fmt.Errorf("%w: %w", ErrSecretUnreadable, err)}
	}
	return changed, nil
}

func (c TokenConfig) secretValues() []string { return []string{c.ClientSecret, c.Password} }
