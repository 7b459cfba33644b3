package fakeuipath

import (
	"cmp"
	"maps"
	"slices"
)

// Seats are the seats of a bundle: bought, and in use.
type Seats struct {
	Code        string
	Total, Used int
}

// Owned are the bundles of the organization, by code.
func (u *Server) Owned() []Seats {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := make([]Seats, 0, len(u.owned))
	for _, code := range slices.Sorted(maps.Keys(u.owned)) {
		all = append(all, Seats{Code: code, Total: u.owned[code].total, Used: u.owned[code].allocated})
	}
	return all
}

// Groups are the groups of the organization, by id.
func (u *Server) Groups() []Group {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := make([]Group, 0, len(u.groups))
	for _, g := range u.groups {
		found := g.Group
		found.Codes, found.Quotas, found.Usage = slices.Clone(g.Codes), maps.Clone(g.Quotas), maps.Clone(g.Usage)
		all = append(all, found)
	}
	slices.SortFunc(all, func(a, b Group) int { return cmp.Compare(a.ID, b.ID) })
	return all
}
