package approvals

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// endGrant takes the codes of a grant out of the rule, once its time is over:
// only those, and only where no other request holds them. The order is that of
// apply: the rule is read before each write, which also settles an earlier
// attempt whose answer was lost. It is tried for as long as UiPath does not
// answer, because what nobody takes out stays.
func (w *Workers) endGrant(ctx context.Context, t Task, r Request) error {
	if !r.ending() {
		return nil
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	holders, err := w.Store.Granted(ctx, r.Proposal.Group.ID)
	if err != nil {
		return err
	}
	claims, tried := claimsOf(holders), !t.Tried.IsZero()
	rule, err := w.Licences.Rule(ctx, r.Proposal.Group.ID)
	if err == nil {
		err = r.Proposal.untold(rule)
	}
	if err != nil {
		going, rest := claims.part(r, Rule{Codes: r.Grant.Codes}, now)
		rest.Codes, rest.Uncertain = nil, tried // nobody has read what the rule is
		if errors.Is(err, errUntold) && !now.Before(r.Grant.Until.Add(untoldFor)) {
			rest.Left, rest.Untold = going, true
			return w.step(ctx, r, Ended{rest}, &t)
		}
		return w.leftOrHeldUp(ctx, t, r, rest, going, err)
	}
	take, rest := claims.part(r, rule, now)
	rest.ReadBack = tried && len(rest.Gone) > 0
	switch {
	case len(take) == 0:
		return w.step(ctx, r, Ended{rest}, &t)
	case r.Grant.Misses >= missLimit:
		rest.Left = take
		return w.step(ctx, r, Ended{rest}, &t)
	}
	return w.takeOut(ctx, t, r, take, rest, Change{Remove: take}.Target(rule))
}

// takeOut replaces the rule by target, which is what was read without the
// codes to take, and believes only an answer that is exactly that.
func (w *Workers) takeOut(ctx context.Context, t Task, r Request, take []string, rest Ending, target Rule) error {
	if err := w.Store.Try(ctx, t); err != nil {
		return err
	}
	answer, err := w.Licences.SetRule(ctx, r.Proposal.Group.ID, target)
	switch {
	case err != nil:
		return w.leftOrHeldUp(ctx, t, r, rest, take, err)
	case !SameSet(answer.Codes, target.Codes):
		if err := w.step(ctx, r, Missed{Answered: answer.Codes}, t.kept()); err != nil {
			return err
		}
		return errors.New("UiPath answered yes to the end of a grant with a rule that is not the one asked for")
	}
	rest.Took, rest.Codes, rest.Unkept = take, answer.Codes, w.lost(ctx, r, answer, target)
	return w.step(ctx, r, Ended{rest}, &t)
}

// leftOrHeldUp gives the end up on UiPath's no, which people are told and can
// have tried again, and keeps it otherwise.
func (w *Workers) leftOrHeldUp(ctx context.Context, t Task, r Request, rest Ending, take []string, err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		rest.Left, rest.Said = take, refusal.Said
		return w.step(ctx, r, Ended{rest}, &t)
	}
	return w.hold(ctx, t, r, reasonOf(err), err)
}

// warn says that a grant is about to end, unless it is too late for that, or
// all its codes stay.
func (w *Workers) warn(ctx context.Context, t Task, r Request) error {
	if !r.ending() {
		return nil
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	late := r.Grant.Until
	if t.Subject == strconv.Itoa(firstWarning) {
		late = late.Add(-lastWarning * time.Hour) // then the last one says it
	}
	holders, err := w.Store.Granted(ctx, r.Proposal.Group.ID)
	if err != nil {
		return err
	}
	going, _ := claimsOf(holders).part(r, Rule{Codes: r.Grant.Codes}, r.Grant.Until)
	if !now.Before(late) || len(going) == 0 {
		return nil
	}
	said := t.Owed
	said.Note = strings.Join(going, " ")
	return w.sayInThread(ctx, t, r, said)
}

// overdue says that the end of a grant is held up, if it still is.
func (w *Workers) overdue(ctx context.Context, t Task, r Request) error {
	if !ofThisTry(t, r) || !r.ending() || r.Grant.Stalled == "" {
		return nil
	}
	return w.sayInThread(ctx, t, r, t.Owed)
}

// conclude tells what the end of a grant did.
func (w *Workers) conclude(ctx context.Context, t Task, r Request) error {
	if !ofThisTry(t, r) || r.Grant.Ending == nil {
		return nil
	}
	return w.sayInThread(ctx, t, r, t.Owed)
}

// ofThisTry is false for words about an end that has been tried again before
// they were said: then the later try says it all.
func ofThisTry(t Task, r Request) bool {
	return r.Grant != nil && t.Subject == r.Grant.try()
}
