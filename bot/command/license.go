package command

import (
	"slices"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"

	"licensebot/approvals"
)

// A match is words that mean a license or a pack, or one of several.
type match struct {
	n        int
	codes    []string
	packs    []approvals.Pack
	limit    string
	hasLimit bool
	isNear   bool // no exact code or name
}

func (m match) isNone() bool { return len(m.codes)+len(m.packs) == 0 }

// maxNameWords is how many words the name of a license may have.
const maxNameWords = 6

// licensesAt reads a license at the beginning of the items: an exact code, an exact
// name, or the nearest of these.
func (d *draft) licensesAt(items []item) match {
	first := items[0]
	if !first.mayBeginLicense() {
		return match{}
	}
	if pack, ok := d.packNamed(first.text); ok {
		return match{n: 1, packs: []approvals.Pack{pack}}
	}
	if found := d.codeOf(first); found.n > 0 {
		return found
	}
	words := plainWords(items)
	for n := min(len(words), maxNameWords); n > 0; n-- {
		name, found := cutLimit(words[:n])
		if found.codes = d.named(name); !found.isNone() {
			return found
		}
	}
	for n := min(len(words), maxNameWords); n > 0; n-- {
		name, found := cutLimit(words[:n])
		if found.codes, found.packs, found.isNear = d.nearest(name), d.nearPacks(name), true; !found.isNone() {
			return found
		}
	}
	return match{}
}

// mayBeginLicense reports whether an item is a word that can begin the code or the name of a license.
func (it item) mayBeginLicense() bool {
	isEmpty := it.isKeyword(WordEmpty) || it.isKeyword(formerWordEmpty)
	return it.kind == plain && lettersOf(it.text) != "" && !isEmpty && !it.isFiller() && !it.isNumber() &&
		!it.isOneOf(prepositions)
}

// cutLimit cuts a seat limit off the last word of a name. A name has no numbers: where one
// of its words has, it is the name of nothing, and the number is not lost with it.
func cutLimit(words []word) (name string, found match) {
	found.n = len(words)
	name = joinWords(words)
	if at := limitSign.FindStringIndex(name); at != nil {
		found.limit, found.hasLimit = stripDecoration(name[at[1]:]), true
		name = name[:at[0]]
	}
	if strings.ContainsAny(name, "0123456789") || strings.ContainsAny(found.limit, " ") {
		return "", found
	}
	return name, found
}

func joinWords(words []word) string {
	var texts []string
	for _, w := range words {
		texts = append(texts, w.text)
	}
	return strings.Join(texts, " ")
}

// codeOf reads a word that is a code, maybe with a seat limit.
func (d *draft) codeOf(it item) match {
	base, limit, hasLimit := d.cutLimit(it.text)
	code := strings.ToUpper(stripDecoration(base))
	_, isKnown := d.license(code)
	isShaped := IsCode(code) && base == strings.ToUpper(base) && len(base) > 2
	isWord := slices.Contains(reasonWords, strings.ToLower(code))
	isTyped := IsCode(code) && d.Licenses == nil && !isWord || isShaped && !d.Owned
	found := match{n: 1, codes: []string{code}, limit: limit, hasLimit: hasLimit}
	switch {
	case isKnown || isTyped:
		return found
	case d.Licenses == nil:
		return match{}
	case isShaped && d.mayBeOwned(code, base):
		return found // not in the list; maybe the group has it
	case hasLimit:
		return d.namedWithLimit(base, found)
	}
	return match{}
}

// mayBeOwned reports whether a code that is not in the list, typed as base, can be nothing else.
func (d *draft) mayBeOwned(code, base string) bool {
	return looksOwned(code) && !d.isTrial && !d.isLikeKnown(base) && !ticketKey.MatchString(base) && !isRequestID(base)
}

// looksOwned reports whether a code looks like one that is not in the list. A short word in capitals is more
// often something else: UAT, CRM.
func looksOwned(code string) bool {
	return len(code) > 4 || strings.HasSuffix(code, "NU") || strings.HasSuffix(code, "CU")
}

// cutLimit cuts a seat limit off a word.
func (d *draft) cutLimit(text string) (base, limit string, hasLimit bool) {
	if at := strings.LastIndex(text, "-"); at > 0 && number.MatchString(text[at+1:]) && d.isAskable(text[:at]) {
		return text[:at], text[at:], true // a minus sets no limit
	}
	if at := limitSign.FindStringIndex(text); at != nil {
		return text[:at[0]], stripDecoration(text[at[1]:]), true
	}
	return text, "", false
}

// isLikeKnown reports whether a word is near a code, or is or is near a name.
func (d *draft) isLikeKnown(text string) bool {
	return len(d.nearest(text)) > 0 || len(d.named(text)) > 0 || len(d.nearPacks(text)) > 0
}

// namedWithLimit finds a license with a seat limit by its name, or a pack, or else those
// that are near.
func (d *draft) namedWithLimit(name string, found match) match {
	found.codes = d.named(name)
	if pack, ok := d.packNamed(name); ok {
		found.codes, found.packs = nil, []approvals.Pack{pack}
	}
	if found.isNone() {
		found.codes, found.packs, found.isNear = d.nearest(name), d.nearPacks(name), true
	}
	if found.isNone() {
		return match{}
	}
	return found
}

// A licenseName is a license with its name as it is compared.
type licenseName struct {
	License
	words []string
	head  []string // those before the kind of user
}

// named are the licenses of this name: all of it, or what stands before the kind of
// user. Plurals and the words license and user mean nothing.
func (d *draft) named(typed string) []string {
	want := nameKey(typed)
	if want == "" {
		return nil
	}
	var whole, head []string
	for _, l := range d.names {
		switch want {
		case strings.Join(l.words, " "):
			whole = append(whole, l.Code)
		case strings.Join(l.head, " "):
			head = append(head, l.Code)
		}
	}
	if len(whole) > 0 {
		return whole
	}
	return head
}

// nameKey is a name as it is compared: without case, plurals and words that say
// nothing.
func nameKey(name string) string { return strings.Join(nameWords(name), " ") }

func nameWords(name string) []string {
	var words []string
	for _, w := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) }) {
		w = singular(w)
		if w == "dev" {
			w = "developer"
		}
		if !slices.Contains([]string{"license", "licence", "user", "a", "an", "the", "code", "seat"}, w) {
			words = append(words, w)
		}
	}
	return words
}

// singular drops the s of a plural. In names of licenses both forms mean the same.
func singular(word string) string {
	if len(word) > 3 {
		return strings.TrimSuffix(word, "s")
	}
	return word
}

// nearest are the licenses that a person may have meant: the code or the name is one
// letter away, or has another separator, begins with what was typed, or the words are
// some of the name's.
func (d *draft) nearest(typed string) []string {
	want, words := lettersOf(typed), nameWords(typed)
	isOther := strings.ContainsAny(typed, "0123456789=:*'"+turningSigns)
	if len(want) < 2 || isOther || slices.Contains(reasonWords, strings.ToLower(typed)) {
		return nil
	}
	if len(words) == 1 && slices.Contains(developerWords, words[0]) {
		words = []string{"developer"}
	}
	var codes []string
	for _, l := range d.names {
		if isNearLicense(l, want, words) {
			codes = append(codes, l.Code)
		}
	}
	if len(codes) == 0 && len(want) > 7 && !strings.Contains(typed, " ") {
		return d.nearCode(want)
	}
	return codes
}

// nearCode is the first license of which a long code is at most two letters away.
func (d *draft) nearCode(want string) []string {
	for _, l := range d.names {
		if levenshtein.ComputeDistance(want, strings.ToLower(l.Code)) < 3 {
			return []string{l.Code}
		}
	}
	return nil
}

// developerWords are what people call the licenses of developers after their tools.
var developerWords = []string{"studio"}

func isNearLicense(l licenseName, want string, words []string) bool {
	code, head := strings.ToLower(l.Code), strings.Join(l.head, "")
	hasAll := len(words) > 0 && !slices.Equal(words, []string{"named"})
	for _, w := range words {
		hasAll = hasAll && len(w) > 2 && slices.Contains(l.words, w)
	}
	typed := strings.Join(words, "")
	return isOneEdit(want, code) || len(want) > 2 && strings.HasPrefix(code, want) ||
		head != "" && (isOneEdit(typed, head) || isOneEdit(typed, strings.Join(l.words, ""))) || hasAll
}
