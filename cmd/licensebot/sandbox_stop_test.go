package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"licensebot/bot/bottest"
)

// pauseAt names the words at which a sandbox command pauses its story.
const pauseAt = "LICENSEBOT_TEST_PAUSE_AT"

// A pausingWriter is the standard output of licensebot in these tests. After it
// wrote the words of pauseAt, it waits until standard input is closed. The story
// cannot end before the test acts, however fast the machine is.
type pausingWriter struct{ words string }

func newPausingWriter() io.Writer {
	words := os.Getenv(pauseAt)
	if words == "" {
		return os.Stdout
	}
	return &pausingWriter{words: words}
}

// Write passes text on, and pauses once.
func (p *pausingWriter) Write(text []byte) (int, error) {
	n, err := os.Stdout.Write(text)
	if err == nil && p.words != "" && bytes.Contains(text, []byte(p.words)) {
		p.words = ""
		_, err = io.Copy(io.Discard, os.Stdin)
	}
	return n, err
}

// A story is a sandbox command that pauses at one moment.
type story struct {
	t       *testing.T
	process *exec.Cmd
	out     io.Closer
	proceed io.Closer // ends the pause
	lines   *bufio.Scanner
	folder  string // for temporary files
	errors  *bottest.Log
}

// startStory starts a sandbox command and reads up to the moment at which it
// pauses.
func startStory(t *testing.T, moment string) *story {
	t.Helper()
	s := &story{t: t, process: exec.Command(os.Args[0], "sandbox"), folder: t.TempDir(), errors: new(bottest.Log)}
	s.process.Env = append(os.Environ(), asBinary+"=1", pauseAt+"="+moment, "TMPDIR="+s.folder)
	s.process.Stderr = s.errors
	out, err := s.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out, s.lines = out, bufio.NewScanner(out)
	if s.proceed, err = s.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.process.Process.Kill() })
	for s.lines.Scan() {
		if strings.HasPrefix(s.lines.Text(), moment) {
			return s
		}
	}
	t.Fatalf("the story does not tell %q", moment)
	return nil
}

// wantCleanEnd waits for the end. It expects a failure and no files left behind.
func (s *story) wantCleanEnd() {
	s.t.Helper()
	_ = s.process.Wait()
	if code := s.process.ProcessState.ExitCode(); code != exitFailure {
		s.t.Errorf("exit code %d instead of %d: %s", code, exitFailure, s.errors)
	}
	left, err := os.ReadDir(s.folder)
	if err != nil || len(left) != 0 {
		s.t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSandboxIsInterrupted(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{
		"A simulated Slack", "── The allocation of group-01 at UiPath, before", "── Robin types", "── The card", "── Sam", "── Alex",
	} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			s := startStory(t, moment)
			if err := s.process.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			_ = s.proceed.Close()
			for s.lines.Scan() {
				if strings.HasPrefix(s.lines.Text(), "── The allocation of group-01 at UiPath, after") {
					t.Error("the story went on after the interrupt")
				}
			}
			s.wantCleanEnd()
			if got := s.errors.String(); got != "licensebot: stopped before the end\n" {
				t.Errorf("it says %q", got)
			}
		})
	}
}

func TestSandboxLosesItsReader(t *testing.T) {
	t.Parallel()
	s := startStory(t, "A simulated Slack")
	_ = s.out.Close()
	_ = s.proceed.Close()
	s.wantCleanEnd()
	if got := s.errors.String(); !strings.Contains(got, "the story cannot be written") {
		t.Errorf("it says %q", got)
	}
}
