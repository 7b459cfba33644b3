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
func (w *Workers) prepare(ctx context.Context, t LeasedJob, r Request) error {
	if r.State != Filed {
		return nil
	}
	group, err := w.Licenses.FindGroup(ctx, r.Ask.Group)
	if err != nil {
		return w.rejectOrRetry(ctx, t, r, err)
	}
	rule, ends, err := w.readAllocation(ctx, group, r.Ask)
	if err != nil {
		return w.rejectOrRetry(ctx, t, r, err)
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	change := r.Ask.toChange(rule, ends, now)
	if outcome, unfit := w.checkAsk(r.Ask, rule, change, now); unfit {
		return w.applyEvent(ctx, r, Rejected{Outcome: outcome}, &t)
	}
	proposal := propose(group, rule, change, now)
	proposal.Ends = only(ends, change.Extend)
	terms, objection, err := w.applyPolicy(ctx, r, proposal, now)
	switch {
	case err != nil:
		return w.rejectUncheckable(ctx, t, r, err)
	case objection != nil:
		return w.applyEvent(ctx, r, Rejected{Outcome{Reason: ReasonPolicy, ConcernedCodes: proposal.Change.AllCodes(), Violation: objection}}, &t)
	}
	err = w.applyEvent(ctx, r, Prepared{Proposal: proposal, Terms: terms}, &t)
	var taken *DuplicateError
	if errors.As(err, &taken) {
		return w.applyEvent(ctx, r, Rejected{Outcome{Reason: ReasonDuplicate, Suggestions: []string{taken.RequestID}}}, &t)
	}
	return err
}

// ruleOf reads a group's rule, and until when the codes stay that are in it for
// a time only. What is there of the codes asked for may be about to go, or be
// there for a time of which nobody knows yet: then it is no moment to judge.
func (w *Workers) readAllocation(ctx context.Context, group Group, ask Ask) (Allocation, map[string]time.Time, error) {
	before, err := w.endsIn(ctx, group)
	if err != nil {
		return Allocation{}, nil, err
	}
	rule, err := w.Licenses.ReadAllocation(ctx, group.ID)
	if err != nil {
		return Allocation{}, nil, err
	}
	changing, err := w.Store.ListUnsettledWrites(ctx, group.ID)
	if err != nil {
		return Allocation{}, nil, err
	}
	ends, err := w.endsIn(ctx, group) // last, because what was changing until just now holds codes since
	if err != nil {
		return Allocation{}, nil, err
	}
	there := Common(ask.Codes, rule.Codes)
	concerned := slices.ContainsFunc(changing, func(other Request) bool {
		return len(Common(there, other.Proposal.Change.AllCodes())) > 0
	})
	if concerned || !maps.EqualFunc(before, ends, time.Time.Equal) {
		return Allocation{}, nil, &DelayError{Reason: "the rule is being changed for another request at this moment"}
	}
	return rule, ends, nil
}

func (w *Workers) endsIn(ctx context.Context, group Group) (map[string]time.Time, error) {
	holders, err := w.Store.ListGrantHolders(ctx, group.ID)
	return claimsOf(holders).ends(), err
}

func (w *Workers) rejectOrRetry(ctx context.Context, t LeasedJob, r Request, err error) error {
	var none *GroupError
	var refusal *RefusedError
	switch {
	case errors.As(err, &none) && none.Ambiguous:
		return w.applyEvent(ctx, r, Rejected{Outcome{Reason: ReasonAmbiguousGroup, Suggestions: none.Candidates}}, &t)
	case errors.As(err, &none):
		return w.applyEvent(ctx, r, Rejected{Outcome{Reason: ReasonNoSuchGroup, Suggestions: none.Candidates}}, &t)
	case errors.As(err, &refusal):
		return w.applyEvent(ctx, r, Rejected{Outcome{Reason: ReasonUiPathRefused, Answer: refusal.Answer}}, &t)
	}
	return w.recordDelay(ctx, t, r, delayReason(err), err)
}

// govern asks the policy, for which Slack has to tell which of the user groups
// that the policy mentions the requester is in.
func (w *Workers) applyPolicy(ctx context.Context, r Request, p Proposal, now time.Time) (Terms, *Violation, error) {
	policy := w.Policy()
	petition := p.policyInput(r, now)
	for _, group := range policy.UserGroups() {
		members, err := w.Directory.ListMembers(ctx, []string{group}, ageAtVote)
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
func (w *Workers) rejectUncheckable(ctx context.Context, t LeasedJob, r Request, err error) error {
	var refusal *RefusedError
	if errors.As(err, &refusal) {
		return w.applyEvent(ctx, r, Rejected{Outcome{Reason: ReasonUncheckable, Answer: refusal.Answer}}, &t)
	}
	return w.recordDelay(ctx, t, r, delayReason(err), err)
}

func (p Proposal) policyInput(r Request, now time.Time) PolicyInput {
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

// judge finds what makes an ask unfit whoever would agree to it. UiPath's own
// list decides what the organisation owns; it takes an unknown code without
// complaint and leaves it out.
func (w *Workers) checkAsk(ask Ask, rule Allocation, change Change, now time.Time) (Outcome, bool) {
	if outcome, strange := w.notOwned(ask, rule); strange {
		return outcome, true
	}
	target := change.ApplyTo(rule)
	if low, least := tooLow(ask, rule); len(low) > 0 {
		return Outcome{Reason: ReasonQuotaTooLow, ConcernedCodes: low, Suggestions: least, Allocation: rule.Codes}, true
	}
	switch alone := Without(quotaCodes(ask.Quotas), target.Codes); {
	case len(alone) > 0:
		return Outcome{Reason: ReasonQuotaWithoutCode, ConcernedCodes: alone, Allocation: rule.Codes}, true
	case change.IsEmpty():
		return Outcome{Reason: ReasonNothingToDo, ConcernedCodes: ask.Codes, Allocation: rule.Codes}, true
	case ask.IsTimed() && len(change.GrantedCodes()) == 0:
		return Outcome{Reason: ReasonNothingToTime, ConcernedCodes: change.AllCodes(), Allocation: rule.Codes}, true
	case ask.hasPassed(now):
		return Outcome{Reason: ReasonEndPassed, Allocation: rule.Codes}, true
	case len(target.Codes) == 0 && !ask.MayEmpty:
		return Outcome{Reason: ReasonWouldEmpty, ConcernedCodes: change.Remove, Allocation: rule.Codes}, true
	}
	return Outcome{}, false
}

func (w *Workers) notOwned(ask Ask, rule Allocation) (Outcome, bool) {
	owned := codesOf(rule.Owned)
	strange := Without(ask.Codes, Union(owned, rule.Codes))
	if ask.Action == Remove || rule.Owned == nil || len(strange) == 0 {
		return Outcome{}, false
	}
	outcome := Outcome{Reason: ReasonNotOwned, ConcernedCodes: strange, Allocation: owned}
	for _, code := range strange {
		near, _ := w.Licenses.NearestCode(code, owned)
		outcome.Suggestions = append(outcome.Suggestions, near)
	}
	return outcome, true
}

// tooLow lists the codes of which more seats are in use than the limit asked
// for, and the least limit that each can have; UiPath refuses any below.
func tooLow(ask Ask, rule Allocation) (low, least []string) {
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
func (a Ask) toChange(rule Allocation, ends map[string]time.Time, now time.Time) Change {
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

func propose(group Group, rule Allocation, change Change, now time.Time) Proposal {
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
