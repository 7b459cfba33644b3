//go:build linux

package chaos

import (
	"context"
	"math/rand/v2"
)

// draw is the source of every decision of one step.
func draw(seed uint64, step int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(step)))
}

// one picks one of several.
func one[T any](d *rand.Rand, all []T) T { return all[d.IntN(len(all))] }

// some picks n different ones, in any order.
func some[T any](d *rand.Rand, all []T, n int) []T {
	var picked []T
	for _, i := range d.Perm(len(all))[:min(n, len(all))] {
		picked = append(picked, all[i])
	}
	return picked
}

// An action is something that a step can do. It decides by the step's own
// draw, and by what there is in the world to do it to.
type action struct {
	name   string
	weight int
	do     func(*world, context.Context, *rand.Rand)
}

// actions lists what can happen in a round, and how often.
func actions(r Round) []action {
	all := []action{
		{"ask", 22, (*world).ask},
		{"ask twice for one group", 4, (*world).askTwice},
		{"ask to take out", 5, (*world).askToTakeOut},
		{"type nonsense", 4, (*world).nonsense},
		{"cancel", 3, (*world).cancel},
		{"vote", 14, (*world).vote},
		{"carry", 24, (*world).carry},
		{"withdraw a vote", 4, (*world).unvote},
		{"deny", 3, (*world).deny},
		{"delete a card", 1, (*world).deleteCard},
		{"meddle", 7, (*world).meddle},
		{"betray", 5, (*world).betray},
		{"change rights", 3, (*world).changeRights},
		{"end a grant", 5, (*world).endEarly},
		{"extend a grant", 6, (*world).extend},
		{"edit a rule by hand", 5, (*world).portal},

		{"harm a call of Slack", 14, (*world).harmSlack},
		{"harm a call of UiPath", 12, (*world).harmUiPath},
		{"drop a code", 3, (*world).dropCode},
		{"exceed", 1, (*world).exceed},
		{"revoke the token", 1, (*world).revoke},
		{"sever a wire", 2, (*world).sever},
		{"cut a wire", 5, (*world).cutWire},

		{"kill", 14, (*world).killNow},
		{"kill in a call", 16, (*world).killInCall},
		{"kill after an ack", 5, (*world).killAfterAck},
		{"terminate", 3, (*world).terminate},
		{"freeze", 4, (*world).freeze},

		{"cut the sockets", 2, (*world).cutSockets},
		{"silence the sockets", 2, (*world).silence},
		{"disconnect", 4, (*world).disconnect},
		{"refuse sockets", 1, (*world).refuseSockets},
		{"ignore acks", 2, (*world).ignoreAcks},
		{"deliver copies", 4, (*world).copies},
		{"replay an envelope", 4, (*world).replay},

		{"read-only database", 1, (*world).readOnly},
	}
	if r.Store == SQLite {
		return append(all,
			action{"fill the disk", 2, (*world).fillDisk},
			action{"hours of downtime", 1, (*world).downtime})
	}
	all = append(all,
		action{"crash the database", 3, (*world).crashDatabase},
		action{"cut a commit", 6, (*world).cutCommit})
	if r.Replicas > 1 {
		all = append(all, action{"freeze for longer than a lease", 1, (*world).freezeLong})
	}
	return all
}

// Plan names the actions of a round, step by step.
func Plan(r Round) []string {
	plan := make([]string, r.Steps)
	for i := range plan {
		plan[i] = pick(draw(r.Seed, i+1), actions(r)).name
	}
	return plan
}

func pick(d *rand.Rand, all []action) action {
	total := 0
	for _, a := range all {
		total += a.weight
	}
	at := d.IntN(total)
	for _, a := range all {
		if at -= a.weight; at < 0 {
			return a
		}
	}
	panic("unreachable: the weights add up to their total")
}
