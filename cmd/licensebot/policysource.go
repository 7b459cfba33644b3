package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/approvals/worker"
	"licensebot/internal/policyfile"
)

// How often the policy file is looked at: a volume that is replaced as a whole,
// as Kubernetes does, tells of no change. What is new is looked at twice, as it
// may be half written, and the half make sense.
const (
	lookAtPolicy = 9 * time.Second
	lookTwice    = time.Second
)

// A policySource has the policy in force: that of the environment, or that of
// a file, which may change while the bot runs.
type policySource struct {
	path    string
	log     zerolog.Logger
	current atomic.Pointer[approvals.Policy]
	found   string // the file's content, or why it cannot be read, as last looked at
	seen    string // the same as last judged
}

func newPolicySource(cfg Config, log zerolog.Logger) *policySource {
	s := &policySource{path: cfg.PolicyFile, found: cfg.policyText, seen: cfg.policyText, log: log}
	s.current.Store(&cfg.Policy)
	return s
}

// Policy is the policy in force now.
func (s *policySource) Policy() approvals.Policy { return *s.current.Load() }

// keepPolicy follows the policy file, and looks whether its rules can be met,
// until stop is called.
func keepPolicy(ctx context.Context, s *policySource, w *worker.Workers, log zerolog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	changed := make(chan struct{}, 1)
	var running sync.WaitGroup
	running.Go(func() { s.watch(ctx, hangup, ringing(changed)) })
	running.Go(func() { keepMustering(ctx, w, changed, log) })
	return func() {
		cancel()
		running.Wait()
		signal.Stop(hangup)
	}
}

// watch reads the file again when it changes and whenever again has a value,
// until ctx ends. changed is called after each policy that came into force.
func (s *policySource) watch(ctx context.Context, again <-chan os.Signal, changed func()) {
	if s.path == "" {
		return
	}
	for {
		next := lookAtPolicy
		if s.found != s.seen {
			next = lookTwice
		}
		select {
		case <-ctx.Done():
			return
		case <-again:
			s.seen = "" // asked for: say also what was said before
		case <-time.After(next):
		}
		if s.reload() {
			changed()
		}
	}
}

// reload puts the file's policy into force as a whole, once it is found the same
// twice. A broken file changes nothing but the log.
func (s *policySource) reload() bool {
	content, err := policyfile.ReadFile(s.path)
	found := string(content)
	if err != nil {
		found = err.Error()
	}
	settled := found == s.found
	s.found = found
	if !settled || found == s.seen {
		return false
	}
	s.seen = found
	var policy approvals.Policy
	if err == nil {
		policy, err = policyfile.Load(s.path, content)
	}
	if err != nil {
		s.log.Error().Err(err).Str("file", s.path).Msg("the policy file is broken; the policy that was in force stays in force")
		return false
	}
	s.current.Store(&policy)
	s.log.Info().Str("file", s.path).Int("rules", len(policy.Rules)).Msg("a new policy is in force")
	return true
}

// When it is looked whether the rules can still be met: soon after the start,
// when what was missed has been caught up with, and then every day.
const (
	firstMuster = 10 * time.Second
	musterEvery = 24 * time.Hour
)

// keepMustering looks, now and then and after each change, whether each rule
// still has enough people who can agree, and says which has not.
func keepMustering(ctx context.Context, w *worker.Workers, changed <-chan struct{}, log zerolog.Logger) {
	next := firstMuster
	for {
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
		next = musterEvery
		short, err := w.CheckApprovers(ctx)
		if err != nil && ctx.Err() == nil {
			log.Warn().Err(err).Msg("could not look whether the policy's approvers can still vote; trying again")
			next = time.Minute
		}
		for _, s := range short {
			reportShortfall(log, s)
		}
	}
}

func reportShortfall(log zerolog.Logger, s approvals.Shortfall) {
	e := log.Error().Str("rule", s.Rule.Name).Int("line", s.Rule.Line)
	switch {
	case s.Err != nil:
		withCause(e, s.Err).Msg("Slack does not tell of everybody who may agree under a rule of the policy; whom it does not tell of cannot")
	case s.Requester != "":
		e.Str("requester", s.Requester).Ints("missing", s.Missing).
			Msg("nobody is left to agree under a rule of the policy when this person asks; name more approvers, or need fewer")
	default:
		e.Ints("missing", s.Missing).
			Msg("a rule of the policy has too few approvers who can vote; name more, or need fewer")
	}
}
