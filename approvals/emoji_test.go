package approvals

import "testing"

// TestEmojiMeaning looks up emoji by the names that Slack sends.
func TestEmojiMeaning(t *testing.T) {
	e := Emoji{Approve: []string{"white_check_mark", "+1"}, Deny: []string{"x", "thumbsdown", "raised_hand", "partyparrot"}}
	for name, want := range map[string]string{
		"white_check_mark": "approve", ":white_check_mark:": "approve", "heavy_check_mark": "", "WHITE_CHECK_MARK": "",
		"+1": "approve", "thumbsup": "approve", "+1::skin-tone-6": "approve", "thumbsup::skin-tone-2": "approve",
		"-1": "deny", "thumbsdown": "deny", "-1::skin-tone-3": "deny", "hand::skin-tone-4": "deny", "raised_hand": "deny",
		"x": "deny", "partyparrot": "deny", "xx": "", "": "", "::skin-tone-2": "", "+": "", "no_entry_sign": "",
	} {
		got := ""
		if deny, ok := e.Meaning(name); ok {
			got = map[bool]string{true: "deny", false: "approve"}[deny]
		}
		if got != want {
			t.Errorf("%q means %q instead of %q", name, got, want)
		}
	}
}

// The tones of an emoji mean the same, and are reactions of their own.
func TestGivenEmoji(t *testing.T) {
	for name, want := range map[string]string{
		"thumbsup": "+1", ":+1:": "+1", "thumbsup::skin-tone-2": "+1::skin-tone-2", "hand::skin-tone-4": "hand::skin-tone-4",
		"heavy_exclamation_mark": "exclamation", "partyparrot": "partyparrot", "": "",
	} {
		if got := GivenEmoji(name); got != want {
			t.Errorf("%q is kept as %q instead of %q", name, got, want)
		}
	}
}
