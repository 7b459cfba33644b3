package licensing

import (
	"slices"
	"strings"
)

// NormalizeCodes returns the set of the given codes: upper case, sorted, each once,
// without empty ones. UiPath writes codes in upper case; whether it compares
// them so is not documented.
func NormalizeCodes(codes ...string) []string {
	set := make([]string, 0, len(codes))
	for _, code := range codes {
		if code = normalizeCode(code); code != "" {
			set = append(set, code)
		}
	}
	slices.Sort(set)
	return slices.Compact(set)
}

func normalizeCode(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

// UnionCodes returns the set of codes that are in any of the lists.
func UnionCodes(lists ...[]string) []string { return NormalizeCodes(slices.Concat(lists...)...) }

// MissingCodes returns the codes that were asked for and that the answer lacks:
// what to look at after [Client.WriteAllocation]. With its arguments swapped it
// returns what the answer has beyond what was asked.
func MissingCodes(asked, answered []string) []string {
	have := NormalizeCodes(answered...)
	return slices.DeleteFunc(NormalizeCodes(asked...), func(code string) bool {
		_, found := slices.BinarySearch(have, code)
		return found
	})
}

// SameCodes reports whether two lists hold the same set of codes.
func SameCodes(a, b []string) bool { return slices.Equal(NormalizeCodes(a...), NormalizeCodes(b...)) }
