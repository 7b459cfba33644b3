package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"licensebot/internal/audit/report"
	"licensebot/internal/store"
)

func auditEraseCommand() *cobra.Command {
	var erasure store.Erasure
	var since, until, from string
	command := &cobra.Command{
		Use:   "erase --by NAME (--person U… | --until DAY [--since DAY])",
		Short: "Erase the names and reasons of a person or a period",
		Long: "erase takes who people are and what they wrote out of the journal and the requests: of one person,\n" +
			"or of the requests that were closed in a period. What was asked, approved and done stays, and the\n" +
			"chain still verifies. Requests that are open, hold a grant or have a message to come keep theirs.\n" +
			"The journal says that it was done, and by whom. It cannot be undone. Stop the bot first if the\n" +
			"database is SQLite; with PostgreSQL use the URL of the tables' owner. Slack, UiPath, backups,\n" +
			"exports and logs have such words too (docs/audit.md).\n\n" +
			"Exit codes: 0 it is done, 1 nothing was erased, 2 usage error.",
		Example: "  licensebot audit erase --person U0123456789 --by 'Ada Lovelace, ticket 4711'\n" +
			"  licensebot audit erase --until 2024-01-01 --by 'yearly retention'",
		Args: refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := readErasure(&erasure, since, until); err != nil {
				return err
			}
			url, err := readDatabaseURL("--from", cmp.Or(from, databaseURLOfEnvironment()))
			if err != nil {
				return err
			}
			done, err := eraseWords(cmd.Context(), url, erasure)
			if err != nil {
				return fmt.Errorf("nothing was erased: %w", err)
			}
			printLine(cmd.OutOrStdout(), describeErased(done))
			return nil
		},
	}
	command.Flags().StringVar(&erasure.Person, "person", "", "Slack id of the person, such as U0123456789")
	command.Flags().StringVar(&since, "since", "", "first day of the period, such as 2024-01-01; else the beginning")
	command.Flags().StringVar(&until, "until", "", "the day or time before which the period ends")
	command.Flags().StringVar(&erasure.By, "by", "", "who has it done and why, for the journal")
	addDatabaseFlag(command, &from)
	return command
}

// personID is a Slack id.
var personID = regexp.MustCompile(`^[UW][A-Z0-9-]+$`)

// readErasure reads the options of an erasure.
func readErasure(e *store.Erasure, since, until string) (err error) {
	switch {
	case strings.TrimSpace(e.By) == "":
		return &usageError{errors.New("--by is required: who has it done and why, for the journal")}
	case (e.Person == "") == (until == ""):
		return &usageError{errors.New("name a person with --person, or a period with --until")}
	case e.Person != "" && since != "":
		return &usageError{errors.New("--since goes with --until: an erasure of a person is of all times")}
	case e.Person != "" && !personID.MatchString(e.Person):
		return &usageError{fmt.Errorf("--person %q is no Slack id: it begins with U or W, such as U0123456789", e.Person)}
	case e.Person != "":
		return nil
	}
	var period report.Period
	if period, err = readPeriod(cmp.Or(since, "1970-01-01"), until, auditNow()); err != nil {
		return err
	}
	if period.Until.After(auditNow()) {
		return &usageError{fmt.Errorf("--until %s is in the future", until)}
	}
	e.Since, e.Until = period.Since, period.Until
	return nil
}

func eraseWords(ctx context.Context, url string, e store.Erasure) (done store.Erased, err error) {
	// To read it first is to refuse a database that is not there, which Open would make.
	reader, err := store.OpenReader(ctx, url)
	if err != nil {
		return store.Erased{}, err
	}
	if err := reader.Close(); err != nil {
		return store.Erased{}, err
	}
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return store.Erased{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if done, err = db.Erase(ctx, e); err != nil {
		return done, err
	}
	for more := true; more && err == nil; {
		more, err = db.SealJournal(ctx)
	}
	return done, err
}

// maxKept is how many requests are named that kept their words.
const maxKept = 20

func describeErased(done store.Erased) string {
	text := fmt.Sprintf("Erased %s in %s of the journal and words of %s.",
		countNoun(done.Words, "word"), countNoun(done.Rows, "row"), countNoun(done.Requests, "request"))
	if n := len(done.Kept); n > 0 {
		more := ""
		if n > maxKept {
			more = ", …"
		}
		text += fmt.Sprintf("\nKept, because the bot still works on them: %s (%s%s). "+
			"Erase again when they are over.", countNoun(n, "request"), strings.Join(done.Kept[:min(n, maxKept)], ", "), more)
	}
	return text + "\nSlack, UiPath, backups, exports and logs still have such words: see docs/audit.md."
}
