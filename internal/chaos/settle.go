//go:build linux

package chaos

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"licensebot/internal/chaos/judge"
)

const (
	readyLimit = 30 * time.Second // from the end of the faults to a 200 of /readyz
	quietTime  = 1500 * time.Millisecond
	lookEvery  = 100 * time.Millisecond
)

// endFaults ends every fault and starts what is down.
func (w *world) endFaults(ctx context.Context) {
	w.slack.Faults.Clear()
	w.uipath.Faults.Clear()
	for _, step := range slices.Sorted(maps.Keys(w.mends)) {
		for _, do := range w.mends[step] {
			do()
		}
	}
	clear(w.mends)
	clear(w.downUntil)
	w.slack.IgnoreAcks(false)
	w.slack.SetCopies(1)
	for _, code := range owned {
		w.uipath.DropCode(code, 0)
	}
	w.mendDatabase()
	for _, r := range w.replicas {
		r.thaw()
	}
	w.noteStep("the faults are over")
	w.reviveReplicas(ctx)
}

// awaitReady wants every replica ready within readyLimit. A replica that
// ends by itself meanwhile is started again, as a supervisor would do.
func (w *world) awaitReady(ctx context.Context) *judge.Violation {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	waiting := slices.Clone(w.replicas)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		w.reviveReplicas(ctx)
		waiting = slices.DeleteFunc(waiting, func(r *replica) bool { return r.isReady(ctx) })
		if len(waiting) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return &judge.Violation{
				Rule: judge.NotReady, Lines: waiting[0].log.lastLines(30),
				What: fmt.Sprintf("%s does not answer /readyz with 200 within %v of the end of the faults", waiting[0].name,
					readyLimit),
			}
		}
	}
}

// startTakes is how long a bot is left alone after a start. It looks at the channel twice, ten
// seconds apart, before it goes on with what it had in hand.
const startTakes = 20 * time.Second

// awaitSettled waits until the bot has done everything it owes and all is quiet.
// Meanwhile people decide what is undecided. If ctx ends first, it returns what is
// still missing.
func (w *world) awaitSettled(ctx context.Context, thinking time.Duration) (h *judge.History, missing []string) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	began := time.Now()
	greeted, asked := began, began
	w.cutForHello(ctx)
	length, activity, since := -1, 0, began
	for rounds := 0; ; {
		if n := w.slack.Length() + w.uipath.Length(); n != length { // reading is most of the suite's work
			length, h = n, judge.Read(w.judgeSetting(), w.slack, w.uipath)
			missing = h.Missing()
		}
		now := time.Now()
		if n := h.Activity; n != activity {
			activity, since = n, now
		}
		switch {
		case len(missing) == 0 && now.Sub(since) > quietTime && w.slack.Unacked() == 0:
			return h, nil
		case len(missing) > 0 && now.Sub(greeted) > max(thinking*6, startTakes):
			w.passTenMinutes(ctx)
			greeted = time.Now()
		case len(missing) > 0 && now.Sub(asked) > thinking:
			w.decideOpenCards(ctx, h, rounds)
			rounds++
			asked = time.Now()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return h, missing
		}
		w.reviveReplicas(ctx)
	}
}

// cutForHello cuts the sockets: after each hello the bot looks for what it missed.
// Otherwise it does so every minute and a half.
func (w *world) cutForHello(ctx context.Context) {
	w.noteStep("the sockets are cut, for a hello")
	w.slack.CutSockets()
	w.awaitSocket(ctx)
}

// passTenMinutes stops the bot and lets ten minutes pass at once, so postponed work
// becomes due. PostgreSQL's clock cannot be put forward; there the sockets are cut.
func (w *world) passTenMinutes(ctx context.Context) {
	if w.round.Store == Postgres {
		w.cutForHello(ctx)
		return
	}
	w.noteStep("down for ten minutes")
	for _, r := range w.replicas {
		r.kill()
	}
	w.skipAhead(10 * time.Minute)
	w.reviveReplicas(ctx)
	w.awaitSocket(ctx)
}

// decideOpenCards has people decide open cards. A card with enough votes on it is
// left alone: people do not vote again because the bot missed something.
func (w *world) decideOpenCards(ctx context.Context, h *judge.History, round int) {
	w.endGrants(ctx, h, round)
	for _, p := range w.openCards() {
		c := h.CardAt(p.TS)
		if c == nil {
			continue
		}
		votes := h.OverlookedVotes(c)
		for _, v := range votes {
			_ = w.slack.Unreact(v.User, approvalsChannel, c.TS, v.Emoji)
			w.putReaction(v.User, p, v.Emoji)
		}
		if len(votes) == 0 && !h.Decided(c) {
			w.decideCard(ctx, drawStep(w.round.Seed^0xdec1de, int(hashText(c.TS))+round), p)
		}
	}
}

// endGrants has those ended whose time is long. The others are given a while
// to end by themselves.
func (w *world) endGrants(ctx context.Context, h *judge.History, round int) {
	for _, c := range h.Cards {
		if c.GrantRuns() && (c.Lasts > time.Minute || round >= 3) {
			w.typeCommand(ctx, c.Requester, "end "+c.ID)
		}
	}
}

func (w *world) decideCard(ctx context.Context, d *rand.Rand, p openCard) {
	switch d.IntN(6) {
	case 0:
		w.typeCommand(ctx, p.Requester, "cancel "+p.ID)
	case 1:
		w.putReaction(anna, p, denyEmoji)
	default:
		for _, user := range w.eligibleVoters(d, p) {
			w.putReaction(user, p, p.Emoji)
		}
	}
}

func hashText(text string) (h uint32) {
	for _, c := range []byte(text) {
		h = h*31 + uint32(c)
	}
	return h
}

// crashViolations has a violation for each replica with a crash.
func (w *world) crashViolations() []judge.Violation {
	var found []judge.Violation
	for _, r := range w.replicas {
		if line := r.log.crashLine(); line != "" {
			found = append(found, judge.Violation{Rule: judge.Crashed, What: r.name + ": " + line, Lines: r.log.lastLines(60)})
		}
	}
	return found
}
