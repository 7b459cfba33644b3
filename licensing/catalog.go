package licensing

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"
)

// userBundles names the user bundle codes.
//
// Sources under docs.uipath.com: license-codes in the API guides of Automation
// Cloud (January 2026), Test Cloud (May 2026) and Automation Suite (2023.10,
// 2.2510), and an older, undated Automation Cloud page for the multiuser codes
// and TSTDEVPRONU, which no current page has although the sample call of
// allocate-licenses-to-a-group uses CTZDEVCU. ACCU is only in the drop-down
// list of a public client, UiPathOrch. A code missing here is not a wrong code.
var userBundles = map[string]string{
	"ACCU":        "Action Center – Multiuser",
	"ACNU":        "Action Center – Named User",
	"AKIT":        "Automation Express",
	"ATTUCU":      "Attended – Multiuser",
	"ATTUNU":      "Attended – Named User",
	"AXPNU":       "Express Named User",
	"CTZDEVCU":    "Citizen Developer – Multiuser",
	"CTZDEVNU":    "Citizen Developer – Named User",
	"IDU":         "Insights Designer Users",
	"PMBU":        "Process Mining Business User",
	"PMD":         "Process Mining Developer",
	"RPADEVCU":    "RPA Developer – Multiuser",
	"RPADEVNU":    "RPA Developer – Named User", // no longer sold
	"RPADEVPROCU": "Automation Developer – Multiuser",
	"RPADEVPRONU": "Automation Developer – Named User", // once RPA Developer Pro
	"TSTDEVPRONU": "Test Developer Pro – Named User",
	"TSTNU":       "Tester – Named User",
}

// CodeName returns the display name of a user bundle code, and whether the
// catalog has it. Show a code that it lacks as it is.
func CodeName(code string) (string, bool) {
	name, ok := userBundles[normalizeCode(code)]
	return name, ok
}

// CatalogCodes returns all user bundle codes that have a name, sorted.
func CatalogCodes() []string { return slices.Sorted(maps.Keys(userBundles)) }

// NearestCode returns the owned code that a person who typed code probably meant.
// It is a letter or two away, starts with what was typed, or has that word in its
// display name ("insights"). It returns false rather than a far-fetched one.
func NearestCode(code string, owned []string) (string, bool) {
	want := normalizeCode(code)
	best, distance := "", 0
	for _, candidate := range NormalizeCodes(owned...) {
		d, ok := codeDistance(want, candidate)
		if ok && (best == "" || d < distance) {
			best, distance = candidate, d
		}
	}
	return best, best != ""
}

// codeDistance ranks a candidate: mistyped letters first, then a beginning,
// then a word of the name.
func codeDistance(want, candidate string) (int, bool) {
	const beginning, word = 100, 200
	d := levenshtein.ComputeDistance(want, candidate)
	if d == 2 && sameLetters(want, candidate) {
		d = 1 // two letters swapped
	}
	switch {
	case want == "":
		return 0, false
	case d <= max(1, len(candidate)/4):
		return d, true
	case len(want) >= 3 && strings.HasPrefix(candidate, want):
		return beginning + d, true
	case hasWords(candidate, want):
		return word + d, true
	}
	return 0, false
}

func sameLetters(a, b string) bool {
	x, y := []rune(a), []rune(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// hasWords reports whether each typed word starts a word of the code's name, and
// one of them is telling: "named user" fits too many.
func hasWords(code, typed string) bool {
	name := nameWords(userBundles[code])
	telling := false
	for _, word := range nameWords(typed) {
		if len(word) < 4 || !slices.ContainsFunc(name, func(n string) bool { return strings.HasPrefix(n, word) }) {
			return false
		}
		telling = telling || !strings.HasPrefix("NAMED", word) && !strings.HasPrefix("USER", word)
	}
	return telling
}

func nameWords(s string) []string {
	return strings.FieldsFunc(strings.ToUpper(s), func(r rune) bool { return !unicode.IsLetter(r) })
}
