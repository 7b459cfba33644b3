package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"licensebot/approvals"
	"licensebot/internal/checkup"
	"licensebot/internal/outbound"
	"licensebot/internal/store"
)

func doctorCommand() *cobra.Command {
	var asJSON bool
	doctor := &cobra.Command{
		Use:   "doctor",
		Short: "Check everything that serve relies on, and change nothing",
		Long: "doctor checks the configuration, Slack, the approvers, UiPath, the names in the policy, the\n" +
			"database, clocks and proxies. It says what it found and what to do. It reads the same variables\n" +
			"as serve, only reads at Slack and UiPath, and makes no file and no table: run it before the first\n" +
			"start, and whenever something is odd. docs/doctor.md explains each check.\n\n" +
			"Exit codes: 0 all is well, 1 a problem was found, 2 usage error, 3 something could not be checked.",
		Example: "  licensebot doctor\n  licensebot doctor --json",
		Args:    refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			subject, err := doctorSubject(cmd.Context())
			if err != nil {
				return err
			}
			report := subject.Run(cmd.Context())
			if cmd.Context().Err() != nil {
				return cmd.Context().Err()
			}
			out := cmd.OutOrStdout()
			if asJSON {
				err = writeReportJSON(out, report)
			} else {
				err = writeReport(out, report, isTerminal(out))
			}
			return errors.Join(err, exitOf(report))
		},
	}
	doctor.Flags().BoolVar(&asJSON, "json", false, "print JSON, for other programs")
	return doctor
}

// An exitError ends the program with a code; what there is to say was said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func exitOf(report checkup.Report) error {
	switch report.State() {
	case checkup.Problem:
		return exitError(exitFailure)
	case checkup.NotChecked:
		return exitError(exitUnchecked)
	}
	return nil
}

// doctorSubject reads the configuration as far as it is right. What is wrong with it is
// for the checks to say.
func doctorSubject(context.Context) (checkup.Subject, error) {
	cfg, err := LoadConfig()
	wrong, isConfig := errors.AsType[*ConfigError](err)
	if err != nil && !isConfig {
		return checkup.Subject{}, err
	}
	clock := &checkup.Clock{Base: outbound.NewTransport()}
	s := cfg.subject(clock)
	if isConfig {
		s.Faults = faultsOf(wrong.Problems)
	} else if _, s.UiPath, err = newLicenses(cfg, &http.Client{Transport: clock}); err != nil {
		s.Faults = append(s.Faults, checkup.Fault{Variable: "UIPATH_URL", Text: "UIPATH_URL cannot be used: " + err.Error()})
	}
	if isConfig && !hasFault(s.Faults, "UIPATH_", "LICENSEBOT_ALLOW_HTTP") {
		_, s.UiPath, _ = newLicenses(cfg, &http.Client{Transport: clock}) // its variables are right
	}
	return s, nil
}

// subject is what the checks look at, without a client for UiPath.
func (c *Config) subject(clock *checkup.Clock) checkup.Subject {
	return checkup.Subject{
		Warnings: c.warnings, Getenv: os.Getenv,
		SlackURL: c.SlackAPIURL, BotToken: c.SlackBotToken, AppToken: c.SlackAppToken, Channel: c.Channel,
		Emoji: c.Emoji, Policy: func() approvals.Policy { return c.Policy },
		UiPathURL: c.UiPathURL, TokenURL: c.UiPathTokenURL, AccountID: c.UiPathAccountID,
		StaticToken: c.UiPathAuth == "token", Scopes: c.Scopes, UiPathClock: clock,
		Inspect: func(ctx context.Context) store.Inspection { return store.Inspect(ctx, c.DatabaseURL) },
	}
}

// faultsOf reads the problems of a configuration. Each begins with its variable, or with
// that of a secret's file.
func faultsOf(problems []string) []checkup.Fault {
	secrets := new(environment).secretFields()
	faults := make([]checkup.Fault, len(problems))
	for i, problem := range problems {
		named, text, _ := strings.Cut(problem, ": ")
		faults[i] = checkup.Fault{
			Variable: named, Text: named + " " + text, Missing: strings.HasPrefix(text, "is required"),
		}
		if secret := strings.TrimSuffix(named, "_FILE"); secrets[secret] != nil {
			faults[i].Variable = secret
		}
	}
	return faults
}

func hasFault(faults []checkup.Fault, prefixes ...string) bool {
	_, faulty := findFault(faults, prefixes...)
	return faulty
}

// findFault returns the first fault of a variable that begins so.
func findFault(faults []checkup.Fault, prefixes ...string) (checkup.Fault, bool) {
	for _, fault := range faults {
		for _, prefix := range prefixes {
			if strings.HasPrefix(fault.Variable, prefix) {
				return fault, true
			}
		}
	}
	return checkup.Fault{}, false
}

// reportJSON is a report as other programs read it.
type reportJSON struct {
	Version   string           `json:"version"`
	CheckedAt time.Time        `json:"checked_at"`
	State     checkup.State    `json:"state"`
	Checks    []checkup.Result `json:"checks"`
}

func writeReportJSON(out io.Writer, report checkup.Report) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(reportJSON{
		Version: versionName(), CheckedAt: report.At.UTC().Truncate(time.Second),
		State: report.State(), Checks: report.Results,
	})
}

// How the screen shows each state: a word, so that it does not rest on colors.
var (
	stateWords = map[checkup.State]string{
		checkup.OK: "ok", checkup.Problem: "PROBLEM", checkup.NotChecked: "not checked",
	}
	stateColors = map[checkup.State]string{
		checkup.OK: "\x1b[32m", checkup.Problem: "\x1b[1;31m", checkup.NotChecked: "\x1b[33m",
	}
)

// screenWidth is how wide a line of the report is at most. A word may be longer.
const screenWidth = 110

// writeReport prints a report for people.
func writeReport(out io.Writer, report checkup.Report, colored bool) error {
	var screen strings.Builder
	for _, result := range report.Results {
		word := fmt.Sprintf("%-11s", stateWords[result.State])
		if colored {
			word = stateColors[result.State] + word + "\x1b[0m"
		}
		const indent = 34
		found := result.Found
		if result.State == checkup.NotChecked {
			found = strings.TrimPrefix(found, "not checked, ") // the first column says it
		}
		text := wrapWords(found, screenWidth-indent, indent)
		fmt.Fprintf(&screen, "%s  %-19s  %s\n", word, result.Check, text)
		if result.Do != "" {
			fmt.Fprintf(&screen, "%*s-> %s\n", indent, "", wrapWords(result.Do, screenWidth-indent-3, indent+3))
		}
	}
	fmt.Fprintln(&screen, "\n"+summarize(report))
	_, err := io.WriteString(out, screen.String())
	return err
}

// summarize says in one line how the checks ended.
func summarize(report checkup.Report) string {
	problems, unchecked := len(report.Problems()), 0
	for _, result := range report.Results {
		if result.State == checkup.NotChecked {
			unchecked++
		}
	}
	switch {
	case problems > 0:
		return fmt.Sprintf("%s found, %d not checked. docs/doctor.md explains each check.",
			countNoun(problems, "problem"), unchecked)
	case unchecked > 0:
		return fmt.Sprintf("No problem found, but %d not checked. docs/doctor.md explains each check.", unchecked)
	}
	return "All is well."
}

// wrapWords breaks text into lines of a width, and indents all but the first.
func wrapWords(text string, width, indent int) string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return strings.Join(append(lines, line), "\n"+strings.Repeat(" ", indent))
}

// isTerminal reports whether a person sees colors there.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
