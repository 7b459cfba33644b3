package approvals

import (
	"context"
	"errors"
)

// missLimit is how many answers that are not what was asked end a write.
const mismatchLimit = 3

// apply makes the change at UiPath, once. The order is the point: consent is
// looked at again, then the rule is read, and only a difference that is still
// the one shown is written. If an earlier attempt's answer was lost, the read
// settles it.
func (w *Workers) apply(ctx context.Context, t LeasedJob, r Request) error {
	if r.State != Approved {
		return nil
	}
	ballots, err := w.lookAgain(ctx, r)
	deleted := errors.Is(err, ErrCardDeleted)
	tried := !t.TriedAt.IsZero() || r.WriteAttempted
	if err != nil && !deleted {
		return w.retryUnchecked(ctx, t, r, tried, err)
	}
	consent := !deleted && hasConsent(r, ballots)
	withdrawn := Event(ConsentLost{Ballots: ballots, WriteAttempted: tried})
	if deleted {
		withdrawn = CardDeleted{WriteAttempted: tried}
	}
	if !consent && !tried {
		return w.applyEvent(ctx, r, withdrawn, &t)
	}
	if consent && !tried {
		if r, err = w.recordApprovers(ctx, t, r, ballots); err != nil {
			return err
		}
	}
	shown := r.Proposal.Change
	rule, err := w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID)
	if err == nil {
		err = r.Proposal.quotasUnknown(rule)
	}
	switch {
	case err != nil && tried: // a refused look says nothing of the write
		return w.retryLater(ctx, t, r, delayReason(err), keepTrying(err))
	case err != nil:
		return w.failOrRetry(ctx, t, r, err)
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	remaining := shown.Remaining(rule)
	stay := shown.extendedPresent(rule)
	changed := !remaining.quotasAsShown(shown) || !tried && !remaining.WritesSame(shown)
	switch {
	case tried && shown.isShownBy(rule):
		return w.finishWrite(ctx, t, r, Done, Outcome{Reason: ReasonReadBack, Allocation: rule.Codes})
	case !consent:
		return w.applyEvent(ctx, r, withdrawn, &t)
	case r.Mismatches >= mismatchLimit:
		return w.finishWrite(ctx, t, r, Failed, incomplete(remaining, rule))
	case !stay, changed, shown.leavesEmpty(rule) && !r.Ask.MayEmpty:
		return w.finishWrite(ctx, t, r, Superseded, Outcome{Reason: ReasonAllocationChanged, Allocation: rule.Codes, Uncertain: tried})
	case !now.Before(r.ApprovalExpires()): // held up for as long as it holds, or the bot was down
		return w.finishWrite(ctx, t, r, Failed, Outcome{Reason: ReasonUnconfirmed, Answer: "the approval lapsed first", Uncertain: tried})
	case !tried && r.Ask.hasPassed(now):
		return w.finishWrite(ctx, t, r, Failed, Outcome{Reason: ReasonEndPassed, Allocation: rule.Codes})
	case remaining.IsEmpty():
		return w.finishWrite(ctx, t, r, Done, Outcome{Reason: ReasonExtended, Allocation: rule.Codes})
	}
	if r, err = w.recordApprovers(ctx, t, r, ballots); err != nil {
		return err
	}
	return w.writeAllocation(ctx, t, r, shown.ApplyTo(rule))
}

// carriedBy puts down whose consent carries the write where that is not as it
// was: before the write, because its answer may be lost. Of one that was tried
// already it stays put down whose carried it, until another is made.
func (w *Workers) recordApprovers(ctx context.Context, t LeasedJob, r Request, ballots []Ballot) (Request, error) {
	if len(lossesOf(r.Votes, ballots)) == 0 {
		return r, nil
	}
	return w.Store.ApplyEvent(ctx, r.ID, ApproversChanged{Ballots: ballots}, t.unfinished())
}

// unchecked keeps a request whose consents Slack does not tell. A write that was
// tried was agreed to, so that UiPath alone can settle it: others wait for that.
func (w *Workers) retryUnchecked(ctx context.Context, t LeasedJob, r Request, tried bool, cause error) error {
	if tried {
		rule, err := w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID)
		if err == nil && r.Proposal.Change.isShownBy(rule) {
			return w.finishWrite(ctx, t, r, Done, Outcome{Reason: ReasonReadBack, Allocation: rule.Codes})
		}
	}
	return w.retryLater(ctx, t, r, "the approvals could not be checked again: "+delayReason(cause), cause)
}

// write replaces the group's rule by target and believes only an answer that
// is, as a set, exactly what was asked.
func (w *Workers) writeAllocation(ctx context.Context, t LeasedJob, r Request, target Allocation) error {
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	answer, err := w.Licenses.WriteAllocation(ctx, r.Proposal.Group.ID, target)
	if err != nil && isRefused(err) { // this attempt had no effect; an earlier one may have had some
		return w.failOrRetry(ctx, t, r, err)
	}
	t.TriedAt = r.DecidedAt // any time but zero: from here on it was tried
	if err != nil {
		return w.retryLater(ctx, t, r, delayReason(err), err)
	}
	if len(r.Proposal.Change.Quotas) > 0 { // which an answer need not tell
		if answer, err = w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID); err != nil {
			return w.retryLater(ctx, t, r, delayReason(err), errors.New(err.Error())) // it is the look that had no effect, not the write
		}
	}
	if SameSet(answer.Codes, target.Codes) && len(r.Proposal.Change.Remaining(answer).Quotas) == 0 {
		outcome := Outcome{Reason: ReasonConfirmed, Allocation: answer.Codes}
		if w.settingLost(ctx, r, answer, target) {
			outcome.Reason = ReasonNotPreserved
		}
		return w.finishWrite(ctx, t, r, Done, outcome)
	}
	if err := w.applyEvent(ctx, r, Mismatch{Answered: answer.Codes}, t.unfinished()); err != nil {
		return err
	}
	return errors.New("UiPath answered yes with a rule that is not the one asked for")
}

// lost reports whether what was to stay beside the codes is gone, as an answer
// to a write has it and the rule, read again, shows.
func (w *Workers) settingLost(ctx context.Context, r Request, answer, asked Allocation) bool {
	if answer.preserves(asked) {
		return false
	}
	rule, err := w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID)
	return err == nil && !rule.preserves(asked)
}

// incomplete tells truthfully what UiPath's rule lacks in spite of its yes.
func incomplete(remaining Change, rule Allocation) Outcome {
	return Outcome{
		Reason:  ReasonIncomplete,
		ConcernedCodes: remaining.AllCodes(),
		Allocation:   rule.Codes,
	}
}

func (w *Workers) finishWrite(ctx context.Context, t LeasedJob, r Request, state State, outcome Outcome) error {
	return w.applyEvent(ctx, r, WriteFinished{State: state, Outcome: outcome}, &t)
}

// refusedOrHeldUp ends the request on UiPath's no and keeps it otherwise.
func (w *Workers) failOrRetry(ctx context.Context, t LeasedJob, r Request, err error) error {
	var refusal *RefusedError
	if errors.As(err, &refusal) {
		return w.finishWrite(ctx, t, r, Failed, Outcome{
			Reason: ReasonUiPathRefused, Answer: refusal.Answer, Uncertain: !t.TriedAt.IsZero(),
		})
	}
	return w.retryLater(ctx, t, r, delayReason(err), err)
}

// heldUp keeps an approved request for later, but not for ever: an approval
// holds as long as a request may wait for one.
func (w *Workers) retryLater(ctx context.Context, t LeasedJob, r Request, why string, cause error) error {
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	if !now.Before(r.ApprovalExpires()) {
		return w.finishWrite(ctx, t, r, Failed, Outcome{
			Reason: ReasonUnconfirmed, Answer: why, Uncertain: !t.TriedAt.IsZero(),
		})
	}
	return w.recordDelay(ctx, t, r, why, cause)
}
