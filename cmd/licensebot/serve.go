package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/approvals/worker"
	"licensebot/bot"
	"licensebot/internal/checkup"
	"licensebot/internal/metrics"
	"licensebot/internal/outbound"
	"licensebot/internal/store"
	"licensebot/licensing"
)

// workersGrace is how long running jobs may go on after the workers must stop.
const workersGrace = 10 * time.Second

// A Tuning has what tests and the sandbox may change. Operators need none of it.
type Tuning struct {
	// Pace is how often the bot may call Slack.
	Rates bot.Rates

	// Now is the clock of the store and the bot. Nil means time.Now.
	Now func() time.Time

	// Jumps receives a value after Now was put forward. The parts that wait for a
	// time then look at the clock again.
	Jumps <-chan struct{}

	// Hangups receives each SIGHUP. The bot then reads the policy file and those with
	// Slack's secrets again..
	Hangups <-chan os.Signal

	// LostLines tells how many lines of the log were lost. Nil means none.
	LostLines func() uint64
}

// releaseMemory gives back what only the start needed: the reader of migrations takes buffers of
// four megabytes. Otherwise the program would let its garbage grow by them. They are in a pool,
// which lets them go at the second collection.
func releaseMemory() {
	runtime.GC()
	debug.FreeOSMemory()
}

// Serve runs the bot until ctx ends. First Bot.Run stops taking envelopes, and
// finishes and acknowledges those it has. Then the parts stop in the reverse order
// of their start: policy, workers, lookups, HTTP server, clock, store.
func Serve(ctx context.Context, cfg Config, tuning Tuning, log zerolog.Logger) (err error) {
	parts := &shutdown{log: log}
	defer func() { err = errors.Join(err, parts.stopAll()) }()
	for _, warning := range cfg.warnings {
		log.Warn().Msg(warning)
	}

	counted, slack := metrics.New(versionName()), new(connections)
	db, err := store.Open(ctx, cfg.DatabaseURL, store.Options{
		Observe: observeTransitions(counted, log),
		Now:     tuning.Now, MaxOpen: cfg.Most.Open, Connections: cfg.Most.Connections, NameOf: slack.nameOf,
	})
	if err != nil {
		return err
	}
	parts.addPart("store", db.Close)
	releaseMemory()
	parts.addRunning(ctx, "clock", func(ctx context.Context) { wakeAtJumps(ctx, db, tuning.Jumps) })
	parts.addRunning(ctx, "journal", func(ctx context.Context) { sealJournal(ctx, db, log) })

	clock := &checkup.Clock{Base: counted.WatchUiPath(outbound.NewTransport())}
	tokens, licenses, err := newLicenses(cfg, &http.Client{Transport: clock})
	if err != nil {
		return err
	}
	policies := newPolicySource(cfg, log)
	parts.addRunning(ctx, "policy record", func(ctx context.Context) { policies.recordPolicies(ctx, db) })
	checks := newSetupChecker(cfg, clock, licenses, db, slack, policies, log)
	readAtScrape(counted, db, slack, policies, tokens, checks, tuning.LostLines)
	routes := newHealthRoutes(probes{
		database: &databaseProbe{db: db, log: log}, slack: slack, report: checks.last.Load,
	}, counted.Handler())
	server, err := serveHTTP(ctx, cfg.HTTPAddr, routes, log)
	if err != nil {
		return ignoreIfStopped(ctx, err)
	}
	parts.addPart("HTTP server", server.shutDown)

	use, err := db.ClaimChannel(ctx, cfg.Channel)
	if err != nil { // the workers try it again
		log.Error().Err(err).Msg("could not read which channel is the approvals channel of today")
		use.Today = cfg.Channel
	}
	deps := newDeps(cfg, use.Today, tuning, db, licenses, policies.Policy, log)
	watchDeps(&deps, cfg, counted, db)
	deps.SetupProblems, deps.ChannelChanged = checks.listProblems, checks.recheck
	b, err := bot.New(ctx, deps)
	if err != nil {
		return ignoreIfStopped(ctx, err)
	}
	parts.addPart("lookups", func() error { b.Close(); return nil })
	if err := b.CheckChannel(ctx); err != nil { // for an operator to mend, while the bot runs
		withCause(log.Error(), err).Msg("the approvals channel needs attention")
	}
	slack.bot.Store(b)

	workers := newRunner(cfg, tuning, db, licenses, policies, b, log)
	parts.addRunning(ctx, "workers", workers.Run)
	followChanges(ctx, parts, cfg, tuning, policies, checks, b, log)
	log.Info().Str("version", versionName()).Str("bot", b.UserID()).Str("channel", use.Today).
		Msg("licensebot is running")
	return b.Run(ctx)
}

// followChanges keeps the policy and Slack's secrets up to date with their files.
func followChanges(
	ctx context.Context, parts *shutdown, cfg Config, tuning Tuning, policies *policySource, checks *setupChecker,
	b *bot.Bot, log zerolog.Logger,
) {
	forPolicy, forSecrets := make(chan os.Signal, 1), make(chan os.Signal, 1)
	parts.addRunning(ctx, "hangups", func(ctx context.Context) {
		passHangups(ctx, tuning.Hangups, forPolicy, forSecrets)
	})
	parts.addRunning(ctx, "policy", func(ctx context.Context) {
		followPolicy(ctx, policies, forPolicy, checks)
	})
	parts.addRunning(ctx, "secrets", func(ctx context.Context) {
		followSecrets(ctx, slackSecrets(cfg, b), forSecrets, log)
	})
}

// newRunner makes the workers.
func newRunner(
	cfg Config, tuning Tuning, db *store.Store, licenses *licensing.Allocations, policies *policySource, b *bot.Bot,
	log zerolog.Logger,
) *worker.Runner {
	return &worker.Runner{
		Store: db, Licenses: licenses, Directory: b.Directory(), Messenger: b.Messenger(),
		OnError: logProblem(log, newOperatorLog(log, tuning.Now)), Grace: workersGrace, Reconnected: b.Reconnected(),
		Busy:   b.IsBusy,
		Policy: policies.Policy, Emoji: cfg.Emoji, Buttons: cfg.hasButtons, Target: cfg.target(),
		Channel: cfg.Channel, OnChannel: followChannel(cfg.Channel, b, log),
	}
}

func newDeps(
	cfg Config, channel string, tuning Tuning, db *store.Store, licenses *licensing.Allocations,
	policy func() approvals.Policy, log zerolog.Logger,
) bot.Deps {
	return bot.Deps{
		Slack: bot.SlackConfig{
			APIURL: cfg.SlackAPIURL, BotToken: cfg.SlackBotToken, AppToken: cfg.SlackAppToken,
			FollowsAppToken: cfg.secretFiles["SLACK_APP_TOKEN"] != "", Replicas: db.CountReplicas,
			AllowHTTP: cfg.allowHTTP,
		},
		Channel: channel, Target: cfg.target(), Emoji: cfg.Emoji, TTL: cfg.TTL, Rates: tuning.Rates,
		Store: db, UiPath: licenses, CodeName: licensing.CodeName, Codes: licensing.CatalogCodes(), Policy: policy,
		Now: tuning.Now, Log: log,
	}
}

// followChannel tells the bot of the approvals channel of today, and the operator where
// the setting says another one.
func followChannel(setting string, b *bot.Bot, log zerolog.Logger) func(approvals.ChannelInUse) {
	said := ""
	return func(use approvals.ChannelInUse) {
		b.SetChannel(use.Today)
		if use.Today == setting || use.Today == said {
			return
		}
		said = use.Today
		e := log.Warn().Str("setting", setting).Str("channel", use.Today)
		if use.Moved {
			e.Msg("Slack gave the channel of LICENSEBOT_CHANNEL another id; set the variable to it")
			return
		}
		e.Msg("another replica has a newer LICENSEBOT_CHANNEL, and this one follows; set the variable to it, " +
			"or stop the other replicas for two minutes to keep this one")
	}
}

// wakeAtJumps wakes the parts that wait for a job after each jump of the clock,
// until ctx ends.
func wakeAtJumps(ctx context.Context, db *store.Store, jumps <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-jumps:
			db.SignalAll()
		}
	}
}

// ignoreIfStopped drops the error of a start if ctx ended, because a bot that is
// told to stop has not failed.
func ignoreIfStopped(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// logProblem logs the problems of workers. A mere delay is a warning. That a job
// cannot be decoded is said once, because only another version can.
func logProblem(log zerolog.Logger, operators *operatorLog) func(worker.Problem) {
	var unreadable sync.Map
	return func(p worker.Problem) {
		if warning, ok := lookWarnings[p.During]; ok {
			withCause(log.Warn(), p.Err).Msg(warning)
			return
		}
		switch p.During {
		case worker.OrphanFound:
			log.Error().Str("request", p.RequestID).Err(p.Err).Msg("a request had no job to carry it on: " +
				"the database was changed by hand, or licensebot has a defect, which please report")
		case worker.Adopting:
			log.Warn().Str("request", p.RequestID).Msg("the channel tells more of a request than the database, " +
				"which was probably restored from a copy; what the channel tells holds")
		case worker.ClaimingJobs:
			log.Error().Err(p.Err).Msg("the database failed; work goes on when it answers")
		case worker.ReadingJob:
			if _, again := unreadable.LoadOrStore(p.Job.ID, true); !again {
				log.Error().Str("request", p.RequestID).Str("job", string(p.Job.Kind)).Err(p.Err).
					Msg("a request cannot be decoded and waits: a newer licensebot wrote it; run that version")
			}
		case worker.RefusedRequest:
			e := log.Error().Str("request", p.RequestID)
			if refusal, ok := errors.AsType[*approvals.RefusedError](p.Err); ok {
				e = e.Str("variable", refusal.Variable).Str("remedy", refusal.Remedy())
			}
			withCause(e, p.Err).Msg("UiPath refused a request, and not for what it asks")
		case worker.FoundDeadEnd:
			log.Error().Str("request", p.RequestID).Err(p.Err).Msg("too few approvers can vote, so the request was " +
				"refused before its card; name more people in the policy or LICENSEBOT_APPROVERS, lower the quorum, " +
				"or invite those who are not in the approvals channel")
		case worker.TellingRequester:
			withCause(log.Error().Str("request", p.RequestID), p.Err).
				Msg("the requester could not be told privately; the bot gave it up")
		case worker.RunningJob:
			level := zerolog.WarnLevel
			if operators.report(p.Err) {
				level = zerolog.DebugLevel // the operator reads the fault's own line
			}
			e := log.WithLevel(level).Str("request", p.RequestID).Str("job", string(p.Job.Kind)).
				Int("attempt", p.Job.Attempt)
			withCause(e, p.Err).Msg("a job did not go through; it will be tried again")
		}
	}
}

// lookWarnings are the log lines about looks that failed. Each look is taken again.
var lookWarnings = map[worker.Activity]string{
	worker.SurveyingCards: "could not look at the cards for votes that were missed; trying again soon",
	worker.Reconciling:    "could not look for requests without a job; trying again soon",
	worker.ReadingChannel: "could not read the approvals channel since the newest card that the " +
		"database knows; its requests wait; trying again soon",
	worker.FollowingChannel: "could not take the requests with a card in another channel to the " +
		"approvals channel of today; trying again soon",
	worker.LeavingChannel: "an approvals channel, a former one or one without a card so far, is closed to the bot; " +
		"requests go on without what it may tell",
	worker.Watching: "could not look for changes of allocations outside of the bot; trying again soon",
	worker.WatchingLess: "UiPath does not show the allocations of all groups to the bot, so that it " +
		"watches only the groups that it has changed; give the app the right to read licenses (LicenseRead)",
}

// withCause adds an error to a log line. If the error has words for people, it also
// adds what Slack or UiPath answered.
func withCause(e *zerolog.Event, err error) *zerolog.Event {
	if delay, ok := errors.AsType[*approvals.DelayError](err); ok && delay.Err != nil {
		return e.AnErr("cause", delay.Err).Err(err)
	}
	if fault, ok := approvals.NeedsOperator(err); ok && fault.Err != nil {
		return e.AnErr("cause", fault.Err).Err(err)
	}
	if unknown, ok := errors.AsType[*approvals.UnknownEffectError](err); ok && unknown.Err != nil {
		return e.AnErr("cause", unknown.Err).Err(err)
	}
	if refusal, ok := errors.AsType[*approvals.RefusedError](err); ok && refusal.Err != nil {
		return e.AnErr("cause", refusal.Err).Err(err)
	}
	return e.Err(err)
}

// newSetupChecker checks the setup with the parts that the bot runs with.
func newSetupChecker(
	cfg Config, clock *checkup.Clock, licenses *licensing.Allocations, db *store.Store, slack *connections,
	policies *policySource, log zerolog.Logger,
) *setupChecker {
	subject := cfg.subject(clock)
	subject.UiPath, subject.Inspect = licenses, db.Inspect
	subject.Sockets, subject.Policy = slack.countLive, policies.Policy
	subject.Warnings = nil // the log has them from the start
	return &setupChecker{subject: subject, log: log, doubted: make(chan struct{}, 1)}
}

// newLicenses returns the client of UiPath, and the tokens that it uses. It sends by a
// copy of base.
func newLicenses(cfg Config, base *http.Client) (*licensing.TokenSource, *licensing.Allocations, error) {
	tokens, err := newTokenSource(cfg, base)
	if err != nil {
		return nil, nil, fmt.Errorf("UiPath credentials: %w", err)
	}
	client, err := licensing.New(licensing.Config{
		URL: cfg.UiPathURL, Organization: cfg.UiPathOrganization, AccountID: cfg.UiPathAccountID,
		Tokens: tokens, HTTPClient: base, Timeout: 12 * time.Second, UserAgent: "licensebot/" + versionName(),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("UiPath: %w", err)
	}
	return tokens, licensing.NewAllocations(client), nil
}

// newTokenSource returns the way to sign in to UiPath that the operator chose.
func newTokenSource(cfg Config, base *http.Client) (*licensing.TokenSource, error) {
	tokens := licensing.TokenConfig{
		URL: cfg.UiPathURL, Organization: cfg.UiPathOrganization, TokenURL: cfg.UiPathTokenURL, Scopes: cfg.Scopes,
		ClientID: cfg.UiPathClientID, ClientSecret: cfg.UiPathClientSecret,
		HTTPClient: base, Username: cfg.UiPathUsername, Password: cfg.UiPathPassword, Tenant: cfg.UiPathTenant,
		UserAgent: "licensebot/" + versionName(),
	}
	tokens.ReadSecret = cfg.secretReader("UIPATH_CLIENT_SECRET")
	if cfg.UiPathAuth == "ropc" {
		tokens.ReadSecret = cfg.secretReader("UIPATH_PASSWORD")
	}
	readToken := cfg.secretReader("UIPATH_ACCESS_TOKEN")
	switch {
	case cfg.UiPathAuth == "token" && readToken != nil:
		return licensing.ReadToken(readToken), nil
	case cfg.UiPathAuth == "token":
		return licensing.StaticToken(cfg.UiPathAccessToken), nil
	case cfg.UiPathAuth == "ropc" && cfg.UiPathTenant != "":
		return licensing.Authenticate(tokens)
	case cfg.UiPathAuth == "ropc":
		return licensing.PasswordGrant(tokens)
	}
	return licensing.ClientCredentials(tokens)
}

// newLogger writes the log to w: one JSON object a line, or text for people.
func newLogger(cfg Config, w io.Writer) zerolog.Logger {
	if cfg.Console {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.RFC3339}
	}
	return zerolog.New(w).Level(cfg.Level).With().Timestamp().Logger()
}
