package licensing

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"licensebot/internal/groupname"
)

// freshGroupAge is how old lists may be that decide which group a name means, so
// that a group which was just renamed is not found under its old name.
const freshGroupAge = 3 * time.Second

// ResolveGroup finds the one group that ref means: by its id, or by its exact
// name, as far as people can tell names apart (see package groupname). It never
// guesses: if no group or several have that name, its error is a [*GroupError].
// A GUID always means an id. A group that has one for its name is found by its own
// id only; where no group has that id, the error says so and offers the group.
//
// A reference that no list has can still be an id, because a directory's group
// without an allocation is in neither list. A GUID is taken for one. Other text
// is taken for one only if there is no group at all in what may be read, or if
// UiPath has an allocation for that very id. Group.Known is false then.
//
// An [*Error] means that the lists could not be read, so that the question is
// open.
func (c *Client) ResolveGroup(ctx context.Context, ref string) (Group, error) {
	ref = strings.TrimSpace(ref)
	if ref == "" {
		return Group{}, &GroupError{Reference: ref}
	}
	ref = groupname.CanonicalID(ref)
	asked := c.groups.now()
	lists := c.groupListsWithin(ctx, freshGroupAge)
	group, found, err := lists.findGroup(ref)
	if !found && err == nil { // a group that was just made is in a newer list only
		lists = c.groupListsWithin(ctx, c.groups.now().Sub(asked))
		group, found, err = lists.findGroup(ref)
	}
	if found || err != nil {
		return group, err
	}
	return c.resolveUnlisted(ctx, ref, lists)
}

// ReadGroup reads the group of an id, with its name of now. Identity answers for
// one local group, which is cheap; the lists know the others, and are at most
// three seconds old. Lists that lack it are read once more, because a group may move from one
// page to another while they are read. A group that no list has, such as a directory's without an
// allocation, has no name. A group that has no allocation to read either is a
// Refused [*Error] with status 404.
func (c *Client) ReadGroup(ctx context.Context, id string) (Group, error) {
	group, _, err := c.readGroup(ctx, id)
	return group, err
}

// ReadNamedGroup is ReadGroup for a group that had a name. A name that UiPath does not show is
// unknown. The error is that of a list which UiPath does not let the client read, or
// [ErrNameUnknown]. Two looks at both lists, ten seconds to twenty minutes apart, prove that the
// name is gone.
func (c *Client) ReadNamedGroup(ctx context.Context, id string) (Group, error) {
	group, lists, err := c.readGroup(ctx, id)
	switch {
	case err != nil:
		return group, err
	case group.Name != "":
		c.seen.shows(nameOf(id))
		return group, nil
	}
	return group, c.checkNameless(id, lists)
}

// checkNameless is nil if looks agree that lists show no name for the group of an id.
func (c *Client) checkNameless(id string, lists GroupLists) error {
	for _, err := range []error{lists.IdentityErr, lists.AllocationsErr} {
		switch {
		case err == nil:
		case isAbsent(err):
			return &Error{Op: opReadGroup, Kind: Later, Err: ErrNameUnknown}
		default:
			return err
		}
	}
	if !c.seen.lacks(nameOf(id), c.transport.now()) {
		return lookAgainError(opReadGroup, ErrNameUnknown)
	}
	return nil
}

// readGroup returns the lists with a group that none of them has a name for.
func (c *Client) readGroup(ctx context.Context, id string) (Group, GroupLists, error) {
	var lists GroupLists
	if !isPathSegment(id) {
		return Group{}, lists, &Error{Op: opReadGroup, Kind: Refused, Err: ErrBadID}
	}
	group, err := c.readIdentityGroup(ctx, id)
	if err == nil || !isOutOfReach(err) && !isBadID(err) {
		return group, lists, err
	}
	lists = c.groupListsWithin(ctx, freshGroupAge)
	group, found, err := lists.findNamed(id)
	if !found && err == nil {
		looked := c.groups.now()
		lists = c.groupListsWithin(ctx, c.groups.now().Sub(looked))
		group, found, err = lists.findNamed(id)
	}
	if found || err != nil {
		return group, lists, err
	}
	_, err = c.readEndpoint(ctx, id, "")
	if isAbsent(err) {
		var quotaErr error
		if _, quotaErr = c.readEndpoint(ctx, id, withQuota); quotaErr != nil {
			return Group{}, lists, joinAnswers(err, quotaErr)
		}
		err = nil
	}
	return Group{ID: groupname.CanonicalID(id)}, lists, err
}

// isBadID reports a 400: Identity takes GUIDs alone.
func isBadID(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Op == opReadGroup && e.Status == http.StatusBadRequest
}

// findGroup looks for an id, then for a name. While a list is missing, neither is
// certain: that list may have the id's name, or have the name a second time.
func (l GroupLists) findGroup(ref string) (Group, bool, error) {
	id := groupname.CanonicalID(ref) // the lists have canonical ids, too
	at := slices.IndexFunc(l.Groups, func(g Group) bool { return strings.EqualFold(g.ID, id) })
	if at >= 0 {
		if err := l.Err(); err != nil && l.Groups[at].Name == "" {
			return Group{}, false, err
		}
		return l.Groups[at], true, nil
	}
	named := l.groupsNamed(ref)
	switch {
	case len(named) > 1:
		candidates := named[:min(len(named), maxCandidates)]
		return Group{}, false, &GroupError{Reference: ref, Candidates: candidates, Ambiguous: true}
	case len(named) == 0:
		return Group{}, false, nil
	}
	if err := l.Err(); err != nil {
		return Group{}, false, err
	}
	return named[0], true, nil
}

// findNamed looks for the group of an id that has a name. While a list is missing, it may have the
// name.
func (l GroupLists) findNamed(id string) (Group, bool, error) {
	named := l.groupsWhere(func(g Group) bool { return groupname.SameID(g.ID, id) && g.Name != "" })
	if len(named) > 0 {
		return named[0], true, nil
	}
	if err := l.Err(); err != nil && !l.areForbidden() {
		return Group{}, false, err
	}
	return Group{}, false, nil
}

// groupsNamed lists the groups of the name ref. A GUID is no name.
func (l GroupLists) groupsNamed(ref string) []Group {
	want := groupname.Canonical(ref)
	if want.IsUnknown() || groupname.IsGUID(ref) {
		return nil
	}
	return l.groupsWhere(func(g Group) bool { return groupname.Canonical(g.Name) == want })
}

// groupsNamedLikeID lists the groups that have this id for their name.
func (l GroupLists) groupsNamedLikeID(id string) []Group {
	return l.groupsWhere(func(g Group) bool { return groupname.IsGUID(g.Name) && groupname.SameID(g.Name, id) })
}

func (l GroupLists) groupsWhere(holds func(Group) bool) []Group {
	var found []Group
	for _, g := range l.Groups {
		if holds(g) {
			found = append(found, g)
		}
	}
	return found
}

// resolveUnlisted decides about a reference that no list has. While a list is missing
// it decides nothing, not even about a GUID: the group's name tells its owner.
func (c *Client) resolveUnlisted(ctx context.Context, ref string, lists GroupLists) (Group, error) {
	unlisted := Group{ID: ref}
	err := lists.Err()
	switch {
	case err != nil && !lists.areForbidden():
		return Group{}, err
	case groupname.IsGUID(ref):
		if named := lists.groupsNamedLikeID(ref); len(named) > 0 {
			candidates := named[:min(len(named), maxCandidates)]
			return Group{}, &GroupError{Reference: ref, Candidates: candidates, Ambiguous: true}
		}
		return unlisted, nil
	case lists.areEmpty() && isPathSegment(ref):
		return unlisted, nil
	}
	switch proven, err := c.isGroupID(ctx, ref); {
	case err != nil:
		return Group{}, err
	case proven:
		return unlisted, nil
	}
	return Group{}, &GroupError{Reference: ref, Candidates: similarGroups(ref, lists.Groups)}
}

// isGroupID reports whether ref is the id of a group with an allocation. Only
// with-quota names the group that it answers about; the plain endpoint may
// answer for any id.
func (c *Client) isGroupID(ctx context.Context, ref string) (bool, error) {
	if !isPathSegment(ref) {
		return false, nil
	}
	answer, err := c.readEndpoint(ctx, ref, withQuota)
	if err == nil {
		return answer.groupID != "", nil
	}
	if e, ok := errors.AsType[*Error](err); ok && (e.Kind == Refused || e.Kind == Unknown && e.Status == http.StatusOK) {
		return false, nil
	}
	if isOutOfReach(err) {
		return false, nil
	}
	return false, err
}
