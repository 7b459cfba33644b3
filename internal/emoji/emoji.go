// Package emoji knows Slack's short names of the standard emoji. Slack's composer turns
// an emoji that a person types into its name, and the name into the emoji when it shows
// the text:
//
//	emoji.Expand(":robot_face: Robots") // 🤖 Robots
//
// The custom emoji of a workspace have no character, so their names stay.
package emoji

import (
	_ "embed"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed names.txt
var namesFile string

// byName has the characters of each emoji by its short name.
var byName = sync.OnceValue(func() map[string]string {
	all := make(map[string]string)
	for line := range strings.Lines(namesFile) {
		name, points, isRow := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(line, "#") || !isRow {
			continue
		}
		var text strings.Builder
		for point := range strings.SplitSeq(points, "-") {
			code, _ := strconv.ParseUint(point, 16, 32)
			text.WriteRune(rune(code))
		}
		all[name] = text.String()
	}
	return all
})

// Names lists the short names of the standard emoji, in alphabetical order.
func Names() []string { return slices.Sorted(maps.Keys(byName())) }

// IsStandard reports whether every workspace has an emoji of this short name.
func IsStandard(name string) bool {
	_, known := byName()[name]
	return known
}

// inColons is what may be an emoji's name. A number in colons after a digit is none:
// 1:100:2 is a ratio.
var inColons = regexp.MustCompile(`(?:[0-9]:[0-9]+)+|:[a-z0-9_'+-]+:`)

// Expand replaces the names of standard emoji by their characters.
func Expand(text string) string {
	return inColons.ReplaceAllStringFunc(text, func(found string) string {
		if character, known := byName()[strings.Trim(found, ":")]; known && found[0] == ':' {
			return character
		}
		return found
	})
}
