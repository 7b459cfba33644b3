package approvals

import "slices"

// keeps reports whether an answer to a write left what stays beside the codes
// as it was to be, as far as it tells: it need not tell quotas, which are nil
// then.
func (r Rule) keeps(asked Rule) bool {
	otherLimit := func(code string) bool { return r.Quotas != nil && r.limit(code) != asked.limit(code) }
	return r.External == asked.External && !slices.ContainsFunc(Common(asked.Codes, r.Codes), otherLimit)
}

// untold is a delay where some of these codes are to keep a limit of seats and
// UiPath did not tell the limits with the rule: a write would lift them.
func untold(rule Rule, limited []string) error {
	if rule.Quotas != nil || len(Common(limited, rule.Codes)) == 0 {
		return nil
	}
	return &Delay{Why: "UiPath does not tell the limits of seats that are to stay"}
}

// limited lists the codes that have a limit of seats once the change is made.
func (p Proposal) limited() []string {
	codes := Without(quotaCodes(p.Quotas), p.Change.Remove)
	for _, q := range p.Change.Quotas {
		codes = Union(codes, []string{q.Code})
	}
	return codes
}
