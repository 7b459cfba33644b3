package licensing

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

const (
	// renewalMargin is how long before its end a token is renewed, so that it
	// cannot end on its way. A token of a shorter life is renewed after half of it.
	renewalMargin = 2 * time.Minute
	// assumedLife is that of an answer without expires_in: UiPath's tokens live
	// one hour.
	assumedLife = time.Hour
	// authenticatedLife is that of account/authenticate, which never says.
	authenticatedLife = 30 * time.Minute
)

// TokenSource is a [Renewer] that keeps a token until shortly before it ends.
// Concurrent callers share one renewal. It is safe for concurrent use.
type TokenSource struct {
	fetchToken func(context.Context) (*oauth2.Token, time.Duration, error)
	now        func() time.Time
	flight     singleflight.Group
	method     method
	ownURL     bool // the token endpoint has its own setting

	mu      sync.Mutex
	current *oauth2.Token
	renew   time.Time // when to look for the next one
	end     time.Time // zero: never
}

var _ Renewer = (*TokenSource)(nil)

// Format keeps fmt from reading fields that change, and tokens, by reflection.
func (s *TokenSource) Format(f fmt.State, _ rune) { io.WriteString(f, "licensing.TokenSource") }

// StaticToken returns a source of one token that cannot be renewed, such as a
// personal access token (using-personal-access-tokens-for-api-authentication).
func StaticToken(token string) *TokenSource {
	return ReadToken(func() (string, time.Time, error) { return token, time.Time{}, nil })
}

// ReadToken is StaticToken for a token that an operator may change. After a 401 it
// is read anew.
func ReadToken(read SecretReader) *TokenSource {
	return &TokenSource{method: methodToken, now: time.Now, fetchToken: func(
		context.Context,
	) (*oauth2.Token, time.Duration, error) {
		var token string
		if _, err := (TokenConfig{ReadSecret: read}).readSecret(&token); err != nil {
			return nil, 0, err
		}
		if token == "" {
			return nil, 0, &Error{Op: opToken, Kind: Misconfigured, Err: ErrNoToken}
		}
		return &oauth2.Token{AccessToken: token, TokenType: "Bearer"}, 0, nil
	}}
}

// Token returns a token that is valid now. Its error is an [*Error] with Op
// "token".
func (s *TokenSource) Token() (*oauth2.Token, error) { return s.TokenContext(context.Background()) }

// TokenContext is Token for as long as ctx allows. Then the renewal goes on,
// because others may wait for it.
func (s *TokenSource) TokenContext(ctx context.Context) (*oauth2.Token, error) {
	if token := s.freshToken(); token != nil {
		return token, nil
	}
	done := s.flight.DoChan("", func() (any, error) {
		if token := s.freshToken(); token != nil {
			return token, nil // an earlier flight landed in between
		}
		return s.obtainToken(context.WithoutCancel(ctx))
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return s.tokenOrError(result.Err)
		}
		return result.Val.(*oauth2.Token), nil
	case <-ctx.Done():
		return nil, &Error{Op: opToken, Kind: Later, Err: ctx.Err()}
	}
}

// Reject drops the token if it is still the current one.
func (s *TokenSource) Reject(accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.current.AccessToken == accessToken {
		s.current = nil
	}
}

// obtainToken gets a new token. Its life counts from before the request.
func (s *TokenSource) obtainToken(ctx context.Context) (*oauth2.Token, error) {
	start := s.now()
	token, life, err := s.fetchToken(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.renew, s.end = token, time.Time{}, time.Time{}
	if life > 0 {
		s.renew, s.end = start.Add(life-min(renewalMargin, life/2)), start.Add(life)
		token.Expiry = s.end
	}
	return token, nil
}

// Expiry is when the current token ends. It is zero while there is none, and for a
// token that does not tell.
func (s *TokenSource) Expiry() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return time.Time{}
	}
	return s.end
}

func (s *TokenSource) freshToken() *oauth2.Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || !s.end.IsZero() && !s.now().Before(s.renew) {
		return nil
	}
	return s.current
}

// tokenOrError returns the old token if a renewal failed before its end.
func (s *TokenSource) tokenOrError(err error) (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.now().Before(s.end) {
		return s.current, nil
	}
	return nil, err
}
