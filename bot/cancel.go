package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
)

// errUncheckable: Slack did not tell whether somebody is an approver.
var errUncheckable = errors.New("Slack did not tell whether this person may approve the request")

// cancel takes a request back for its requester, or calls it off for somebody
// who may approve it.
func (in *Intake) cancelRequest(ctx context.Context, name string, c Command, by string) string {
	request, err := in.Store.Request(ctx, c.ID)
	if errors.Is(err, approvals.ErrNotFound) {
		return ExplainUnknownRequest(c.ID)
	}
	var after approvals.Request
	if err == nil {
		after, err = in.tryCancel(ctx, request, c, by)
	}
	if errors.Is(err, approvals.ErrNoTransition) { // it may have moved between the two
		request, _ = in.Store.Request(ctx, c.ID)
	}
	switch {
	case err == nil:
		return fmt.Sprintf("Request %s is cancelled. %s", quoteCode(c.ID), explainUnchanged(after))
	case errors.Is(err, approvals.ErrNoTransition), errors.Is(err, approvals.ErrNotPermitted),
		errors.Is(err, approvals.ErrReasonRequired), errors.Is(err, errUncheckable):
		return in.Words.ExplainNotCancelled(name, c.ID, err, request.State)
	}
	in.Log.Error().Str("request", c.ID).Err(err).Msg("could not cancel a request")
	if errors.Is(err, approvals.ErrCommitUnknown) {
		return ChangeUncertain(name, c.ID)
	}
	return CommandNotStored()
}

func (in *Intake) tryCancel(ctx context.Context, r approvals.Request, c Command, by string) (approvals.Request, error) {
	cancel := approvals.Cancel{By: by, Reason: c.Why}
	if by != r.Requester && r.State == approvals.Pending {
		authorised, err := in.mayApprove(ctx, r, by)
		if err != nil {
			return r, err
		}
		cancel.Authorized = authorised
	}
	return in.Store.ApplyEvent(ctx, r.ID, cancel, nil)
}

// mayApprove reports whether a person's vote on a request would count now.
func (in *Intake) mayApprove(ctx context.Context, r approvals.Request, user string) (bool, error) {
	standing, err := in.Directory.standing(ctx, r, user, 0)
	if err != nil {
		in.Log.Warn().Str("request", r.ID).Err(err).Msg("could not check whether somebody may approve a request")
		return false, errUncheckable
	}
	return standing == approvals.Counts, nil
}

// standing tells whether a person may vote on a request, as a vote is weighed.
func (d *Directory) standing(ctx context.Context, r approvals.Request, user string, maxAge time.Duration) (approvals.Eligibility, error) {
	person, err := d.FindPerson(ctx, user, maxAge)
	if err != nil {
		return approvals.Uncheckable, err
	}
	var named []int
	var refused error
	for i, stage := range r.Terms.Stages {
		members, err := d.ListMembers(ctx, stage.Approvers, maxAge)
		for _, member := range members {
			if member == user {
				named = append(named, i)
				break
			}
		}
		if err != nil {
			refused = err
		}
	}
	standing := approvals.EligibilityOf(r, person, named)
	if standing == approvals.NotApprover && refused != nil {
		return approvals.Uncheckable, refused // perhaps named by the group that could not be read
	}
	return standing, nil
}

// Unknown answers a command about a request that there is not.
func ExplainUnknownRequest(id string) string {
	return fmt.Sprintf("I know no request %s. The id is on its card, and in the answer you got when you typed it.", quoteCode(id))
}

// NotCancelled says why a request could not be cancelled.
func (w Phrases) ExplainNotCancelled(name, id string, err error, state approvals.State) string {
	switch {
	case !state.Open():
		return fmt.Sprintf("Request %s has already ended (%s); there is nothing to cancel.", quoteCode(id), state)
	case state == approvals.Approved:
		return fmt.Sprintf("Request %s is already approved and is being carried out; it is too late to cancel it.", quoteCode(id))
	case errors.Is(err, approvals.ErrReasonRequired):
		return fmt.Sprintf("Request %s is not yours; as one of its approvers you can cancel it if you say why.", quoteCode(id)) +
			offerCommands(name+" cancel "+id+" because your reason here")
	case errors.Is(err, errUncheckable):
		return fmt.Sprintf("Request %s is not cancelled: Slack did not tell me in time whether you may approve it. Type it again in a minute, or deny the request with %s on its card.", quoteCode(id), w.denyEmoji())
	}
	return fmt.Sprintf("Only the person who made request %s, and those who may approve it, can cancel it.", quoteCode(id))
}
