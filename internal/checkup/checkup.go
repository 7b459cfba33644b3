// Package checkup checks everything that a start of the bot relies on: the
// configuration, Slack, the approvers, UiPath, the policy's names, the database,
// clocks and proxies. `licensebot doctor` prints its report before the first start,
// and `licensebot serve` repeats it while the bot runs.
//
// It only reads: it posts nothing, opens no socket, makes no file and no table.
//
// [Subject.Run] runs checks that do not rest on each other at the same time. Where one
// rests on another that failed, it says so instead of failing again:
//
//	report := checkup.Subject{SlackURL: …}.Run(ctx)
//	report.State() // OK, Problem or NotChecked
package checkup

import (
	"context"
	"slices"
	"sync"
	"time"

	"licensebot/approvals"
	"licensebot/internal/guard"
	"licensebot/internal/store"
	"licensebot/licensing"
)

// A State is how a check ended.
type State string

// The states.
const (
	OK         State = "ok"
	Problem    State = "problem"
	NotChecked State = "not_checked"
)

// A Result is what one check found. One check may have several results.
type Result struct {
	Check string `json:"check"`
	State State  `json:"state"`
	Found string `json:"found"`
	Do    string `json:"do,omitempty"` // for people; empty if there is nothing to do
}

// A Report is the results of all checks, in the order in which people read them.
type Report struct {
	At      time.Time
	Results []Result
}

// State is Problem if a check found one. Otherwise it is NotChecked if a check could
// not be made.
func (r Report) State() State {
	state := OK
	for _, result := range r.Results {
		switch {
		case result.State == Problem:
			return Problem
		case result.State == NotChecked:
			state = NotChecked
		}
	}
	return state
}

// Problems lists the results of checks that found a problem.
func (r Report) Problems() []Result {
	var problems []Result
	for _, result := range r.Results {
		if result.State == Problem {
			problems = append(problems, result)
		}
	}
	return problems
}

// The names of the checks. Other programs read them.
const (
	CheckConfiguration = "configuration"
	CheckProxy         = "proxy"

	CheckBotToken   = "slack.bot_token"
	CheckScopes     = "slack.scopes"
	CheckAppToken   = "slack.app_token"
	CheckSocketMode = "slack.socket_mode"
	CheckChannel    = "slack.channel"
	CheckEmoji      = "slack.emoji"
	CheckSlackClock = "slack.clock"

	CheckApprovers = "approvers.people"
	CheckRules     = "approvers.rules"

	CheckSignIn       = "uipath.sign_in"
	CheckAccount      = "uipath.account"
	CheckUiPathScopes = "uipath.scopes"
	CheckOwned        = "uipath.licenses"
	CheckGroups       = "uipath.groups"
	CheckQuotas       = "uipath.seat_limits"
	CheckUiPathClock  = "uipath.clock"

	CheckPolicyGroups = "policy.groups"
	CheckPolicyCodes  = "policy.codes"

	CheckDatabase      = "database.reachable"
	CheckSchema        = "database.migrated"
	CheckWritable      = "database.writable"
	CheckDurable       = "database.durable"
	CheckDatabaseClock = "database.clock"
)

// A Fault is what is wrong with a variable of the configuration. Its text names the
// variable.
type Fault struct {
	Variable, Text string
	Missing        bool // it is not set at all
}

// A Subject is an installation: what its configuration says, as far as it is right.
type Subject struct {
	Faults   []Fault  // checks that rest on such a variable are not made
	Warnings []string // what else is odd about the configuration
	Getenv   func(string) string

	SlackURL, BotToken, AppToken, Channel string
	Emoji                                 approvals.Emoji
	Policy                                func() approvals.Policy
	// Sockets is how many sockets are open. It is nil while the bot does not run.
	Sockets func() int

	UiPath                         *licensing.Allocations
	UiPathURL, TokenURL, AccountID string
	StaticToken                    bool     // a token that an operator made
	Scopes                         []string // asked for; empty: all that were granted
	UiPathClock                    *Clock

	Inspect func(context.Context) store.Inspection
}

// runLimit bounds all checks together.
const runLimit = 90 * time.Second

// Run makes all checks.
func (s Subject) Run(ctx context.Context) Report {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	parts := []struct {
		check string // that stands for all of them
		run   func(context.Context, *findings)
	}{
		{CheckConfiguration, s.checkConfiguration},
		{CheckProxy, s.checkProxy},
		{CheckBotToken, s.checkSlack},
		{CheckSignIn, s.checkUiPath},
		{CheckDatabase, s.checkDatabase},
	}
	found := make([]findings, len(parts))
	var running sync.WaitGroup
	for i, part := range parts {
		running.Go(func() {
			defer guard.Catch(func(p *guard.PanicError) {
				found[i].skip(part.check, "the check itself failed, which is a defect of licensebot: please report it")
			})
			part.run(ctx, &found[i])
		})
	}
	running.Wait()
	report := Report{At: time.Now()}
	for _, f := range found {
		report.Results = append(report.Results, f.results...)
	}
	return report
}

// isFaulty says because of which of these variables, the first that is wrong or missing, a
// check is not made.
func (s Subject) isFaulty(variables ...string) (because string, faulty bool) {
	for _, variable := range variables {
		for _, fault := range s.Faults {
			if fault.Variable != variable {
				continue
			}
			if fault.Missing {
				return "not checked, because " + variable + " is missing", true
			}
			return "not checked, because " + variable + " is wrong", true
		}
	}
	return "", false
}

// findings collects the results of checks that follow each other.
type findings struct{ results []Result }

func (f *findings) ok(check, found string) {
	f.results = append(f.results, Result{Check: check, State: OK, Found: found})
}

func (f *findings) problem(check, found, do string) {
	f.results = append(f.results, Result{Check: check, State: Problem, Found: found, Do: do})
}

// skip says why checks were not made.
func (f *findings) skip(check, because string) {
	f.results = append(f.results, Result{Check: check, State: NotChecked, Found: because})
}

func (f *findings) skipAll(because string, checks ...string) {
	for _, check := range checks {
		f.skip(check, because)
	}
}

// sortBy puts the results of these checks in this order, and those of others last.
func (f *findings) sortBy(checks ...string) {
	place := func(r Result) int {
		if at := slices.Index(checks, r.Check); at >= 0 {
			return at
		}
		return len(checks)
	}
	slices.SortStableFunc(f.results, func(a, b Result) int { return place(a) - place(b) })
}

// lacks reports whether a check ended otherwise than well.
func (f *findings) lacks(check string) bool {
	return slices.ContainsFunc(f.results, func(r Result) bool { return r.Check == check && r.State != OK })
}

// has reports whether a check has a result already.
func (f *findings) has(check string) bool {
	for _, result := range f.results {
		if result.Check == check {
			return true
		}
	}
	return false
}
