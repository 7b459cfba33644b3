package fakeuipath

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// A Group is a group of the organization with its allocation.
type Group struct {
	ID        string // a fresh GUID when empty
	Name      string
	Directory bool           // of Entra or AD: only the license service lists it
	Codes     []string       // user bundle codes
	External  bool           // useExternalLicense
	Quotas    map[string]int // limit by code
	Usage     map[string]int // seats that members hold through the group, by code
	Orphan    bool           // the group was deleted, and its allocation stayed
}

// An Allocation is what a group's members may lease.
type Allocation struct {
	Codes    []string // sorted
	External bool
	Quotas   map[string]int
}

// seatCount counts the seats of a bundle.
type seatCount struct{ total, allocated int }

// storedGroup is a group in the organization.
type storedGroup struct {
	Group
	hasAllocation bool // has an allocation, which may be empty
	created       time.Time
}

func (g *storedGroup) currentAllocation() Allocation {
	return Allocation{Codes: slices.Clone(g.Codes), External: g.External, Quotas: maps.Clone(g.Quotas)}
}

func (r Allocation) equalTo(other Allocation) bool {
	return slices.Equal(r.Codes, other.Codes) && r.External == other.External && maps.Equal(r.Quotas, other.Quotas)
}

// Own gives the organization seats of a bundle: total bought, allocated in use.
// At first the organization owns nothing.
func (u *Server) Own(code string, total, allocated int) {
	u.changeState(func() { u.owned[code] = seatCount{total: total, allocated: allocated} })
}

// Disown takes a bundle away from the organization. Allocations that name it
// stay.
func (u *Server) Disown(code string) {
	u.changeState(func() { delete(u.owned, code) })
}

// AddGroup adds a group, or replaces the group with that ID, and returns the
// ID.
func (u *Server) AddGroup(group Group) string {
	if group.ID == "" {
		group.ID = uuid.NewString()
	}
	created := u.cfg.Now()
	group.Codes = sortedSet(group.Codes)
	group.Quotas = cloneCounts(group.Quotas)
	group.Usage = cloneCounts(group.Usage)
	hasAllocation := len(group.Codes) > 0 || group.External || len(group.Quotas) > 0
	u.changeState(func() {
		u.keepPast(group.ID)
		u.groups[group.ID] = &storedGroup{Group: group, hasAllocation: hasAllocation, created: created}
	})
	return group.ID
}

// RemoveGroup removes a group and its allocation.
func (u *Server) RemoveGroup(id string) {
	u.changeState(func() {
		u.keepPast(id)
		delete(u.groups, id)
	})
}

// RenameGroup gives a group another name.
func (u *Server) RenameGroup(id, name string) {
	u.changeGroup(id, func(g *storedGroup) { g.Name = name })
}

// OrphanGroup deletes a group and leaves its allocation, which the license service
// goes on listing under the old name.
func (u *Server) OrphanGroup(id string) {
	u.changeGroup(id, func(g *storedGroup) { g.Orphan = true })
}

// changeGroup ignores an unknown group.
func (u *Server) changeGroup(id string, change func(*storedGroup)) {
	u.changeState(func() {
		if g, ok := u.groups[id]; ok {
			u.keepPast(id)
			change(g)
		}
	})
}

// HideQuotas makes the with-quota routes answer 404, as Config.NoQuotaRoutes does,
// for as long as it is on.
func (u *Server) HideQuotas(on bool) {
	u.changeState(func() { u.noQuotas = on })
}

// HideExternal leaves useExternalLicense out of all answers to reads.
func (u *Server) HideExternal(on bool) {
	u.changeState(func() { u.noFlag = on })
}

// SetAllocation changes a group's codes as an administrator does in the portal.
// Without codes it deletes the allocation. It keeps the quotas of codes that
// stay. An unknown group becomes a directory group.
func (u *Server) SetAllocation(groupID string, codes ...string) {
	created := u.cfg.Now()
	u.changeState(func() {
		u.keepPast(groupID)
		g := u.groups[groupID]
		if g == nil {
			g = newUnlistedGroup(groupID, created)
			u.groups[groupID] = g
		}
		g.Codes = sortedSet(codes)
		g.hasAllocation = len(codes) > 0
		g.Quotas = quotasOfCodes(g.Quotas, g.Codes)
	})
}

// Allocation returns a group's allocation of now, and whether the group exists.
func (u *Server) Allocation(groupID string) (Allocation, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	g, ok := u.groups[groupID]
	if !ok {
		return Allocation{}, false
	}
	return g.currentAllocation(), true
}

// SetDateAhead makes the Date header of all answers so much later than the clock of
// this machine: to a client on it, its own clock is then behind.
func (u *Server) SetDateAhead(ahead time.Duration) {
	u.changeState(func() { u.ahead = ahead })
}

// NoAccountLicense makes every license call answer 404: "No account license is
// allocated for the indicated organization."
func (u *Server) NoAccountLicense(on bool) {
	u.changeState(func() { u.noLicense = on })
}

// Exceed makes every PUT answer 409: "The license allocation is not allowed
// because it exceeds the account license quantities." The Server answers so on
// demand only, because an allocation to a group uses no seats.
func (u *Server) Exceed(on bool) {
	u.changeState(func() { u.exceed = on })
}

// DropCode makes PUTs with this code answer 200 and drop the code, so many
// times. The service is said to do so with unknown codes.
func (u *Server) DropCode(code string, times int) {
	u.changeState(func() { u.drops[code] = times })
}

// ForgetTheRest makes PUTs answer 200 and set the codes alone, so many times.
// useExternalLicense and the quotas are then gone.
func (u *Server) ForgetTheRest(times int) {
	u.changeState(func() { u.forgets = times })
}

// newUnlistedGroup is a group of which only the id is known.
func newUnlistedGroup(id string, created time.Time) *storedGroup {
	g := Group{ID: id, Name: id, Directory: true, Quotas: make(map[string]int), Usage: make(map[string]int)}
	return &storedGroup{Group: g, created: created}
}

// inIdentityList tells whether the identity service knows the group. Its page
// speaks of "all local and built-in groups".
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

// freeSeats is the number of unused seats, and at least zero.
func (s seatCount) freeSeats() int { return max(0, s.total-s.allocated) }

// OperationPortal is the journal's operation for what Edit did.
const OperationPortal = "portal"

// Edit changes a group's codes as SetAllocation does, but starts from the codes
// of that moment and records the change in the journal. It ignores an unknown
// group.
func (u *Server) Edit(groupID string, change func(codes []string) []string) {
	u.changeState(func() {
		now := u.cfg.Now()
		g := u.groups[groupID]
		if g == nil {
			return
		}
		u.keepPast(groupID)
		before := g.currentAllocation()
		g.Codes = sortedSet(change(slices.Clone(g.Codes)))
		g.hasAllocation = len(g.Codes) > 0
		g.Quotas = quotasOfCodes(g.Quotas, g.Codes)
		after := g.currentAllocation()
		u.seq++
		u.calls = append(u.calls, Call{
			Seq: u.seq, At: now, TookAt: now, Operation: OperationPortal, Path: groupID,
			Before: before.Codes, After: after.Codes, Was: before, Is: after, Took: true, Changed: !before.equalTo(after),
		})
	})
}
