package message

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/internal/groupname"
)

// explainRefusal says why a request was not put before an approver, and what to
// type instead.
func (p Phrases) explainRefusal(r approvals.Request) string {
	start := fmt.Sprintf("Request %s was not put before an approver, and nothing was changed at UiPath: ",
		quoteCode(r.ID))
	o := r.Outcome
	switch o.Reason {
	case approvals.ReasonNoSuchGroup:
		return start + explainUnknownGroup(r.Ask.Group, o.Suggestions) + suggestNearestGroup(r.Ask, o.Suggestions)
	case approvals.ReasonAmbiguousGroup:
		return start + explainAmbiguousGroup(r.Ask.Group, o.Suggestions)
	case approvals.ReasonNotOwned:
		return start + p.explainNotOwned(r, o)
	case approvals.ReasonNothingToDo:
		return start + explainNothingToDo(r)
	case approvals.ReasonWouldEmpty:
		return start + explainWouldEmpty(r)
	case approvals.ReasonQuotaTooLow:
		return start + explainLowLimit(r)
	case approvals.ReasonTooLarge:
		return start + explainTooLarge(r)
	case approvals.ReasonQuotaWithoutCode:
		return start + fmt.Sprintf("a seat limit was asked for %s, which the group %s would not have.",
			joinCodes(o.ConcernedCodes), quoteCode(r.Ask.Group))
	case approvals.ReasonDuplicate:
		return start + explainDuplicate(r)
	case approvals.ReasonPolicy:
		return start + explainViolation(r)
	case approvals.ReasonNoApprovers:
		return start + p.explainLack(o.Lacking)
	case approvals.ReasonUncheckable:
		return start + fmt.Sprintf("the policy depends on your user groups, and Slack does not show them (%s). "+
			"The operator of licensebot has to fix that; then ask again.",
			quoteCode(o.Answer))
	}
	if text := explainBadTerm(r); text != "" {
		return start + text
	}
	return start + fmt.Sprintf("UiPath refused to show the group's allocation (%s). "+
		"The operator of licensebot has to fix that; then ask again.", quoteCode(o.Answer))
}

// explainLack says that nobody can approve the request.
func (p Phrases) explainLack(l *approvals.LackOfApproversError) string {
	if l == nil {
		l = new(approvals.LackOfApproversError)
	}
	rule := "the policy"
	if l.Rule != "" {
		rule = "the policy rule " + quoteCodeWithin(l.Rule, maxName)
	}
	needs := fmt.Sprintf("nobody can approve it at the moment. %s needs %s, and the people it names can give only %d",
		capitalize(rule), pluralize(l.Needed, "approval"), l.Needed-l.Missing)
	if len(l.Outside) > 0 {
		return needs + fmt.Sprintf(" in the private channel %s. ", p.mentionToday()) + explainOutside(l)
	}
	return needs + ". Requesters cannot approve their own requests unless the policy lets them. " +
		"Ask the operator of licensebot to name more approvers; then ask again."
}

// explainOutside says whom it takes in the approvals channel.
func explainOutside(l *approvals.LackOfApproversError) string {
	people, rest := mentionPeople(l.Outside), ""
	if l.Missing < len(l.Outside) {
		people = fmt.Sprintf("at least %d of %s", l.Missing, people)
	}
	if l.Missing > len(l.Outside) {
		rest = ", and the operator of licensebot to name more approvers"
	}
	return "Ask one of its members to invite " + people + rest + "; then ask again."
}

// offerCommands shows commands to copy.
func offerCommands(commands ...string) string {
	text := "\nTry: "
	for i, command := range commands {
		if i > 0 {
			text += "\nand: "
		}
		text += quoteCodeWithin(command, maxCopied)
	}
	return text
}

// offerToFill shows a command with a word to replace. It cannot be sent as it is.
func offerToFill(command string) string { return "\nFill in: " + quoteCodeWithin(command, maxCopied) }

// offerEither shows commands to copy, of which one is meant.
func offerEither(commands []string) string {
	if len(commands) == 1 {
		return offerCommands(commands...)
	}
	text := ""
	for i, command := range commands {
		lead := "\nor: "
		if i == 0 {
			lead = "\nEither: "
		}
		text += lead + quoteCodeWithin(command, maxCopied)
	}
	return text
}

// explainUnknownGroup says that no group has this id or name.
func explainUnknownGroup(ref string, nearest []string) string {
	text := fmt.Sprintf("UiPath has no group with the id or the exact name %s.", quoteCode(ref))
	if len(nearest) == 0 {
		return text + " If the name has blanks, put it in double quotes."
	}
	if len(nearest) == 1 {
		return text + fmt.Sprintf(" The nearest is %s.", joinCodes(nearest))
	}
	return text + fmt.Sprintf(" The nearest are %s.", joinCodes(nearest))
}

func suggestNearestGroup(ask approvals.Ask, nearest []string) string {
	if len(nearest) == 0 {
		return ""
	}
	var commands []string
	for _, group := range nearest[:min(len(nearest), 3)] {
		ask.Group = group
		commands = append(commands, command.Suggest(ask))
	}
	return offerEither(commands)
}

func explainAmbiguousGroup(ref string, ids []string) string {
	if groupname.IsGUID(ref) {
		return fmt.Sprintf("UiPath shows no group with the id %s. A group has it as its name, and a group cannot be "+
			"meant by such a name. If you mean that group, ask again with its id: %s.", quoteCode(ref), joinCodes(ids))
	}
	return fmt.Sprintf("several groups at UiPath are called %s. Ask again with the id of the one you mean: %s.",
		quoteCode(ref), joinCodes(ids))
}

func explainNothingToDo(r approvals.Request) string {
	group, now := quoteCode(r.Ask.Group), joinAllocation(r.Outcome.Allocation)
	switch {
	case r.Ask.Action == approvals.Remove:
		return fmt.Sprintf("the group %s does not have %s; it has %s.",
			group, joinCodes(r.Outcome.ConcernedCodes), now)
	case r.Ask.Action == approvals.Set && len(r.Ask.Codes) == 0:
		return fmt.Sprintf("the group %s has no codes already.", group)
	case r.Ask.Action == approvals.Set:
		return fmt.Sprintf("the group %s already has exactly %s.", group, now)
	}
	var has []string
	for _, c := range r.Outcome.ConcernedCodes {
		has = append(has, command.FormatCode(c, r.Ask.Quotas))
	}
	return fmt.Sprintf("the group %s already has %s.", group, joinCodes(has))
}

func explainWouldEmpty(r approvals.Request) string {
	ask := r.Ask
	ask.MayEmpty = true
	return fmt.Sprintf("the group %s has only %s, so it would be left without codes. "+
		"If that is what you want, add the word %s.",
		quoteCode(ask.Group), joinCodes(r.Outcome.ConcernedCodes), quoteCode(command.WordEmpty)) +
		offerCommands(command.Suggest(ask))
}

// explainLowLimit suggests the lowest limits that UiPath accepts.
func explainLowLimit(r approvals.Request) string {
	ask := r.Ask
	ask.Quotas = slices.Clone(ask.Quotas)
	var parts []string
	for _, least := range r.Outcome.Suggestions {
		c, used, _ := strings.Cut(least, "=")
		limit, err := strconv.Atoi(used)
		if err != nil {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s: %s", quoteCode(c), countSeats(limit)))
		for i := range ask.Quotas {
			if ask.Quotas[i].Code == c {
				ask.Quotas[i].Limit = limit
			}
		}
	}
	return fmt.Sprintf("the group %s uses more seats than the limit that was asked for (%s in use), "+
		"and UiPath accepts no limit below that.",
		quoteCode(ask.Group), joinList(parts)) + offerCommands(command.Suggest(ask))
}

// explainTooLarge says how many codes a card has room for, and suggests a first
// part of the request. What setting the allocation would change is added and
// removed instead.
func explainTooLarge(r approvals.Request) string {
	all, fitting := r.Outcome.ConcernedCodes, r.Outcome.Suggestions
	if len(fitting) == 0 {
		return "it is about a code that is too long to be shown on the card that approvers read. " +
			"A UiPath admin has to make this change."
	}
	if len(fitting) == len(all) {
		return "it sets all codes that the group will have, and the card that approvers read has no room for those " +
			"that stay. Ask for the difference alone." +
			offerCommands(splitByRule(r.Ask, approvals.Part{Codes: fitting[:min(len(fitting), command.MaxCodes)]})...)
	}
	text := fmt.Sprintf("it changes %s, and the card that approvers read has room for %d of them. "+
		"Split the request, so that approvers see all that they agree to.", pluralize(len(all), "code"), len(fitting))
	commands := splitByRule(r.Ask, approvals.Part{Codes: fitting[:min(len(fitting), command.MaxCodes)]})
	return text + offerCommands(commands...)
}

func explainDuplicate(r approvals.Request) string {
	other := "another request"
	if len(r.Outcome.Suggestions) > 0 {
		other = "request " + quoteCode(r.Outcome.Suggestions[0])
	}
	text := fmt.Sprintf("%s, which is still open, asks for the very same. "+
		"You need not ask again. Its status says where it stands and where its card is.", other)
	if len(r.Outcome.Suggestions) > 0 {
		text += offerCommands(command.NameOf(r.Ask) + " status " + r.Outcome.Suggestions[0])
	}
	return text
}

// explainNotOwned names each code that the organization lacks, the nearest code
// that it owns, and a command with the nearest codes.
func (p Phrases) explainNotOwned(r approvals.Request, o *approvals.Outcome) string {
	var parts []string
	for i, c := range o.ConcernedCodes {
		part := "your organization does not own " + p.nameCode(c)
		if near := elementAt(o.Suggestions, i); near != "" {
			part += "; did you mean " + p.nameCode(near) + "?"
		}
		parts = append(parts, part)
	}
	text := joinList(parts) + "."
	text = strings.ReplaceAll(text, "?.", "?")
	if len(o.Allocation) > 0 {
		text += " It owns " + joinAllocation(o.Allocation) + "."
	} else {
		text += " It owns no user licenses."
	}
	corrected := command.ReplaceCodes(r.Ask, o.ConcernedCodes, o.Suggestions)
	if len(corrected.Codes) == len(r.Ask.Codes) { // a suggestion leaves nothing out
		text += offerCommands(command.Suggest(corrected))
	}
	return text
}

func elementAt(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return ""
}
