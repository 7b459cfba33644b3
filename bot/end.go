package bot

import (
	"context"
	"errors"
	"fmt"

	"licensebot/approvals"
)

// end ends a timed grant before its time, for its requester or for somebody
// who may approve the request.
func (in *Intake) revokeGrant(ctx context.Context, name, id, by string) string {
	request, err := in.Store.Request(ctx, id)
	if errors.Is(err, approvals.ErrNotFound) {
		return ExplainUnknownRequest(id)
	}
	if err == nil {
		err = in.tryRevoke(ctx, request, by)
	}
	switch {
	case err == nil:
		return fmt.Sprintf("The time of request %s is over now: I take %s out of the rule of %s. The card's thread tells what came of it.",
			quoteCode(id), joinCodes(request.Grant.Codes), nameGroup(request.Proposal.Group))
	case errors.Is(err, approvals.ErrNoTransition), errors.Is(err, approvals.ErrNotPermitted), errors.Is(err, errUncheckable):
		return ExplainNotRevoked(request, err)
	}
	in.Log.Error().Str("request", id).Err(err).Msg("could not end a grant")
	if errors.Is(err, approvals.ErrCommitUnknown) {
		return ChangeUncertain(name, id)
	}
	return CommandNotStored()
}

func (in *Intake) tryRevoke(ctx context.Context, r approvals.Request, by string) error {
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
func ExplainNotRevoked(r approvals.Request, err error) string {
	switch {
	case errors.Is(err, errUncheckable):
		return fmt.Sprintf("The grant of request %s is not ended: Slack did not tell me in time whether you may approve it. Type it again in a minute.", quoteCode(r.ID))
	case errors.Is(err, approvals.ErrNotPermitted):
		return fmt.Sprintf("Only the person who made request %s, and those who may approve it, can end it before its time.", quoteCode(r.ID))
	case r.Grant != nil:
		return fmt.Sprintf("The time of request %s is over already; its thread tells what was taken out.", quoteCode(r.ID))
	case r.State.Open():
		return fmt.Sprintf("Request %s is not granted yet, so there is nothing to end. To take it back, type %s.", quoteCode(r.ID), quoteCode(NameOf(r.Ask)+" cancel "+r.ID))
	}
	return fmt.Sprintf("Request %s holds nothing for a time, so there is nothing to end. To take codes out of a rule, type %s.",
		quoteCode(r.ID), quoteCode(NameOf(r.Ask)+" remove "+ExampleGroup+" "+ExampleCode))
}
