package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// verify runs all comparisons on the clock of the world. Waits put it forward.
func (w *watchedWorld) verify(changes ...func(*comparison)) (c *comparison, said string) {
	w.t.Helper()
	var out bytes.Buffer
	c = newComparison(w.env["LICENSEBOT_DATABASE_URL"], time.Time{}, &out)
	c.now = w.clock.now
	c.sleep = func(ctx context.Context, d time.Duration) bool {
		w.clock.ahead.Add(int64(d))
		return ctx.Err() == nil
	}
	for _, change := range changes {
		change(c)
	}
	cfg := benchConfig(c.url, w.slack, w.uipath)
	if err := c.compareSlack(w.guardContext(), cfg, nil); err != nil {
		w.t.Fatal(err)
	}
	if err := c.compareUiPath(w.guardContext(), cfg, nil); err != nil {
		w.t.Fatal(err)
	}
	return c, out.String()
}

// TestVerifyBesideTheBot compares what a running bot did, on both databases: first as it is, then
// after edits in Slack and UiPath.
func TestVerifyBesideTheBot(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t, fakeuipath.ScopeAudit)
			if database == "postgres" {
				w.usePostgres()
				w.t.Cleanup(func() { w.stop() }) // before the schema goes
			}
			w.serveWithBaseline()
			card := w.grantRequest("/allocate " + groupID + " IDU for 2h because of a test")
			w.uipath.Edit(groupID, add("RPADEVPRONU"))
			w.lookTwice()
			w.wantAlerts("added `RPADEVPRONU`.")
			c, said := w.verify()
			if err := c.conclude(); err != nil || !strings.Contains(said, "Known: the group Finance Robots") {
				t.Errorf("%v: %s", err, said)
			}
			c, said = w.verify(func(c *comparison) { c.quick, c.newest = true, 0 })
			if err := c.conclude(); err != nil || !strings.Contains(said, "\n1 thread left unread,") {
				t.Errorf("quick: %v: %s", err, said)
			}
			if err := w.slack.DeleteMessage(approvalsChannel, w.slack.Thread(approvalsChannel, card.TS)[0].TS); err != nil {
				t.Fatal(err)
			}
			w.uipath.Edit(groupID, func([]string) []string { return []string{"ATTUNU"} })
			c, said = w.verify()
			if err := c.conclude(); err != exitError(exitFailure) || c.findings != 2 ||
				!strings.Contains(said, "lacks the reply allocation_done") || !strings.Contains(said, "UiPath lacks IDU") {
				t.Errorf("%v, %d findings: %s", err, c.findings, said)
			}
		})
	}
}

// runProgram runs a command of the program in the world.
func (w *world) runProgram(args ...string) (code int, out string) {
	w.t.Helper()
	cmd := w.newCommand(w.guardContext(), args...)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	_ = cmd.Run() // the code says it
	return cmd.ProcessState.ExitCode(), said.String()
}

// TestVerifyAsACommand has the exit code of each kind of result, and no secret in what it says.
func TestVerifyAsACommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.typeRequest("group-01 IDU")
	w.awaitCard()
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.awaitNoJobs()
	code, out := w.runProgram("audit", "verify")
	if code != 0 || !strings.Contains(out, "messages in Slack: 0 differences") || !strings.Contains(out, "1 group at UiPath: 0 differences") {
		t.Errorf("clean: exit code %d: %s", code, out)
	}
	code, out = w.runProgram("audit", "report", "--since", "2020-01-01")
	if code != 0 || !strings.Contains(out, "u0requester") || !strings.Contains(out, "u0approver ("+approver+")") ||
		!strings.Contains(out, "/archives/"+approvalsChannel+"/p") {
		t.Errorf("report: exit code %d: %s", code, out)
	}
	w.slack.AddUser(fakeslack.User{ID: requester, Name: "married"})
	code, out = w.runProgram("audit", "report", "--since", "2020-01-01")
	if code != 0 || !strings.Contains(out, "u0requester") || strings.Contains(out, "married") {
		t.Errorf("report after a change of the name: exit code %d: %s", code, out)
	}
	code, out = w.runProgram("audit", "report", "--since", "2020-01-01", "--offline")
	if code != 0 || !strings.Contains(out, "u0requester") || !strings.Contains(out, "app_redirect") {
		t.Errorf("report --offline: exit code %d: %s", code, out)
	}
	for variable, what := range map[string]string{"SLACK_BOT_TOKEN": "Slack: ", "UIPATH_CLIENT_SECRET": "UiPath: "} {
		value := w.env[variable]
		delete(w.env, variable)
		code, out = w.runProgram("audit", "verify")
		if code != exitUnchecked || !strings.Contains(out, "Could not check "+what) || !strings.Contains(out, variable) {
			t.Errorf("without %s: exit code %d: %s", variable, code, out)
		}
		w.env[variable] = value
	}
	w.slack.RevokeBotToken()
	code, out = w.runProgram("audit", "verify")
	if code != exitUnchecked || !strings.Contains(out, "Could not check Slack: SLACK_BOT_TOKEN was revoked") || strings.Contains(out, w.slack.BotToken()) {
		t.Errorf("a revoked token: exit code %d: %s", code, out)
	}
	if methods := w.writtenSince(); len(methods) > 0 {
		t.Errorf("verify wrote: %v", methods)
	}
}

// writtenSince lists the writes to UiPath beside the one of the request.
func (w *world) writtenSince() (written []string) {
	for _, call := range w.uipath.Writes()[1:] {
		written = append(written, call.Method)
	}
	return slices.Compact(written)
}

// TestProgressIsForTerminals shows a line that changes, and clears it before others.
func TestProgressIsForTerminals(t *testing.T) {
	t.Parallel()
	var screen bytes.Buffer
	now := time.Unix(0, 0)
	line := &progressLine{out: &screen, now: func() time.Time { return now }}
	line.clear()
	for _, text := range []string{"one", "two", "three"} {
		line.show(text)
		now = now.Add(progressEvery * 2 / 3)
	}
	line.clear()
	line.clear()
	if want := clearLine + "one" + clearLine + "three" + clearLine; screen.String() != want {
		t.Errorf("the screen has %q, want %q", screen.String(), want)
	}
	(&progressLine{now: time.Now}).show("not a terminal")
}
