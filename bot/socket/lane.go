package socket

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"licensebot/internal/outbound"
	"licensebot/internal/outside"
	"licensebot/internal/sleep"
)

// Pauses between attempts to open a connection.
const (
	firstRetry   = 250 * time.Millisecond
	longestRetry = 30 * time.Second

	// handover is how long a connection that Slack is about to close goes on beside
	// the one that replaces it.
	handover = 5 * time.Second
)

// A lane keeps one connection open, and replaces it by a new one whenever it ends or
// Slack asks for that.
type lane struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// startLane starts a lane. giveUp is called if it ends by itself.
func (s *Socket) startLane(ctx context.Context, index int, giveUp func()) *lane {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l := &lane{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.err = s.keepConnected(ctx, index)
		giveUp()
	}()
	return l
}

// stop closes the lane's connection and waits until that is over.
func (l *lane) stop() error {
	l.cancel()
	<-l.done
	return l.err
}

// keepConnected keeps one connection open until ctx ends. A connection that Slack is
// about to close is read on while its replacement is opened.
func (s *Socket) keepConnected(ctx context.Context, index int) error {
	var replaced sync.WaitGroup
	defer replaced.Wait()
	for {
		c, err := s.connect(ctx, index)
		if c == nil {
			return err
		}
		s.current[index].Store(c)
		select {
		case <-c.leaving:
			replaced.Go(func() {
				c.awaitEnd(ctx, handover)
				c.retire()
			})
		case <-ctx.Done():
			c.retire()
			return nil
		}
	}
}

// connect opens a connection, for as long as it takes. The connection is nil if ctx
// ended, or if there is an error: Slack rejects the token.
func (s *Socket) connect(ctx context.Context, index int) (*connection, error) {
	for failures := 0; ; failures++ {
		s.noteConnecting(index)
		c, err := s.dial(ctx, index)
		switch {
		case err == nil:
			return c, nil
		case ctx.Err() != nil:
			return nil, nil //nolint:nilnil,nilerr // the bot was told to stop
		case isTokenRejected(err) && !s.isTokenAwaited():
			return nil, fmt.Errorf("Slack does not accept SLACK_APP_TOKEN (%w): "+
				"create a new app-level token with the scope connections:write, and set SLACK_APP_TOKEN to it",
				outside.DropURL(err))
		}
		pause := min(firstRetry<<min(failures, 8), longestRetry)
		s.logConnectionError(index, err, pause)
		sleep.For(ctx, pause) // the next attempt notices that ctx ended
	}
}

// isTokenAwaited reports whether a token that Slack rejects is about to be replaced: one
// that worked and that its owner revoked before its file had the next one.
func (s *Socket) isTokenAwaited() bool { return s.cfg.FollowsAppToken && s.tokenWorked.Load() }

// isTokenRejected reports whether Slack said that the token is not good.
func isTokenRejected(err error) bool {
	answer, ok := errors.AsType[slack.SlackErrorResponse](err)
	return ok && slices.Contains([]string{"invalid_auth", "account_inactive", "not_authed", "token_revoked"}, answer.Err)
}

// dial asks Slack for the address of a connection and opens it.
func (s *Socket) dial(ctx context.Context, index int) (*connection, error) {
	_, address, err := s.api.StartSocketModeContext(ctx)
	if err != nil {
		return nil, err
	}
	s.tokenWorked.Store(true)
	if err := s.checkAddress(address); err != nil {
		return nil, err
	}
	ws, resp, err := s.dialer.DialContext(ctx, address, nil)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		return nil, outside.DropURL(err) // the URL has a ticket
	}
	s.opener.countConnected()
	return s.newConnection(ws, index), nil
}

// An openAddressError is about a connection on which all would travel in the open: the ticket, and
// each command after it.
type openAddressError struct{ host string }

func (e *openAddressError) Error() string { return "an unencrypted connection to " + e.host }

// checkAddress refuses an address that a proxy may have put in the place of Slack's.
func (s *Socket) checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errNoAddress // the error of the parser has the ticket in it
	case u.Scheme != "wss" && !s.cfg.AllowHTTP && !outbound.IsLoopback(u.Hostname()):
		return &openAddressError{outside.OneLine(u.Host, maxHost)}
	}
	return nil
}

var errNoAddress = errors.New("Slack apps.connections.open: the answer has no address of a connection")

// maxHost bounds a host in the log.
const maxHost = 100
