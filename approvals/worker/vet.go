package worker

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"licensebot/approvals"
)

// vet reads UiPath, fixes the change that consent will be asked for, and asks
// the policy who has to agree to it; or finds the request unfit to ask anyone.
func (w *Workers) prepare(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Filed {
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
	change := r.Ask.ToChange(rule, ends, now)
	if outcome, unfit := w.checkAsk(r.Ask, rule, change, now); unfit {
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: outcome}, &t)
	}
	proposal := approvals.NewProposal(group, rule, change, now)
	proposal.Ends = approvals.EndsOf(ends, change.Extend)
	terms, objection, err := w.applyPolicy(ctx, r, proposal, now)
	switch {
	case err != nil:
		return w.rejectUncheckable(ctx, t, r, err)
	case objection != nil:
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: approvals.Outcome{Reason: approvals.ReasonPolicy, ConcernedCodes: proposal.Change.AllCodes(), Violation: objection}}, &t)
	}
	err = w.applyEvent(ctx, r, approvals.Prepared{Proposal: proposal, Terms: terms}, &t)
	var taken *approvals.DuplicateError
	if errors.As(err, &taken) {
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: approvals.Outcome{Reason: approvals.ReasonDuplicate, Suggestions: []string{taken.RequestID}}}, &t)
	}
	return err
}

// ruleOf reads a group's rule, and until when the codes stay that are in it for
// a time only. What is there of the codes asked for may be about to go, or be
// there for a time of which nobody knows yet: then it is no moment to judge.
func (w *Workers) readAllocation(ctx context.Context, group approvals.Group, ask approvals.Ask) (approvals.Allocation, map[string]time.Time, error) {
	before, err := w.endsIn(ctx, group)
	if err != nil {
		return approvals.Allocation{}, nil, err
	}
	rule, err := w.Licenses.ReadAllocation(ctx, group.ID)
	if err != nil {
		return approvals.Allocation{}, nil, err
	}
	changing, err := w.Store.ListUnsettledWrites(ctx, group.ID)
	if err != nil {
		return approvals.Allocation{}, nil, err
	}
	ends, err := w.endsIn(ctx, group) // last, because what was changing until just now holds codes since
	if err != nil {
		return approvals.Allocation{}, nil, err
	}
	there := approvals.Common(ask.Codes, rule.Codes)
	concerned := slices.ContainsFunc(changing, func(other approvals.Request) bool {
		return len(approvals.Common(there, other.Proposal.Change.AllCodes())) > 0
	})
	if concerned || !maps.EqualFunc(before, ends, time.Time.Equal) {
		return approvals.Allocation{}, nil, &approvals.DelayError{Reason: "the rule is being changed for another request at this moment"}
	}
	return rule, ends, nil
}

func (w *Workers) endsIn(ctx context.Context, group approvals.Group) (map[string]time.Time, error) {
	holders, err := w.Store.ListGrantHolders(ctx, group.ID)
	return approvals.ClaimsOf(holders).EndsByCode(), err
}

func (w *Workers) rejectOrRetry(ctx context.Context, t approvals.LeasedJob, r approvals.Request, err error) error {
	var none *approvals.GroupError
	var refusal *approvals.RefusedError
	switch {
	case errors.As(err, &none) && none.Ambiguous:
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: approvals.Outcome{Reason: approvals.ReasonAmbiguousGroup, Suggestions: none.Candidates}}, &t)
	case errors.As(err, &none):
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: approvals.Outcome{Reason: approvals.ReasonNoSuchGroup, Suggestions: none.Candidates}}, &t)
	case errors.As(err, &refusal):
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: approvals.Outcome{Reason: approvals.ReasonUiPathRefused, Answer: refusal.Answer}}, &t)
	}
	return w.recordDelay(ctx, t, r, delayReason(err), err)
}

// govern asks the policy, for which Slack has to tell which of the user groups
// that the policy mentions the requester is in.
func (w *Workers) applyPolicy(ctx context.Context, r approvals.Request, p approvals.Proposal, now time.Time) (approvals.Terms, *approvals.Violation, error) {
	policy := w.Policy()
	petition := p.PolicyInput(r, now)
	for _, group := range policy.UserGroups() {
		members, err := w.Directory.ListMembers(ctx, []string{group}, ageAtVote)
		if err != nil {
			return approvals.Terms{}, nil, err
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
func (w *Workers) rejectUncheckable(ctx context.Context, t approvals.LeasedJob, r approvals.Request, err error) error {
	var refusal *approvals.RefusedError
	if errors.As(err, &refusal) {
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: approvals.Outcome{Reason: approvals.ReasonUncheckable, Answer: refusal.Answer}}, &t)
	}
	return w.recordDelay(ctx, t, r, delayReason(err), err)
}

// judge finds what makes an ask unfit whoever would agree to it. UiPath's own
// list decides what the organisation owns; it takes an unknown code without
// complaint and leaves it out.
func (w *Workers) checkAsk(ask approvals.Ask, rule approvals.Allocation, change approvals.Change, now time.Time) (approvals.Outcome, bool) {
	if outcome, strange := w.notOwned(ask, rule); strange {
		return outcome, true
	}
	target := change.ApplyTo(rule)
	if low, least := approvals.TooLow(ask, rule); len(low) > 0 {
		return approvals.Outcome{Reason: approvals.ReasonQuotaTooLow, ConcernedCodes: low, Suggestions: least, Allocation: rule.Codes}, true
	}
	switch alone := approvals.Without(approvals.QuotaCodes(ask.Quotas), target.Codes); {
	case len(alone) > 0:
		return approvals.Outcome{Reason: approvals.ReasonQuotaWithoutCode, ConcernedCodes: alone, Allocation: rule.Codes}, true
	case change.IsEmpty():
		return approvals.Outcome{Reason: approvals.ReasonNothingToDo, ConcernedCodes: ask.Codes, Allocation: rule.Codes}, true
	case ask.IsTimed() && len(change.GrantedCodes()) == 0:
		return approvals.Outcome{Reason: approvals.ReasonNothingToTime, ConcernedCodes: change.AllCodes(), Allocation: rule.Codes}, true
	case ask.HasPassed(now):
		return approvals.Outcome{Reason: approvals.ReasonEndPassed, Allocation: rule.Codes}, true
	case len(target.Codes) == 0 && !ask.MayEmpty:
		return approvals.Outcome{Reason: approvals.ReasonWouldEmpty, ConcernedCodes: change.Remove, Allocation: rule.Codes}, true
	}
	return approvals.Outcome{}, false
}

func (w *Workers) notOwned(ask approvals.Ask, rule approvals.Allocation) (approvals.Outcome, bool) {
	owned := approvals.CodesOf(rule.Owned)
	strange := approvals.Without(ask.Codes, approvals.Union(owned, rule.Codes))
	if ask.Action == approvals.Remove || rule.Owned == nil || len(strange) == 0 {
		return approvals.Outcome{}, false
	}
	outcome := approvals.Outcome{Reason: approvals.ReasonNotOwned, ConcernedCodes: strange, Allocation: owned}
	for _, code := range strange {
		near, _ := w.Licenses.NearestCode(code, owned)
		outcome.Suggestions = append(outcome.Suggestions, near)
	}
	return outcome, true
}
