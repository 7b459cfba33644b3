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

const maxPatternLength = 200 // characters; no group's name is longer

// readGroups reads ids, exact names and patterns of groups. Two entries that read
// the same are one.
func (r *reader) readGroups(m mapping) []approvals.GroupPattern { return r.readGroupList(m, "groups") }

func (r *reader) readGroupList(m mapping, key string) []approvals.GroupPattern {
	var patterns []approvals.GroupPattern
	for _, e := range r.readList(m, key, "finance-*") {
		pattern := groupname.Pattern(e.text)
		switch {
		case !r.checkStars(e):
		case strings.ContainsAny(e.text, `?[]{}\`):
			r.report(e.line,
				fmt.Sprintf("%s has one of ? [ ] { } \\ in it, which mean nothing here: only * stands for other characters",
					quoteShort(e.text)),
				"write * instead, or name the group by its id")
		case strings.ContainsFunc(e.text, unicode.IsControl) || utf8.RuneCountInString(e.text) > maxPatternLength:
			r.report(e.line,
				fmt.Sprintf("%s is not a group's name: it has a control character or more than %d characters",
					quoteShort(e.text), maxPatternLength),
				"name the group by its id")
		case pattern.String() == "":
			r.report(e.line,
				fmt.Sprintf("%s is not a group's name: it has no visible character", quoteShort(e.text)),
				"name the group by its id")
		case strings.Count(pattern.String(), "*") != strings.Count(e.text, "*"):
			r.report(e.line,
				fmt.Sprintf("%s has a star that is not the plain one", quoteShort(e.text)),
				"write *, or name the group by its id")
		case slices.Contains(patterns, pattern):
			r.report(e.line,
				fmt.Sprintf("%s lists %s twice: an earlier entry reads the same", key, quoteShort(e.text)),
				"remove one of them")
		default:
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// checkStars reports two stars in a row.
func (r *reader) checkStars(e entry) bool {
	if strings.Contains(e.text, "**") {
		r.report(e.line,
			fmt.Sprintf("%s has two * in a row", quoteShort(e.text)),
			"write one: it stands for any characters, or none")
		return false
	}
	return true
}

var codePattern = regexp.MustCompile(`^[A-Z0-9*][A-Z0-9*-]{0,39}$`)

// readCodes reads user bundle codes and patterns for them.
func (r *reader) readCodes(m mapping, key string) []string {
	var patterns []string
	for _, e := range r.readList(m, key, "RPADEVPRONU") {
		upper := strings.ToUpper(e.text)
		switch {
		case !r.checkStars(e):
		case !codePattern.MatchString(upper):
			r.report(e.line,
				fmt.Sprintf("%s is neither a license code nor a pattern of codes", quoteShort(e.text)),
				"write letters and digits, such as RPADEVPRONU, and * for any of them")
		default:
			patterns = append(patterns, upper)
		}
	}
	return patterns
}

// ruleActions are what a rule may list as actions.
var ruleActions = []string{
	string(approvals.Add), string(approvals.Remove), string(approvals.Set), string(approvals.ActionQuota),
}

// readActions reads what requests do.
func (r *reader) readActions(m mapping) []approvals.Action {
	var actions []approvals.Action
	for _, e := range r.readList(m, "actions", "[add, remove]") {
		if !slices.Contains(ruleActions, e.text) {
			r.report(e.line, fmt.Sprintf("actions cannot have %s", quoteShort(e.text)), suggestWord(e.text, ruleActions))
			continue
		}
		actions = append(actions, approvals.Action(e.text))
	}
	return actions
}

var (
	personID = regexp.MustCompile(`^[UW][A-Z0-9_]{2,40}$`)
	slackID  = regexp.MustCompile(`^[UWS][A-Z0-9_]{2,40}$`)
	listName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
)

// peopleLists are the lists of people that a file gives names to.
type peopleLists map[string][]string

// readPeopleIDs reads ids of users and user groups, and names of lists of them.
func (r *reader) readPeopleIDs(m mapping, key string, lists peopleLists) []string {
	var ids []string
	for _, e := range r.readList(m, key, "[U0123ABCD, S0456EFGH]") {
		named, known := lists[e.text]
		switch {
		case known:
			ids = append(ids, named...)
		case slackID.MatchString(e.text):
			ids = append(ids, e.text)
		default:
			r.reportUnknownPerson(e, lists)
		}
	}
	return withoutRepeats(ids)
}

// reportUnknownPerson reports an entry that is neither an id nor a list.
func (r *reader) reportUnknownPerson(e entry, lists peopleLists) {
	if nearest, near := nearestWord(e.text, lists.sortedNames()); near {
		r.report(e.line, fmt.Sprintf("people has no list %s", quoteShort(e.text)), "did you mean "+nearest+"?")
		return
	}
	wrong := "is neither a user id nor a user group id"
	if len(lists) > 0 {
		wrong += " nor a list of people"
	}
	r.report(e.line,
		quoteShort(e.text)+" "+wrong,
		"use the id, such as U0123ABCD or S0456EFGH: in Slack, open the profile or the user group and copy it")
}

func (d peopleLists) sortedNames() []string {
	var names []string
	for name := range d {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// withoutRepeats keeps the first of each id: a person may be on several lists.
func withoutRepeats(ids []string) []string {
	var kept []string
	for _, id := range ids {
		if !slices.Contains(kept, id) {
			kept = append(kept, id)
		}
	}
	return kept
}
