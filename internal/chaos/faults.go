//go:build linux

package chaos

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
	"licensebot/internal/pgtest"
)

// The calls that can be harmed, the more often the more they matter.
var (
	slackMethods = []string{
		"chat.postMessage", "chat.postMessage", "chat.postMessage", "chat.update", "reactions.add", "reactions.get",
		"users.info", "usergroups.users.list", "chat.postEphemeral", "conversations.history", "conversations.replies",
		"auth.test", "conversations.info", "apps.connections.open", "response_url", "link",
	}
	uipathOperations = []string{
		"PUT group", "PUT group", "PUT group", "PUT group with-quota", "GET group with-quota", "GET group with-quota", "GET group",
		"GET account", "GET groups with-quota", "GET identity groups", "token",
	}
)

// ways are how any call can fail so that trying again may mend it. What
// Slack and UiPath would only say of a message or a group that is gone is not
// among them: it would be a lie of theirs.
func ways() []fault.Fault {
	html := "<!DOCTYPE html><html><body>maintenance</body></html>"
	return []fault.Fault{
		{Status: 500}, {Status: 500, AfterEffect: true}, {Status: 502}, {Status: 503, AfterEffect: true},
		{Status: 503, RetryAfter: "1"}, {Status: 429, RetryAfter: "1"}, {Status: 429, RetryAfter: "2"},
		{Cut: true}, {Cut: true, AfterEffect: true}, {Cut: true, AfterEffect: true},
		{Status: 503, Body: html, ContentType: "text/html"}, {Body: html, ContentType: "text/html", AfterEffect: true},
		{Body: `{"ok":tr`, AfterEffect: true}, {Body: `{"ok":tr`},
		{Latency: 300 * time.Millisecond}, {Latency: 800 * time.Millisecond}, {Latency: 2 * time.Second},
		{Latency: 400 * time.Millisecond, Cut: true, AfterEffect: true},
		{Hang: true}, {Hang: true, AfterEffect: true},
	}
}

// slackErrors are answers of Slack's own that may pass.
var slackErrors = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "not_in_channel", "no_permission"}

// refusals are answers of UiPath that are final.
var refusals = []int{400, 403, 404, 409}

// harm plans a fault.
func (w *world) harm(faults *fault.Faults, method string, f fault.Fault) {
	w.note("harm %s: %s", method, describe(f))
	faults.Inject(method, f)
}

func describe(f fault.Fault) string {
	text, _ := json.Marshal(f)
	var set map[string]any
	_ = json.Unmarshal(text, &set)
	for name, value := range set {
		if value == nil || value == "" || value == false || value == 0.0 {
			delete(set, name)
		}
	}
	text, _ = json.Marshal(set)
	return string(text)
}

func (w *world) harmSlack(_ context.Context, d *rand.Rand) {
	f, method := one(d, ways()), one(d, slackMethods)
	if d.IntN(4) == 0 {
		f = fault.Fault{Error: one(d, slackErrors)}
	}
	if method == "response_url" && f.Status == 0 && !f.AfterEffect && (f.Error != "" || f.Body != "") {
		f = fault.Fault{Status: 500} // its 200 means yes, whatever the body
	}
	f.Times = 1 + d.IntN(2)
	if f.Hang {
		f.Times = 1
	}
	w.harm(&w.slack.Faults, method, f)
}

func (w *world) harmUiPath(_ context.Context, d *rand.Rand) {
	f, operation := one(d, ways()), one(d, uipathOperations)
	if d.IntN(8) == 0 && operation != "token" {
		f = fault.Fault{Status: one(d, refusals), Error: "the suite refuses"}
	}
	f.Times = 1 + d.IntN(2)
	if f.Hang {
		f.Times = 1
	}
	w.harm(&w.uipath.Faults, operation, f)
}

// dropCode has UiPath answer yes and leave a code out, once or for good.
func (w *world) dropCode(_ context.Context, d *rand.Rand) {
	code, times := one(d, owned), one(d, []int{1, 2, 5})
	w.note("UiPath drops %s from the next %d writes", code, times)
	w.tally.fault(1)
	w.uipath.DropCode(code, times)
}

func (w *world) exceed(_ context.Context, d *rand.Rand) {
	w.note("UiPath refuses every write for a while")
	w.tally.fault(1)
	w.uipath.Exceed(true)
	w.after(1+d.IntN(4), func() { w.uipath.Exceed(false) })
}

func (w *world) revoke(_ context.Context, d *rand.Rand) {
	w.note("the bot token is revoked for a while")
	w.tally.fault(1)
	w.slack.RevokeBotToken()
	w.after(1+d.IntN(6), w.slack.RestoreBotToken)
}

// sever keeps one replica from one of its peers for some steps.
func (w *world) sever(_ context.Context, d *rand.Rand) {
	r := one(d, w.replicas)
	wire := one(d, r.wires)
	w.note("%s cannot reach %s for a while", r.name, wire.target)
	w.tally.fault(1)
	wire.sever(true)
	w.after(1+d.IntN(6), func() { wire.sever(false) })
}

// cutWire cuts the connections of one replica to one peer, whatever is under
// way on them.
func (w *world) cutWire(ctx context.Context, d *rand.Rand) {
	r := one(d, w.replicas)
	if d.IntN(2) == 0 {
		r = w.busy(ctx, d)
	}
	wire := one(d, r.wires)
	w.note("the connections of %s to %s are cut", r.name, wire.target)
	w.tally.fault(1)
	wire.cut()
}

func (w *world) cutSockets(context.Context, *rand.Rand) {
	w.note("the sockets are cut")
	w.tally.fault(1)
	w.slack.CutSockets()
}

func (w *world) silence(_ context.Context, d *rand.Rand) {
	w.note("the sockets are half-open for a while")
	w.tally.fault(1)
	w.slack.Silence(true)
	w.after(1+d.IntN(6), func() { w.slack.Silence(false) })
}

func (w *world) disconnect(_ context.Context, d *rand.Rand) {
	reason := one(d, []string{"warning", "refresh_requested", "link_disabled", "too_many_websockets"})
	w.note("told to disconnect: %s", reason)
	w.tally.fault(1)
	if d.IntN(2) == 0 {
		w.slack.Disconnect(reason)
		return
	}
	w.slack.DisconnectOne(reason)
}

func (w *world) refuseSockets(_ context.Context, d *rand.Rand) {
	reason := one(d, []string{"link_disabled", "too_many_websockets"})
	w.note("new sockets are refused for a while: %s", reason)
	w.tally.fault(1)
	w.slack.RefuseSockets(reason)
	w.after(1+d.IntN(3), func() { w.slack.RefuseSockets("") })
}

func (w *world) ignoreAcks(_ context.Context, d *rand.Rand) {
	w.note("acks are ignored for a while")
	w.tally.fault(1)
	w.slack.IgnoreAcks(true)
	w.after(1+d.IntN(5), func() { w.slack.IgnoreAcks(false) })
}

func (w *world) copies(_ context.Context, d *rand.Rand) {
	n := 1 + d.IntN(3)
	w.note("every envelope is delivered %d times", n)
	w.tally.fault(1)
	w.slack.SetCopies(n)
}

// replay delivers an old envelope once more, late and on any socket.
func (w *world) replay(_ context.Context, d *rand.Rand) {
	var sent []fakeslack.Entry
	for _, e := range w.slack.Journal() {
		if e.Kind == fakeslack.EntryEnvelope {
			sent = append(sent, e)
		}
	}
	if len(sent) == 0 {
		return
	}
	back := min(len(sent), 1+d.IntN(40))
	old := sent[len(sent)-back]
	w.note("envelope %s is delivered again", old.Envelope)
	w.tally.fault(1)
	_ = w.slack.SendRaw(old.Payload)
}

func (w *world) fillDisk(_ context.Context, d *rand.Rand) {
	possible, done := w.database.full()
	if !possible {
		w.tally.skip("disk full: this system lets the suite mount no disk of its own")
	}
	if !done {
		return
	}
	w.note("the disk is full for a while")
	w.tally.fault(1)
	w.after(1+d.IntN(6), w.mendDatabase)
}

// readOnly refuses writes to the database. A file system can be made so only
// while no replica writes on it, so there the replicas restart.
func (w *world) readOnly(ctx context.Context, d *rand.Rand) {
	if w.round.Store == SQLite {
		for _, r := range w.replicas {
			w.kill(r)
		}
	}
	possible, done := w.database.readOnly()
	if !possible {
		w.tally.skip("read-only database: this system lets the suite mount no disk of its own")
	}
	if !done {
		return
	}
	w.note("the database is read-only for a while")
	w.tally.fault(1)
	w.revive(ctx)
	w.after(1+d.IntN(6), w.mendDatabase)
}

func (w *world) crashDatabase(_ context.Context, d *rand.Rand) {
	hard := d.IntN(3) == 0
	if w.database.crash(hard) {
		w.note("the database server is killed (hard: %t)", hard)
		w.tally.fault(1)
		w.after(d.IntN(5), w.mendDatabase)
	}
}

// cutCommit cuts the way to the database in a commit: before the server has
// seen it, or when it has and its answer is on the way.
func (w *world) cutCommit(ctx context.Context, d *rand.Rand) {
	where := one(d, []pgtest.Cut{pgtest.BeforeCommit, pgtest.AfterCommit, pgtest.AfterCommit, pgtest.HoldCommit})
	if w.database.cutCommits(1+d.IntN(3), where) {
		w.note("the next commits are cut (where: %d)", where)
		w.tally.fault(1)
	}
	w.ask(ctx, d)
}

func (w *world) mendDatabase() {
	ctx, cancel := context.WithTimeout(context.Background(), mendLimit)
	defer cancel()
	if err := w.database.mend(ctx); err != nil && w.failure == nil && !strings.Contains(err.Error(), "busy") {
		w.failure = err
	}
}
