package licensing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// Allocations is a Client in the terms of package approvals: its Licences.
type Allocations struct {
	client *Client
	groups memory[[]Group]
	seats  memory[[]Seats]
}

// NewAllocations makes the client carry out what approvals decides.
func NewAllocations(c *Client) *Allocations {
	return &Allocations{
		client: c,
		groups: memory[[]Group]{now: c.link.now, learn: c.Groups},
		seats:  memory[[]Seats]{now: c.link.now, learn: func(ctx context.Context) ([]Seats, error) { return owned(ctx, c) }},
	}
}

// FindGroup resolves an id or an exact name to one group, or says which come near.
func (a *Allocations) FindGroup(ctx context.Context, ref string) (approvals.Group, error) {
	group, err := a.client.ResolveGroup(ctx, ref)
	var none *GroupError
	if errors.As(err, &none) {
		return approvals.Group{}, noGroup(none)
	}
	return groupname.Group(group.ID, group.Name), verdict(err)
}

// noGroup offers names, or ids where several groups share the name.
func noGroup(e *GroupError) error {
	none := &approvals.GroupError{Reference: e.Ref, Ambiguous: e.Ambiguous}
	for _, candidate := range e.Candidates {
		if e.Ambiguous || candidate.Name == "" {
			none.Candidates = append(none.Candidates, candidate.ID)
			continue
		}
		none.Candidates = append(none.Candidates, candidate.Name)
	}
	return none
}

// Rule reads a group's rule.
func (a *Allocations) ReadAllocation(ctx context.Context, groupID string) (approvals.Allocation, error) {
	rule, err := a.client.Rule(ctx, groupID)
	return fromRule(rule), verdict(err)
}

// SetRule replaces a group's rule and returns what UiPath says it is now.
func (a *Allocations) WriteAllocation(ctx context.Context, groupID string, rule approvals.Allocation) (approvals.Allocation, error) {
	wanted := Rule{GroupID: groupID, Codes: rule.Codes, External: rule.UseExternalLicense}
	for _, q := range rule.Quotas {
		wanted.Quotas = append(wanted.Quotas, Quota{Code: q.Code, Limit: q.Limit})
	}
	answer, err := a.client.SetRule(ctx, groupID, wanted)
	return fromRule(answer), verdict(err)
}

// Owned lists what the organisation owns, as UiPath tells it now.
func (a *Allocations) Owned(ctx context.Context) ([]approvals.Seats, error) {
	seats, err := owned(ctx, a.client)
	return fromSeats(seats), verdict(err)
}

// maxAsked is how many groups are asked about for what one would tell.
const maxAsked = 5

// owned asks for the list of seats. Where UiPath has none, the rule of any
// group tells the same, unless it refuses: so a few are asked about.
func owned(ctx context.Context, c *Client) ([]Seats, error) {
	seats, err := c.Owned(ctx)
	if err == nil || retryable(err) {
		return seats, err
	}
	groups, listErr := c.Groups(ctx)
	if len(groups) == 0 && listErr != nil {
		return nil, listErr
	}
	slices.SortStableFunc(groups, func(a, b Group) int { return cmp.Compare(nameless(a), nameless(b)) })
	for _, group := range groups[:min(len(groups), maxAsked)] {
		rule, refused := c.Rule(ctx, group.ID)
		if refused == nil || retryable(refused) {
			return rule.Available, refused
		}
		err = refused
	}
	return nil, fmt.Errorf("%w: %w", errNobodyTells, err)
}

// errNobodyTells is in the error where UiPath told which groups there are, and
// refused to tell what is owned.
var errNobodyTells = errors.New("nothing tells what is owned")

// nameless is 1 for a group that no list has a name for: it is deleted, perhaps,
// and only its rule is left.
func nameless(g Group) int {
	if g.Name == "" {
		return 1
	}
	return 0
}

// Nearest is the owned code that was probably meant.
func (a *Allocations) NearestCode(code string, owned []string) (string, bool) {
	return Nearest(code, owned)
}

func fromRule(r Rule) approvals.Allocation {
	rule := approvals.Allocation{Codes: r.Codes, UseExternalLicense: r.External}
	if r.Quotas != nil {
		rule.Quotas = []approvals.Quota{} // the limits were told, be there none
	}
	for _, q := range r.Quotas {
		rule.Quotas = append(rule.Quotas, approvals.Quota{Code: q.Code, Limit: q.Limit, Used: q.Used})
	}
	if r.Available != nil {
		rule.Owned = []approvals.Seats{} // what is owned was told, be it nothing
	}
	rule.Owned = append(rule.Owned, fromSeats(r.Available)...)
	return rule
}

func fromSeats(all []Seats) []approvals.Seats {
	var seats []approvals.Seats
	for _, s := range all {
		seats = append(seats, approvals.Seats{Code: s.Code, Allocated: s.Allocated, Total: s.Total})
	}
	return seats
}

// verdict says in approvals' terms what a failed call means. An unknown
// outcome keeps the error as it is.
func verdict(err error) error {
	var failed *Error
	if !errors.As(err, &failed) {
		return err
	}
	switch failed.Kind {
	case Refused, Unauthorized:
		return &approvals.RefusedError{Answer: answered(failed), Err: err}
	case Later:
		return &approvals.DelayError{After: failed.After, Reason: held(failed), Err: err}
	}
	if failed.MayHaveTakenEffect() {
		return err
	}
	return &approvals.DelayError{After: failed.After, Reason: held(failed), Err: err}
}

// answered is UiPath's answer in one line: the status and its own words.
func answered(e *Error) string {
	switch {
	case e.Status != 0 && e.Said != "":
		return fmt.Sprintf("%d: %s", e.Status, e.Said)
	case e.Status != 0:
		return fmt.Sprintf("%d", e.Status)
	}
	return e.Error()
}

// held says for people why UiPath cannot be used at the moment.
func held(e *Error) string {
	switch {
	case e.Status == 429:
		return "UiPath asked the bot to slow down"
	case e.Status != 0:
		return "UiPath is not working properly, it answered " + answered(e)
	}
	return "UiPath cannot be reached"
}
