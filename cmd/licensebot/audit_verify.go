package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"licensebot/approvals"
	"licensebot/internal/audit"
	"licensebot/internal/sleep"
	"licensebot/internal/store"
)

func auditVerifyCommand() *cobra.Command {
	var from, since string
	var offline, quick bool
	command := &cobra.Command{
		Use:   "verify",
		Short: "Check the journal, and compare the database with Slack and UiPath",
		Long: "verify walks the chain of seals over the journal, and compares each request with its last journal\n" +
			"row, with its messages in Slack, and each group's allocation at UiPath with what the bot last\n" +
			"confirmed. It has one line for each difference, with who could have caused it. It only reads, and\n" +
			"the bot may run meanwhile. It looks at a difference twice, so each takes a while. For Slack and\n" +
			"UiPath it reads the same variables as serve; --offline leaves both out.\n\n" +
			"Slack allows few calls a minute. verify reads the thread of each card, 27 a minute: a thousand cards\n" +
			"take about forty minutes, and a terminal shows how long it goes on. --quick reads a thread only if\n" +
			"Slack counts other replies than the journal, or another latest one, so a thousand cards take\n" +
			"less than a minute. It finds what was added or deleted, and does not find replies that were\n" +
			"edited.\n\n" +
			"Exit codes: 0 no difference, 1 differences, 2 usage error, 3 could not check.",
		Example: "  licensebot audit verify\n  licensebot audit verify --since 2026-01-01\n" +
			"  licensebot audit verify --quick\n  licensebot audit verify --offline",
		Args: refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			oldest, err := readOptionalMoment("--since", since)
			if err != nil {
				return err
			}
			return verifyResult(cmd, verifyAll(cmd, from, oldest, offline, quick))
		},
	}
	command.Flags().BoolVar(&offline, "offline", false, "check the database alone")
	command.Flags().BoolVar(&quick, "quick", false, "read a thread only if its count or its latest reply is another")
	command.Flags().StringVar(&since, "since", "", "compare messages in Slack from this day or time on; else all")
	addDatabaseFlag(command, &from)
	return command
}

// verifyResult is the exit code of a check. Differences in a state that a bot changed
// meanwhile prove nothing.
func verifyResult(cmd *cobra.Command, err error) error {
	if err == nil || isUsageError(err) || cmd.Context().Err() != nil {
		return err
	}
	if _, isExit := errors.AsType[exitError](err); isExit && !errors.Is(err, store.ErrWrittenMeanwhile) {
		return err
	}
	printLine(cmd.ErrOrStderr(), "licensebot: could not check:", err)
	return exitError(exitUnchecked)
}

// verifyAll checks the database alone first, and then beside Slack and UiPath.
func verifyAll(cmd *cobra.Command, from string, since time.Time, offline, quick bool) error {
	url, err := databaseURL(from)
	if err != nil {
		return err
	}
	c := newComparison(url, since, cmd.OutOrStdout())
	c.quick = quick
	if err := withDatabase(cmd.Context(), url, func(reader *store.Reader) error {
		return c.verifyJournal(cmd.Context(), reader)
	}); err != nil {
		return err
	}
	if !offline {
		cfg, faults, err := readAuditConfig()
		if err != nil {
			return err
		}
		if err := c.compareSlack(cmd.Context(), cfg, faults); err != nil {
			return err
		}
		if err := c.compareUiPath(cmd.Context(), cfg, faults); err != nil {
			return err
		}
	}
	return c.conclude()
}

// verifyJournal checks the chain of the journal, and each request against the journal.
func (c *comparison) verifyJournal(ctx context.Context, reader *store.Reader) error {
	differences := 0
	chain := &audit.Chain{Report: func(finding string) {
		differences++
		c.reportLine(finding)
	}}
	waiting, requests, err := reader.VerifyJournal(ctx, chain, c.now())
	if err != nil {
		return err
	}
	c.add("", differences, nil)
	c.reportLine(fmt.Sprintf("Checked %s, %d not yet sealed, and %s: %s.",
		countNoun(chain.Sealed, "sealed journal row"), waiting, countNoun(requests, "request"),
		countNoun(differences, "difference")))
	for _, row := range chain.Restored {
		c.reportLine(describeRestored(row))
	}
	if chain.Erased.Words > 0 {
		c.reportLine(fmt.Sprintf("Erased: %s in %s; the journal tells of %s.",
			countNoun(chain.Erased.Words, "word"), countNoun(chain.Erased.Rows, "row"), countNoun(chain.Erasures, "erasure")))
	}
	if chain.Head != "" {
		c.reportLine(fmt.Sprintf("The last seal is %d: %s", chain.Last(), chain.Head))
	}
	return nil
}

// conclude says what could not be checked, and is the exit code.
func (c *comparison) conclude() error {
	for _, one := range c.unchecked {
		c.reportLine("Could not check " + one)
	}
	switch {
	case c.findings > 0:
		return exitError(exitFailure)
	case len(c.unchecked) > 0:
		return exitError(exitUnchecked)
	}
	return nil
}

// describeRestored says which part of the journal a restored copy lost.
func describeRestored(row audit.Row) string {
	var e approvals.RestoredEntry
	if err := json.Unmarshal([]byte(row.Event), &e); err != nil {
		return fmt.Sprintf("Restored: journal row %d cannot be read: %v", row.ID, err)
	}
	text := fmt.Sprintf(
		"Restored: since journal row %d (%s) the database is an older copy, whose chain ended with seal %d: %s.",
		row.ID, time.UnixMicro(row.At).UTC().Format(time.RFC3339), e.Seals, cmp.Or(e.Head, "none"))
	if e.Lost != "" {
		text += " The channel tells of a lost head: " + e.Lost + "."
	}
	return text + " Rows after it until then are lost."
}

// sealEvery is how often a replica looks for journal rows to seal.
const sealEvery = time.Second

// sealJournal seals the journal until ctx ends. Rows that wait longer do no harm: a fault of
// the database is logged by the parts that need it.
func sealJournal(ctx context.Context, db *store.Store, log zerolog.Logger) {
	for {
		more, err := db.SealJournal(ctx)
		if err != nil && ctx.Err() == nil {
			log.Warn().Err(err).Msg("could not seal the journal; trying again soon")
		}
		if (!more || err != nil) && !sleep.For(ctx, sealEvery) {
			return
		}
	}
}
