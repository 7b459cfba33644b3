package audit

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestWordsAreReadAsTheyWereWritten writes any words, also with signs that JSON escapes.
func TestWordsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"<a>&\"\\\n\u2028", "U0ROBIN", "\u00e4", "\x00"}))
		words := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Word {
			word := NewPerson(text.Draw(t, "person"), text.Draw(t, "name"))
			if rapid.Bool().Draw(t, "is a text") {
				word = NewText(text.Draw(t, "text"))
			}
			if rapid.Bool().Draw(t, "is erased") {
				word = word.Erase()
			}
			return word
		}), 1, 4).Draw(t, "words")
		stored, err := EncodeWords(words)
		if err != nil {
			t.Fatal(err)
		}
		if read, err := DecodeWords(stored); err != nil || !slices.Equal(read, words) {
			t.Errorf("%s: %+v, %v", stored, read, err)
		}
	})
}

// TestNoTextHidesAmongWords adds to words what other readers of JSON would show.
func TestNoTextHidesAmongWords(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`null`, `[]`, `[{}]`, `[{"salt":"s"}] `, ` [{"salt":"s"}]`, `[{"salt":"s"},]`, `[{"salt":"s"}`, `{"salt":"s"}`,
		`[{"person":"U-EVIL","salt":"s","person":"U-1"}]`, `[{"salt":"s","person":"U-EVIL","person":"U-1"}]`,
		`[{"salt":"s","nick":"evil"}]`, `[{"Salt":"s"}]`, `[{"salt":"s","text":"\u0041"}]`, `[{"salt":"s","text":"<b>"}]`,
		`[{"salt":""}]`, `[{"salt":"s",}]`, `[{"salt":"s"}{"salt":"s"}]`, `[{"salt":"s"},{"salt":"s"}]]`, `[,{"salt":"s"}]`,
		`[{"salt":"s""person":"U-1"}]`,
	} {
		if words, err := DecodeWords(text); err == nil {
			t.Errorf("%s is read as %+v", text, words)
		}
	}
}
