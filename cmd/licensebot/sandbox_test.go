package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestSandboxPlaysTheMainJob(t *testing.T) {
	for _, name := range []string{"SLACK_BOT_TOKEN", "LICENSEBOT_QUORUM"} {
		t.Setenv(name, "from the shell of whoever runs it")
	}
	root := newRootCommand(nil)
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs([]string{"sandbox"})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("the story did not end as told: %v\n%s", err, out.String())
	}
	for _, want := range []string{
		"/allocate group-01 RPADEVPRONU IDU CTZDEVCU",
		"its approvers are @Alex",
		`{"userBundleCodes":["ATTUNU","CTZDEVCU","IDU","RPADEVPRONU"],"useExternalLicense":false}`,
		"@Robin Done:",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the story does not tell %q:\n%s", want, out.String())
		}
	}
}
