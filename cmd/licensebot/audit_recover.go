package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"licensebot/internal/audit/compare"
	"licensebot/internal/audit/recovery"
)

func auditRecoverCommand() *cobra.Command {
	var since, channel string
	var asJSON bool
	command := &cobra.Command{
		Use:   "recover",
		Short: "List from the channel what became of each request, without the database",
		Long: "recover reads the approvals channel after the loss of the database or of its last days. For each\n" +
			"request it says whether it waits, was done, was granted for a time and until when, ended, closed\n" +
			"without a change, or is unknown, so that UiPath has to be looked at. It only reads, and needs the\n" +
			"variables of Slack. The newest requests come first.\n\n" +
			"Exit codes: 0 all are listed, 2 usage error, 3 the channel could not be read.",
		Example: "  licensebot audit recover --since 2026-01-01\n  licensebot audit recover --json > requests.jsonl",
		Args:    refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			oldest, err := readOptionalMoment("--since", since)
			if err != nil {
				return err
			}
			err = recoverChannel(cmd, channel, oldest, asJSON)
			if err == nil || isUsageError(err) || cmd.Context().Err() != nil {
				return err
			}
			printLine(cmd.ErrOrStderr(), "licensebot: could not read the channel:", compare.Explain(err))
			return exitError(exitUnchecked)
		},
	}
	command.Flags().StringVar(&since, "since", "", "list cards from this day or time on; else all")
	command.Flags().StringVar(&channel, "channel", "", "id of the channel; else LICENSEBOT_CHANNEL says it")
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line, for other programs")
	return command
}

func recoverChannel(cmd *cobra.Command, channel string, since time.Time, asJSON bool) error {
	cfg, faults, err := readAuditConfig()
	if err != nil {
		return err
	}
	if fault, faulty := findFault(faults, slackVariables...); faulty {
		return &usageError{errors.New(fault.Text)}
	}
	channel = cmp.Or(channel, cfg.Channel)
	if !channelID.MatchString(channel) {
		return &usageError{errors.New("--channel or LICENSEBOT_CHANNEL has to be the id of the approvals channel, " +
			"such as C0123ABCD")}
	}
	archive, err := compare.ConnectSlack(cmd.Context(), cfg.SlackAPIURL, cfg.SlackBotToken)
	if err != nil {
		return err
	}
	progress := newProgressLine(os.Stderr)
	out := entryWriter{out: cmd.OutOrStdout(), progress: progress}
	if asJSON {
		out.lines = json.NewEncoder(out.out)
		out.lines.SetEscapeHTML(false)
	}
	list := recovery.List{
		Slack: archive, Channel: channel, Since: since, Now: auditNow, Each: out.write, Progress: progress.show,
	}
	summary, err := list.Run(cmd.Context())
	if err != nil {
		return err
	}
	return out.conclude(summary)
}

// An entryWriter prints what the channel tells.
type entryWriter struct {
	out      io.Writer
	lines    *json.Encoder // nil: text
	progress *progressLine
}

func (w *entryWriter) write(e recovery.Entry) error {
	w.progress.clear()
	if w.lines != nil {
		return w.lines.Encode(e)
	}
	_, err := fmt.Fprintln(w.out, e)
	return err
}

// conclude prints how many requests stand how, and the newest head of the journal.
func (w *entryWriter) conclude(s recovery.Summary) error {
	w.progress.clear()
	if w.lines != nil {
		return w.lines.Encode(s)
	}
	text := ""
	for _, standing := range recovery.Standings() {
		text += fmt.Sprintf("%s: %d. ", standing, s.Counts[standing])
	}
	if s.Head != "" {
		text += fmt.Sprintf("\nThe newest head of the journal in the channel is %s of %s.", s.Head,
			s.HeadAt.Format(time.RFC3339))
	}
	_, err := fmt.Fprintln(w.out, text)
	return err
}
