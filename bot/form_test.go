package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
			state = map[string]any{"value": nil, "selected_option": nil}
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
	t.Parallel()
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
		got, wrong := readForm(submittedView(t, c.group, c.codes, c.term, c.until, c.why)).parseAsk("/allocate", command.Known{Now: time.Now()})
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
	t.Parallel()
	_, wrong := readForm(submittedView(t, "", "4711", []string{"1d"}, "2099-12-31", strings.Repeat("x", command.MaxReason+1))).parseAsk("/allocate", command.Known{Now: time.Now()})
	for _, name := range []string{message.FieldGroup, message.FieldCodes, message.FieldUntil, message.FieldReason} {
		if wrong[name] == "" || strings.ContainsAny(wrong[name], "`") || strings.Contains(wrong[name], "&amp;") {
			t.Errorf("%s: %q", name, wrong[name])
		}
	}
	if !strings.Contains(wrong[message.FieldUntil], "not both") {
		t.Errorf("%q", wrong[message.FieldUntil])
	}
}

// submittedTexts is a form with these texts and choices.
func submittedTexts(t *testing.T, fields map[string]string) view {
	t.Helper()
	v := view{State: viewState{Values: map[string]map[string]input{}}}
	for name, text := range fields {
		value := input{Value: text}
		if name == message.FieldAction || name == message.FieldTerm {
			value = input{Selected: choice{Value: text}}
		}
		v.State.Values[name] = map[string]input{name: value}
	}
	return v
}

// TestFormTakesWhatTheCommandTakes: each action, seat limits and ends become the ask
// of the command, and what is wrong is said under its own field alone.
func TestFormTakesWhatTheCommandTakes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.FixedZone("", 2*60*60))
	const action, seats, until, term = message.FieldAction, message.FieldSeats, message.FieldUntil, message.FieldTerm
	const codes = message.FieldCodes
	for _, c := range []struct {
		fields  map[string]string
		command string // the ask
		wrong   string // or the field that is refused
	}{
		{map[string]string{}, "g-1 IDU", ""},
		{map[string]string{action: "add"}, "g-1 IDU", ""},
		{map[string]string{action: "remove"}, "remove g-1 IDU", ""},
		{map[string]string{action: "show"}, "g-1 IDU", ""}, // the form offers no such choice
		{map[string]string{action: "set"}, "set g-1 IDU", ""},
		{map[string]string{seats: "10"}, "g-1 IDU=10", ""},
		{map[string]string{action: "set", seats: " idu = 7 "}, "set g-1 IDU=7", ""},
		{map[string]string{codes: "IDU ATTUNU", seats: "ATTUNU=2"}, "g-1 IDU ATTUNU=2", ""},
		{map[string]string{codes: "IDU ATTUNU", seats: "ATTUNU=2 IDU=3"}, "g-1 IDU ATTUNU ATTUNU=2 IDU=3", ""},
		{map[string]string{until: "end of year"}, "g-1 IDU until end of year", ""},
		{map[string]string{until: "Friday"}, "g-1 IDU until Friday", ""},
		{map[string]string{until: "until 31.12.2026"}, "g-1 IDU until 31.12.2026", ""},
		{map[string]string{until: "for 6 weeks"}, "g-1 IDU for 6 weeks", ""},
		{map[string]string{term: "30d"}, "g-1 IDU for 30d", ""},
		{map[string]string{codes: "IDU ATTUNU", seats: "10"}, "", seats},
		{map[string]string{seats: "ATTUNU=10"}, "", seats},
		{map[string]string{seats: "many"}, "", seats},
		{map[string]string{seats: "0"}, "", seats},
		{map[string]string{seats: "5 for 30d"}, "", seats},
		{map[string]string{seats: "5 because I say so"}, "", seats},
		{map[string]string{action: "remove", seats: "5"}, "", seats},
		{map[string]string{until: "soon"}, "", until},
		{map[string]string{until: "12/11/2026"}, "", until},
		{map[string]string{until: "2020-01-01"}, "", until},
		{map[string]string{until: "Friday ATTUNU"}, "", until},
		{map[string]string{until: "Friday because audit"}, "", until},
		{map[string]string{until: "Friday", term: "30d"}, "", until},
		{map[string]string{action: "set", until: "Friday"}, "", until},
		{map[string]string{action: "remove", term: "30d"}, "", term},
	} {
		fields := map[string]string{message.FieldGroup: "g-1", codes: "IDU"}
		maps.Copy(fields, c.fields)
		got, wrong := readForm(submittedTexts(t, fields)).parseAsk("/allocate", command.Known{Now: now})
		if c.wrong != "" {
			if len(wrong) != 1 || wrong[c.wrong] == "" {
				t.Errorf("%v: %v is refused, instead of %s; it asks for %+v", c.fields, wrong, c.wrong, got)
			}
			continue
		}
		want, err := command.Parse("/allocate", c.command, now)
		if err != nil || len(wrong) > 0 || !reflect.DeepEqual(got, want.Ask) {
			t.Errorf("%v asks for %+v, %v, instead of %+v, %v", c.fields, got, wrong, want.Ask, err)
		}
	}
}

// TestFormOrigin reads back what a form remembers, and nothing else.
func TestFormOrigin(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string]formOrigin{
		formOrigin{Channel: general, Command: "/allocate"}.encode():          {general, "/allocate", formVersion},
		formOrigin{Channel: general, Command: "/lizenzen_für-alle"}.encode(): {general, "/lizenzen_für-alle", formVersion},
		formOrigin{Channel: general, Command: "/ライセンス"}.encode():             {general, "/ライセンス", formVersion},
		formOrigin{}.encode():                     {Version: formVersion},
		`{"channel":"<!channel>","command":"/x"}`: {Command: "/x"},
		`{"channel":7}`:                           {},
		"":                                        {},
		`{"channel":"C0GENERAL","more":"x"}`:      {Channel: general},
		`{"channel":"C0GENERAL","command":"allocate"}`:                      {Channel: general},
		`{"channel":"C0GENERAL","command":"/"}`:                             {Channel: general},
		`{"channel":"C0GENERAL","command":"/a b"}`:                          {Channel: general},
		`{"channel":"C0GENERAL","command":"/<!channel>"}`:                   {Channel: general},
		`{"channel":"C0GENERAL","command":"/` + "`" + `x"}`:                 {Channel: general},
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
