package fakeuipath

import "slices"

// OperationPortal is the operation under which the journal has what Edit did.
const OperationPortal = "portal"

// Edit changes a group's codes as SetAllocation does, but from what they are at that
// moment, and keeps it in the journal under OperationPortal. An unknown group
// is left alone.
func (u *Server) Edit(groupID string, change func(codes []string) []string) {
	u.changeState(func() {
		now := u.cfg.Now()
		g := u.groups[groupID]
		if g == nil {
			return
		}
		before := g.currentAllocation()
		g.Rule = sortedSet(change(slices.Clone(g.Rule)))
		g.ruled = len(g.Rule) > 0
		g.Quotas = quotasOfCodes(g.Quotas, g.Rule)
		after := g.currentAllocation()
		u.seq++
		u.calls = append(u.calls, Call{
			Seq: u.seq, At: now, TookAt: now, Operation: OperationPortal, Path: groupID,
			Before: before.Codes, After: after.Codes, Was: before, Is: after, Took: true, Changed: !before.equalTo(after),
		})
	})
}
