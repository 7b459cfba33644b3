package emoji

import (
	"testing"
	"unicode/utf8"
)

func TestExpand(t *testing.T) {
	for typed, want := range map[string]string{
		":robot_face: Robots":          "🤖 Robots",
		"Robots:robot_face:":           "Robots🤖",
		":wave::skin-tone-3: all":      "👋🏼 all",
		":white_check_mark::x:":        "✅❌",
		":+1: :-1: :thumbsup:":         "👍 👎 👍",
		":slightly_smiling_face:":      "🙂",
		":our_logo: stays":             ":our_logo: stays",
		"at 10:30:45, 1:100:2":         "at 10:30:45, 1:100:2",
		"until 12:00:00 :tada:":        "until 12:00:00 🎉",
		"a: b: c::d, no emoji: at all": "a: b: c::d, no emoji: at all",
		"":                             "",
	} {
		if got := Expand(typed); got != want {
			t.Errorf("%q becomes %q, want %q", typed, got, want)
		}
	}
}

// Every row of the table is read, and has characters that can be told apart from its
// name.
func TestEveryName(t *testing.T) {
	if n := len(byName()); n < 1800 {
		t.Errorf("%d names are known", n)
	}
	for name, character := range byName() {
		if !utf8.ValidString(character) || character == "" || Expand(":"+name+":") != character || Expand("a "+name) != "a "+name {
			t.Errorf("%s is %q", name, character)
		}
	}
}
