package command_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack/slackutilsx"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/command"
	"licensebot/bot/message"
	"licensebot/licensing"
)

var testTime = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// atTest knows the grammar alone.
var atTest = command.Known{Now: testTime}

// phrases are those of a bot with the usual configuration.
func phrases() message.Phrases {
	return message.Phrases{
		Channel: func() string { return "C0APPROVALS" }, CodeName: licensing.CodeName,
		Emoji: approvals.Emoji{Approve: []string{"white_check_mark"}, Deny: []string{"x"}},
	}
}

// manyCodes are n different codes.
func manyCodes(n int) []string {
	codes := make([]string, n)
	for i := range codes {
		codes[i] = fmt.Sprintf("CODE%02d", i)
	}
	return codes
}

// TestParseCommand lists what people type, as it arrives from Slack, and what
// they mean by it.
func TestParseCommand(t *testing.T) {
	ask := func(group, why string, codes ...string) command.Command {
		return command.Command{Verb: command.VerbAsk, Ask: approvals.Ask{Group: group, Codes: codes, Reason: why}}
	}
	simple := ask("group-01", "", "RPADEVPRONU", "IDU")
	help := command.Command{Verb: command.VerbHelp}
	cancel := command.Command{Verb: command.VerbCancel, ID: "R-7K3F9QXA"}
	for text, want := range map[string]command.Command{
		"group-01 RPADEVPRONU IDU":                         simple,
		"  group-01\tRPADEVPRONU \n IDU ":                  simple,
		"group-01 rpadevpronu Idu":                         simple,
		"group-01 RPADEVPRONU,IDU":                         simple,
		"group-01 RPADEVPRONU; IDU;":                       simple,
		"group-01 RPADEVPRONU, idu, IDU RPADEVPRONU":       simple,
		"group-01 `RPADEVPRONU` *IDU*":                     simple,
		"`group-01` _RPADEVPRONU_ IDU.":                    simple,
		"*group-01*: RPADEVPRONU IDU!":                     simple,
		`"group-01" RPADEVPRONU IDU`:                       simple,
		`"group-01"RPADEVPRONU IDU`:                        simple,
		`group-01 "RPADEVPRONU, , idu"`:                    simple,
		`group-01 "RPADEVPRONU" "IDU`:                      simple,
		"group–01 RPADEVPRONU IDU":                         simple, // en dash
		"group—01 RPADEVPRONU IDU":                         simple, // em dash
		"group\u201101 RPADEVPRONU IDU":                    simple, // no-break hyphen
		"group−01 RPADEVPRONU IDU":                         simple, // minus
		"group-01\u00a0RPADEVPRONU\u202fIDU":               simple, // no-break spaces
		"group-01\u2007RPADEVPRONU\u3000IDU":               simple, // figure space, ideographic space
		"group-01 RPADEVPRONU\u2028IDU":                    simple, // line separator
		"\ufeffgroup\u200b-01 RPA\u200dDEVPRONU IDU\u2060": simple,
		"\u202egroup-01 RPADEV\u00adPRONU IDU\u200f":       simple,
		"group-01 RPADEVPRONU\x00IDU\x1b":                  simple,
		"group-01 RPADEVPRONU IDU\xff":                     simple,
		"group-01 ＲＰＡＤＥＶＰＲＯＮＵ ＩＤＵ":                         simple, // full width

		"<http://group-01.example.com|group-01.example.com> IDU":         ask("group-01.example.com", "", "IDU"),
		"<https://example.com/a?b=1&amp;c=2> IDU":                        ask("example.com/a?b=1&c=2", "", "IDU"),
		"<mailto:robots@example.com|robots@example.com> IDU":             ask("robots@example.com", "", "IDU"),
		"<tel:+49301234567|+49301234567> IDU":                            ask("+49301234567", "", "IDU"),
		"<ftp://files.example.com/x> IDU":                                ask("ftp://files.example.com/x", "", "IDU"),
		"<slack://open|slack://open> IDU":                                ask("slack://open", "", "IDU"),
		"group-01 <http://IDU.AI|IDU.AI>":                                {},
		"<https://uipath.example.com/groups/1|<https://evil.example|g>>": {},
		`"Finance Robots" IDU`:                                           ask("Finance Robots", "", "IDU"),
		"“Finance Robots” IDU":                                           ask("Finance Robots", "", "IDU"),
		"„Finance Robots“ IDU":                                           ask("Finance Robots", "", "IDU"),
		"\"O´Brien\" IDU":                                                ask("O'Brien", "", "IDU"),
		"〝Prod﹣DB〞 IDU":                                                  ask("Prod-DB", "", "IDU"),
		"«Finance  Robots» IDU":                                          ask("Finance Robots", "", "IDU"),
		`" R&amp;D &lt;EMEA&gt; " IDU`:                                   ask("R&D <EMEA>", "", "IDU"),
		`"Bob’s" IDU`:                                                    ask("Bob's", "", "IDU"),
		`"set" IDU`:                                                      ask("set", "", "IDU"),
		`"help" IDU`:                                                     ask("help", "", "IDU"),
		"Settings IDU":                                                   ask("Settings", "", "IDU"),
		"because IDU because reasons":                                    ask("because", "reasons", "IDU"),
		"財務🤖 IDU":                                                        ask("財務🤖", "", "IDU"),
		"group-01 IDU because Q3 audit, then *cleanup*.":                 ask("group-01", "Q3 audit, then *cleanup*.", "IDU"),
		"group-01 IDU BECAUSE &lt;@U0ALEX&gt; said so":                   ask("group-01", "<@U0ALEX> said so", "IDU"),
		"group-01 IDU because “new project”":                             ask("group-01", "new project", "IDU"),
		`group-01 IDU because "for 30d, because X=1"`:                    ask("group-01", "for 30d, because X=1", "IDU"),
		"group-01 IDU because":                                           ask("group-01", "", "IDU"),
		"group-01 IDU because " + strings.Repeat("ß", command.MaxReason): ask("group-01", strings.Repeat("ß", command.MaxReason), "IDU"),
		"group-01 " + strings.Join(manyCodes(command.MaxCodes), " "):     ask("group-01", "", manyCodes(command.MaxCodes)...),
		strings.Repeat("g", command.MaxGroup) + " A" + strings.Repeat("9", command.MaxCodeLength-1): ask(strings.Repeat("g", command.MaxGroup), "", "A"+strings.Repeat("9", command.MaxCodeLength-1)),

		"": {Verb: command.VerbForm}, " \u200b ": {Verb: command.VerbForm}, "help": help, "HELP": help, "?": help, "`help`": help, "help me please": help, "...": help,
		"cancel R-7K3F9QXA": cancel, "CANCEL r-7k3f9qxa": cancel, "cancel `R–7K3F9QXA`.": cancel, "cancel 7k3f9qxa": cancel,
	} {
		got, err := command.Parse("/allocate", text, testTime)
		if want.Verb == "" {
			if err == nil {
				t.Errorf("%q was understood as %+v", text, got)
			}
			continue
		}
		if err != nil || got.Verb != want.Verb || got.ID != want.ID || got.Ask.Group != want.Ask.Group ||
			got.Ask.Reason != want.Ask.Reason || !slices.Equal(got.Ask.Codes, want.Ask.Codes) {
			t.Errorf("%q was understood as %+v, %v; want %+v", text, got, err, want)
		}
	}
}

// TestMalformedCommands says of each command what is wrong, and offers one to
// copy that keeps what was right.
func TestMalformedCommands(t *testing.T) {
	codes := strings.Join(manyCodes(command.MaxCodes), " ")
	for _, c := range []struct{ text, problem, try string }{
		{"group-01", "Say which license codes", "fill in: group-01 <code>"},
		{"group-01 because of Q3", "Say which license codes", "fill in: group-01 <code> because of Q3"},
		{`"" IDU`, "name is empty", "fill in: <group> IDU"},
		{"&lt;@U1&gt; IDU", "person or a channel", "fill in: <group> IDU"},
		{"<@U0ALEX> IDU", "person or a channel", "fill in: <group> IDU"},
		{"<#C0GENERAL|general> IDU", "person or a channel", "fill in: <group> IDU"},
		{"<!subteam^S1> IDU", "person or a channel", "fill in: <group> IDU"},
		{"group-01 IDU <@U0ALEX>", "`&lt;@U0ALEX&gt;` is a person or a channel", ""},
		{"group-01 -IDU", "`-IDU` is not a license code", "fill in: group-01 <code>"},
		{"group-01 =10", "`10` stands beside no license code", "fill in: group-01 <code>=10"},
		{"group-01 " + strings.Repeat("A", 50) + "=1", "is not a license code", "fill in: group-01 <code>"},
		{"group-01 " + codes + " IDU=10", "names 21 codes", ""},
		{"group-01 " + codes + " IDU for 30d", "names 21 codes", ""},
		{"group-01 " + codes + " IDU", "names 21 codes", ""},
		{"group-01 IDU because " + strings.Repeat("x", command.MaxReason+1), "reason is longer", ""},
		{"group-01 IDU because \u3164\u2800", "no letter or digit", ""},
		{"cancel R-7K3F9QXA because \u3164", "no letter or digit", "cancel R-7K3F9QXA"},
		{strings.Repeat("g", command.MaxGroup+1) + " IDU", "at most 200 characters", "fill in: <group> IDU"},
		{strings.Repeat("x", command.MaxLength+1), "longer than the 1000 characters", "help"},
		{"cancel", "by its id", "fill in: cancel <id>"},
		{"cancel R-7K3F9QXA immediately", "by its id", "cancel R-7K3F9QXA"},
		{"cancel R-1", "`R-1` is not a request id", "fill in: cancel <id>"},
		{`"help"`, "Say which license codes the group `help`", `fill in: "help" <code>`},
		{`"Finance Robots"`, "Say which license codes", `fill in: "Finance Robots" <code>`},
		{`"Team."`, "Say which license codes", `fill in: "Team." <code>`},
		{`"Team A."`, "Say which license codes", `fill in: "Team A." <code>`},
		{`"..."`, "Say which license codes", `fill in: "..." <code>`},
		{`"*"`, "Say which license codes", `fill in: "*" <code>`},
	} {
		_, err := command.Parse("/allocate", c.text, testTime)
		var malformed *command.Error
		if !errors.As(err, &malformed) {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if !strings.Contains(problemOf(malformed), c.problem) || offered(malformed, "/allocate ") != c.try {
			t.Errorf("%q: %s\n%s", c.text, problemOf(malformed), offered(malformed, "/allocate "))
		}
		checkMalformed(t, atTest, "/allocate", malformed)
	}
}

// checkMalformed expects an answer to a malformed command that says what is wrong. What
// it shows to copy is understood; what it shows to fill in is not, as it is.
func checkMalformed(t *testing.T, known command.Known, name string, malformed *command.Error) {
	t.Helper()
	said := message.ExplainCommandError(malformed)
	bottest.ExpectHarmless(t, said)
	copied := slices.Clone(malformed.Either)
	if malformed.Try != "" {
		copied = append(copied, malformed.Try)
	}
	isOneKind := len(malformed.Either) == 0 || malformed.Try == ""
	if !isOneKind || malformed.Fill != "" && len(copied) > 0 || len(malformed.Either) == 1 {
		t.Errorf("several kinds of answers: %+v", malformed)
	}
	for _, text := range copied {
		if !strings.Contains(said, ": `"+slackutilsx.EscapeMessage(text)+"`") {
			t.Errorf("the command to copy is not whole: %s in %s", text, said)
		}
		// What a reader copies is unescaped, and Slack escapes it once more.
		if _, err := known.Parse(name, slackutilsx.EscapeMessage(strings.TrimPrefix(text, name))); err != nil {
			t.Errorf("the correction is not understood: %s: %v", text, err)
		}
	}
	if malformed.Fill == "" {
		return
	}
	if c, err := known.Parse(name, slackutilsx.EscapeMessage(strings.TrimPrefix(malformed.Fill, name))); err == nil {
		t.Errorf("what is to be filled in is understood as it is: %s: %+v", malformed.Fill, c)
	}
}

// TestLongSuggestionsFit takes characters that become many when they are
// normalized, so that the correction is longer than what was typed.
func TestLongSuggestionsFit(t *testing.T) {
	var codes []string
	for i := range command.MaxCodes {
		codes = append(codes, fmt.Sprintf("%s%04d", strings.Repeat("ﬃ", 12), i))
	}
	group := `"` + strings.Repeat("ﷺ", command.MaxGroup/18) + `"`
	for _, rest := range []string{" for 30", " X=1 X=2", " because " + strings.Repeat("ﷺ", 20)} {
		_, err := command.Parse("/allocate", group+" "+strings.Join(codes, " ")+rest, testTime)
		var malformed *command.Error
		if !errors.As(err, &malformed) || strings.Contains(problemOf(malformed), "is not a license code") {
			t.Fatalf("%v", err)
		}
		checkMalformed(t, atTest, "/allocate", malformed)

		// Not all codes fit: to set the rule to fewer would take the others away.
		_, err = command.Parse("/allocate", "set "+group+" "+strings.Join(codes, " ")+rest, testTime)
		if !errors.As(err, &malformed) || strings.HasPrefix(malformed.Try, "/allocate set") {
			t.Fatalf("%v", err)
		}
		checkMalformed(t, atTest, "/allocate", malformed)
	}
}

// problemOf is the sentence that a person reads.
func problemOf(e *command.Error) string {
	problem, _, _ := strings.Cut(message.ExplainCommandError(e), " Nothing was recorded.")
	return problem
}

// offered is what an answer shows to copy or to fill in, without the command's name:
// one command, several with a bar between them, or one to fill in.
func offered(e *command.Error, name string) string {
	switch {
	case e.Fill != "":
		return "fill in: " + strings.TrimPrefix(e.Fill, name)
	case len(e.Either) > 0:
		var all []string
		for _, text := range e.Either {
			all = append(all, strings.TrimPrefix(text, name))
		}
		return strings.Join(all, " | ")
	}
	return strings.TrimPrefix(e.Try, name)
}
