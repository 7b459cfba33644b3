package bot

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// objected says what the policy has against a request, which rule says so, and
// what to type instead where something would do.
func (w Messages) objected(r approvals.Request) string {
	o := r.Outcome.Violation
	if o == nil {
		return "the policy does not allow it."
	}
	group, about := code(r.Ask.Group), codes(o.Codes)
	switch o.Kind {
	case approvals.ViolationUnnamedGroup:
		return fmt.Sprintf("%s goes by the group's name, and UiPath does not tell me the name of %s. Ask again with its exact name; if that does not help, whoever runs licensebot has to name the group by its id in the policy.", ruled(o), group)
	case approvals.ViolationNotAllowed:
		return fmt.Sprintf("no rule of the policy lets you ask for %s for the group %s.", about, group) + without(r.Ask, o.Codes)
	case approvals.ViolationDenied:
		return fmt.Sprintf("%s does not allow %s for the group %s%s.", ruled(o), about, group, because(o.Message)) + without(r.Ask, o.Codes)
	case approvals.ViolationProtectedGroup:
		return fmt.Sprintf("%s is the group of everybody or of the administrators, and %s does not name it itself. Whoever runs licensebot can name it there, if that is meant.", group, ruled(o))
	case approvals.ViolationMixedRules:
		return w.mixed(r.Ask, o)
	}
	return w.limits(r.Ask, o)
}

// limits are the objections to how much is asked, for how long, and why.
func (w Messages) limits(ask approvals.Ask, o *approvals.Violation) string {
	switch o.Kind {
	case approvals.ViolationReasonMissing:
		return fmt.Sprintf("%s asks for a reason%s.", ruled(o), because(hint(o))) + try(suggestion(reasoned(ask)))
	case approvals.ViolationReasonShape:
		return fmt.Sprintf("%s does not take the reason that was given%s.", ruled(o), because(hint(o))) + try(suggestion(reasoned(ask)))
	case approvals.ViolationTooManyCodes:
		return fmt.Sprintf("%s allows no more than %d in one request, and this one is about %s.", ruled(o), o.MaxCodes, counted(len(o.Codes), "code")) + tryFewer(ask, o)
	case approvals.ViolationMustEnd:
		return fmt.Sprintf("%s grants nothing for good%s.", ruled(o), atMost(o)) + try(suggestion(ending(ask, o)))
	case approvals.ViolationTooLong:
		return fmt.Sprintf("%s grants nothing for that long%s.", ruled(o), atMost(o)) + try(suggestion(ending(ask, o)))
	case approvals.ViolationQuotaMissing:
		return fmt.Sprintf("%s wants a limit of seats for every code, %s at most in one request.", ruled(o), seatCount(o.MaxSeats)) + tryLimits(ask, o)
	case approvals.ViolationTooManySeats:
		return fmt.Sprintf("%s allows at most %s in one request.", ruled(o), seatCount(o.MaxSeats)) + tryLimits(ask, o)
	}
	return fmt.Sprintf("%s does not allow it (%s).", ruled(o), code(string(o.Kind)))
}

// ruled names the rule that objects.
func ruled(o *approvals.Violation) string {
	if o.Rule == "" {
		return "the policy"
	}
	return "the policy rule " + code(o.Rule)
}

// because adds words of the policy's author.
func because(said string) string {
	said = strings.TrimRight(strings.TrimSpace(said), ".")
	if said == "" {
		return ""
	}
	return ": " + plain(said)
}

func hint(o *approvals.Violation) string {
	switch {
	case o.Hint != "":
		return o.Hint
	case o.Pattern != "":
		return "one that is like " + o.Pattern
	}
	return ""
}

func atMost(o *approvals.Violation) string {
	if o.MaxDuration == 0 {
		return ""
	}
	return "; the longest is " + code(span(o.MaxDuration))
}

// reasoned leaves the reason to the person.
func reasoned(ask approvals.Ask) approvals.Ask {
	ask.Reason = "your reason here"
	return ask
}

// ending is the ask with the longest time that the policy grants. What is set
// does not end, so that its new codes are asked for alone.
func ending(ask approvals.Ask, o *approvals.Violation) approvals.Ask {
	if ask.Action == approvals.Set {
		ask = only(ask, approvals.Common(ask.Codes, o.Codes))
		ask.Action = approvals.Add
	}
	ask.Until, ask.For = approvals.Ask{}.Until, somePeriod
	if o.MaxDuration > 0 {
		ask.For = min(o.MaxDuration, maxPeriod)
	}
	return ask
}

// without offers the ask without the codes that are the trouble. To set a rule
// to the others would take these away, so that nothing is offered then.
func without(ask approvals.Ask, trouble []string) string {
	left := approvals.Without(ask.Codes, trouble)
	if ask.Action == approvals.Set || len(left) == 0 || len(left) == len(ask.Codes) {
		return ""
	}
	return try(suggestion(only(ask, left)))
}

func tryFewer(ask approvals.Ask, o *approvals.Violation) string {
	concerned := approvals.Common(ask.Codes, o.Codes)
	if ask.Action == approvals.Set || o.MaxCodes < 1 || len(concerned) <= o.MaxCodes {
		return fmt.Sprintf(" Go in smaller steps, with %s and %s.", code("add"), code("remove"))
	}
	return try(suggestion(only(ask, concerned[:o.MaxCodes])))
}

// tryLimits shares the seats that the policy grants among the codes.
func tryLimits(ask approvals.Ask, o *approvals.Violation) string {
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
	return try(suggestion(ask))
}

// maxParts is for how many rules the separate commands are written out.
const maxParts = 5

// mixed offers a request for each rule that governs some of the codes.
func (w Messages) mixed(ask approvals.Ask, o *approvals.Violation) string {
	var rules, commands []string
	for _, part := range o.Parts {
		rules = append(rules, fmt.Sprintf("%s by the policy rule %s", codes(part.Codes), code(part.Rule)))
		commands = append(commands, separate(ask, part)...)
	}
	text := fmt.Sprintf("several rules of the policy decide about these codes, %s. Ask for each on its own.", within(maxListed, rules))
	if len(commands) > maxParts {
		return text
	}
	return text + try(commands...)
}

// separate is what asks for one rule's part alone. What setting a rule comes
// to is added and removed.
func separate(ask approvals.Ask, part approvals.Part) []string {
	if ask.Action != approvals.Set {
		return []string{suggestion(only(ask, part.Codes))}
	}
	var commands []string
	ask.MayEmpty = false
	if add := approvals.Common(part.Codes, ask.Codes); len(add) > 0 {
		added := only(ask, add)
		added.Action = approvals.Add
		commands = append(commands, suggestion(added))
	}
	if gone := approvals.Without(part.Codes, ask.Codes); len(gone) > 0 {
		removed := ask
		removed.Action, removed.Codes, removed.Quotas = approvals.Remove, gone, nil
		commands = append(commands, suggestion(removed))
	}
	return commands
}
