//go:build linux

package chaos

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"licensebot/internal/chaos/judge"
	"licensebot/internal/fault"
)

// The reads that may show what was so before.
var (
	laggingMethods = []string{"reactions.get", "reactions.get", "conversations.history", "conversations.replies"}
	laggingReads   = []string{
		"GET group", "GET group with-quota", "GET groups with-quota", "GET identity groups", "GET identity group",
	}
)

func pickLag(d *rand.Rand) time.Duration {
	return time.Duration(1+d.IntN(int(judge.MaxLag/time.Second))) * time.Second
}

// lagAtSlack has Slack show what was so a while ago.
func (w *world) lagAtSlack(_ context.Context, d *rand.Rand) {
	w.planFault(&w.slack.Faults, pickOne(d, laggingMethods), fault.Fault{Times: 1 + d.IntN(3), Lag: pickLag(d)})
}

// hideCard has Slack not show a fresh card at first, as replicas do that lag behind.
func (w *world) hideCard(ctx context.Context, d *rand.Rand) {
	w.planFault(&w.slack.Faults, "reactions.get", fault.Fault{Times: 1, Error: "message_not_found"})
	if d.IntN(2) == 0 {
		return
	}
	if c, ok := w.askAndAwaitCard(ctx, d); ok {
		w.planFault(&w.slack.Faults, "conversations.history", fault.Fault{Times: 2, Lag: judge.MaxLag})
		w.approveCard(d, c)
	}
}

// postLate has Slack store a post after its caller gave up, or answer without saying
// where it is.
func (w *world) postLate(ctx context.Context, d *rand.Rand) {
	late := time.Duration(1+d.IntN(30)) * time.Second
	f := pickOne(d, []fault.Fault{
		{Cut: true, EffectAfter: late}, {Status: 500, EffectAfter: late},
		{Body: `{"ok":true}`}, {Body: `{"ok":true}`, AfterEffect: true},
	})
	f.Times = 1
	w.planFault(&w.slack.Faults, "chat.postMessage", f)
	if d.IntN(2) == 0 {
		w.askForCodes(ctx, d)
	}
}

// loseReactions has the events of some reactions get lost.
func (w *world) loseReactions(_ context.Context, d *rand.Rand) {
	kind := pickOne(d, []string{"reaction_added", "reaction_added", "reaction_removed"})
	w.planFault(&w.slack.Faults, kind, fault.Fault{Times: 1 + d.IntN(3)})
}

// lagAtUiPath has some reads of UiPath lag behind for a while.
func (w *world) lagAtUiPath(_ context.Context, d *rand.Rand) {
	w.lagReads(pickSome(d, laggingReads, 1+d.IntN(len(laggingReads))), pickLag(d), 3+d.IntN(20))
}

// lagReads has reads lag. Before the world began there was no group.
func (w *world) lagReads(operations []string, lag time.Duration, steps int) {
	lag = min(lag, w.clock.now().Sub(w.began))
	w.noteFault("for a while these show what was so %v ago: %v", lag, operations)
	for _, operation := range operations {
		w.uipath.SetLag(operation, lag)
		w.afterSteps(steps, func() { w.uipath.SetLag(operation, 0) })
	}
}

// hideLimits has UiPath not show the limits of seats for a while, and a request for the
// group that has some approved meanwhile.
func (w *world) hideLimits(ctx context.Context, d *rand.Rand) {
	c, ok := w.askAndAwaitCardFor(ctx, d, limitedGroup, 0)
	if !ok {
		return
	}
	w.noteFault("the limits of seats are not shown for a while")
	w.uipath.HideQuotas(true)
	w.afterSteps(1+d.IntN(6), func() { w.uipath.HideQuotas(false) })
	w.approveCard(d, c)
	w.awaitEvents(ctx, 1000, 1500*time.Millisecond)
}

// carryTwoInLag has two requests for one group approved, one after the other, while
// UiPath's reads lag.
func (w *world) carryTwoInLag(ctx context.Context, d *rand.Rand) {
	group := pickOne(d, groupIDs)
	first, ok := w.askAndAwaitCardFor(ctx, d, group, 0)
	if !ok {
		return
	}
	second, ok := w.askAndAwaitCardFor(ctx, d, group, 1)
	if !ok || w.clock.now().Sub(w.began) < time.Second {
		return
	}
	w.lagReads(laggingReads[:2], judge.MaxLag, 2+d.IntN(10))
	for _, c := range []openCard{first, second} {
		w.approveCard(d, c)
		w.awaitWrite(ctx, 3*time.Second)
	}
}

// refuseInLag has UiPath refuse a write that it makes, and show late that it did.
func (w *world) refuseInLag(ctx context.Context, d *rand.Rand) {
	c, ok := w.askAndAwaitCard(ctx, d)
	lag := min(judge.MaxLag, w.clock.now().Sub(w.began))
	if !ok || lag < time.Second {
		return
	}
	w.lagReads(laggingReads[:2], lag, 1+d.IntN(6))
	for _, operation := range []string{"PUT group", "PUT group with-quota"} {
		w.planFault(&w.uipath.Faults, operation, fault.Fault{Times: 1, Status: http.StatusBadRequest, AfterEffect: true})
	}
	w.approveCard(d, c)
	w.awaitWrite(ctx, 3*time.Second)
}

// editBetweenReads changes a group by hand between the two calls that read it for a
// write.
func (w *world) editBetweenReads(_ context.Context, d *rand.Rand) {
	c, ok := w.pickCard(d)
	if !ok {
		return
	}
	codes := pickSome(d, owned, 1+d.IntN(3))
	w.noteFault("%s will be edited between two reads", c.Group)
	w.uipath.After(pickOne(d, laggingReads[:2]), func() {
		w.uipath.Edit(c.Group, func([]string) []string { return codes })
	})
	w.approveCard(d, c)
}

// editBeforeWrite puts a code into the group of a card by hand, and then the card is
// approved.
func (w *world) editBeforeWrite(_ context.Context, d *rand.Rand) {
	if c, ok := w.pickCard(d); ok {
		w.uipath.Edit(c.Group, func(now []string) []string { return append(now, pickOne(d, owned)) })
		w.approveCard(d, c)
	}
}

// renameGroup gives a group another name for a while. Sometimes a card of it is
// approved meanwhile.
func (w *world) renameGroup(ctx context.Context, d *rand.Rand) {
	group := pickOne(d, groupIDs)
	c, ok := w.pickCard(d)
	if ok {
		group = c.Group
	}
	w.nameGroup(group, groupNames[group]+" II")
	w.afterSteps(3+d.IntN(25), func() { w.nameGroup(group, groupNames[group]) })
	if ok && d.IntN(2) == 0 {
		w.awaitEvents(ctx, 1000, 3500*time.Millisecond)
		w.approveCard(d, c)
	}
}

func (w *world) nameGroup(group, name string) {
	w.uipath.RenameGroup(group, name)
	w.slack.Mark(judge.RenameMark, group+"\t"+name)
}
