package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/oauth2"

	"licensebot/approvals"
	"licensebot/approvals/worker"
	"licensebot/bot"
	"licensebot/internal/store"
	"licensebot/licensing"
)

// How long a stop waits for running jobs, and then for the HTTP server. Before
// that it waits for the bot's envelopes and background tasks, one after another:
// if Slack hangs, half a minute or more in all; see docs/operations.md.
const (
	workersGrace = 10 * time.Second
	httpGrace    = 2 * time.Second
)

// Tuning is what tests and the sandbox may change and no operator needs to.
type Tuning struct {
	Pace bot.Pace
	Now  func() time.Time // the store's clock
	// Jumps has a value whenever Now was put forward, for those who wait for
	// a time that came sooner.
	Jumps <-chan struct{}
}

// Serve runs the bot until ctx ends. It stops in this order: new envelopes, those
// in hand and their acknowledgements, the connections, the background tasks, the
// workers, the HTTP server, the store.
func Serve(ctx context.Context, cfg Config, tuning Tuning, log zerolog.Logger) (err error) {
	db, err := store.Open(ctx, cfg.DatabaseURL, store.Options{Now: tuning.Now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	defer wakeAtJumps(db, tuning.Jumps)()

	licenses, err := newLicenses(cfg)
	if err != nil {
		return err
	}
	slack := new(connections)
	stopHTTP, err := serveHTTP(cfg.HTTPAddr, db, slack, log)
	if err != nil {
		return err
	}
	defer stopHTTP()
	policies := newPolicySource(cfg, log)
	b, err := bot.New(ctx, bot.Deps{
		Slack:   bot.SlackConfig{APIURL: cfg.SlackAPIURL, BotToken: cfg.SlackBotToken, AppToken: cfg.SlackAppToken},
		Channel: cfg.Channel, Emoji: cfg.Emoji, TTL: cfg.TTL, Pace: tuning.Pace,
		Store: db, UiPath: licenses, CodeName: licensing.Name, Policy: policies.Policy,
		Now: tuning.Now, Log: log,
	})
	if err != nil {
		return orStopped(ctx, err)
	}
	defer b.Close()
	if err := b.CheckChannel(ctx); err != nil {
		withCause(log.Error(), err).Msg("the approvals channel needs attention")
	}
	slack.bot.Store(b)

	workers := &worker.Workers{
		Store: db, Licenses: licenses, Directory: b.Directory(), Messenger: b.Messenger(),
		OnError: trouble(log), Grace: workersGrace, Reconnected: b.Reconnected(),
		Policy: policies.Policy,
	}
	defer startWorkers(ctx, workers)()
	defer keepPolicy(ctx, policies, workers, log)()
	log.Info().Str("version", version()).Str("bot", b.UserID()).Str("channel", cfg.Channel).Msg("licensebot is running")
	return b.Run(ctx)
}

// wakeAtJumps wakes everybody who waits for work when the clock was put
// forward, until stop is called.
func wakeAtJumps(db *store.Store, jumps <-chan struct{}) (stop func()) {
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-ended:
				return
			case <-jumps:
				db.SignalAll()
			}
		}
	}()
	return func() { close(ended) }
}

// ringing returns a function that leaves a value in c, if there is none yet.
func ringing(c chan<- struct{}) func() {
	return func() {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// orStopped makes an error of a start that was told to stop no error.
func orStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// startWorkers runs the workers apart from ctx, because they outlive the
// connections to Slack. stop ends them and waits for them.
func startWorkers(ctx context.Context, w *worker.Workers) (stop func()) {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { w.Run(working) })
	return func() {
		cancel()
		running.Wait()
	}
}

// trouble logs what did not go through. What is only late is a warning.
func trouble(log zerolog.Logger) func(approvals.LeasedJob, error) {
	return func(t approvals.LeasedJob, err error) {
		switch {
		case t.Kind == approvals.JobSurvey:
			log.Warn().Err(err).Msg("could not look at the cards for votes that were missed; trying again soon")
			return
		case t.Kind == approvals.JobReconcile && t.RequestID == "":
			log.Warn().Err(err).Msg("could not look for requests that nothing carries on; trying again soon")
			return
		case t.Kind == approvals.JobReconcile:
			log.Error().Str("request", t.RequestID).Err(err).Msg("a request was forgotten: the database was changed by hand, or licensebot has a defect, which please report")
			return
		case t.RequestID == "":
			log.Error().Err(err).Msg("the database failed; work goes on when it answers")
			return
		}
		withCause(log.Warn().Str("request", t.RequestID).Str("work", string(t.Kind)).Int("attempt", t.Attempt), err).
			Msg("owed work did not go through; it will be tried again")
	}
}

// withCause adds an error. If the error is in words for people, it adds what Slack
// or UiPath answered as the cause.
func withCause(e *zerolog.Event, err error) *zerolog.Event {
	if delay, ok := errors.AsType[*approvals.DelayError](err); ok && delay.Err != nil {
		return e.AnErr("cause", delay.Err).Err(err)
	}
	if refusal, ok := errors.AsType[*approvals.RefusedError](err); ok && refusal.Err != nil {
		return e.AnErr("cause", refusal.Err).Err(err)
	}
	return e.Err(err)
}

func newLicenses(cfg Config) (*licensing.Allocations, error) {
	tokens, err := tokenSource(cfg)
	if err != nil {
		return nil, fmt.Errorf("UiPath credentials: %w", err)
	}
	client, err := licensing.New(licensing.Config{
		URL: cfg.UiPathURL, Organization: cfg.UiPathOrganization, AccountID: cfg.UiPathAccountID,
		Tokens: tokens, Timeout: 12 * time.Second, UserAgent: "licensebot/" + version(),
	})
	if err != nil {
		return nil, fmt.Errorf("UiPath: %w", err)
	}
	return licensing.NewAllocations(client), nil
}

func tokenSource(cfg Config) (oauth2.TokenSource, error) {
	tokens := licensing.TokenConfig{
		URL: cfg.UiPathURL, Organization: cfg.UiPathOrganization, TokenURL: cfg.UiPathTokenURL, Scopes: cfg.Scopes,
		ClientID: cfg.UiPathClientID, ClientSecret: cfg.UiPathClientSecret,
		Username: cfg.UiPathUsername, Password: cfg.UiPathPassword, Tenant: cfg.UiPathTenant,
		UserAgent: "licensebot/" + version(),
	}
	switch {
	case cfg.UiPathAuth == "token":
		return licensing.Static(cfg.UiPathAccessToken), nil
	case cfg.UiPathAuth == "ropc" && cfg.UiPathTenant != "":
		return licensing.Authenticate(tokens)
	case cfg.UiPathAuth == "ropc":
		return licensing.PasswordGrant(tokens)
	}
	return licensing.ClientCredentials(tokens)
}

// serveHTTP answers whether the bot is alive and ready, and its metrics.
func serveHTTP(addr string, db *store.Store, slack *connections, log zerolog.Logger) (stop func(), err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("LICENSEBOT_HTTP_ADDR: %w", err)
	}
	server := &http.Server{Handler: routes(db, slack), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error().Err(err).Msg("the HTTP server ended")
		}
	}()
	log.Info().Str("addr", listener.Addr().String()).Msg("health and metrics are served")
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), httpGrace)
		defer cancel()
		_ = server.Shutdown(ctx)
	}, nil
}

func newLogger(cfg Config, w io.Writer) zerolog.Logger {
	if cfg.Console {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.RFC3339}
	}
	return zerolog.New(w).Level(cfg.Level).With().Timestamp().Logger()
}
