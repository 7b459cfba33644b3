package command

import (
	"slices"
	"strings"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// nearDrafts reads the words in ways in which one thing was mistyped: the group, or
// the verb.
func (r *reader) nearDrafts(o opening, body, reason []word) []*draft {
	var drafts []*draft
	for _, found := range r.nearRuns(body) {
		d := r.readDraft(o, body, found, reason)
		isExactOtherwise := d.correction == nil
		d.correction = newError("", "UiPath shows no group called %s. The nearest is %s.",
			Typed(joinWords(body[found.from:found.to])), Typed(found.text))
		if isExactOtherwise {
			drafts = append(drafts, d)
		}
	}
	if o.isSaid || len(body) < 2 || body[0].quoted || !r.knowsGroups() {
		return drafts
	}
	for verb, action := range verbActions {
		if isOneEdit(strings.ToLower(body[0].text), verb) {
			for _, found := range r.exactRuns(body[1:]) {
				d := r.readDraft(opening{action: action, isSaid: true}, body[1:], found, reason)
				d.noteCorrection("%s is no verb. The nearest is %s.", Typed(body[0].text), Typed(verb))
				drafts = append(drafts, d)
			}
		}
	}
	return drafts
}

// verbActions are the verbs whose mistyping is worth a suggestion.
var verbActions = map[string]approvals.Action{
	"remove": approvals.Remove, "delete": approvals.Remove, "set": approvals.Set, "add": approvals.Add,
}

// maxNearWords bounds the words among which a mistyped group is looked for.
const maxNearWords = 40

// nearRuns are the words that may be a mistyped group: one letter away from its name or
// id, with other separators, or a part of its name.
func (r *reader) nearRuns(tokens []word) []run {
	if !r.knowsGroups() {
		return nil
	}
	tokens = tokens[:min(len(tokens), maxNearWords)]
	var found []run
	for from := range tokens {
		for to := from + 1; to <= min(len(tokens), from+r.longest+2); to++ {
			text, _, ok := joinRun(tokens[from:to])
			if !ok {
				break
			}
			for _, g := range r.nearGroups(text) {
				found = append(found, run{from, to, r.referTo(g, text), []approvals.Group{g}})
			}
		}
	}
	return found
}

// referTo is how a group is named in a suggestion: by its id if that is what was typed,
// or if others have its name.
func (r *reader) referTo(g approvals.Group, typed string) string {
	id, want := groupname.Canonical(g.ID).String(), groupname.Canonical(typed).String()
	isID := lettersOf(id) == lettersOf(want) || isOneEdit(id, want)
	if g.Name == "" || len(r.groups[g.Canonical.String()]) > 1 || isID && !isNearName(g.Canonical.String(), want) {
		return g.ID
	}
	return g.Name
}

// nearGroups are the groups that a text may mean.
func (r *reader) nearGroups(text string) []approvals.Group {
	want := groupname.Canonical(strings.TrimLeft(text, "#@")).String()
	letters := lettersOf(want)
	if len(letters) < 2 {
		return nil
	}
	found := slices.Clone(r.loose[letters])
	for _, g := range r.Groups {
		id := groupname.Canonical(g.ID).String()
		isNear := isNearName(g.Canonical.String(), want) || isOneEdit(id, want)
		if isNear && !slices.ContainsFunc(found, func(f approvals.Group) bool { return f.ID == g.ID }) {
			found = append(found, g)
		}
	}
	return found
}

// isNearName reports whether a name is a letter away from what was typed, or begins
// with it, or has a word that does. Words such as team may be typed beside it.
func isNearName(name, want string) bool {
	if name == "" {
		return false
	}
	for _, extra := range []string{" team", " group", " department"} {
		if strings.TrimSuffix(want, extra) == name {
			return true
		}
	}
	isPart := len(want) > 2 && (strings.HasPrefix(name, want) || strings.Contains(name, " "+want))
	return isPart || isOneEdit(name, want)
}

// askGroup asks for the group if no words mean one.
func (r *reader) askGroup(o opening, body, reason []word) *Error {
	rest, person, names := r.withoutPersons(body)
	d := r.readDraft(o, rest, run{from: -1, to: -1, text: ExampleGroup}, reason)
	d.ask.Group = ""
	var asked *Error
	switch {
	case person != "":
		asked = newError("", aboutPersons, Typed(person))
	case len(names) > 0:
		asked = newError("", "UiPath shows no group by the id or the exact name %s. Near are: %s.",
			Typed(r.unknownWords(body)), Typed(strings.Join(names, ", ")))
	case len(d.ask.Codes) == 0:
		asked = newError("", "I recognize no group and no license here. Name a group at UiPath by its id or exact name, "+
			"then license codes. %s lists the codes, and %s alone opens a form that finds groups.",
			Typed(r.name+" codes"), Typed(r.name))
	default:
		asked = newError("", "UiPath shows no group by the id or the exact name %s. "+
			"%s alone opens a form that finds groups.", Typed(r.unknownWords(body)), Typed(r.name))
	}
	if len(d.options) == 0 {
		asked.Fill = d.fill()
	}
	return asked
}

// withoutPersons drops people, and names the groups that the other words are near to.
func (r *reader) withoutPersons(body []word) (rest []word, person string, near []string) {
	for _, w := range body {
		if !w.quoted && (mention.MatchString(w.text) || isPerson(w.text)) {
			person = w.text
			continue
		}
		rest = append(rest, w)
	}
	for _, found := range r.nearRuns(rest) {
		if _, isLicense := r.license(strings.ToUpper(found.text)); !isLicense && !slices.Contains(near, found.text) {
			near = append(near, found.text)
		}
	}
	return rest, person, near[:min(len(near), 10)]
}

// unknownWords are the words that mean neither a license nor anything else.
func (r *reader) unknownWords(body []word) string {
	d := &draft{reader: r}
	items := d.expand(body, run{from: -1, to: -1})
	items = d.takeLicenses(d.takePeriods(items))
	var left []item
	for _, it := range items {
		if it.kind == plain && (!it.isFiller() || len(left) > 0) && !it.isOneOf(prepositions) {
			left = append(left, it)
		}
	}
	if len(left) == 0 {
		return joinWords(body)
	}
	return joinTexts(left)
}
