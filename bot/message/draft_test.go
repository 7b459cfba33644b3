package message

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
	"pgregory.net/rapid"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// TestDraftsFitTheirButton: a draft comes back as it was, or with less where a button has
// no room. Its codes are never lost.
func TestDraftsFitTheirButton(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zé<&"\\ ]{0,150}`)
		draft := FormDraft{
			Action: approvals.Remove, Problem: text.Draw(t, "problem"), Group: text.Draw(t, "group"), Reason: text.Draw(t, "reason") + text.Draw(t, "reason"),
			Codes: rapid.SliceOfN(rapid.StringMatching(`[A-Z]{1,40}`), 0, command.MaxCodes).Draw(t, "codes"), Term: TermBelow, Until: "until 2026-12-31",
			Seats: strings.Repeat(rapid.StringMatching(`[A-Z]{1,40}=1000000 `).Draw(t, "limit"), rapid.IntRange(0, 20).Draw(t, "limits")),
		}
		value := draft.encode()
		if n := utf8.RuneCountInString(value); n > maxValue {
			t.Fatalf("%d characters", n)
		}
		read := ReadDraft(value)
		if len(draft.Codes) == 0 {
			read.Codes = draft.Codes
		}
		left := draft
		for _, leave := range []*string{nil, &left.Problem, &left.Reason, &left.Seats, &left.Group} {
			if leave != nil {
				*leave = ""
			}
			if reflect.DeepEqual(read, left) {
				return
			}
		}
		t.Fatalf("%+v comes back as %+v", draft, read)
	})
	if d := ReadDraft("x"); !reflect.DeepEqual(d, FormDraft{}) {
		t.Errorf("%+v", d)
	}
}

// TestAnUnclearEndIsAskedFor: a form that opens without an end that was typed asks for it,
// and says what was not understood.
func TestAnUnclearEndIsAskedFor(t *testing.T) {
	for typed, want := range map[string]FormDraft{
		"group-01 IDU for 1m":                   {Term: TermBelow},
		"group-01 IDU until 01/02/2030":         {Term: TermBelow},
		"group-01 IDU until x":                  {Term: TermBelow},
		"group-01 IDU for 30d until 2030-12-31": {Term: TermBelow},
		"group-01 IDU=0 for 30d":                {Term: "30d"},
		"group-01 IDU=0":                        {},
	} {
		_, err := command.Parse("/allocate", typed, testTime)
		wrong, ok := errors.AsType[*command.Error](err)
		if !ok {
			t.Fatalf("%q is no mistake", typed)
		}
		blocks := CommandErrorBlocks(wrong)
		if len(blocks) != 2 {
			t.Errorf("%q has no button", typed)
			continue
		}
		button := blocks[1].(*slack.ActionBlock).Elements.ElementSet[0].(*slack.ButtonBlockElement)
		got := ReadDraft(button.Value)
		if got.Term != want.Term || got.Group != "group-01" || !reflect.DeepEqual(got.Codes, []string{"IDU"}) || got.Problem == "" {
			t.Errorf("%q opens the form with %+v", typed, got)
		}
	}
}

// TestDraftOfAnAsk has what the ask says, in the fields of the form.
func TestDraftOfAnAsk(t *testing.T) {
	for _, c := range []struct {
		ask  approvals.Ask
		want FormDraft
	}{
		{approvals.Ask{Group: "g", Codes: []string{"IDU"}, For: 14 * day}, FormDraft{Group: "g", Codes: []string{"IDU"}, Term: "2w"}},
		{approvals.Ask{For: 5 * time.Hour}, FormDraft{Term: TermBelow, Until: "for 5h"}},
		{approvals.Ask{Until: testTime, Reason: "x"}, FormDraft{Term: TermBelow, Until: "until 2026-11-23", Reason: "x"}},
		{approvals.Ask{Action: approvals.Set, Quotas: []approvals.Quota{{Code: "IDU", Limit: 3}, {Code: "PMD", Limit: 4}}}, FormDraft{Action: approvals.Set, Seats: "IDU=3 PMD=4"}},
	} {
		if got := DraftOf(c.ask); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v becomes %+v, want %+v", c.ask, got, c.want)
		}
	}
}
