package bot

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/bot/message"
)

// changes cancels requests and ends grants early.
type changes struct {
	store   ChangeStore
	voters  voters
	phrases message.Phrases
	log     zerolog.Logger
}

// ownRequests has the requests that are about the bot's own target. A database may have others,
// and what people ask about those the bot cannot carry out.
type ownRequests struct {
	ChangeStore
	target approvals.Target
}

// Request reads one request. A *approvals.ForeignError is in the error if it is about another
// target.
func (o ownRequests) Request(ctx context.Context, id string) (approvals.Request, error) {
	r, err := o.ChangeStore.Request(ctx, id)
	if err == nil {
		err = r.CheckTarget(o.target)
	}
	return r, err
}

// cancelRequest cancels a request for its requester, or for an approver with a
// reason. It returns the answer.
func (c *changes) cancelRequest(ctx context.Context, name string, typed command.Command, by string) string {
	request, err := c.store.Request(ctx, typed.ID)
	if errors.Is(err, approvals.ErrNotFound) {
		return message.ExplainUnknownRequest(typed.ID)
	}
	var cancelled approvals.Request
	if err == nil {
		cancelled, err = c.tryCancel(ctx, request, typed.Why, by)
	}
	if errors.Is(err, approvals.ErrNoTransition) { // it may have moved meanwhile
		request, _ = c.store.Request(ctx, typed.ID)
	}
	switch {
	case err == nil:
		return message.ConfirmCancel(cancelled)
	case errors.Is(err, approvals.ErrNoTransition), errors.Is(err, approvals.ErrNotPermitted),
		errors.Is(err, approvals.ErrReasonRequired), errors.Is(err, approvals.ErrVoterUncheckable):
		return c.phrases.ExplainNotCancelled(name, typed.ID, err, request.State)
	}
	c.log.Error().Str("request", typed.ID).Err(err).Msg("could not cancel a request")
	return explainNotChanged(name, typed.ID, err)
}

func (c *changes) tryCancel(ctx context.Context, r approvals.Request, why, by string) (approvals.Request, error) {
	cancel := approvals.Cancel{By: by, Reason: why}
	if by != r.Requester && r.State == approvals.Pending {
		var err error
		if cancel.Authorized, err = c.mayVote(ctx, r, by); err != nil {
			return r, err
		}
	}
	return c.store.ApplyEvent(ctx, r.ID, cancel, nil)
}

// revokeGrant ends a timed grant early, for its requester or for an approver. It
// returns the answer.
func (c *changes) revokeGrant(ctx context.Context, name, id, by string) string {
	request, err := c.store.Request(ctx, id)
	if errors.Is(err, approvals.ErrNotFound) {
		return message.ExplainUnknownRequest(id)
	}
	if err == nil {
		err = c.tryRevoke(ctx, request, by)
	}
	switch {
	case err == nil:
		return message.ConfirmRevoke(request)
	case errors.Is(err, approvals.ErrNoTransition), errors.Is(err, approvals.ErrNotPermitted),
		errors.Is(err, approvals.ErrVoterUncheckable):
		return message.ExplainNotRevoked(request, err)
	}
	c.log.Error().Str("request", id).Err(err).Msg("could not end a grant")
	return explainNotChanged(name, id, err)
}

func (c *changes) tryRevoke(ctx context.Context, r approvals.Request, by string) error {
	if r.Grant == nil {
		return approvals.ErrNoTransition
	}
	revoke := approvals.RevokeEarly{By: by}
	if by != r.Requester {
		var err error
		if revoke.Authorized, err = c.mayVote(ctx, r, by); err != nil {
			return err
		}
	}
	_, err := c.store.ApplyEvent(ctx, r.ID, revoke, nil)
	return err
}

// mayVote reports whether a person's vote on a request would count now.
func (c *changes) mayVote(ctx context.Context, r approvals.Request, user string) (bool, error) {
	voter, err := c.voters.findVoter(ctx, r, user, 0)
	if err != nil {
		c.log.Warn().Str("request", r.ID).Err(err).Msg("could not check whether somebody may approve a request")
		return false, approvals.ErrVoterUncheckable
	}
	return voter.Eligibility(r) == approvals.Counts, nil
}

// explainNotChanged answers a command about a request of another target, after the store
// refused its change, or if it is unknown whether the store took it.
func explainNotChanged(name, id string, err error) string {
	if foreign, ok := errors.AsType[*approvals.ForeignError](err); ok {
		return message.ExplainForeign(id, foreign)
	}
	if errors.Is(err, approvals.ErrCommitUnknown) {
		return message.ChangeUncertain(name, id)
	}
	return message.CommandNotStored()
}
