package worker

import (
	"cmp"
	"context"
	"errors"

	"licensebot/approvals"
)

// readCard reads the reactions on a request's card. ErrCardDeleted comes only of a
// second look without the card; after the first, the error is a delay until the
// second. missed says that there was a first one.
func (w *Runner) readCard(
	ctx context.Context, id, channel, ts string, missed bool,
) ([]approvals.Reaction, error) {
	shown, cut, err := w.Directory.CardReactions(ctx, channel, ts)
	switch {
	case errors.Is(err, approvals.ErrCardDeleted):
		return nil, w.judgeMiss(ctx, id)
	case err == nil && missed:
		err = w.applyIfNew(ctx, id, approvals.CardSeen{})
	}
	return shown, cmp.Or(err, w.checkCut(ctx, id, cut))
}

// checkCut is a delay where Slack does not tell all people who said no to a request.
func (w *Runner) checkCut(ctx context.Context, id string, cut []string) error {
	if len(cut) == 0 {
		return nil
	}
	r, err := w.Store.Request(ctx, id)
	return cmp.Or(err, r.CheckCut(cut))
}

// judgeMiss records a first look without the card. It returns ErrCardDeleted if this
// is the second.
func (w *Runner) judgeMiss(ctx context.Context, id string) error {
	r, err := w.Store.Request(ctx, id)
	if err != nil {
		return err
	}
	now, err := w.Store.NowSince(ctx, r.CardMissingSince)
	if err != nil {
		return err
	}
	first, wait := r.JudgeMiss(now)
	if first {
		if err := w.applyIfNew(ctx, id, approvals.CardMissed{}); err != nil {
			return err
		}
	}
	if first || wait > 0 {
		return &approvals.DelayError{
			After: wait, Reason: "Slack does not show the card", Err: approvals.ErrCardNotShown,
		}
	}
	return approvals.ErrCardDeleted
}

// maxDoubts is how often Slack's word that a card is missing is doubted for one job while
// looks show the card, over some minutes. Other failures of the job do not count.
const maxDoubts = 8

// judgeRefusal judges Slack's refusal to write at a card. Its word about a missing
// card is believed if two looks miss the card too. Otherwise the error is a delay.
func (w *Runner) judgeRefusal(ctx context.Context, t approvals.LeasedJob, r approvals.Request, err error) error {
	if !approvals.IsNotFound(err) || w.countDoubt(t.ID) >= maxDoubts {
		if err == nil || approvals.IsRefused(err) {
			w.doubts.Delete(t.ID)
		}
		return err
	}
	_, look := w.readCard(ctx, r.ID, r.Channel, r.CardTS, !r.CardMissingSince.IsZero())
	if errors.Is(look, approvals.ErrCardDeleted) {
		return err
	}
	return &approvals.DelayError{
		After: delayOf(look), Reason: "Slack does not show the card", Err: errors.Join(keepTrying(err), keepTrying(look)),
	}
}

// countDoubt counts Slack's words that the card of a job is missing, this one included. One
// worker at a time has the job.
func (w *Runner) countDoubt(job int64) int {
	before, _ := w.doubts.Load(job)
	count, _ := before.(int)
	w.doubts.Store(job, count+1)
	return count + 1
}

// withWithdrawals adds to the ballots of a last look those of voters who, as events
// told, took their reaction back.
func (w *Runner) withWithdrawals(
	ctx context.Context, r approvals.Request, ballots []approvals.Ballot,
) ([]approvals.Ballot, error) {
	withdrawn, err := w.Store.ListWithdrawn(ctx, r.Channel, r.CardTS)
	return approvals.WithWithdrawals(r, ballots, withdrawn), err
}
