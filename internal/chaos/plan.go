//go:build linux

package chaos

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
)

// drawStep is the source of every decision of one step.
func drawStep(seed uint64, step int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(step)))
}

// one picks one of several.
func pickOne[T any](d *rand.Rand, all []T) T { return all[d.IntN(len(all))] }

// some picks n different ones, in any order.
func pickSome[T any](d *rand.Rand, all []T, n int) []T {
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

// focusWeight is how much more often an action happens that a round has its focus on.
const focusWeight = 12

// onlyInCalm is the weight of an action that other actions must not meet.
const onlyInCalm = 0

// possibleActions lists what can happen in a round, and how often. In calm weather it is
// what the round has its focus on, and nothing else: a rare moment needs many things to
// go well before.
func possibleActions(r Round) []action {
	all, focus := actionsOn(r), strings.Split(r.Focus, ",")
	inFocus := func(a action) bool { return slices.Contains(focus, a.name) }
	if r.Calm {
		all = slices.DeleteFunc(all, func(a action) bool { return !inFocus(a) })
		for i := range all {
			all[i].weight = max(all[i].weight, 1)
		}
		return all
	}
	for i := range all {
		if inFocus(all[i]) {
			all[i].weight *= focusWeight
		}
	}
	return all
}

// HasAction reports whether a round on a store may have an action of this name.
func HasAction(name, store string, replicas int) bool {
	return slices.ContainsFunc(actionsOn(Round{Store: store, Replicas: replicas}), func(a action) bool {
		return a.name == name
	})
}

func actionsOn(r Round) []action {
	all := slices.Concat(actionsOfPeople(), harms(), actionsOnProcesses())
	if r.Store == SQLite {
		return append(all,
			action{"fill the disk", 2, (*world).fillDisk},
			action{"hours of downtime", 1, (*world).passDowntime},
			action{"down across a deadline", 2, (*world).passDeadline},
			action{"restore a copy", onlyInCalm, (*world).restoreCopy})
	}
	all = append(all,
		action{"crash the database", 3, (*world).crashDatabase},
		action{"cut a commit", 6, (*world).cutCommit})
	if r.Replicas > 1 {
		all = append(all, action{"freeze for longer than a lease", 1, (*world).freezeLong})
	}
	return all
}

// actionsOfPeople are what people do.
func actionsOfPeople() []action {
	return []action{
		{"ask", 22, (*world).askForCodes},
		{"ask twice for one group", 4, (*world).askTwice},
		{"ask to take out", 5, (*world).askToRemove},
		{"ask for a protected group", 1, (*world).askForProtected},
		{"type nonsense", 4, (*world).typeNonsense},
		{"cancel", 3, (*world).cancelRequest},
		{"vote", 14, (*world).castVote},
		{"carry", 24, (*world).carryCard},
		{"withdraw a vote", 4, (*world).withdrawVotes},
		{"deny", 3, (*world).denyCard},
		{"delete a card", 1, (*world).deleteCard},
		{"meddle", 7, (*world).reactInVain},
		{"betray", 5, (*world).turnBeforeWrite},
		{"change rights", 3, (*world).changeRights},
		{"end a grant", 5, (*world).endGrantEarly},
		{"extend a grant", 6, (*world).extendGrant},
		{"edit a rule by hand", 5, (*world).editByHand},
		{"betray after the look", 3, (*world).turnAfterLook},
		{"join after a vain vote", 3, (*world).joinAfterVain},
		{"edit before a write", 4, (*world).editBeforeWrite},
		{"rename a group", 3, (*world).renameGroup},
	}
}

// harms are what goes wrong with calls and what they show.
func harms() []action {
	return []action{
		{"harm a call of Slack", 14, (*world).harmSlackCall},
		{"harm a call of UiPath", 12, (*world).harmUiPathCall},
		{"contradict a write", 8, (*world).contradictWrite},
		{"refuse a token", 2, (*world).refuseToken},
		{"hide the limits", 2, (*world).hideLimits},
		{"lag at Slack", 6, (*world).lagAtSlack},
		{"hide a card", 2, (*world).hideCard},
		{"post late", 5, (*world).postLate},
		{"lose reactions", 5, (*world).loseReactions},
		{"lag at UiPath", 5, (*world).lagAtUiPath},
		{"carry two in a lag", 5, (*world).carryTwoInLag},
		{"edit between two reads", 4, (*world).editBetweenReads},
		{"roll out another configuration", 2, (*world).rollOut},
		{"decide under another configuration", 1, (*world).decideUnderOtherConfig},
		{"refuse in a lag", 3, (*world).refuseInLag},
		{"drop a code", 3, (*world).dropCode},
		{"exceed", 1, (*world).exceedSeats},
		{"revoke the token", 1, (*world).revokeToken},
		{"sever a wire", 2, (*world).severWire},
		{"cut a wire", 5, (*world).cutWire},
	}
}

// actionsOnProcesses are what becomes of processes, sockets and disks.
func actionsOnProcesses() []action {
	return []action{
		{"kill", 14, (*world).killNow},
		{"kill in a call", 16, (*world).killInCall},
		{"kill after an ack", 5, (*world).killAfterAck},
		{"terminate", 3, (*world).terminateReplica},
		{"freeze", 4, (*world).freezeReplica},

		{"cut the sockets", 2, (*world).cutSockets},
		{"silence the sockets", 2, (*world).silenceSockets},
		{"disconnect", 4, (*world).disconnectSockets},
		{"refuse sockets", 1, (*world).refuseSockets},
		{"ignore acks", 2, (*world).ignoreAcks},
		{"deliver copies", 4, (*world).deliverCopies},
		{"replay an envelope", 4, (*world).replayEnvelope},

		{"read-only database", 1, (*world).makeReadOnly},
	}
}

// PlanRound names the actions of a round, step by step.
func PlanRound(r Round) []string {
	plan := make([]string, r.Steps)
	for i := range plan {
		plan[i] = pickAction(drawStep(r.Seed, i+1), possibleActions(r)).name
	}
	return plan
}

func pickAction(d *rand.Rand, all []action) action {
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
