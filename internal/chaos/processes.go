//go:build linux

package chaos

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"licensebot/internal/fault"
	"licensebot/internal/sleep"
)

// afterSteps does something when some more steps are done, or when all is mended.
func (w *world) afterSteps(steps int, do func()) {
	w.mends[w.step+steps] = append(w.mends[w.step+steps], do)
}

// mendWhatIsDue does what was put off until this step.
func (w *world) mendWhatIsDue() {
	for _, do := range w.mends[w.step] {
		do()
	}
	delete(w.mends, w.step)
}

// reviveReplicas starts every stopped replica, except those meant to be down.
func (w *world) reviveReplicas(context.Context) {
	for i, r := range w.replicas {
		if r.isRunning() || w.downUntil[r] > w.step {
			continue
		}
		if r.cmd != nil && !r.told {
			w.noteStep("%s ended by itself", r.name)
		}
		if err := r.start(w.clock.offset() + w.clockSkew(i)); err != nil && w.failure == nil {
			w.failure = err
		}
		w.noteConfig(r)
		w.noteStep("%s starts", r.name)
	}
}

// clockSkew is how far the clock of a replica is off in its next life.
func (w *world) clockSkew(i int) time.Duration {
	d := drawStep(w.round.Seed^0x5ce3, w.step*8+i)
	if d.IntN(2) == 0 {
		return 0
	}
	return time.Duration(d.Int64N(int64(2*w.terms.skew))) - w.terms.skew
}

// killReplica kills a replica with SIGKILL and counts: with an answer outstanding or
// an envelope unacknowledged it is a kill point, otherwise a plain kill.
func (w *world) killReplica(r *replica) {
	if !r.isRunning() {
		return
	}
	inHand := r.awaitsAnswer() || len(w.replicas) == 1 && w.slack.Unacked() > 0
	r.kill()
	w.noteStep("%s killed (work in hand: %t)", r.name, inHand)
	w.tally.countKill(inHand)
}

// restartReplica starts a killed replica again, most of the times at once, and then
// mostly waits until it is connected.
func (w *world) restartReplica(ctx context.Context, d *rand.Rand, r *replica) {
	if d.IntN(6) == 0 {
		w.downUntil[r] = w.step + 1 + d.IntN(4)
		return
	}
	w.reviveReplicas(ctx)
	if d.IntN(5) > 0 {
		w.awaitSocket(ctx)
	}
}

func (w *world) awaitSocket(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_ = w.slack.Wait(ctx, func() bool { return w.slack.Connections() > 0 })
}

// pollUntil asks every millisecond whether cond holds, until it does or ctx ends. It
// is for conditions without a signal.
func pollUntil(ctx context.Context, cond func() bool) {
	for !cond() && sleep.For(ctx, time.Millisecond) {
	}
}

// busyReplica waits a little until some replica is in the middle of a call, and picks
// it; any one if none is.
func (w *world) busyReplica(ctx context.Context, d *rand.Rand) *replica {
	ctx, cancel := context.WithTimeout(ctx, 400*time.Millisecond)
	defer cancel()
	at := -1
	pollUntil(ctx, func() bool {
		at = slices.IndexFunc(w.replicas, func(r *replica) bool { return !r.frozen && r.awaitsAnswer() })
		return at >= 0
	})
	if at < 0 {
		return pickOne(d, w.replicas)
	}
	return w.replicas[at]
}

func (w *world) killNow(ctx context.Context, d *rand.Rand) {
	r := pickOne(d, w.replicas)
	if d.IntN(3) > 0 {
		r = w.busyReplica(ctx, d)
	}
	w.killReplica(r)
	w.restartReplica(ctx, d, r)
}

// killInCall kills a replica while it waits for the answer to a chosen call,
// before the call took effect or after. People do what leads to that call.
func (w *world) killInCall(ctx context.Context, d *rand.Rand) {
	faults, method := &w.slack.Faults, pickOne(d, slackMethods)
	if d.IntN(2) == 0 {
		faults, method = &w.uipath.Faults, pickOne(d, uipathOperations)
	}
	w.planFault(faults, method, fault.Fault{Times: 1, Hang: true, AfterEffect: d.IntN(2) == 0})
	before := faults.Injected()
	w.provokeCall(ctx, d, method)
	waiting, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	pollUntil(waiting, func() bool { return faults.Injected() > before })
	r := w.busyReplica(waiting, d)
	w.killReplica(r)
	w.restartReplica(ctx, d, r)
}

// provokeCall does what makes the bot call a method soon.
func (w *world) provokeCall(ctx context.Context, d *rand.Rand, method string) {
	switch method {
	case "PUT group", "reactions.get", "chat.update", "users.info", "usergroups.users.list":
		if len(w.openCards()) > 0 {
			w.carryCard(ctx, d)
			return
		}
	case "chat.postEphemeral":
		w.reactInVain(ctx, d)
		return
	case "response_url":
		w.typeCommand(ctx, pickOne(d, requesters), "group-99 IDU because "+w.newTicket(0))
		return
	case "conversations.history", "conversations.replies":
		w.planFault(&w.slack.Faults, "chat.postMessage", fault.Fault{Times: 1, Cut: true, AfterEffect: d.IntN(2) == 0})
	case "apps.connections.open", "link", "auth.test", "conversations.info", "token":
		w.killReplica(pickOne(d, w.replicas))
		w.reviveReplicas(ctx)
	}
	w.askForCodes(ctx, d)
}

// killAfterAck kills as soon as a person has read that the command is recorded.
func (w *world) killAfterAck(ctx context.Context, d *rand.Rand) {
	waiting, cancel := context.WithTimeout(ctx, 1500*time.Millisecond)
	defer cancel()
	_, _ = w.slack.Command(waiting, pickOne(d, requesters), anyChannel, command, w.goodCommand(d, pickOne(d, groupIDs), 0))
	r := pickOne(d, w.replicas)
	w.killReplica(r)
	w.restartReplica(ctx, d, r)
}

// terminateReplica stops a replica in the way it should be stopped, in the middle of
// whatever it does; sometimes that takes too long and it is killed after all.
func (w *world) terminateReplica(ctx context.Context, d *rand.Rand) {
	r := w.busyReplica(ctx, d)
	if !r.isRunning() {
		return
	}
	r.terminate()
	w.noteFault("%s is told to stop", r.name)
	if sleep.UntilWoken(ctx, time.Duration(d.IntN(3000))*time.Millisecond, r.exited) {
		w.killReplica(r)
	}
	w.restartReplica(ctx, d, r)
}

// freezeReplica stops a process for some steps, as a machine that is out of memory or
// being moved does.
func (w *world) freezeReplica(ctx context.Context, d *rand.Rand) {
	w.standStill(w.busyReplica(ctx, d), 1+d.IntN(8))
}

// freezeLong stops a process for longer than any lease: for the rest of the
// steps. The others carry on what it held.
func (w *world) freezeLong(ctx context.Context, d *rand.Rand) {
	w.standStill(w.busyReplica(ctx, d), w.round.Steps)
}

func (w *world) standStill(r *replica, steps int) {
	if !r.isRunning() || r.frozen {
		return
	}
	w.noteFault("%s stands still", r.name)
	r.freeze()
	life := r.cmd
	w.noteStall("process")
	w.afterSteps(steps, func() {
		if r.cmd == life {
			w.noteStall("process")
			r.thaw()
		}
	})
}

// skipAhead lets time pass at once. What Slack stores late is stored by then.
func (w *world) skipAhead(d time.Duration) {
	w.slack.PerformLateCalls()
	w.clock.skipAhead(d)
}

// passDowntime takes everything down for hours.
func (w *world) passDowntime(ctx context.Context, d *rand.Rand) {
	for _, r := range w.replicas {
		w.killReplica(r)
	}
	hours := time.Duration(1+d.IntN(120)) * time.Minute
	w.noteFault("down for %v", hours)
	w.skipAhead(hours)
	w.reviveReplicas(ctx)
	w.awaitSocket(ctx)
}
