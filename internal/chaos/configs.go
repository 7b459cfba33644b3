//go:build linux

package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"licensebot/internal/chaos/judge"
)

// A config is what an operator may change between two lives of a replica.
type config struct {
	approvers []string
	quorum    int
	approve   []string // emoji
}

// usualConfig is how the replicas of a world are configured at first and in the end.
func (w *world) usualConfig() config {
	return config{approvers: configuredApprovers, quorum: w.terms.quorum, approve: approveEmoji}
}

// otherConfig is another configuration: other emoji, fewer approvers, a larger quorum,
// or several of these.
func (w *world) otherConfig(d *rand.Rand) config {
	c := w.usualConfig()
	which := 1 + d.IntN(7)
	if which&1 != 0 {
		c.approve = otherEmoji
	}
	if which&2 != 0 {
		c.approvers = slices.DeleteFunc(slices.Clone(c.approvers), func(id string) bool { return id == ben })
	}
	if which&4 != 0 {
		c.quorum++
	}
	return c
}

// configure is how the next life of a replica will be configured.
func (r *replica) configure(c config) {
	r.config = c
	r.env["LICENSEBOT_APPROVERS"] = strings.Join(c.approvers, ",")
	r.env["LICENSEBOT_QUORUM"] = fmt.Sprint(c.quorum)
	r.env["LICENSEBOT_APPROVE_EMOJI"] = strings.Join(c.approve, ",")
}

// noteConfig records how a replica is configured from now on.
func (w *world) noteConfig(r *replica) {
	w.configs = append(w.configs, judge.Config{
		Replica: r.name, From: w.clock.now(), Named: r.config.approvers, Quorum: r.config.quorum, Approve: r.config.approve,
	})
}

// rollOut restarts the replicas with another configuration, one after another, and
// later again with the usual one.
func (w *world) rollOut(_ context.Context, d *rand.Rand) {
	c := w.otherConfig(d)
	w.noteFault("another configuration: %v", c)
	at := 1
	for _, r := range w.replicas {
		w.restartWith(r, c, at)
		at += 1 + d.IntN(8)
	}
	at += 10 + d.IntN(25)
	for _, r := range w.replicas {
		w.restartWith(r, w.usualConfig(), at)
		at += 1 + d.IntN(8)
	}
}

// restartWith restarts a replica with a configuration after some steps.
func (w *world) restartWith(r *replica, c config, steps int) {
	w.afterSteps(steps, func() {
		r.configure(c)
		r.thaw()
		w.killReplica(r)
	})
}

// decideUnderOtherConfig restarts all replicas with another configuration when a card is
// posted. People decide it as it says, or with an emoji that it does not show.
func (w *world) decideUnderOtherConfig(ctx context.Context, d *rand.Rand) {
	c, ok := w.askAndAwaitCard(ctx, d)
	if !ok {
		return
	}
	other, emoji := w.otherConfig(d), pickOne(d, []string{c.Emoji, otherEmoji[0]})
	w.noteFault("all go on with another configuration: %v", other)
	w.restartAll(ctx, other)
	for _, user := range w.eligibleVoters(d, c)[:w.neededVotes(c)] {
		w.putReaction(user, c, emoji)
	}
	w.awaitWrite(ctx, 2*time.Second)
	w.restartAll(ctx, w.usualConfig())
}

func (w *world) restartAll(ctx context.Context, c config) {
	for _, r := range w.replicas {
		r.configure(c)
		r.thaw()
		w.killReplica(r)
	}
	w.reviveReplicas(ctx)
	w.awaitSocket(ctx)
}
