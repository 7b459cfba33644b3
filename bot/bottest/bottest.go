// Package bottest has the checks and the Slack that the tests of the bot's packages share.
package bottest

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack/slackutilsx"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// markup is everything between angle brackets that the bot says on its own:
// mentions of people, user groups and the channel, and times.
var markup = regexp.MustCompile(`<(@[UW][A-Z0-9_]+|#C[A-Z0-9]+|!subteam\^S[A-Z0-9_]+|` +
	`!date\^\d+\^\{date_short_pretty\} at \{time\}\|[-0-9: ]+UTC)>`)

var entity = regexp.MustCompile(`&(amp|lt|gt);`)

// ExpectHarmless fails if a text of the bot is empty, or carries markup of others or
// characters that hide or turn text around.
func ExpectHarmless(t *testing.T, said string) {
	t.Helper()
	rest := markup.ReplaceAllString(said, "")
	isHidden := func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }
	switch {
	case strings.TrimSpace(said) == "":
		t.Error("nothing is said")
	case !utf8.ValidString(said) || strings.ContainsFunc(said, isHidden):
		t.Errorf("characters are hidden in %.600q", said)
	case strings.ContainsAny(rest, "<>") || strings.Contains(entity.ReplaceAllString(rest, ""), "&"):
		t.Errorf("markup is not escaped, or cut in two, in %.600q", said)
	case strings.Contains(said, "``"):
		t.Errorf("something is missing in %.600q", said)
	}
}

// CheckAsk checks an ask that was parsed at a time: its bounds, its sense, and that
// its suggestion asks for the same.
func CheckAsk(t *testing.T, ask approvals.Ask, at time.Time) {
	t.Helper()
	checkBounds(t, ask, at)
	isTimedChange := ask.IsTimed() && ask.Action != approvals.Add
	isLimitedRemoval := len(ask.Quotas) > 0 && ask.Action == approvals.Remove
	if isTimedChange || isLimitedRemoval || ask.MayEmpty && ask.Action == approvals.Add {
		t.Fatalf("ask without sense: %+v", ask)
	}
	for i, c := range ask.Codes {
		if !command.IsCode(c) || slices.Contains(ask.Codes[:i], c) {
			t.Fatalf("codes %q", ask.Codes)
		}
	}
	checkSuggestion(t, ask, at)
}

func checkBounds(t *testing.T, ask approvals.Ask, at time.Time) {
	t.Helper()
	group, reason := utf8.RuneCountInString(ask.Group), utf8.RuneCountInString(ask.Reason)
	if group == 0 || group > command.MaxGroup || reason > command.MaxReason || len(ask.Codes) > command.MaxCodes {
		t.Fatalf("ask out of bounds: %+v", ask)
	}
	if isEmptying := ask.Action == approvals.Set && ask.MayEmpty; (len(ask.Codes) == 0) != isEmptying {
		t.Fatalf("ask without shape: %+v", ask)
	}
	if d := ask.Duration(at); d < 0 || d > command.MaxPeriod {
		t.Fatalf("lasts %v: %+v", d, ask)
	}
	for _, q := range ask.Quotas {
		if !slices.Contains(ask.Codes, q.Code) || q.Limit < 1 || q.Limit > command.MaxSeats {
			t.Fatalf("limits %+v", ask.Quotas)
		}
	}
}

// checkSuggestion copies what an ask is suggested as, and expects the same ask,
// unless there was no room for all of it.
func checkSuggestion(t *testing.T, ask approvals.Ask, at time.Time) {
	t.Helper()
	text := command.Suggest(ask)
	again, err := command.Parse("/allocate",
		slackutilsx.EscapeMessage(strings.TrimPrefix(text, command.NameOf(ask))), at)
	if err != nil {
		t.Fatalf("%+v is suggested as %q: %v", ask, text, err)
	}
	got := again.Ask
	if len(got.Codes) < len(ask.Codes) || got.Reason == "" {
		got.Action, got.Codes, got.Quotas, got.Reason = ask.Action, ask.Codes, ask.Quotas, ask.Reason
	}
	got.Command = ask.Command
	byCode := func(a, b approvals.Quota) int { return strings.Compare(a.Code, b.Code) }
	slices.SortFunc(got.Quotas, byCode)
	ask.Quotas = slices.SortedFunc(slices.Values(ask.Quotas), byCode)
	if !reflect.DeepEqual(got, ask) {
		t.Fatalf("%+v is suggested as %q, which is %+v", ask, text, got)
	}
}

// ListTexts lists the texts of blocks, one a line.
func ListTexts(t *testing.T, blocks json.RawMessage) string {
	t.Helper()
	var all any
	if err := json.Unmarshal(blocks, &all); err != nil {
		t.Fatal(err)
	}
	var lines []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		case map[string]any:
			if text, ok := v["text"].(string); ok {
				lines = append(lines, text)
			}
			for _, name := range []string{"text", "elements"} {
				walk(v[name])
			}
		}
	}
	walk(all)
	return strings.Join(lines, "\n")
}
