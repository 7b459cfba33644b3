package bot

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/socket"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
	"licensebot/internal/store"
)

// An aviary is a bot with a canary, and the clock of its store.
type aviary struct {
	*rig
	mu  sync.Mutex
	now time.Time
}

func newAviary(t *testing.T) *aviary {
	t.Helper()
	a := &aviary{rig: newRig(t, fakeslack.Config{AckTimeout: patience}), now: testTime}
	db, err := store.Open(a.ctx, "sqlite://"+filepath.Join(t.TempDir(), "canary.db"), store.Options{Now: a.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	a.store, a.canary = db, db
	a.listen(db)
	return a
}

func (a *aviary) time() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

// round begins a round, a time after the last.
func (a *aviary) round(after time.Duration) {
	a.t.Helper()
	a.mu.Lock()
	a.now = a.now.Add(after)
	a.mu.Unlock()
	if err := a.bot.canary.beginRound(a.ctx); err != nil {
		a.t.Fatal(err)
	}
}

// awaitEvents waits until so many events were acknowledged.
func (a *aviary) awaitEvents(n int) {
	a.t.Helper()
	a.await("the event", func() bool { return a.slack.CountEntries(fakeslack.EntryAck, "events_api") == n })
}

func (a *aviary) expect(results ...approvals.CanaryResult) {
	a.t.Helper()
	if !slices.Equal(a.canaries, results) {
		a.t.Errorf("rounds ended with %v instead of %v\n%s", a.canaries, results, a.log)
	}
}

// TestTheCanaryComesBack gives and takes the reaction of one status message.
func TestTheCanaryComesBack(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	for n := range 4 {
		a.round(canaryEvery)
		a.awaitEvents(n + 1)
		a.round(canaryEvery - time.Second) // it is not due yet
		a.round(-canaryEvery + time.Second)
	}
	a.expect(approvals.CanaryArrived, approvals.CanaryArrived, approvals.CanaryArrived)
	if n := len(a.slack.Messages(channel)); n != 1 {
		t.Errorf("%d messages are in the channel", n)
	}
	given, taken := len(a.slack.Calls("reactions.add")), len(a.slack.Calls("reactions.remove"))
	if given != 2 || taken != 2 {
		t.Errorf("given %d times, taken %d times", given, taken)
	}
	last, _, _, err := a.store.BeginCanary(a.ctx, channel, canaryEvery)
	if err != nil || !strings.HasPrefix(last.By, "replica/") || !last.ArrivedAt.Equal(last.At) {
		t.Errorf("%+v %v", last, err)
	}
}

// TestALostCanaryIsNoticed loses its events. The operator is told once, after the second.
func TestALostCanaryIsNoticed(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	told := func() int { return strings.Count(a.log.String(), "Slack does not deliver what it should") }
	for i, want := range []int{0, 0, 1, 1} {
		a.slack.Inject([]string{"reaction_added", "reaction_removed"}[i%2], fault.Fault{Times: 1})
		a.round(canaryEvery)
		if told() != want {
			t.Errorf("after round %d the operator was told %d times", i, told())
		}
	}
	a.expect(approvals.CanaryLost, approvals.CanaryLost, approvals.CanaryLost)
	a.round(time.Hour) // the bot was down meanwhile
	a.expect(approvals.CanaryLost, approvals.CanaryLost, approvals.CanaryLost)
}

// TestConnectionsThatDeliverNothingAreReplaced has all connections live and lose what they
// should deliver. Until the reaction comes back, the bot is not ready.
func TestConnectionsThatDeliverNothingAreReplaced(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	a.round(canaryEvery)
	a.awaitEvents(1)
	a.slack.Mute()
	for i, deaf := range []bool{false, false, true} {
		a.round(canaryEvery)
		if got := a.bot.Deafness(); (got != "") != deaf || deaf && !strings.Contains(got, "Slack delivers nothing") {
			t.Fatalf("after round %d the bot is deaf: %q", i, got)
		}
		if i == 2 {
			break
		}
	}
	a.slack.AwaitHellos(socket.Connections, a.bot.LiveConnections)
	a.await("the end of the old ones", func() bool { return a.slack.Connections() == socket.Connections })
	arrived := a.slack.CountEntries(fakeslack.EntryAck, "events_api")
	a.round(canaryEvery)
	a.awaitEvents(arrived + 1)
	a.round(canaryEvery)
	if a.bot.Deafness() != "" || !strings.Contains(a.log.String(), "Slack delivers again") {
		t.Error("the reaction came back, and the bot is deaf")
	}
}

// TestTheMissingSubscriptionIsNamed plays Slack apps that do not subscribe to both events of
// reactions. The bot says which one is missing.
func TestTheMissingSubscriptionIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		missing       []string
		ready, logged string // what the probe, and the log, say
	}{
		"both":    {[]string{"reaction_added", "reaction_removed"}, "no reactions: " + subscribeToBoth, subscribeToBoth},
		"added":   {[]string{"reaction_added"}, subscribeToAdded, subscribeToAdded},
		"removed": {[]string{"reaction_removed"}, "", subscribeToRemoved},
		"none":    {nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAviary(t)
			for _, event := range c.missing {
				a.slack.Inject(event, fault.Fault{})
			}
			for range 2*canaryKindPatience + 1 {
				a.slack.SendEvent(map[string]any{"type": "app_home_opened", "user": robin, "tab": "messages"})
				a.round(canaryEvery)
				a.await("the events", func() bool { return a.slack.Unacked() == 0 })
			}
			if got := a.bot.Deafness(); !strings.HasSuffix(got, c.ready) || c.ready == "" && got != "" {
				t.Errorf("the bot is deaf: %q, want %q", got, c.ready)
			}
			for _, one := range []string{subscribeToBoth, subscribeToAdded, subscribeToRemoved} {
				if told := strings.Contains(a.log.String(), one+"\""); told != (one == c.logged) {
					t.Errorf("the log says %q: %t", one, told)
				}
			}
		})
	}
}

// TestAnotherReplicaHearsTheCanary has two replicas. One begins the rounds; the other
// knows from the store how they end.
func TestAnotherReplicaHearsTheCanary(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	replaced := 0
	other := &canary{store: a.canary, channel: a.bot.canary.channel, replace: func() { replaced++ }, log: a.logger()}
	look := func() {
		t.Helper()
		if err := other.beginRound(a.ctx); err != nil {
			t.Fatal(err)
		}
	}
	a.round(canaryEvery)
	a.awaitEvents(1)
	look()
	for i := range 3 {
		a.slack.Inject([]string{"reaction_removed", "reaction_added"}[i%2], fault.Fault{Times: 1})
		a.round(canaryEvery)
		look()
	}
	if other.deafness() == "" || replaced != 1 {
		t.Errorf("deaf: %q, replaced %d times", other.deafness(), replaced)
	}
	a.round(canaryEvery) // this one comes back
	a.awaitEvents(2)
	look()
	a.round(canaryEvery)
	look()
	if other.deafness() != "" {
		t.Error("the reaction came back to one replica, and the other is deaf")
	}
}

// TestADeletedStatusMessageIsPostedAnew, after two looks that it is gone.
func TestADeletedStatusMessageIsPostedAnew(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	a.round(canaryEvery)
	a.awaitEvents(1)
	first := a.slack.Messages(channel)[0].TS
	if _, _, err := a.api().DeleteMessage(channel, first); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		a.round(canaryEvery)
	}
	if all := a.slack.Messages(channel); len(all) != 1 || all[0].TS == first {
		t.Errorf("%+v", all)
	}
	a.expect(approvals.CanaryArrived, approvals.CanaryUnable, approvals.CanaryUnable)
}

// TestAChannelThatTakesNoPosts is tried again after a long pause, and alarms no one.
func TestAChannelThatTakesNoPosts(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	a.slack.Inject("chat.postMessage", fault.Fault{Times: 1, Error: "restricted_action"})
	a.round(canaryEvery)
	for range 3 {
		a.round(canaryEvery)
	}
	if n := len(a.slack.Calls("chat.postMessage")); n != 1 {
		t.Errorf("it was tried %d times", n)
	}
	a.round(canaryPause)
	a.expect(approvals.CanaryUnable)
	if n := len(a.slack.Messages(channel)); n != 1 {
		t.Errorf("%d messages are in the channel", n)
	}
}

// TestTheStatusMessageIsNoCard: what looks for cards and replies leaves it out, and a
// vote on it means nothing.
func TestTheStatusMessageIsNoCard(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	a.round(canaryEvery)
	a.awaitEvents(1)
	status := a.slack.Messages(channel)[0]
	if _, metadata := phrases().Status(); message.IsCard(metadata) || message.RequestIDOf(metadata) != "" {
		t.Error("it looks like one")
	}
	if err := a.slack.React(alex, channel, status.TS, "x"); err != nil {
		t.Fatal(err)
	}
	a.awaitEvents(2)
	if strings.Contains(a.log.String(), `"error"`) {
		t.Error(a.log.String())
	}
}

// TestThereIsNoCanaryUnlessAskedFor posts nothing.
func TestThereIsNoCanaryUnlessAskedFor(t *testing.T) {
	t.Parallel()
	if r := newRig(t, fakeslack.Config{}); r.bot.canary != nil || r.bot.intake.canary != nil {
		t.Error("it is there")
	}
}
