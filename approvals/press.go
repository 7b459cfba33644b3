package approvals

// A Press is what a person last did with the buttons of a card. Slack cannot tell it
// again, so the request keeps it, and its thread says it.
type Press struct {
	User    string      `json:"user" words:"person"`
	Button  PressButton `json:"button"`
	At      string      `json:"at"`                             // Slack's time, as of a reaction; empty: now
	Comment string      `json:"comment,omitempty" words:"text"` // why, with a denial
}

// A PressButton is one of a card's buttons.
type PressButton string

// The buttons. Withdraw takes back everything that its presser gave before, by
// buttons or reactions.
const (
	PressApprove  PressButton = "approve"
	PressDeny     PressButton = "deny"
	PressWithdraw PressButton = "withdraw"
)

// pressName stands for an emoji's name in the votes that were given by a button. No
// emoji has a blank in its name.
const pressName = "a button"
