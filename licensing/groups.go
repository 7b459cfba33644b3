package licensing

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"licensebot/internal/groupname"
)

const (
	opListGroups = "list groups"
	opListRules  = "list rules"

	pageSize = 50  // the most that UiPath gives, whatever top says
	maxPages = 400 // 20,000 groups; ends the loop at a server that ignores skip
)

// Group is a group of an organization.
type Group struct {
	ID   string // a GUID
	Name string // "" if no list tells it
	// Known tells that a list has the group. Without it ID is what was given,
	// and may be wrong.
	Known bool
}

// GroupLists is what the two lists of groups tell. Neither is complete:
// Identity's has local and built-in groups only, the License Accountant's has
// groups from directories too, but only those that have a rule. Each needs its
// own permission.
type GroupLists struct {
	// Groups has each group of either list once, sorted by name.
	Groups []Group
	// Identity and Rules are why that list could not be read, an *Error each,
	// or nil.
	Identity, Rules error

	read time.Time // when the reading began
}

// Err is nil if the lists can be worked with: both were read, or one was and
// the other is out of reach for good, as where a scope was not granted.
// Otherwise it is the error of the list to wait for, or of one of them if both
// are out of reach.
func (l GroupLists) Err() error {
	for _, err := range []error{l.Identity, l.Rules} {
		if retryable(err) {
			return err
		}
	}
	if l.Identity != nil && l.Rules != nil {
		if absentOrForbidden(l.Identity) {
			return l.Rules
		}
		return l.Identity
	}
	return nil
}

// outOfReach tells that neither list is to be had for good, as where no scope
// for them was granted, and that nothing else is wrong.
func (l GroupLists) outOfReach() bool {
	return absentOrForbidden(l.Identity) && absentOrForbidden(l.Rules)
}

// nothingKnown tells that no list has any group, for good.
func (l GroupLists) nothingKnown() bool {
	open := func(err error) bool { return err == nil || absentOrForbidden(err) }
	return len(l.Groups) == 0 && open(l.Identity) && open(l.Rules)
}

func retryable(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Retryable()
}

func absentOrForbidden(err error) bool {
	var e *Error
	return absent(err) || errors.As(err, &e) && e.Op != opToken && e.Status == http.StatusForbidden
}

// Groups lists the groups that either of two lists tells, sorted by name. If
// one list is out of reach for good, the other's are all, without an error; if
// one failed for now, its error comes with what the other tells. GroupLists
// says which is which. The result may be as old as [Config.GroupsTTL].
func (c *Client) Groups(ctx context.Context) ([]Group, error) {
	lists := c.GroupLists(ctx)
	return lists.Groups, lists.Err()
}

// GroupLists reads both lists of groups, or returns what it read within
// [Config.GroupsTTL]. Concurrent callers share one reading.
func (c *Client) GroupLists(ctx context.Context) GroupLists {
	return c.groups.get(ctx, c.link.now(), c.groups.ttl, c.readGroupLists)
}

// readGroupLists reads both lists at once.
func (c *Client) readGroupLists(ctx context.Context) GroupLists {
	lists := GroupLists{read: c.link.now()}
	var local, ruled []Group
	var both sync.WaitGroup
	both.Go(func() { local, lists.Identity = c.identityGroups(ctx) })
	both.Go(func() { ruled, lists.Rules = c.ruledGroups(ctx) })
	both.Wait()
	lists.Groups = mergeGroups(local, ruled)
	return lists
}

// mergeGroups keeps each id once, with the first name that is told for it.
func mergeGroups(lists ...[]Group) []Group {
	var merged []Group
	at := map[string]int{}
	for _, g := range slices.Concat(lists...) {
		key := strings.ToLower(groupname.CanonicalID(g.ID))
		i, seen := at[key]
		switch {
		case !seen:
			at[key] = len(merged)
			merged = append(merged, g)
		case merged[i].Name == "":
			merged[i].Name = g.Name
		}
	}
	names := map[string]string{} // folded once each: that takes longer than to compare
	for _, g := range merged {
		names[g.ID] = groupname.Typed(g.Name).String()
	}
	slices.SortStableFunc(merged, func(a, b Group) int {
		return cmp.Or(cmp.Compare(names[a.ID], names[b.ID]), cmp.Compare(a.ID, b.ID))
	})
	return merged
}

// identityGroups reads local and built-in groups. The route has the
// organization in it: without, newer organizations are answered with
// InvalidPartition. Its answer has all members of all groups, without pages:
// they can be very many, and are left out while it is read.
func (c *Client) identityGroups(ctx context.Context) ([]Group, error) {
	var list page[struct {
		ID      text `json:"id"`
		Name    text `json:"name"`
		Display text `json:"displayName"` // deprecated
	}]
	a := ask{op: opListGroups, method: http.MethodGet, url: c.site + "/identity_/api/Group/" + c.account, skip: "members"}
	if err := c.exchange(ctx, a, &list); err != nil {
		return nil, err
	}
	var groups []Group
	for _, item := range list.items {
		groups = appendGroup(groups, item.ID, firstNonEmpty(item.Name, item.Display))
	}
	return groups, nil
}

// ruledGroups reads the groups that have a rule.
func (c *Client) ruledGroups(ctx context.Context) ([]Group, error) {
	var groups []Group
	err := c.eachRule(ctx, func(id string, rule ruleBody) bool {
		groups = appendGroup(groups, text(id), rule.Name)
		return true
	})
	if err != nil {
		return nil, err
	}
	return mergeGroups(groups), nil
}

// eachRule visits the rules of all groups that have one until visit returns
// false: page by page until one brings nothing new, because a short page is not
// the last one, as the server may give fewer than were asked for. Source:
// get-groups-rules-with-quotas.
func (c *Client) eachRule(ctx context.Context, visit func(id string, rule ruleBody) (more bool)) error {
	seen := map[string]bool{}
	for skip, pages := 0, 0; pages < maxPages; pages++ {
		query := url.Values{"skip": {strconv.Itoa(skip)}, "top": {strconv.Itoa(pageSize)}}
		var list page[struct {
			Rule ruleBody `json:"groupRule"`
		}]
		err := c.get(ctx, opListRules, c.lease("/groups/with-quota?"+query.Encode()), &list)
		if err != nil {
			return err
		}
		known := len(seen)
		for _, item := range list.items {
			id := string(firstNonEmpty(item.Rule.ID, item.Rule.GroupID))
			if !visit(id, item.Rule) {
				return nil
			}
			seen[strings.ToLower(id)] = true
		}
		if len(seen) == known {
			return nil
		}
		skip += len(list.items)
	}
	return nil
}

func appendGroup(groups []Group, id, name text) []Group {
	if id == "" {
		return groups
	}
	return append(groups, Group{ID: string(id), Name: string(name), Known: true})
}
