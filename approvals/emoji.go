package approvals

import (
	"slices"
	"strings"
)

// Emoji are the short names of the emoji that mean a vote. The first of each
// list is the one that the bot shows and puts on cards.
type Emoji struct {
	Approve []string `json:"approve,omitempty"`
	Deny    []string `json:"deny,omitempty"`
}

// Meaning says what an emoji means on a card, and its canonical short name. It
// is not ok for an emoji that means nothing there.
func (e Emoji) Meaning(name string) (canonical string, deny, ok bool) {
	isSame := func(configured string) bool { return SameEmoji(configured, name) }
	switch {
	case slices.ContainsFunc(e.Deny, isSame):
		return CanonicalEmoji(name), true, true
	case slices.ContainsFunc(e.Approve, isSame):
		return CanonicalEmoji(name), false, true
	}
	return "", false, false
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

// emojiAliases are the second short names that Slack has for the emoji people
// vote with. Aliases of custom emoji are not resolved: a person who may add an
// emoji could make it look like a vote.
var emojiAliases = map[string]string{"thumbsup": "+1", "thumbsdown": "-1", "raised_hand": "hand"}

// CanonicalEmoji is the first short name of an emoji, without a skin tone.
func CanonicalEmoji(name string) string {
	name, _, _ = strings.Cut(strings.Trim(name, ":"), "::skin-tone-")
	if first, ok := emojiAliases[name]; ok {
		return first
	}
	return name
}
