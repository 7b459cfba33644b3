package main

import (
	"bufio"
	"bytes"
	"io"
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
		"/allocate group-01 RPADEVPRONU IDU CTZDEVCU for 30d",
		"its approvers are @Alex and @Kim",
		`{"userBundleCodes":["ATTUNU","CTZDEVCU","IDU","RPADEVPRONU"],"useExternalLicense":false}`,
		"@Robin Done:", "does not count", "kill -9 ended the bot", "The grant of request", "add --web",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the story does not tell %q:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "\x1b") {
		t.Error("the story has colors in a pipe")
	}
	if lines := strings.Count(string(out), "\n"); lines > 80 {
		t.Errorf("the story has %d lines", lines)
	}
}

// TestSandboxGoesInSteps lets the story wait for Enter before each scene.
func TestSandboxGoesInSteps(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "sandbox", "--step")
	cmd.Env = append(plainEnvironment(), asBinary+"=1")
	enter, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	const prompt = "Enter goes on."
	scenes := 0
	read := bufio.NewReader(out)
	for text := []byte(nil); ; {
		next, err := read.ReadByte()
		if err != nil {
			break
		}
		text = append(text, next)
		if !bytes.HasSuffix(text, []byte(prompt)) {
			continue
		}
		if got := bytes.Count(text, []byte("\n── ")); got != scenes {
			t.Fatalf("%d scenes were played after %d times Enter", got, scenes)
		}
		scenes++
		if _, err := io.WriteString(enter, "\n"); err != nil {
			t.Fatal(err)
		}
	}
	if scenes < 8 {
		t.Errorf("there were %d scenes", scenes)
	}
}
