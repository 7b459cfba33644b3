package main

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"licensebot/internal/checkup"
	"licensebot/internal/sleep"
)

// When the bot checks its setup: soon after the start, when it has caught up, daily, and
// after each change of the policy. While there is a problem it looks more often, so that
// a mended one is not shown for long. What Slack tells of the approvals channel may outdate
// the last check, too.
const (
	firstSetupCheck  = 10 * time.Second
	setupCheckEvery  = 24 * time.Hour
	brokenCheckEvery = 10 * time.Minute
)

// A setupChecker repeats the checks of doctor while the bot runs. It keeps the last
// report, and it stops nothing: what is wrong may mend itself.
type setupChecker struct {
	subject checkup.Subject
	log     zerolog.Logger
	last    atomic.Pointer[checkup.Report]
	told    []checkup.Result // the problems that the log has
	toldAt  time.Time
	doubted chan struct{} // signals that the last report may be outdated
}

// recheck has the setup checked soon, without waiting for it.
func (c *setupChecker) recheck() {
	select {
	case c.doubted <- struct{}{}:
	default: // a check is due already
	}
}

// keepChecking checks until ctx ends.
func (c *setupChecker) keepChecking(ctx context.Context) {
	next := firstSetupCheck
	for sleep.UntilWoken(ctx, next, c.doubted) {
		report := c.subject.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		c.last.Store(&report)
		c.logProblems(report)
		next = setupCheckEvery
		if report.State() == checkup.Problem {
			next = brokenCheckEvery
		}
	}
}

// logProblems logs each problem when it is new, and once a day.
func (c *setupChecker) logProblems(report checkup.Report) {
	problems := report.Problems()
	isDaily := report.At.Sub(c.toldAt) >= setupCheckEvery
	for _, p := range problems {
		if isDaily || !slices.Contains(c.told, p) {
			c.log.Error().Str("check", p.Check).Str("found", p.Found).Str("remedy", p.Do).
				Msg("a check of the setup found a problem")
		}
	}
	if len(problems) == 0 && len(c.told) > 0 {
		c.log.Info().Msg("the checks of the setup find no problem any more")
	}
	if isDaily {
		c.toldAt = report.At
	}
	c.told = problems
}

// listFailing lists the checks that found a problem last. known is false before the
// first run.
func (c *setupChecker) listFailing() (failing []string, known bool) {
	return c.listProblems(), c.last.Load() != nil
}

// listProblems names the checks that found a problem last, each once.
func (c *setupChecker) listProblems() []string {
	report := c.last.Load()
	if report == nil {
		return nil
	}
	var checks []string
	for _, p := range report.Problems() {
		if !slices.Contains(checks, p.Check) {
			checks = append(checks, p.Check)
		}
	}
	return checks
}
