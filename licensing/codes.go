package licensing

import (
	"slices"
	"strings"
)

// Codes returns the set of the given codes: upper case, sorted, each once,
// without empty ones. UiPath writes codes in upper case; whether it compares
// them so is not documented.
func Codes(codes ...string) []string {
	set := make([]string, 0, len(codes))
	for _, code := range codes {
		if code = normalCode(code); code != "" {
			set = append(set, code)
		}
	}
	slices.Sort(set)
	return slices.Compact(set)
}

func normalCode(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

// Union returns the set of codes that are in any of the lists.
func Union(lists ...[]string) []string { return Codes(slices.Concat(lists...)...) }

// Missing returns the set of codes that were asked for and are not in the
// answer: what to look at after [Client.SetRule]. With its arguments swapped it
// tells what the answer has beyond what was asked.
func Missing(asked, answered []string) []string {
	have := Codes(answered...)
	return slices.DeleteFunc(Codes(asked...), func(code string) bool {
		_, found := slices.BinarySearch(have, code)
		return found
	})
}

// Same tells whether two lists hold the same set of codes.
func Same(a, b []string) bool { return slices.Equal(Codes(a...), Codes(b...)) }
