package main

import (
	"testing"

	"licensebot/approvals"
	"licensebot/internal/emoji"
)

// Slack tells of an emoji by any of its names, so all of them mean the same vote.
func TestAllNamesOfAnEmojiMeanTheSame(t *testing.T) {
	first := map[string]string{} // a name by the characters
	for _, name := range emoji.Names() {
		characters := emoji.Expand(":" + name + ":")
		other, known := first[characters]
		if !known {
			first[characters] = name
		}
		if known && !approvals.SameEmoji(name, other) {
			t.Errorf("%s and %s are %s, and mean different votes", name, other, characters)
		}
		if got := approvals.CanonicalEmoji(name); emoji.Expand(":"+got+":") != characters {
			t.Errorf("%s is kept as %s, which is another emoji", name, got)
		}
	}
}
