package licensing

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// maxCandidates is how many groups an error offers.
const maxCandidates = 10

// rankMatches lists the groups that query is a part of, the best first: the
// group of this name or id, names that begin with it, names with a word that
// begins with it, names or ids that contain it. Within a rank the order stays. All are
// alike to an empty query.
func rankMatches(query string, all []approvals.Group) []approvals.Group {
	want := groupname.Canonical(query).String()
	if want == "" {
		return all
	}
	var ranks [4][]approvals.Group
	for _, g := range all {
		name, id := g.Canonical.String(), strings.ToLower(g.ID)
		switch {
		case name == want, id == want:
			ranks[0] = append(ranks[0], g)
		case strings.HasPrefix(name, want):
			ranks[1] = append(ranks[1], g)
		case strings.Contains(name, " "+want):
			ranks[2] = append(ranks[2], g)
		case strings.Contains(name, want), strings.Contains(id, want):
			ranks[3] = append(ranks[3], g)
		}
	}
	return slices.Concat(ranks[:]...)
}

// similarGroups lists the groups of names closest to ref: names that begin with
// it, names that contain it, names a few letters away.
func similarGroups(ref string, groups []Group) []Group {
	type ranked struct {
		group Group
		rank  int
	}
	var near []ranked
	want := groupname.Canonical(ref).String()
	for _, g := range groups {
		if rank, ok := rankName(want, groupname.Canonical(g.Name).String()); ok {
			near = append(near, ranked{g, rank})
		}
	}
	slices.SortStableFunc(near, func(a, b ranked) int { return a.rank - b.rank })
	var candidates []Group
	for _, n := range near[:min(len(near), maxCandidates)] {
		candidates = append(candidates, n.group)
	}
	return candidates
}

func rankName(want, name string) (int, bool) {
	switch {
	case name == "":
		return 0, false
	case strings.HasPrefix(name, want):
		return 0, true
	case strings.Contains(name, want):
		return 1, true
	}
	distance := levenshtein.ComputeDistance(want, name)
	return 1 + distance, distance <= max(1, len([]rune(want))/3)
}
