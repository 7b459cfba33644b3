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
	var from string
	command := &cobra.Command{
		Use:   "verify",
		Short: "Check that the journal and the requests are as the bot wrote them",
		Long: "verify walks the chain of seals over the journal, and compares each request with its last journal\n" +
			"row. It names each row that was changed, deleted or inserted in the database. It does not read Slack\n" +
			"or UiPath. The bot may run meanwhile.\n\n" +
			"Exit codes: 0 no difference, 1 differences, 2 usage error, 3 could not check.",
		Args: refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := withReader(cmd.Context(), from, func(reader *store.Reader) error { return verifyJournal(cmd, reader) })
			return verifyResult(cmd, err)
		},
	}
	addDatabaseFlag(command, &from)
	return command
}

// verifyResult is the exit code of a check. Differences in a state that a bot changed
// meanwhile prove nothing.
func verifyResult(cmd *cobra.Command, err error) error {
	changed := errors.Is(err, store.ErrWrittenMeanwhile)
	if err == nil || isUsageError(err) || errors.Is(err, exitError(exitFailure)) && !changed {
		return err
	}
	printLine(cmd.ErrOrStderr(), "licensebot: could not check:", err)
	return exitError(exitUnchecked)
}

func verifyJournal(cmd *cobra.Command, reader *store.Reader) error {
	out, differences := cmd.OutOrStdout(), 0
	chain := &audit.Chain{Report: func(finding string) {
		differences++
		printLine(out, finding)
	}}
	waiting, requests, err := reader.VerifyJournal(cmd.Context(), chain, auditNow())
	if err != nil {
		return err
	}
	printLine(out, fmt.Sprintf("Checked %d sealed journal rows, %d not yet sealed, and %d requests: %d differences.",
		chain.Sealed, waiting, requests, differences))
	for _, row := range chain.Restored {
		printLine(out, describeRestored(row))
	}
	if chain.Erased.Words > 0 {
		printLine(out, fmt.Sprintf("Erased: %d words in %d rows, as the journal says (%d erasures).",
			chain.Erased.Words, chain.Erased.Rows, chain.Erasures))
	}
	if chain.Head != "" {
		printLine(out, fmt.Sprintf("The last seal is %d: %s", chain.Last(), chain.Head))
	}
	if differences > 0 {
		return exitError(exitFailure)
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
