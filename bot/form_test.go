package bot

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// submittedView is a form with these values, as Slack sends it: text for
// inputs, and for selects a choice.
func submittedView(t *testing.T, group, codes, term, until, why any) view {
	t.Helper()
	values := map[string]any{}
	for name, value := range map[string]any{FieldGroup: group, FieldCodes: codes, FieldTerm: term, FieldUntil: until, FieldReason: why} {
		var state any
		switch value := value.(type) {
		case string:
			state = map[string]any{"value": value}
			if name == FieldUntil {
				state = map[string]any{"type": "datepicker", "selected_date": value}
			}
		case []string:
			chosen := []any{}
			for _, v := range value {
				chosen = append(chosen, map[string]any{"value": v})
			}
			state = map[string]any{"selected_options": chosen}
			if name == FieldGroup || name == FieldTerm {
				state = map[string]any{"selected_option": chosen[0]}
			}
		case nil:
			state = map[string]any{"value": nil, "selected_date": nil, "selected_option": nil}
		}
		values[name] = map[string]any{name: state}
	}
	raw, err := json.Marshal(map[string]any{"type": "view_submission", "user": map[string]any{"id": robin}, "view": map[string]any{"state": map[string]any{"values": values}}})
	if err != nil {
		t.Fatal(err)
	}
	x, err := decodeInteraction(raw)
	if err != nil {
		t.Fatal(err)
	}
	return x.View
}

// TestFormIsTheCommand holds the form to the command that says the same: what
// is understood, and what is refused and why.
func TestFormIsTheCommand(t *testing.T) {
	pick := func(v ...string) []string { return v }
	for _, c := range []struct {
		group, codes, term, until, why any
		command                        string
		wrong                          string // the field that is told the command's problem
	}{
		{pick("group-01"), pick("RPADEVPRONU", "IDU"), pick(TermForGood), nil, nil, "group-01 RPADEVPRONU IDU", ""},
		{pick("group-01"), pick("IDU"), nil, nil, "because “Q3” & <audit>\n\nsoon", "group-01 IDU because because “Q3” & <audit> soon", ""},
		{"Finance Robots", "idu, RPADEVPRONU", nil, nil, " ", `"Finance Robots" idu, RPADEVPRONU`, ""},
		{"  set ", " IDU ", nil, nil, "", `"set" IDU`, ""},
		{`Bob "the" Builder`, "IDU", nil, nil, nil, `"Bob the Builder" IDU`, ""},
		{"x” cancel “y", "IDU", nil, nil, nil, `"x cancel y" IDU`, ""},
		{"R&amp;D", "IDU", nil, nil, nil, "R&D IDU", ""},
		{pick("group-01"), pick("IDU"), pick("30d"), nil, nil, "group-01 IDU for 30d", FieldTerm},
		{pick("group-01"), pick("IDU"), nil, "2099-12-31", nil, "group-01 IDU until 2099-12-31", FieldUntil},
		{"", "IDU", nil, nil, nil, `"" IDU`, FieldGroup},
		{"<@U0ALEX>", "IDU", nil, nil, nil, "<@U0ALEX> IDU", FieldGroup},
		{strings.Repeat("g", MaxGroup+1), "IDU", nil, nil, nil, strings.Repeat("g", MaxGroup+1) + " IDU", FieldGroup},
		{"group-01", "", nil, nil, nil, "group-01", FieldCodes},
		{"group-01", "4711 <x>", nil, nil, nil, "group-01 4711 <x>", FieldCodes},
		{pick("group-01"), manyCodes(MaxCodes + 1), nil, nil, nil, "group-01 " + strings.Join(manyCodes(MaxCodes+1), " "), FieldCodes},
		{pick("group-01"), pick("IDU"), nil, nil, strings.Repeat("x", MaxReason+1), "group-01 IDU because " + strings.Repeat("x", MaxReason+1), FieldReason},
	} {
		got, wrong := readForm(submittedView(t, c.group, c.codes, c.term, c.until, c.why)).parseAsk("/allocate")
		want, err := Parse("/allocate", c.command, time.Now())
		switch {
		case err == nil && (len(wrong) > 0 || !reflect.DeepEqual(got, want.Ask)):
			t.Errorf("%q is understood as %+v, its form as %+v, %v", c.command, want.Ask, got, wrong)
		case err != nil && (len(wrong) != 1 || !sameProblem(wrong[c.wrong], err.Error())):
			t.Errorf("%q is refused with %s\nits form with %v", c.command, err, wrong)
		}
	}
}

func sameProblem(shown, said string) bool {
	return shown != "" && shown == stripMarkup(said)
}

// TestEachFieldHasItsOwnError, all at once.
func TestEachFieldHasItsOwnError(t *testing.T) {
	_, wrong := readForm(submittedView(t, "", "4711", []string{"1d"}, "2099-12-31", strings.Repeat("x", MaxReason+1))).parseAsk("/allocate")
	for _, name := range []string{FieldGroup, FieldCodes, FieldUntil, FieldReason} {
		if wrong[name] == "" || strings.ContainsAny(wrong[name], "`") || strings.Contains(wrong[name], "&amp;") {
			t.Errorf("%s: %q", name, wrong[name])
		}
	}
	if !strings.Contains(wrong[FieldUntil], "not both") {
		t.Errorf("%q", wrong[FieldUntil])
	}
}

// TestFormOpening reads back what a form remembers, and nothing else.
func TestFormOpening(t *testing.T) {
	for metadata, want := range map[string]opening{
		opening{general, "/allocate"}.encodeMetadata():          {general, "/allocate"},
		opening{general, "/lizenzen_für-alle"}.encodeMetadata(): {general, "/lizenzen_für-alle"},
		opening{general, "/ライセンス"}.encodeMetadata():             {general, "/ライセンス"},
		opening{}.encodeMetadata():                              {},
		`{"channel":"<!channel>","command":"/x"}`:               {"", "/x"},
		`{"channel":7}`:                      {},
		"":                                   {},
		`{"channel":"C0GENERAL","more":"x"}`: {general, ""},
		`{"channel":"C0GENERAL","command":"allocate"}`:              {general, ""},
		`{"channel":"C0GENERAL","command":"/"}`:                     {general, ""},
		`{"channel":"C0GENERAL","command":"/a b"}`:                  {general, ""},
		`{"channel":"C0GENERAL","command":"/<!channel>"}`:           {general, ""},
		`{"channel":"C0GENERAL","command":"/` + "`" + `x"}`:         {general, ""},
		`{"command":"/` + strings.Repeat("x", MaxNameLength) + `"}`: {},
	} {
		if got := decodeOpening(metadata); got != want {
			t.Errorf("%s is read as %+v", metadata, got)
		}
	}
}

// TestSuggestionsFitAnAcknowledgement, of which Slack drops one of 20 KB.
func TestSuggestionsFitAnAcknowledgement(t *testing.T) {
	groups := make([]approvals.Group, maxOptions)
	for i := range groups {
		groups[i] = approvals.Group{ID: fmt.Sprintf("%s-%d", strings.Repeat("i", 120), i), Name: strings.Repeat("Наймення ", 10)}
	}
	groups[1] = approvals.Group{ID: strings.Repeat("i", maxOptionValue+1), Name: "no option can carry its id"}
	groups[2] = approvals.Group{ID: "alone", Name: "Alone"}
	groups[3] = approvals.Group{ID: "nameless"}
	offered := groupOptions(groups)
	raw, err := json.Marshal(Options{Options: offered})
	if err != nil || len(raw) > 18<<10 || len(offered) < 20 {
		t.Errorf("%d options are %d bytes, %v", len(offered), len(raw), err)
	}
	shown := map[string]string{}
	for _, o := range offered {
		shown[o.Value] = o.Text.Text
		if o.Description != nil {
			shown[o.Value] += " / " + o.Description.Text
		}
	}
	if len(slices.Collect(maps.Keys(shown))[0]) > maxOptionValue || shown["alone"] != "Alone" || shown["nameless"] != "nameless" ||
		!strings.Contains(shown[groups[0].ID], " / iii") {
		t.Errorf("%v", shown)
	}
	for _, o := range offered {
		if o.Text.Type != slack.PlainTextType || len([]rune(o.Text.Text)) > maxOptionText || len(o.Value) > maxOptionValue {
			t.Errorf("%+v", o)
		}
	}
}
