package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot"
	"licensebot/internal/metrics"
	"licensebot/internal/store"
	"licensebot/licensing"
)

// newWatch counts what happens on the way to Slack.
func newWatch(m *metrics.Metrics) bot.Watch {
	for _, reason := range bot.EndReasons {
		m.BeginReasons(string(reason))
	}
	return bot.Watch{
		Handled: func(env bot.Envelope, result bot.EnvelopeResult, took time.Duration) {
			m.NoteEnvelope(env.Type, string(result), result.IsAcknowledged(), took)
		},
		Ended: func(reason bot.EndReason) { m.NoteConnectionEnded(string(reason)) },
		Calls: m.WatchSlack,
	}
}

// watchDeps has the bot tell the metrics what it does, and gives it a canary unless that
// is switched off.
func watchDeps(deps *bot.Deps, cfg Config, m *metrics.Metrics, db *store.Store) {
	deps.Slack.Watch = newWatch(m)
	if cfg.hasCanary {
		deps.Canary, deps.Replica, deps.CanaryEnded = db, replicaName(), m.NoteCanary
	}
}

// readAtScrape hands the metrics what they ask at each scrape.
func readAtScrape(
	m *metrics.Metrics, db *store.Store, slack *connections, policies *policySource, tokens *licensing.TokenSource,
	checks *setupChecker, lostLines func() uint64,
) {
	m.Read(metrics.Sources{
		Connections: slack.countLive, LostLines: lostLines, Stats: db.ReadStats,
		PolicyHash: func() string { return hashPolicy(policies.Policy()) }, TokenExpiry: tokens.Expiry,
		FailingChecks: checks.listFailing, Transactions: db.CountTransactions,
	})
}

// observeTransitions counts what becomes of requests, and logs one line when a request
// ends.
func observeTransitions(m *metrics.Metrics, log zerolog.Logger) func(approvals.Transition) {
	return func(t approvals.Transition) {
		m.NoteTransition(t)
		if t.Before.State.Open() && !t.After.State.Open() {
			log.Info().Str("request", t.After.ID).Str("result", string(t.After.State)).
				Dur("duration", t.After.ClosedAt.Sub(t.After.FiledAt)).Msg("request ended")
		}
	}
}

// replicaName tells this process from others that share a database.
func replicaName() string {
	host, _ := os.Hostname() // without it the process id is left
	return host + ":" + strconv.Itoa(os.Getpid())
}

// hashPolicy tells two policies apart, so that an operator sees which is in force.
func hashPolicy(policy approvals.Policy) string {
	text, err := json.Marshal(policy)
	if err != nil {
		return "unknown"
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}
