package licensing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

const (
	opToken = "token"

	// early is how long before its end a token is renewed, so that none ends
	// on its way. A token of a shorter life is renewed after half of it.
	early = 2 * time.Minute
	// usualLife is assumed for tokens that do not tell: UiPath's live one hour.
	usualLife = time.Hour
	// authenticatedLife is that of account/authenticate, which never tells.
	authenticatedLife = 30 * time.Minute
)

// Source is a [Renewer] that keeps a token until shortly before it ends.
// Concurrent callers share one renewal. It is safe for concurrent use.
type Source struct {
	fetch  func(context.Context) (*oauth2.Token, time.Duration, error)
	now    func() time.Time
	flight singleflight.Group

	mu      sync.Mutex
	current *oauth2.Token
	renew   time.Time // when to look for the next one
	end     time.Time // zero: never
}

var _ Renewer = (*Source)(nil)

// Format keeps fmt from reading fields that change, and tokens, by reflection.
func (s *Source) Format(f fmt.State, _ rune) { io.WriteString(f, "licensing.Source") }

// Static returns a source of one token that cannot be renewed, such as a
// personal access token (using-personal-access-tokens-for-api-authentication).
func Static(token string) *Source {
	return &Source{now: time.Now, fetch: func(context.Context) (*oauth2.Token, time.Duration, error) {
		if token == "" {
			return nil, 0, &Error{Op: opToken, Kind: Unauthorized, Err: ErrNoToken}
		}
		return &oauth2.Token{AccessToken: token, TokenType: "Bearer"}, 0, nil
	}}
}

// Token returns a token that is good for now. Its error is an [*Error] with Op
// "token".
func (s *Source) Token() (*oauth2.Token, error) { return s.TokenContext(context.Background()) }

// TokenContext is Token for as long as ctx allows. A renewal that others may
// wait for goes on without it.
func (s *Source) TokenContext(ctx context.Context) (*oauth2.Token, error) {
	if token := s.fresh(); token != nil {
		return token, nil
	}
	done := s.flight.DoChan("", func() (any, error) {
		if token := s.fresh(); token != nil {
			return token, nil // an earlier flight landed in between
		}
		return s.obtain(context.WithoutCancel(ctx))
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return s.lastResort(result.Err)
		}
		return result.Val.(*oauth2.Token), nil
	case <-ctx.Done():
		return nil, &Error{Op: opToken, Kind: Later, Err: ctx.Err()}
	}
}

// Reject drops the token if it is still the current one.
func (s *Source) Reject(accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.current.AccessToken == accessToken {
		s.current = nil
	}
}

// obtain gets a new token. Its life counts from before the request.
func (s *Source) obtain(ctx context.Context) (*oauth2.Token, error) {
	start := s.now()
	token, life, err := s.fetch(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.renew, s.end = token, time.Time{}, time.Time{}
	if life > 0 {
		s.renew, s.end = start.Add(life-min(early, life/2)), start.Add(life)
		token.Expiry = s.end
	}
	return token, nil
}

func (s *Source) fresh() *oauth2.Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || !s.end.IsZero() && !s.now().Before(s.renew) {
		return nil
	}
	return s.current
}

// lastResort is the old token where a renewal failed and it has not ended.
func (s *Source) lastResort(err error) (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.now().Before(s.end) {
		return s.current, nil
	}
	return nil, err
}

// tokenError makes an *Error of whatever getting a token failed with. An
// oauth2.RetrieveError is not kept: it holds the whole answer and, behind it,
// the request with its secrets.
func tokenError(err error, secrets []string) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	a := ask{op: opToken, secrets: secrets}
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil {
		status := refused.Response.StatusCode
		e := &Error{Op: opToken, Status: status, Kind: tokenKind(kindOf(status, false), status)}
		e.Said = a.said(refused.Body)
		return e
	}
	return a.noAnswer(err)
}

// tokenKind knows that a token endpoint says 400 or 403 about credentials.
func tokenKind(kind Kind, status int) Kind {
	switch status {
	case http.StatusBadRequest, http.StatusForbidden:
		return Unauthorized
	}
	return kind
}
