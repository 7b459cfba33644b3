package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"licensebot/deploy"
)

// runCommand runs the binary with these arguments and without configuration.
func runCommand(t *testing.T, args ...string) (code int, out, problem string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = []string{asBinary + "=1"}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exited *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for line, c := range map[string]struct {
		code         int
		out, problem string // what each begins with
	}{
		"":               {0, "licensebot is a Slack Socket Mode bot.", ""},
		"--help":         {0, "licensebot is a Slack Socket Mode bot.", ""},
		"serve --help":   {0, "serve runs the bot.", ""},
		"sandbox --help": {0, "sandbox starts a simulated Slack", ""},
		"manifest":       {0, string(deploy.SlackManifest), ""},
		"version":        {0, "licensebot ", ""},
		"--version":      {0, "licensebot ", ""},
		"serve":          {2, "", "licensebot: the configuration has 8 problems:\n  - SLACK_BOT_TOKEN: is required"},
		"serve --fast":   {2, "", "licensebot: unknown flag: --fast; see licensebot serve --help"},
		"serve now":      {2, "", `licensebot: "now" is no command or argument of licensebot serve`},
		"sandbox again":  {2, "", `licensebot: "again" is no command or argument of licensebot sandbox`},
		"allocate":       {2, "", `licensebot: "allocate" is no command or argument of licensebot; see licensebot --help`},
	} {
		t.Run(line, func(t *testing.T) {
			code, out, problem := runCommand(t, strings.Fields(line)...)
			if code != c.code || !strings.HasPrefix(out, c.out) || !strings.HasPrefix(problem, c.problem) {
				t.Errorf("exit code %d, %q, %q", code, out, problem)
			}
			if (out == "") == (problem == "") {
				t.Errorf("it speaks on both streams, or on neither: %q, %q", out, problem)
			}
		})
	}
}
