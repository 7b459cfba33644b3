package message

import (
	"fmt"
	"slices"
	"strings"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// explainViolation says why the policy does not allow a request, by which rule,
// and what to type instead if something would do.
func explainViolation(r approvals.Request) string {
	o := r.Outcome.Violation
	if o == nil {
		return "the policy does not allow it."
	}
	group, about := quoteCode(r.Ask.Group), joinCodes(o.Codes)
	switch o.Kind {
	case approvals.ViolationUnnamedGroup:
		return fmt.Sprintf("%s goes by the group's name, and UiPath does not show the name of %s. "+
			"Ask again with its exact name. If that does not help, the operator of licensebot has to name the "+
			"group by its id in the policy.", nameRule(o), group)
	case approvals.ViolationNotAllowed:
		return fmt.Sprintf("no rule of the policy lets you ask for %s for the group %s.",
			about, group) + suggestWithout(r.Ask, o.Codes)
	case approvals.ViolationNeedsPeople:
		return explainNeedsPeople(o, about, group)
	case approvals.ViolationDenied:
		return fmt.Sprintf("%s does not allow %s for the group %s%s.",
			nameRule(o), about, group, appendAuthorWords(o.Message)) + suggestWithout(r.Ask, o.Codes)
	case approvals.ViolationProtectedGroup:
		return fmt.Sprintf("%s is the group of all users or of the administrators, and %s does not name it. "+
			"The operator of licensebot can name it there, if that is intended.", group, nameRule(o))
	case approvals.ViolationMixedRules:
		return explainMixedRules(r.Ask, o)
	}
	return explainLimitViolation(r.Ask, o)
}

// explainLimitViolation explains violations of how much is asked, for how long,
// and why.
func explainLimitViolation(ask approvals.Ask, o *approvals.Violation) string {
	switch o.Kind {
	case approvals.ViolationReasonMissing, approvals.ViolationReasonShape:
		return explainReason(o) + offerToFill(command.Suggest(withReasonSlot(ask)))
	case approvals.ViolationTooManyCodes:
		return fmt.Sprintf("%s allows at most %s in one request, and this one has %d.",
			nameRule(o), pluralize(o.MaxCodes, "code"), len(o.Codes)) + suggestFewer(ask, o)
	case approvals.ViolationMustEnd:
		return fmt.Sprintf("%s grants licenses only for a limited time%s.",
			nameRule(o), longestTerm(o)) + offerCommands(command.Suggest(withLongestTerm(ask, o)))
	case approvals.ViolationTooLong:
		return fmt.Sprintf("%s does not grant licenses for that long%s.",
			nameRule(o), longestTerm(o)) + offerCommands(command.Suggest(withLongestTerm(ask, o)))
	case approvals.ViolationQuotaMissing:
		return fmt.Sprintf("%s asks for a seat limit for every code, at most %s in one request.",
			nameRule(o), countSeats(o.MaxSeats)) + suggestLimits(ask, o)
	case approvals.ViolationTooManySeats:
		return fmt.Sprintf("%s allows at most %s in one request.",
			nameRule(o), countSeats(o.MaxSeats)) + suggestLimits(ask, o)
	}
	if o.Kind == approvals.ViolationNoSeats {
		return nameRule(o) + " grants nothing that the organization has too few seats for." +
			sayShortages(o.Shortages, maxShort) + suggestWithout(ask, codesShort(o.Shortages))
	}
	return fmt.Sprintf("%s does not allow it (%s).", nameRule(o), quoteCode(string(o.Kind)))
}

// explainReason says what a rule asks of the reason.
func explainReason(o *approvals.Violation) string {
	format := "%s asks for a reason%s."
	if o.Kind == approvals.ViolationReasonShape {
		format = "%s does not accept the reason that was given%s."
	}
	return fmt.Sprintf(format, nameRule(o), appendAuthorWords(reasonHint(o)))
}

// PlainReasonProblem is what a form shows under the reason.
func PlainReasonProblem(o *approvals.Violation) string {
	return stripMarkup(capitalize(explainReason(o)))
}

// explainNeedsPeople says what a rule grants by itself, and that no people are
// named for more.
func explainNeedsPeople(o *approvals.Violation, about, group string) string {
	if o.MaxDuration > 0 {
		return fmt.Sprintf("%s grants %s by itself for at most %s in a row, counting the grants that the group %s "+
			"had before, and no rule names people who may approve more.",
			nameRule(o), about, quoteCode(command.FormatDuration(o.MaxDuration)), group)
	}
	actions := make([]string, len(o.Actions))
	for i, action := range o.Actions {
		actions[i] = describeAction(action)
	}
	return fmt.Sprintf("for the group %s, %s grants by itself only to %s, and no rule names people who may approve "+
		"anything else for %s.", group, nameRule(o), joinList(actions), about)
}

func describeAction(action approvals.Action) string {
	switch action {
	case approvals.Add:
		return "add codes"
	case approvals.Remove:
		return "remove codes"
	case approvals.Set:
		return "set the allocation"
	case approvals.ActionQuota:
		return "change seat limits"
	}
	return string(action)
}

// nameRule names the rule that is violated.
func nameRule(o *approvals.Violation) string {
	if o.Rule == "" {
		return "the policy"
	}
	return "the policy rule " + quoteCode(o.Rule)
}

// appendAuthorWords adds the words of the policy's author.
func appendAuthorWords(said string) string {
	said = strings.TrimRight(strings.TrimSpace(said), ".")
	if said == "" {
		return ""
	}
	return ": " + escapeLine(said)
}

// reasonHint says what kind of reason the rule wants.
func reasonHint(o *approvals.Violation) string {
	switch {
	case o.Hint != "":
		return o.Hint
	case o.Pattern != "":
		return "it has to match " + o.Pattern
	}
	return ""
}

// longestTerm says for how long the rule grants licenses.
func longestTerm(o *approvals.Violation) string {
	if o.MaxDuration == 0 {
		return ""
	}
	return "; the longest is " + quoteCode(command.FormatDuration(o.MaxDuration))
}

// withReasonSlot leaves the reason to the person.
func withReasonSlot(ask approvals.Ask) approvals.Ask {
	ask.Reason = command.ReasonToFill
	return ask
}

// withLongestTerm is the ask for the longest time that the policy grants. An
// allocation that is set has no end, so only its new codes are asked for.
func withLongestTerm(ask approvals.Ask, o *approvals.Violation) approvals.Ask {
	if ask.Action == approvals.Set {
		ask = command.KeepCodes(ask, approvals.Common(ask.Codes, o.Codes))
		ask.Action = approvals.Add
	}
	ask.Until, ask.For = approvals.Ask{}.Until, command.ExamplePeriod
	if o.MaxDuration > 0 {
		ask.For = min(o.MaxDuration, command.MaxPeriod)
	}
	return ask
}

// suggestWithout suggests the ask without the forbidden codes. For an allocation
// that is set there is no suggestion, because it would take these codes away.
func suggestWithout(ask approvals.Ask, trouble []string) string {
	left := approvals.Without(ask.Codes, trouble)
	if ask.Action == approvals.Set || len(left) == 0 || len(left) == len(ask.Codes) {
		return ""
	}
	return offerCommands(command.Suggest(command.KeepCodes(ask, left)))
}

// suggestFewer suggests as many codes as the rule allows in one request.
func suggestFewer(ask approvals.Ask, o *approvals.Violation) string {
	concerned := approvals.Common(ask.Codes, o.Codes)
	if ask.Action == approvals.Set || o.MaxCodes < 1 || len(concerned) <= o.MaxCodes {
		return fmt.Sprintf(" Ask in smaller steps, with %s and %s.", quoteCode("add"), quoteCode("remove"))
	}
	return offerCommands(command.Suggest(command.KeepCodes(ask, concerned[:o.MaxCodes])))
}

// suggestLimits shares the seats that the policy grants among the codes.
func suggestLimits(ask approvals.Ask, o *approvals.Violation) string {
	concerned := approvals.Common(ask.Codes, o.Codes)
	if len(concerned) == 0 || o.MaxSeats < len(concerned) {
		return ""
	}
	var quotas []approvals.Quota
	for _, q := range ask.Quotas {
		if len(approvals.Common([]string{q.Code}, concerned)) == 0 {
			quotas = append(quotas, q)
		}
	}
	for _, c := range concerned {
		quotas = append(quotas, approvals.Quota{Code: c, Limit: o.MaxSeats / len(concerned)})
	}
	ask.Quotas = quotas
	return offerCommands(command.Suggest(ask))
}

// maxParts is for how many commands they are written out.
const maxParts = 5

// explainMixedRules suggests one request for each rule that decides about some of
// the codes.
func explainMixedRules(ask approvals.Ask, o *approvals.Violation) string {
	var rules, commands, limits []string
	for _, part := range o.Parts {
		what := joinCodes(part.Codes)
		if part.OnlyQuotas {
			what = "the seat limit of " + what
		}
		rules = append(rules, fmt.Sprintf("%s by the policy rule %s", what, quoteCode(part.Rule)))
		if part.OnlyQuotas {
			limits = append(limits, splitByRule(ask, part)...)
		} else {
			commands = append(commands, splitByRule(withoutOthersLimits(ask, o.Parts), part)...)
		}
	}
	text := fmt.Sprintf("several rules of the policy decide about this request: %s. Ask for each separately.",
		joinWithin(maxListed, rules))
	if len(limits) > 0 {
		text += " A seat limit comes after its code."
	}
	commands = append(commands, limits...)
	if len(commands) > maxParts {
		return text
	}
	return text + offerCommands(commands...)
}

// withoutOthersLimits leaves out the limits that a rule of their own decides about.
func withoutOthersLimits(ask approvals.Ask, parts []approvals.Part) approvals.Ask {
	for _, part := range parts {
		if part.OnlyQuotas {
			ask.Quotas = slices.DeleteFunc(slices.Clone(ask.Quotas), func(q approvals.Quota) bool {
				return slices.Contains(part.Codes, q.Code)
			})
		}
	}
	return ask
}

// splitByRule writes the commands that ask for one rule's part alone. What
// setting the allocation would change is added and removed instead.
func splitByRule(ask approvals.Ask, part approvals.Part) []string {
	if ask.Action != approvals.Set {
		return []string{command.Suggest(command.KeepCodes(ask, part.Codes))}
	}
	var commands []string
	ask.MayEmpty = false
	if add := approvals.Common(part.Codes, ask.Codes); len(add) > 0 {
		added := command.KeepCodes(ask, add)
		added.Action = approvals.Add
		commands = append(commands, command.Suggest(added))
	}
	if gone := approvals.Without(part.Codes, ask.Codes); len(gone) > 0 {
		removed := ask
		removed.Action, removed.Codes, removed.Quotas = approvals.Remove, gone, nil
		commands = append(commands, command.Suggest(removed))
	}
	return commands
}
