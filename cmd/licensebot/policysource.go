package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/internal/audit"
	"licensebot/internal/policyfile"
	"licensebot/internal/sleep"
	"licensebot/internal/store"
)

// The bot polls the policy file, because Kubernetes replaces a volume as a whole
// and sends no notification. It reads new content twice before it uses it: a file
// may be half written, and the half may be valid.
const (
	policyPoll  = 9 * time.Second
	policyAgain = time.Second
)

// A policySource has the policy in force. It comes from the environment, or from a
// file that may change while the bot runs.
type policySource struct {
	path       string
	log        zerolog.Logger
	current    atomic.Pointer[approvals.Policy]
	text       atomic.Pointer[string] // of the policy in force, for the journal
	lastRead   string                 // the file's content, or why it could not be read
	lastJudged string                 // what was last put into force or logged as broken
}

func newPolicySource(cfg Config, log zerolog.Logger) *policySource {
	s := &policySource{path: cfg.PolicyFile, log: log, lastRead: cfg.policyText, lastJudged: cfg.policyText}
	s.put(cfg.Policy, cfg.policyText)
	return s
}

// put puts a policy into force. One from the environment has no text but itself.
func (s *policySource) put(policy approvals.Policy, text string) {
	if s.path == "" {
		text = fmt.Sprintf("%+v", policy)
	}
	policy.SHA256 = audit.HashOf(text)
	s.current.Store(&policy)
	s.text.Store(&text)
}

// recordPolicyEvery is how soon a new policy is in the journal.
const recordPolicyEvery = time.Second

// recordPolicies journals each policy that comes into force, until ctx ends.
func (s *policySource) recordPolicies(ctx context.Context, db *store.Store) {
	var recorded *string
	for {
		if text := s.text.Load(); text != recorded {
			err := db.RecordPolicy(ctx, approvals.PolicyEntry{
				Text: *text, From: cmp.Or(s.path, "environment"), Loader: nameLoader(),
			})
			if err == nil {
				recorded = text
			} else if ctx.Err() == nil {
				s.log.Warn().Err(err).Msg("could not record the policy in the journal; trying again soon")
			}
		}
		if !sleep.For(ctx, recordPolicyEvery) {
			return
		}
	}
}

// nameLoader is who runs the bot, and where.
func nameLoader() string {
	name, host := "user "+strconv.Itoa(os.Getuid()), "unknown" // an image may know no names
	if who, err := user.Current(); err == nil {
		name = who.Username
	}
	if where, err := os.Hostname(); err == nil {
		host = where
	}
	return name + "@" + host
}

// Policy returns the policy in force now.
func (s *policySource) Policy() approvals.Policy { return *s.current.Load() }

// followPolicy keeps the policy up to date with its file and checks the setup, until ctx
// ends.
func followPolicy(ctx context.Context, s *policySource, hangups <-chan os.Signal, checks *setupChecker) {
	var running sync.WaitGroup
	running.Go(func() { s.watchFile(ctx, hangups, checks.recheck) })
	running.Go(func() { checks.keepChecking(ctx) })
	running.Wait()
}

// watchFile reads the file on a timer and after each hangup, until ctx ends. It
// calls changed when a new policy is in force.
func (s *policySource) watchFile(ctx context.Context, hangups <-chan os.Signal, changed func()) {
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
		case <-hangups:
			s.lastJudged = "" // an operator asks, so a problem is logged again
		case <-time.After(next):
		}
		if s.reloadFile() {
			changed()
		}
	}
}

// reloadFile reads the file and, once two reads agree, puts its policy into force
// as a whole. It reports whether it did. A broken file is logged, and the policy in
// force stays.
func (s *policySource) reloadFile() bool {
	content, err := policyfile.ReadFile(s.path)
	read := string(content)
	if err != nil {
		read = err.Error()
	}
	isStable := read == s.lastRead
	s.lastRead = read
	if !isStable || read == s.lastJudged {
		return false
	}
	s.lastJudged = read
	var policy approvals.Policy
	if err == nil {
		policy, err = policyfile.Load(s.path, content, meaningOf)
	}
	if err != nil {
		s.log.Error().Err(err).Str("file", s.path).
			Msg("the policy file is broken; the policy that was in force stays in force")
		return false
	}
	s.put(policy, read)
	s.log.Info().Str("file", s.path).Int("rules", len(policy.Rules)).Msg("a new policy is in force")
	return true
}
