package approvals

import "slices"

// ForeseeReason is what the policy will object to the reason of an ask, before the
// group's allocation is read. It is nil unless each rule that may come to govern a part
// of the change objects: which codes the group has, and which user groups the
// requester is in, is not known yet.
func (p Policy) ForeseeReason(ask Ask, requester string, on Group) *Violation {
	x := PolicyInput{
		Requester: requester, MemberOf: p.Requesters(), Group: on, Action: ask.Action, Reason: ask.Reason,
	}
	var foreseen *Violation
	for _, part := range ask.possibleParts() {
		rules := p.rulesThatMayGovern(x, part)
		if len(rules) == 0 {
			return nil
		}
		for _, rule := range rules {
			kind, found := rule.reasonViolation(x)
			if !found || rule.Deny {
				return nil
			}
			if foreseen == nil {
				foreseen = &Violation{
					Kind: kind, Rule: rule.Name, Codes: ask.Codes, Pattern: rule.Reason.Pattern, Hint: rule.Reason.Hint,
				}
			}
		}
	}
	return foreseen
}

// ConcernsReason reports whether a rule asks something of the reason.
func (p Policy) ConcernsReason() bool {
	return slices.ContainsFunc(p.Rules, func(r PolicyRule) bool { return r.Reason.Required || r.Reason.Pattern != "" })
}

// possibleParts lists what an ask can come to do. What a set removes is not known, so
// it has none.
func (a Ask) possibleParts() []changePart {
	var parts []changePart
	switch a.Action {
	case Set:
		return nil
	case Remove:
		for _, code := range a.Codes {
			parts = append(parts, changePart{code, removePart})
		}
		return parts
	}
	for _, code := range a.Codes {
		parts = append(parts, changePart{code, addPart})
	}
	for _, quota := range a.Quotas {
		parts = append(parts, changePart{quota.Code, quotaPart})
	}
	return parts
}

// rulesThatMayGovern lists the rules that may be the first to match a part, up to the
// first that does for sure. A rule that grants by itself may be passed over.
func (p Policy) rulesThatMayGovern(x PolicyInput, part changePart) []PolicyRule {
	var rules []PolicyRule
	for _, rule := range p.Rules {
		how := rule.Match.matchPart(x, part)
		if how == noMatch {
			continue
		}
		rules = append(rules, rule)
		namesRequester := len(rule.Match.Requesters) == 0 || slices.Contains(rule.Match.Requesters, x.Requester)
		if how == matches && namesRequester && !rule.AutoApprove {
			break
		}
	}
	return rules
}
