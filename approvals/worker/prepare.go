package worker

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"licensebot/approvals"
)

// prepare reads UiPath, fixes the change that consent is asked for, and asks the
// policy who has to approve it. Or it finds that the request cannot be put
// before approvers.
func (w *Runner) prepare(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Filed {
		return nil
	}
	w.learnName(ctx, r.Requester)
	facts, err := w.readFacts(ctx, r.Ask)
	if err != nil {
		return w.rejectOrRetry(ctx, t, r, err)
	}
	proposal, rejected := approvals.Propose(r.Ask, facts)
	if rejected != nil {
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: *rejected}, &t)
	}
	terms, violation, err := w.decideTerms(ctx, r, proposal, facts.Now)
	if err != nil {
		return w.rejectUncheckable(ctx, t, r, err)
	}
	if violation != nil {
		return w.applyEvent(ctx, r, approvals.Rejected{Group: proposal.Group, Outcome: approvals.Outcome{
			Reason: approvals.ReasonPolicy, ConcernedCodes: proposal.Change.AllCodes(), Violation: violation,
		}}, &t)
	}
	if rejected, err := w.rejectDeadEnd(ctx, t, r, terms); rejected || err != nil {
		return err
	}
	err = w.applyEvent(ctx, r, approvals.Prepared{Proposal: proposal, Terms: terms}, &t)
	if duplicate, ok := errors.AsType[*approvals.DuplicateError](err); ok {
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: approvals.Outcome{
			Reason: approvals.ReasonDuplicate, Suggestions: []string{duplicate.RequestID},
		}}, &t)
	}
	return err
}

// Bounds of the name of a requester: its age, and the wait for it.
const (
	ageOfName  = 24 * time.Hour
	waitOfName = 3 * time.Second
)

// learnName asks what a requester is called, because the journal keeps it. A request goes on
// without.
func (w *Runner) learnName(ctx context.Context, requester string) {
	ctx, cancel := context.WithTimeout(ctx, waitOfName)
	defer cancel()
	_, _ = w.Directory.FindPerson(ctx, requester, ageOfName)
}

// readFacts reads the group, its allocation, and the end of each code that the
// group has for a time. The ends are read before and after the allocation: where
// they differ, or another request is changing codes asked for, it is no moment
// to judge.
func (w *Runner) readFacts(ctx context.Context, ask approvals.Ask) (approvals.PrepareFacts, error) {
	facts := approvals.PrepareFacts{NearestCode: w.Licenses.NearestCode}
	var err error
	if facts.Group, err = w.Licenses.FindGroup(ctx, ask.Group); err != nil {
		return facts, err
	}
	before, err := w.grantEnds(ctx, facts.Group)
	if err != nil {
		return facts, err
	}
	if facts.Allocation, err = w.readAllocation(ctx, facts.Group.ID); err != nil {
		return facts, err
	}
	if err := w.checkShown(ctx, facts.Group.ID, facts.Allocation); err != nil {
		return facts, err
	}
	changing, err := w.listUnknownWrites(ctx, facts.Group.ID)
	if err != nil {
		return facts, err
	}
	if facts.Ends, err = w.grantEnds(ctx, facts.Group); err != nil {
		return facts, err
	}
	if ask.IsDisturbed(facts.Allocation, changing) || !maps.EqualFunc(before, facts.Ends, time.Time.Equal) {
		return facts, &approvals.DelayError{Reason: approvals.ErrBeingChanged.Error(), Err: approvals.ErrBeingChanged}
	}
	facts.Now, err = w.Store.Now(ctx)
	return facts, err
}

// listUnknownWrites lists the requests with a write to a group of which reads need not show yet
// what it did.
func (w *Runner) listUnknownWrites(ctx context.Context, groupID string) ([]approvals.Request, error) {
	tried, err := w.Store.ListUnsettledWrites(ctx, groupID)
	if err != nil {
		return nil, err
	}
	closed, err := w.Store.ListLateEffects(ctx, groupID)
	if err != nil {
		return nil, err
	}
	now, err := w.Store.Now(ctx)
	shown := func(other approvals.Request) bool { return approvals.AwaitShown(other.LateLookSince(), now) == 0 }
	return append(tried, slices.DeleteFunc(closed, shown)...), err
}

func (w *Runner) grantEnds(ctx context.Context, group approvals.Group) (map[string]time.Time, error) {
	holders, err := w.Store.ListGrantHolders(ctx, group.ID)
	return approvals.GrantEnds(holders), err
}

// rejectOrRetry rejects a request if UiPath does not have its group or
// allocation, and tries again later where it may still show them.
func (w *Runner) rejectOrRetry(ctx context.Context, t approvals.LeasedJob, r approvals.Request, err error) error {
	if outcome, ok := approvals.RejectUnreadable(err); ok {
		if approvals.ConcernsOperator(err) {
			w.OnError(Problem{During: RefusedRequest, Job: t, RequestID: r.ID, Err: err})
		}
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: outcome}, &t)
	}
	return w.recordDelay(ctx, t, r, approvals.DelayReason(err), err)
}

// decideTerms asks the policy.
func (w *Runner) decideTerms(
	ctx context.Context, r approvals.Request, p approvals.Proposal, now time.Time,
) (approvals.Terms, *approvals.Violation, error) {
	policy := w.Policy()
	input, err := w.policyInput(ctx, policy, p.PolicyInput(r, now))
	if err != nil {
		return approvals.Terms{}, nil, err
	}
	terms, violation := policy.Decide(input)
	if terms.TTL == 0 {
		terms.TTL = r.Terms.TTL
	}
	terms.Emoji, terms.Buttons = w.Emoji, w.Buttons
	return terms, violation, nil
}

// policyInput adds what Slack and the store know: which of the people and user groups
// that the policy mentions are the requester or have them as a member, and for how
// long the group has held codes. The directory's answers may be as old as at a vote.
func (w *Runner) policyInput(
	ctx context.Context, policy approvals.Policy, input approvals.PolicyInput,
) (approvals.PolicyInput, error) {
	for _, listed := range policy.Requesters() {
		members, err := w.Directory.ListMembers(ctx, []string{listed}, ageAtVote)
		if err != nil {
			return input, err
		}
		if slices.Contains(members, input.Requester) {
			input.MemberOf = append(input.MemberOf, listed)
		}
	}
	if !policy.CountsHeldTime() {
		return input, nil
	}
	grants, err := w.Store.ListTimedGrants(ctx, input.Group.ID)
	input.Held = approvals.GrantSpans(grants, input.Now)
	return input, err
}

// rejectUncheckable rejects where Slack refuses to tell who the requester is: a
// check that cannot be made is a refusal.
func (w *Runner) rejectUncheckable(ctx context.Context, t approvals.LeasedJob, r approvals.Request, err error) error {
	if refusal, ok := errors.AsType[*approvals.RefusedError](err); ok {
		outcome := approvals.Outcome{Reason: approvals.ReasonUncheckable, Answer: refusal.Answer}
		return w.applyEvent(ctx, r, approvals.Rejected{Outcome: outcome}, &t)
	}
	return w.recordDelay(ctx, t, r, approvals.DelayReason(err), err)
}
