package worker

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"licensebot/approvals"
)

// endGrant takes the codes of a grant out of the rule, once its time is over:
// only those, and only where no other request holds them. The order is that of
// apply: the rule is read before each write, which also settles an earlier
// attempt whose answer was lost. It is tried for as long as UiPath does not
// answer, because what nobody takes out stays.
func (w *Workers) revokeGrant(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !r.AwaitsRevocation() {
		return nil
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	holders, err := w.Store.ListGrantHolders(ctx, r.Proposal.Group.ID)
	if err != nil {
		return err
	}
	claims, tried := approvals.ClaimsOf(holders), !t.TriedAt.IsZero()
	rule, err := w.Licenses.ReadAllocation(ctx, r.Proposal.Group.ID)
	if err == nil {
		err = r.Proposal.QuotasUnknown(rule)
	}
	if err != nil {
		going, rest := claims.Split(r, approvals.Allocation{Codes: r.Grant.Codes}, now)
		rest.Allocation, rest.Uncertain = nil, tried // nobody has read what the rule is
		if errors.Is(err, approvals.ErrQuotasUnknown) && !now.Before(r.Grant.Until.Add(approvals.QuotasUnknownFor)) {
			rest.Remaining, rest.QuotasUnknown = going, true
			return w.applyEvent(ctx, r, approvals.Revoked{Revocation: rest}, &t)
		}
		return w.stopOrRetry(ctx, t, r, rest, going, err)
	}
	take, rest := claims.Split(r, rule, now)
	rest.ReadBack = tried && len(rest.Absent) > 0
	switch {
	case len(take) == 0:
		return w.applyEvent(ctx, r, approvals.Revoked{Revocation: rest}, &t)
	case r.Grant.Mismatches >= approvals.MismatchLimit:
		rest.Remaining = take
		return w.applyEvent(ctx, r, approvals.Revoked{Revocation: rest}, &t)
	}
	return w.takeOut(ctx, t, r, take, rest, approvals.Change{Remove: take}.ApplyTo(rule))
}

// takeOut replaces the rule by target, which is what was read without the
// codes to take, and believes only an answer that is exactly that.
func (w *Workers) takeOut(ctx context.Context, t approvals.LeasedJob, r approvals.Request, take []string, rest approvals.Revocation, target approvals.Allocation) error {
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	answer, err := w.Licenses.WriteAllocation(ctx, r.Proposal.Group.ID, target)
	switch {
	case err != nil:
		return w.stopOrRetry(ctx, t, r, rest, take, err)
	case !approvals.SameSet(answer.Codes, target.Codes):
		if err := w.applyEvent(ctx, r, approvals.Mismatch{Answered: answer.Codes}, t.KeepLeased()); err != nil {
			return err
		}
		return errors.New("UiPath answered yes to the end of a grant with a rule that is not the one asked for")
	}
	rest.Removed, rest.Allocation, rest.NotPreserved = take, answer.Codes, w.settingLost(ctx, r, answer, target)
	return w.applyEvent(ctx, r, approvals.Revoked{Revocation: rest}, &t)
}

// leftOrHeldUp gives the end up on UiPath's no, which people are told and can
// have tried again, and keeps it otherwise.
func (w *Workers) stopOrRetry(ctx context.Context, t approvals.LeasedJob, r approvals.Request, rest approvals.Revocation, take []string, err error) error {
	var refusal *approvals.RefusedError
	if errors.As(err, &refusal) {
		rest.Remaining, rest.Answer = take, refusal.Answer
		return w.applyEvent(ctx, r, approvals.Revoked{Revocation: rest}, &t)
	}
	return w.recordDelay(ctx, t, r, delayReason(err), err)
}

// warn says that a grant is about to end, unless it is too late for that, or
// all its codes stay.
func (w *Workers) warnExpiry(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !r.AwaitsRevocation() {
		return nil
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	late := r.Grant.Until
	if t.Key == strconv.Itoa(approvals.FirstWarning) {
		late = late.Add(-approvals.LastWarning * time.Hour) // then the last one says it
	}
	holders, err := w.Store.ListGrantHolders(ctx, r.Proposal.Group.ID)
	if err != nil {
		return err
	}
	going, _ := approvals.ClaimsOf(holders).Split(r, approvals.Allocation{Codes: r.Grant.Codes}, r.Grant.Until)
	if !now.Before(late) || len(going) == 0 {
		return nil
	}
	said := t.Job
	said.Note = strings.Join(going, " ")
	return w.sayInThread(ctx, t, r, said)
}

// overdue says that the end of a grant is held up, if it still is.
func (w *Workers) postRevocationDelay(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !ofThisTry(t, r) || !r.AwaitsRevocation() || r.Grant.DelayReason == "" {
		return nil
	}
	return w.sayInThread(ctx, t, r, t.Job)
}

// conclude tells what the end of a grant did.
func (w *Workers) postRevocation(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !ofThisTry(t, r) || r.Grant.Revocation == nil {
		return nil
	}
	return w.sayInThread(ctx, t, r, t.Job)
}

// ofThisTry is false for words about an end that has been tried again before
// they were said: then the later try says it all.
func ofThisTry(t approvals.LeasedJob, r approvals.Request) bool {
	return r.Grant != nil && t.Key == r.Grant.AttemptKey()
}
