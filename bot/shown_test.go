package bot

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"licensebot/licensing"
)

// testWords are the words of a bot with the usual configuration.
func testWords() Messages {
	return Messages{Channel: "C0APPROVALS", Approve: []string{"white_check_mark"}, Deny: []string{"x"}, CodeName: licensing.CodeName}
}

// markup is everything between angle brackets that the bot says on its own:
// mentions of people, user groups and the channel, and times.
var markup = regexp.MustCompile(`<(@[UW][A-Z0-9_]+|#C[A-Z0-9]+|!subteam\^S[A-Z0-9_]+|!date\^\d+\^\{date_short_pretty\} at \{time\}\|[-0-9: ]+UTC)>`)

var entity = regexp.MustCompile(`&(amp|lt|gt);`)

// expectHarmless fails if what the bot says carries markup of somebody else,
// characters that hide or turn text around, or nothing at all.
func expectHarmless(t *testing.T, said string) {
	t.Helper()
	rest := markup.ReplaceAllString(said, "")
	hidden := func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }
	switch {
	case strings.TrimSpace(said) == "":
		t.Error("nothing is said")
	case !utf8.ValidString(said) || strings.ContainsFunc(said, hidden):
		t.Errorf("characters are hidden in %.600q", said)
	case strings.ContainsAny(rest, "<>") || strings.Contains(entity.ReplaceAllString(rest, ""), "&"):
		t.Errorf("markup is not escaped, or cut in two, in %.600q", said)
	case strings.Contains(said, "``"):
		t.Errorf("something is missing in %.600q", said)
	}
}
