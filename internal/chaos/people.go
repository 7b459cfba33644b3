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
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// The emoji that vote. The aliases and skin tones of +1 count as well.
var approveEmoji = []string{"white_check_mark", "+1"}

const denyEmoji = "x"

// otherEmoji are those of another configuration. People who react in vain use it
// as well.
var otherEmoji = []string{"eyes"}

// typeCommand has a person type a command, without waiting for the answer.
func (w *world) typeCommand(ctx context.Context, user, text string) {
	w.people.Go(func() { _, _ = w.slack.Command(ctx, user, anyChannel, command, text) })
}

// newTicket is a word in one command only. It traces a card to what was typed.
func (w *world) newTicket(n int) string { return judge.Ticket(w.step, n) }

// goodCommand is the text of a good command, in one of the ways to type it.
func (w *world) goodCommand(d *rand.Rand, group string, n int) string {
	codes := pickSome(d, owned, 1+d.IntN(3))
	list := strings.Join(codes, pickOne(d, []string{" ", ", ", ",", "; "}))
	if d.IntN(4) == 0 {
		list = strings.ToLower(list)
	}
	name := group
	if d.IntN(4) == 0 && groupNames[group] != "" {
		name = `"` + groupNames[group] + `"`
	}
	reason := pickOne(d, []string{"", " please", " <!channel> *Done*", " `x` & <@U0BOSS>", " 🤖\u202e"})
	period := ""
	if d.IntN(3) == 0 {
		period = " for " + pickOne(d, judge.Periods).Typed
	}
	return fmt.Sprintf("%s %s%s because %s%s", name, list, period, w.newTicket(n), reason)
}

func (w *world) askForCodes(ctx context.Context, d *rand.Rand) {
	w.typeCommand(ctx, pickOne(d, requesters), w.goodCommand(d, pickOne(d, groupIDs), 0))
}

// askToRemove has somebody ask to remove codes from a group, or to give it
// exactly some.
func (w *world) askToRemove(ctx context.Context, d *rand.Rand) {
	verb, empty := pickOne(d, []string{"remove", "remove", "set"}), pickOne(d, []string{"", "", " empty"})
	if verb == "set" {
		empty = ""
	}
	codes := pickSome(d, owned, 1+d.IntN(3))
	w.typeCommand(ctx, pickOne(d, requesters), fmt.Sprintf("%s %s %s%s because %s", verb, pickOne(d, groupIDs),
		strings.Join(codes, " "), empty, w.newTicket(0)))
}

func (w *world) askTwice(ctx context.Context, d *rand.Rand) {
	group := pickOne(d, groupIDs)
	for n := range 2 {
		w.typeCommand(ctx, pickOne(d, requesters), w.goodCommand(d, group, n))
	}
}

// askForProtected has somebody ask for a group that no rule names, and that is open only
// to rules which do.
func (w *world) askForProtected(ctx context.Context, d *rand.Rand) {
	w.typeCommand(ctx, pickOne(d, requesters), w.goodCommand(d, protectedGroup, 0))
}

// typeNonsense types what cannot become a card, or only looks like it.
func (w *world) typeNonsense(ctx context.Context, d *rand.Rand) {
	texts := slices.Concat(noAsks, []string{
		"group-99 IDU because %s", "group-01 NOSUCHCODE because %s", "group-01 RPADEVPRONUU because %s",
		"QA `IDU` because %s", "R&D <north> IDU because %s", "group-01 " + strings.Join(owned, " ") + " because %s",
		"group-02 " + strings.Repeat("IDU ", 30) + "because %s",
	})
	w.typeCommand(ctx, pickOne(d, requesters), strings.Replace(pickOne(d, texts), "%s", w.newTicket(0), 1))
}

// noAsks are texts that ask for nothing, so that no card comes of them.
var noAsks = []string{
	"", "help", "\u200b", `"`, "group-01", "set group-01", "cancel R-00000000", "cancel",
	"<@U0BOSS> IDU", "group-01 IDU for -2h", "group-01 IDU=-5", strings.Repeat("x", 5000),
}

// An openCard is what the actors see of a request: its card, as long as the thread
// has no outcome.
type openCard = *judge.Card

// openCards lists the cards without an outcome in their thread, oldest first.
func (w *world) openCards() []openCard {
	var open []openCard
	for _, m := range w.slack.Messages(approvalsChannel) {
		if m.Metadata == nil || m.Metadata.EventType != judge.CardEvent {
			continue
		}
		told := slices.ContainsFunc(w.slack.Thread(approvalsChannel, m.TS), func(r fakeslack.Message) bool {
			return r.Metadata != nil && judge.IsOutcome(r.Metadata.EventType)
		})
		if !told {
			open = append(open, judge.ReadCard(m))
		}
	}
	return open
}

// pickCard picks an open card, waiting a little for one.
func (w *world) pickCard(d *rand.Rand) (openCard, bool) {
	open := w.openCards()
	if len(open) == 0 {
		return nil, false
	}
	return open[d.IntN(len(open))], true
}

func (w *world) putReaction(user string, c openCard, emoji string) {
	_ = w.slack.React(user, approvalsChannel, c.TS, emoji) // reacted before, or not allowed to any more
}

func (w *world) castVote(_ context.Context, d *rand.Rand) {
	if c, ok := w.pickCard(d); ok {
		w.putReaction(pickOne(d, voters), c, pickOne(d, []string{c.Emoji, approveEmoji[0], approveEmoji[1], "+1::skin-tone-3",
			"thumbsup"}))
	}
}

// carryCard brings a card to its quorum.
func (w *world) carryCard(_ context.Context, d *rand.Rand) {
	if c, ok := w.pickCard(d); ok {
		w.approveCard(d, c)
	}
}

// approveCard has as many people approve as are needed, none of them the requester.
func (w *world) approveCard(d *rand.Rand, c openCard) {
	for _, user := range w.eligibleVoters(d, c)[:w.neededVotes(c)] {
		w.putReaction(user, c, c.Emoji)
	}
}

// neededVotes is how many approvals a card needs, by its own words and today.
func (w *world) neededVotes(c openCard) int { return max(c.Quorum, w.terms.quorum) }

// eligibleVoters are the people who may approve a card, in any order.
func (w *world) eligibleVoters(d *rand.Rand, c openCard) []string {
	able := slices.DeleteFunc(slices.Clone(voters), func(user string) bool {
		named := slices.Contains(c.Approvers, user) || slices.Contains(groupMembers, user)
		return user == c.Requester || !named
	})
	return pickSome(d, able, len(able))
}

func (w *world) withdrawVotes(_ context.Context, d *rand.Rand) {
	c, ok := w.pickCard(d)
	if !ok {
		return
	}
	m, _ := w.slack.Message(approvalsChannel, c.TS)
	for _, r := range m.Reactions {
		for _, user := range r.Users {
			if user != w.slack.BotUserID() && d.IntN(2) == 0 {
				_ = w.slack.Unreact(user, approvalsChannel, c.TS, r.Name)
			}
		}
	}
}

func (w *world) denyCard(_ context.Context, d *rand.Rand) {
	if c, ok := w.pickCard(d); ok {
		w.putReaction(pickOne(d, voters), c, denyEmoji)
	}
}

// deleteCard has somebody tidy up the channel. The approvals go with the card.
func (w *world) deleteCard(_ context.Context, d *rand.Rand) {
	if c, ok := w.pickCard(d); ok {
		w.noteStep("the card of %s is deleted", c.ID)
		_ = w.slack.DeleteMessage(approvalsChannel, c.TS)
	}
}

// reactInVain has a person react without the right to.
func (w *world) reactInVain(_ context.Context, d *rand.Rand) {
	if c, ok := w.pickCard(d); ok {
		w.putReaction(pickOne(d, []string{c.Requester, c.Requester, guest, bystander, anna}), c, pickOne(d,
			[]string{approveEmoji[0], approveEmoji[0], denyEmoji, otherEmoji[0]}))
	}
}

func (w *world) cancelRequest(ctx context.Context, d *rand.Rand) {
	c, ok := w.pickCard(d)
	if !ok {
		return
	}
	by := c.Requester
	if d.IntN(4) == 0 {
		by = bystander
	}
	w.typeCommand(ctx, by, "cancel "+c.ID)
}

// runningGrants lists the cards with a running grant.
func (w *world) runningGrants() []*judge.Card {
	cards := judge.ReadCards(w.judgeSetting(), w.slack)
	return slices.DeleteFunc(cards, func(c *judge.Card) bool { return !c.GrantRuns() })
}

// endGrantEarly has somebody end a grant before its time, who may or may not.
func (w *world) endGrantEarly(ctx context.Context, d *rand.Rand) {
	if held := w.runningGrants(); len(held) > 0 {
		c := pickOne(d, held)
		w.typeCommand(ctx, pickOne(d, []string{c.Requester, c.Requester, pickOne(d, voters), bystander}), "end "+c.ID)
	}
}

// extendGrant has somebody ask for what is granted for a time, for longer.
func (w *world) extendGrant(ctx context.Context, d *rand.Rand) {
	if held := w.runningGrants(); len(held) > 0 {
		c := pickOne(d, held)
		period := pickOne(d, []string{"", " for 2h", " for 20m"})
		w.typeCommand(ctx, pickOne(d, requesters), fmt.Sprintf("%s %s%s because %s", c.Group, strings.Join(c.Codes, " "),
			period, w.newTicket(0)))
	}
}

// turnBeforeWrite takes an approval back, in one of several ways, between the vote and
// the write: the look before the write is held up until then. A user group
// may be a few seconds old there, so the wait is longer for one.
func (w *world) turnBeforeWrite(ctx context.Context, d *rand.Rand) {
	c, ok := w.askAndAwaitCard(ctx, d)
	if !ok {
		return
	}
	after := "1"
	turned := w.eligibleVoters(d, c)[:w.neededVotes(c)]
	if slices.Contains(groupMembers, turned[0]) {
		after = "4"
	}
	w.planFault(&w.slack.Faults, "reactions.get", fault.Fault{Times: 1, Status: 429, RetryAfter: after})
	looks := len(w.slack.Calls("reactions.get"))
	for _, user := range turned {
		w.putReaction(user, c, c.Emoji)
	}
	if !w.awaitLooks(ctx, looks+1, 2*time.Second) {
		return
	}
	switch d.IntN(5) {
	case 0:
		_ = w.slack.Unreact(turned[0], approvalsChannel, c.TS, c.Emoji)
	case 1:
		w.putReaction(turned[len(turned)-1], c, denyEmoji)
	default:
		w.suspendRight(turned[0], 8+d.IntN(20))
	}
	if w.awaitLooks(ctx, looks+2, 6*time.Second) {
		w.awaitEvents(ctx, 30, 200*time.Millisecond)
	}
}

// askAndAwaitCard has somebody ask, and waits a little for the card.
func (w *world) askAndAwaitCard(ctx context.Context, d *rand.Rand) (c openCard, ok bool) {
	return w.askAndAwaitCardFor(ctx, d, pickOne(d, groupIDs), 0)
}

func (w *world) askAndAwaitCardFor(ctx context.Context, d *rand.Rand, group string, n int) (c openCard, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	typed, err := w.slack.Command(ctx, pickOne(d, requesters), anyChannel, command, w.goodCommand(d, group, n))
	id, ok := judge.RecordedID(typed.Response)
	if err != nil || !ok {
		return nil, false
	}
	_ = w.slack.Wait(ctx, func() bool {
		open := w.openCards()
		at := slices.IndexFunc(open, func(p openCard) bool { return p.ID == id })
		if ok = at >= 0; ok {
			c = open[at]
		}
		return ok
	})
	return c, ok
}

// awaitLooks waits until the bot has looked at the reactions on cards n times.
func (w *world) awaitLooks(ctx context.Context, n int, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return w.slack.Wait(ctx, func() bool { return len(w.slack.Calls("reactions.get")) >= n }) == nil
}

// changeRights takes the right to approve from somebody for some steps.
func (w *world) changeRights(_ context.Context, d *rand.Rand) {
	w.suspendRight(pickOne(d, voters), 5+d.IntN(30))
}

// suspendRight takes the right to approve from a person: members of the user group
// leave it, others are deactivated.
func (w *world) suspendRight(user string, steps int) {
	w.noteStep("%s may not approve for %d steps", user, steps)
	if slices.Contains(groupMembers, user) {
		w.slack.SetUserGroup(approverGroup, slices.DeleteFunc(slices.Clone(groupMembers),
			func(u string) bool { return u == user })...)
		w.afterSteps(steps, func() { w.slack.SetUserGroup(approverGroup, groupMembers...) })
		return
	}
	w.slack.UpdateUser(user, func(u *fakeslack.User) { u.Deleted = true })
	w.afterSteps(steps, func() { w.slack.UpdateUser(user, func(u *fakeslack.User) { u.Deleted = false }) })
}

// editByHand changes a group's rule at UiPath by hand.
func (w *world) editByHand(_ context.Context, d *rand.Rand) {
	kind, codes := d.IntN(3), pickSome(d, owned, 1+d.IntN(3))
	w.uipath.Edit(pickOne(d, groupIDs), func(now []string) []string {
		switch kind {
		case 0:
			return codes
		case 1:
			return append(now, codes[0])
		}
		return slices.DeleteFunc(now, func(c string) bool { return slices.Contains(codes, c) })
	})
}
