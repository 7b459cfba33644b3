//go:build linux

package chaos

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"time"

	"licensebot/internal/chaos/judge"
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
		"PUT group", "PUT group", "PUT group", "PUT group with-quota", "GET group with-quota", "GET group with-quota",
		"GET group",
		"GET account", "GET groups with-quota", "GET identity groups", "GET identity group", "token",
	}
)

// failures are how any call can fail and succeed when it is tried again. Answers
// about a deleted message or group are left out, because here they would be lies.
func failures() []fault.Fault {
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

// neverAsked is a code that nobody asks for: an answer of UiPath with it is never what was
// written.
const neverAsked = "AHNU"

// contradictions are answers of UiPath that do not tell what became of a write.
func contradictions(d *rand.Rand) fault.Fault {
	page := "<!DOCTYPE html><html><body>sign in</body></html>"
	f := pickOne(d, []fault.Fault{
		{Status: 400, Error: "the suite refuses"}, {Status: 403, Error: "the suite forbids"},
		{Status: 404, Error: "the suite finds nothing"}, {Status: 409, Error: "the suite refuses"},
		{Status: 401}, {Status: 429, RetryAfter: "1"}, {Status: 503}, {Body: page, ContentType: "text/html"},
		{Status: 302, Location: "http://login.example/"},
		{Codes: fault.AskedCodes}, {Codes: strings.Join(append(pickSome(d, owned, d.IntN(2)), neverAsked), " ")},
	})
	f.AfterEffect = d.IntN(3) > 0
	return f
}

// tokenFaults are failures of the token endpoint that pass.
func tokenFaults() []fault.Fault {
	return []fault.Fault{
		{Status: 400, Body: `{"error":"invalid_client"}`}, {Status: 401, Body: `{"error":"invalid_client"}`},
		{Status: 400, Body: `{"error":"invalid_scope"}`}, {Status: 403}, {Status: 500}, {Status: 429, RetryAfter: "1"},
		{Body: "<html>sign in</html>", ContentType: "text/html"}, {Status: 302, Location: "http://login.example/"},
	}
}

// contradictWrite has UiPath answer a write with something that does not tell whether
// there was an effect.
func (w *world) contradictWrite(_ context.Context, d *rand.Rand) {
	f := contradictions(d)
	f.Times = 1 + d.IntN(2)
	w.planFault(&w.uipath.Faults, pickOne(d, []string{"PUT group", "PUT group", "PUT group with-quota"}), f)
}

// refuseToken has the token endpoint refuse for a while, when the present token is
// not accepted any more.
func (w *world) refuseToken(_ context.Context, d *rand.Rand) {
	f := pickOne(d, tokenFaults())
	f.Times = 1 + d.IntN(3)
	w.planFault(&w.uipath.Faults, "token", f)
	operation := pickOne(d, uipathOperations[:len(uipathOperations)-1])
	w.planFault(&w.uipath.Faults, operation, fault.Fault{Times: 1, Status: 401})
}

// slackErrors are answers of Slack's own that may pass.
var slackErrors = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited",
	"not_in_channel", "no_permission"}

// isAboutChannel reports whether an answer proves that nothing was posted.
func isAboutChannel(problem string) bool {
	return problem == "not_in_channel" || problem == "no_permission"
}

// silentReads are answers of UiPath that tell nothing of a group's codes.
var silentReads = map[string][]string{
	"GET group":            {`{"allocatedUserBundles":null,"availableUserBundles":null}`, `{}`},
	"GET group with-quota": {`{"groupRule":null,"quotas":null}`, `{"groupRule":{"userBundleCodes":null},"quotas":[]}`},
}

// refusals are answers of UiPath that are final.
var refusals = []int{400, 403, 404, 409}

// planFault plans a fault.
func (w *world) planFault(faults *fault.Faults, method string, f fault.Fault) {
	w.noteStep("harm %s: %s", method, describeFault(f))
	faults.Inject(method, f)
}

func describeFault(f fault.Fault) string {
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

func (w *world) harmSlackCall(_ context.Context, d *rand.Rand) {
	f, method := pickOne(d, failures()), pickOne(d, slackMethods)
	if d.IntN(4) == 0 {
		f = fault.Fault{Error: pickOne(d, slackErrors)}
	}
	if method == "chat.postMessage" && d.IntN(3) == 0 && !isAboutChannel(f.Error) {
		f.AfterEffect = true // whatever the answer says
	}
	if method == "response_url" && f.Status == 0 && !f.AfterEffect && (f.Error != "" || f.Body != "") {
		f = fault.Fault{Status: 500} // its 200 means yes, whatever the body
	}
	f.Times = 1 + d.IntN(2)
	if f.Hang {
		f.Times = 1
	}
	w.planFault(&w.slack.Faults, method, f)
}

func (w *world) harmUiPathCall(_ context.Context, d *rand.Rand) {
	f, operation := pickOne(d, failures()), pickOne(d, uipathOperations)
	if silent := silentReads[operation]; silent != nil && d.IntN(4) == 0 {
		f = fault.Fault{Body: pickOne(d, silent)}
	} else if d.IntN(8) == 0 && operation != "token" {
		f = fault.Fault{Status: pickOne(d, refusals), Error: "the suite refuses"}
	}
	f.Times = 1 + d.IntN(2)
	if f.Hang || f.Body != "" { // two that agree are believed
		f.Times = 1
	}
	w.planFault(&w.uipath.Faults, operation, f)
}

// dropCode has UiPath answer yes and leave a code out, once or for good.
func (w *world) dropCode(_ context.Context, d *rand.Rand) {
	code, times := pickOne(d, owned), pickOne(d, []int{1, 2, 5})
	w.noteFault("UiPath drops %s from the next %d writes", code, times)
	w.uipath.DropCode(code, times)
}

func (w *world) exceedSeats(_ context.Context, d *rand.Rand) {
	w.noteFault("UiPath refuses every write for a while")
	w.uipath.Exceed(true)
	w.afterSteps(1+d.IntN(4), func() { w.uipath.Exceed(false) })
}

func (w *world) revokeToken(_ context.Context, d *rand.Rand) {
	w.noteFault("the bot token is revoked for a while")
	w.slack.RevokeBotToken()
	w.afterSteps(1+d.IntN(6), w.slack.RestoreBotToken)
}

// severWire keeps one replica from one of its peers for some steps.
func (w *world) severWire(_ context.Context, d *rand.Rand) {
	r := pickOne(d, w.replicas)
	wire := pickOne(d, r.wires)
	w.noteFault("%s cannot reach %s for a while", r.name, wire.target)
	wire.setDown(true)
	w.afterSteps(1+d.IntN(6), func() { wire.setDown(false) })
}

// cutWire cuts the connections of one replica to one peer, whatever is under
// way on them.
func (w *world) cutWire(ctx context.Context, d *rand.Rand) {
	r := pickOne(d, w.replicas)
	if d.IntN(2) == 0 {
		r = w.busyReplica(ctx, d)
	}
	wire := pickOne(d, r.wires)
	w.noteFault("the connections of %s to %s are cut", r.name, wire.target)
	wire.Cut()
}

func (w *world) cutSockets(context.Context, *rand.Rand) {
	w.noteFault("the sockets are cut")
	w.slack.CutSockets()
}

func (w *world) silenceSockets(_ context.Context, d *rand.Rand) {
	w.noteFault("the sockets are half-open for a while")
	w.slack.Silence(true)
	w.afterSteps(1+d.IntN(6), func() { w.slack.Silence(false) })
}

func (w *world) disconnectSockets(_ context.Context, d *rand.Rand) {
	reason := pickOne(d, []string{"warning", "refresh_requested", "link_disabled", "too_many_websockets"})
	w.noteFault("told to disconnect: %s", reason)
	if d.IntN(2) == 0 {
		w.slack.Disconnect(reason)
		return
	}
	w.slack.DisconnectOne(reason)
}

func (w *world) refuseSockets(_ context.Context, d *rand.Rand) {
	reason := pickOne(d, []string{"link_disabled", "too_many_websockets"})
	w.noteFault("new sockets are refused for a while: %s", reason)
	w.slack.RefuseSockets(reason)
	w.afterSteps(1+d.IntN(3), func() { w.slack.RefuseSockets("") })
}

func (w *world) ignoreAcks(_ context.Context, d *rand.Rand) {
	w.noteFault("acks are ignored for a while")
	w.slack.IgnoreAcks(true)
	w.afterSteps(1+d.IntN(5), func() { w.slack.IgnoreAcks(false) })
}

func (w *world) deliverCopies(_ context.Context, d *rand.Rand) {
	n := 1 + d.IntN(3)
	w.noteFault("every envelope is delivered %d times", n)
	w.slack.SetCopies(n)
}

// replayEnvelope delivers an old envelope once more, late and on any socket.
func (w *world) replayEnvelope(_ context.Context, d *rand.Rand) {
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
	w.noteFault("envelope %s is delivered again", old.Envelope)
	_ = w.slack.SendRaw(old.Payload)
}

func (w *world) fillDisk(_ context.Context, d *rand.Rand) {
	possible, done := w.database.fillUp()
	if !possible {
		w.tally.noteSkipped("disk full: this system lets the suite mount no disk of its own")
	}
	if !done {
		return
	}
	w.noteStall(judge.StallOfDatabase)
	w.noteFault("the disk is full for a while")
	w.afterSteps(1+d.IntN(6), w.mendDatabase)
}

// makeReadOnly refuses writes to the database. A file system can be made so only
// while no replica writes on it, so there the replicas restart.
func (w *world) makeReadOnly(ctx context.Context, d *rand.Rand) {
	if w.round.Store == SQLite {
		for _, r := range w.replicas {
			w.killReplica(r)
		}
	}
	possible, done := w.database.makeReadOnly()
	if !possible {
		w.tally.noteSkipped("read-only database: this system lets the suite mount no disk of its own")
	}
	if !done {
		return
	}
	w.noteStall(judge.StallOfDatabase)
	w.noteFault("the database is read-only for a while")
	w.reviveReplicas(ctx)
	w.afterSteps(1+d.IntN(6), w.mendDatabase)
}

func (w *world) crashDatabase(_ context.Context, d *rand.Rand) {
	hard := d.IntN(3) == 0
	if w.database.crashServer(hard) {
		w.noteStall(judge.StallOfDatabase)
		w.noteFault("the database server is killed (hard: %t)", hard)
		w.afterSteps(d.IntN(5), w.mendDatabase)
	}
}

// cutCommit cuts the way to the database in a commit: before the server has
// seen it, or when it has and its answer is on the way.
func (w *world) cutCommit(ctx context.Context, d *rand.Rand) {
	where := pickOne(d, []pgtest.Cut{pgtest.BeforeCommit, pgtest.AfterCommit, pgtest.AfterCommit, pgtest.HoldCommit})
	if w.database.cutCommits(1+d.IntN(3), where) {
		w.noteStall(judge.StallOfDatabase)
		w.noteFault("the next commits are cut (where: %d)", where)
	}
	w.askForCodes(ctx, d)
}

func (w *world) mendDatabase() {
	ctx, cancel := context.WithTimeout(context.Background(), mendLimit)
	defer cancel()
	if err := w.database.mend(ctx); err != nil && w.failure == nil && !strings.Contains(err.Error(), "busy") {
		w.failure = err
	}
}
