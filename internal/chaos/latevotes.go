//go:build linux

package chaos

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"licensebot/internal/fault"
)

// passDeadline takes everything down while the deadlines pass. People vote on a card
// shortly before, and the events may get lost, or while nothing runs, before the
// deadline or after it.
func (w *world) passDeadline(ctx context.Context, d *rand.Rand) {
	c, ok := w.askAndAwaitCard(ctx, d)
	if !ok {
		return
	}
	w.awaitKnown(ctx, c)
	when := d.IntN(3)
	if when == 0 {
		w.planFault(&w.slack.Faults, "reaction_added", fault.Fault{Times: w.neededVotes(c)})
		w.approveCard(d, c)
	}
	for _, r := range w.replicas {
		w.killReplica(r)
	}
	if when == 1 {
		w.approveCard(d, c)
	}
	w.noteFault("down while the deadlines pass")
	w.skipAhead(w.terms.ttl + 3*w.terms.skew)
	if when == 2 {
		w.approveCard(d, c)
	}
	w.reviveReplicas(ctx)
	w.awaitSocket(ctx)
}

// awaitKnown waits a little until the bot knows the place of a card: it put its emoji there.
func (w *world) awaitKnown(ctx context.Context, c openCard) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_ = w.slack.Wait(ctx, func() bool {
		m, _ := w.slack.Message(approvalsChannel, c.TS)
		return len(m.Reactions) > 1
	})
}

// turnAfterLook takes an approval back, or denies, after the last look at the card and
// before the write: what the bot asks Slack in between takes a while.
func (w *world) turnAfterLook(ctx context.Context, d *rand.Rand) {
	c, ok := w.askAndAwaitCard(ctx, d)
	if !ok {
		return
	}
	looks := len(w.slack.Calls("reactions.get"))
	turned := w.eligibleVoters(d, c)
	w.planFault(&w.slack.Faults, "reactions.get", fault.Fault{Times: 1, Latency: time.Second})
	w.approveCard(d, c)
	if !w.awaitLooks(ctx, looks+1, 3*time.Second) {
		return
	}
	w.planFault(&w.slack.Faults, "users.info", fault.Fault{Times: 1, Latency: 5 * time.Second})
	before := w.slack.Injected()
	waiting, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	pollUntil(waiting, func() bool { return w.slack.Injected() > before })
	if d.IntN(2) == 0 {
		w.putReaction(turned[0], c, denyEmoji)
	} else {
		w.takeBackAll(c)
	}
	w.awaitWrite(ctx, 8*time.Second)
}

// takeBackAll has every person take the reactions on a card back.
func (w *world) takeBackAll(c openCard) {
	m, _ := w.slack.Message(approvalsChannel, c.TS)
	for _, r := range m.Reactions {
		for _, user := range r.Users {
			if user != w.slack.BotUserID() {
				_ = w.slack.Unreact(user, approvalsChannel, c.TS, r.Name)
			}
		}
	}
}

// awaitWrite waits a little for the next write at UiPath.
func (w *world) awaitWrite(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	before := len(w.uipath.Calls("PUT group"))
	pollUntil(ctx, func() bool { return len(w.uipath.Calls("PUT group")) > before })
}

// joinAfterVain has a bystander approve, who is told that it does not count, and
// then join the approvers. The others approve with one vote too few, and one more
// person reacts in vain.
func (w *world) joinAfterVain(ctx context.Context, d *rand.Rand) {
	c, ok := w.askAndAwaitCard(ctx, d)
	if !ok {
		return
	}
	w.putReaction(bystander, c, c.Emoji)
	waiting, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_ = w.slack.Wait(waiting, func() bool { return w.wasTold(bystander, c.ID) })
	w.noteStep("%s joins the approvers", bystander)
	w.slack.SetUserGroup(approverGroup, append(slices.Clone(groupMembers), bystander)...)
	w.afterSteps(20, func() { w.slack.SetUserGroup(approverGroup, groupMembers...) })
	w.awaitEvents(ctx, 1000, 3100*time.Millisecond) // until the bot asks for the group anew
	for _, user := range w.eligibleVoters(d, c)[:w.neededVotes(c)-1] {
		w.putReaction(user, c, c.Emoji)
	}
	w.putReaction(guest, c, c.Emoji)
}

// wasTold reports whether a person read a private word about a request.
func (w *world) wasTold(user, id string) bool {
	for _, e := range w.slack.Ephemerals(user) {
		if strings.Contains(e.Text, id) {
			return true
		}
	}
	return false
}
