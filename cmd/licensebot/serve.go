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

// How long stopping waits for running work, and then for the HTTP server. The
// waits for handlers and for private words come before them, one after another:
// when Slack hangs, half a minute or more in all; see docs/operations.md.
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

// Serve runs the bot until ctx ends. It stops in this order: no more
// envelopes, their handlers, their acknowledgements, the sockets, the workers,
// the HTTP server, the store.
func Serve(ctx context.Context, cfg Config, tuning Tuning, log zerolog.Logger) (err error) {
	db, err := store.Open(ctx, cfg.DatabaseURL, store.Options{Now: tuning.Now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	defer wakeAtJumps(db, tuning.Jumps)()

	licences, err := newLicences(cfg)
	if err != nil {
		return err
	}
	slack := new(connections)
	stopHTTP, err := serveHTTP(cfg.HTTPAddr, db, slack, log)
	if err != nil {
		return err
	}
	defer stopHTTP()
	api, client := bot.NewClient(cfg.SlackAPIURL, cfg.SlackBotToken)
	self, err := bot.Introduce(ctx, api, log)
	if err != nil {
		return orStopped(ctx, err)
	}
	if err := bot.CheckChannel(ctx, api, cfg.Channel); err != nil {
		withCause(log.Error(), err).Msg("the approvals channel needs attention")
	}
	words := cfg.Words
	words.CodeName = licensing.CodeName
	receipts := new(bot.ResponseURLs)
	directory := bot.NewDirectory(api, self, words)
	speaker := bot.NewMessenger(api, client, self, words, receipts, tuning.Pace, log)
	policies := newPolicySource(cfg, log)
	lookups := bot.NewLookups(licences, db, speaker, words, log)
	defer lookups.Close()
	errands := bot.NewBackgroundQueue(log)
	unwell := wellbeing{licences: licences, slack: slack, policy: policies.Policy, directory: directory}
	home := bot.NewHome(api, db, directory, words, self, unwell.problems, log)
	intake := &bot.Intake{
		Store: db, Words: words, TTL: cfg.TTL, Self: self,
		Receipts: receipts, Directory: directory, Lookups: lookups, Now: tuning.Now, Log: log, Home: home, Speaker: speaker, Errands: errands,
		Form: &bot.Form{API: api, Catalog: licences, Words: words, Log: log},
	}
	hellos := make(chan struct{}, 1)
	socket := bot.NewSocket(bot.SocketConfig{
		APIURL: cfg.SlackAPIURL, BotToken: cfg.SlackBotToken, AppToken: cfg.SlackAppToken, Greeted: ringing(hellos),
	}, intake, log)
	slack.socket.Store(socket)

	workers := &worker.Workers{
		Store: db, Licenses: licences, Directory: directory,
		Messenger: speaker,
		OnError:   trouble(log), Grace: workersGrace, Reconnected: hellos,
		Policy: policies.Policy,
	}
	defer startWorkers(ctx, workers)()
	defer keepPolicy(ctx, policies, workers, log)()
	defer inBackground(ctx, home.Run, errands.Run)()
	log.Info().Str("version", version()).Str("bot", self.UserID).Str("channel", cfg.Channel).Msg("licensebot is running")
	err = socket.Run(ctx)
	log.Info().Msg("licensebot is stopping")
	return err
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

// startWorkers runs the workers; stop waits for them.
func startWorkers(ctx context.Context, w *worker.Workers) (stop func()) {
	return inBackground(ctx, w.Run)
}

// inBackground runs what works apart from ctx, because it outlives the
// sockets; stop ends it and waits for it.
func inBackground(ctx context.Context, all ...func(context.Context)) (stop func()) {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, run := range all {
		running.Go(func() { run(working) })
	}
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

// withCause adds an error and, where it is in words for people, what Slack or
// UiPath answered.
func withCause(e *zerolog.Event, err error) *zerolog.Event {
	var delay *approvals.DelayError
	var refusal *approvals.RefusedError
	switch {
	case errors.As(err, &delay) && delay.Err != nil:
		e = e.AnErr("cause", delay.Err)
	case errors.As(err, &refusal) && refusal.Err != nil:
		e = e.AnErr("cause", refusal.Err)
	}
	return e.Err(err)
}

func newLicences(cfg Config) (*licensing.Allocations, error) {
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
		return licensing.StaticToken(cfg.UiPathAccessToken), nil
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
