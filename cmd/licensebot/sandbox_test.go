package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestSandboxPlaysTheMainJob plays the whole story, beside variables of a shell
// that the sandbox must ignore.
func TestSandboxPlaysTheMainJob(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "sandbox")
	cmd.Env = append(plainEnvironment(), asBinary+"=1", "SLACK_BOT_TOKEN=from the shell", "LICENSEBOT_QUORUM=from the shell")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil || problems.Len() > 0 {
		t.Fatalf("the story did not end as told: %v\n%s\n%s", err, problems.String(), out)
	}
	for _, want := range []string{
		"/allocate group-01 RPADEVPRONU IDU CTZDEVCU",
		"its approvers are @Alex",
		`{"userBundleCodes":["ATTUNU","CTZDEVCU","IDU","RPADEVPRONU"],"useExternalLicense":false}`,
		"@Robin Done:",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the story does not tell %q:\n%s", want, out)
		}
	}
}
