package bot

import (
	"fmt"
	"strings"
	"time"

	"licensebot/approvals"
)

// Words phrases everything the bot says. It holds what the phrases depend on
// besides the request itself.
type Phrases struct {
	Channel  string                                   // the approvals channel
	Approve  []string                                 // emoji names; the first is shown
	Deny     []string                                 // emoji names; the first is shown
	CodeName func(code string) (name string, ok bool) // display names of user bundle codes

	terse bool // leave out what explains, on a card without room
}

func (w Phrases) approveEmoji() string { return ":" + w.Approve[0] + ":" }
func (w Phrases) denyEmoji() string    { return ":" + w.Deny[0] + ":" }

// named shows a code with its display name where the catalogue has one.
func (w Phrases) nameCode(c string) string {
	if name, ok := w.CodeName(c); ok {
		return quoteCode(c) + " " + escapeLine(name)
	}
	return quoteCode(c)
}

// group shows a group by name and id, or by id alone.
func nameGroup(g approvals.Group) string {
	if g.Name == "" || g.Name == g.ID {
		return "the group " + quoteCodeWithin(g.ID, maxName)
	}
	return "the group " + quoteCodeWithin(g.Name, maxName) + " (id " + quoteCodeWithin(g.ID, maxName) + ")"
}

// moment shows a time in the reader's own time zone.
func formatTime(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} at {time}|%s>", t.Unix(), t.UTC().Format("2006-01-02 15:04 UTC"))
}

// Receipt answers a command whose request is durable.
func (w Phrases) ConfirmReceipt(r approvals.Request, ahead int) string {
	return fmt.Sprintf("Request %s is recorded: %s. Nothing has changed yet. "+
		"I am checking it with UiPath; if it holds, its card appears in <#%s>%s and an approver decides there. "+
		"The card's thread will tell you how it ended.",
		quoteCode(r.ID), summarizeAsk(r.Ask, "the group "+quoteCode(r.Ask.Group), maxListed), sanitizeID(w.Channel), describeQueue(ahead))
}

// wish says what an ask comes to, with as many codes as there is room for.
func summarizeAsk(a approvals.Ask, group string, room int) string {
	shown := make([]string, len(a.Codes))
	for i, c := range a.Codes {
		shown[i] = quoteCode(FormatCode(c, a.Quotas))
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
		return fmt.Sprintf("add %s to %s, %s", all, group, FormatPeriod(a))
	}
	return fmt.Sprintf("add %s to %s", all, group)
}

// worthTelling is from how many cards ahead on people are told of the wait:
// Slack takes about one a second.
const minQueueTold = 10

// place tells how many cards are posted before, where that takes a while.
func describeQueue(ahead int) string {
	switch {
	case ahead < minQueueTold:
		return ""
	case ahead < 90:
		return fmt.Sprintf(" (%d others are ahead of it: in about a minute)", ahead)
	}
	return fmt.Sprintf(" (%d others are ahead of it: in about %d minutes)", ahead, (ahead+59)/60)
}

// Malformed answers a command that was not understood.
func ExplainCommandError(e *Error) string {
	if e.Try == "" {
		return e.Problem + " Nothing was recorded."
	}
	return fmt.Sprintf("%s Nothing was recorded.\nTry: %s", e.Problem, quoteCodeWithin(e.Try, maxCopied))
}

// Help explains the command.
func (w Phrases) CommandHelp(command string) string {
	typed := func(rest string) string { return quoteCode(command + " " + rest) }
	return strings.Join([]string{
		"*Ask for UiPath user licences for a group*",
		typed("group-01 RPADEVPRONU IDU") + " asks to add two licence codes to the group's allocation rule. " +
			"The group is its id or its exact name; a name with blanks goes in double quotes.",
		typed("group-01 IDU=10") + " lets the group use at most ten seats of a code.",
		typed("group-01 IDU for 30d") + " or " + quoteCode("until 2030-12-31") + " asks for a time that ends by itself.",
		typed(`"Finance Robots" IDU because new project`) + " tells the approvers why; the reason comes last.",
		typed("remove group-01 IDU") + " takes codes out, and " + typed("set group-01 IDU ATTUNU") +
			" makes the rule exactly these codes. Neither leaves a rule empty unless you add the word " + quoteCode("emptying") + ".",
		typed("show group-01") + " shows a group's rule, limits and seats; " + typed("codes") + " what the organisation owns.",
		typed("mine") + " and " + typed("pending") + " list your requests and those that wait for approval, page by page (" + quoteCode("pending 2") + "); " +
			typed("status") + " tells how things are.",
		typed("status "+ExampleID) + " tells where a request stands, and " + typed("why "+ExampleID) + " who has to agree and what happens then.",
		typed("cancel "+ExampleID) + " takes back your own open request, or with " + quoteCode("because …") + " one that you may approve; " +
			typed("end "+ExampleID) + " ends a timed one early.",
		typed("") + " alone opens a form to choose from.",
		fmt.Sprintf("Each request becomes a card in <#%s>. Approvers react with %s to approve or %s to deny; nobody can approve their own unless the policy lets them. "+
			"UiPath is changed only after that, and the card's thread tells what really happened.", sanitizeID(w.Channel), w.approveEmoji(), w.denyEmoji()),
	}, "\n")
}

// NotStored answers a command that could not be made durable.
func CommandNotStored() string {
	return "I could not record your request, so nothing was asked and nothing will happen. Please type it again in a minute; if this goes on, tell whoever runs licensebot that its database does not answer."
}

// Uncertain answers a command of which nobody can tell whether it was made
// durable.
func CommandUncertain() string {
	return "The database stopped answering while I recorded your request, so I cannot tell whether it was recorded. If no card appears within a few minutes, please type it again: what was recorded already is not asked twice."
}

// Doubtful answers a command about a request when it is not known whether it
// was recorded.
func ChangeUncertain(name, id string) string {
	return fmt.Sprintf("The database stopped answering while I recorded that, so I cannot tell whether it was recorded. Type %s in a minute to see where request %s stands.",
		quoteCode(name+" status "+id), quoteCode(id))
}

// Busy answers a command that came when too many others waited.
func CommandBusy() string {
	return "I am too busy to record your request right now, so nothing was asked and nothing will happen. Please type it again in a minute."
}

// Broken answers a command whose handling failed in a way nobody foresaw.
func CommandBroken() string {
	return "Something went wrong inside licensebot while it read your command, so I cannot tell whether it was recorded. If no card appears within a minute, please type it again and tell whoever runs licensebot."
}

// Standing tells a reactor why their reaction does not count.
func ExplainVoteIgnored(r approvals.Request, why approvals.Eligibility) string {
	start := fmt.Sprintf("Your reaction on request %s does not count: ", quoteCode(r.ID))
	switch why {
	case approvals.IsRequester:
		return start + fmt.Sprintf("it is your own request, and nobody can approve their own. To take it back, type %s.", quoteCode(NameOf(r.Ask)+" cancel "+r.ID))
	case approvals.NotApprover:
		return start + fmt.Sprintf("its approvers are %s.", mentionPeople(r.Terms.Approvers()))
	case approvals.IsGuest:
		return start + "guests of this workspace cannot approve licences."
	case approvals.IsExternal:
		return start + "people from another organisation cannot approve licences."
	case approvals.IsLate:
		return start + fmt.Sprintf("it came after the deadline, %s. Whoever still needs the licences has to ask again.", formatTime(r.Deadline))
	case approvals.Uncheckable:
		return start + "Slack did not let me check whether you may approve it. Whoever runs licensebot finds the reason in its log; once that is mended your reaction counts by itself."
	}
	return start + "this account cannot approve licences."
}

// Notice tells the requester privately where a request stands that has no
// thread to tell it in. It is empty when there is nothing to tell.
func (w Phrases) RequesterNotice(r approvals.Request) string {
	switch {
	case r.State == approvals.Filed && r.DelayReason != "":
		return fmt.Sprintf("Request %s is kept, but it could not be checked yet: %s. I keep trying until %s; you need not type it again.",
			quoteCode(r.ID), escapeLine(r.DelayReason), formatTime(r.Deadline))
	case r.State == approvals.Pending && r.DelayReason != "" && r.CardTS == "":
		return fmt.Sprintf("Request %s is kept, but its card could not be posted in <#%s> yet: %s. I keep trying until %s; you need not type it again.",
			quoteCode(r.ID), sanitizeID(w.Channel), escapeLine(r.DelayReason), formatTime(r.Deadline))
	case r.State == approvals.Refused:
		return w.explainRefusal(r)
	case r.State == approvals.Expired && r.CardTS == "":
		return fmt.Sprintf("Request %s expired: it could not be put before an approver until %s. Nothing was changed at UiPath. Please ask again if you still need it.",
			quoteCode(r.ID), formatTime(r.Deadline))
	case !r.State.Open():
		return w.DescribeOutcome(r)
	}
	return ""
}
