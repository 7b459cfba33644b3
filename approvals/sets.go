package approvals

import "slices"

// Codes are few, so sets of them are sorted slices: they read well in
// messages, journals and failing tests.

// Union returns the codes in a or b, sorted, each once.
func Union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// Without returns the codes of a that are not in b, in a's order.
func Without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(code string) bool { return slices.Contains(b, code) })
}

// Common returns the codes of a that are also in b, in a's order.
func Common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(code string) bool { return !slices.Contains(b, code) })
}

// SameSet reports whether a and b hold the same codes, whatever their order.
func SameSet(a, b []string) bool {
	return slices.Equal(Union(a, nil), Union(b, nil))
}
