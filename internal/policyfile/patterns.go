package policyfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

const maxPattern = 200 // characters; no group's name is longer

// groups reads ids, exact names and patterns of groups.
func (r *reader) groups(m mapping) []approvals.GroupPattern {
	var patterns []approvals.GroupPattern
	for _, e := range r.list(m, "groups", "finance-*") {
		pattern := groupname.Pattern(e.text)
		switch {
		case !r.stars(e):
		case strings.ContainsAny(e.text, `?[]{}\`):
			r.report(e.line, fmt.Sprintf("%s has one of ? [ ] { } \\ in it, which mean nothing here: only * stands for other characters", quote(e.text)),
				"write * instead, or name the group by its id")
		case strings.ContainsFunc(e.text, unicode.IsControl) || utf8.RuneCountInString(e.text) > maxPattern:
			r.report(e.line, fmt.Sprintf("%s is no group's name: it has a control character or more than %d characters", quote(e.text), maxPattern), "name the group by its id")
		case pattern.String() == "":
			r.report(e.line, fmt.Sprintf("%s is no group's name: it has no visible character", quote(e.text)), "name the group by its id")
		case strings.Count(pattern.String(), "*") != strings.Count(e.text, "*"):
			r.report(e.line, fmt.Sprintf("%s has a star that is not the plain one", quote(e.text)), "write *, or name the group by its id")
		case slices.Contains(patterns, pattern):
			r.report(e.line, fmt.Sprintf("groups lists %s twice: an earlier entry reads the same", quote(e.text)), "remove one of them")
		default:
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// stars reports an entry whose stars say nothing together.
func (r *reader) stars(e entry) bool {
	if strings.Contains(e.text, "**") {
		r.report(e.line, fmt.Sprintf("%s has two * in a row", quote(e.text)), "write one: it stands for any characters, or none")
		return false
	}
	return true
}

var codePattern = regexp.MustCompile(`^[A-Z0-9*][A-Z0-9*-]{0,39}$`)

// codes reads user bundle codes and patterns of them.
func (r *reader) codes(m mapping) []string {
	var patterns []string
	for _, e := range r.list(m, "codes", "RPADEVPRONU") {
		upper := strings.ToUpper(e.text)
		switch {
		case !r.stars(e):
		case !codePattern.MatchString(upper):
			r.report(e.line, fmt.Sprintf("%s is no licence code and no pattern of codes", quote(e.text)), "write letters and digits, such as RPADEVPRONU, and * for any of them")
		default:
			patterns = append(patterns, upper)
		}
	}
	return patterns
}

var (
	personID = regexp.MustCompile(`^[UW][A-Z0-9_]{2,40}$`)
	slackID  = regexp.MustCompile(`^[UWS][A-Z0-9_]{2,40}$`)
	listName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
)

// A directory is the lists of people that a file gives names to.
type directory map[string][]string

// people reads ids of users and user groups, and names of lists of them.
func (r *reader) people(m mapping, key string, lists directory) []string {
	var ids []string
	for _, e := range r.list(m, key, "[U0123ABCD, S0456EFGH]") {
		named, known := lists[e.text]
		switch {
		case known:
			ids = append(ids, named...)
		case slackID.MatchString(e.text):
			ids = append(ids, e.text)
		default:
			r.stranger(e, lists)
		}
	}
	return once(ids)
}

// stranger reports an entry that names nobody.
func (r *reader) stranger(e entry, lists directory) {
	if nearest, near := nearest(e.text, lists.names()); near {
		r.report(e.line, fmt.Sprintf("people has no list %s", quote(e.text)), "did you mean "+nearest+"?")
		return
	}
	wrong := "is neither a user id nor a user group id"
	if len(lists) > 0 {
		wrong += " nor a list of people"
	}
	r.report(e.line, quote(e.text)+" "+wrong, "use the id, such as U0123ABCD or S0456EFGH: in Slack, open the profile or the user group and copy it")
}

func (d directory) names() []string {
	var names []string
	for name := range d {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// once keeps the first of each id: a person may be on several lists.
func once(ids []string) []string {
	var kept []string
	for _, id := range ids {
		if !slices.Contains(kept, id) {
			kept = append(kept, id)
		}
	}
	return kept
}
