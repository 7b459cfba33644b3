package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"licensebot/internal/audit/compare"
	"licensebot/internal/checkup"
	"licensebot/internal/outbound"
	"licensebot/internal/sleep"
	"licensebot/internal/store"
)

// A comparison holds the database against Slack and UiPath.
type comparison struct {
	url      string // of the database
	since    time.Time
	quick    bool
	newest   int // threads that a quick check reads in any case
	out      io.Writer
	progress *progressLine

	now   func() time.Time
	sleep compare.Sleep

	findings  int
	unchecked []string
}

func (c *comparison) open(ctx context.Context) (*store.Reader, error) {
	return store.OpenReader(ctx, c.url)
}

// reportLine prints a line on its own, also beside the progress on a terminal.
func (c *comparison) reportLine(line string) {
	c.progress.clear()
	printLine(c.out, line)
}

// slackVariables are those without which nothing can be read in Slack.
var slackVariables = []string{"SLACK_BOT_TOKEN", "SLACK_API_URL", "LICENSEBOT_ALLOW_HTTP"}

// newestThreads is how many threads a quick check reads in any case. Slack shows them at once, and
// the newest of their heads anchors the whole chain.
const newestThreads = 20

// compareSlack compares the channels with the database. cfg may be faulty in other parts.
func (c *comparison) compareSlack(ctx context.Context, cfg Config, faults []checkup.Fault) error {
	if fault, faulty := findFault(faults, slackVariables...); faulty {
		c.skip("Slack", errors.New(fault.Text))
		return nil
	}
	archive, err := compare.ConnectSlack(ctx, cfg.SlackAPIURL, cfg.SlackBotToken)
	if err != nil {
		c.skip("Slack", err)
		return nil
	}
	channels := compare.Channels{
		Open: c.open, Slack: archive, Since: c.since, Quick: c.quick, Newest: c.newest,
		Report: c.reportLine, Progress: c.progress.show, Sleep: c.sleep,
	}
	summary, err := channels.Run(ctx)
	c.add("Slack", summary.Findings, summary.Unchecked)
	if err == nil {
		c.reportLine(fmt.Sprintf("Compared %s in Slack: %s.",
			countNoun(summary.Messages, "message"), countNoun(summary.Findings, "difference")))
		if summary.Unread > 0 {
			c.reportLine(fmt.Sprintf("%s left unread, as Slack counts the replies that the journal has. "+
				"Whether one was edited is not known.", countNoun(summary.Unread, "thread")))
		}
	}
	return err
}

// compareUiPath compares the groups' allocations with the database.
func (c *comparison) compareUiPath(ctx context.Context, cfg Config, faults []checkup.Fault) error {
	if fault, faulty := findFault(faults, "UIPATH_", "LICENSEBOT_ALLOW_HTTP"); faulty {
		c.skip("UiPath", errors.New(fault.Text))
		return nil
	}
	_, licenses, err := newLicenses(cfg, &http.Client{Transport: outbound.NewTransport()})
	if err != nil {
		c.skip("UiPath", err)
		return nil
	}
	allocations := compare.Allocations{
		Open: c.open, UiPath: licenses, Now: c.now, Report: c.reportLine, Progress: c.progress.show, Sleep: c.sleep,
		Note: func(line string) { c.reportLine("Known: " + line) },
	}
	summary, err := allocations.Run(ctx)
	c.add("UiPath", summary.Findings, summary.Unchecked)
	if err == nil {
		c.reportLine(fmt.Sprintf("Compared %s at UiPath: %s.",
			countNoun(summary.Groups, "group"), countNoun(summary.Findings, "difference")))
	}
	return err
}

func (c *comparison) skip(what string, err error) { c.add(what, 0, []string{compare.Explain(err)}) }

func (c *comparison) add(what string, findings int, unchecked []string) {
	c.findings += findings
	for _, one := range unchecked {
		c.unchecked = append(c.unchecked, what+": "+one)
	}
}

// readAuditConfig reads the configuration as far as it is right.
func readAuditConfig() (Config, []checkup.Fault, error) {
	cfg, err := LoadConfig()
	if wrong, isConfig := errors.AsType[*ConfigError](err); isConfig {
		return cfg, faultsOf(wrong.Problems), nil
	}
	return cfg, nil, err
}

// A progressLine shows on a terminal how far a long check is, in one line that changes. Elsewhere
// it shows nothing.
type progressLine struct {
	out   io.Writer // nil: no terminal
	now   func() time.Time
	last  time.Time
	shown bool
}

func newProgressLine(err *os.File) *progressLine {
	line := &progressLine{now: time.Now}
	if isTerminal(err) {
		line.out = err
	}
	return line
}

// progressEvery is how often the line changes.
const progressEvery = 200 * time.Millisecond

const clearLine = "\r\x1b[K"

func (p *progressLine) show(text string) {
	now := p.now()
	if p.out == nil || now.Sub(p.last) < progressEvery {
		return
	}
	p.last, p.shown = now, true
	_, _ = io.WriteString(p.out, clearLine+text) // the check goes on without a reader
}

func (p *progressLine) clear() {
	if p.shown {
		_, _ = io.WriteString(p.out, clearLine)
		p.shown = false
	}
}

// newComparison compares with the clock of this machine.
func newComparison(url string, since time.Time, out io.Writer) *comparison {
	return &comparison{
		url: url, since: since, newest: newestThreads, out: out,
		progress: newProgressLine(os.Stderr), now: auditNow, sleep: sleep.For,
	}
}
