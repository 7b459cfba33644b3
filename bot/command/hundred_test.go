package command_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// The results of one of the hundred, as the person meets them.
const (
	onFirst  = "first try"
	onSecond = "second try"
	notYet   = "not yet" // the answer neither offers it nor asks for just what is missing
	misled   = "MISLED"  // a suggestion asks for something else
	mistaken = "MISTAKEN"
)

// TestTheHundred types requests of people who know nothing but the help. Nearly all get
// what they mean on the first or second try. No suggestion asks for something else, and
// nothing is recorded with another meaning.
func TestTheHundred(t *testing.T) { judgeRequests(t, "testdata/hundred.txt", 95) }

// TestAHundredMore types what people type in a hurry. More of it is asked about, and none
// of it is mistaken.
func TestAHundredMore(t *testing.T) { judgeRequests(t, "testdata/hundred-more.txt", 75) }

// judgeRequests wants so many of a hundred requests to get what they mean.
func judgeRequests(t *testing.T, file string, want int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	known := berlin(t)
	counts := map[string]int{}
	var table strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndex(line, " -> ")
		typed, meant := line[:at], strings.TrimSpace(line[at+len(" -> "):])
		result, said := tryRequest(t, known, typed, meant)
		counts[result]++
		fmt.Fprintf(&table, "%-10s  %s  →  %s\n", result, typed, said)
		if result == misled || result == mistaken {
			t.Errorf("%s: %q means %q and is answered with %s", result, typed, meant, said)
		}
	}
	t.Logf("%v\n%s", counts, table.String())
	if total := counts[onFirst] + counts[onSecond] + counts[notYet]; total != 100 {
		t.Errorf("%d requests were judged, want 100", total)
	}
	if good := counts[onFirst] + counts[onSecond]; good < want {
		t.Errorf("%d of the hundred get what they mean on the first or second try, want %d", good, want)
	}
}

// tryRequest types a request, and what the answer offers.
func tryRequest(t *testing.T, known command.Known, typed, meant string) (result, said string) {
	t.Helper()
	open, isOpen := strings.CutPrefix(meant, "? ")
	got, _, problem := answerTo(t, known, typed)
	if problem == nil {
		if !isOpen && !strings.Contains(meant, " && ") && isSameRequest(t, known, got, meant) {
			return onFirst, got
		}
		return mistaken, got
	}
	said = problem.Error()
	offers := problem.Either
	if problem.Try != "" {
		offers = append(offers, problem.Try)
	}
	if isSetOfRequests(t, known, offers, meant) {
		return onSecond, strings.Join(offers, " | ")
	}
	for _, offer := range offers {
		if !isOpen && !strings.Contains(meant, " && ") && isSameRequest(t, known, strings.TrimPrefix(offer, "/allocate "), meant) {
			return onSecond, offer
		}
	}
	fill := strings.TrimPrefix(problem.Fill, "/allocate ")
	switch {
	case len(offers) > 0 && !isForm(offers):
		return misled, strings.Join(offers, " | ")
	case isOpen && isSameFill(known, fill, open), !isOpen && fill != "" && !strings.Contains(meant, " && ") && fitsRequest(t, known, fill, meant):
		return onSecond, "fill in: " + fill
	case fill != "" && !isOpen:
		return notYet, said + " fill in: " + fill
	}
	return notYet, said
}

// isSetOfRequests reports whether the offers are the requests that are meant at once.
func isSetOfRequests(t *testing.T, known command.Known, offers []string, meant string) bool {
	t.Helper()
	all := strings.Split(meant, " && ")
	if len(all) < 2 || len(all) != len(offers) {
		return false
	}
	for i, one := range all {
		if !isSameRequest(t, known, strings.TrimPrefix(offers[i], "/allocate "), one) {
			return false
		}
	}
	return true
}

// isSameFill compares two commands with words to fill in. A group is the same by its id and
// by its name.
func isSameFill(known command.Known, one, other string) bool {
	for _, g := range known.Groups {
		one = strings.Replace(one, command.QuoteGroup(g.Name)+" ", g.ID+" ", 1)
		other = strings.Replace(other, command.QuoteGroup(g.Name)+" ", g.ID+" ", 1)
	}
	return one == other
}

// isForm reports whether the only offer is the help.
func isForm(offers []string) bool { return len(offers) == 1 && strings.HasSuffix(offers[0], " help") }

var blank = regexp.MustCompile(`<[a-z]+>`)

// fitsRequest reports whether a command with words to fill in becomes the request that is
// meant: by one of its own words in each place.
func fitsRequest(t *testing.T, known command.Known, fill, meant string) bool {
	t.Helper()
	for _, word := range strings.Fields(meant) {
		filled := blank.ReplaceAllLiteralString(fill, strings.TrimPrefix(word, "IDU="))
		if c, err := known.Parse("/allocate", filled); err == nil && isSameRequest(t, known, strings.TrimPrefix(command.Suggest(c.Ask), "/allocate "), meant) {
			return true
		}
	}
	return false
}

// isSameRequest compares two commands by what they ask. A group is the same by its id and
// by its name.
func isSameRequest(t *testing.T, known command.Known, one, other string) bool {
	t.Helper()
	a, b := askOf(t, known, one), askOf(t, known, other)
	return reflect.DeepEqual(a, b)
}

func askOf(t *testing.T, known command.Known, text string) approvals.Ask {
	t.Helper()
	c, err := known.Parse("/allocate", text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	for _, g := range known.Groups {
		if strings.EqualFold(g.Name, c.Ask.Group) || strings.EqualFold(g.ID, c.Ask.Group) {
			c.Ask.Group = g.ID
		}
	}
	return c.Ask
}

// TestAHundredOfStrangers types what people wrote who saw nothing but the help.
func TestAHundredOfStrangers(t *testing.T) { judgeRequests(t, "testdata/hundred-strangers.txt", 95) }
