package worker

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
	"licensebot/internal/guard"
)

// looksPerRead is how often the last look is repeated, because votes came in
// between, before the allocation is read again.
const looksPerRead = 3

// apply makes the change at UiPath, once. It reads UiPath first and looks at consent
// last, so a vote recorded before the write stops it. It writes only a difference
// that is still the one shown. If the effect of an earlier attempt is unknown, the
// read tells what became of it.
func (w *Runner) apply(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Approved {
		return nil
	}
	if err := w.yieldLane(ctx, t, r); err != nil {
		return err
	}
	facts := approvals.WriteFacts{Tried: t.WasTried() || r.WriteAttempted}
	shown := r.Proposal.Group // r itself may change while the group is read
	group := guard.Begin(func() (approvals.Group, error) { return w.Licenses.ReadGroup(ctx, shown) })
	var err error
	if facts.Allocation, err = w.readSince(ctx, r, r.AnsweredAt); err != nil {
		return w.keepUnread(ctx, t, r, facts.Tried, err)
	}
	if facts.Now, err = w.Store.Now(ctx); err != nil {
		return err
	}
	if !r.RefusedAt.IsZero() {
		if r, err = w.Store.ApplyEvent(ctx, r.ID, approvals.ReadShown{}, t.KeepLeased()); err != nil {
			return err
		}
	}
	if facts.IsSettled(r) {
		asked, err := w.Store.LastWrite(ctx, r)
		if err != nil {
			return err
		}
		return w.applyEvent(ctx, r, approvals.ReadBack(r, facts.Allocation, asked), &t)
	}
	if !r.AnsweredAt.IsZero() {
		return w.awaitShown(ctx, t, r, r.AnsweredAt, facts.Allocation)
	}
	if err := restBeforeWrite(t, facts.Now); err != nil {
		return w.keepUnread(ctx, t, r, facts.Tried, err)
	}
	if err := w.awaitLateEffects(ctx, r, facts.Allocation); err != nil {
		return w.keepUnread(ctx, t, r, facts.Tried, err)
	}
	if err := w.recheck(ctx, r, group, &facts); err != nil {
		return w.keepUnread(ctx, t, r, facts.Tried, err)
	}
	for range looksPerRead {
		if err = w.applyToRead(ctx, t, r, facts); !errors.Is(err, approvals.ErrVotedSince) {
			return err
		}
	}
	return errBeingVotedOn
}

// errBeingVotedOn delays what rests on votes while others come in.
var errBeingVotedOn = &approvals.DelayError{Reason: "people are voting on it at this moment"}

// applyToRead writes the change on top of the allocation that was read, if consent
// still carries it now. ErrVotedSince if a vote was recorded after the look.
func (w *Runner) applyToRead(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, facts approvals.WriteFacts,
) error {
	var err error
	if facts.Consent, err = w.lookAtConsent(ctx, r); err != nil {
		return w.retryUnchecked(ctx, t, r, facts, err)
	}
	members, err := w.listStageMembers(ctx, facts.Recheck.Today.Stages, beforeLastWrite.group)
	if err != nil && !approvals.IsRefused(err) {
		return w.retryUnchecked(ctx, t, r, facts, err)
	}
	facts.Consent = facts.Consent.UnderPolicy(r, facts.Recheck.Today, members, err != nil)
	if err != nil && facts.Consent.IsUndecided(r) {
		return w.retryUnchecked(ctx, t, r, facts, err)
	}
	if err := w.dateLook(ctx, r, facts.Consent.Ballots); err != nil {
		return w.retryUnchecked(ctx, t, r, facts, err)
	}
	if event := approvals.DecideWrite(r, facts); event != nil {
		t.Guard = facts.Consent.GuardOfDenial()
		if approvals.IsSuccess(event) {
			t.Guard = &facts.Consent.Guard // nothing is written, so this is the moment of the effect
		}
		return w.applyEvent(ctx, r, event, &t)
	}
	if r, err = w.recordApprovers(ctx, t, r, facts.Consent); err != nil {
		return err
	}
	target := r.Proposal.Change.ApplyTo(facts.Allocation)
	t.Writing = &target
	if err := w.Store.MarkTriedUnlessVoted(ctx, t, facts.Consent.Guard); err != nil {
		return err
	}
	return unsettled(w.writeAllocation(ctx, t, r, target))
}

// recheck asks the policy of today about the change of a group, which is read meanwhile.
func (w *Runner) recheck(
	ctx context.Context, r approvals.Request, group func() (approvals.Group, error), facts *approvals.WriteFacts,
) error {
	var err error
	if facts.Group, err = group(); err != nil {
		return err
	}
	policy, proposal := w.Policy(), *r.Proposal
	proposal.Group = facts.Group
	input, err := w.policyInput(ctx, policy, proposal.PolicyInput(r, facts.Now))
	if err != nil {
		return asDelay(err)
	}
	facts.Recheck = policy.Recheck(r.Terms, r.Proposal.Group, input)
	return nil
}

// asDelay keeps a refusal of Slack from ending a request that people approved.
func asDelay(err error) error {
	if approvals.IsRefused(err) {
		return &approvals.DelayError{Reason: "Slack does not show who is in a user group: " + approvals.DelayReason(err)}
	}
	return err
}

// lookAtConsent is the last look at the card before a write.
func (w *Runner) lookAtConsent(ctx context.Context, r approvals.Request) (approvals.ConsentLook, error) {
	look, err := w.lookAgain(ctx, r)
	if errors.Is(err, approvals.ErrCardDeleted) {
		return approvals.ConsentLook{CardDeleted: true}, nil
	}
	if err == nil {
		look.Ballots, err = w.withWithdrawals(ctx, r, look.Ballots)
	}
	return look, err
}

// keepUnread keeps a request while its allocation is unreadable. An untried write
// still needs its consent, so people can stop it meanwhile.
func (w *Runner) keepUnread(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, tried bool, cause error,
) error {
	if !tried {
		consent, err := w.lookAtConsent(ctx, r)
		if err == nil && !consent.Carries(r) {
			t.Guard = consent.GuardOfDenial()
			return w.applyLooked(ctx, r, consent.Withdrawal(tried), &t)
		}
		if err == nil {
			if r, err = w.recordApprovers(ctx, t, r, consent); err != nil {
				return err
			}
		}
	}
	failure := approvals.WriteFailure{Err: cause, Reason: approvals.DelayReason(cause), Tried: tried, OfRead: true}
	return w.closeOrDelay(ctx, t, r, failure)
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

// retryUnchecked keeps a request while its consents cannot be checked.
func (w *Runner) retryUnchecked(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, facts approvals.WriteFacts, cause error,
) error {
	if replaced, err := w.replaceUnreadable(ctx, t, r, facts.Tried, cause); replaced || err != nil {
		return err
	}
	why := "the approvals could not be checked again: " + approvals.DelayReason(cause)
	return w.closeOrDelay(ctx, t, r, approvals.WriteFailure{Err: cause, Reason: why, Tried: facts.Tried})
}

// writeAllocation replaces the group's allocation by target. A read settles the write,
// whatever UiPath answers.
func (w *Runner) writeAllocation(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, target approvals.Allocation,
) error {
	answer, err := w.Licenses.WriteAllocation(ctx, r.Proposal.Group.ID, target)
	if err != nil && !approvals.EffectIsUnknown(err) { // the call never left
		return w.closeOrDelay(ctx, t, r, approvals.FailedWrite(err, t.WasTried()))
	}
	return w.settleByReading(ctx, t, r, target, answer, err)
}

// settleByReading reads the result of a write: neither a yes nor a status code proves what
// took effect.
func (w *Runner) settleByReading(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request,
	target, answer approvals.Allocation, cause error,
) error {
	yes := cause == nil && approvals.SameSet(answer.Codes, target.Codes)
	var accepted *approvals.Allocation
	if yes {
		accepted = &target
	}
	read, err := w.readForWrite(ctx, r, accepted)
	switch change := r.Proposal.Change; {
	case cause == nil && err == nil && (change.AnswerShows(read, target) || yes && change.IsShownBy(read)):
		return w.confirm(ctx, t, r, read, target)
	case yes && errors.Is(err, approvals.ErrReadIsLate):
		return w.recordAnswered(ctx, t, r, nil, answer, read)
	case yes && err != nil:
		return w.keepAnswered(ctx, t, r, answer, err)
	case err != nil:
		return w.closeOrDelay(ctx, t, r, approvals.UnreadWrite(errors.Join(cause, err)))
	case change.IsShownBy(read):
		return w.applyEvent(ctx, r, approvals.ReadBack(r, read, &target), &t)
	case cause == nil:
		return w.recordAnswered(ctx, t, r, nil, answer, read)
	}
	failure := approvals.FailedWrite(cause, t.WasTried())
	failure.Shown = append([]string{}, read.Codes...) // not nil: it was read
	return w.closeOrDelay(ctx, t, r, failure)
}

// readAgainAfter is the pause between two reads for a change that UiPath said yes to.
const readAgainAfter = 3 * time.Second

// recordAnswered records UiPath's yes to a write before a read shows it, with what both said and
// which codes of a grant the write takes out.
// Reads may lag, so the job reads again before it writes again.
func (w *Runner) recordAnswered(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request,
	taken []string, answer, read approvals.Allocation,
) error {
	event := approvals.WriteAnswered{
		Answered: approvals.AllocationItems(answer), Shown: approvals.AllocationItems(read), Taken: taken,
	}
	if err := w.applyEvent(ctx, r, event, t.KeepLeased()); err != nil {
		return err
	}
	return &approvals.UnknownEffectError{After: readAgainAfter, Reason: notShownYet}
}

const notShownYet = "UiPath accepted the change and does not show it yet"

// awaitShown waits for a change that UiPath said yes to at answeredAt. Once no lag
// explains why reads do not show it, the answer counts for nothing.
func (w *Runner) awaitShown(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, answeredAt time.Time, read approvals.Allocation,
) error {
	now, err := w.Store.NowSince(ctx, answeredAt)
	if err != nil {
		return err
	}
	if wait := approvals.AwaitShown(answeredAt, now); wait > 0 {
		return &approvals.UnknownEffectError{After: min(wait, readAgainAfter), Reason: notShownYet}
	}
	event := approvals.Mismatch{Shown: approvals.AllocationItems(read)}
	if err := w.applyEvent(ctx, r, event, t.KeepLeased()); err != nil {
		return err
	}
	return errors.New("UiPath answered yes, and its allocation does not show the change")
}

// keepAnswered keeps a request after UiPath's yes to a write, until a read tells what took
// effect and whether the other settings stayed.
func (w *Runner) keepAnswered(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, answer approvals.Allocation, cause error,
) error {
	return errors.Join(w.noteAnswered(ctx, t, r, nil, answer), w.closeOrDelay(ctx, t, r, approvals.UnreadWrite(cause)))
}

// noteAnswered records UiPath's yes to a write without a read of its result.
func (w *Runner) noteAnswered(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, taken []string, answer approvals.Allocation,
) error {
	event := approvals.WriteAnswered{Answered: approvals.AllocationItems(answer), Unread: true, Taken: taken}
	return w.applyEvent(ctx, r, event, t.KeepLeased())
}

// preserved reports whether a write left the other settings as they were. A read
// decides where the answer shows a loss, or not all limits. One without the change is late.
func (w *Runner) preserved(
	ctx context.Context, r approvals.Request, change approvals.Change, answer, asked approvals.Allocation,
) (bool, error) {
	if answer.ShowsLimits(asked) && answer.Preserves(asked) {
		return true, nil
	}
	read, err := w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID)
	if err == nil && !change.Remaining(read).IsEmpty() {
		err = &approvals.DelayError{Reason: notShownYet, Err: approvals.ErrReadIsLate}
	}
	return err == nil && read.Preserves(asked), err
}

// confirm ends a request after UiPath's allocation is exactly what was asked for.
func (w *Runner) confirm(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, answer, asked approvals.Allocation,
) error {
	preserved, err := w.preserved(ctx, r, r.Proposal.Change, answer, asked)
	if err != nil && answer.Preserves(asked) { // whether limits were lost is unknown
		return w.keepAnswered(ctx, t, r, answer, err)
	}
	return w.applyEvent(ctx, r, approvals.Confirmed(r, answer, preserved), &t)
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
	return w.applyOrDelay(ctx, t, r, approvals.DecideFailure(r, f, now), f.Reason, f.Err)
}

// applyOrDelay applies the event of a failure. Without one, and where UiPath refused to
// show a group for the first time, the job is tried again.
func (w *Runner) applyOrDelay(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, event approvals.Event, reason string, cause error,
) error {
	switch event.(type) {
	case nil:
		return w.recordDelay(ctx, t, r, reason, cause)
	case approvals.ReadRefused:
		err := w.applyEvent(ctx, r, event, t.KeepLeased())
		return errors.Join(&approvals.DelayError{After: approvals.SecondLookAfter, Err: cause}, err)
	}
	return w.applyEvent(ctx, r, event, &t)
}
