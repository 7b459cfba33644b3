package command_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/command"
	"licensebot/bot/message"
)

// FuzzParseCommand gives the parser anything. It understands it or says what
// to type instead, and nothing that is typed comes back as markup.
func FuzzParseCommand(f *testing.F) {
	for _, text := range []string{
		"", "help", "cancel R-7K3F9QXA", "group-01 RPADEVPRONU IDU", `“Finance Robots” idu, IDU because “Q3” audit.`,
		"<http://group-01.example.com|group-01.example.com> IDU", "&lt;!channel&gt; IDU", "g IDU=10", "g IDU for 30d",
		"g `IDU` <@U1>", "set g A=5 b", "remove g A empty", "set g empty because &", "set g emptying", "g A until 2027-01-31", "g A for 30 days", "show g h", "mine 2", "why R-7K3F9QXA", "end x", "cancel R-7K3F9QXA because “no”", "\u202e\u200b\xff\x00 A", `"..." A`, "ﷺ ﬃ", `"a`, "set set set", "é&amp;amp; A because %s%n{}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		understood, err := command.Parse("/allocate", text, testTime)
		if err != nil {
			var malformed *command.Error
			if !errors.As(err, &malformed) {
				t.Fatalf("%T: %v", err, err)
			}
			checkMalformed(t, atTest, "/allocate", malformed)
			return
		}
		checkCommand(t, understood)
	})
}

// checkCommand expects what was understood to be within its bounds, and to be
// shown without harm.
func checkCommand(t *testing.T, c command.Command) {
	t.Helper()
	switch c.Verb {
	case command.VerbCancel, command.VerbEnd, command.VerbWhy, command.VerbStatus:
		if !command.IDShape.MatchString(c.ID) && (c.ID != "" || c.Verb != command.VerbStatus) || utf8.RuneCountInString(c.Why) > command.MaxReason {
			t.Fatalf("%+v", c)
		}
		bottest.ExpectHarmless(t, message.ExplainUnknownRequest(c.ID+"R"))
	case command.VerbMine, command.VerbPending:
		if c.Page < 1 || c.Page > command.MaxPages {
			t.Fatalf("page %d", c.Page)
		}
	case command.VerbShow:
		if c.Group == "" || utf8.RuneCountInString(c.Group) > command.MaxGroup {
			t.Fatalf("group %q", c.Group)
		}
		bottest.ExpectHarmless(t, message.ExplainLookupError("/allocate", c.Group, &approvals.GroupError{Candidates: []string{c.Group}}))
	case command.VerbAsk:
		checkAsk(t, c.Ask)
	case command.VerbHelp, command.VerbCodes, command.VerbForm:
	default:
		t.Fatalf("verb %q", c.Verb)
	}
}

// checkAsk expects an ask that makes sense, and answers about it without harm.
func checkAsk(t *testing.T, ask approvals.Ask) {
	t.Helper()
	bottest.CheckAsk(t, ask, testTime)
	r := approvals.Request{
		ID: "R-7K3F9QXA", State: approvals.Filed, Requester: "U0ROBIN", Channel: "C0APPROVALS", Ask: ask, Deadline: testTime,
	}
	bottest.ExpectHarmless(t, phrases().ConfirmReceipt(message.Receipt{Request: r, Ahead: 300}))
	r.State, r.Terms = approvals.Pending, approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U0ALEX"}, Quorum: 1}}}
	r.Proposal = &approvals.Proposal{Group: approvals.Group{ID: ask.Group}, Change: approvals.Change{Add: ask.Codes}}
	bottest.ExpectHarmless(t, phrases().RenderCard(r).Text)
}

// FuzzParseWithLists gives the parser anything while the groups and licenses are known. What
// it offers to copy is understood.
func FuzzParseWithLists(f *testing.F) {
	for _, text := range []string{
		"Squad 7 and 8 TSTNU", "swap IDU for TSTNU in Sales", "move IDU from Sales to Finance", "give IDU back (Sales)",
		"Group: Sales, License=IDU", "Sales - IDU - 30d - audit", "SalesにIDUをください", "Sales IDU 01.12.-15.12.",
		"copy Sales to Finance", "IDU instead of TSTNU for Sales", "does Sales have IDU?", "Sales IDU/TSTNU FIN-123", "Sales IDU because audit until 2026-12-31",
		"remove everything from Sales", "Sales IDU 5 more", "Best, Kim", "DU A00 0 Sales", "by Friday", "from", "empty", "❌ IDU Sales ( ) // -",
	} {
		f.Add(text)
	}
	known := berlin(f)
	f.Fuzz(func(t *testing.T, text string) {
		understood, err := known.Parse("/allocate", text)
		if err == nil {
			checkCommand(t, understood)
			return
		}
		malformed, ok := errors.AsType[*command.Error](err)
		if !ok {
			t.Fatalf("%T: %v", err, err)
		}
		checkMalformed(t, known, "/allocate", malformed)
	})
}

// TestWordsInAnyOrder types words of real requests in any order, while the groups are known and while they are
// not. Each is understood or answered.
func TestWordsInAnyOrder(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var words []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			typed, _, _ := strings.Cut(line, " -> ")
			words = append(words, strings.Fields(typed)...)
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	known := berlin(t)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 9).Draw(t, "words"), " ")
		for _, k := range []command.Known{known, atTest} {
			_, err := k.Parse("/allocate", text)
			problem, isWrong := errors.AsType[*command.Error](err)
			if err != nil && (!isWrong || problem.Format == "") {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}
