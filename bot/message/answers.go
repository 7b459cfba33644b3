package message

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// A Receipt is what is known of a request when it was stored.
type Receipt struct {
	Request approvals.Request
	Ahead   int                      // cards ahead of its own
	Short   []approvals.SeatShortage // by what UiPath told last
}

// ConfirmReceipt answers a command after its request was stored.
func (p Phrases) ConfirmReceipt(known Receipt) string {
	r := known.Request
	return fmt.Sprintf("Request %s is recorded: %s. Nothing has changed yet.%s "+
		"I am checking it with UiPath. If it passes, its card appears in %s%s, where an approver decides. "+
		"The card's thread says how it ends.",
		quoteCode(r.ID),
		summarizeAsk(r.Ask, "the group "+quoteCode(r.Ask.Group), maxListed)+sayForGood(r.Ask)+sayPacks(r.Ask),
		sayShortages(known.Short, maxListed), mentionChannel(r.Channel), describeQueue(known.Ahead))
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

// sayForGood says that codes are asked for without an end.
func sayForGood(a approvals.Ask) string {
	if a.IsTimed() || a.Action == approvals.Remove || a.Action == approvals.Set {
		return ""
	}
	return ", for good"
}

// sayPacks says by which packs codes were asked for.
func sayPacks(a approvals.Ask) string {
	switch len(a.Packs) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(" (with the pack %s)", quoteCode(a.Packs[0]))
	}
	return fmt.Sprintf(" (with the packs %s)", joinWithin(maxTerse, quoteCodes(a.Packs)))
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
		return "remove all codes from " + group
	case a.Action == approvals.Set:
		return fmt.Sprintf("set %s to exactly %s", group, all)
	case a.Action == approvals.Remove && a.MayEmpty:
		return fmt.Sprintf("remove %s from %s, even if that leaves it empty", all, group)
	case a.Action == approvals.Remove:
		return fmt.Sprintf("remove %s from %s", all, group)
	case a.IsTimed():
		return fmt.Sprintf("add %s to %s, %s", all, group, command.FormatPeriod(a))
	}
	return fmt.Sprintf("add %s to %s", all, group)
}

// ExplainCommandError answers a command that was not understood: with the one command
// that was meant, with those of which one was meant, or with one to fill in.
func ExplainCommandError(e *command.Error) string {
	text := renderProblem(e) + " Nothing was recorded."
	if e.Try != "" {
		return text + offerCommands(e.Try)
	}
	if e.AllMeant {
		return text + offerCommands(e.Either...)
	}
	text += offerEither(e.Either)
	if e.Fill != "" {
		text += offerToFill(e.Fill)
	}
	return text
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

// CommandNotStored answers a command after the store refused its request.
func CommandNotStored() string {
	return "I could not record your request, so nothing was asked and nothing will happen. " +
		"Please type it again in a minute. If this goes on, tell the operator of licensebot that its database " +
		"does not answer."
}

// TooManyOpen answers a person who has as many open requests as one person may have.
func TooManyOpen(command string, most int) string {
	return fmt.Sprintf("You have %s, and one person may have no more at a time, "+
		"so nothing was asked and nothing will happen. Wait until some are decided. "+
		"Or see them with `%[2]s mine`, take one back with `%[2]s cancel <id>`, "+
		"and ask again.", pluralize(most, "open request"), command)
}

// CommandUncertain answers a command if it is unknown whether its request was
// stored.
func CommandUncertain() string {
	return "The database stopped answering while I recorded your request, so I cannot tell whether it was " +
		"recorded. If no card appears within a few minutes, please type it again: " +
		"a request that was recorded is not asked twice."
}

// ChangeUncertain answers a command to change a request if it is unknown whether the
// change was stored.
func ChangeUncertain(name, id string) string {
	return fmt.Sprintf("The database stopped answering while I recorded that, so I cannot tell whether it was "+
		"recorded. Type %s in a minute to see where request %s stands.",
		quoteCode(name+" status "+id), quoteCode(id))
}

// CommandBusy answers a command that came while too many others waited.
func CommandBusy() string {
	return "I am too busy to record your request right now, so nothing was asked and nothing will happen. " +
		"Please type it again in a minute."
}

// CommandForeign answers a command from another workspace.
func CommandForeign() string {
	return "This licensebot belongs to another workspace, so it answers nothing here and recorded nothing. " +
		"Please use it in its own workspace."
}

// CommandOfUnknown answers a person while Slack hides who they are.
func CommandOfUnknown() string {
	return "Your command did nothing, because Slack did not tell me who you are. Nothing was recorded. " +
		"Please type it again in a minute. If that does not help, tell the operator of licensebot."
}

// CommandBroken answers a command that made the bot fail.
func CommandBroken() string {
	return "Your command made something go wrong inside licensebot, so I cannot tell whether it was " +
		"recorded. If no card appears within a minute, please type it again and tell the operator of licensebot."
}
