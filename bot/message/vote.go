package message

import (
	"fmt"
	"slices"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// DenyCallback is the callback id of the form that asks why a request is denied.
const DenyCallback = "deny_form"

// FieldComment is the field of that form.
const FieldComment = "comment"

// MaxComment is the most characters of a comment.
const MaxComment = 300

// A voteButton is one button of a card. Its action id says what it does, and its value
// is the request.
type voteButton struct {
	press    approvals.PressButton
	actionID string
	text     string
	style    slack.Style
}

var voteButtons = []voteButton{
	{approvals.PressApprove, "vote_approve", "Approve", slack.StylePrimary},
	{approvals.PressDeny, "vote_deny", "Deny", slack.StyleDanger},
	{approvals.PressWithdraw, "vote_withdraw", "Withdraw", slack.StyleDefault},
}

// ParsePress reads the action id of a click. It is not ok for other buttons.
func ParsePress(actionID string) (button approvals.PressButton, ok bool) {
	for _, b := range voteButtons {
		if b.actionID == actionID {
			return b.press, true
		}
	}
	return "", false
}

// voteBlocks are these buttons of a request that takes votes by them.
func voteBlocks(r approvals.Request, presses ...approvals.PressButton) []slack.Block {
	if !r.Terms.Buttons || !r.State.Open() || r.Terms.AutoApprove {
		return nil
	}
	var row []slack.BlockElement
	for _, b := range voteButtons {
		if slices.Contains(presses, b.press) {
			button := newButton(b.actionID, r.ID, b.text)
			button.Style = b.style
			row = append(row, button)
		}
	}
	return []slack.Block{slack.NewActionBlock("vote_"+r.ID, row...)}
}

// RenderDenyForm draws the form that asks why a request is denied. metadata comes back with it.
func RenderDenyForm(requestID, metadata string) slack.ModalViewRequest {
	why := inputBlock(FieldComment, "Why?", "It is shown in the request's thread. You may leave it empty.",
		textInput(FieldComment, MaxComment, true))
	why.Optional = true
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: DenyCallback, PrivateMetadata: metadata,
		Title: plainText("Deny " + requestID), Submit: plainText("Deny"), Close: plainText("Back"),
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			sectionBlock(fmt.Sprintf("Request %s is denied for everyone when you submit this.", quoteCode(requestID))),
			why,
		}},
	}
}

// DescribePress tells the thread what a person did with the card's buttons.
func DescribePress(r approvals.Request, p approvals.Press) string {
	who := mentionUser(p.User)
	switch p.Button {
	case approvals.PressApprove:
		return fmt.Sprintf("%s approved request %s with the button.", who, quoteCode(r.ID))
	case approvals.PressDeny:
		return fmt.Sprintf("%s denied request %s with the button%s.", who, quoteCode(r.ID), because(p.Comment))
	}
	return fmt.Sprintf("%s withdrew their vote on request %s with the button.", who, quoteCode(r.ID))
}

// because is a clause with a person's own words; empty if there are none.
func because(words string) string {
	if !approvals.HasVisibleText(words) {
		return ""
	}
	return ", because " + quoteCodeWithin(words, MaxComment)
}

// ConfirmWithdrawal tells a person that everything they gave is taken back. Of an approved
// request the change may be on its way to UiPath already, with their approval.
func ConfirmWithdrawal(r approvals.Request) string {
	id := r.ID
	if r.State == approvals.Approved {
		return fmt.Sprintf("The withdrawal of your vote on request %s is recorded, but the request was approved "+
			"before it. If the change was already sent to UiPath, it stays. The card's thread tells which.", quoteCode(id))
	}
	return fmt.Sprintf("Your vote on request %s is withdrawn, whether you gave it with a button or a reaction. "+
		"To vote again, press a button or react anew.", quoteCode(id))
}

// ConfirmVote tells an approver that their approval counts, and what is still missing.
func ConfirmVote(r approvals.Request) string {
	return fmt.Sprintf("Your approval of request %s counts. It waits for more: %s, until %s.",
		quoteCode(r.ID), describeMissing(r), formatTime(r.Deadline))
}

// PressAgain tells a person that nothing was recorded, and that another press may help.
func PressAgain(id string) string {
	return fmt.Sprintf("I could not record what you pressed on request %s, so it does not count. "+
		"Please press again in a minute, or react with the emoji on its card. If this goes on, tell the operator "+
		"of licensebot.", quoteCode(id))
}

// AlreadyPressed tells a person that their last press was the same.
func AlreadyPressed(id string) string {
	return fmt.Sprintf("You pressed that before, and it is recorded. Press Withdraw to take back your vote on "+
		"request %s.", quoteCode(id))
}

// PressTooLate tells a person that the request takes no votes now.
func PressTooLate(name, id string) string {
	return fmt.Sprintf("Request %s takes no votes now, so nothing was recorded. Type %s to see where it stands.",
		quoteCode(id), quoteCode(name+" status "+id))
}

// ExplainOtherEmoji tells a person who may vote that their emoji is no vote on this
// card, and which ones are.
func (p Phrases) ExplainOtherEmoji(r approvals.Request) string {
	buttons := ""
	if r.Terms.Buttons {
		buttons = " The buttons on the card do the same."
	}
	return fmt.Sprintf("Your emoji on request %s is no vote: react with %s to approve or %s to deny.%s",
		quoteCode(r.ID), p.of(r).approveEmoji(), p.of(r).denyEmoji(), buttons)
}

// TellVoter tells a person that their vote counts, or why it does not.
func (p Phrases) TellVoter(r approvals.Request, e approvals.Eligibility) string {
	switch e {
	case approvals.Counts:
		return ConfirmVote(r)
	case approvals.OtherEmoji:
		return p.ExplainOtherEmoji(r)
	}
	return ExplainVoteIgnored(r, e)
}
