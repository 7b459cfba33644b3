package message

import (
	"errors"
	"fmt"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// ExplainUnknownRequest answers a command about a request that does not exist.
func ExplainUnknownRequest(id string) string {
	return fmt.Sprintf("I know no request %s. The id is on its card, and in the answer to the command.",
		quoteCode(id))
}

// ExplainForeign answers what concerns a request of another organization at UiPath.
func ExplainForeign(id string, e *approvals.ForeignError) string {
	return fmt.Sprintf("Request %s belongs to the UiPath organization %s, and I work for %s, so I left it as it is. "+
		"If I should work for the other one, tell my operator.",
		quoteCode(id), nameTarget(e.Request), nameTarget(e.Bot))
}

func nameTarget(t approvals.Target) string {
	return fmt.Sprintf("%s (account %s)", quoteCode(t.Organization), quoteCode(t.AccountID))
}

// ConfirmCancel answers a command that cancelled a request.
func ConfirmCancel(cancelled approvals.Request) string {
	return fmt.Sprintf("Request %s is cancelled. %s", quoteCode(cancelled.ID), explainUnchanged(cancelled))
}

// ExplainNotCancelled says why a request could not be cancelled. The name is the
// command's.
func (p Phrases) ExplainNotCancelled(name, id string, err error, state approvals.State) string {
	switch {
	case !state.Open():
		return fmt.Sprintf("Request %s is already closed (%s), so there is nothing to cancel.", quoteCode(id), state)
	case state == approvals.Approved:
		return fmt.Sprintf("Request %s is already approved and is being carried out; it is too late to cancel it.",
			quoteCode(id))
	case errors.Is(err, approvals.ErrReasonRequired):
		return fmt.Sprintf("Request %s is not yours. As one of its approvers you can cancel it if you say why.",
			quoteCode(id)) +
			offerToFill(name+" cancel "+id+" because "+command.ReasonToFill)
	case errors.Is(err, approvals.ErrVoterUncheckable):
		return fmt.Sprintf("Request %s is not cancelled: Slack did not tell me in time whether you may approve "+
			"it. Type it again in a minute, or deny the request with %s on its card.", quoteCode(id), p.denyEmoji())
	}
	return fmt.Sprintf("Only the requester and the approvers of request %s can cancel it.",
		quoteCode(id))
}

// ConfirmRevoke answers a command that ends a grant early.
func ConfirmRevoke(r approvals.Request) string {
	return fmt.Sprintf("Request %s ends now: I remove %s from %s, except what another request holds. "+
		"The card's thread says how that went.",
		quoteCode(r.ID), joinCodes(r.Grant.Codes), nameGroup(r.Proposal.Group))
}

// ExplainNotRevoked says why a grant could not be ended early.
func ExplainNotRevoked(r approvals.Request, err error) string {
	switch {
	case errors.Is(err, approvals.ErrVoterUncheckable):
		return fmt.Sprintf("The grant of request %s is not ended: Slack did not tell me in time whether you may "+
			"approve it. Type it again in a minute.", quoteCode(r.ID))
	case errors.Is(err, approvals.ErrNotPermitted):
		return fmt.Sprintf("Only the requester and the approvers of request %s can end it before its time.", quoteCode(r.ID))
	case r.Grant != nil && r.Grant.Revocation == nil:
		text := fmt.Sprintf("The time of request %s is over, and I am removing its codes. "+
			"The card's thread will say how that went.", quoteCode(r.ID))
		if r.Grant.DelayReason != "" {
			text += " It waits: " + escapeLine(r.Grant.DelayReason) + "."
		}
		return text
	case r.Grant != nil:
		return fmt.Sprintf("The time of request %s is over already; its thread says what was removed.",
			quoteCode(r.ID))
	case r.State.Open():
		return fmt.Sprintf("Request %s is not granted yet, so there is nothing to end. To take it back, type %s.",
			quoteCode(r.ID), quoteCode(command.NameOf(r.Ask)+" cancel "+r.ID))
	}
	return fmt.Sprintf("Request %s holds nothing for a time, so there is nothing to end. "+
		"To remove codes from a group, type %s.",
		quoteCode(r.ID), quoteCode(command.NameOf(r.Ask)+" remove "+command.ExampleGroup+" "+command.ExampleCode))
}

// ExplainNotExtended says why a grant cannot be extended any more.
func ExplainNotExtended(r approvals.Request) string {
	return fmt.Sprintf("Request %s holds nothing for a time any more, so there is nothing to extend. "+
		"Ask for the licenses anew if they are still needed.", quoteCode(r.ID)) + offerCommands(command.Suggest(r.Ask))
}
