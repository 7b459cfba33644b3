package bot

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// objected says what the policy has against a request, which rule says so, and
// what to type instead where something would do.
func explainViolation(r approvals.Request) string {
	o := r.Outcome.Violation
	if o == nil {
		return "the policy does not allow it."
	}
	group, about := quoteCode(r.Ask.Group), joinCodes(o.Codes)
	switch o.Kind {
	case approvals.ViolationUnnamedGroup:
		return fmt.Sprintf("%s goes by the group's name, and UiPath does not tell me the name of %s. Ask again with its exact name; if that does not help, whoever runs licensebot has to name the group by its id in the policy.", nameRule(o), group)
	case approvals.ViolationNotAllowed:
		return fmt.Sprintf("no rule of the policy lets you ask for %s for the group %s.", about, group) + suggestWithout(r.Ask, o.Codes)
	case approvals.ViolationDenied:
		return fmt.Sprintf("%s does not allow %s for the group %s%s.", nameRule(o), about, group, appendAuthorWords(o.Message)) + suggestWithout(r.Ask, o.Codes)
	case approvals.ViolationProtectedGroup:
		return fmt.Sprintf("%s is the group of everybody or of the administrators, and %s does not name it itself. Whoever runs licensebot can name it there, if that is meant.", group, nameRule(o))
	case approvals.ViolationMixedRules:
		return explainMixedRules(r.Ask, o)
	}
	return explainLimitViolation(r.Ask, o)
}

// limits are the objections to how much is asked, for how long, and why.
func explainLimitViolation(ask approvals.Ask, o *approvals.Violation) string {
	switch o.Kind {
	case approvals.ViolationReasonMissing:
		return fmt.Sprintf("%s asks for a reason%s.", nameRule(o), appendAuthorWords(reasonHint(o))) + offerCommands(Suggest(withReasonSlot(ask)))
	case approvals.ViolationReasonShape:
		return fmt.Sprintf("%s does not take the reason that was given%s.", nameRule(o), appendAuthorWords(reasonHint(o))) + offerCommands(Suggest(withReasonSlot(ask)))
	case approvals.ViolationTooManyCodes:
		return fmt.Sprintf("%s allows no more than %d in one request, and this one is about %s.", nameRule(o), o.MaxCodes, pluralize(len(o.Codes), "code")) + suggestFewer(ask, o)
	case approvals.ViolationMustEnd:
		return fmt.Sprintf("%s grants nothing for good%s.", nameRule(o), longestTerm(o)) + offerCommands(Suggest(withLongestTerm(ask, o)))
	case approvals.ViolationTooLong:
		return fmt.Sprintf("%s grants nothing for that long%s.", nameRule(o), longestTerm(o)) + offerCommands(Suggest(withLongestTerm(ask, o)))
	case approvals.ViolationQuotaMissing:
		return fmt.Sprintf("%s wants a limit of seats for every code, %s at most in one request.", nameRule(o), countSeats(o.MaxSeats)) + suggestLimits(ask, o)
	case approvals.ViolationTooManySeats:
		return fmt.Sprintf("%s allows at most %s in one request.", nameRule(o), countSeats(o.MaxSeats)) + suggestLimits(ask, o)
	}
	return fmt.Sprintf("%s does not allow it (%s).", nameRule(o), quoteCode(string(o.Kind)))
}

// ruled names the rule that objects.
func nameRule(o *approvals.Violation) string {
	if o.Rule == "" {
		return "the policy"
	}
	return "the policy rule " + quoteCode(o.Rule)
}

// because adds words of the policy's author.
func appendAuthorWords(said string) string {
	said = strings.TrimRight(strings.TrimSpace(said), ".")
	if said == "" {
		return ""
	}
	return ": " + escapeLine(said)
}

func reasonHint(o *approvals.Violation) string {
	switch {
	case o.Hint != "":
		return o.Hint
	case o.Pattern != "":
		return "one that is like " + o.Pattern
	}
	return ""
}

func longestTerm(o *approvals.Violation) string {
	if o.MaxDuration == 0 {
		return ""
	}
	return "; the longest is " + quoteCode(FormatDuration(o.MaxDuration))
}

// reasoned leaves the reason to the person.
func withReasonSlot(ask approvals.Ask) approvals.Ask {
	ask.Reason = "your reason here"
	return ask
}

// ending is the ask with the longest time that the policy grants. What is set
// does not end, so that its new codes are asked for alone.
func withLongestTerm(ask approvals.Ask, o *approvals.Violation) approvals.Ask {
	if ask.Action == approvals.Set {
		ask = KeepCodes(ask, approvals.Common(ask.Codes, o.Codes))
		ask.Action = approvals.Add
	}
	ask.Until, ask.For = approvals.Ask{}.Until, ExamplePeriod
	if o.MaxDuration > 0 {
		ask.For = min(o.MaxDuration, MaxPeriod)
	}
	return ask
}

// without offers the ask without the codes that are the trouble. To set a rule
// to the others would take these away, so that nothing is offered then.
func suggestWithout(ask approvals.Ask, trouble []string) string {
	left := approvals.Without(ask.Codes, trouble)
	if ask.Action == approvals.Set || len(left) == 0 || len(left) == len(ask.Codes) {
		return ""
	}
	return offerCommands(Suggest(KeepCodes(ask, left)))
}

func suggestFewer(ask approvals.Ask, o *approvals.Violation) string {
	concerned := approvals.Common(ask.Codes, o.Codes)
	if ask.Action == approvals.Set || o.MaxCodes < 1 || len(concerned) <= o.MaxCodes {
		return fmt.Sprintf(" Go in smaller steps, with %s and %s.", quoteCode("add"), quoteCode("remove"))
	}
	return offerCommands(Suggest(KeepCodes(ask, concerned[:o.MaxCodes])))
}

// tryLimits shares the seats that the policy grants among the codes.
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
	return offerCommands(Suggest(ask))
}

// maxParts is for how many rules the separate commands are written out.
const maxParts = 5

// mixed offers a request for each rule that governs some of the codes.
func explainMixedRules(ask approvals.Ask, o *approvals.Violation) string {
	var rules, commands []string
	for _, part := range o.Parts {
		rules = append(rules, fmt.Sprintf("%s by the policy rule %s", joinCodes(part.Codes), quoteCode(part.Rule)))
		commands = append(commands, splitByRule(ask, part)...)
	}
	text := fmt.Sprintf("several rules of the policy decide about these codes, %s. Ask for each on its own.", joinWithin(maxListed, rules))
	if len(commands) > maxParts {
		return text
	}
	return text + offerCommands(commands...)
}

// separate is what asks for one rule's part alone. What setting a rule comes
// to is added and removed.
func splitByRule(ask approvals.Ask, part approvals.Part) []string {
	if ask.Action != approvals.Set {
		return []string{Suggest(KeepCodes(ask, part.Codes))}
	}
	var commands []string
	ask.MayEmpty = false
	if add := approvals.Common(part.Codes, ask.Codes); len(add) > 0 {
		added := KeepCodes(ask, add)
		added.Action = approvals.Add
		commands = append(commands, Suggest(added))
	}
	if gone := approvals.Without(part.Codes, ask.Codes); len(gone) > 0 {
		removed := ask
		removed.Action, removed.Codes, removed.Quotas = approvals.Remove, gone, nil
		commands = append(commands, Suggest(removed))
	}
	return commands
}
