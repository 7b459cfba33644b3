package command

import (
	"strings"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// An Index finds groups by what people type. To make one takes longer than to read a
// command, so whoever reads many with one list of groups makes it once; see [Known].
type Index struct {
	of      []approvals.Group
	groups  map[string][]approvals.Group // by canonical name, and by id
	loose   map[string][]approvals.Group // by their loose keys
	spelled []spelledGroup               // all, as they are compared
	longest int                          // words of the longest name
}

// A spelledGroup is a group with its name and its id as they are compared.
type spelledGroup struct {
	approvals.Group
	name, id string
}

// NewIndex makes the index of a list that stays as it is.
func NewIndex(groups []approvals.Group) *Index {
	x := &Index{
		of: groups, groups: make(map[string][]approvals.Group), loose: make(map[string][]approvals.Group),
	}
	for _, g := range groups {
		canonical, id := g.Canonical.String(), groupname.Canonical(g.ID).String()
		x.spelled = append(x.spelled, spelledGroup{Group: g, name: canonical, id: id})
		x.longest = max(x.longest, len(strings.Fields(canonical)))
		isNamed := canonical != "" && !groupname.IsGUID(canonical) // a GUID is an id, also as a name
		if isNamed {
			x.add(canonical, g)
		}
		if !isNamed || id != canonical {
			x.add(id, g)
		}
	}
	delete(x.loose, "")
	return x
}

func (x *Index) add(spelling string, g approvals.Group) {
	x.groups[spelling] = append(x.groups[spelling], g)
	loose := looseKey(spelling)
	x.loose[loose] = append(x.loose[loose], g)
}

// IsOf reports whether this is the index of the very list, not of one with equal groups.
func (x *Index) IsOf(groups []approvals.Group) bool {
	return x != nil && len(x.of) == len(groups) && (len(groups) == 0 || &x.of[0] == &groups[0])
}
