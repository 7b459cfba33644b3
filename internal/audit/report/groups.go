package report

import (
	"maps"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
)

// A GroupLine is what a report says of one group: what it had at both ends of the period, and
// what explains the difference.
type GroupLine struct {
	Record  string      `json:"record"`
	GroupID string      `json:"group_id"`
	Name    string      `json:"group_name"`
	Start   Allocation  `json:"start"`
	End     Allocation  `json:"end"`
	Changes []GroupStep `json:"changes"`
	// UnexplainedGained and UnexplainedLost are the codes of the difference that no change
	// explains.
	UnexplainedGained []string `json:"unexplained_added"`
	UnexplainedLost   []string `json:"unexplained_removed"`
}

// IsUnexplained reports whether a part of the difference has no explanation.
func (g GroupLine) IsUnexplained() bool { return len(g.UnexplainedGained)+len(g.UnexplainedLost) > 0 }

// An Allocation is what was seen of a group at UiPath, and when. It is the last look before
// that end of the period; at the start it may be the first one in the period.
type Allocation struct {
	SeenAt time.Time `json:"seen_at,omitzero"`
	Codes  []string  `json:"codes"`
}

// A GroupStep is one change of an allocation.
type GroupStep struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"` // the id of a request, or of a change outside
	What    string    `json:"what"`
	Added   []string  `json:"added"`
	Removed []string  `json:"removed"`
}

// The kinds of steps.
const (
	stepRequest = "request"
	stepEnd     = "end of a grant"
	stepOutside = "outside"
)

// A groupHistory collects what is known of a group, in no order.
type groupHistory struct {
	name  string
	steps []GroupStep
	seen  []Allocation
}

// A ledger has the history of each group.
type ledger map[string]*groupHistory

func (l ledger) of(g approvals.Group) *groupHistory {
	h := l[g.ID]
	if h == nil {
		h = &groupHistory{}
		l[g.ID] = h
	}
	if g.Name != "" {
		h.name = g.Name
	}
	return h
}

// addRequest notes what a request saw and did.
func (l ledger) addRequest(r approvals.Request) {
	if r.Proposal == nil {
		return
	}
	h, change := l.of(r.Proposal.Group), r.Proposal.Change
	h.see(r.Proposal.ReadAt, approvals.Union(change.Keep, change.Remove))
	if !r.IsInEffect() {
		return
	}
	h.steps = append(h.steps, GroupStep{
		At: r.ClosedAt, By: r.ID, What: stepRequest, Added: change.Add, Removed: change.Remove,
	})
	if r.State == approvals.Done {
		h.see(r.ClosedAt, r.Outcome.Allocation)
	}
	if r.Grant == nil || r.Grant.Revocation == nil {
		return
	}
	end := r.Grant.Revocation
	h.steps = append(h.steps, GroupStep{At: end.At, By: r.ID, What: stepEnd, Removed: end.Removed})
	if !end.Uncertain {
		h.see(end.At, end.Allocation)
	}
}

// addOutside notes a change that the watch saw.
func (l ledger) addOutside(c approvals.OutsideChange) {
	h := l.of(c.Group)
	h.steps = append(h.steps, GroupStep{
		At: c.SeenAt, By: c.ID, What: stepOutside, Added: codesOf(c.Gained), Removed: codesOf(c.Lost),
	})
	h.see(c.SeenAt, codesOf(c.Items))
}

// see notes a look at the allocation.
func (h *groupHistory) see(at time.Time, codes []string) {
	if codes != nil || !at.IsZero() {
		h.seen = append(h.seen, Allocation{SeenAt: at, Codes: approvals.Union(codes, nil)})
	}
}

// codesOf leaves out the limits among items.
func codesOf(items []string) []string {
	return slices.DeleteFunc(slices.Clone(items), func(item string) bool { return strings.Contains(item, "=") })
}

// lines are the groups that something happened to in a period, by name and id.
func (l ledger) lines(p Period) []GroupLine {
	var all []GroupLine
	for _, id := range slices.Sorted(maps.Keys(l)) {
		if line, ok := l[id].line(id, p); ok {
			all = append(all, line)
		}
	}
	return all
}

// line compares both ends of a period. It is not ok for a group without a look or a change in
// it.
func (h *groupHistory) line(id string, p Period) (GroupLine, bool) {
	slices.SortStableFunc(h.seen, func(a, b Allocation) int { return a.SeenAt.Compare(b.SeenAt) })
	slices.SortStableFunc(h.steps, func(a, b GroupStep) int { return a.At.Compare(b.At) })
	line := GroupLine{Record: "group", GroupID: id, Name: h.name}
	for _, seen := range h.seen {
		if seen.SeenAt.Before(p.Since) || line.Start.SeenAt.IsZero() && p.has(seen.SeenAt) {
			line.Start = seen
		}
		if seen.SeenAt.Before(p.Until) {
			line.End = seen
		}
	}
	expected := line.Start.Codes
	for _, step := range h.steps {
		if !step.At.After(line.Start.SeenAt) || step.At.After(line.End.SeenAt) || !step.At.Before(p.Until) {
			continue
		}
		expected = approvals.Union(approvals.Without(expected, step.Removed), step.Added)
		line.Changes = append(line.Changes, step)
	}
	line.UnexplainedGained = approvals.Without(line.End.Codes, expected)
	line.UnexplainedLost = approvals.Without(expected, line.End.Codes)
	return line, p.has(line.End.SeenAt) || len(line.Changes) > 0
}
