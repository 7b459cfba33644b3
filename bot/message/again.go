package message

import (
	"fmt"
	"slices"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// AskAgainAction is the button below an outcome that asks for the same anew. Its value is
// the request.
const AskAgainAction = "ask_again"

// ReplyBlocks is a reply in the thread with a button. It is empty for a reply without
// one.
func (p Phrases) ReplyBlocks(r approvals.Request, job approvals.Job) []slack.Block {
	if job.Kind != approvals.JobPostOutcome || !canAskAgain(r) {
		return nil
	}
	button := newButton(AskAgainAction, r.ID, "Ask again")
	button.Confirm = slack.NewConfirmationBlockObject(plainText("Ask for the same again?"),
		plainText("You become the requester, and it needs approval like any other request."),
		plainText("Ask again"), plainText("Back"))
	return withButton(p.ThreadReply(r, job), button)
}

// canAskAgain reports whether a request closed without success for a reason that the same
// ask may not meet again. What another channel has already is asked there.
func canAskAgain(r approvals.Request) bool {
	states := []approvals.State{approvals.Expired, approvals.Failed, approvals.Superseded}
	reasons := []approvals.Reason{approvals.ReasonChannelReplaced, approvals.ReasonFromChannel}
	return slices.Contains(states, r.State) && r.Proposal != nil && !slices.Contains(reasons, r.Outcome.Reason)
}

// AskAgain is the ask of a request for the very group of its card. Its end may have
// passed.
func AskAgain(r approvals.Request) (ask approvals.Ask, ok bool) {
	if !canAskAgain(r) {
		return approvals.Ask{}, false
	}
	ask = r.Ask
	ask.Group = r.Proposal.Group.ID
	return ask, true
}

// DraftAgain fills a form with a request, except an end that has passed.
func DraftAgain(r approvals.Request) FormDraft {
	ask, _ := AskAgain(r)
	d := DraftOf(ask)
	d.Until, d.GroupName = "", r.Proposal.Group.Name
	d.Notice = fmt.Sprintf("*Ask again for what request %s asked.* Its end, %s, has passed: say when the new one ends.",
		quoteCode(r.ID), formatTime(r.Ask.Until))
	return d
}

// CannotAskAgain tells a person that a request is known by its thread alone, or has
// another end now.
func CannotAskAgain(id string) string {
	return fmt.Sprintf("I cannot ask again for what request %s asked: my database does not have it, or no longer as "+
		"its thread says. Ask with the command or the form, as its card says.", quoteCode(id)) +
		offerCommands(command.DefaultName+" help")
}
