package command_test

import (
	"slices"
	"testing"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/internal/groupname"
)

// TestPacks asks for packs. A request holds the codes, and names the pack.
func TestPacks(t *testing.T) {
	known := berlin(t)
	known.Packs = append(known.Packs, approvals.Pack{Name: "developer", Codes: []string{"RPADEVPRONU", "IDU"}})
	for text, want := range map[string]string{
		"Sales developer":                       "Sales RPADEVPRONU IDU",
		"SALES DEVELOPERS for 30d":              "SALES RPADEVPRONU IDU for 30d",
		"the developer pack for Sales":          "Sales RPADEVPRONU IDU",
		"Sales developer and TSTNU":             "Sales RPADEVPRONU IDU TSTNU",
		"Sales IDU=5, developer":                "Sales IDU=5 RPADEVPRONU",
		"remove starter from Sales":             "remove Sales RPADEVPRONU IDU",
		"set Sales developer because new hires": "set Sales RPADEVPRONU IDU because new hires",
		"give Sales the test-lab licenses":      "Sales TSTNU ATTUNU",
		"Automation Developer for Sales":        "Sales RPADEVPRONU",
		"Sales starter 10":                      "Sales RPADEVPRONU=10 IDU=10",
		"Sales starter=10":                      "Sales RPADEVPRONU=10 IDU=10",
		"10 starters to Sales":                  "Sales RPADEVPRONU=10 IDU=10",
	} {
		checkMeaning(t, known, text, want)
	}
}

// TestPacksAreNamed holds the packs that a request names.
func TestPacksAreNamed(t *testing.T) {
	for text, want := range map[string][]string{
		"Sales starter": {"starter"}, "Sales test-lab Starters starter": {"test-lab", "starter"}, "Sales IDU": nil,
	} {
		c, err := berlin(t).Parse("/allocate", text)
		if err != nil || !slices.Equal(c.Ask.Packs, want) {
			t.Errorf("%q names %v, %v", text, c.Ask.Packs, err)
		}
	}
}

// TestPacksThatAreNotClear asks, and keeps what was understood.
func TestPacksThatAreNotClear(t *testing.T) {
	known := berlin(t)
	known.Packs = append(known.Packs, approvals.Pack{Name: "robots", Codes: []string{"ATTUNU"}},
		approvals.Pack{Name: "bought", Codes: []string{"ATTUNU", "PMD"}})
	for text, want := range map[string]string{
		"Sales startr":                 "Sales RPADEVPRONU IDU",
		"Sales test lab":               "Sales TSTNU ATTUNU",
		"Sales IDU=5 10 starters":      "fill in: Sales IDU=<seats> RPADEVPRONU=10",
		"Sals starter":                 "Sales RPADEVPRONU IDU",
		"Controlling starter":          "fill in: <group> RPADEVPRONU IDU",
		"Sales bought":                 "fill in: Sales ATTUNU <code>",
		"Sales IDU=5 TSTNU 10 starter": "", // one of the two would give IDU two limits
		"Finance Robots":               `fill in: "Finance Robots" <code>`,
	} {
		_, offer, problem := answerTo(t, known, text)
		if problem == nil || offer != want {
			t.Errorf("%q offers %q (%v); want %q", text, offer, problem, want)
			continue
		}
		checkMalformed(t, known, "/allocate", problem)
	}
}

// TestPacksWhileUiPathIsAway reads packs while groups and licenses are not known.
func TestPacksWhileUiPathIsAway(t *testing.T) {
	known := command.Known{Now: testTime, Packs: berlin(t).Packs}
	for text, want := range map[string]string{
		"Sales starter": "Sales RPADEVPRONU IDU", "Sales idu starter": "Sales IDU RPADEVPRONU",
	} {
		checkMeaning(t, known, text, want)
	}
}

// TestACodeComesBeforeAPack: UiPath may come to have a code of a pack's name.
func TestACodeComesBeforeAPack(t *testing.T) {
	known := berlin(t)
	known.Licenses = append(known.Licenses, command.License{Code: "STARTER", Owned: true})
	if meant, _, problem := answerTo(t, known, "Sales starter"); meant != "Sales STARTER" {
		t.Errorf("it means %q, %v", meant, problem)
	}
	known.Groups = append(known.Groups, groupname.Group("group-10", "Starter"))
	if meant, _, problem := answerTo(t, known, "starter test-lab"); meant != "starter TSTNU ATTUNU" {
		t.Errorf("it means %q, %v", meant, problem)
	}
}

// TestMeaningOf finds the words that no pack may be called.
func TestMeaningOf(t *testing.T) {
	licenses := berlin(t).Licenses
	for word, want := range map[string]string{
		"idu": "the license code IDU", "tester": "the license TSTNU by its name",
		"insights-designer": "the license IDU by its name",
		"set":               "something else in a command", "extend": "something else in a command", "please": "something else in a command",
		"because": "something else in a command", "empty": "something else in a command", "until": "something else in a command",
		"ten": "something else in a command", "x10": "something else in a command", "friday": "something else in a command",
		"december": "something else in a command", "eoy": "something else in a command", "30d": "something else in a command",
		"weeks": "something else in a command", "forever": "something else in a command", "r-7k3f9qxa": "something else in a command",
		"page": "something else in a command", "codes": "something else in a command",
		"developer": "", "studio": "", "starter": "", "tier-2": "", "new-hire": "", "basics": "",
	} {
		if got := command.MeaningOf(word, licenses); got != want {
			t.Errorf("%s means %q, not %q", word, got, want)
		}
	}
}
