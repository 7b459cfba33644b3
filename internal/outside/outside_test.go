package outside_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"licensebot/internal/outside"
)

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"short":             "short",
		" padded\t\r\n":     "padded",
		"one\nline":         "one line",
		"in\u200bside":      "inside",
		"turned \u202e":     "turned",
		"broken \xff":       "broken",
		"Größe 10":          "Größe 10",
		"Größe 100":         "Größe 1…",
		"bell\aand\x1besc.": "bell an…",

		"👩\u200d💻 team":                     "👩\u200d💻 team",
		"👩🏽\u200d💻":                         "👩🏽\u200d💻",
		"❤\ufe0f\u200d🔥":                    "❤\ufe0f\u200d🔥",
		"sever👩\u200d💻💻":                    "sever👩…",
		"them👨\u200d👩\u200d👧":               "them👨\u200d👩…",
		"a\u200d💻":                          "a💻",
		"💻\u200db":                          "💻b",
		"\u200d💻\u200d":                     "💻",
		"`\u200d💻^\u200d💻":                  "`💻^💻",
		"👩\u200d\u200d💻\u200b\u200d💻\u200d": "👩💻💻",
	} {
		if got := outside.OneLine(in, 8); got != want {
			t.Errorf("OneLine(%q, 8) = %q, want %q", in, got, want)
		}
	}
}

func TestOneLineIsBoundedAndPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, n := rapid.String().Draw(t, "text"), rapid.IntRange(1, 40).Draw(t, "n")
		got := outside.OneLine(in, n)
		if utf8.RuneCountInString(got) > n {
			t.Errorf("%q is longer than %d", got, n)
		}
		isHidden := func(r rune) bool { return r != '\u200d' && unicode.In(r, unicode.Cc, unicode.Cf) } // two emoji may be joined
		if at := strings.IndexFunc(got, isHidden); at >= 0 {
			t.Errorf("%q has a control or format character", got)
		}
	})
}

func TestDropURL(t *testing.T) {
	cause := errors.New("refused")
	err := fmt.Errorf("call: %w", &url.Error{Op: "Post", URL: "https://hooks.example/secret", Err: cause})
	if got := outside.DropURL(err); got != cause {
		t.Errorf("DropURL keeps %v", got)
	}
	if got := outside.DropURL(cause); got != cause {
		t.Errorf("DropURL changes an error without a URL to %v", got)
	}
}

func TestHasToken(t *testing.T) {
	for text, want := range map[string]bool{
		"Bearer xoxb-1": true, "XAPP-1-A": true, "xoxe.xoxp-1": true, "(xwfp-1)": true,
		"": false, "not_authed": false, "a box of xapps": false,
	} {
		if outside.HasToken(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}
