package approvals

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// PrepareFacts are what was read to prepare a request.
type PrepareFacts struct {
	Group      Group
	Allocation Allocation
	Ends       map[string]time.Time // of the codes that the group has for a time only
	Now        time.Time

	// NearestCode is the owned code that was probably meant by one that is not
	// owned; false if none comes near.
	NearestCode func(code string, owned []string) (string, bool)
}

// Propose fixes the change that a request asks consent for, or says why the ask
// cannot be put before any approver.
func Propose(ask Ask, f PrepareFacts) (Proposal, *Outcome) {
	change := ask.toChange(f.Allocation, f.Ends, f.Now)
	if outcome := rejectAsk(ask, f, change); outcome != nil {
		return Proposal{}, outcome
	}
	return newProposal(f, change), nil
}

// rejectAsk finds what is wrong with an ask. UiPath's own list decides what the
// organization owns, because UiPath takes an unknown code without complaint and
// leaves it out.
func rejectAsk(ask Ask, f PrepareFacts, change Change) *Outcome {
	if outcome := rejectNotOwned(ask, f); outcome != nil {
		return outcome
	}
	target, now := change.ApplyTo(f.Allocation), f.Allocation.Codes
	if low, least := quotasTooLow(ask, f.Allocation); len(low) > 0 {
		return &Outcome{Reason: ReasonQuotaTooLow, ConcernedCodes: low, Suggestions: least, Allocation: now}
	}
	switch alone := Without(quotaCodes(ask.Quotas), target.Codes); {
	case len(alone) > 0:
		return &Outcome{Reason: ReasonQuotaWithoutCode, ConcernedCodes: alone, Allocation: now}
	case change.IsEmpty():
		return &Outcome{Reason: ReasonNothingToDo, ConcernedCodes: ask.Codes, Allocation: now}
	case ask.IsTimed() && len(change.GrantedCodes()) == 0:
		return &Outcome{Reason: ReasonNothingToTime, ConcernedCodes: change.AllCodes(), Allocation: now}
	case ask.hasPassed(f.Now):
		return &Outcome{Reason: ReasonEndPassed, Allocation: now}
	case len(target.Codes) == 0 && !ask.MayEmpty:
		return &Outcome{Reason: ReasonWouldEmpty, ConcernedCodes: change.Remove, Allocation: now}
	}
	if !change.fitsCard(f.Allocation.Quotas) {
		shown := change.shownCodes(f.Allocation.Quotas)
		return &Outcome{Reason: ReasonTooLarge, ConcernedCodes: change.AllCodes(), Suggestions: shown, Allocation: now}
	}
	return nil
}

func rejectNotOwned(ask Ask, f PrepareFacts) *Outcome {
	owned := codesOf(f.Allocation.Owned)
	unknown := Without(ask.Codes, Union(owned, f.Allocation.Codes))
	if ask.Action == Remove || f.Allocation.Owned == nil || len(unknown) == 0 {
		return nil
	}
	outcome := &Outcome{Reason: ReasonNotOwned, ConcernedCodes: unknown, Allocation: owned}
	for _, code := range unknown {
		near, _ := f.NearestCode(code, owned)
		outcome.Suggestions = append(outcome.Suggestions, near)
	}
	return outcome
}

// IsDisturbed reports whether an ask cannot be judged at this moment: another
// request is changing codes that it asks for, and the group has them now.
func (a Ask) IsDisturbed(now Allocation, changing []Request) bool {
	present := Common(a.Codes, now.Codes)
	return slices.ContainsFunc(changing, func(other Request) bool {
		return len(Common(present, other.Proposal.Change.AllCodes())) > 0
	})
}

// PolicyInput is what the policy is asked about the proposal.
func (p Proposal) PolicyInput(r Request, now time.Time) PolicyInput {
	x := PolicyInput{
		Requester: r.Requester, Group: p.Group, Action: r.Ask.Action, Change: p.Change, Reason: r.Ask.Reason,
		Duration: r.Ask.Duration(now), Now: now, Shortages: p.Change.Shortages(p.Seats),
	}
	for _, q := range p.Change.Quotas {
		x.Seats += q.To
	}
	for _, code := range p.Change.GrantedCodes() {
		limited := slices.ContainsFunc(p.Change.Quotas, func(q QuotaChange) bool { return q.Code == code })
		kept := (Allocation{Quotas: p.Quotas}).limitOf(code)
		if !limited && kept > 0 && slices.Contains(p.Change.Extend, code) {
			x.Seats += kept // an extended code keeps its limit
			limited = true
		}
		x.Unlimited = x.Unlimited || !limited
	}
	return x
}

// quotasTooLow lists the codes with more seats in use than the limit asked for,
// and the least limit that each can have: UiPath refuses any below.
func quotasTooLow(ask Ask, now Allocation) (low, least []string) {
	for _, asked := range ask.Quotas {
		for _, q := range now.Quotas {
			if q.Code == asked.Code && asked.Limit < q.Used {
				low = append(low, q.Code)
				least = append(least, QuotaChange{Code: q.Code, To: q.Used}.String())
			}
		}
	}
	return low, least
}

// toChange is the change that an ask makes to an allocation. ends has the end of
// each code that the group has for a time only.
func (a Ask) toChange(rule Allocation, ends map[string]time.Time, now time.Time) Change {
	c := Change{Exact: a.Action == Set}
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

// codesToExtend lists the codes asked for that the group has until an earlier
// time than the one asked for.
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

func newProposal(f PrepareFacts, change Change) Proposal {
	return Proposal{
		Group: f.Group, Change: change, Seats: change.seatsOf(f.Allocation.Owned), ReadAt: f.Now,
		Quotas: f.Allocation.Quotas, QuotasKnown: f.Allocation.Quotas != nil,
		UsesExternal: f.Allocation.UseExternalLicense, Ends: endsOf(f.Ends, change.Extend),
	}
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

// RejectUnreadable is the outcome of a request if UiPath surely does not show its
// group or allocation; false where it may show them later.
func RejectUnreadable(err error) (Outcome, bool) {
	if group, ok := errors.AsType[*GroupError](err); ok {
		reason := ReasonNoSuchGroup
		if group.Ambiguous {
			reason = ReasonAmbiguousGroup
		}
		return Outcome{Reason: reason, Suggestions: group.Candidates}, true
	}
	if refusal, ok := asRefusal(err); ok {
		return Outcome{Reason: ReasonUiPathRefused, Answer: refusal.Answer}, true
	}
	return Outcome{}, false
}
