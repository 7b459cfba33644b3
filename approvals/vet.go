package approvals

import (
	"context"
	"errors"
	"slices"
	"time"
)

// vet reads UiPath and fixes the change that consent will be asked for, or
// finds the request unfit to ask anyone.
func (w *Workers) vet(ctx context.Context, t Task, r Request) error {
	if r.State != Filed {
		return nil
	}
	group, err := w.Licences.Group(ctx, r.Ask.Group)
	if err != nil {
		return w.cannotVet(ctx, t, r, err)
	}
	rule, err := w.Licences.Rule(ctx, group.ID)
	if err != nil {
		return w.cannotVet(ctx, t, r, err)
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	if outcome, unfit := w.judge(r.Ask, rule); unfit {
		return w.step(ctx, r, Unfit{Outcome: outcome}, &t)
	}
	return w.step(ctx, r, Vetted{Proposal: propose(r.Ask, group, rule, now)}, &t)
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

// judge finds what makes an ask unfit: a code that the organisation does not
// own, or nothing to change. UiPath's own list decides; it takes an unknown
// code without complaint and leaves it out.
func (w *Workers) judge(ask Ask, rule Rule) (Outcome, bool) {
	owned := codesOf(rule.Owned)
	if strange := Without(ask.Codes, Union(owned, rule.Codes)); rule.Owned != nil && len(strange) > 0 {
		outcome := Outcome{Reason: ReasonNotOwned, Subject: strange, Codes: owned}
		for _, code := range strange {
			near, _ := w.Licences.Nearest(code, owned)
			outcome.Nearest = append(outcome.Nearest, near)
		}
		return outcome, true
	}
	if len(Without(ask.Codes, rule.Codes)) == 0 {
		return Outcome{Reason: ReasonNothingToDo, Subject: ask.Codes, Codes: rule.Codes}, true
	}
	return Outcome{}, false
}

func propose(ask Ask, group Group, rule Rule, now time.Time) Proposal {
	add := Without(ask.Codes, rule.Codes)
	concerned := slices.DeleteFunc(slices.Clone(rule.Owned), func(s Seats) bool {
		return !slices.Contains(add, s.Code)
	})
	return Proposal{
		Group:  group,
		Change: Change{Add: add, Keep: Union(rule.Codes, nil)},
		Quotas: rule.Quotas,
		Seats:  concerned,
		ReadAt: now,
	}
}

func codesOf(seats []Seats) []string {
	codes := make([]string, len(seats))
	for i, s := range seats {
		codes[i] = s.Code
	}
	return codes
}
