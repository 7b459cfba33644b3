package command

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// nearDrafts reads the words in ways in which one thing was mistyped: the group, or
// the verb.
func (r *reader) nearDrafts(o opening, body, reason []word) []*draft {
	var drafts []*draft
	for _, found := range r.likelyNearRuns(body) {
		d := r.readDraft(o, body, found, reason)
		typed := joinWords(body[found.from:found.to])
		guess := d.correction
		d.correction = nil // it tells less
		d.noteCorrection(typed, found.text, "UiPath shows no group called %s. The nearest is %s.",
			Typed(typed), Typed(found.text))
		if d.isGuess { // two things were mistyped
			d.correction.Format += " " + guess.Format
			d.correction.Args = append(d.correction.Args, guess.Args...)
		}
		d.correction.Group = typed
		drafts = append(drafts, d)
	}
	if !r.knowsGroups() {
		return drafts
	}
	if o.isSaid {
		return slices.Concat(drafts, r.nearKeywordDrafts(o, body, reason), r.giveBackDrafts(o, body, reason))
	}
	return slices.Concat(
		drafts, r.lateVerbDrafts(body, reason), r.nearVerbDrafts(body, reason), r.nearKeywordDrafts(o, body, reason),
	)
}

// likelyNearRuns are the words that may be a mistyped group, and beside which or in which no other group is named.
func (r *reader) likelyNearRuns(body []word) []run {
	exact, near := r.exactRuns(body), r.nearRuns(body)
	isLoose := func(n run) bool { return n.to-n.from > 1 && len(r.loose[looseKey(joinWords(body[n.from:n.to]))]) > 0 }
	loose := slices.DeleteFunc(slices.Clone(near), func(n run) bool { return !isLoose(n) })
	return slices.DeleteFunc(near, func(found run) bool {
		isApart := func(o run) bool { return o.to <= found.from || o.from >= found.to }
		isOther := func(n run) bool { return isApart(n) && n.groups[0].ID != found.groups[0].ID }
		isBesideOrAround := func(e run) bool { return isApart(e) || e.from <= found.from && e.to >= found.to }
		return slices.ContainsFunc(loose, isOther) || slices.ContainsFunc(exact, isBesideOrAround) ||
			isBeforeNumber(body, found)
	})
}

// isBeforeNumber reports whether a number stands behind a name that ends in none. It may belong to the name.
func isBeforeNumber(body []word, name run) bool {
	typed := joinWords(body[name.from:name.to])
	endsInNumber := strings.ContainsAny(typed[len(typed)-1:], "0123456789")
	return name.to < len(body) && isCount(body[name.to]) && !endsInNumber && !endsClause(body[name.to-1])
}

// nearKeywordDrafts read the words with one of them as a mistyped keyword.
func (r *reader) nearKeywordDrafts(o opening, body, reason []word) []*draft {
	var drafts []*draft
	for i, w := range body[1:] {
		for _, keyword := range []string{"because", "until", "for"} {
			text := strings.ToLower(w.text)
			isWhole := text != "" && text[0] == keyword[0] && text[len(text)-1] == keyword[len(keyword)-1]
			if w.quoted || text == keyword || !isOneEdit(text, keyword) || !isWhole {
				continue // its first or last letter may have gone to another word
			}
			mended := slices.Clone(body)
			mended[i+1] = word{text: keyword, typed: keyword}
			rest, why := cutReason(mended, 1)
			if why != nil && reason != nil || why == nil && r.readPeriod(mended[i+1:]).n < 2 {
				continue
			}
			if why == nil {
				why = reason
			}
			for _, found := range r.exactRuns(rest) {
				d := r.readDraft(o, rest, found, why)
				d.noteCorrection(w.text, keyword, "%s is not understood. The nearest is %s.", Typed(w.text), Typed(keyword))
				drafts = append(drafts, d)
			}
		}
	}
	return drafts
}

// lateVerbDrafts read the words with a verb that stands behind the first word.
func (r *reader) lateVerbDrafts(body, reason []word) []*draft {
	var drafts []*draft
	for i, w := range body {
		action, isVerb := r.lateVerb(body, i)
		if !isVerb {
			continue
		}
		limit := ""
		if r.isAboutLimit(w, body[i+1:]) {
			action, limit = approvals.Add, w.text
		}
		isOfOther := r.hasLicense(body[:i]) && (r.hasLicense(body[i+1:]) || endsSentence(body[:i]))
		if action != approvals.Add && isOfOther || strings.EqualFold(w.text, "no more") && !r.hasLicense(body[i+1:]) {
			continue // it is for those behind it, or for one of those before it
		}
		rest := slices.Delete(slices.Clone(body), i, i+1)
		for _, found := range r.exactRuns(rest) {
			o := opening{action: action, isSaid: true, isLate: isLate(w, rest), limit: limit}
			d := r.readDraft(o, rest, found, reason)
			if w.isOneOf(softVerbs) {
				d.noteCorrection(w.text, string(action), "To take codes out of a group, say %s.", Typed(action))
			}
			d.noteCorrection(w.text, string(action), "The verb %s comes first.", Typed(action))
			drafts = append(drafts, d)
		}
	}
	return drafts
}

// endsSentence reports whether a sentence ends among words.
func endsSentence(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool {
		return endsClause(w) && strings.ContainsAny(w.typed[len(w.typed)-1:], ".;!?")
	})
}

// lateVerb is the action of a verb behind the first word.
func (r *reader) lateVerb(body []word, i int) (action approvals.Action, isVerb bool) {
	w, isLast := body[i], i+1 == len(body)
	isMinus := w.isKeyword("minus") && !isLast && r.hasLicense(body[i+1:i+2]) && (i == 0 || !isCount(body[i-1]))
	switch {
	case isMinus, w.isOneOf(removeVerbs),
		isLast && (isDel(w) || w.isOneOf(goneWords)),
		(w.isOneOf(softVerbs) || w.isOneOf(rareVerbs) && r.hasLicense(body[i+1:])) && !r.hasToGroup(body),
		w.isOneOf(removedWords) && i > 0 && body[i-1].isKeyword("be"):
		return approvals.Remove, true
	case w.isKeyword("set"):
		return approvals.Set, true
	}
	return approvals.Add, w.isOneOf(addVerbs) || w.isOneOf(lateVerbs)
}

// giveBackDrafts read "give … back" as taking codes out.
func (r *reader) giveBackDrafts(o opening, body, reason []word) []*draft {
	at := slices.IndexFunc(body, func(w word) bool { return w.isKeyword("back") })
	if o.action != approvals.Add || o.isLate || at < 0 || r.hasToGroup(body) {
		return nil
	}
	var drafts []*draft
	if slices.ContainsFunc(r.exactRuns(body), func(f run) bool { return f.to == at }) {
		return nil // the group gets it back
	}
	rest := slices.Delete(slices.Clone(body), at, at+1)
	for _, found := range r.exactRuns(rest) {
		d := r.readDraft(opening{action: approvals.Remove, isSaid: true}, rest, found, reason)
		d.noteCorrection(body[at].text, string(approvals.Remove), "To take codes out of a group, say %s.",
			Typed(approvals.Remove))
		drafts = append(drafts, d)
	}
	return drafts
}

// hasToGroup reports whether the word to stands before a group: what is given back to one is
// for it.
func (r *reader) hasToGroup(body []word) bool {
	return slices.ContainsFunc(r.exactRuns(body), func(f run) bool {
		from := f.from
		for from > 0 && body[from-1].isOneOf([]string{"the", "group", "team"}) {
			from--
		}
		return from > 0 && body[from-1].isKeyword("to")
	})
}

// nearVerbDrafts read the words with the first one as a mistyped verb.
func (r *reader) nearVerbDrafts(body, reason []word) []*draft {
	if len(body) < 2 || body[0].quoted {
		return nil
	}
	var drafts []*draft
	for verb, action := range verbActions {
		if isOneEdit(strings.ToLower(body[0].text), verb) {
			for _, found := range r.exactRuns(body[1:]) {
				d := r.readDraft(opening{action: action, isSaid: true}, body[1:], found, reason)
				d.noteCorrection(body[0].text, verb, "%s is no verb. The nearest is %s.", Typed(body[0].text), Typed(verb))
				drafts = append(drafts, d)
			}
		}
	}
	return drafts
}

// verbActions are the verbs that are worth a suggestion when they are mistyped.
var verbActions = map[string]approvals.Action{
	"remove": approvals.Remove, "delete": approvals.Remove, "set": approvals.Set, "add": approvals.Add,
	"assign": approvals.Add, "grant": approvals.Add, "request": approvals.Add, "allocate": approvals.Add,
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
			if !ok || lettersOf(tokens[from].text) == "" {
				break
			}
			if lettersOf(tokens[to-1].text) == "" {
				continue // a dash
			}
			groups := r.nearGroups(text)
			if len(groups) > maxNear {
				continue // it says too little
			}
			for _, g := range groups {
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
	isID := looseKey(id) == looseKey(want) || isOneEdit(id, want)
	if g.Name == "" || len(r.groups[g.Canonical.String()]) > 1 || isID && !isNearName(g.Canonical.String(), want) {
		return g.ID
	}
	return g.Name
}

// nearGroups are the groups that a text may mean. Each text is looked for once.
func (r *reader) nearGroups(text string) []approvals.Group {
	found, isKnown := r.near[text]
	if !isKnown {
		found = r.findNear(text)
		r.near[text] = found
	}
	return found
}

// findNear looks for the groups that a text may mean.
func (r *reader) findNear(text string) []approvals.Group {
	want := groupname.Canonical(strings.TrimLeft(text, "#@")).String()
	letters := lettersOf(want)
	if len(letters) < 2 || strings.ContainsAny(text, turningSigns) {
		return nil
	}
	found := slices.Clone(r.loose[looseKey(want)])
	if one := singular(want); one != want && !strings.ContainsAny(want, "0123456789 ") {
		want = one
	}
	for _, kind := range []string{" team", " department"} {
		if short, isKind := strings.CutSuffix(want, kind); isKind && !r.isGroup(short) {
			want = short
		}
	}
	if digits := withDigits(want); digits != want {
		found = append(found, r.loose[looseKey(digits)]...)
	}
	if short := r.numbered(want); len(found) == 0 && short != nil {
		found = append(found, *short)
	}
	for _, g := range r.spelled {
		isNear := isNearName(g.name, want) || isOneEdit(g.id, want) && digitsOf(g.id) == digitsOf(want)
		if isNear && !slices.ContainsFunc(found, func(f approvals.Group) bool { return f.ID == g.ID }) {
			found = append(found, g.Group)
		}
	}
	return found
}

// shortName is the letters and the number of a name that was typed short: g05, sq 7.
var shortName = regexp.MustCompile(`^([a-z]{1,6})[ _-]?0*([0-9]{1,4})$`)

// numbered is the only group whose id or name has this number, and begins with these letters or has them in
// their order.
func (r *reader) numbered(typed string) *approvals.Group {
	short := shortName.FindStringSubmatch(typed)
	if short == nil {
		return nil
	}
	var found *approvals.Group
	for _, g := range r.spelled {
		for _, text := range []string{g.name, g.id} {
			own := shortName.FindStringSubmatch(text)
			if own == nil || own[2] != short[2] || own[1][0] != short[1][0] || !hasInOrder(own[1], short[1]) {
				continue
			}
			if found != nil && found.ID != g.ID {
				return nil
			}
			found = &g.Group
		}
	}
	return found
}

// hasInOrder reports whether a text has these letters in their order.
func hasInOrder(text, letters string) bool {
	for _, l := range letters {
		at := strings.IndexRune(text, l)
		if at < 0 {
			return false
		}
		text = text[at+1:]
	}
	return true
}

// isCount reports whether a word is a bare number, in digits or not.
func isCount(w word) bool {
	_, ok := readNumber(w.text)
	return ok && !w.quoted
}

// withDigits is a text with digits in place of numbers in words.
func withDigits(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		if n, ok := numberNamed(w); ok {
			words[i] = strconv.Itoa(n)
		}
	}
	return strings.Join(words, " ")
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
	if isOneEdit(name, want) && digitsOf(name) != digitsOf(want) {
		return false // the number is another one
	}
	isPart := len(want) > 2 && (strings.HasPrefix(name, want) || strings.Contains(name, " "+want))
	return isPart || isOneEdit(name, want)
}

// askGroup asks for the group if no words mean one.
func (r *reader) askGroup(o opening, body, reason []word) *Error {
	rest, person, names := r.withoutPersons(body)
	unknown := r.unknownWords(rest)
	d := r.readDraft(o, r.withoutLooseNumbers(rest), run{from: -1, to: -1, text: ExampleGroup}, reason)
	d.ask.Group = ""
	var asked *Error
	switch {
	case person != "":
		asked = newError("", aboutPersons, Typed(person))
	case len(names) > 0:
		asked = newError("", "UiPath shows no group by the id or the exact name %s. Near are: %s.",
			Typed(unknown), Typed(strings.Join(names, ", ")))
	case len(d.ask.Codes) == 0:
		asked = newError("", "I recognize no group and no license here. Name a group at UiPath by its id or exact name, "+
			"then license codes. %s lists the codes, and %s alone opens a form that finds groups.",
			Typed(r.name+" codes"), Typed(r.name))
	case unknown == "":
		asked = newError("", "Say which group at UiPath, by its id or exact name. "+
			"%s alone opens a form that finds groups.", Typed(r.name))
	default:
		asked = newError("", "UiPath shows no group by the id or the exact name %s. "+
			"%s alone opens a form that finds groups.", Typed(unknown), Typed(r.name))
	}
	asked.Group, asked.Unlisted = unknown, len(d.ask.Codes) == 0
	isClear := (len(d.ask.Codes) > 0 || unknown == "") && len(d.options) == 0
	if fill := d.fill(); isClear && r.keepsNumbers(fill, withoutNumberOf(rest, unknown)) {
		asked.Fill = fill
	}
	asked.noteUnderstood(d.openAsks()...)
	asked.EndUnclear = asked.EndUnclear || d.lacksEnd()
	return asked
}

// withoutNumberOf leaves out the number behind a word that is not known: it belongs to the group's name.
func withoutNumberOf(words []word, unknown string) []word {
	var rest []word
	for i, w := range words {
		isOfName := i > 0 && isDigits(w.text) && !isDigits(words[i-1].text) && !endsClause(words[i-1]) &&
			slices.Contains(strings.Fields(unknown), words[i-1].text)
		if !isOfName {
			rest = append(rest, w)
		}
	}
	return rest
}

// keepsNumbers reports whether a command has all numbers of seats that were typed.
func (r *reader) keepsNumbers(command string, typed []word) bool {
	for i := 0; i < len(typed); i++ {
		if p := r.readPeriod(typed[i:]); p.n > 0 {
			i += p.n - 1
			continue
		}
		if n, isNumber := (item{word: typed[i]}).count(); isNumber && !strings.Contains(command, "="+n) {
			return false
		}
	}
	return true
}

// withoutPersons drops people, and names the groups that the other words are near to.
func (r *reader) withoutPersons(body []word) (rest []word, person string, near []string) {
	for _, w := range body {
		if !w.quoted && (mention.MatchString(w.text) || isPerson(w.text)) {
			if n := len(rest); n > 0 && rest[n-1].isOneOf(prepositions) {
				rest = rest[:n-1]
			}
			person = w.text
			continue
		}
		rest = append(rest, w)
	}
	for _, found := range r.nearRuns(rest) {
		if !r.isAskable(found.text) && !slices.Contains(near, found.text) {
			near = append(near, found.text)
		}
	}
	return rest, person, near[:min(len(near), 10)]
}

// withoutLooseNumbers drops numbers that may belong to the name of a group.
func (r *reader) withoutLooseNumbers(body []word) []word {
	var rest []word
	endsAt := 0 // behind the last time
	for i, w := range body {
		if p := r.readPeriod(body[i:]); p.n > 0 && !p.isNaked {
			endsAt = max(endsAt, i+p.n)
		}
		if it := (item{word: w}); it.isNumber() && i > 0 && i >= endsAt {
			isListed := body[i-1].isOneOf(separators) && i > 1 && (item{word: body[i-2]}).isNumber()
			if isListed || !r.isAskable(body[i-1].text) && !(item{word: body[i-1]}).isFiller() {
				continue
			}
		}
		rest = append(rest, w)
	}
	return rest
}

// unknownWords are the words that mean neither a license nor anything else.
func (r *reader) unknownWords(body []word) string {
	d := &draft{reader: r}
	items := d.expand(body, run{from: -1, to: -1})
	items = d.takeLicenses(d.takePeriods(items))
	var left []item
	for _, it := range items {
		isPart := len(left) > 0 || !it.isFiller() && !it.isNumber() // of what a group may be called
		if it.kind == plain && isPart && !it.isOneOf(prepositions) {
			left = append(left, it)
		}
	}
	for len(left) > 0 && (left[len(left)-1].isFiller() || left[len(left)-1].isOneOf(politeWords)) {
		left = left[:len(left)-1]
	}
	return joinTexts(left)
}
