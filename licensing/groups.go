package licensing

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"licensebot/internal/groupname"
)

// Group is a group of an organization.
type Group struct {
	ID   string // a GUID in its canonical form, see groupname.CanonicalID
	Name string // as UiPath spells it; "" if no list has it
	// Known reports whether a list has the group. If none does, ID is what the
	// caller gave, and may be wrong.
	Known bool
}

// GroupLists is what the two lists of groups tell. Each is incomplete and needs
// its own permission. Identity's has local and built-in groups. The License
// Accountant's also has groups from directories, but only those with an
// allocation.
type GroupLists struct {
	// Groups has each group of either list once, sorted by name.
	Groups []Group
	// IdentityErr and AllocationsErr are why that list could not be read: an
	// *Error each, or nil.
	IdentityErr, AllocationsErr error
}

// Err returns nil if the lists can be used: both were read, or one was and the
// other is out of reach for good, such as for a missing scope. Otherwise it is
// the error of the list to wait for. If both are out of reach it is the error of
// one of them.
func (l GroupLists) Err() error {
	for _, err := range []error{l.IdentityErr, l.AllocationsErr} {
		if err != nil && !isOutOfReach(err) {
			return err
		}
	}
	if l.IdentityErr != nil && l.AllocationsErr != nil {
		if isAbsentOrForbidden(l.IdentityErr) {
			return l.AllocationsErr
		}
		return l.IdentityErr
	}
	return nil
}

// areForbidden reports whether both lists are out of reach for good, such as for
// missing scopes, and all else is well.
func (l GroupLists) areForbidden() bool {
	return isAbsentOrForbidden(l.IdentityErr) && isAbsentOrForbidden(l.AllocationsErr)
}

// areEmpty reports whether there is no group in what may be read.
func (l GroupLists) areEmpty() bool {
	settled := func(err error) bool { return err == nil || isAbsentOrForbidden(err) }
	return len(l.Groups) == 0 && settled(l.IdentityErr) && settled(l.AllocationsErr)
}

// ListGroups lists the groups of both lists, sorted by name. If one list is out
// of reach for good, it returns the other without an error. If one failed for
// now, its error comes with the groups of the other. [Client.ReadGroupLists]
// says which is which. The result may be as old as [Config.GroupsTTL].
func (c *Client) ListGroups(ctx context.Context) ([]Group, error) {
	lists := c.ReadGroupLists(ctx)
	return lists.Groups, lists.Err()
}

// ReadGroupLists reads both lists of groups, or returns what it read within
// [Config.GroupsTTL]. Concurrent callers share one reading.
func (c *Client) ReadGroupLists(ctx context.Context) GroupLists {
	return c.groupListsWithin(ctx, c.groupsTTL)
}

// groupListsWithin returns lists of at most maxAge, as a copy for the caller to
// sort and filter.
func (c *Client) groupListsWithin(ctx context.Context, maxAge time.Duration) GroupLists {
	lists, err := c.groups.getWithin(ctx, maxAge)
	if err != nil && lists.Err() == nil { // the caller did not wait
		return GroupLists{IdentityErr: err, AllocationsErr: err}
	}
	lists.Groups = slices.Clone(lists.Groups)
	return lists
}

// fetchGroupLists reads both lists at once. Its error keeps the cache from
// keeping them: a failure may be over a minute later, and so may refused
// credentials, which an operator may be correcting.
func (c *Client) fetchGroupLists(ctx context.Context) (GroupLists, error) {
	var lists GroupLists
	var local, allocated []Group
	var both sync.WaitGroup
	both.Go(func() { local, lists.IdentityErr = c.listIdentityGroups(ctx) })
	both.Go(func() { allocated, lists.AllocationsErr = c.listAllocatedGroups(ctx) })
	both.Wait()
	lists.Groups = mergeGroups(local, allocated)
	return lists, lists.Err()
}

// mergeGroups keeps each id once, with the first name that a list has for it.
func mergeGroups(lists ...[]Group) []Group {
	var merged []Group
	at := map[string]int{}
	for _, g := range slices.Concat(lists...) {
		key := strings.ToLower(g.ID)
		i, seen := at[key]
		switch {
		case !seen:
			at[key] = len(merged)
			merged = append(merged, g)
		case merged[i].Name == "":
			merged[i].Name = g.Name
		}
	}
	names := map[string]string{} // made once each: making one takes longer than comparing two
	for _, g := range merged {
		names[g.ID] = groupname.Canonical(g.Name).String()
	}
	slices.SortStableFunc(merged, func(a, b Group) int {
		return cmp.Or(cmp.Compare(names[a.ID], names[b.ID]), cmp.Compare(a.ID, b.ID))
	})
	return merged
}

type identityGroup struct {
	ID      looseText `json:"id"`
	Name    looseText `json:"name"`
	Display looseText `json:"displayName"` // deprecated
}

func (g identityGroup) name() looseText { return firstNonEmpty(g.Name, g.Display) }

// listIdentityGroups reads local and built-in groups. The route has the
// organization in it: without, newer organizations are answered with
// InvalidPartition. The answer has all members of all groups, without pages.
// They can be very many, so they are left out while it is read.
func (c *Client) listIdentityGroups(ctx context.Context) ([]Group, error) {
	var list listAnswer[identityGroup]
	r := request{
		operation: opListGroups, method: http.MethodGet,
		url: c.site + "/identity_/api/Group/" + c.account, skippedKey: "members",
	}
	if err := c.sendAuthorized(ctx, r, &list); err != nil {
		return nil, err
	}
	var groups []Group
	for _, item := range list.items {
		groups = appendGroup(groups, item.ID, item.name())
	}
	return groups, nil
}

// readIdentityGroup reads one local or built-in group.
func (c *Client) readIdentityGroup(ctx context.Context, id string) (Group, error) {
	var item identityGroup
	r := request{
		operation: opReadGroup, method: http.MethodGet, skippedKey: "members",
		url: c.site + "/identity_/api/Group/" + c.account + "/" + url.PathEscape(id),
	}
	if err := c.sendAuthorized(ctx, r, &item); err != nil {
		return Group{}, err
	}
	if !groupname.SameID(string(item.ID), id) {
		return Group{}, &Error{Op: opReadGroup, Status: http.StatusOK, Kind: Unknown, Err: ErrOtherGroup}
	}
	return Group{ID: groupname.CanonicalID(id), Name: string(item.name()), Known: true}, nil
}

// listAllocatedGroups reads the groups that have an allocation.
func (c *Client) listAllocatedGroups(ctx context.Context) ([]Group, error) {
	var groups []Group
	err := c.eachAllocation(ctx, func(id string, allocation allocationBody) bool {
		groups = appendGroup(groups, looseText(id), allocation.Name)
		return true
	})
	if err != nil {
		return nil, err
	}
	return mergeGroups(groups), nil
}

func appendGroup(groups []Group, id, name looseText) []Group {
	if id == "" {
		return groups
	}
	return append(groups, Group{ID: groupname.CanonicalID(string(id)), Name: string(name), Known: true})
}
