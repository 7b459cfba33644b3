package approvals

import (
	"context"
	"errors"
)

// missLimit is how many answers that are not what was asked end a write.
const missLimit = 3

// apply makes the change at UiPath, once. The order is the point: consent is
// looked at again, then the rule is read, and only a difference that is still
// the one shown is written. If an earlier attempt's answer was lost, the read
// settles it.
func (w *Workers) apply(ctx context.Context, t Task, r Request) error {
	if r.State != Approved {
		return nil
	}
	ballots, err := w.recheck(ctx, r)
	deleted := errors.Is(err, ErrGone)
	tried := !t.Tried.IsZero() || r.Attempted
	if err != nil && !deleted {
		return w.unchecked(ctx, t, r, tried, err)
	}
	consent := !deleted && agreed(r, ballots)
	withdrawn := Event(Rechecked{Ballots: ballots, Attempted: tried})
	if deleted {
		withdrawn = Gone{Attempted: tried}
	}
	if !consent && !tried {
		return w.step(ctx, r, withdrawn, &t)
	}
	if consent && !tried {
		if r, err = w.carriedBy(ctx, t, r, ballots); err != nil {
			return err
		}
	}
	shown := r.Proposal.Change
	rule, err := w.Licences.Rule(ctx, r.Proposal.Group.ID)
	if err == nil {
		err = r.Proposal.untold(rule)
	}
	switch {
	case err != nil && tried: // a refused look says nothing of the write
		return w.heldUp(ctx, t, r, reasonOf(err), unclassified(err))
	case err != nil:
		return w.refusedOrHeldUp(ctx, t, r, err)
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	remaining := shown.Remaining(rule)
	stay := shown.stays(rule)
	changed := !remaining.partOf(shown) || !tried && !remaining.Same(shown)
	switch {
	case tried && shown.shownBy(rule):
		return w.settle(ctx, t, r, Done, Outcome{Reason: ReasonReadBack, Codes: rule.Codes})
	case !consent:
		return w.step(ctx, r, withdrawn, &t)
	case r.Misses >= missLimit:
		return w.settle(ctx, t, r, Failed, incomplete(remaining, rule))
	case !stay, changed, shown.empties(rule) && !r.Ask.Empty:
		return w.settle(ctx, t, r, Superseded, Outcome{Reason: ReasonRuleChanged, Codes: rule.Codes, Uncertain: tried})
	case !now.Before(r.OpenUntil()): // held up for as long as it holds, or the bot was down
		return w.settle(ctx, t, r, Failed, Outcome{Reason: ReasonUnconfirmed, Said: "the approval lapsed first", Uncertain: tried})
	case !tried && r.Ask.passed(now):
		return w.settle(ctx, t, r, Failed, Outcome{Reason: ReasonEndPassed, Codes: rule.Codes})
	case remaining.Empty():
		return w.settle(ctx, t, r, Done, Outcome{Reason: ReasonExtended, Codes: rule.Codes})
	}
	if r, err = w.carriedBy(ctx, t, r, ballots); err != nil {
		return err
	}
	return w.write(ctx, t, r, shown.Target(rule))
}

// carriedBy puts down whose consent carries the write where that is not as it
// was: before the write, because its answer may be lost. Of one that was tried
// already it stays put down whose carried it, until another is made.
func (w *Workers) carriedBy(ctx context.Context, t Task, r Request, ballots []Ballot) (Request, error) {
	if len(lossesOf(r.Votes, ballots)) == 0 {
		return r, nil
	}
	return w.Store.Step(ctx, r.ID, Carried{Ballots: ballots}, t.kept())
}

// unchecked keeps a request whose consents Slack does not tell. A write that was
// tried was agreed to, so that UiPath alone can settle it: others wait for that.
func (w *Workers) unchecked(ctx context.Context, t Task, r Request, tried bool, cause error) error {
	if tried {
		rule, err := w.Licences.Rule(ctx, r.Proposal.Group.ID)
		if err == nil && r.Proposal.Change.shownBy(rule) {
			return w.settle(ctx, t, r, Done, Outcome{Reason: ReasonReadBack, Codes: rule.Codes})
		}
	}
	return w.heldUp(ctx, t, r, "the approvals could not be checked again: "+reasonOf(cause), cause)
}

// write replaces the group's rule by target and believes only an answer that
// is, as a set, exactly what was asked.
func (w *Workers) write(ctx context.Context, t Task, r Request, target Rule) error {
	if err := w.Store.Try(ctx, t); err != nil {
		return err
	}
	answer, err := w.Licences.SetRule(ctx, r.Proposal.Group.ID, target)
	if err != nil && refused(err) { // this attempt had no effect; an earlier one may have had some
		return w.refusedOrHeldUp(ctx, t, r, err)
	}
	t.Tried = r.Decided // any time but zero: from here on it was tried
	if err != nil {
		return w.heldUp(ctx, t, r, reasonOf(err), err)
	}
	if len(r.Proposal.Change.Quotas) > 0 { // which an answer need not tell
		if answer, err = w.Licences.Rule(ctx, r.Proposal.Group.ID); err != nil {
			return w.heldUp(ctx, t, r, reasonOf(err), errors.New(err.Error())) // it is the look that had no effect, not the write
		}
	}
	if SameSet(answer.Codes, target.Codes) && len(r.Proposal.Change.Remaining(answer).Quotas) == 0 {
		outcome := Outcome{Reason: ReasonConfirmed, Codes: answer.Codes}
		if w.lost(ctx, r, answer, target) {
			outcome.Reason = ReasonUnkept
		}
		return w.settle(ctx, t, r, Done, outcome)
	}
	if err := w.step(ctx, r, Missed{Answered: answer.Codes}, t.kept()); err != nil {
		return err
	}
	return errors.New("UiPath answered yes with a rule that is not the one asked for")
}

// lost reports whether what was to stay beside the codes is gone, as an answer
// to a write has it and the rule, read again, shows.
func (w *Workers) lost(ctx context.Context, r Request, answer, asked Rule) bool {
	if answer.keeps(asked) {
		return false
	}
	rule, err := w.Licences.Rule(ctx, r.Proposal.Group.ID)
	return err == nil && !rule.keeps(asked)
}

// incomplete tells truthfully what UiPath's rule lacks in spite of its yes.
func incomplete(remaining Change, rule Rule) Outcome {
	return Outcome{
		Reason:  ReasonIncomplete,
		Subject: remaining.Codes(),
		Codes:   rule.Codes,
	}
}

func (w *Workers) settle(ctx context.Context, t Task, r Request, state State, outcome Outcome) error {
	return w.step(ctx, r, Settled{State: state, Outcome: outcome}, &t)
}

// refusedOrHeldUp ends the request on UiPath's no and keeps it otherwise.
func (w *Workers) refusedOrHeldUp(ctx context.Context, t Task, r Request, err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return w.settle(ctx, t, r, Failed, Outcome{
			Reason: ReasonUiPathRefused, Said: refusal.Said, Uncertain: !t.Tried.IsZero(),
		})
	}
	return w.heldUp(ctx, t, r, reasonOf(err), err)
}

// heldUp keeps an approved request for later, but not for ever: an approval
// holds as long as a request may wait for one.
func (w *Workers) heldUp(ctx context.Context, t Task, r Request, why string, cause error) error {
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	if !now.Before(r.OpenUntil()) {
		return w.settle(ctx, t, r, Failed, Outcome{
			Reason: ReasonUnconfirmed, Said: why, Uncertain: !t.Tried.IsZero(),
		})
	}
	return w.hold(ctx, t, r, why, cause)
}
