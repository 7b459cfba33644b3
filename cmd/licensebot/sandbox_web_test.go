package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"licensebot/internal/sweep"
)

// A played is a sandbox that a test plays with over HTTP, as other programs do.
type played struct {
	t       *testing.T
	url     string
	process *exec.Cmd
	input   io.Closer // the process ends with it
	out     *bufio.Scanner
}

type playedMessage struct {
	TS        string     `json:"ts"`
	ThreadTS  string     `json:"thread_ts"`
	Text      string     `json:"text"`
	EventType string     `json:"event_type"`
	Reactions []struct{} `json:"reactions"`
}

type playedCall struct {
	Operation string `json:"operation"`
	Status    int    `json:"status"`
	Faulted   bool   `json:"faulted"`
}

type playedRequest struct{ ID, State string }

type playedLine struct{ Message string }

type playedCheck struct{ Name, Status, Detail string }

// playedState is what these tests read of /api/state.
type playedState struct {
	Now       time.Time `json:"now"`
	Connected bool      `json:"bot_connected"`
	Slack     struct {
		Messages []playedMessage `json:"messages"`
		Homes    map[string]struct {
			Blocks json.RawMessage `json:"blocks"`
		} `json:"homes"`
		Views []struct {
			ID     string            `json:"id"`
			Blocks json.RawMessage   `json:"blocks"`
			Errors map[string]string `json:"errors"`
		} `json:"views"`
	} `json:"slack"`
	UiPath struct {
		Groups []struct {
			ID    string   `json:"id"`
			Codes []string `json:"codes"`
		} `json:"groups"`
		Calls []playedCall `json:"calls"`
	} `json:"uipath"`
	Bot struct {
		Process  string                  `json:"process"`
		PID      int                     `json:"pid"`
		Ready    bool                    `json:"ready"`
		Checks   []playedCheck           `json:"checks"`
		Log      []playedLine            `json:"log"`
		Requests []playedRequest         `json:"requests"`
		Journal  []struct{ Kind string } `json:"journal"`
	} `json:"bot"`
	Weather []struct {
		Name string `json:"name"`
		On   bool   `json:"on"`
	} `json:"weather"`
	Story *struct{ State, Error string } `json:"story"`
}

// startSandbox starts the sandbox with a page, and waits for its bot.
func startSandbox(t *testing.T, flags ...string) *played {
	t.Helper()
	p := &played{t: t, process: exec.Command(os.Args[0], append([]string{"sandbox", "--web"}, flags...)...)}
	p.process.Env = append(plainEnvironment(), asBinary+"=1", "LICENSEBOT_QUORUM=from the shell", "TMPDIR="+t.TempDir())
	p.input = keepInput(t, p.process)
	p.process.Stderr = os.Stderr
	out, err := p.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.process.Process.Signal(os.Interrupt); _ = p.process.Wait() })
	p.out = bufio.NewScanner(out)
	for p.out.Scan() {
		if _, url, found := strings.Cut(p.out.Text(), "http://"); found {
			p.url = "http://" + url
			break
		}
	}
	p.await("the bot to be ready", func(s playedState) bool { return s.Bot.Ready && s.Connected })
	return p
}

// keepInput makes a process end when this test does, however it ends.
func keepInput(t *testing.T, cmd *exec.Cmd) io.Closer {
	t.Helper()
	cmd.Env = append(cmd.Env, endWithInput+"=1")
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	return input
}

func (p *played) state() playedState {
	p.t.Helper()
	answer, err := http.Get(p.url + "/api/state")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var s playedState
	if err := json.NewDecoder(answer.Body).Decode(&s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// await waits for a state, by the events that tell of changes.
func (p *played) await(what string, cond func(playedState) bool) playedState {
	p.t.Helper()
	client := http.Client{Timeout: patience}
	stream, err := client.Get(p.url + "/api/events")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = stream.Body.Close() }()
	for events := bufio.NewScanner(stream.Body); events.Scan(); {
		if !strings.HasPrefix(events.Text(), "data: ") {
			continue
		}
		if s := p.state(); cond(s) {
			return s
		}
	}
	s := p.state()
	p.t.Fatalf("waited for %s; the story is %+v, the allocation %+v, the log %+v", what, s.Story, s.UiPath.Groups, s.Bot.Log)
	return s
}

// send sends a JSON body and returns the status and the answer.
func (p *played) send(method, path string, body any) (int, map[string]any) {
	p.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequest(method, p.url+path, bytes.NewReader(encoded))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var decoded map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&decoded); err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode, decoded
}

// do sends what must be accepted.
func (p *played) do(path string, body map[string]any) map[string]any {
	p.t.Helper()
	status, answer := p.send(http.MethodPost, path, body)
	if status != http.StatusOK {
		p.t.Fatalf("%s: %d %v", path, status, answer)
	}
	return answer
}

// ask has Robin ask, and returns the timestamp of the card.
func (p *played) ask(text string) string {
	p.t.Helper()
	answer := p.do("/api/slack/command", map[string]any{"user": "U0ROBIN", "channel": "C0GENERAL", "text": text})
	_, rest, _ := strings.Cut(fmt.Sprint(answer["text"]), "Request `")
	id, _, found := strings.Cut(rest, "` is recorded")
	if !found {
		p.t.Fatalf("the command was answered %v", answer)
	}
	card := ""
	p.await("the card of "+id, func(s playedState) bool {
		for _, m := range s.Slack.Messages {
			if m.EventType == "allocation_requested" && strings.Contains(m.Text, id) && len(m.Reactions) == 2 {
				card = m.TS
			}
		}
		return card != ""
	})
	return card
}

func (p *played) react(user, card, name string) {
	p.t.Helper()
	p.do("/api/slack/react", map[string]any{"user": user, "channel": "C0LICENSES", "ts": card, "name": name})
}

// end ends the sandbox with a signal.
func (p *played) end(signal os.Signal) {
	p.t.Helper()
	if err := p.process.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	_ = p.process.Wait()
}

// shows tells whether a message says a text.
func (s playedState) shows(ts, text string) bool {
	return slices.ContainsFunc(s.Slack.Messages, func(m playedMessage) bool {
		return m.TS == ts && strings.Contains(m.Text, text)
	})
}

func (s playedState) hasReply(card, eventType string) bool {
	for _, m := range s.Slack.Messages {
		if m.ThreadTS == card && m.EventType == eventType {
			return true
		}
	}
	return false
}

func (p *played) awaitReply(card, eventType string) playedState {
	p.t.Helper()
	return p.await(eventType, func(s playedState) bool { return s.hasReply(card, eventType) })
}

func (s playedState) codes(group string) []string {
	for _, g := range s.UiPath.Groups {
		if g.ID == group {
			return g.Codes
		}
	}
	return nil
}

func (s playedState) countCalls(operation string) (n int) {
	for _, c := range s.UiPath.Calls {
		if c.Operation == operation {
			n++
		}
	}
	return n
}

func TestPlayTheMainJobAndAQuorum(t *testing.T) {
	t.Parallel()
	p := startSandbox(t)
	card := p.ask("/allocate group-01 IDU")
	p.react("U0ALEX", card, "white_check_mark")
	s := p.awaitReply(card, "allocation_done")
	if got := s.codes("group-01"); !slices.Equal(got, []string{"ATTUNU", "IDU"}) {
		t.Errorf("the allocation is %v", got)
	}
	if len(s.Bot.Journal) == 0 || len(s.Bot.Requests) != 1 || s.Bot.Requests[0].State != "done" {
		t.Errorf("the records are %+v", s.Bot)
	}
	card = p.ask("group-02 IDU")
	p.react("U0KIM", card, "white_check_mark")
	s = p.await("one of two", func(s playedState) bool { return s.shows(card, "1 of 2") })
	if n := s.countCalls("PUT group"); n != 1 {
		t.Errorf("one vote of two led to a write: %d in all", n)
	}
	p.react("U0LEE", card, "white_check_mark")
	p.awaitReply(card, "allocation_done")
}

// TestPlayTheForm opens the form by its shortcut and submits it with an error.
func TestPlayTheForm(t *testing.T) {
	t.Parallel()
	p := startSandbox(t)
	p.do("/api/slack/shortcut", map[string]any{"user": "U0ROBIN", "callback_id": "allocate_open"})
	s := p.await("the form", func(s playedState) bool { return len(s.Slack.Views) == 1 })
	status, answer := p.send(http.MethodPost, "/api/slack/submit",
		map[string]any{"user": "U0ROBIN", "view_id": s.Slack.Views[0].ID, "values": map[string]any{}})
	if status != http.StatusConflict || answer["error"] == "" {
		t.Errorf("an empty form was answered %d %v", status, answer)
	}
	p.do("/api/slack/close-view", map[string]any{"user": "U0ROBIN", "view_id": s.Slack.Views[0].ID})
	p.await("no form", func(s playedState) bool { return len(s.Slack.Views) == 0 })
}

// TestPlayAKill kills the bot between the write and its answer.
func TestPlayAKill(t *testing.T) {
	t.Parallel()
	p := startSandbox(t)
	p.do("/api/stories/killed", map[string]any{})
	s := p.await("the scene", func(s playedState) bool { return s.Story != nil && s.Story.State != "playing" })
	if s.Story.State != "set" || s.Bot.Process != "killed" || s.countCalls("PUT group") != 1 {
		t.Fatalf("the scene is %+v with a bot that is %s", s.Story, s.Bot.Process)
	}
	typed := p.do("/api/slack/command", map[string]any{"user": "U0ROBIN", "channel": "C0GENERAL", "text": "mine"})
	if typed["error"] != "dispatch_failed" || typed["message"] != "/allocate failed because the app did not respond." {
		t.Errorf("without a bot Slack says %v", typed)
	}
	p.do("/api/bot/start", map[string]any{})
	s = p.await("the outcome", func(s playedState) bool {
		return slices.ContainsFunc(s.Bot.Requests, func(r playedRequest) bool { return r.State == "done" })
	})
	if n := s.countCalls("PUT group"); n != 1 {
		t.Errorf("UiPath got %d writes", n)
	}
}

// TestPlayStories plays the stories in turn that mend nothing by themselves.
func TestPlayStories(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	p := startSandbox(t)
	for _, name := range []string{"uipath-down", "two-approvers", "secret-expired", "grant-ends"} {
		p.do("/api/stories/"+name, map[string]any{})
		s := p.await(name, func(s playedState) bool { return s.Story != nil && s.Story.State != "playing" })
		if s.Story.State != "set" {
			t.Fatalf("%s: %s", name, s.Story.Error)
		}
	}
	s := p.state()
	if ahead := time.Until(s.Now); ahead < 29*24*time.Hour {
		t.Errorf("the clock is only %s ahead", ahead)
	}
}

// weatherKinds are all kinds of weather; the first three are the sample.
var weatherKinds = []string{
	"uipath-503", "slack-silent", "uipath-cut", "slack-down", "slack-cut", "slack-limited", "slack-late", "slack-slow",
	"uipath-secret", "uipath-401", "uipath-403", "uipath-429", "uipath-slow", "uipath-late",
}

// TestPlayEveryWeather has a request approved in each kind of weather. Up to its end
// the thread makes no claim that UiPath contradicts, and afterwards it ends done.
func TestPlayEveryWeather(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	for i, name := range weatherKinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sweep.InSample(t, i < 3)
			p := startSandbox(t)
			card := p.ask("group-01 IDU")
			p.do("/api/weather", map[string]any{"name": name, "on": true})
			for _, now := range p.state().Weather {
				if now.On != (now.Name == name) {
					t.Errorf("with %s on, %s is %v", name, now.Name, now.On)
				}
			}
			p.react("U0ALEX", card, "white_check_mark")
			if strings.HasPrefix(name, "uipath-") {
				p.await("a call in this weather", func(s playedState) bool { return len(s.UiPath.Calls) > 0 })
			}
			p.isTruthful(card)
			p.do("/api/weather", map[string]any{"name": "all", "on": false})
			// What a switch held back is due within two minutes of its end.
			p.do("/api/clock", map[string]any{"advance_seconds": 120})
			p.awaitReply(card, "allocation_done")
			p.isTruthful(card)
		})
	}
}

// isTruthful fails if the thread tells of success and UiPath does not have it.
func (p *played) isTruthful(card string) {
	p.t.Helper()
	s := p.state()
	if told, has := s.hasReply(card, "allocation_done"), slices.Contains(s.codes("group-01"), "IDU"); told && !has {
		p.t.Errorf("the thread tells of success, and the allocation is %v", s.codes("group-01"))
	}
	if s.hasReply(card, "allocation_failed") {
		p.t.Error("the thread tells of a failure")
	}
}

// TestPlayAWellBot finds nothing wrong in a fresh sandbox, and App Home says so.
func TestPlayAWellBot(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	p := startSandbox(t)
	if status, _ := p.send(http.MethodPost, "/api/weather", map[string]any{"name": "sunny", "on": true}); status != http.StatusConflict {
		t.Errorf("an unknown weather is answered %d", status)
	}
	if kinds := p.state().Weather; len(kinds) != len(weatherKinds) {
		t.Errorf("there are %d kinds of weather and %d cases", len(kinds), len(weatherKinds))
	}
	p.await("the checks", func(s playedState) bool {
		for _, c := range s.Bot.Checks {
			if c.Status != "ok" {
				t.Fatalf("the check %s finds: %s", c.Name, c.Detail)
			}
		}
		return len(s.Bot.Checks) > 20
	})
	p.do("/api/slack/open-home", map[string]any{"user": "U0ALEX"})
	p.await("an App Home that is well", func(s playedState) bool {
		return strings.Contains(string(s.Slack.Homes["U0ALEX"].Blocks), "licensebot is well")
	})
}

// TestPlayThePolicy breaks the policy, which changes nothing, and mends it.
func TestPlayThePolicy(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	dir := t.TempDir()
	p := startSandbox(t, "--dir", dir)
	file := filepath.Join(dir, "policy.yaml")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, answer := p.send(http.MethodPut, "/api/policy", map[string]string{"text": "version: 1\nrules:\n  - nam: x\n"})
	if problems := fmt.Sprint(answer["problems"]); !strings.Contains(problems, "line:3") || !strings.Contains(problems, "nam") {
		t.Errorf("the problems are %s", problems)
	}
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, before) {
		t.Errorf("a broken policy was saved: %s, %v", now, err)
	}
	mended := strings.Replace(string(before), "[U0ALEX, U0KIM]", "[U0ALEX, U0SAM]", 1)
	if _, answer = p.send(http.MethodPut, "/api/policy", map[string]string{"text": mended}); fmt.Sprint(answer["problems"]) != "[]" {
		t.Fatalf("the mended policy has %v", answer)
	}
	p.await("the new policy", func(s playedState) bool {
		return slices.ContainsFunc(s.Bot.Log, func(l playedLine) bool { return l.Message == "a new policy is in force" })
	})
	card := p.ask("group-01 IDU")
	p.react("U0SAM", card, "white_check_mark")
	p.awaitReply(card, "allocation_done")
	p.end(os.Interrupt)
	startSandbox(t, "--dir", dir)
	if now, err := os.ReadFile(file); err != nil || string(now) != mended {
		t.Errorf("the policy was not kept: %v", err)
	}
}

// TestSandboxKeepsItsState goes on in the same folder, after an orderly end and after a
// kill: what was pending is approved, and the grant from before ends.
func TestSandboxKeepsItsState(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	dir := t.TempDir()
	p := startSandbox(t, "--dir", dir)
	granted := p.ask("group-01 IDU for 30d")
	p.react("U0ALEX", granted, "white_check_mark")
	p.awaitReply(granted, "allocation_done")
	pending := p.ask("group-02 IDU")
	p.react("U0KIM", pending, "white_check_mark")
	p.do("/api/clock", map[string]any{"advance_seconds": 3600})
	before := p.await("the first of two votes", func(s playedState) bool { return s.shows(pending, "1 of 2") })
	p.end(os.Interrupt)
	p = startSandbox(t, "--dir", dir)
	after := p.state()
	if got, want := fmt.Sprintf("%+v", after.Slack.Messages), fmt.Sprintf("%+v", before.Slack.Messages); got != want {
		t.Errorf("the messages are\n%s\ninstead of\n%s", got, want)
	}
	if ahead := time.Until(after.Now); ahead < 59*time.Minute {
		t.Errorf("the clock is only %s ahead", ahead)
	}
	p.react("U0LEE", pending, "white_check_mark")
	p.awaitReply(pending, "allocation_done")
	awaitOnDisk(t, filepath.Join(dir, "sandbox.json"), `"event_type":"allocation_done"`, 2)
	p.end(os.Kill)
	p = startSandbox(t, "--dir", dir)
	p.do("/api/clock", map[string]any{"advance_seconds": 30 * 24 * 3600})
	s := p.awaitReply(granted, "allocation_ended")
	if one, two := s.codes("group-01"), s.codes("group-02"); !slices.Equal(one, []string{"ATTUNU"}) ||
		!slices.Equal(two, []string{"ATTUNU", "IDU"}) {
		t.Errorf("the allocations are %v and %v", one, two)
	}
}

// awaitOnDisk waits until a file has a text so many times.
func awaitOnDisk(t *testing.T, file, want string, times int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(file)
		if err == nil && strings.Count(string(text), want) == times {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not have %s %d times: %v", file, want, times, err)
		}
	}
}

// TestSandboxRefusesFolders names folders that a sandbox must not write to.
func TestSandboxRefusesFolders(t *testing.T) {
	t.Parallel()
	busy := t.TempDir()
	startSandbox(t, "--dir", busy)
	for name, c := range map[string]struct {
		dir   string
		files map[string]string
		want  string
	}{
		"foreign":       {files: map[string]string{"sandbox.db": "mine"}, want: "is not a sandbox's: it has sandbox.db"},
		"torn":          {files: map[string]string{"sandbox.json": `{"licensebot_sa`}, want: "damaged"},
		"no simulators": {files: map[string]string{"sandbox.json": `{"licensebot_sandbox":1,"slack":{}}`}, want: "do not start"},
		"other version": {files: map[string]string{"sandbox.json": `{"licensebot_sandbox":99}`}, want: "another version"},
		"busy":          {dir: busy, want: "another sandbox uses"},
	} {
		if c.dir == "" {
			c.dir = t.TempDir()
		}
		for file, text := range c.files {
			if err := os.WriteFile(filepath.Join(c.dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		cmd := exec.CommandContext(ctx, os.Args[0], "sandbox", "--fakes", "--dir", c.dir)
		cmd.Env = append(plainEnvironment(), asBinary+"=1")
		said, err := cmd.CombinedOutput()
		cancel()
		if err == nil || !strings.Contains(string(said), c.want) {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
		for file, text := range c.files {
			if now, err := os.ReadFile(filepath.Join(c.dir, file)); err != nil || string(now) != text {
				t.Errorf("%s: %s is now %q: %v", name, file, now, err)
			}
		}
	}
}

// TestSandboxRefusesStrangers sends what a page of another site could send.
func TestSandboxRefusesStrangers(t *testing.T) {
	t.Parallel()
	p := startSandbox(t)
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"own":            {func(r *http.Request) { r.Header.Set("Origin", p.url) }, http.StatusOK},
		"program":        {func(*http.Request) {}, http.StatusOK},
		"other host":     {func(r *http.Request) { r.Host = "sandbox.example:80" }, http.StatusForbidden},
		"other origin":   {func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") }, http.StatusForbidden},
		"no origin":      {func(r *http.Request) { r.Header.Set("Origin", "null") }, http.StatusForbidden},
		"other site":     {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		"form":           {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, http.StatusUnsupportedMediaType},
		"unknown fields": {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"nam":1}`)) }, http.StatusBadRequest},
		"too long": {func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(`{"name":"` + strings.Repeat("x", 300<<10) + `"}`))
			r.ContentLength = -1
		}, http.StatusRequestEntityTooLarge},
	} {
		req, err := http.NewRequest(http.MethodPost, p.url+"/api/weather", strings.NewReader(`{"name":"all","on":false}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.ContentLength = -1
		c.change(req)
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("%s: %d instead of %d", name, answer.StatusCode, c.want)
		}
	}
	if code := runMain([]string{"sandbox", "--web", "--addr", "0.0.0.0:0"}, io.Discard); code != exitUsage {
		t.Errorf("an address for all is answered with exit code %d", code)
	}
}

// TestSandboxLeavesNoOrphan kills the sandbox, or the test that started it. The bot must
// end by itself, and so must the sandbox of a test.
func TestSandboxLeavesNoOrphan(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*played) error{
		"the sandbox": func(p *played) error { return p.process.Process.Kill() },
		"the test":    func(p *played) error { return p.input.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startSandbox(t)
			child := p.state().Bot.PID
			if err := end(p); err != nil {
				t.Fatal(err)
			}
			_ = p.process.Wait()
			deadline := time.Now().Add(patience)
			for syscall.Kill(child, 0) == nil && !isZombie(child) {
				if time.Now().After(deadline) {
					_ = syscall.Kill(child, syscall.SIGKILL)
					t.Fatal("the bot lives on without the sandbox")
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}

// isZombie tells whether a process has ended and waits for a parent that never asks.
func isZombie(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(status), ") Z ")
}

// TestSandboxOnlyFakes runs a bot of its own with the environment that is printed.
func TestSandboxOnlyFakes(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "sandbox", "--fakes")
	cmd.Env = append(plainEnvironment(), asBinary+"=1", "TMPDIR="+t.TempDir())
	keepInput(t, cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	p := &played{t: t, process: cmd}
	own := exec.Command(os.Args[0], "serve")
	own.Env = append(plainEnvironment(), asBinary+"=1")
	keepInput(t, own)
	for lines, before := bufio.NewScanner(out), len(own.Env); len(own.Env) < before+13 && lines.Scan(); {
		line := lines.Text()
		if _, url, found := strings.Cut(line, "http://"); found && p.url == "" {
			p.url = "http://" + strings.TrimSuffix(strings.Fields(url)[0], ";")
		}
		if setting, found := strings.CutPrefix(line, "export "); found {
			own.Env = append(own.Env, setting)
		}
	}
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Process.Kill(); _ = own.Wait() })
	p.await("a bot of one's own", func(s playedState) bool { return s.Connected && s.Bot.Process == "external" })
	if status, answer := p.send(http.MethodPost, "/api/bot/kill", map[string]any{}); status != http.StatusConflict {
		t.Errorf("a foreign bot was killed: %v", answer)
	}
}

// TestSandboxFlagsWithoutEffect are refused before anything starts.
func TestSandboxFlagsWithoutEffect(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{
		{"--web", "--fakes"}, {"--step", "--web"}, {"--step", "--fakes"}, {"--dir", "play"}, {"--addr", "127.0.0.1:0"},
	} {
		if code := runMain(append([]string{"sandbox"}, flags...), io.Discard); code != exitUsage {
			t.Errorf("%v: exit code %d, want %d", flags, code, exitUsage)
		}
	}
}
