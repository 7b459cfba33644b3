package command

import (
	"slices"
	"strings"
)

// mayNameGroup reports whether words may be a mistyped group. Beside others a word may be one
// by chance: finance, in a clause that stands apart.
func (d *draft) mayNameGroup(words []word, isApart bool) bool {
	isNear := func(w word) bool {
		isName := w.text != strings.ToLower(w.text) || !isApart || len(words) == 1
		return isName && !(item{word: w}).isFiller() && len(d.nearGroups(w.text)) > 0
	}
	return len(d.nearGroups(joinWords(words))) > 0 || slices.ContainsFunc(words, isNear)
}

// mayNameLicense reports whether the name of a license is among words, owned or not.
func (d *draft) mayNameLicense(words []word) bool {
	text := " " + nameKey(joinWords(words)) + " "
	for _, product := range products {
		if strings.Contains(text, " "+product+" ") {
			return true
		}
	}
	return slices.ContainsFunc(d.Licenses, func(l License) bool {
		name, _, _ := strings.Cut(l.Name, " – ")
		head := nameWords(name)
		return len(head) > 0 && strings.Contains(text, " "+strings.Join(head[:min(len(head), 2)], " ")+" ")
	})
}

// products are what people may call licenses that are no user bundles, in the singular.
var products = []string{
	"unattended", "orchestrator", "studiox", "automation hub", "automation op", "ai center",
	"document understanding", "communication mining", "task mining", "task capture", "test manager", "test suite",
	"test cloud", "data service", "integration service", "autopilot", "maestro",
}

// isNearGrammar reports whether a word may be a part of the request: of a time, or near a
// license, a pack or a keyword.
func (d *draft) isNearGrammar(w word) bool {
	if (item{word: w}).isFiller() || w.isOneOf(prepositions) {
		return false
	}
	text := w.lower()
	isKeyword := slices.ContainsFunc(keywords, func(k string) bool {
		return text[0] == k[0] && isNearKeyword(text, k)
	})
	_, days := d.readDay([]word{w})
	_, isUnit := findUnit(text)
	_, isMonth := findMonth(text)
	return isKeyword || days > 0 || isUnit || isMonth || d.isNearName(w)
}

// isNearName reports whether a word may be a code or a name, or has one stuck to it.
func (d *draft) isNearName(w word) bool {
	text := w.lower()
	isGlued := slices.ContainsFunc(d.long, func(k string) bool {
		isOther := len(text)-len(k) == 1 // another form of it
		return !isOther && (strings.HasPrefix(text, k) || strings.HasSuffix(text, k))
	})
	isCode := IsCode(w.text) && len(w.text) > 3
	return isCode || isGlued || len(d.nearest(w.text)) > 0 || len(d.nearPacks(w.text)) > 0
}

// isNearKeyword reports whether a text is a keyword, or a long one with one letter wrong.
func isNearKeyword(text, keyword string) bool {
	isLong := len(keyword) > 4 || keyword == "for" && len(text) < 4
	return text == keyword || isLong && isOneEdit(text, keyword)
}

// longWords are words that are seldom a part of others: one that begins or ends so may be two
// without the blank between them.
func (r *reader) longWords() []string {
	var all []string
	for _, l := range r.names {
		all = append(all, strings.ToLower(l.Code))
		all = append(all, l.words...)
	}
	for _, p := range r.packs {
		all = append(all, p.Name)
	}
	for foreign := range translations {
		if len(foreign) > 5 {
			all = append(all, foreign)
		}
	}
	return slices.DeleteFunc(append(all, keywords...), func(k string) bool { return len(k) < 4 })
}

// isActing reports whether a word is a form of a verb that takes out or changes.
func isActing(w word) bool {
	return isForm(w, slices.Concat(
		removeVerbs, moveVerbs, swapVerbs, copyVerbs, limitVerbs, softVerbs, endVerbs, overVerbs))
}

// isForm reports whether a word is a form of one of these verbs, maybe mistyped.
func isForm(w word, verbs []string) bool {
	text := w.lower()
	for _, verb := range verbs {
		stem := strings.TrimSuffix(verb, "e")
		isForm := len(stem) > 2 && strings.HasPrefix(text, stem) && len(text)-len(stem) < 5
		if isForm || len(verb) > 4 && isOneEdit(text, verb) {
			return true
		}
	}
	return false
}

var (
	// keywords are words of the grammar that may be mistyped.
	keywords = slices.Concat(reasonWords, untilWords, startWords, restWords, forGood, everything, moreWords,
		reservedWords, []string{"for", WordEmpty, "only", "just", "exactly", "next"})
	// endVerbs end something.
	endVerbs = []string{"cancel", "stop", "clear", "reset"}
	// overVerbs say that something is over.
	overVerbs = []string{"end", "expire", "lose", "lost", "gone"}
)

// namesGroup reports whether a known group is among words.
func (r *reader) namesGroup(words []word) bool { return r.knowsGroups() && len(r.exactRuns(words)) > 0 }
