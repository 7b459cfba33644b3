package worker

import (
	"context"
	"errors"

	"licensebot/approvals"
)

// apply makes the change at UiPath, once. It looks at consent, reads the
// allocation, and writes only a difference that is still the one shown. If the
// answer to an earlier attempt was lost, the read tells what became of it.
func (w *Runner) apply(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Approved {
		return nil
	}
	tried := t.WasTried() || r.WriteAttempted
	consent, err := w.lookAtConsent(ctx, r)
	if err != nil {
		return w.retryUnchecked(ctx, t, r, tried, err)
	}
	carries := consent.Carries(r)
	if !carries && !tried {
		return w.applyEvent(ctx, r, consent.Withdrawal(tried), &t)
	}
	if carries && !tried {
		if r, err = w.recordApprovers(ctx, t, r, consent); err != nil {
			return err
		}
	}
	allocation, err := w.readForWrite(ctx, r)
	if err != nil {
		failure := approvals.WriteFailure{Err: err, Reason: approvals.DelayReason(err), Tried: tried, RefusalEnds: !tried}
		return w.closeOrDelay(ctx, t, r, failure)
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	facts := approvals.WriteFacts{Consent: consent, Allocation: allocation, Now: now, Tried: tried}
	if event := approvals.DecideWrite(r, facts); event != nil {
		return w.applyEvent(ctx, r, event, &t)
	}
	if r, err = w.recordApprovers(ctx, t, r, consent); err != nil {
		return err
	}
	return w.writeAllocation(ctx, t, r, r.Proposal.Change.ApplyTo(allocation))
}

// lookAtConsent is the last look at the card before a write.
func (w *Runner) lookAtConsent(ctx context.Context, r approvals.Request) (approvals.ConsentLook, error) {
	ballots, err := w.lookAgain(ctx, r)
	if errors.Is(err, approvals.ErrCardDeleted) {
		return approvals.ConsentLook{CardDeleted: true}, nil
	}
	if err == nil {
		ballots, err = w.withWithdrawals(ctx, r, ballots)
	}
	return approvals.ConsentLook{Ballots: ballots}, err
}

func (w *Runner) readForWrite(ctx context.Context, r approvals.Request) (approvals.Allocation, error) {
	allocation, err := w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID)
	if err != nil {
		return approvals.Allocation{}, err
	}
	return allocation, r.Proposal.CheckQuotas(allocation)
}

// recordApprovers records the people who carry the write by their consent, where
// they changed. It does so before the write, because the answer may be lost.
func (w *Runner) recordApprovers(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, consent approvals.ConsentLook,
) (approvals.Request, error) {
	if !consent.ApproversDiffer(r) {
		return r, nil
	}
	return w.Store.ApplyEvent(ctx, r.ID, approvals.ApproversChanged{Ballots: consent.Ballots}, t.KeepLeased())
}

// retryUnchecked keeps a request whose consents Slack does not show now. A
// write that was tried had consent, so UiPath alone can settle it.
func (w *Runner) retryUnchecked(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, tried bool, cause error,
) error {
	if tried {
		allocation, err := w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID)
		if err == nil && r.Proposal.Change.IsShownBy(allocation) {
			return w.applyEvent(ctx, r, approvals.ReadBack(allocation), &t)
		}
	}
	why := "the approvals could not be checked again: " + approvals.DelayReason(cause)
	return w.closeOrDelay(ctx, t, r, approvals.WriteFailure{Err: cause, Reason: why, Tried: tried})
}

// writeAllocation replaces the group's allocation by target. It believes only an
// answer that is exactly what was asked.
func (w *Runner) writeAllocation(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, target approvals.Allocation,
) error {
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	change := r.Proposal.Change
	answer, err := w.Licenses.WriteAllocation(ctx, r.Proposal.Group.ID, target)
	if err != nil {
		return w.closeOrDelay(ctx, t, r, failedWrite(t, err))
	}
	if len(change.Quotas) > 0 { // UiPath's answer to a write need not show seat limits
		if answer, err = w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID); err != nil {
			return w.closeOrDelay(ctx, t, r, failedReadBack(err))
		}
	}
	if change.AnswerShows(answer, target) {
		return w.applyEvent(ctx, r, approvals.Confirmed(answer, w.preserved(ctx, r, answer, target)), &t)
	}
	return w.recordMismatch(ctx, t, r, answer)
}

// recordMismatch counts an answer with another allocation than the one asked
// for. The job reads again later.
func (w *Runner) recordMismatch(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, answer approvals.Allocation,
) error {
	if err := w.applyEvent(ctx, r, approvals.Mismatch{Answered: answer.Codes}, t.KeepLeased()); err != nil {
		return err
	}
	return errors.New("UiPath answered yes with an allocation that is not the one asked for")
}

// preserved reports whether a write left the other settings as they were: a
// second read has to confirm a loss.
func (w *Runner) preserved(ctx context.Context, r approvals.Request, answer, asked approvals.Allocation) bool {
	if answer.Preserves(asked) {
		return true
	}
	allocation, err := w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID)
	return err != nil || allocation.Preserves(asked)
}

// failedWrite is what a failed write says. A refusal had no effect, but an
// earlier attempt of the job may have had one.
func failedWrite(t approvals.LeasedJob, err error) approvals.WriteFailure {
	tried := t.WasTried() || !approvals.IsRefused(err)
	return approvals.WriteFailure{Err: err, Reason: approvals.DelayReason(err), Tried: tried, RefusalEnds: true}
}

// failedReadBack is what a failed read after a write says: the read had no
// effect, the write may have had one. So the error loses its class.
func failedReadBack(err error) approvals.WriteFailure {
	return approvals.WriteFailure{Err: errors.New(err.Error()), Reason: approvals.DelayReason(err), Tried: true}
}

// closeOrDelay closes the request if the failure decides its end. Otherwise the
// job is tried again later.
func (w *Runner) closeOrDelay(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, f approvals.WriteFailure,
) error {
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	if event := approvals.DecideFailure(r, f, now); event != nil {
		return w.applyEvent(ctx, r, event, &t)
	}
	return w.recordDelay(ctx, t, r, f.Reason, f.Err)
}
