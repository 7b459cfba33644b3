package approvals

import (
	_ "embed" // the names
	"slices"
	"strings"
	"sync"
)

// Emoji are the short names of the emoji that mean a vote. The first of each
// list is the one that the bot shows and puts on cards.
type Emoji struct {
	Approve []string `json:"approve,omitempty"`
	Deny    []string `json:"deny,omitempty"`
}

// Meaning says what an emoji means on a card. It is not ok for an emoji that means nothing there.
func (e Emoji) Meaning(name string) (deny, ok bool) {
	isSame := func(configured string) bool { return SameEmoji(configured, name) }
	switch {
	case slices.ContainsFunc(e.Deny, isSame):
		return true, true
	case slices.ContainsFunc(e.Approve, isSame):
		return false, true
	}
	return false, false
}

// nearMisses are emoji with which people often mean a vote.
var nearMisses = []string{
	"+1", "ok_hand", "ok", "heavy_check_mark", "ballot_box_with_check", "white_check_mark",
	"-1", "x", "heavy_multiplication_x", "negative_squared_cross_mark", "no_entry", "no_entry_sign",
}

// IsNearMiss reports whether people often mean a vote with an emoji. Where it means
// none, they are told which ones do.
func IsNearMiss(name string) bool { return slices.Contains(nearMisses, CanonicalEmoji(name)) }

// SameEmoji reports whether two short names mean the same vote: skin tones do
// not matter, and thumbsup is +1.
func SameEmoji(a, b string) bool { return CanonicalEmoji(a) == CanonicalEmoji(b) }

// aliasesFile has the short names of each standard emoji with more than one. They are the names
// with the same characters in internal/emoji.
//
//go:embed emoji_aliases.txt
var aliasesFile string

// firstNames has the name that stands for each standard emoji by its other ones. Aliases of custom
// emoji are not resolved: a person who may add an emoji could make it look like a vote.
var firstNames = sync.OnceValue(func() map[string]string {
	first := make(map[string]string)
	for line := range strings.Lines(aliasesFile) {
		names := strings.Fields(line)
		for _, other := range names[1:] {
			first[other] = names[0]
		}
	}
	return first
})

const toneMark = "::skin-tone-"

// CanonicalEmoji is the first short name of an emoji, without a skin tone.
func CanonicalEmoji(name string) string {
	name, _, _ = strings.Cut(GivenEmoji(name), toneMark)
	return name
}

// GivenEmoji is the first short name of an emoji with its skin tone. To Slack the tones are
// reactions of their own: one may be taken back while another stays.
func GivenEmoji(name string) string {
	name, tone, toned := strings.Cut(strings.Trim(name, ":"), toneMark)
	if first, ok := firstNames()[name]; ok {
		name = first
	}
	if toned {
		return name + toneMark + tone
	}
	return name
}
