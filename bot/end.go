package bot

import (
	"context"
	"errors"
	"fmt"

	"licensebot/approvals"
)

// end ends a timed grant before its time, for its requester or for somebody
// who may approve the request.
func (in *Intake) end(ctx context.Context, name, id, by string) string {
	request, err := in.Store.Request(ctx, id)
	if errors.Is(err, approvals.ErrNotFound) {
		return in.Words.Unknown(id)
	}
	if err == nil {
		err = in.tryEnd(ctx, request, by)
	}
	switch {
	case err == nil:
		return fmt.Sprintf("The time of request %s is over now: I take %s out of the rule of %s. The card's thread tells what came of it.",
			code(id), codes(request.Grant.Codes), group(request.Proposal.Group))
	case errors.Is(err, approvals.ErrNoTransition), errors.Is(err, approvals.ErrNotPermitted), errors.Is(err, errUncheckable):
		return in.Words.NotEnded(request, err)
	}
	in.Log.Error().Str("request", id).Err(err).Msg("could not end a grant")
	if errors.Is(err, approvals.ErrCommitUnknown) {
		return in.Words.Doubtful(name, id)
	}
	return in.Words.NotStored()
}

func (in *Intake) tryEnd(ctx context.Context, r approvals.Request, by string) error {
	if r.Grant == nil {
		return approvals.ErrNoTransition
	}
	event := approvals.RevokeEarly{By: by}
	if by != r.Requester {
		authorised, err := in.mayApprove(ctx, r, by)
		if err != nil {
			return err
		}
		event.Authorized = authorised
	}
	_, err := in.Store.ApplyEvent(ctx, r.ID, event, nil)
	return err
}

// NotEnded says why a grant was not ended.
func (w Messages) NotEnded(r approvals.Request, err error) string {
	switch {
	case errors.Is(err, errUncheckable):
		return fmt.Sprintf("The grant of request %s is not ended: Slack did not tell me in time whether you may approve it. Type it again in a minute.", code(r.ID))
	case errors.Is(err, approvals.ErrNotPermitted):
		return fmt.Sprintf("Only the person who made request %s, and those who may approve it, can end it before its time.", code(r.ID))
	case r.Grant != nil:
		return fmt.Sprintf("The time of request %s is over already; its thread tells what was taken out.", code(r.ID))
	case r.State.Open():
		return fmt.Sprintf("Request %s is not granted yet, so there is nothing to end. To take it back, type %s.", code(r.ID), code(commandOf(r.Ask)+" cancel "+r.ID))
	}
	return fmt.Sprintf("Request %s holds nothing for a time, so there is nothing to end. To take codes out of a rule, type %s.",
		code(r.ID), code(commandOf(r.Ask)+" remove "+someGroup+" "+someCode))
}
