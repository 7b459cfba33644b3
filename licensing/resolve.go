package licensing

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"licensebot/internal/groupname"

	"github.com/agnivade/levenshtein"
)

const (
	maxCandidates = 10
	// A group that is not in lists older than this is looked for in new ones:
	// people ask for groups that they have just made.
	missAge = 30 * time.Second
)

// ResolveGroup finds the one group that ref means: by its id, or by its exact
// name, as far as people can tell names apart: case, kinds of dashes, quotes and
// blanks and characters without width do not matter. It never guesses: a name that no group or more
// than one has is a [*GroupError].
//
// What no list has can still be an id, as a directory's group without a rule is
// in neither list. A GUID is taken as one. Anything else is taken as one only
// if there is no group at all in what may be read, or if reading the rule of
// that id proves that it is one. Group.Known is false then.
//
// An [*Error] means that the lists could not be read, so that the question is
// open.
func (c *Client) ResolveGroup(ctx context.Context, ref string) (Group, error) {
	ref = strings.TrimSpace(ref)
	if ref == "" {
		return Group{}, &GroupError{Ref: ref}
	}
	if id, ok := groupname.ParseGUID(ref); ok {
		ref = id
	}
	lists := c.GroupLists(ctx)
	group, found, err := lists.find(ref)
	if now := c.link.now(); !found && err == nil && now.Sub(lists.read) > missAge {
		lists = c.groups.get(ctx, now, missAge, c.readGroupLists)
		group, found, err = lists.find(ref)
	}
	if found || err != nil {
		return group, err
	}
	return c.resolveUnlisted(ctx, ref, lists)
}

// find looks for an id, then for a name. Neither is settled as long as a list
// is missing that may tell the id's name, or have the name a second time.
func (l GroupLists) find(ref string) (Group, bool, error) {
	for _, g := range l.Groups {
		switch err := l.Err(); {
		case !groupname.SameID(g.ID, ref):
		case g.Name == "" && err != nil:
			return Group{}, false, err
		default:
			return g, true, nil
		}
	}
	named := l.named(ref)
	switch {
	case len(named) > 1:
		return Group{}, false, &GroupError{Ref: ref, Candidates: named[:min(len(named), maxCandidates)], Ambiguous: true}
	case len(named) == 0:
		return Group{}, false, nil
	}
	if err := l.Err(); err != nil {
		return Group{}, false, err
	}
	return named[0], true, nil
}

// named lists the groups whose name ref is. A GUID is an id: a group that has
// one for its name is found by its own id alone.
func (l GroupLists) named(ref string) []Group {
	want := groupname.Typed(ref)
	if want.IsUnknown() || groupname.IsGUID(ref) {
		return nil
	}
	var named []Group
	for _, g := range l.Groups {
		if groupname.Typed(g.Name) == want {
			named = append(named, g)
		}
	}
	return named
}

// resolveUnlisted decides about a reference that no list has. As long as one is
// missing that may have it, nothing is decided, not even about a GUID: its name
// tells whose group it is.
func (c *Client) resolveUnlisted(ctx context.Context, ref string, lists GroupLists) (Group, error) {
	unlisted := Group{ID: ref}
	err := lists.Err()
	switch {
	case err != nil && !lists.outOfReach():
		return Group{}, err
	case groupname.IsGUID(ref):
		return unlisted, nil
	case lists.nothingKnown() && validID(ref):
		return unlisted, nil
	}
	switch proven, err := c.isGroupID(ctx, ref); {
	case err != nil:
		return Group{}, err
	case proven:
		return unlisted, nil
	}
	return Group{}, &GroupError{Ref: ref, Candidates: similar(ref, lists.Groups)}
}

// isGroupID tells whether ref is the id of a group that has a rule. Only
// with-quota names the group it answers about; the plain endpoint may well
// answer for any id.
func (c *Client) isGroupID(ctx context.Context, ref string) (bool, error) {
	if !validID(ref) {
		return false, nil
	}
	t, err := c.readRule(ctx, ref, "/with-quota")
	var e *Error
	switch {
	case err == nil:
		return t.groupID != "", nil
	case errors.As(err, &e) && (e.Kind == Refused || e.Status == http.StatusOK):
		return false, nil
	}
	return false, err
}

// similar returns the groups whose names are closest to ref: those that start
// with it, those that hold it, those a few letters away.
func similar(ref string, groups []Group) []Group {
	type ranked struct {
		group Group
		rank  int
	}
	var near []ranked
	want := groupname.Typed(ref).String()
	for _, g := range groups {
		if rank, ok := nameRank(want, groupname.Typed(g.Name).String()); ok {
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

func nameRank(want, name string) (int, bool) {
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
