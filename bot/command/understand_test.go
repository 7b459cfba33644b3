package command_test

import (
	"errors"
	"os"
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
