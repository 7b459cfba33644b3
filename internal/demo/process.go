package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	keptLines = 300              // of the bot's log
	stopGrace = 12 * time.Second // for a bot that is told to stop
	probeRest = time.Second      // between two looks at the bot's health
	maxLine   = 1 << 20
)

// The states of the bot's process.
const (
	botStarting = "starting"
	botRunning  = "running"
	botStopped  = "stopped"
	botKilled   = "killed"
	botEnded    = "ended"    // by itself
	botExternal = "external" // it is not the sandbox's process
)

// errNoBot is the answer to a control of the bot where the sandbox has none.
var errNoBot = errors.New("this sandbox has only the simulators: the bot is yours to start and stop")

// A logLine is a line of the bot's log.
type logLine struct {
	N       int       `json:"n"`
	At      time.Time `json:"at"`
	Level   string    `json:"level"`
	Message string    `json:"message"`
	Line    string    `json:"line"`
}

// A botProcess runs the bot as a child process, so that it can be killed. Its
// standard input is a pipe with the clock: the bot stops at the end of the pipe, even
// when the sandbox was killed.
type botProcess struct {
	program func() *exec.Cmd // nil: the bot is not the sandbox's process
	clock   *Clock
	changed func()

	control sync.Mutex // held by a start and a stop, one at a time

	mu     sync.Mutex
	state  string
	exit   string
	cmd    *exec.Cmd
	pipe   io.WriteCloser
	ended  chan struct{} // closed when the process of cmd has ended
	reason string        // the state after an end that was asked for
	health botHealth
	lines  []logLine
	count  int
}

// botHealth is what /readyz?verbose answered.
type botHealth struct {
	Ready  bool       `json:"ready"`
	Text   string     `json:"ready_text"`
	Checks []botCheck `json:"checks"`
}

type botCheck struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail"`
}

func newBotProcess(program func() *exec.Cmd, clock *Clock, changed func()) *botProcess {
	state := botStopped
	if program == nil {
		state = botExternal
	}
	return &botProcess{program: program, clock: clock, changed: changed, state: state}
}

// start starts the bot. A bot that runs already stays.
func (p *botProcess) start() error {
	if p.program == nil {
		return errNoBot
	}
	p.control.Lock()
	defer p.control.Unlock()
	if p.isUp() {
		return nil
	}
	cmd := p.program()
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("the bot did not start: %w", err)
	}
	p.mu.Lock()
	p.cmd, p.pipe, p.ended = cmd, pipe, make(chan struct{})
	p.state, p.exit, p.reason, p.health = botStarting, "", "", botHealth{}
	p.mu.Unlock()
	p.tellTime()
	go p.follow(cmd, log)
	p.changed()
	return nil
}

// follow reads the log of a process until its end.
func (p *botProcess) follow(cmd *exec.Cmd, log io.Reader) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if addr := p.keepLine(lines.Text()); addr != "" {
			go p.probe(ctx, addr)
		}
	}
	_, _ = io.Copy(io.Discard, log) // a line beyond maxLine must not stop the bot
	err := cmd.Wait()
	p.mu.Lock()
	p.state, p.exit, p.health = botEnded, "", botHealth{Text: "the bot does not run"}
	if p.reason != "" {
		p.state = p.reason
	} else if err != nil {
		p.exit = err.Error()
	}
	_ = p.pipe.Close() // its other end is gone
	close(p.ended)
	p.mu.Unlock()
	p.changed()
}

// keepLine keeps a line of the log. It returns the address of the health routes where
// the line tells it.
func (p *botProcess) keepLine(line string) (addr string) {
	var fields struct{ Level, Message, Addr string }
	if json.Unmarshal([]byte(line), &fields) != nil {
		fields.Message = line
	}
	defer p.changed()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	p.lines = append(p.lines, logLine{p.count, p.clock.Now(), fields.Level, fields.Message, line})
	p.lines = p.lines[max(0, len(p.lines)-keptLines):]
	switch fields.Message {
	case "licensebot is running":
		p.state = botRunning
	case "health and metrics are served":
		return fields.Addr
	}
	return ""
}

// probe asks the bot for its health until ctx ends.
func (p *botProcess) probe(ctx context.Context, addr string) {
	for ctx.Err() == nil {
		found := readHealth(ctx, addr)
		p.mu.Lock()
		isNew := ctx.Err() == nil && !found.equals(p.health)
		if isNew {
			p.health = found
		}
		p.mu.Unlock()
		if isNew {
			p.changed()
		}
		select {
		case <-ctx.Done():
		case <-time.After(probeRest):
		}
	}
}

func (h botHealth) equals(other botHealth) bool {
	a, errA := json.Marshal(h)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && string(a) == string(b)
}

// readHealth asks /readyz?verbose.
func readHealth(ctx context.Context, addr string) botHealth {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz?verbose", nil)
	if err != nil {
		return botHealth{Text: err.Error()}
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return botHealth{Text: "the bot does not answer"}
	}
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxLine)) // a part is as good
	first, rest, _ := strings.Cut(string(text), "\n")
	return botHealth{Ready: answer.StatusCode == http.StatusOK, Text: first, Checks: parseChecks(rest)}
}

// parseChecks reads the report of the checks: a word, the check, what was found. A line
// that begins with blanks goes on with the one before.
func parseChecks(report string) []botCheck {
	var checks []botCheck
	for line := range strings.Lines(report) {
		line = strings.TrimRight(line, "\n")
		status, name, found := splitCheck(line)
		switch {
		case name != "":
			checks = append(checks, botCheck{Name: name, Status: status, Detail: found})
		case strings.HasPrefix(line, "  ") && len(checks) > 0:
			last := &checks[len(checks)-1]
			last.Detail = strings.TrimSpace(last.Detail + " " + strings.TrimSpace(line))
		}
	}
	return checks
}

func splitCheck(line string) (status, name, found string) {
	for _, status := range []string{"ok", "PROBLEM", "not checked"} {
		if rest, is := strings.CutPrefix(line, status+"  "); is {
			name, found, _ := strings.Cut(strings.TrimSpace(rest), "  ")
			return status, name, strings.TrimSpace(found)
		}
	}
	return "", "", ""
}

// tellTime writes the clock to the bot. A bot that has just ended reads nothing.
func (p *botProcess) tellTime() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pipe != nil {
		_, _ = fmt.Fprintln(p.pipe, p.clock.Ahead())
	}
}

// reloadPolicy makes the bot read its policy file now, as an operator does.
func (p *botProcess) reloadPolicy() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil && (p.state == botStarting || p.state == botRunning) {
		_ = p.cmd.Process.Signal(syscall.SIGHUP) // without it the bot looks within ten seconds
	}
}

func (p *botProcess) isUp() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state == botStarting || p.state == botRunning
}

// kill ends the bot at once, as kill -9 and the loss of power do.
func (p *botProcess) kill() error {
	return p.end(botKilled, func() { _ = p.cmd.Process.Kill() }) // it may have ended by itself
}

// stop ends the bot as an operator does, and kills it when it takes too long.
func (p *botProcess) stop() error {
	return p.end(botStopped, func() { _ = p.pipe.Close() })
}

func (p *botProcess) end(reason string, act func()) error {
	if p.program == nil {
		return errNoBot
	}
	p.control.Lock()
	defer p.control.Unlock()
	p.mu.Lock()
	if p.state != botStarting && p.state != botRunning {
		p.mu.Unlock()
		return nil
	}
	p.reason = reason
	act()
	ended, process := p.ended, p.cmd.Process
	p.mu.Unlock()
	select {
	case <-ended:
	case <-time.After(stopGrace):
		_ = process.Kill() // it may have ended by itself
		<-ended
	}
	return nil
}

func (p *botProcess) read() (state, exit string, pid int, health botHealth, lines []logLine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil && p.cmd.Process != nil {
		pid = p.cmd.Process.Pid
	}
	return p.state, p.exit, pid, p.health, append([]logLine{}, p.lines...)
}
