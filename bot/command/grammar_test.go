package command_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// TestGrammar lists what each verb takes and what is meant by it.
func TestGrammar(t *testing.T) {
	const day = 24 * time.Hour
	asks := func(action approvals.Action, change func(*approvals.Ask), codes ...string) command.Command {
		a := approvals.Ask{Action: action, Group: "group-01", Codes: codes, Command: "/allocate"}
		if change != nil {
			change(&a)
		}
		return command.Command{Verb: command.VerbAsk, Ask: a}
	}
	quota := func(all ...approvals.Quota) func(*approvals.Ask) {
		return func(a *approvals.Ask) { a.Quotas = all }
	}
	lasting := func(d time.Duration) func(*approvals.Ask) { return func(a *approvals.Ask) { a.For = d } }
	until := func(year int, month time.Month, d int) func(*approvals.Ask) {
		return func(a *approvals.Ask) { a.Until = time.Date(year, month, d, 23, 59, 59, 0, time.UTC) }
	}
	for text, want := range map[string]command.Command{
		"add group-01 IDU":                             asks(approvals.Add, nil, "IDU"),
		"ADD group-01 idu":                             asks(approvals.Add, nil, "IDU"),
		"set group-01 IDU ATTUNU":                      asks(approvals.Set, nil, "IDU", "ATTUNU"),
		"`set` group-01 IDU":                           asks(approvals.Set, nil, "IDU"),
		"remove group-01 IDU":                          asks(approvals.Remove, nil, "IDU"),
		"set group-01 Emptying":                        asks(approvals.Set, func(a *approvals.Ask) { a.MayEmpty = true }), // its former name
		"set group-01 empty":                           asks(approvals.Set, func(a *approvals.Ask) { a.MayEmpty = true }),
		"set group-01 EMPTYING because cleanup":        asks(approvals.Set, func(a *approvals.Ask) { a.MayEmpty, a.Reason = true, "cleanup" }),
		"remove group-01 IDU empty":                    asks(approvals.Remove, func(a *approvals.Ask) { a.MayEmpty = true }, "IDU"),
		`remove group-01 IDU because "empty"`:          asks(approvals.Remove, func(a *approvals.Ask) { a.Reason = "empty" }, "IDU"),
		"group-01 IDU=10":                              asks(approvals.Add, quota(approvals.Quota{Code: "IDU", Limit: 10}), "IDU"),
		"group-01 `idu=10`, ATTUNU IDU":                asks(approvals.Add, quota(approvals.Quota{Code: "IDU", Limit: 10}), "IDU", "ATTUNU"),
		"group-01 IDU IDU=10 IDU＝１０":                   asks(approvals.Add, quota(approvals.Quota{Code: "IDU", Limit: 10}), "IDU"),
		`group-01 "IDU = 10"`:                          asks(approvals.Add, quota(approvals.Quota{Code: "IDU", Limit: 10}), "IDU"),
		"set group-01 IDU=1 ATTUNU=1000000.":           asks(approvals.Set, quota(approvals.Quota{Code: "IDU", Limit: 1}, approvals.Quota{Code: "ATTUNU", Limit: command.MaxSeats}), "IDU", "ATTUNU"),
		"group-01 IDU for 30d":                         asks(approvals.Add, lasting(30*day), "IDU"),
		"group-01 IDU FOR 2W because x for 3d":         asks(approvals.Add, func(a *approvals.Ask) { a.For, a.Reason = 14*day, "x for 3d" }, "IDU"),
		"group-01 for 36h IDU":                         asks(approvals.Add, lasting(36*time.Hour), "IDU"),
		"group-01 IDU for 1 minute":                    asks(approvals.Add, lasting(time.Minute), "IDU"),
		"group-01 IDU for 90min":                       asks(approvals.Add, lasting(90*time.Minute), "IDU"),
		"group-01 IDU for 1h30m":                       asks(approvals.Add, lasting(90*time.Minute), "IDU"),
		"group-01 IDU for 30 days because x":           asks(approvals.Add, func(a *approvals.Ask) { a.For, a.Reason = 30*day, "x" }, "IDU"),
		"group-01 IDU for 2 Weeks":                     asks(approvals.Add, lasting(14*day), "IDU"),
		"group-01 IDU for a month":                     asks(approvals.Add, until(2026, 12, 23), "IDU"),
		"group-01 IDU for two years":                   asks(approvals.Add, until(2028, 11, 23), "IDU"),
		"group-01 IDU for ever":                        asks(approvals.Add, nil, "IDU"),
		"group-01 IDU until further notice":            asks(approvals.Add, nil, "IDU"),
		"group-01 IDU until Friday":                    asks(approvals.Add, until(2026, 11, 27), "IDU"),
		"group-01 IDU until tomorrow":                  asks(approvals.Add, until(2026, 11, 24), "IDU"),
		"group-01 IDU until 31.12.2026":                asks(approvals.Add, until(2026, 12, 31), "IDU"),
		"group-01 IDU until 12/31/2026":                asks(approvals.Add, until(2026, 12, 31), "IDU"),
		"group-01 IDU until 31 Dec":                    asks(approvals.Add, until(2026, 12, 31), "IDU"),
		"group-01 IDU until March 1st, 2027":           asks(approvals.Add, until(2027, 3, 1), "IDU"),
		"group-01 IDU until the 1st of March 2027":     asks(approvals.Add, until(2027, 3, 1), "IDU"),
		"group-01 IDU until 28 February":               asks(approvals.Add, until(2027, 2, 28), "IDU"),
		"group-01 IDU until end of the year":           asks(approvals.Add, until(2026, 12, 31), "IDU"),
		"group-01 IDU until end of next month":         asks(approvals.Add, until(2026, 12, 31), "IDU"),
		"group-01 IDU until year end":                  asks(approvals.Add, until(2026, 12, 31), "IDU"),
		"group-01 IDU until eoq":                       asks(approvals.Add, until(2026, 12, 31), "IDU"),
		"group-01 IDU until end of Q1":                 asks(approvals.Add, until(2027, 3, 31), "IDU"),
		"group-01 IDU until end of January 2028":       asks(approvals.Add, until(2028, 1, 31), "IDU"),
		"group-01 IDU until end of 2027":               asks(approvals.Add, until(2027, 12, 31), "IDU"),
		"group-01 IDU for 3652d":                       asks(approvals.Add, lasting(command.MaxPeriod), "IDU"),
		"group-01 IDU until 2026-12-31":                asks(approvals.Add, until(2026, 12, 31), "IDU"),
		"group-01 IDU until 2026–11–23.":               asks(approvals.Add, until(2026, 11, 23), "IDU"), // today, with en dashes
		"group-01 IDU until 2028-02-29":                asks(approvals.Add, until(2028, 2, 29), "IDU"),
		"group-01 IDU until 2036-11-21":                asks(approvals.Add, until(2036, 11, 21), "IDU"),
		`"add" IDU`:                                    {Verb: command.VerbAsk, Ask: approvals.Ask{Action: approvals.Add, Group: "add", Codes: []string{"IDU"}, Command: "/allocate"}},
		`set "set" IDU`:                                {Verb: command.VerbAsk, Ask: approvals.Ask{Action: approvals.Set, Group: "set", Codes: []string{"IDU"}, Command: "/allocate"}},
		"empty IDU":                                    {Verb: command.VerbAsk, Ask: approvals.Ask{Action: approvals.Add, Group: "empty", Codes: []string{"IDU"}, Command: "/allocate"}},
		"show group-01":                                {Verb: command.VerbShow, Group: "group-01"},
		`show “Finance Robots”`:                        {Verb: command.VerbShow, Group: "Finance Robots"},
		`show "show"`:                                  {Verb: command.VerbShow, Group: "show"},
		"codes":                                        {Verb: command.VerbCodes},
		"status":                                       {Verb: command.VerbStatus},
		"Status r-7k3f9qxa":                            {Verb: command.VerbStatus, ID: "R-7K3F9QXA"},
		"mine":                                         {Verb: command.VerbMine, Page: 1},
		"mine 12":                                      {Verb: command.VerbMine, Page: 12},
		"pending":                                      {Verb: command.VerbPending, Page: 1},
		"pending 9999":                                 {Verb: command.VerbPending, Page: 9999},
		"why `R-7K3F9QXA`":                             {Verb: command.VerbWhy, ID: "R-7K3F9QXA"},
		"end 7K3F9QXA":                                 {Verb: command.VerbEnd, ID: "R-7K3F9QXA"},
		"cancel R-7K3F9QXA because the group is wrong": {Verb: command.VerbCancel, ID: "R-7K3F9QXA", Why: "the group is wrong"},
	} {
		got, err := command.Parse("/allocate", text, testTime)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q was understood as %+v, %v; want %+v", text, got, err, want)
		}
	}
}

// TestWrongGrammar says of each command what is wrong; what is offered keeps
// all that was right and never takes away more than what was typed.
func TestWrongGrammar(t *testing.T) {
	many := strings.Join(manyCodes(command.MaxCodes), " ")
	for _, c := range []struct{ text, problem, try string }{
		{"set", "After `set` comes a group", "fill in: set <group> <code>"},
		{"remove group-01", "Say which license codes to remove", "fill in: remove group-01 <code>"},
		{"set group-01", "all of them. To leave it without codes, say `empty`", "fill in: set group-01 <code>"},
		{`set "Finance Robots" because x`, "all of them", `fill in: set "Finance Robots" <code> because x`},
		{"remove group-01 empty", "Say which license codes to remove", ""},
		{"set group-01 IDU empty", "is not empty", ""},
		{"set group-01 4711 empty", "`4711` stands beside no license code", ""},
		{"set group-01 " + many + " MORE", "names 21 codes", ""},
		{"remove group-01 IDU 4711", "takes no number", ""},
		{"group-01 IDU empty", "adding removes nothing", ""},
		{"group-01 empty", "adding removes nothing", "fill in: group-01 <code>"},
		{"remove group-01 IDU=5", "takes no number", ""},
		{"remove group-01 IDU=5 for 3d", "so no time can be set", ""},
		{"set group-01 IDU=5 until 2026-12-31", "Only codes that are added can have a limited time", ""},
		{"group-01 IDU=0", "`IDU=0` sets no seat limit", ""},
		{"group-01 IDU=", "`IDU=` sets no seat limit", "fill in: group-01 IDU=<seats>"},
		{"group-01 IDU=-5", "`IDU=-5` sets no seat limit", "fill in: group-01 IDU=<seats>"},
		{"group-01 IDU=+5", "`IDU=+5` sets no seat limit", "fill in: group-01 IDU=<seats>"},
		{"group-01 IDU=1000001 ATTUNU=3", "`IDU=1000001` sets no seat limit", "fill in: group-01 IDU=<seats> ATTUNU=3"},
		{"group-01 IDU=99999999999999999999", "sets no seat limit", "fill in: group-01 IDU=<seats>"},
		{"group-01 IDU=5 ATTUNU IDU=6", "two seat limits, 5 and 6", "fill in: group-01 IDU=<seats> ATTUNU"},
		{"group-01 IDU=1,000", "sets no seat limit", "fill in: group-01 IDU=<seats>"},
		{"group-01 IDU for", "Say after `for` when it ends", "fill in: group-01 IDU for <time>"},
		{"group-01 IDU for because x", "Say after `for`", "fill in: group-01 IDU for <time> because x"},
		{"group-01 IDU until", "Say after `until`", "fill in: group-01 IDU until <day>"},
		{"group-01 IDU for 30", "`for 30` is not a duration", "fill in: group-01 IDU for <time>"},
		{"group-01 IDU for 0d", "is not a duration", "fill in: group-01 IDU for <time>"},
		{"group-01 IDU for 30s", "is not a duration", "fill in: group-01 IDU for <time>"},
		{"group-01 IDU for 90.5s", "is not a duration", "fill in: group-01 IDU for <time>"},
		{"group-01 IDU for -3d", "is not a duration", "fill in: group-01 IDU for <time>"},
		{`group-01 IDU for ""`, "Say after `for`", "fill in: group-01 IDU for <time>"},
		{"group-01 IDU for 9999w", "longer than ten years", "fill in: group-01 IDU for <time>"},
		{"group-01 IDU for 11 years", "`for 11 years` is more than ten years away", "fill in: group-01 IDU until <day>"},
		{"group-01 IDU for 3653d", "longer than ten years", "fill in: group-01 IDU for <time>"},
		{"group-01 IDU for 3d until 2026-12-31", "Say once when it ends", "group-01 IDU for 3d | group-01 IDU until 2026-12-31"},
		{"group-01 IDU until 2026-02-30", "is not a day", "fill in: group-01 IDU until <day>"},
		{"group-01 IDU until 2026-11-22 because x", "`until 2026-11-22` is in the past", "fill in: group-01 IDU until <day> because x"},
		{"group-01 IDU until 2036-11-30", "more than ten years away", "fill in: group-01 IDU until <day>"},
		{"group-01 IDU until 9999-12-31", "more than ten years away", "fill in: group-01 IDU until <day>"},
		{"show", "Say which group to show", "fill in: show <group>"},
		{"show <@U1> <@U2>", "person or a channel", "fill in: show <group>"},
		{"show <@U1>", "person or a channel", "fill in: show <group>"},
		{`show ""`, "name is empty", "fill in: show <group>"},
		{"codes IDU", "takes nothing else", "codes"},
		{"mine R-7K3F9QXA", "the number of a page", "mine"},
		{"mine 0", "the number of a page", "mine"},
		{"pending IDU", "A group of that name goes in double quotes", "pending"},
		{"pending 1 2", "the number of a page", "pending"},
		{"pending 99999", "the number of a page", "pending"},
		{"why", "After `why` comes one request", "fill in: why <id>"},
		{"status group-01", "`group-01` is not a request id", "fill in: status <id>"},
		{"end", "After `end` comes one request", "fill in: end <id>"},
		{"end R-7K3F9QXA because x", "`end` takes no reason", "end R-7K3F9QXA"},
		{"cancel because x", "by its id", "fill in: cancel <id>"},
		{`cancel ""`, "by its id", "fill in: cancel <id>"},
		{"cancel R-1234567A because " + strings.Repeat("x", command.MaxReason+1), "reason is longer", "cancel R-1234567A"},
	} {
		_, err := command.Parse("/licenses", c.text, testTime)
		var malformed *command.Error
		if !errors.As(err, &malformed) {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if !strings.Contains(problemOf(malformed), c.problem) || offered(malformed, "/licenses ") != c.try {
			t.Errorf("%q: %s\n%s", c.text, problemOf(malformed), offered(malformed, "/licenses "))
		}
		checkMalformed(t, atTest, "/licenses", malformed)
	}
}

// TestDatesAreThoseOfTheArrival types one day's date around its end.
func TestDatesAreThoseOfTheArrival(t *testing.T) {
	last := time.Date(2026, 12, 31, 23, 59, 58, 0, time.UTC)
	for after, understood := range map[time.Duration]bool{0: true, time.Second: false, time.Hour: false} {
		_, err := command.Parse("/allocate", "group-01 IDU until 2026-12-31", last.Add(after))
		if (err == nil) != understood {
			t.Errorf("%v later: %v", after, err)
		}
	}
}

// TestSpan writes durations so that they are read as the same.
func TestSpan(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"10min": 10 * time.Minute, "1h": time.Hour, "36h": 36 * time.Hour, "1d": 24 * time.Hour, "14d": 14 * 24 * time.Hour,
		"3d12h30m": 84*time.Hour + 30*time.Minute, "25h1m": 25*time.Hour + time.Minute,
	} {
		read, err := command.Parse("/allocate", "group-01 IDU for "+command.FormatDuration(d), testTime)
		if command.FormatDuration(d) != want || read.Ask.For != d || err != nil {
			t.Errorf("%v is written %s and read as %v, %v", d, command.FormatDuration(d), read.Ask.For, err)
		}
	}
}

// TestHelpIsComplete reads the commands that help shows: each is understood,
// and none is left out.
func TestHelpIsComplete(t *testing.T) {
	help := phrases().CommandHelp("/licenses")
	seen := map[command.Verb]bool{}
	actions := map[approvals.Action]bool{}
	for i, part := range strings.Split(help, "`") {
		text, ok := strings.CutPrefix(part, "/licenses ")
		if i%2 == 0 || !ok {
			continue
		}
		c, err := command.Parse("/licenses", text, testTime)
		if err != nil {
			t.Errorf("%q: %v", part, err)
		}
		seen[c.Verb] = true
		actions[c.Ask.Action] = true
	}
	for _, verb := range command.ReservedWords {
		if !seen[command.Verb(verb)] && !actions[approvals.Action(verb)] && verb != "help" {
			t.Errorf("%s is not explained:\n%s", verb, help)
		}
	}
	for _, word := range []string{"empty", "for 30d", "until 20", "because", "IDU=10"} {
		if !strings.Contains(help, word) {
			t.Errorf("%q is not explained", word)
		}
	}
	if n := len(fmt.Sprint(help)); n > 3000 {
		t.Errorf("help has %d characters", n)
	}
}

// TestTheReferenceIsUnderstood types every command that the reference shows
// whole.
func TestTheReferenceIsUnderstood(t *testing.T) {
	text, err := os.ReadFile("../../docs/use.md")
	if err != nil {
		t.Fatal(err)
	}
	_, reference, _ := strings.Cut(string(text), "## How things are written")
	verbs := map[command.Verb]bool{}
	for i, part := range strings.Split(reference, "`") {
		typed, ok := strings.CutPrefix(part, "/allocate ")
		if i%2 == 0 || !ok {
			continue
		}
		c, err := command.Parse("/allocate", typed, testTime)
		if err != nil {
			t.Errorf("%s: %v", part, err)
		}
		verbs[c.Verb] = true
	}
	if len(verbs) < 9 {
		t.Errorf("only %v are shown", verbs)
	}
}
