package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"licensebot/bot/command"
	"licensebot/bot/message"
)

// submittedView is a form with these values, as Slack sends it: text for
// inputs, and for selects a choice.
func submittedView(t *testing.T, group, codes, term, until, why any) view {
	t.Helper()
	values := map[string]any{}
	for name, value := range map[string]any{message.FieldGroup: group, message.FieldCodes: codes, message.FieldTerm: term, message.FieldUntil: until, message.FieldReason: why} {
		var state any
		switch value := value.(type) {
		case string:
			state = map[string]any{"value": value}
			if name == message.FieldUntil {
				state = map[string]any{"type": "datepicker", "selected_date": value}
			}
		case []string:
			chosen := []any{}
			for _, v := range value {
				chosen = append(chosen, map[string]any{"value": v})
			}
			state = map[string]any{"selected_options": chosen}
			if name == message.FieldGroup || name == message.FieldTerm {
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
		{pick("group-01"), pick("RPADEVPRONU", "IDU"), pick(message.TermForGood), nil, nil, "group-01 RPADEVPRONU IDU", ""},
		{pick("group-01"), pick("IDU"), nil, nil, "because “Q3” & <audit>\n\nsoon", "group-01 IDU because because “Q3” & <audit> soon", ""},
		{"Finance Robots", "idu, RPADEVPRONU", nil, nil, " ", `"Finance Robots" idu, RPADEVPRONU`, ""},
		{"  set ", " IDU ", nil, nil, "", `"set" IDU`, ""},
		{`Bob "the" Builder`, "IDU", nil, nil, nil, `"Bob the Builder" IDU`, ""},
		{"x” cancel “y", "IDU", nil, nil, nil, `"x cancel y" IDU`, ""},
		{"R&amp;D", "IDU", nil, nil, nil, "R&D IDU", ""},
		{pick("group-01"), pick("IDU"), pick("30d"), nil, nil, "group-01 IDU for 30d", message.FieldTerm},
		{pick("group-01"), pick("IDU"), nil, "2099-12-31", nil, "group-01 IDU until 2099-12-31", message.FieldUntil},
		{"", "IDU", nil, nil, nil, `"" IDU`, message.FieldGroup},
		{"<@U0ALEX>", "IDU", nil, nil, nil, "<@U0ALEX> IDU", message.FieldGroup},
		{strings.Repeat("g", command.MaxGroup+1), "IDU", nil, nil, nil, strings.Repeat("g", command.MaxGroup+1) + " IDU", message.FieldGroup},
		{"group-01", "", nil, nil, nil, "group-01", message.FieldCodes},
		{"group-01", "4711 <x>", nil, nil, nil, "group-01 4711 <x>", message.FieldCodes},
		{pick("group-01"), manyCodes(command.MaxCodes + 1), nil, nil, nil, "group-01 " + strings.Join(manyCodes(command.MaxCodes+1), " "), message.FieldCodes},
		{pick("group-01"), pick("IDU"), nil, nil, "\u3164", "group-01 IDU because \u3164", message.FieldReason},
		{pick("group-01"), pick("IDU"), nil, nil, strings.Repeat("x", command.MaxReason+1), "group-01 IDU because " + strings.Repeat("x", command.MaxReason+1), message.FieldReason},
	} {
		got, wrong := readForm(submittedView(t, c.group, c.codes, c.term, c.until, c.why)).parseAsk("/allocate", time.Now())
		want, err := command.Parse("/allocate", c.command, time.Now())
		refusal, _ := errors.AsType[*command.Error](err)
		switch {
		case err == nil && (len(wrong) > 0 || !reflect.DeepEqual(got, want.Ask)):
			t.Errorf("%q is understood as %+v, its form as %+v, %v", c.command, want.Ask, got, wrong)
		case err != nil && (len(wrong) != 1 || wrong[c.wrong] == "" || wrong[c.wrong] != message.PlainProblem(refusal)):
			t.Errorf("%q is refused with %s\nits form with %v", c.command, err, wrong)
		}
	}
}

// TestEachFieldHasItsOwnError, all at once.
func TestEachFieldHasItsOwnError(t *testing.T) {
	_, wrong := readForm(submittedView(t, "", "4711", []string{"1d"}, "2099-12-31", strings.Repeat("x", command.MaxReason+1))).parseAsk("/allocate", time.Now())
	for _, name := range []string{message.FieldGroup, message.FieldCodes, message.FieldUntil, message.FieldReason} {
		if wrong[name] == "" || strings.ContainsAny(wrong[name], "`") || strings.Contains(wrong[name], "&amp;") {
			t.Errorf("%s: %q", name, wrong[name])
		}
	}
	if !strings.Contains(wrong[message.FieldUntil], "not both") {
		t.Errorf("%q", wrong[message.FieldUntil])
	}
}

// TestFormOrigin reads back what a form remembers, and nothing else.
func TestFormOrigin(t *testing.T) {
	for metadata, want := range map[string]formOrigin{
		formOrigin{general, "/allocate"}.encode():          {general, "/allocate"},
		formOrigin{general, "/lizenzen_für-alle"}.encode(): {general, "/lizenzen_für-alle"},
		formOrigin{general, "/ライセンス"}.encode():             {general, "/ライセンス"},
		formOrigin{}.encode():                              {},
		`{"channel":"<!channel>","command":"/x"}`:          {"", "/x"},
		`{"channel":7}`:                      {},
		"":                                   {},
		`{"channel":"C0GENERAL","more":"x"}`: {general, ""},
		`{"channel":"C0GENERAL","command":"allocate"}`:                      {general, ""},
		`{"channel":"C0GENERAL","command":"/"}`:                             {general, ""},
		`{"channel":"C0GENERAL","command":"/a b"}`:                          {general, ""},
		`{"channel":"C0GENERAL","command":"/<!channel>"}`:                   {general, ""},
		`{"channel":"C0GENERAL","command":"/` + "`" + `x"}`:                 {general, ""},
		`{"command":"/` + strings.Repeat("x", command.MaxNameLength) + `"}`: {},
	} {
		if got := decodeOrigin(metadata); got != want {
			t.Errorf("%s is read as %+v", metadata, got)
		}
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
