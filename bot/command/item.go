package command

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// An item is a word of a request, and what it was understood as.
type item struct {
	word
	kind    kind
	codes   []string // of a license, or of a pack
	limit   string   // as it was typed beside its code; empty: none
	endsOff bool     // a comma follows: a number does not belong to what is beyond

	endsClause bool // punctuation follows
	isNaked    bool // a time without for or until before it
	isEnd      bool // of a gap: it says when it ends
	isPlus     bool // of a word for more: it was a sign
}

type kind int

const (
	plain   kind = iota // not understood yet
	group               // where the group stands
	license             // a code, or a pack
	gap                 // words that were taken out
)

var (
	placeholder = regexp.MustCompile(`^<(group|code|seats|time|day|id|reason)>(=[0-9]+)?$`)
	emailShape  = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	countShape  = regexp.MustCompile(`^([0-9]{1,7}|x[0-9]{1,7}|[0-9]{1,7}x)$`)
	limitSign   = regexp.MustCompile(`[=:*]`)
	thousands   = regexp.MustCompile(`[0-9][,.][0-9]{3}\b`)
	plusNumber  = regexp.MustCompile(`^\+[0-9]{1,4}$`)                 // so many more
	bracketed   = regexp.MustCompile(`^([A-Za-z-]+)\(([0-9]{1,9})\)$`) // a code with its limit
	limitShape  = regexp.MustCompile(`^[0-9]{1,9}$`)
)

// isFiller reports whether a word means nothing where it stands.
func (it item) isFiller() bool {
	text := it.lower()
	if it.kind != plain || it.quoted || strings.HasSuffix(text, "n't") {
		return false
	}
	base, _, _ := strings.Cut(text, "'") // as in I'd
	return slices.Contains(fillers, text) || slices.Contains(fillers, base) || isOrnament(it.text)
}

// turningSigns may ask to take out what stands beside them.
const turningSigns = "❌➖🚫⛔✖🗑"

// isOrnament reports whether a word is a symbol that says nothing, such as a bullet or a
// smile. A dash and a cross may say something.
func isOrnament(text string) bool {
	isSpeaking := func(r rune) bool {
		isSign := r <= unicode.MaxASCII && !strings.ContainsRune(`|>\`, r)
		return unicode.IsLetter(r) || unicode.IsDigit(r) || isSign || strings.ContainsRune(turningSigns, r)
	}
	return text != "" && !strings.ContainsFunc(text, isSpeaking)
}

// isOfGroup reports whether the group stands here.
func (it item) isOfGroup() bool { return it.kind == group }

// isNumber reports whether a word is a number of seats.
func (it item) isNumber() bool {
	_, ok := it.count()
	return ok
}

// isTurning reports whether a word may turn a request into its opposite.
func (w word) isTurning() bool {
	return w.isOneOf(turningWords) || strings.HasSuffix(w.lower(), "n't") || strings.ContainsAny(w.text, turningSigns)
}

func joinTexts(items []item) string {
	var texts []string
	for _, it := range items {
		texts = append(texts, it.text)
	}
	return strings.Join(texts, " ")
}

// expand makes items of words: what is in quotes and is not the group, and what has
// commas or signs in it, becomes several.
func (d *draft) expand(tokens []word, found run) []item {
	var items []item
	for i, w := range tokens {
		switch {
		case i == found.from:
			last := tokens[max(found.from, found.to-1)]
			items = append(items, item{word: word{typed: last.typed}, kind: group, endsClause: endsClause(last)})
		case i > found.from && i < found.to, isArrow(w.text) && (i+1 == found.from || i == found.to):
		default:
			items = append(items, splitItem(w)...)
		}
	}
	for i := 1; i < len(items); i++ {
		if items[i].isOneOf(soWords) { // what stands before says why
			items[i-1].endsOff, items[i-1].endsClause, items[i].means = true, true, nothing
		}
	}
	items = d.dropPlus(d.dropRepeatedGroup(items))
	dropForSeats(items)
	return joinLimits(items)
}

// dropPlus drops the meaning of a plus before a number that stands before a license: +3 IDU.
func (d *draft) dropPlus(items []item) []item {
	trial := &draft{reader: d.reader, isTrial: true}
	isPlus := func(it item) bool { return it.isPlus }
	plus := slices.IndexFunc(items, isPlus)
	if behind := plus + 2; plus < 0 || behind >= len(items) || items[behind].kind != plain || items[behind-1].endsOff ||
		trial.licensesAt(items[behind:]).isNone() {
		return items
	}
	return slices.DeleteFunc(slices.Clone(items), isPlus)
}

// codeSeparators stand between codes without blanks.
const codeSeparators = "/+&|"

// splitItem splits a word at commas and semicolons, and a quoted one also at blanks.
func splitItem(w word) []item {
	if w.means != "" || thousands.MatchString(w.text) && !w.quoted {
		return []item{{word: w, endsClause: endsClause(w)}}
	}
	w.text = bracketed.ReplaceAllString(w.text, "$1=$2")
	var items []item
	for _, part := range fieldsAt(w.text, separatorsIn(w.text)) {
		items = append(items, splitPart(part, w.quoted)...)
		if len(items) > 0 {
			items[len(items)-1].endsOff, items[len(items)-1].endsClause = true, true
		}
	}
	if len(items) > 0 {
		items[len(items)-1].endsOff = strings.HasSuffix(w.typed, ",") || strings.HasSuffix(w.typed, ";")
		items[len(items)-1].endsClause = endsClause(w)
	}
	if len(items) == 1 && !w.quoted {
		items[0].typed = w.typed
	}
	return items
}

// separatorsIn are the signs that separate the parts of a word. Those between codes do so only if all parts
// are codes.
func separatorsIn(text string) string {
	isNoCode := func(s string) bool { return !IsCode(strings.ToUpper(s)) }
	if slices.ContainsFunc(fieldsAt(text, codeSeparators), isNoCode) {
		return ",;"
	}
	return ",;" + codeSeparators
}

// fieldsAt are the parts of a text between separators.
func fieldsAt(text, separators string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) })
}

// splitPart splits what stands between separators at blanks. A plus before a number is an item of its own.
func splitPart(part string, isQuoted bool) []item {
	var items []item
	for _, text := range strings.Fields(part) {
		text = stripDecoration(text)
		if plusNumber.MatchString(text) && !isQuoted {
			items = append(items, item{word: word{text: moreWords[0]}, isPlus: true})
		}
		if text = strings.TrimLeft(text, "+"); text != "" {
			items = append(items, item{word: word{text: text, typed: text, quoted: isQuoted}})
		}
	}
	return items
}

// endsClause reports whether punctuation follows a word.
func endsClause(w word) bool {
	if w.typed == "" || w.quoted {
		return false
	}
	last, text := w.typed[len(w.typed)-1:], []rune(w.text)
	isTitle := last == "." && len(text) > 0 && len(text) < 4 && unicode.IsUpper(text[0]) &&
		(strings.ToUpper(w.text) != w.text || len(text) == 1) // as in Ms. or J.
	return strings.Contains(",;:.!?", last) && !isTitle
}

// dropRepeatedGroup gives no meaning to the group where it is named a second time.
func (d *draft) dropRepeatedGroup(items []item) []item {
	if !d.knowsGroups() {
		return items
	}
	names := []groupname.Name{groupname.Canonical(d.ask.Group)}
	if len(d.group.groups) == 1 {
		names = append(names, groupname.Canonical(d.group.groups[0].ID), d.group.groups[0].Canonical)
	}
	for i := 0; i < len(items); i++ {
		n, isAgain := d.groupNamedAt(items[i:], names)
		if isAgain && i > 0 && items[i-1].isOneOf(prepositions) {
			items[i-1].means = nothing
		}
		for at := i; isAgain && at < i+n; at++ {
			items[at].means = nothing
		}
		i += max(n-1, 0)
	}
	return items
}

// groupNamedAt is how many items name a group, and whether they have one of these names. The longest name
// goes first: a shorter one is a part of it.
func (d *draft) groupNamedAt(items []item, names []groupname.Name) (n int, isOne bool) {
	words := plainWords(items)
	for n := min(len(words), d.longest+1); n > 0; n-- {
		if isOne := isOneName(names, words[:n]); isOne || d.isGroup(joinWords(words[:n])) {
			return n, isOne
		}
	}
	return 0, false
}

// isOneName reports whether words are one of these names, maybe in brackets and behind the
// word id.
func isOneName(names []groupname.Name, words []word) bool {
	text := strings.Trim(joinWords(words), "()")
	for _, text := range []string{text, strings.TrimPrefix(text, "id "), joinWords(words)} {
		name := groupname.Canonical(text)
		if !name.IsUnknown() && slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// joinLimits joins a code, its sign and its limit where blanks stand between them.
func joinLimits(items []item) []item {
	var joined []item
	for _, it := range items {
		last := len(joined) - 1
		begins := it.kind == plain && it.text != "" && limitSign.MatchString(it.text[:1])
		if begins && last >= 0 && joined[last].kind == group { // the sign stands behind the group
			if it.text, begins = it.text[1:], false; it.text == "" {
				continue
			}
		}
		if begins && last >= 0 && joined[last].isOneOf(alternativeWords) {
			it.text, begins = it.text[1:], false
		}
		if last >= 0 && joined[last].kind == plain && (begins || strings.HasSuffix(joined[last].text, "=")) {
			joined[last].text += it.text
			joined[last].endsOff, joined[last].endsClause = it.endsOff, it.endsClause
			continue
		}
		joined = append(joined, it)
	}
	return joined
}

// takeLicenses takes codes, and names of licenses.
func (d *draft) takeLicenses(items []item) []item {
	var rest []item
	for i := 0; i < len(items); i++ {
		found := d.licensesAt(items[i:])
		switch {
		case found.n == 0:
			rest = append(rest, items[i])
			continue
		case len(found.packs) > 0 && d.isBehindUnknown(rest):
			last := len(rest) - 1
			d.isUnclear = true
			d.noteOpen("%s can be the pack %s, or something else. Say it in other words.",
				Typed(rest[last].text+" "+joinTexts(items[i:i+found.n])), Typed(found.packs[0].Name))
			rest[last] = item{kind: gap}
		case len(found.codes)+len(found.packs) > 1:
			d.askLicense(found, items[i:i+found.n])
			rest = append(rest, item{kind: gap})
		default:
			rest = append(rest, d.takeLicense(found, items[i:i+found.n]))
		}
		i += found.n - 1
	}
	return rest
}

// takeLicense takes the code or the pack that the items mean. It stands in their place.
func (d *draft) takeLicense(found match, typed []item) item {
	it, last := typed[0], typed[len(typed)-1]
	it.kind, it.codes, it.limit = license, found.codes, found.limit
	it.endsOff, it.endsClause = last.endsOff, last.endsClause
	if len(found.packs) > 0 {
		it.codes = found.packs[0].Codes
		d.takePack(found, joinTexts(typed))
	} else {
		d.takeCode(found, joinTexts(typed))
	}
	return it
}

// isBehindUnknown reports whether a word of its own stands before the name of a pack: a new starter.
func (d *draft) isBehindUnknown(before []item) bool {
	if len(before) == 0 || d.ask.Group == "" || d.group.from < 0 {
		return false
	}
	it := before[len(before)-1]
	known := slices.Concat(prepositions, addVerbs, removeVerbs, onlyWords, alternativeWords, everything, wantVerbs)
	return it.kind == plain && !it.isFiller() && !it.isNumber() && !it.isOneOf(known) && !it.endsClause
}

// takeCode takes a code, and the limit beside it.
func (d *draft) takeCode(found match, typed string) {
	code := found.codes[0]
	isAgain := slices.Contains(d.ask.Codes, code)
	if !isAgain {
		d.ask.Codes = append(d.ask.Codes, code)
	}
	l, ok := d.license(code)
	switch {
	case !found.isNear:
	case isAgain:
		d.noteOpen("%s may be a part of the name of a license that stands elsewhere.", Typed(typed))
	case d.reasonHas(nameWords(l.Name)):
		d.noteOpen("%s may be a part of a license's name, of which the reason has the rest.", Typed(typed))
	default:
		d.noteCorrection(typed, code, "%s is not the code or the name of a license. The nearest is %s.",
			Typed(typed), Typed(code))
		d.correction.Unlisted, d.isGuess = true, true
	}
	if d.Owned && d.ask.Action != approvals.Remove && (!ok || !l.Owned) {
		d.isUnclear = d.isUnclear || !ok && len(d.ask.Codes) > 1 // it may be a reason
		d.refuseUnowned(code, found.limit)
		return
	}
	if strings.HasPrefix(typed, "-") && d.ask.Action == approvals.Add {
		d.minus, d.minusCodes = append(d.minus, typed), append(d.minusCodes, code)
	}
	if found.hasLimit {
		d.readLimit(code, found.limit)
	}
}

// refuseUnowned takes a code back that the organization does not own. Another one may have its limit.
func (d *draft) refuseUnowned(code, limit string) {
	d.lacksCodes = true
	if limitShape.MatchString(limit) {
		d.seatsToKeep = "=" + limit
	}
	d.ask.Codes = slices.DeleteFunc(d.ask.Codes, func(c string) bool { return c == code })
	d.noteOpen("Your organization does not own %s. It owns %s.", Typed(code), Typed(d.listOwned()))
	d.question.Unlisted = true
}

// reasonHas reports whether the reason has one of these words.
func (d *draft) reasonHas(words []string) bool {
	return slices.ContainsFunc(nameWords(d.ask.Reason), func(w string) bool { return slices.Contains(words, w) })
}

// listOwned lists what can be asked for.
func (d *draft) listOwned() string {
	var codes []string
	for _, l := range d.askable() {
		codes = append(codes, l.Code)
	}
	slices.Sort(codes)
	return strings.Join(codes, ", ")
}

// askLicense asks which of several licenses is meant.
func (d *draft) askLicense(found match, typed []item) {
	d.lacksCodes, d.asksLicense = true, true
	var options []func(*approvals.Ask)
	addCodes := func(codes []string) {
		options = append(options, func(a *approvals.Ask) {
			a.Codes = append(slices.Clone(a.Codes), approvals.Without(codes, a.Codes)...)
		})
	}
	names := slices.Clone(found.codes)
	for _, code := range found.codes {
		addCodes([]string{code})
	}
	for _, pack := range found.packs {
		names = append(names, "the pack "+pack.Name)
		addCodes(pack.Codes)
	}
	if len(options) > maxEither || found.hasLimit {
		options = nil
	}
	d.askWhich("%s can mean several licenses: %s.",
		[]any{Typed(joinTexts(typed)), Typed(strings.Join(names, ", "))}, options...)
}
