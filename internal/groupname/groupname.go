// Package groupname is the one home of the canonical form of a group's name and
// id. Two names that people cannot tell apart have the same canonical form:
//
//	groupname.Canonical("Prod‑DB ") == groupname.Canonical("prod-db") // U+2011 and a blank
//
// Groups are compared in this form only. The UiPath client resolves what a
// person typed with it, the policy file makes its rules' patterns with it, and
// package approvals accepts nothing else: its types [approvals.GroupName] and
// [approvals.GroupPattern] are made here alone. So a rule that denies prod-db
// also governs a group that is spelled with another dash.
//
// What people read is not canonical: [approvals.Group] keeps the name and the id
// as UiPath spells them.
//
// # The form
//
//   - Compatibility forms are composed (NFKC): ﬁ is fi, full width is plain.
//   - Invisible characters are removed: zero width, soft hyphens,
//     variation selectors, marks of direction.
//   - Every dash is -, and every single quote is '.
//   - Double quotes are removed, because in a command they stand around a name
//     and cannot be in it. Two single quotes in a row look like one.
//   - Every run of blanks and control characters is one blank, none at the ends.
//   - Case is folded in full: ß is ss.
//
// An id of UiPath's is a GUID. A name may have that shape too, so the two are
// never compared with each other: see [Pattern] and [ParseGUID].
package groupname

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"licensebot/approvals"
)

// A Name is the canonical form of a group's name.
type Name = approvals.GroupName

// Canonical returns the canonical form of a name. It is unknown if nothing in
// the name can be seen.
func Canonical(name string) Name { return approvals.NewGroupName(canonicalText(name)) }

// Group returns a group for policies and people. Its name stays as UiPath spells
// it, or is left out if nothing in it can be seen. Its id is canonical.
func Group(id, name string) approvals.Group {
	canonical := Canonical(name)
	if canonical.IsUnknown() {
		name = ""
	}
	return approvals.Group{ID: CanonicalID(id), Name: name, Canonical: canonical}
}

// Pattern returns what a rule says about groups: an id, an exact name, or a
// pattern for names, in which * stands for any characters. Text in the shape of
// a GUID is only an id, even if a group has that name.
func Pattern(text string) approvals.GroupPattern {
	if id, ok := ParseGUID(text); ok {
		return approvals.NewGroupPattern(id, true)
	}
	return approvals.NewGroupPattern(canonicalText(text), false)
}

// ParseGUID returns the canonical form of a GUID: lower case, without braces.
// It returns false for any other text.
func ParseGUID(text string) (string, bool) {
	if hasGUIDShape(text) { // as in lists of many thousand groups
		return text, true
	}
	id := canonicalText(text)
	if inner, ok := strings.CutPrefix(id, "{"); ok {
		id = strings.TrimSuffix(inner, "}")
	}
	return id, hasGUIDShape(id)
}

// hasGUIDShape reports whether text is a GUID in its canonical form: 8-4-4-4-12 hexadecimal digits.
func hasGUIDShape(id string) bool {
	if len(id) != len("00000000-0000-0000-0000-000000000000") {
		return false
	}
	for i := range len(id) {
		switch i {
		case 8, 13, 18, 23:
			if id[i] != '-' {
				return false
			}
		default:
			if !strings.Contains("0123456789abcdef", id[i:i+1]) {
				return false
			}
		}
	}
	return true
}

// IsGUID reports whether text has the shape of an id of UiPath's.
func IsGUID(text string) bool {
	_, ok := ParseGUID(text)
	return ok
}

// CanonicalID returns the one spelling of an id that groups are told apart by.
// UiPath accepts a GUID in any case. What is no GUID stays as it is.
func CanonicalID(id string) string {
	if guid, ok := ParseGUID(id); ok {
		return guid
	}
	return id
}

// SameID reports whether two ids are of the same group.
func SameID(a, b string) bool { return strings.EqualFold(CanonicalID(a), CanonicalID(b)) }

// canonicalText folds until nothing changes, because folding can make characters
// that compose anew. Two rounds are enough for each character alone; the bound is for
// tables to come.
func canonicalText(text string) string {
	if isPlain(text) {
		return tidy(strings.ToLower(text))
	}
	for range 5 {
		folded := foldOnce(text)
		if folded == text {
			break
		}
		text = folded
	}
	return text
}

// isPlain reports whether text has ASCII letters only, which lists of many
// thousand groups mostly have.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r >= utf8.RuneSelf || unicode.IsControl(r) || r == '`'
	})
}

// foldOnce removes invisible characters first: between two others they keep
// those from composing.
func foldOnce(text string) string {
	text = norm.NFKC.String(strings.Map(mapVisible, text))
	text = cases.Fold().String(strings.Map(mapPunctuation, text))
	return tidy(strings.Map(mapCherokee, text))
}

// mapCherokee folds the one script that package cases does not: it turns capital
// letters into small ones, but small ones into capitals.
func mapCherokee(r rune) rune {
	switch {
	case r >= 0xab70 && r <= 0xabbf:
		return r - 0xab70 + 0x13a0
	case r >= 0x13f8 && r <= 0x13fd:
		return r - 0x13f8 + 0x13f0
	}
	return r
}

var dropDoubleQuotes = strings.NewReplacer(`"`, "", "''", "")

// tidy drops double quotes until there are none: what is between two single
// quotes may be one. Then it joins the words.
func tidy(text string) string {
	for strings.ContainsAny(text, `"'`) {
		fewer := dropDoubleQuotes.Replace(text)
		if len(fewer) == len(text) {
			break
		}
		text = fewer
	}
	return strings.Join(strings.Fields(text), " ")
}

// PlainPunctuation returns the plain dash or quote for one of many that mean the
// same in a name, and any other character as it is.
func PlainPunctuation(r rune) rune {
	if strings.ContainsRune(accents, r) {
		return '\''
	}
	if mapped := []rune(norm.NFKC.String(string(r))); len(mapped) == 1 {
		if plain := mapPunctuation(mapped[0]); plain == '-' || plain == '\'' || plain == '"' {
			return plain
		}
	}
	return r
}

// mapVisible drops invisible characters and makes every other separator
// or control character a blank.
func mapVisible(r rune) rune {
	switch {
	case strings.ContainsRune(accents, r):
		return '\'' // before NFKC takes it for a blank with an accent on it
	case unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Z, r), strings.ContainsRune(drawnBlanks, r):
		return ' '
	case r == utf8.RuneError, r == khitanFiller,
		unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return -1
	}
	return r
}

const (
	// accents are typed for an apostrophe: the acute one, the Greek tonos, oxia, koronis, psili and
	// dasia.
	accents = "\u00b4\u0384\u1ffd\u1fbd\u1fbf\u1ffe"

	// drawnBlanks are drawn as a blank and are none to Unicode: of Braille, of the hieroglyphs, the
	// Hangul fillers, and the Mongolian vowel separator.
	drawnBlanks = "\u2800\U00013441\U00013442\u115f\u1160\u3164\uffa0\u180e"

	khitanFiller = '\U00016fe4' // invisible, and no such thing to Unicode

	// otherDashes are drawn as a dash and are no dash to Unicode: the hyphen bullet,
	// the modifier minus, the Arabic full stop, the heavy minus, the Coptic hyphens,
	// and straight lines for boxes, dashed ones and halves too.
	otherDashes = "\u2043\u02d7\u06d4\u2796\u2cba\u2cbb\u2500\u2501\u23af" +
		"\u2504\u2505\u2508\u2509\u254c\u254d\u2574\u2576\u2578\u257a\u257c\u257e"
)

// singleQuotes are typed or printed for an apostrophe, doubleQuotes for quotes.
// unicode.Quotation_Mark has some of them too, and does not tell single from double.
const (
	singleQuotes = "‘’‚‛‹›`′‵ʹʻʼʽˊˋ՚׳ꞌ"
	doubleQuotes = "ʺˮ״"
)

// mapPunctuation makes one character of all dashes, and of quotes one of two. The
// double ones are dropped later.
// Corner brackets stay: they are quotes, but do not look like any other.
func mapPunctuation(r rune) rune {
	switch {
	case unicode.Is(unicode.Dash, r), strings.ContainsRune(otherDashes, r):
		return '-'
	case strings.ContainsRune(singleQuotes, r):
		return '\''
	case r >= '\u300c' && r <= '\u300f':
		return r
	case strings.ContainsRune(doubleQuotes, r), unicode.Is(unicode.Quotation_Mark, r) && r != '\'':
		return '"'
	}
	return r
}
