package licensing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"licensebot/approvals"
	"licensebot/internal/groupname"
	"licensebot/internal/outbound"
)

// Allocations is a Client in the terms of package approvals. It carries out what
// a worker decides and answers what the bot looks up.
type Allocations struct {
	client *Client
	groups cache[groupList]
	seats  cache[[]Seats]
}

const opLookUp = "look up what can be allocated"

// NewAllocations returns the client in the terms of package approvals.
func NewAllocations(c *Client) *Allocations {
	return &Allocations{
		client: c,
		groups: cache[groupList]{operation: opLookUp, now: c.transport.now, fetch: c.listForPeople},
		seats:  cache[[]Seats]{operation: opLookUp, now: c.transport.now, fetch: c.findSeats},
	}
}

// FindGroup resolves an id or an exact name to one group. If it cannot, its
// error offers similar ones.
func (a *Allocations) FindGroup(ctx context.Context, ref string) (approvals.Group, error) {
	group, err := a.client.ResolveGroup(ctx, ref)
	if unresolved, ok := errors.AsType[*GroupError](err); ok {
		return approvals.Group{}, toGroupError(unresolved)
	}
	return groupname.Group(group.ID, group.Name), a.client.toApprovalsError(err)
}

// ReadGroup reads a group that UiPath has shown, with the name that it has now. If it had a name
// and UiPath shows none, the name is gone only once a second look agrees; until then that is an
// error. A group that UiPath does not have is a *RefusedError for which approvals.IsNotFound is
// true.
func (a *Allocations) ReadGroup(ctx context.Context, shown approvals.Group) (approvals.Group, error) {
	read := a.client.ReadGroup
	if shown.Name != "" {
		read = a.client.ReadNamedGroup
	}
	group, err := read(ctx, shown.ID)
	return groupname.Group(group.ID, group.Name), a.client.toApprovalsError(err)
}

// ReadAllocation reads a group's allocation.
func (a *Allocations) ReadAllocation(ctx context.Context, groupID string) (approvals.Allocation, error) {
	allocation, err := a.client.ReadAllocation(ctx, groupID)
	return toAllocation(allocation), a.client.toApprovalsError(err)
}

// ExpectLimits says that UiPath has shown seat limits of codes before, if only to another
// process. Only a second reading without one of them is believed.
func (a *Allocations) ExpectLimits(groupID string, codes []string) {
	a.client.ExpectQuotas(groupID, codes)
}

// WriteAllocation replaces a group's allocation and returns what UiPath answers
// that it is now.
func (a *Allocations) WriteAllocation(
	ctx context.Context, groupID string, wanted approvals.Allocation,
) (approvals.Allocation, error) {
	allocation := Allocation{GroupID: groupID, Codes: wanted.Codes, UseExternalLicense: wanted.UseExternalLicense}
	for _, q := range wanted.Quotas {
		allocation.Quotas = append(allocation.Quotas, Quota{Code: q.Code, Limit: q.Limit})
	}
	answer, err := a.client.WriteAllocation(ctx, groupID, allocation)
	return toAllocation(answer), a.client.toApprovalsError(err)
}

// Owned asks UiPath which seats the organization owns.
func (a *Allocations) Owned(ctx context.Context) ([]approvals.Seats, error) {
	seats, err := a.client.findSeats(ctx)
	return toSeats(seats), a.client.toApprovalsError(err)
}

// NearestCode returns the owned code that a person probably meant.
func (a *Allocations) NearestCode(code string, owned []string) (string, bool) {
	return NearestCode(code, owned)
}

// Groups lists groups that a person who types query may mean, at most limit of
// them, the best first; see rankMatches. If no group matches, it lists those of
// similar names. Its answer may be up to an hour old. As long as it is the same one, the
// answer to an empty query is the same slice, which callers only read.
func (a *Allocations) Groups(ctx context.Context, query string, limit int) ([]approvals.Group, error) {
	all, err := a.groups.getRecent(ctx)
	if err != nil {
		return nil, a.client.toApprovalsError(err)
	}
	found := rankMatches(query, all.shown)
	if len(found) == 0 {
		found = shownToPeople(similarGroups(query, all.listed))
	}
	return slices.Clip(found[:min(len(found), limit)]), nil
}

// A groupList is all groups as UiPath lists them, and the same as people are shown them. Names
// are made comparable once, and not for each command.
type groupList struct {
	listed []Group
	shown  []approvals.Group
}

func (c *Client) listForPeople(ctx context.Context) (groupList, error) {
	listed, err := c.ListGroups(ctx)
	return groupList{listed: listed, shown: shownToPeople(listed)}, err
}

func shownToPeople(listed []Group) []approvals.Group {
	shown := make([]approvals.Group, len(listed))
	for i, g := range listed {
		shown[i] = groupname.Group(g.ID, g.Name)
	}
	return shown
}

// Seats lists the seats that the organization owns. Its answer may be up to an
// hour old; if it is older than a minute, it is fetched again meanwhile.
func (a *Allocations) Seats(ctx context.Context) ([]approvals.Seats, error) {
	seats, err := a.seats.getRecent(ctx)
	if err != nil {
		return nil, a.client.toApprovalsError(err)
	}
	return toSeats(seats), nil
}

// Reachable returns nil if UiPath answered within the last minute, or does now,
// even if no answer says what the organization owns. It is an
// [*approvals.RefusedError] if UiPath refuses the credentials or is not at that
// address.
func (a *Allocations) Reachable(ctx context.Context) error {
	err := a.seats.checkRecent(ctx)
	if errors.Is(err, errSeatsUnknown) {
		return nil
	}
	return a.client.toApprovalsError(err)
}

// toGroupError offers names, or ids if several groups share the name.
func toGroupError(e *GroupError) error {
	converted := &approvals.GroupError{Reference: e.Reference, Ambiguous: e.Ambiguous}
	for _, candidate := range e.Candidates {
		if e.Ambiguous || candidate.Name == "" {
			converted.Candidates = append(converted.Candidates, candidate.ID)
			continue
		}
		converted.Candidates = append(converted.Candidates, candidate.Name)
	}
	return converted
}

// toAllocation keeps nil apart from empty: nil is what UiPath did not say.
func toAllocation(a Allocation) approvals.Allocation {
	converted := approvals.Allocation{
		Codes: a.Codes, UseExternalLicense: a.UseExternalLicense,
		LimitsLeftOut: a.QuotasLeftOut, ExternalLeftOut: a.ExternalLeftOut,
	}
	if a.Quotas != nil {
		converted.Quotas = []approvals.Quota{}
	}
	for _, q := range a.Quotas {
		converted.Quotas = append(converted.Quotas, approvals.Quota{Code: q.Code, Limit: q.Limit, Used: q.Used})
	}
	if a.Available != nil {
		converted.Owned = []approvals.Seats{}
	}
	converted.Owned = append(converted.Owned, toSeats(a.Available)...)
	return converted
}

func toSeats(all []Seats) []approvals.Seats {
	var seats []approvals.Seats
	for _, s := range all {
		seats = append(seats, approvals.Seats{Code: s.Code, Allocated: s.Allocated, Total: s.Total})
	}
	return seats
}

// toApprovalsError says in approvals' terms what a failed call means.
func (c *Client) toApprovalsError(err error) error {
	failed, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	if fault, ok := c.operatorError(failed); ok {
		return fault
	}
	switch {
	case failed.Kind == Refused:
		return toRefusal(failed)
	case failed.MayHaveTakenEffect():
		return &approvals.UnknownEffectError{After: failed.RetryAfter, Reason: delayReason(failed), Err: err}
	}
	return &approvals.DelayError{After: failed.RetryAfter, Reason: delayReason(failed), Err: err}
}

func toRefusal(e *Error) *approvals.RefusedError {
	refusal := &approvals.RefusedError{
		Answer: answerInOneLine(e), NotFound: e.Status == http.StatusNotFound, Err: e,
	}
	if accountWords.MatchString(e.Answer) {
		refusal.Variable = variableAccountID
	}
	return refusal
}

// accountWords are those of an answer about the account rather than a group. UiPath
// speaks so of a wrong account id too.
var accountWords = regexp.MustCompile(`(?i)account license|partitionGlobalId|InvalidPartition`)

// answerInOneLine is the status with UiPath's own words.
func answerInOneLine(e *Error) string {
	switch {
	case e.Status != 0 && e.Answer != "":
		return fmt.Sprintf("%d: %s", e.Status, e.Answer)
	case e.Status != 0:
		return fmt.Sprintf("%d", e.Status)
	}
	return e.Error()
}

// delayReason tells people why UiPath cannot be used at the moment.
func delayReason(e *Error) string {
	switch {
	case errors.Is(e, ErrQuotasUnknown):
		return approvals.QuotasUnknownReason
	case errors.Is(e, ErrExternalUnknown):
		return approvals.ExternalUnknownReason
	case errors.Is(e, ErrNoAllocation):
		return "UiPath's answer does not show which licenses the group has"
	case errors.Is(e, ErrNameUnknown):
		return "UiPath does not show the group's name at the moment"
	case errors.Is(e, ErrAnswersDiffer):
		return "UiPath's answers about the allocation differ, as they do while it is being changed"
	case errors.Is(e, ErrTokenTooNew):
		return "UiPath takes the bot's token for one that is not valid yet"
	case errors.Is(e, ErrTokenRenewed):
		return "UiPath did not accept the bot's token, and the bot has a new one"
	case e.Status == http.StatusTooManyRequests:
		return "UiPath asked the bot to slow down"
	case e.Status != 0:
		return "UiPath is not working properly; it answered " + answerInOneLine(e)
	}
	if e.MayHaveTakenEffect() {
		return "UiPath gave no complete answer"
	}
	if cause := outbound.Cause(e); cause != "" {
		return "UiPath cannot be reached: " + cause
	}
	return "UiPath cannot be reached"
}

// maxGroupsAsked is how many groups are tried for what any of them can tell.
const maxGroupsAsked = 5

// errSeatsUnknown is in the error if UiPath lists the groups and refuses to say
// what the organization owns.
var errSeatsUnknown = errors.New("nothing tells what is owned")

// findSeats asks for the list of seats. If UiPath has no such list, the
// allocation of any group tells the same. UiPath may refuse one, so a few are
// tried.
func (c *Client) findSeats(ctx context.Context) ([]Seats, error) {
	seats, err := c.ListSeats(ctx)
	if err == nil || isRetryable(err) {
		return seats, err
	}
	groups, listErr := c.ListGroups(ctx)
	if len(groups) == 0 && listErr != nil {
		return nil, listErr
	}
	slices.SortStableFunc(groups, namedFirst)
	for _, group := range groups[:min(len(groups), maxGroupsAsked)] {
		answer, refused := c.readEndpoint(ctx, group.ID, "")
		if refused == nil || isRetryable(refused) {
			return answer.seats, refused
		}
		err = refused
	}
	return nil, fmt.Errorf("%w: %w", errSeatsUnknown, err)
}

// namedFirst puts groups without a name last: such a group may be deleted, and
// only its allocation is left.
func namedFirst(a, b Group) int {
	return cmp.Compare(min(len(b.Name), 1), min(len(a.Name), 1))
}
