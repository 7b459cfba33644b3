package command_test

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/internal/groupname"
	"licensebot/licensing"
)

// berlin knows an organization, on a Saturday in Berlin.
func berlin(t testing.TB) command.Known {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	known := command.Known{Now: time.Date(2026, 11, 28, 0, 30, 0, 0, zone), Owned: true}
	for _, g := range [][2]string{
		{"group-01", "Finance Robots"}, {"group-02", "Audit Robots"}, {"group-05", "Sales"},
		{"group-06", "Finance"}, {"group-07", "Squad 7"}, {"group-08", "Squad 8"},
	} {
		known.Groups = append(known.Groups, groupname.Group(g[0], g[1]))
	}
	owned := []string{"RPADEVPRONU", "IDU", "CTZDEVCU", "RPADEVNU", "TSTNU", "ATTUNU"}
	for _, code := range licensing.CatalogCodes() {
		name, _ := licensing.CodeName(code)
		known.Licenses = append(known.Licenses,
			command.License{Code: code, Name: name, Owned: slices.Contains(owned, code)})
	}
	known.Packs = []approvals.Pack{
		{Name: "starter", Codes: []string{"RPADEVPRONU", "IDU"}}, {Name: "test-lab", Codes: []string{"TSTNU", "ATTUNU"}},
	}
	return known
}

// answerTo is the request that a text means, or what is offered in its place.
func answerTo(t testing.TB, known command.Known, text string) (meant, offer string, problem *command.Error) {
	t.Helper()
	c, err := known.Parse("/allocate", text)
	if err == nil {
		return strings.TrimPrefix(command.Suggest(c.Ask), "/allocate "), "", nil
	}
	if !errors.As(err, &problem) {
		t.Fatalf("%q: %v", text, err)
	}
	return "", offered(problem, "/allocate "), problem
}

// Which groups have a license is shown by its code or its name, where no group is called so.
func TestShowWhoHasALicense(t *testing.T) {
	known := berlin(t)
	for text, want := range map[string]command.Command{
		"show IDU":                     {Verb: command.VerbShow, Code: "IDU"},
		"show idu page 2":              {Verb: command.VerbShow, Code: "IDU", Page: 2},
		"show Insights Designer Users": {Verb: command.VerbShow, Code: "IDU"},
		"who has IDU":                  {Verb: command.VerbShow, Code: "IDU"},
		"show Squad 7":                 {Verb: command.VerbShow, Group: "Squad 7"},
		"Which groups have the Attended licence?": {Verb: command.VerbShow, Code: "ATTUNU"},
		"show Nobody": {Verb: command.VerbShow, Group: "Nobody"},
	} {
		if got, err := known.Parse("/allocate", text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	if _, offer, _ := answerTo(t, known, "which groups have IDU and TSTNU"); offer != "show IDU | show TSTNU" {
		t.Errorf("two licenses: %q", offer)
	}
	known.Groups = append(known.Groups, groupname.Group("group-99", "IDU"))
	if got, err := known.Parse("/allocate", "show IDU"); err != nil || got.Group != "IDU" {
		t.Errorf("beside a group called so: %+v, %v", got, err)
	}
}

// A request is extended by its id: the bot knows its group, its codes, and when it ends.
func TestExtendARequest(t *testing.T) {
	known := berlin(t)
	known.FindRequest = func(id string) (command.Filed, bool) {
		found, ok := map[string]command.Filed{
			"R-7K3F9QXA": {
				Ask:  approvals.Ask{Action: approvals.Add, Group: "Finance Robots", Codes: []string{"IDU"}, Reason: "audit"},
				Ends: time.Date(2026, 12, 31, 23, 59, 59, 0, known.Now.Location()),
			},
			"R-4MZ2T8WB": {Ask: approvals.Ask{Action: approvals.Add, Group: "Sales", Codes: []string{"ATTUNU"}}},
			"R-9C5HJ2VD": {Ask: approvals.Ask{Action: approvals.Remove, Group: "Sales", Codes: []string{"ATTUNU"}}},
		}[id]
		return found, ok
	}
	for text, want := range map[string]string{
		"extend R-7K3F9QXA until 31 Jan because audit":         `"Finance Robots" IDU until 2027-01-31 because audit`,
		"extend r-7k3f9qxa by two weeks":                       `"Finance Robots" IDU until 2027-01-14`,
		"can R-7K3F9QXA run a month longer?":                   `"Finance Robots" IDU until 2027-01-31`,
		"R-7K3F9QXA for another month":                         `"Finance Robots" IDU until 2027-01-31`,
		"extend R-7K3F9QXA for 2 weeks":                        `"Finance Robots" IDU until 2027-01-14 | "Finance Robots" IDU for 14d`,
		"extend R-7K3F9QXA until 03/04/2027":                   `"Finance Robots" IDU until 2027-04-03 | "Finance Robots" IDU until 2027-03-04`,
		"extend R-7K3F9QXA by 12 hours":                        `fill in: "Finance Robots" IDU until <day>`,
		"shorten R-7K3F9QXA by a week":                         `fill in: "Finance Robots" IDU until <day>`,
		"extend R-7K3F9QXA til end of jan, sales not finished": `"Finance Robots" IDU until 2027-01-31 because sales not finished`,
		"resubmit R-4MZ2T8WB because the manager agreed":       "Sales ATTUNU because the manager agreed",
		"same as R-4MZ2T8WB but for Finance":                   "",
		"renew R-7K3F9QXA":                                     `fill in: "Finance Robots" IDU until <day>`,
		"extend R-4MZ2T8WB by a month":                         `fill in: Sales ATTUNU until <day>`,
		"extend R-9C5HJ2VD until Friday":                       `fill in: <group> <code> until 2026-12-04`,
		"extend R-AAAAAAAA by a month":                         `fill in: <group> <code> until <day>`,
	} {
		if _, offer, _ := answerTo(t, known, text); offer != want {
			t.Errorf("%q offers %q, want %q", text, offer, want)
		}
	}
}

// What may set or add, and what may be a look-up, is asked about or answered with the look-up.
func TestSmallSignsKeepTheirMeaning(t *testing.T) {
	known := berlin(t)
	for text, want := range map[string]string{
		"group-01 = RPADEVPRONU,IDU":                                   "set group-01 RPADEVPRONU IDU | group-01 RPADEVPRONU IDU",
		"group-06 := ATTUNU IDU":                                       "set group-06 ATTUNU IDU | group-06 ATTUNU IDU",
		"set group-06 = ATTUNU IDU":                                    "",
		"group-02?":                                                    "show group-02",
		"Sales may need IDU":                                           "",
		"Sales = IDU until Friday":                                     "",
		"thanks, show pending":                                         "pending",
		"thanks, cancel R-7K3F9QXA":                                    "cancel R-7K3F9QXA",
		"ls":                                                           "",
		"Audit robots: attended, 2 seats, 12/15":                       `"Audit robots" ATTUNU=2 until 2026-12-15 | "Audit robots" ATTUNU=2`,
		"Sales IDU eod friday":                                         "Sales IDU until 2026-12-04 | Sales IDU",
		"Sales IDU on Friday":                                          "",
		"remove IDU from Sales by end of next week":                    "",
		"remove IDU from Sales at 5":                                   "",
		"page two of the pending requests":                             "pending 2",
		"Wie viele Anfragen sind offen?":                               "status",
		"push R-4MZ2T8WB out a month":                                  "fill in: <group> <code> until <day>",
		"who can approve requests?":                                    "fill in: why <id>",
		"IDU without a seat limit for Finance Robots":                  "",
		"remove IDU or TSTNU from Sales":                               "remove Sales IDU | remove Sales TSTNU | remove Sales IDU TSTNU",
		"sales isnt using ATTUNU, remove it":                           "remove sales ATTUNU",
		"I take back my request for Sales":                             "fill in: cancel <id>",
		"Attended for Finance, unlimited seats, until end of February": "Finance ATTUNU until 2027-02-28",
	} {
		if _, offer, _ := answerTo(t, known, text); offer != want {
			t.Errorf("%q offers %q, want %q", text, offer, want)
		}
	}
	for text, want := range map[string]command.Command{
		"until when does Finance have IDU?":              {Verb: command.VerbShow, Group: "Finance"},
		"free seats of ATTUNU":                           {Verb: command.VerbCodes},
		"what is CTZDEVCU?":                              {Verb: command.VerbCodes},
		"which licences end soon?":                       {Verb: command.VerbMine, Page: 1},
		"What licences does Finance have now?":           {Verb: command.VerbShow, Group: "Finance"},
		"R-7K3F9QXA approved already?":                   {Verb: command.VerbStatus, ID: "R-7K3F9QXA"},
		"my open requests pls":                           {Verb: command.VerbMine, Page: 1},
		"what's the status of my IDU request for Sales?": {Verb: command.VerbMine, Page: 1},
		"pending --page 2":                               {Verb: command.VerbPending, Page: 2},
		"I want to see all licences of Squad 7":          {Verb: command.VerbShow, Group: "Squad 7"},
		"thanks for the help":                            {Verb: command.VerbHelp},
	} {
		if got, err := known.Parse("/allocate", text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`--group group-05 --license IDU --seats 3 --until=2026-12-31`: "group-05 IDU=3 until 2026-12-31",
		"Sales may use at most 20 Attended seats":                     "Sales ATTUNU=20",
		"Can Squad 8 keep Attended until 28 February?":                `"Squad 8" ATTUNU until 2027-02-28`,
		"remove IDU from Sales today":                                 "remove Sales IDU",
		"set Sales to empty":                                          "set Sales empty",
		`group-05 IDU --for 2w --reason "Q4 demo"`:                    "group-05 IDU for 14d because Q4 demo",
	} {
		checkMeaning(t, known, text, want)
	}
}

// checkMeaning wants a text to be understood so.
func checkMeaning(t *testing.T, known command.Known, text, want string) {
	t.Helper()
	if meant, _, problem := answerTo(t, known, text); meant != want {
		t.Errorf("%q means %q (%v), want %q", text, meant, problem, want)
	}
}

// TestGrammarPage types the examples of the page that explains the grammar.
func TestGrammarPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/grammar.md")
	if err != nil {
		t.Fatal(err)
	}
	known := berlin(t)
	for _, section := range []string{"Understood", "Corrected", "Asked about"} {
		_, text, _ := strings.Cut(string(page), "\n## "+section+"\n")
		text, _, _ = strings.Cut(text, "\n## ")
		rows := 0
		for line := range strings.Lines(text) {
			cells := strings.Split(strings.Trim(line, "|\n "), " | ")
			if !strings.HasPrefix(line, "| `") || len(cells) != 2 {
				continue
			}
			rows++
			typed := strings.Trim(strings.TrimSpace(cells[0]), "`")
			want := strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(cells[1]), "`, `", " | "), "`", "")
			meant, offer, problem := answerTo(t, known, typed)
			offer = strings.TrimPrefix(offer, "fill in: ")
			switch {
			case section == "Understood" && meant != want:
				t.Errorf("%q means %q (%v); want %q", typed, meant, problem, want)
			case section == "Understood":
			case problem == nil || section == "Corrected" && problem.Try == "":
				t.Errorf("%q means %q, offers %q", typed, meant, offer)
			case offer != strings.TrimPrefix(want, "nothing"):
				t.Errorf("%q offers %q (%v); want %q", typed, offer, problem, want)
			}
			if problem != nil {
				checkMalformed(t, known, "/allocate", problem)
			}
		}
		if rows < 9 {
			t.Errorf("%s has %d examples", section, rows)
		}
	}
}
