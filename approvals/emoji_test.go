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
		if name, deny, ok := e.Meaning(name); ok {
			got = map[bool]string{true: "deny", false: "approve"}[deny]
			if name != CanonicalEmoji(name) {
				t.Errorf("%s is not canonical", name)
			}
		}
		if got != want {
			t.Errorf("%q means %q instead of %q", name, got, want)
		}
	}
}
