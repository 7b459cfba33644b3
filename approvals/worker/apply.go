package worker

import (
	"context"
	"errors"

	"licensebot/approvals"
)

// apply makes the change at UiPath, once. The order is the point: consent is
// looked at again, then the rule is read, and only a difference that is still
// the one shown is written. If an earlier attempt's answer was lost, the read
// settles it.
func (w *Workers) apply(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Approved {
		return nil
	}
	ballots, err := w.lookAgain(ctx, r)
	deleted := errors.Is(err, approvals.ErrCardDeleted)
	tried := !t.TriedAt.IsZero() || r.WriteAttempted
	if err != nil && !deleted {
		return w.retryUnchecked(ctx, t, r, tried, err)
	}
	consent := !deleted && approvals.HasConsent(r, ballots)
	withdrawn := approvals.Event(approvals.ConsentLost{Ballots: ballots, WriteAttempted: tried})
	if deleted {
		withdrawn = approvals.CardDeleted{WriteAttempted: tried}
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
		err = r.Proposal.QuotasUnknown(rule)
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
	stay := shown.ExtendedPresent(rule)
	changed := !remaining.QuotasAsShown(shown) || !tried && !remaining.WritesSame(shown)
	switch {
	case tried && shown.IsShownBy(rule):
		return w.finishWrite(ctx, t, r, approvals.Done, approvals.Outcome{Reason: approvals.ReasonReadBack, Allocation: rule.Codes})
	case !consent:
		return w.applyEvent(ctx, r, withdrawn, &t)
	case r.Mismatches >= approvals.MismatchLimit:
		return w.finishWrite(ctx, t, r, approvals.Failed, approvals.Incomplete(remaining, rule))
	case !stay, changed, shown.LeavesEmpty(rule) && !r.Ask.MayEmpty:
		return w.finishWrite(ctx, t, r, approvals.Superseded, approvals.Outcome{Reason: approvals.ReasonAllocationChanged, Allocation: rule.Codes, Uncertain: tried})
	case !now.Before(r.ApprovalExpires()): // held up for as long as it holds, or the bot was down
		return w.finishWrite(ctx, t, r, approvals.Failed, approvals.Outcome{Reason: approvals.ReasonUnconfirmed, Answer: "the approval lapsed first", Uncertain: tried})
	case !tried && r.Ask.HasPassed(now):
		return w.finishWrite(ctx, t, r, approvals.Failed, approvals.Outcome{Reason: approvals.ReasonEndPassed, Allocation: rule.Codes})
	case remaining.IsEmpty():
		return w.finishWrite(ctx, t, r, approvals.Done, approvals.Outcome{Reason: approvals.ReasonExtended, Allocation: rule.Codes})
	}
	if r, err = w.recordApprovers(ctx, t, r, ballots); err != nil {
		return err
	}
	return w.writeAllocation(ctx, t, r, shown.ApplyTo(rule))
}

// carriedBy puts down whose consent carries the write where that is not as it
// was: before the write, because its answer may be lost. Of one that was tried
// already it stays put down whose carried it, until another is made.
func (w *Workers) recordApprovers(ctx context.Context, t approvals.LeasedJob, r approvals.Request, ballots []approvals.Ballot) (approvals.Request, error) {
	if len(approvals.ConsentLosses(r.Votes, ballots)) == 0 {
		return r, nil
	}
	return w.Store.ApplyEvent(ctx, r.ID, approvals.ApproversChanged{Ballots: ballots}, t.KeepLeased())
}

// unchecked keeps a request whose consents Slack does not tell. A write that was
// tried was agreed to, so that UiPath alone can settle it: others wait for that.
func (w *Workers) retryUnchecked(ctx context.Context, t approvals.LeasedJob, r approvals.Request, tried bool, cause error) error {
	if tried {
		rule, err := w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID)
		if err == nil && r.Proposal.Change.IsShownBy(rule) {
			return w.finishWrite(ctx, t, r, approvals.Done, approvals.Outcome{Reason: approvals.ReasonReadBack, Allocation: rule.Codes})
		}
	}
	return w.retryLater(ctx, t, r, "the approvals could not be checked again: "+delayReason(cause), cause)
}

// write replaces the group's rule by target and believes only an answer that
// is, as a set, exactly what was asked.
func (w *Workers) writeAllocation(ctx context.Context, t approvals.LeasedJob, r approvals.Request, target approvals.Allocation) error {
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	answer, err := w.Licenses.WriteAllocation(ctx, r.Proposal.Group.ID, target)
	if err != nil && approvals.IsRefused(err) { // this attempt had no effect; an earlier one may have had some
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
	if approvals.SameSet(answer.Codes, target.Codes) && len(r.Proposal.Change.Remaining(answer).Quotas) == 0 {
		outcome := approvals.Outcome{Reason: approvals.ReasonConfirmed, Allocation: answer.Codes}
		if w.settingLost(ctx, r, answer, target) {
			outcome.Reason = approvals.ReasonNotPreserved
		}
		return w.finishWrite(ctx, t, r, approvals.Done, outcome)
	}
	if err := w.applyEvent(ctx, r, approvals.Mismatch{Answered: answer.Codes}, t.KeepLeased()); err != nil {
		return err
	}
	return errors.New("UiPath answered yes with a rule that is not the one asked for")
}

// lost reports whether what was to stay beside the codes is gone, as an answer
// to a write has it and the rule, read again, shows.
func (w *Workers) settingLost(ctx context.Context, r approvals.Request, answer, asked approvals.Allocation) bool {
	if answer.Preserves(asked) {
		return false
	}
	rule, err := w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID)
	return err == nil && !rule.Preserves(asked)
}

func (w *Workers) finishWrite(ctx context.Context, t approvals.LeasedJob, r approvals.Request, state approvals.State, outcome approvals.Outcome) error {
	return w.applyEvent(ctx, r, approvals.WriteFinished{State: state, Outcome: outcome}, &t)
}

// refusedOrHeldUp ends the request on UiPath's no and keeps it otherwise.
func (w *Workers) failOrRetry(ctx context.Context, t approvals.LeasedJob, r approvals.Request, err error) error {
	var refusal *approvals.RefusedError
	if errors.As(err, &refusal) {
		return w.finishWrite(ctx, t, r, approvals.Failed, approvals.Outcome{
			Reason: approvals.ReasonUiPathRefused, Answer: refusal.Answer, Uncertain: !t.TriedAt.IsZero(),
		})
	}
	return w.retryLater(ctx, t, r, delayReason(err), err)
}

// heldUp keeps an approved request for later, but not for ever: an approval
// holds as long as a request may wait for one.
func (w *Workers) retryLater(ctx context.Context, t approvals.LeasedJob, r approvals.Request, why string, cause error) error {
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	if !now.Before(r.ApprovalExpires()) {
		return w.finishWrite(ctx, t, r, approvals.Failed, approvals.Outcome{
			Reason: approvals.ReasonUnconfirmed, Answer: why, Uncertain: !t.TriedAt.IsZero(),
		})
	}
	return w.recordDelay(ctx, t, r, why, cause)
}
