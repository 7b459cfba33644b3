package approvals

import (
	"slices"
	"strings"
	"time"
)

func (p Proposal) PolicyInput(r Request, now time.Time) PolicyInput {
	x := PolicyInput{
		Requester: r.Requester, Group: p.Group, Codes: p.Change.AllCodes(), Reason: r.Ask.Reason,
		Duration: r.Ask.Duration(now), OnlyRemoves: len(p.Change.GrantedCodes()) == 0 && len(p.Change.Quotas) == 0,
	}
	for _, q := range p.Change.Quotas {
		x.Seats += q.To
	}
	for _, code := range p.Change.GrantedCodes() {
		limited := slices.ContainsFunc(p.Change.Quotas, func(q QuotaChange) bool { return q.Code == code })
		if renewed := (Allocation{Quotas: p.Quotas}).limitOf(code); !limited && renewed > 0 && slices.Contains(p.Change.Extend, code) {
			x.Seats += renewed // what is renewed keeps the limit that it has
			limited = true
		}
		x.Unlimited = x.Unlimited || !limited
	}
	return x
}

// tooLow lists the codes of which more seats are in use than the limit asked
// for, and the least limit that each can have; UiPath refuses any below.
func TooLow(ask Ask, rule Allocation) (low, least []string) {
	for _, asked := range ask.Quotas {
		for _, q := range rule.Quotas {
			if q.Code == asked.Code && asked.Limit < q.Used {
				low = append(low, q.Code)
				least = append(least, QuotaChange{Code: q.Code, To: q.Used}.String())
			}
		}
	}
	return low, least
}

// change is what an ask comes to on top of a rule. ends tells until when the
// codes stay that are in it for a time only.
func (a Ask) ToChange(rule Allocation, ends map[string]time.Time, now time.Time) Change {
	var c Change
	switch a.Action {
	case Remove:
		c.Remove = Common(a.Codes, rule.Codes)
	case Set:
		c.Add, c.Remove = Without(a.Codes, rule.Codes), Without(rule.Codes, a.Codes)
		c.Extend = a.codesToExtend(rule, ends, now)
	default:
		c.Add = Without(a.Codes, rule.Codes)
		c.Extend = a.codesToExtend(rule, ends, now)
	}
	for _, q := range a.Quotas {
		if at := rule.limitOf(q.Code); at != q.Limit {
			c.Quotas = append(c.Quotas, QuotaChange{Code: q.Code, From: at, To: q.Limit})
		}
	}
	slices.SortFunc(c.Quotas, func(a, b QuotaChange) int { return strings.Compare(a.Code, b.Code) })
	c.Keep = Without(Union(rule.Codes, nil), c.Remove)
	return c
}

// renews lists the codes asked for that are in the rule for a time that would
// be over before the one asked for.
func (a Ask) codesToExtend(rule Allocation, ends map[string]time.Time, now time.Time) []string {
	until := a.endsAt(now)
	var longer []string
	for _, code := range Common(a.Codes, rule.Codes) {
		if end, timed := ends[code]; timed && (until.IsZero() || until.After(end)) {
			longer = append(longer, code)
		}
	}
	return longer
}

func NewProposal(group Group, rule Allocation, change Change, now time.Time) Proposal {
	concerned := slices.DeleteFunc(slices.Clone(rule.Owned), func(s Seats) bool {
		return !slices.Contains(change.AllCodes(), s.Code)
	})
	return Proposal{Group: group, Change: change, Quotas: rule.Quotas, QuotasKnown: rule.Quotas != nil, Seats: concerned, ReadAt: now}
}

// sole names the change and how long it is to last, for the guard against
// asking the same twice.
func (p Proposal) dedupKey(ask Ask) string {
	name := "rule " + p.Group.ID
	for _, code := range Union(p.Change.Add, nil) {
		name += " +" + code
	}
	for _, code := range Union(p.Change.Remove, nil) {
		name += " -" + code
	}
	for _, code := range Union(p.Change.Extend, nil) {
		name += " ~" + code
	}
	for _, q := range p.Change.Quotas {
		name += " " + q.String()
	}
	if ask.For > 0 {
		name += " for " + ask.For.String()
	}
	if !ask.Until.IsZero() {
		name += " until " + ask.Until.UTC().Format(time.RFC3339)
	}
	return name
}

func CodesOf(seats []Seats) []string {
	codes := make([]string, len(seats))
	for i, s := range seats {
		codes[i] = s.Code
	}
	return codes
}

func QuotaCodes(quotas []Quota) []string {
	codes := make([]string, len(quotas))
	for i, q := range quotas {
		codes[i] = q.Code
	}
	return codes
}
