package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/message"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
	"licensebot/internal/groupname"
	"licensebot/internal/sweep"
)

// An aheadClock is some time ahead of the real one.
type aheadClock struct{ ahead atomic.Int64 }

func (c *aheadClock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// A watchedWorld has a bot in this process whose clock the test puts forward while it runs.
// Slack and UiPath have the same clock.
type watchedWorld struct {
	*world
	clock  *aheadClock
	jumps  chan struct{}
	policy approvals.WatchPolicy
	scopes []string
	log    bottest.Log
	stop   func() // stops all bots
}

func newWatchedWorld(t *testing.T, scopes ...string) *watchedWorld {
	t.Helper()
	clock := new(aheadClock)
	w := &watchedWorld{clock: clock, jumps: make(chan struct{}, 1), stop: func() {}}
	w.world = newWorldWith(t, fakeslack.Config{Now: clock.now})
	uipath, err := fakeuipath.New(fakeuipath.Config{Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(uipath.Close)
	for _, code := range []string{"RPADEVPRONU", "IDU", "ATTUNU"} {
		uipath.Own(code, 40, 3)
	}
	uipath.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance Robots", Codes: []string{"ATTUNU"}})
	uipath.AddGroup(fakeuipath.Group{ID: "group-02", Name: "Sales Robots", Codes: []string{"IDU"}})
	w.scopes = append([]string{"PM.License.Read", "PM.License.Write", "PM.Group.Read"}, scopes...)
	uipath.SetAppScopes(w.scopes...)
	w.uipath = uipath
	return w
}

// serve starts the bot.
func (w *watchedWorld) serve() {
	w.t.Helper()
	before := w.slack.Connections()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	cfg := benchConfig(w.env["LICENSEBOT_DATABASE_URL"], w.slack, w.uipath)
	cfg.hasButtons = true
	cfg.Policy.Watch, cfg.Scopes = w.policy, w.scopes
	tuning := Tuning{Rates: unpaced, Now: w.clock.now, Jumps: w.jumps}
	go func() { ended <- Serve(ctx, cfg, tuning, zerolog.New(&w.log)) }()
	others := w.stop
	w.stop = func() {
		w.stop = func() {}
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
		others()
	}
	w.t.Cleanup(func() { w.stop() })
	w.awaitCondition("licensebot to connect", func() bool { return w.slack.Connections() > before })
	w.pollUntil("the watch to begin", func() bool { return w.fence() > 0 })
}

// serveWithBaseline starts the bot, and waits for the first look, which only learns.
func (w *watchedWorld) serveWithBaseline() {
	w.t.Helper()
	w.serve()
	w.lookAfter(2 * time.Minute)
}

// lookAfter puts the clock forward, and waits for the end of the look that is due then.
func (w *watchedWorld) lookAfter(d time.Duration) {
	w.t.Helper()
	before := w.fence()
	w.clock.ahead.Add(int64(d))
	w.jumps <- struct{}{}
	w.pollUntil("a look", func() bool { return w.fence() > before && w.isIdle() })
}

// lookTwice waits for the look that shows a difference, and for the one that makes it certain.
func (w *watchedWorld) lookTwice() {
	w.t.Helper()
	w.lookAfter(dueAll)
	w.lookAfter(dueAgain)
}

func (w *watchedWorld) fence() (fence int64) {
	w.query(`SELECT coalesce(max(fence), 0) FROM watch`, &fence)
	return fence
}

func (w *watchedWorld) isIdle() bool {
	var busy int
	w.query(`SELECT count(*) FROM watch WHERE leased_until > 0`, &busy)
	return busy == 0
}

func (w *watchedWorld) query(query string, into any) {
	w.t.Helper()
	db := w.openDatabase()
	defer func() { _ = db.Close() }()
	if err := db.QueryRow(query).Scan(into); err != nil {
		w.t.Fatal(err)
	}
}

// alerts lists the messages about changes outside.
func (w *watchedWorld) alerts() []fakeslack.Message {
	return slices.DeleteFunc(w.slack.Messages(approvalsChannel), func(m fakeslack.Message) bool {
		return m.Metadata.EventType != message.OutsideEventType
	})
}

// wantAlerts compares the alerts. Each text has parts, separated by bars.
func (w *watchedWorld) wantAlerts(texts ...string) {
	w.t.Helper()
	alerts := w.alerts()
	if len(alerts) != len(texts) {
		w.t.Fatalf("%d alerts, want %d: %+v", len(alerts), len(texts), alerts)
	}
	for i, want := range texts {
		for part := range strings.SplitSeq(want, "|") {
			if !strings.Contains(alerts[i].Text, part) {
				w.t.Errorf("alert %d does not say %q: %s", i, part, alerts[i].Text)
			}
		}
	}
}

const (
	dueAgain = approvals.WatchAgainAfter + time.Second
	dueAll   = approvals.WatchEvery + time.Second
)

func add(code string) func([]string) []string {
	return func(codes []string) []string { return append(codes, code) }
}

// TestAChangeInThePortalIsTold edits one group in the portal. The channel is told once, after
// two looks, with the command that puts it back; and that command can be filed.
func TestAChangeInThePortalIsTold(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t, fakeuipath.ScopeAudit)
	w.serveWithBaseline()
	w.uipath.Edit(groupID, add("IDU"))
	w.lookAfter(dueAll)
	w.wantAlerts()
	w.lookAfter(dueAgain)
	w.wantAlerts("Finance Robots|added `IDU`.|`/allocate remove " + groupID + " IDU|" + fakeuipath.PortalAdmin)
	w.lookAfter(dueAll)
	w.uipath.Edit(groupID, func([]string) []string { return []string{"RPADEVPRONU", "ATTUNU"} })
	w.lookTwice()
	w.wantAlerts("added `IDU`.",
		"added `RPADEVPRONU`, removed `IDU`.|`/allocate set "+groupID+" ATTUNU IDU")
	w.stop()
	w.serve()
	w.lookAfter(dueAll)
	if n := len(w.alerts()); n != 2 {
		t.Errorf("%d alerts after a restart, want 2", n)
	}
}

// TestTheBotsOwnChangesAreNotTold lets the bot change a group before, between and during the
// looks, and end a grant; the list of allocations is late all the time.
func TestTheBotsOwnChangesAreNotTold(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.serveWithBaseline()
	w.uipath.SetLag("GET groups with-quota", 20*time.Minute)
	for range 2 {
		w.grantRequest("/allocate " + groupID + " IDU for 2h because of a test")
		w.lookAfter(dueAll)
		w.lookAfter(dueAll)
		w.clock.ahead.Add(int64(3 * time.Hour))
		w.jumps <- struct{}{}
		w.awaitCondition("the end of the grant", func() bool {
			now, _ := w.uipath.Allocation(groupID)
			return slices.Equal(now.Codes, []string{"ATTUNU"})
		})
		w.lookAfter(dueAll)
		w.lookAfter(dueAll)
	}
	w.wantAlerts()
}

// TestARestoredCopyTellsNoOwnChange restores a copy from before a change of the bot's own, of a group
// about which nothing is open in the copy.
func TestARestoredCopyTellsNoOwnChange(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.serveWithBaseline()
	w.grantRequest("/allocate " + groupID + " IDU because of a test")
	w.lookAfter(dueAll)
	w.stop()
	path := strings.TrimPrefix(w.env["LICENSEBOT_DATABASE_URL"], "sqlite://")
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w.serve()
	w.grantRequest("/allocate " + groupID + " RPADEVPRONU because of a test")
	w.stop()
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(path + suffix)
	}
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	w.serve()
	for range 3 {
		w.lookAfter(dueAll)
	}
	w.wantAlerts()
	code, out := w.runProgram("audit", "verify", "--offline")
	if code != 0 || !strings.Contains(out, "\nRestored: since journal row ") {
		t.Errorf("exit code %d: %s", code, out)
	}
	w.uipath.Edit(groupID, add("CTZDEVCU"))
	w.lookTwice()
	w.wantAlerts("added `CTZDEVCU`.")
}

// TestReplicasTellAChangeOnce has two bots on one database, which are killed and started again.
func TestReplicasTellAChangeOnce(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.usePostgres()
	w.t.Cleanup(func() { w.stop() }) // before the schema goes
	w.serve()
	w.serveWithBaseline()
	w.uipath.Edit(groupID, add("IDU"))
	w.lookAfter(dueAll)
	w.stop()
	w.serve()
	w.serve()
	w.lookAfter(dueAgain)
	w.lookAfter(dueAll)
	w.wantAlerts("added `IDU`.")
}

// TestAWriteInDoubtIsNotTold loses the answer to a write and shows no single group since, so that
// only the list shows the change.
func TestAWriteInDoubtIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.serveWithBaseline()
	w.typeRequest(groupID + " IDU")
	w.awaitCard()
	w.uipath.Inject("PUT group", fault.Fault{AfterEffect: true, Cut: true})
	w.uipath.After("PUT group", func() {
		w.uipath.Inject("GET group with-quota", fault.Fault{Status: 503, Times: 1000})
	})
	w.reactToCard(approver, "white_check_mark")
	w.awaitCondition("the write", func() bool { return len(w.uipath.Writes()) > 0 })
	for range 3 {
		w.lookAfter(dueAll)
	}
	w.wantAlerts()
	w.uipath.Clear()
	w.clock.ahead.Add(int64(10 * time.Minute))
	w.jumps <- struct{}{}
	w.awaitOutcome("allocation_done", "*Done*")
	for range 3 {
		w.lookAfter(dueAll)
	}
	w.wantAlerts()
}

// TestAGroupThatIsGoneIsTold deletes a group in the portal.
func TestAGroupThatIsGoneIsTold(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.serveWithBaseline()
	w.uipath.RemoveGroup("group-02")
	w.lookTwice()
	w.lookAfter(dueAll)
	w.wantAlerts("does not have the group `Sales Robots`|had `IDU`")
}

// TestTheWatchCanBeOff edits a group while the watch is off, and after it is on again.
func TestTheWatchCanBeOff(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	w := newWatchedWorld(t)
	w.serveWithBaseline()
	w.stop()
	w.policy.Off = true
	w.clock.ahead.Add(int64(dueAll))
	w.serve()
	w.pollUntil("the watch to forget", func() bool {
		known := 0
		w.query(`SELECT count(*) FROM watched_groups`, &known)
		return known == 0
	})
	w.uipath.Edit(groupID, add("IDU"))
	w.stop()
	w.policy.Off = false
	w.serve()
	w.pollUntil("a new beginning", func() bool {
		known := 0
		w.query(`SELECT count(*) FROM watched_groups`, &known)
		return known == 2 && w.isIdle()
	})
	w.uipath.Edit(groupID, add("RPADEVPRONU"))
	w.lookTwice()
	w.wantAlerts("added `RPADEVPRONU`.")
}

// TestTheButtonAsksToPutAChangeBack presses it as a person who is no approver. An approver's vote
// puts the change back, and that is no change outside.
func TestTheButtonAsksToPutAChangeBack(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.serveWithBaseline()
	w.uipath.Edit(groupID, add("IDU"))
	w.lookTwice()
	alert := w.alerts()[0]
	w.click(bystander, alert, message.PutBackAction)
	var card fakeslack.Message
	w.awaitCondition("a card", func() bool {
		for _, m := range w.slack.Messages(approvalsChannel) {
			if m.Metadata.EventType == approvals.CardEventType {
				card = m
			}
		}
		return card.TS != ""
	})
	if actor := card.Metadata.EventPayload["actor"]; actor != bystander {
		t.Errorf("%v asks, want %s", actor, bystander)
	}
	w.lookAfter(dueAll)
	if now, _ := w.uipath.Allocation(groupID); !slices.Equal(now.Codes, []string{"ATTUNU", "IDU"}) {
		t.Errorf("before the approval the group has %v", now.Codes)
	}
	w.react(approvalsChannel, card.TS, approver, "white_check_mark")
	w.awaitCondition("the change to be taken back", func() bool {
		now, _ := w.uipath.Allocation(groupID)
		return slices.Equal(now.Codes, []string{"ATTUNU"})
	})
	for range 3 {
		w.lookAfter(dueAll)
	}
	w.wantAlerts("added `IDU`.")
}

// TestStalePagesAreNoChange shows a list that misses a group, and one that is hours old.
func TestStalePagesAreNoChange(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	w := newWatchedWorld(t)
	w.serveWithBaseline()
	w.uipath.Edit(groupID, add("IDU"))
	w.lookTwice()
	w.wantAlerts("added `IDU`.")
	w.uipath.SetLag("GET groups with-quota", 3*time.Hour)
	for range 2 {
		w.lookTwice()
	}
	w.wantAlerts("added `IDU`.")
}

// TestWithoutTheListTheBotsGroupsAreWatched refuses the list of all allocations.
func TestWithoutTheListTheBotsGroupsAreWatched(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.uipath.HideQuotas(true)
	w.serveWithBaseline()
	w.grantRequest("/allocate " + groupID + " IDU because of a test")
	w.lookAfter(dueAll)
	w.uipath.Edit(groupID, add("RPADEVPRONU"))
	w.uipath.Edit("group-02", add("RPADEVPRONU"))
	w.lookTwice()
	w.wantAlerts("Finance Robots|added `RPADEVPRONU`.")
	if n := strings.Count(w.log.String(), "watches only the groups that it has changed"); n != 1 {
		t.Errorf("the log says %d times that the list is missing, want once", n)
	}
}

// TestThePolicySilencesTheWatch has a group of which nothing is told, and then no watch.
func TestThePolicySilencesTheWatch(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.policy.Except = []approvals.GroupPattern{groupname.Pattern("sales*")}
	w.serveWithBaseline()
	w.uipath.Edit("group-02", add("RPADEVPRONU"))
	w.uipath.Edit(groupID, add("RPADEVPRONU"))
	w.lookTwice()
	w.wantAlerts("Finance Robots")
}

// TestAnAlertIsPostedOnce loses Slack's answer to the post.
func TestAnAlertIsPostedOnce(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.serveWithBaseline()
	w.uipath.Edit(groupID, add("IDU"))
	w.lookAfter(dueAll)
	w.slack.Inject("chat.postMessage", fault.Fault{AfterEffect: true, Cut: true})
	w.lookAfter(dueAgain)
	w.stop()
	before := w.fence()
	w.serve() // it looks at once, because a message is in doubt
	w.pollUntil("a look after the restart", func() bool { return w.fence() > before && w.isIdle() })
	w.lookAfter(2 * approvals.PostSettles)
	w.wantAlerts("added `IDU`.")
	var open int
	if w.query(`SELECT count(*) FROM outside_changes WHERE closed_at IS NULL`, &open); open != 0 {
		t.Errorf("%d changes are without their message", open)
	}
}
