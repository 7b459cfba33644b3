//go:build linux

package chaos

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// maxTail is how much of a replica's log is kept.
const maxTail = 1 << 20

// A tail is the end of a replica's log, over all its lives. The suite reads two
// things in it: where the present life serves its health, and whether any life
// crashed or found a request without a job.
type tail struct {
	also io.Writer

	mu    sync.Mutex
	text  []byte
	addr  string
	crash string
}

// orphanMessage begins the log line about a request without a job.
const orphanMessage = "a request had no job to carry it on"

var (
	servedAt = regexp.MustCompile(`"addr":"([^"]+)"`)
	crashed  = regexp.MustCompile(`(?m)^(panic: |fatal error: |WARNING: DATA RACE|.*"` + orphanMessage + `).*$`)
)

// Write takes a line or more of the log.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if found := servedAt.FindSubmatch(p); found != nil && t.addr == "" {
		t.addr = string(found[1])
	}
	if found := crashed.Find(p); found != nil && t.crash == "" {
		t.crash = string(found)
	}
	t.text = append(t.text, p...)
	if extra := len(t.text) - maxTail; extra > 0 {
		t.text = t.text[extra:]
	}
	if t.also != nil {
		_, _ = t.also.Write(p)
	}
	return len(p), nil
}

// beginLife is told that a new life begins.
func (t *tail) beginLife() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.addr = ""
}

func (t *tail) servedAddress() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.addr
}

func (t *tail) crashLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.crash
}

func (t *tail) all() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.text)
}

// lastLines returns the last lines of the log.
func (t *tail) lastLines(n int) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return lines[max(len(lines)-n, 0):]
}
