package licensing

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// A method is a way to sign in.
type method int

const (
	methodOther method = iota
	methodClientCredentials
	methodPassword
	methodToken
)

// How long a refused sign-in is not tried again. A person's account gets locked
// after a few wrong passwords.
const (
	refusalPause    = 5 * time.Second
	lockoutPause    = 10 * time.Minute
	lockoutRefusals = 2 // of one password, before lockoutPause
)

// A credential is one state of a secret. It changes when the secret does, or when
// its file is written again.
type credential struct {
	secret  string
	changed time.Time
}

// A refusalMemory keeps refused credentials from being tried again and again. All
// callers of the process share it.
type refusalMemory struct {
	method method
	now    func() time.Time

	mu      sync.Mutex
	refused credential
	count   int // refusals of this credential in a row
	last    time.Time
	failure error
}

// recall returns the failure of this credential while it is not to be tried.
func (m *refusalMemory) recall(c credential) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure == nil || m.refused != c || m.now().Sub(m.last) >= m.pause() {
		return nil
	}
	return m.failure
}

func (m *refusalMemory) pause() time.Duration {
	switch {
	case m.method != methodPassword:
		return refusalPause
	case m.count < lockoutRefusals:
		return 0
	}
	return lockoutPause
}

// note records how a sign-in with a credential went.
func (m *refusalMemory) note(c credential, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	failed, ok := errors.AsType[*Error](err)
	switch {
	case err == nil:
		m.failure, m.count = nil, 0
	case !ok || !failed.refusesCredentials():
	case m.refused == c:
		m.failure, m.count, m.last = err, m.count+1, m.now()
	default:
		m.refused, m.failure, m.count, m.last = c, err, 1, m.now()
	}
}

// refusesCredentials reports whether the answer may be about the credentials: it
// then counts as a failed sign-in of the account.
func (e *Error) refusesCredentials() bool {
	return e.Op == opToken && e.Kind == Misconfigured && e.Status != 0 && !errors.Is(e, ErrRedirect)
}

// newTokenSource makes a source that signs in with a configuration. secretOf is
// its field for the secret, which is read anew each time.
func (c TokenConfig) newTokenSource(
	m method, secretOf func(*TokenConfig) *string,
	signIn func(context.Context, TokenConfig) (*oauth2.Token, time.Duration, error),
) *TokenSource {
	now := c.transport().now
	memory := &refusalMemory{method: m, now: now}
	fetch := func(ctx context.Context) (*oauth2.Token, time.Duration, error) {
		current := c
		secret := secretOf(&current)
		changed, err := current.readSecret(secret)
		if err != nil {
			return nil, 0, err
		}
		used := credential{*secret, changed}
		if err := memory.recall(used); err != nil {
			return nil, 0, err
		}
		token, life, err := signIn(ctx, current)
		memory.note(used, err)
		return token, life, err
	}
	return &TokenSource{fetchToken: fetch, now: now, method: m, ownURL: m != methodToken && c.TokenURL != ""}
}

func clientSecretOf(c *TokenConfig) *string { return &c.ClientSecret }

func passwordOf(c *TokenConfig) *string { return &c.Password }
