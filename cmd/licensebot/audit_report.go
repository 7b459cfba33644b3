package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"licensebot/internal/audit/compare"
	"licensebot/internal/audit/report"
	"licensebot/internal/store"
)

// auditNow is the clock of the audit commands.
var auditNow = time.Now

func auditReportCommand() *cobra.Command {
	var since, until, format, from string
	var offline bool
	command := &cobra.Command{
		Use:   "report --since DAY [--until DAY]",
		Short: "Write all requests and changes of a period",
		Long: "report writes each request of a period with its change, rule, approvers and result, each change of\n" +
			"an allocation outside of the bot, and per group what it had at both ends and what explains the\n" +
			"difference. The period begins with the day of --since and ends before the day of --until, in UTC;\n" +
			"without --until it ends now. People have the names of that time, as the journal has them. Others\n" +
			"are asked for in Slack, with the variables of serve; --offline leaves those out.\n\n" +
			"Exit codes: 0 it is written, 1 it could not be, 2 usage error.",
		Example: "  licensebot audit report --since 2026-01-01 --until 2026-04-01 --format html > q1.html",
		Args:    refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			period, err := readPeriod(since, until, auditNow())
			if err != nil {
				return err
			}
			if !slices.Contains(report.Formats(), format) {
				return &usageError{fmt.Errorf("--format %q is unknown: use %s", format, strings.Join(report.Formats(), ", "))}
			}
			return withReader(cmd.Context(), from, func(reader *store.Reader) error {
				return writePeriod(cmd, reader, period, format, offline)
			})
		},
	}
	command.Flags().StringVar(&since, "since", "", "first day, such as 2026-01-01, or a time such as 2026-01-01T08:00:00Z")
	command.Flags().StringVar(&until, "until", "", "the day or time before which the period ends; else now")
	command.Flags().StringVar(&format, "format", "csv", "csv, jsonl or html")
	command.Flags().BoolVar(&offline, "offline", false,
		"read the database alone, without names of today and addresses of the workspace")
	addDatabaseFlag(command, &from)
	return command
}

func addDatabaseFlag(command *cobra.Command, from *string) {
	command.Flags().StringVar(from, "from", "", "URL of the database; else LICENSEBOT_DATABASE_URL says it")
}

func writePeriod(
	cmd *cobra.Command, reader *store.Reader, period report.Period, format string, offline bool,
) error {
	made, err := report.Build(cmd.Context(), reader, period, auditNow().UTC())
	if err != nil {
		return err
	}
	if !offline {
		if err := namePeople(cmd, &made); err != nil {
			return err
		}
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	return errors.Join(report.Write(cmd.Context(), out, format, made, reader), out.Flush())
}

// namePeople lets Slack be asked for names that the journal lacks, and for the address of the
// workspace. Where Slack does
// not tell them, the report goes on without.
func namePeople(cmd *cobra.Command, made *report.Report) error {
	cfg, faults, err := readAuditConfig()
	if err != nil {
		return err
	}
	if fault, faulty := findFault(faults, slackVariables...); faulty {
		return warnNameless(cmd, fault.Text)
	}
	archive, err := compare.ConnectSlack(cmd.Context(), cfg.SlackAPIURL, cfg.SlackBotToken)
	if err != nil {
		return warnNameless(cmd, compare.Explain(err))
	}
	made.Link = archive.MessageLink
	names, failed := make(map[string]string), false
	made.FindName = func(id string) string {
		name, known := names[id]
		if known || failed {
			return name
		}
		if name, err = archive.FindName(cmd.Context(), id); err != nil {
			failed = true
			_ = warnNameless(cmd, compare.Explain(err)) // a stop ends the reading as well
		}
		names[id] = name
		return name
	}
	return nil
}

// warnNameless says why names are missing. It is an error only if the command was stopped.
func warnNameless(cmd *cobra.Command, why string) error {
	if cmd.Context().Err() != nil {
		return cmd.Context().Err()
	}
	printLine(cmd.ErrOrStderr(), "licensebot: the report lacks names of people: "+why+". --offline leaves them out.")
	return nil
}

// withReader runs work on the database that an option or the environment names.
func withReader(ctx context.Context, from string, work func(*store.Reader) error) error {
	url, err := databaseURL(from)
	if err != nil {
		return err
	}
	return withDatabase(ctx, url, work)
}

// databaseURL is the URL of an option; if that is empty, of the environment.
func databaseURL(from string) (string, error) {
	return readDatabaseURL("--from", cmp.Or(from, databaseURLOfEnvironment()))
}

// withDatabase runs work on one state of a database.
func withDatabase(ctx context.Context, url string, work func(*store.Reader) error) error {
	reader, err := store.OpenReader(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(work(reader), reader.Close())
}

// readPeriod reads the two ends of a period.
func readPeriod(since, until string, now time.Time) (report.Period, error) {
	if since == "" {
		return report.Period{}, &usageError{errors.New("--since is required: a day, such as --since 2026-01-01")}
	}
	begin, err := readMoment("--since", since)
	if err != nil {
		return report.Period{}, err
	}
	end := now.UTC()
	if until != "" {
		if end, err = readMoment("--until", until); err != nil {
			return report.Period{}, err
		}
	}
	if !begin.Before(end) {
		return report.Period{}, &usageError{fmt.Errorf(
			"the period is empty: it begins %s and ends before %s; give an earlier --since or a later --until",
			begin.Format(time.RFC3339), end.Format(time.RFC3339))}
	}
	return report.Period{Since: begin, Until: end}, nil
}

// readOptionalMoment is readMoment; an empty text is the zero time.
func readOptionalMoment(option, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return readMoment(option, text)
}

func readMoment(option, text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, &usageError{fmt.Errorf(
		"%s %q is no day: write YYYY-MM-DD, such as 2026-01-01, or a time such as 2026-01-01T08:00:00Z", option, text)}
}
