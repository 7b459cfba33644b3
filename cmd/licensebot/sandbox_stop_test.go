package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A telling is a sandbox command that is being read, line by line.
type telling struct {
	t       *testing.T
	process *exec.Cmd
	out     io.Closer
	lines   *bufio.Scanner
	folder  string // for temporary files
	errors  *logBuffer
}

func tell(t *testing.T) *telling {
	t.Helper()
	s := &telling{t: t, process: exec.Command(os.Args[0], "sandbox"), folder: t.TempDir(), errors: &logBuffer{}}
	s.process.Env = append(os.Environ(), asBinary+"=1", "TMPDIR="+s.folder)
	s.process.Stderr = s.errors
	out, err := s.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out, s.lines = out, bufio.NewScanner(out)
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.process.Process.Kill() })
	return s
}

// until reads up to a line that begins with these words.
func (s *telling) until(words string) {
	s.t.Helper()
	for s.lines.Scan() {
		if strings.HasPrefix(s.lines.Text(), words) {
			return
		}
	}
	s.t.Fatalf("the story does not tell %q", words)
}

// expectClean waits for the end and looks for what was left behind.
func (s *telling) expectClean() {
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
	for _, moment := range []string{
		"A simulated Slack", "── The allocation of group-01 at UiPath, before", "── Robin types", "── The card", "── Sam", "── Alex",
	} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			s := tell(t)
			s.until(moment)
			if err := s.process.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			ended := false // before the signal came
			for s.lines.Scan() {
				ended = ended || strings.HasPrefix(s.lines.Text(), "── The allocation of group-01 at UiPath, after")
			}
			if ended {
				t.Skip("the story was quicker")
			}
			s.expectClean()
			if got := s.errors.String(); got != "licensebot: stopped before the end\n" {
				t.Errorf("it says %q", got)
			}
		})
	}
}

func TestSandboxWhoseReaderLeaves(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.until("A simulated Slack")
	_ = s.out.Close()
	s.expectClean()
	if got := s.errors.String(); !strings.Contains(got, "the story cannot be written") {
		t.Errorf("it says %q", got)
	}
}
