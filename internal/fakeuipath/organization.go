package fakeuipath

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// A Group is a group of the organisation and its allocation rule.
type Group struct {
	ID        string // a fresh GUID when empty
	Name      string
	Directory bool           // of Entra or AD: not in the identity list, seen only through its rule
	Rule      []string       // user bundle codes
	External  bool           // useExternalLicense
	Quotas    map[string]int // limit by code
	Usage     map[string]int // seats that members hold through the group, by code
	Orphan    bool           // the rule of a group that was deleted
}

// An Allocation is what a group's members may lease.
type Allocation struct {
	Codes    []string // sorted
	External bool
	Quotas   map[string]int
}

type seatCount struct{ total, allocated int }

type storedGroup struct {
	Group
	ruled   bool // has a rule, be it of no codes
	created time.Time
}

func (g *storedGroup) currentAllocation() Allocation {
	return Allocation{Codes: slices.Clone(g.Rule), External: g.External, Quotas: maps.Clone(g.Quotas)}
}

func (r Allocation) equalTo(other Allocation) bool {
	return slices.Equal(r.Codes, other.Codes) && r.External == other.External && maps.Equal(r.Quotas, other.Quotas)
}

// Own gives the organisation seats of a bundle: total bought, allocated of
// them in use. Without it the organisation owns nothing.
func (u *Server) Own(code string, total, allocated int) {
	u.changeState(func() { u.owned[code] = seatCount{total: total, allocated: allocated} })
}

// Disown takes a bundle away from the organisation. Rules that name it stay.
func (u *Server) Disown(code string) {
	u.changeState(func() { delete(u.owned, code) })
}

// AddGroup adds a group, or replaces the one with the same ID, and returns
// its ID.
func (u *Server) AddGroup(group Group) string {
	if group.ID == "" {
		group.ID = uuid.NewString()
	}
	created := u.cfg.Now()
	group.Rule = sortedSet(group.Rule)
	group.Quotas = cloneCounts(group.Quotas)
	group.Usage = cloneCounts(group.Usage)
	ruled := len(group.Rule) > 0 || group.External || len(group.Quotas) > 0
	u.changeState(func() { u.groups[group.ID] = &storedGroup{Group: group, ruled: ruled, created: created} })
	return group.ID
}

// RemoveGroup removes a group with its rule.
func (u *Server) RemoveGroup(id string) {
	u.changeState(func() { delete(u.groups, id) })
}

// SetAllocation changes a group's codes the way an administrator in the portal
// does, behind everyone's back; no codes delete the rule. Quotas of codes
// that stay are kept. An unknown group becomes a directory group.
func (u *Server) SetAllocation(groupID string, codes ...string) {
	created := u.cfg.Now()
	u.changeState(func() {
		g := u.groups[groupID]
		if g == nil {
			g = newUnlistedGroup(groupID, created)
			u.groups[groupID] = g
		}
		g.Rule = sortedSet(codes)
		g.ruled = len(codes) > 0
		g.Quotas = quotasOfCodes(g.Quotas, g.Rule)
	})
}

// Allocation returns a group's rule as it is now, and whether there is such a group.
func (u *Server) Allocation(groupID string) (Allocation, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	g, ok := u.groups[groupID]
	if !ok {
		return Allocation{}, false
	}
	return g.currentAllocation(), true
}

// NoAccountLicense makes every licence call answer 404: "No account license
// is allocated for the indicated organization."
func (u *Server) NoAccountLicense(on bool) {
	u.changeState(func() { u.noLicense = on })
}

// Exceed makes every PUT answer 409: "The license allocation is not allowed
// because it exceeds the account license quantities." It never does so of its
// own accord, because a rule consumes no seats.
func (u *Server) Exceed(on bool) {
	u.changeState(func() { u.exceed = on })
}

// DropCode makes the next PUTs that ask for code, times of them, answer 200
// without it and not set it, as the service is said to do with codes it does
// not know.
func (u *Server) DropCode(code string, times int) {
	u.changeState(func() { u.drops[code] = times })
}

// ForgetTheRest makes the next PUTs, times of them, answer 200 and set the codes
// alone: the rule has neither useExternalLicense nor quotas then.
func (u *Server) ForgetTheRest(times int) {
	u.changeState(func() { u.forgets = times })
}

// newUnlistedGroup is a group that only its id is known of.
func newUnlistedGroup(id string, created time.Time) *storedGroup {
	g := Group{ID: id, Name: id, Directory: true, Quotas: make(map[string]int), Usage: make(map[string]int)}
	return &storedGroup{Group: g, created: created}
}

// inIdentityList tells whether the identity service knows the group: its page speaks
// of "all local and built-in groups".
func (g *storedGroup) inIdentityList() bool { return !g.Directory && !g.Orphan }

func sortedSet(codes []string) []string {
	set := slices.Clone(codes)
	slices.Sort(set)
	return slices.Compact(set)
}

func quotasOfCodes(quotas map[string]int, codes []string) map[string]int {
	kept := cloneCounts(quotas)
	maps.DeleteFunc(kept, func(code string, _ int) bool { return !slices.Contains(codes, code) })
	return kept
}

func cloneCounts(counts map[string]int) map[string]int {
	clone := make(map[string]int, len(counts))
	maps.Copy(clone, counts)
	return clone
}

// freeSeats is the number of seats nobody holds; the service never shows less
// than none.
func (s seatCount) freeSeats() int { return max(0, s.total-s.allocated) }

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
