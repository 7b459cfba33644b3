package message

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// Phrases is what some sentences depend on besides the request.
type Phrases struct {
	Channel  string // the approvals channel
	Emoji    approvals.Emoji
	CodeName func(code string) (name string, ok bool) // display names of user bundle codes
}

func (p Phrases) approveEmoji() string { return ":" + p.Emoji.Approve[0] + ":" }

func (p Phrases) denyEmoji() string { return ":" + p.Emoji.Deny[0] + ":" }

// nameCode shows a code, with its display name if it has one.
func (p Phrases) nameCode(c string) string {
	if name, ok := p.CodeName(c); ok {
		return quoteCode(c) + " " + escapeLine(name)
	}
	return quoteCode(c)
}

// nameGroup shows a group by its name and id, or by its id alone.
func nameGroup(g approvals.Group) string {
	if g.Name == "" || g.Name == g.ID {
		return "the group " + quoteCodeWithin(g.ID, maxName)
	}
	return "the group " + quoteCodeWithin(g.Name, maxName) + " (id " + quoteCodeWithin(g.ID, maxName) + ")"
}

// formatTime shows a time in the reader's own time zone.
func formatTime(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} at {time}|%s>", t.Unix(), t.UTC().Format("2006-01-02 15:04 UTC"))
}

// ConfirmReceipt answers a command whose request is stored. So many cards are
// ahead of its own.
func (p Phrases) ConfirmReceipt(r approvals.Request, ahead int) string {
	return fmt.Sprintf("Request %s is recorded: %s. Nothing has changed yet. "+
		"I am checking it with UiPath; if it holds, its card appears in <#%s>%s and an approver decides there. "+
		"The card's thread will tell you how it ended.",
		quoteCode(r.ID), summarizeAsk(r.Ask, "the group "+quoteCode(r.Ask.Group), maxListed), sanitizeID(p.Channel), describeQueue(ahead))
}

// summarizeAsk says what an ask would do, with as many codes as there is room for.
func summarizeAsk(a approvals.Ask, group string, room int) string {
	shown := make([]string, len(a.Codes))
	for i, c := range a.Codes {
		shown[i] = quoteCode(command.FormatCode(c, a.Quotas))
	}
	all := joinWithin(room, shown)
	switch {
	case a.Action == approvals.Set && len(a.Codes) == 0:
		return "leave the rule of " + group + " empty"
	case a.Action == approvals.Set:
		return fmt.Sprintf("make the rule of %s exactly %s", group, all)
	case a.Action == approvals.Remove && a.MayEmpty:
		return fmt.Sprintf("take %s out of the rule of %s, even if that leaves it empty", all, group)
	case a.Action == approvals.Remove:
		return fmt.Sprintf("take %s out of the rule of %s", all, group)
	case a.IsTimed():
		return fmt.Sprintf("add %s to %s, %s", all, group, command.FormatPeriod(a))
	}
	return fmt.Sprintf("add %s to %s", all, group)
}

// minQueueTold is from how many cards ahead on people are told of the wait. Slack
// takes about one card a second.
const minQueueTold = 10

// describeQueue tells how many cards are ahead, if that takes a while.
func describeQueue(ahead int) string {
	switch {
	case ahead < minQueueTold:
		return ""
	case ahead < 90:
		return fmt.Sprintf(" (%d others are ahead of it: in about a minute)", ahead)
	}
	return fmt.Sprintf(" (%d others are ahead of it: in about %d minutes)", ahead, (ahead+59)/60)
}

// ExplainCommandError answers a command that was not understood.
func ExplainCommandError(e *command.Error) string {
	problem := renderProblem(e)
	if e.Try == "" {
		return problem + " Nothing was recorded."
	}
	return fmt.Sprintf("%s Nothing was recorded.\nTry: %s", problem, quoteCodeWithin(e.Try, maxCopied))
}

// renderProblem is the problem of a command, with what people type as code.
func renderProblem(e *command.Error) string {
	args := slices.Clone(e.Args)
	for i, arg := range args {
		if typed, ok := arg.(command.Typed); ok {
			args[i] = quoteCode(string(typed))
		}
	}
	return fmt.Sprintf(e.Format, args...)
}

// PlainProblem is the problem of a command as plain text, for a field of a form.
func PlainProblem(e *command.Error) string { return stripMarkup(renderProblem(e)) }

// stripMarkup takes the markup off a sentence of the bot. Every tick is markup:
// inside code the ticks of others are replaced.
func stripMarkup(text string) string {
	return html.UnescapeString(strings.ReplaceAll(text, "`", ""))
}

// CommandHelp explains the command of this name.
func (p Phrases) CommandHelp(name string) string {
	typed := func(rest string) string { return quoteCode(name + " " + rest) }
	return strings.Join([]string{
		"*Ask for UiPath user licenses for a group*",
		typed("group-01 RPADEVPRONU IDU") + " asks to add two license codes to the group's allocation rule. " +
			"The group is its id or its exact name; a name with blanks goes in double quotes.",
		typed("group-01 IDU=10") + " lets the group use at most ten seats of a code.",
		typed("group-01 IDU for 30d") + " or " + quoteCode("until 2030-12-31") + " asks for a time that ends by itself.",
		typed(`"Finance Robots" IDU because new project`) + " tells the approvers why; the reason comes last.",
		typed("remove group-01 IDU") + " takes codes out, and " + typed("set group-01 IDU ATTUNU") +
			" makes the rule exactly these codes. Neither leaves a rule empty unless you add the word " + quoteCode("emptying") + ".",
		typed("show group-01") + " shows a group's rule, limits and seats; " + typed("codes") + " what the organization owns.",
		typed("mine") + " and " + typed("pending") + " list your requests and those that wait for approval, page by page (" + quoteCode("pending 2") + "); " +
			typed("status") + " tells how things are.",
		typed("status "+command.ExampleID) + " tells where a request stands, and " + typed("why "+command.ExampleID) + " who has to agree and what happens then.",
		typed("cancel "+command.ExampleID) + " takes back your own open request, or with " + quoteCode("because …") + " one that you may approve; " +
			typed("end "+command.ExampleID) + " ends a timed one early.",
		typed("") + " alone opens a form to choose from.",
		fmt.Sprintf("Each request becomes a card in <#%s>. Approvers react with %s to approve or %s to deny; nobody can approve their own unless the policy lets them. "+
			"UiPath is changed only after that, and the card's thread tells what really happened.", sanitizeID(p.Channel), p.approveEmoji(), p.denyEmoji()),
	}, "\n")
}

// CommandNotStored answers a command whose request could not be stored.
func CommandNotStored() string {
	return "I could not record your request, so nothing was asked and nothing will happen. Please type it again in a minute; if this goes on, tell whoever runs licensebot that its database does not answer."
}

// CommandUncertain answers a command whose request may have been stored or not.
func CommandUncertain() string {
	return "The database stopped answering while I recorded your request, so I cannot tell whether it was recorded. If no card appears within a few minutes, please type it again: what was recorded already is not asked twice."
}

// ChangeUncertain answers a command that changes a request, if the change may have
// been stored or not.
func ChangeUncertain(name, id string) string {
	return fmt.Sprintf("The database stopped answering while I recorded that, so I cannot tell whether it was recorded. Type %s in a minute to see where request %s stands.",
		quoteCode(name+" status "+id), quoteCode(id))
}

// CommandBusy answers a command that came while too many others waited.
func CommandBusy() string {
	return "I am too busy to record your request right now, so nothing was asked and nothing will happen. Please type it again in a minute."
}

// CommandBroken answers a command that made the bot fail.
func CommandBroken() string {
	return "Something went wrong inside licensebot while it read your command, so I cannot tell whether it was recorded. If no card appears within a minute, please type it again and tell whoever runs licensebot."
}

// ExplainVoteIgnored tells a person why their reaction does not count.
func ExplainVoteIgnored(r approvals.Request, why approvals.Eligibility) string {
	start := fmt.Sprintf("Your reaction on request %s does not count: ", quoteCode(r.ID))
	switch why {
	case approvals.IsRequester:
		return start + fmt.Sprintf("it is your own request, and nobody can approve their own. To take it back, type %s.", quoteCode(command.NameOf(r.Ask)+" cancel "+r.ID))
	case approvals.NotApprover:
		return start + fmt.Sprintf("its approvers are %s.", mentionPeople(r.Terms.Approvers()))
	case approvals.IsGuest:
		return start + "guests of this workspace cannot approve licenses."
	case approvals.IsExternal:
		return start + "people from another organization cannot approve licenses."
	case approvals.IsLate:
		return start + fmt.Sprintf("it came after the deadline, %s. Whoever still needs the licenses has to ask again.", formatTime(r.Deadline))
	case approvals.Uncheckable:
		return start + "Slack did not let me check whether you may approve it. Whoever runs licensebot finds the reason in its log; once that is mended your reaction counts by itself."
	}
	return start + "this account cannot approve licenses."
}

// RequesterNotice tells the requester privately where a request stands that has
// no thread. It is empty if there is nothing to tell.
func (p Phrases) RequesterNotice(r approvals.Request) string {
	switch {
	case r.State == approvals.Filed && r.DelayReason != "":
		return fmt.Sprintf("Request %s is kept, but it could not be checked yet: %s. I keep trying until %s; you need not type it again.",
			quoteCode(r.ID), escapeLine(r.DelayReason), formatTime(r.Deadline))
	case r.State == approvals.Pending && r.DelayReason != "" && r.CardTS == "":
		return fmt.Sprintf("Request %s is kept, but its card could not be posted in <#%s> yet: %s. I keep trying until %s; you need not type it again.",
			quoteCode(r.ID), sanitizeID(p.Channel), escapeLine(r.DelayReason), formatTime(r.Deadline))
	case r.State == approvals.Refused:
		return p.explainRefusal(r)
	case r.State == approvals.Expired && r.CardTS == "":
		return fmt.Sprintf("Request %s expired: it could not be put before an approver until %s. Nothing was changed at UiPath. Please ask again if you still need it.",
			quoteCode(r.ID), formatTime(r.Deadline))
	case !r.State.Open():
		return p.DescribeOutcome(r)
	}
	return ""
}
