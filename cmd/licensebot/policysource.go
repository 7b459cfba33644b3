package main

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/approvals/worker"
	"licensebot/internal/policyfile"
)

// How often the policy file is read. Kubernetes replaces a volume as a whole and
// sends no notification. New content is read twice before it is used, because a
// file may be half written, and the half may make sense.
const (
	policyPoll  = 9 * time.Second
	policyAgain = time.Second
)

// A policySource has the policy in force: that of the environment, or that of a
// file, which may change while the bot runs.
type policySource struct {
	path       string
	log        zerolog.Logger
	current    atomic.Pointer[approvals.Policy]
	lastRead   string // the file's content, or why it cannot be read, as last read
	lastJudged string // the same as last judged
}

func newPolicySource(cfg Config, log zerolog.Logger) *policySource {
	s := &policySource{path: cfg.PolicyFile, lastRead: cfg.policyText, lastJudged: cfg.policyText, log: log}
	s.current.Store(&cfg.Policy)
	return s
}

// Policy is the policy in force now.
func (s *policySource) Policy() approvals.Policy { return *s.current.Load() }

// followPolicy follows the policy file, and checks whether its rules can be met,
// until ctx ends.
func followPolicy(ctx context.Context, s *policySource, hangups <-chan os.Signal, w *worker.Runner, log zerolog.Logger) {
	changed := make(chan struct{}, 1)
	var running sync.WaitGroup
	running.Go(func() { s.watchFile(ctx, hangups, signalOnce(changed)) })
	running.Go(func() { keepCheckingApprovers(ctx, w, changed, log) })
	running.Wait()
}

// signalOnce returns a function that leaves a value in c, if there is none yet.
func signalOnce(c chan<- struct{}) func() {
	return func() {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// watchFile reads the file again when it changes and whenever again has a value,
// until ctx ends. It calls changed after each policy that came into force.
func (s *policySource) watchFile(ctx context.Context, again <-chan os.Signal, changed func()) {
	if s.path == "" {
		return
	}
	for {
		next := policyPoll
		if s.lastRead != s.lastJudged {
			next = policyAgain
		}
		select {
		case <-ctx.Done():
			return
		case <-again:
			s.lastJudged = "" // an operator asked: say again what was said before
		case <-time.After(next):
		}
		if s.reloadFile() {
			changed()
		}
	}
}

// reload puts the file's policy into force as a whole, once two reads agree. A
// broken file changes nothing but the log.
func (s *policySource) reloadFile() bool {
	content, err := policyfile.ReadFile(s.path)
	found := string(content)
	if err != nil {
		found = err.Error()
	}
	settled := found == s.lastRead
	s.lastRead = found
	if !settled || found == s.lastJudged {
		return false
	}
	s.lastJudged = found
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

// The approvers of all rules are checked soon after the start, when the bot has
// caught up, and then every day.
const (
	firstApproverCheck = 10 * time.Second
	approverCheckEvery = 24 * time.Hour
)

// keepCheckingApprovers checks on a timer, and after each change of the policy,
// whether each rule still has enough people who can approve. It logs each rule
// that has not.
func keepCheckingApprovers(ctx context.Context, w *worker.Runner, changed <-chan struct{}, log zerolog.Logger) {
	next := firstApproverCheck
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
		next = approverCheckEvery
		short, err := w.CheckApprovers(ctx)
		if err != nil && ctx.Err() == nil {
			log.Warn().Err(err).Msg("could not check whether the policy's approvers can still vote; trying again")
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
		withCause(e, s.Err).Msg("Slack does not show all approvers of a policy rule; those it does not show cannot approve")
	case s.Requester != "":
		e.Str("requester", s.Requester).Ints("missing", s.Missing).
			Msg("a policy rule has too few approvers when this person asks; name more, or lower its quorum")
	default:
		e.Ints("missing", s.Missing).
			Msg("a policy rule has too few approvers who can vote; name more, or lower its quorum")
	}
}
