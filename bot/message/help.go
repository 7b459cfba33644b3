package message

import (
	"fmt"
	"strings"

	"licensebot/bot/command"
)

// CommandHelp explains the command of this name.
func (p Phrases) CommandHelp(name string) string {
	typed := func(rest string) string { return quoteCode(name + " " + rest) }
	return strings.Join([]string{
		"*Ask for UiPath user licenses for a group*",
		typed("group-01 RPADEVPRONU IDU") + " asks to add two license codes to a group. " +
			"Type the group's id or its exact name, and codes or names of licenses.",
		typed("group-01 IDU=10") + " lets the group use at most ten seats of a code.",
		typed("group-01 IDU for 30d") + " or " + quoteCode("until 2030-12-31") +
			" asks for a limited time, and so do " + quoteCode("for a month") + " and " + quoteCode("until Friday") + ".",
		typed(`"Finance Robots" IDU because new project`) + " tells the approvers why; the reason comes last.",
		typed("remove group-01 IDU") + " removes codes, and " + typed("set group-01 IDU ATTUNU") +
			" gives the group exactly these codes. To leave a group without codes, add the word " +
			quoteCode(command.WordEmpty) + ".",
		typed("show group-01") + " shows a group's codes, limits and seats, " +
			typed("show IDU") + " the groups that have a license; " +
			typed("codes") + " shows what the organization owns.",
		typed("mine") + " and " + typed("pending") + " list your requests and those that wait for approval, " +
			"page by page (" + quoteCode("pending 2") + "); " + typed("status") + " says how many are open.",
		typed("status "+command.ExampleID) + " says where a request stands, and " +
			typed("why "+command.ExampleID) + " who has to approve and what happens then.",
		typed("cancel "+command.ExampleID) + " takes back your own open request, or with " +
			quoteCode("because …") + " one that you may approve; " +
			typed("end "+command.ExampleID) + " ends one with a limited time early.",
		typed("") + " alone opens a form.",
		fmt.Sprintf("Each request becomes a card in %s. Approvers react with %s to approve or %s to deny; "+
			"requesters cannot approve their own requests unless the policy lets them. "+
			"UiPath is changed only after that, and the card's thread says how it ended.",
			p.mentionToday(), p.approveEmoji(), p.denyEmoji()),
	}, "\n")
}
