package approvals

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// vet reads UiPath, fixes the change that consent will be asked for, and asks
// the policy who has to agree to it; or finds the request unfit to ask anyone.
func (w *Workers) vet(ctx context.Context, t Task, r Request) error {
	if r.State != Filed {
		return nil
	}
	group, err := w.Licences.Group(ctx, r.Ask.Group)
	if err != nil {
		return w.cannotVet(ctx, t, r, err)
	}
	rule, ends, err := w.ruleOf(ctx, group, r.Ask)
	if err != nil {
		return w.cannotVet(ctx, t, r, err)
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	change := r.Ask.change(rule, ends, now)
	if outcome, unfit := w.judge(r.Ask, rule, change, now); unfit {
		return w.step(ctx, r, Unfit{Outcome: outcome}, &t)
	}
	proposal := propose(group, rule, change, now)
	proposal.Ends = only(ends, change.Renew)
	terms, objection, err := w.govern(ctx, r, proposal, now)
	switch {
	case err != nil:
		return w.cannotGovern(ctx, t, r, err)
	case objection != nil:
		return w.step(ctx, r, Unfit{Outcome{Reason: ReasonPolicy, Subject: proposal.Change.Codes(), Objection: objection}}, &t)
	}
	err = w.step(ctx, r, Vetted{Proposal: proposal, Terms: terms}, &t)
	var taken *Taken
	if errors.As(err, &taken) {
		return w.step(ctx, r, Unfit{Outcome{Reason: ReasonDuplicate, Nearest: []string{taken.By}}}, &t)
	}
	return err
}

// ruleOf reads a group's rule, and until when the codes stay that are in it for
// a time only. What is there of the codes asked for may be about to go, or be
// there for a time of which nobody knows yet: then it is no moment to judge.
func (w *Workers) ruleOf(ctx context.Context, group Group, ask Ask) (Rule, map[string]time.Time, error) {
	before, err := w.endsIn(ctx, group)
	if err != nil {
		return Rule{}, nil, err
	}
	rule, err := w.Licences.Rule(ctx, group.ID)
	if err != nil {
		return Rule{}, nil, err
	}
	changing, err := w.Store.Changing(ctx, group.ID)
	if err != nil {
		return Rule{}, nil, err
	}
	ends, err := w.endsIn(ctx, group) // last, because what was changing until just now holds codes since
	if err != nil {
		return Rule{}, nil, err
	}
	there := Common(ask.Codes, rule.Codes)
	concerned := slices.ContainsFunc(changing, func(other Request) bool {
		return len(Common(there, other.Proposal.Change.Codes())) > 0
	})
	if concerned || !maps.EqualFunc(before, ends, time.Time.Equal) {
		return Rule{}, nil, &Delay{Why: "the rule is being changed for another request at this moment"}
	}
	return rule, ends, nil
}

func (w *Workers) endsIn(ctx context.Context, group Group) (map[string]time.Time, error) {
	holders, err := w.Store.Granted(ctx, group.ID)
	return claimsOf(holders).ends(), err
}

func (w *Workers) cannotVet(ctx context.Context, t Task, r Request, err error) error {
	var none *NoGroup
	var refusal *Refusal
	switch {
	case errors.As(err, &none) && none.Ambiguous:
		return w.step(ctx, r, Unfit{Outcome{Reason: ReasonAmbiguousGroup, Nearest: none.Candidates}}, &t)
	case errors.As(err, &none):
		return w.step(ctx, r, Unfit{Outcome{Reason: ReasonNoSuchGroup, Nearest: none.Candidates}}, &t)
	case errors.As(err, &refusal):
		return w.step(ctx, r, Unfit{Outcome{Reason: ReasonUiPathRefused, Said: refusal.Said}}, &t)
	}
	return w.hold(ctx, t, r, reasonOf(err), err)
}

// govern asks the policy, for which Slack has to tell which of the user groups
// that the policy mentions the requester is in.
func (w *Workers) govern(ctx context.Context, r Request, p Proposal, now time.Time) (Terms, *Objection, error) {
	policy := w.Policy()
	petition := p.petition(r, now)
	for _, group := range policy.UserGroups() {
		members, err := w.Directory.Members(ctx, []string{group}, ageAtVote)
		if err != nil {
			return Terms{}, nil, err
		}
		if slices.Contains(members, r.Requester) {
			petition.MemberOf = append(petition.MemberOf, group)
		}
	}
	terms, objection := policy.Decide(petition)
	if terms.TTL == 0 {
		terms.TTL = r.Terms.TTL
	}
	return terms, objection, nil
}

// cannotGovern refuses where Slack will not tell who the requester is: a check
// that cannot be made is a refusal.
func (w *Workers) cannotGovern(ctx context.Context, t Task, r Request, err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return w.step(ctx, r, Unfit{Outcome{Reason: ReasonUncheckable, Said: refusal.Said}}, &t)
	}
	return w.hold(ctx, t, r, reasonOf(err), err)
}

func (p Proposal) petition(r Request, now time.Time) Petition {
	x := Petition{
		Requester: r.Requester, Group: p.Group, Codes: p.Change.Codes(), Why: r.Ask.Why,
		Duration: r.Ask.Duration(now), Removal: len(p.Change.Granted()) == 0 && len(p.Change.Quotas) == 0,
	}
	for _, q := range p.Change.Quotas {
		x.Seats += q.To
	}
	for _, code := range p.Change.Granted() {
		limited := slices.ContainsFunc(p.Change.Quotas, func(q QuotaChange) bool { return q.Code == code })
		if renewed := (Rule{Quotas: p.Quotas}).limit(code); !limited && renewed > 0 && slices.Contains(p.Change.Renew, code) {
			x.Seats += renewed // what is renewed keeps the limit that it has
			limited = true
		}
		x.Unlimited = x.Unlimited || !limited
	}
	return x
}

// judge finds what makes an ask unfit whoever would agree to it. UiPath's own
// list decides what the organisation owns; it takes an unknown code without
// complaint and leaves it out.
func (w *Workers) judge(ask Ask, rule Rule, change Change, now time.Time) (Outcome, bool) {
	if outcome, strange := w.notOwned(ask, rule); strange {
		return outcome, true
	}
	target := change.Target(rule)
	if low, least := tooLow(ask, rule); len(low) > 0 {
		return Outcome{Reason: ReasonQuotaTooLow, Subject: low, Nearest: least, Codes: rule.Codes}, true
	}
	switch alone := Without(quotaCodes(ask.Quotas), target.Codes); {
	case len(alone) > 0:
		return Outcome{Reason: ReasonQuotaAlone, Subject: alone, Codes: rule.Codes}, true
	case change.Empty():
		return Outcome{Reason: ReasonNothingToDo, Subject: ask.Codes, Codes: rule.Codes}, true
	case ask.Timed() && len(change.Granted()) == 0:
		return Outcome{Reason: ReasonNothingToEnd, Subject: change.Codes(), Codes: rule.Codes}, true
	case ask.passed(now):
		return Outcome{Reason: ReasonEndPassed, Codes: rule.Codes}, true
	case len(target.Codes) == 0 && !ask.Empty:
		return Outcome{Reason: ReasonWouldEmpty, Subject: change.Remove, Codes: rule.Codes}, true
	}
	return Outcome{}, false
}

func (w *Workers) notOwned(ask Ask, rule Rule) (Outcome, bool) {
	owned := codesOf(rule.Owned)
	strange := Without(ask.Codes, Union(owned, rule.Codes))
	if ask.Action == Remove || rule.Owned == nil || len(strange) == 0 {
		return Outcome{}, false
	}
	outcome := Outcome{Reason: ReasonNotOwned, Subject: strange, Codes: owned}
	for _, code := range strange {
		near, _ := w.Licences.Nearest(code, owned)
		outcome.Nearest = append(outcome.Nearest, near)
	}
	return outcome, true
}

// tooLow lists the codes of which more seats are in use than the limit asked
// for, and the least limit that each can have; UiPath refuses any below.
func tooLow(ask Ask, rule Rule) (low, least []string) {
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
func (a Ask) change(rule Rule, ends map[string]time.Time, now time.Time) Change {
	var c Change
	switch a.Action {
	case Remove:
		c.Remove = Common(a.Codes, rule.Codes)
	case Set:
		c.Add, c.Remove = Without(a.Codes, rule.Codes), Without(rule.Codes, a.Codes)
		c.Renew = a.renews(rule, ends, now)
	default:
		c.Add = Without(a.Codes, rule.Codes)
		c.Renew = a.renews(rule, ends, now)
	}
	for _, q := range a.Quotas {
		if at := rule.limit(q.Code); at != q.Limit {
			c.Quotas = append(c.Quotas, QuotaChange{Code: q.Code, From: at, To: q.Limit})
		}
	}
	slices.SortFunc(c.Quotas, func(a, b QuotaChange) int { return strings.Compare(a.Code, b.Code) })
	c.Keep = Without(Union(rule.Codes, nil), c.Remove)
	return c
}

// renews lists the codes asked for that are in the rule for a time that would
// be over before the one asked for.
func (a Ask) renews(rule Rule, ends map[string]time.Time, now time.Time) []string {
	until := a.ends(now)
	var longer []string
	for _, code := range Common(a.Codes, rule.Codes) {
		if end, timed := ends[code]; timed && (until.IsZero() || until.After(end)) {
			longer = append(longer, code)
		}
	}
	return longer
}

func propose(group Group, rule Rule, change Change, now time.Time) Proposal {
	concerned := slices.DeleteFunc(slices.Clone(rule.Owned), func(s Seats) bool {
		return !slices.Contains(change.Codes(), s.Code)
	})
	return Proposal{Group: group, Change: change, Quotas: rule.Quotas, LimitsTold: rule.Quotas != nil, Seats: concerned, ReadAt: now}
}

// sole names the change and how long it is to last, for the guard against
// asking the same twice.
func (p Proposal) sole(ask Ask) string {
	name := "rule " + p.Group.ID
	for _, code := range Union(p.Change.Add, nil) {
		name += " +" + code
	}
	for _, code := range Union(p.Change.Remove, nil) {
		name += " -" + code
	}
	for _, code := range Union(p.Change.Renew, nil) {
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

func codesOf(seats []Seats) []string {
	codes := make([]string, len(seats))
	for i, s := range seats {
		codes[i] = s.Code
	}
	return codes
}

func quotaCodes(quotas []Quota) []string {
	codes := make([]string, len(quotas))
	for i, q := range quotas {
		codes[i] = q.Code
	}
	return codes
}
