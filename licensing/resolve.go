package licensing

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/agnivade/levenshtein"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	maxCandidates = 10
	// A group that is not in lists older than this is looked for in new ones:
	// people ask for groups that they have just made.
	missAge = 30 * time.Second
)

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

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
		case !strings.EqualFold(g.ID, ref):
		case g.Name == "" && err != nil:
			return Group{}, false, err
		default:
			return g, true, nil
		}
	}
	var named []Group
	want := folded(ref)
	for _, g := range l.Groups {
		if name := folded(g.Name); name != "" && name == want {
			named = append(named, g)
		}
	}
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

// resolveUnlisted decides about a reference that no list has. As long as one is
// missing that may have it, nothing is decided, not even about a GUID: its name
// tells whose group it is.
func (c *Client) resolveUnlisted(ctx context.Context, ref string, lists GroupLists) (Group, error) {
	unlisted := Group{ID: ref}
	err := lists.Err()
	switch {
	case err != nil && !lists.outOfReach():
		return Group{}, err
	case guid.MatchString(ref):
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

// typography makes one character of those that read the same, and nothing of
// double quotes: in a command they stand around a name and cannot be in it. It
// goes with the table of package bot, which reads commands and is not imported
// here; a test in cmd/licensebot holds the two together.
var typography = strings.NewReplacer(
	`"`, "", "“", "", "”", "", "„", "", "«", "", "»", "", "‟", "",
	"‘", "'", "’", "'", "‚", "'", "‛", "'",
	"‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "―", "-", "−", "-", "﹣", "-",
)

// folded is what two names that read the same have in common: people type one
// kind of dash and blank, and whatever a client makes of them is undone before
// it arrives here.
func folded(name string) string {
	name = typography.Replace(norm.NFKC.String(strings.Map(visible, name)))
	return cases.Fold().String(strings.Join(strings.Fields(name), " "))
}

// visible drops characters without width and makes every other separator or
// control character a blank.
func visible(r rune) rune {
	switch {
	case unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
		return -1
	case unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Z, r):
		return ' '
	}
	return r
}

// similar returns the groups whose names are closest to ref: those that start
// with it, those that hold it, those a few letters away.
func similar(ref string, groups []Group) []Group {
	type ranked struct {
		group Group
		rank  int
	}
	var near []ranked
	want := folded(ref)
	for _, g := range groups {
		if rank, ok := nameRank(want, folded(g.Name)); ok {
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
