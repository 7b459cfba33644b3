package command_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

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
func TestTheHundred(t *testing.T) { judgeRequests(t, "testdata/hundred.txt", 99, 100) }

// TestAHundredMore types what people type in a hurry. More of it is asked about, and none
// of it is mistaken.
func TestAHundredMore(t *testing.T) { judgeRequests(t, "testdata/hundred-more.txt", 99, 100) }

// TestFiftyUnseen types what was written before any of the hundred was mended.
func TestFiftyUnseen(t *testing.T) { judgeRequests(t, "testdata/fifty-unseen.txt", 46, 50) }

// TestAHundredOfOffices types what admins, help desks and managers type, at a desk and on a
// phone, in their own language too.
func TestAHundredOfOffices(t *testing.T) { judgeRequests(t, "testdata/hundred-offices.txt", 98, 100) }

// TestTraps types requests with a word that turns the meaning. None is mistaken.
func TestTraps(t *testing.T) { judgeRequests(t, "testdata/traps.txt", 10, 40) }

// TestMoreTraps types more of them.
func TestMoreTraps(t *testing.T) { judgeRequests(t, "testdata/traps-more.txt", 10, 50) }

// TestTrapsOfClauses types requests with a clause that turns, limits or conditions them.
func TestTrapsOfClauses(t *testing.T) { judgeRequests(t, "testdata/traps-clauses.txt", 30, 143) }

// judgeRequests wants so many of the requests to get what they mean.
func judgeRequests(t *testing.T, file string, want, of int) {
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
		result, said := tryMeanings(t, known, typed, meant)
		counts[result]++
		fmt.Fprintf(&table, "%-10s  %s  →  %s\n", result, typed, said)
		if result == misled || result == mistaken {
			t.Errorf("%s: %q means %q and is answered with %s", result, typed, meant, said)
		}
	}
	t.Logf("%v\n%s", counts, table.String())
	if total := counts[onFirst] + counts[onSecond] + counts[notYet]; total != of {
		t.Errorf("%d requests were judged, want %d", total, of)
	}
	if good := counts[onFirst] + counts[onSecond]; good < want {
		t.Errorf("%d of the %d get what they mean on the first or second try, want %d", good, of, want)
	}
}

// tryMeanings types a request that several answers are right for: the best of its results.
func tryMeanings(t *testing.T, known command.Known, typed, meant string) (result, said string) {
	t.Helper()
	order := []string{onFirst, onSecond, notYet, misled, mistaken}
	for one := range strings.SplitSeq(meant, " || ") {
		try := tryRequest
		if strings.HasPrefix(one, "/ ") {
			try = tryCommand
		}
		got, answer := try(t, known, typed, strings.TrimPrefix(one, "/ "))
		if result == "" || slices.Index(order, got) < slices.Index(order, result) {
			result, said = got, answer
		}
	}
	return result, said
}

// tryCommand types a command that asks for no change, and what the answer offers.
func tryCommand(t *testing.T, known command.Known, typed, meant string) (result, said string) {
	t.Helper()
	want, err := known.Parse("/allocate", meant)
	if err != nil {
		t.Fatalf("%q: %v", meant, err)
	}
	got, err := known.Parse("/allocate", typed)
	var problem *command.Error
	switch {
	case err == nil && isSameCommand(known, got, want):
		return onFirst, meant
	case err == nil:
		return mistaken, string(got.Verb)
	case !errors.As(err, &problem):
		t.Fatalf("%q: %v", typed, err)
	}
	offers := problem.Either
	if problem.Try != "" {
		offers = append(offers, problem.Try)
	}
	isMeant := func(offer string) bool {
		c, err := known.Parse("/allocate", strings.TrimPrefix(offer, "/allocate "))
		return err == nil && isSameCommand(known, c, want)
	}
	switch {
	case slices.ContainsFunc(offers, isMeant):
		return onSecond, strings.Join(offers, " | ")
	case len(offers) > 0 && !isForm(offers):
		return misled, strings.Join(offers, " | ")
	case slices.ContainsFunc(append(strings.Fields(meant), want.Group), func(own string) bool {
		return own != "" && isMeant(blank.ReplaceAllLiteralString(problem.Fill, own))
	}):
		return onSecond, "fill in: " + problem.Fill
	}
	return notYet, problem.Error() + " fill in: " + problem.Fill
}

// isSameCommand compares two commands. A group is the same by its id and by its name.
func isSameCommand(known command.Known, one, other command.Command) bool {
	one.Group, other.Group = idOf(known, one.Group), idOf(known, other.Group)
	return reflect.DeepEqual(one, other)
}

// idOf is the id of a group.
func idOf(known command.Known, ref string) string {
	for _, g := range known.Groups {
		if strings.EqualFold(g.Name, ref) || strings.EqualFold(g.ID, ref) {
			return g.ID
		}
	}
	return ref
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
	if isSetOfRequests(t, known, offers, meant) || isOpen && areAnswers(known, offers, open) {
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
	case fill == "" && !isOpen && !strings.Contains(meant, " && "):
		return retype(t, known, problem, typed, meant)
	}
	return notYet, said
}

// retype types a request once more, as the answer says: without the words that it names, and with
// the verb and the reason that are meant.
func retype(t *testing.T, known command.Known, problem *command.Error, typed, meant string) (result, said string) {
	t.Helper()
	said = problem.Error()
	want := askOf(t, known, meant)
	again := []string{typed}
	for _, arg := range problem.Args {
		if named, ok := arg.(command.Typed); ok {
			for _, text := range again {
				again = append(again, leaveOut(text, string(named)))
			}
		}
	}
	for _, text := range again[1:] {
		text = string(want.Action) + " " + text
		if want.Reason != "" && !strings.Contains(text, "because") {
			text += " because " + want.Reason
		}
		if got, _, problem := answerTo(t, known, text); problem == nil && isSameRequest(t, known, got, meant) {
			return onSecond, "typed again: " + text
		}
	}
	return notYet, said
}

// leaveOut leaves out words that an answer names, with its sign between those of several places.
func leaveOut(text, named string) string {
	for part := range strings.SplitSeq(named, " … ") {
		text = strings.Replace(" "+text+" ", " "+part, " ", 1)
	}
	return strings.TrimSpace(text)
}

// isSetOfRequests reports whether the offers are the requests that are meant at once.
func isSetOfRequests(t *testing.T, known command.Known, offers []string, meant string) bool {
	t.Helper()
	all := strings.Split(meant, " && ")
	if len(all) < 2 || len(all) != len(offers) {
		return false
	}
	for _, one := range all {
		isOne := func(offer string) bool { return isSameRequest(t, known, strings.TrimPrefix(offer, "/allocate "), one) }
		if !slices.ContainsFunc(offers, isOne) {
			return false
		}
	}
	return true
}

// areAnswers reports whether the offers are a command with a word to fill in, each filled in
// with another word.
func areAnswers(known command.Known, offers []string, open string) bool {
	before, after, _ := strings.Cut(byID(known, open), blank.FindString(open))
	isAnswer := func(offer string) bool {
		offer = byID(known, strings.TrimPrefix(offer, "/allocate ")+" ")
		return strings.HasPrefix(offer, before) && strings.HasSuffix(offer, after+" ")
	}
	return len(offers) > 1 && !slices.ContainsFunc(offers, func(o string) bool { return !isAnswer(o) })
}

// isSameFill compares two commands with words to fill in. A group is the same by its id and
// by its name.
func isSameFill(known command.Known, one, other string) bool {
	return byID(known, one) == byID(known, other)
}

// byID is a command with the ids of groups in place of their names.
func byID(known command.Known, text string) string {
	for _, g := range known.Groups {
		name := regexp.MustCompile("(?i)" + command.QuoteGroup(g.Name) + " ")
		text = name.ReplaceAllLiteralString(text, g.ID+" ")
	}
	return text
}

// isForm reports whether the only offer is the help.
func isForm(offers []string) bool { return len(offers) == 1 && strings.HasSuffix(offers[0], " help") }

var blank = regexp.MustCompile(`<[a-z]+>`)

// fitsRequest reports whether a command with words to fill in becomes the request that is
// meant: by its own words in each place. What is more may be left out.
func fitsRequest(t *testing.T, known command.Known, fill, meant string) bool {
	t.Helper()
	at := blank.FindStringIndex(fill)
	if at == nil {
		c, err := known.Parse("/allocate", fill)
		return err == nil && isSameRequest(t, known, strings.TrimPrefix(command.Suggest(c.Ask), "/allocate "), meant)
	}
	fits := func(words string) bool {
		return fitsRequest(t, known, strings.TrimSpace(fill[:at[0]]+words+fill[at[1]:]), meant)
	}
	words := strings.Fields(meant)
	for from := range words {
		for to := from + 1; to <= min(len(words), from+1); to++ {
			if fits(strings.TrimPrefix(strings.Join(words[from:to], " "), "IDU=")) {
				return true
			}
		}
	}
	return false
}

// isSameRequest compares two commands by what they ask. A group is the same by its id and
// by its name.
func isSameRequest(t *testing.T, known command.Known, one, other string) bool {
	t.Helper()
	a, b := askOf(t, known, one), askOf(t, known, other)
	if isSameReason(a.Reason, b.Reason) {
		b.Reason = a.Reason
	}
	return reflect.DeepEqual(a, b)
}

// isSameReason reports whether two reasons say the same, one in more words than the other.
func isSameReason(one, other string) bool {
	a, b := wordsOf(one), wordsOf(other)
	if len(a) > len(b) {
		a, b = b, a
	}
	isOther := func(w string) bool { return !slices.Contains(b, w) }
	return len(a) > 0 && !slices.ContainsFunc(a, isOther)
}

// wordsOf are the words of a reason without its articles.
func wordsOf(reason string) []string {
	isBetween := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	isArticle := func(w string) bool { return slices.Contains([]string{"the", "a", "an", "none", "or", "is"}, w) }
	return slices.DeleteFunc(strings.FieldsFunc(strings.ToLower(reason), isBetween), isArticle)
}

func askOf(t *testing.T, known command.Known, text string) approvals.Ask {
	t.Helper()
	c, err := known.Parse("/allocate", text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	c.Ask.Group = idOf(known, c.Ask.Group)
	return c.Ask
}

// TestAHundredOfStrangers types what people wrote who saw nothing but the help.
func TestAHundredOfStrangers(t *testing.T) {
	judgeRequests(t, "testdata/hundred-strangers.txt", 98, 100)
}

// TestAHundredOfColleagues types what people of an office wrote who saw nothing but the help.
func TestAHundredOfColleagues(t *testing.T) {
	judgeRequests(t, "testdata/hundred-colleagues.txt", 99, 100)
}

// TestAHundredOfOfficeDays types what people wrote on a phone, between meetings and from tickets.
func TestAHundredOfOfficeDays(t *testing.T) {
	judgeRequests(t, "testdata/hundred-office-days.txt", 92, 100)
}

// TestAHundredOfFirstDays types what people wrote on the first day with the bot.
func TestAHundredOfFirstDays(t *testing.T) {
	judgeRequests(t, "testdata/hundred-first-days.txt", 97, 100)
}

// TestFortyMore types what was written after the hundreds were mended, and typed once.
func TestFortyMore(t *testing.T) { judgeRequests(t, "testdata/forty-more.txt", 37, 40) }

// TestAHundredSentences types what people wrote in whole sentences.
func TestAHundredSentences(t *testing.T) {
	judgeRequests(t, "testdata/hundred-sentences.txt", 91, 100)
}

// TestAHundredCommands types what people wrote who like commands.
func TestAHundredCommands(t *testing.T) {
	judgeRequests(t, "testdata/hundred-commands.txt", 97, 100)
}

// TestAHundredChats types what people wrote in a hurry, on a phone or from a mail.
func TestAHundredChats(t *testing.T) { judgeRequests(t, "testdata/hundred-chats.txt", 92, 100) }

// TestAHundredWords types what people wrote in as many moods.
func TestAHundredWords(t *testing.T) { judgeRequests(t, "testdata/hundred-words.txt", 97, 100) }

// TestAHundredTickets types what people wrote at a help desk.
func TestAHundredTickets(t *testing.T) { judgeRequests(t, "testdata/hundred-tickets.txt", 92, 100) }

// TestAHundredTerse types what people wrote who write lists and tables.
func TestAHundredTerse(t *testing.T) { judgeRequests(t, "testdata/hundred-terse.txt", 91, 100) }

// TestAHundredPolite types what people wrote who write whole and polite sentences.
func TestAHundredPolite(t *testing.T) { judgeRequests(t, "testdata/hundred-polite.txt", 90, 100) }

// TestAHundredHurried types what people wrote who shorten their words.
func TestAHundredHurried(t *testing.T) { judgeRequests(t, "testdata/hundred-hurried.txt", 85, 100) }

// TestAHundredFrench types what people wrote in French, and in English like French.
func TestAHundredFrench(t *testing.T) { judgeRequests(t, "testdata/hundred-french.txt", 89, 100) }

// TestAHundredOfHelpDesks types what people wrote at a help desk.
func TestAHundredOfHelpDesks(t *testing.T) {
	judgeRequests(t, "testdata/hundred-helpdesk.txt", 84, 100)
}

// TestAHundredOfManagers types what people wrote who plan for their groups.
func TestAHundredOfManagers(t *testing.T) { judgeRequests(t, "testdata/hundred-managers.txt", 83, 100) }

// TestAHundredOfLeads types what people wrote who lead a team, in English and German.
func TestAHundredOfLeads(t *testing.T) { judgeRequests(t, "testdata/hundred-leads.txt", 90, 99) }

// TestAHundredOfConsoles types what people wrote who work at a command line.
func TestAHundredOfConsoles(t *testing.T) {
	judgeRequests(t, "testdata/hundred-consoles.txt", 90, 100)
}

// TestAHundredOfOwners types what people wrote who own a product.
func TestAHundredOfOwners(t *testing.T) { judgeRequests(t, "testdata/hundred-owners.txt", 93, 100) }

// TestAHundredOfDevelopers types what developers wrote in their short forms.
func TestAHundredOfDevelopers(t *testing.T) {
	judgeRequests(t, "testdata/hundred-developers.txt", 87, 100)
}

// TestAHundredOfPlatform types what an administrator in Rotterdam wrote.
func TestAHundredOfPlatform(t *testing.T) {
	judgeRequests(t, "testdata/hundred-platform.txt", 92, 100)
}

// TestAHundredOfOperations types what a manager of finance operations wrote.
func TestAHundredOfOperations(t *testing.T) {
	judgeRequests(t, "testdata/hundred-operations.txt", 93, 100)
}

// TestAHundredOfFragments types what a project lead wrote.
func TestAHundredOfFragments(t *testing.T) {
	judgeRequests(t, "testdata/hundred-fragments.txt", 84, 100)
}

// TestAHundredOfDelivery types what a service delivery manager in Hyderabad wrote.
func TestAHundredOfDelivery(t *testing.T) {
	judgeRequests(t, "testdata/hundred-delivery.txt", 88, 100)
}

// TestAHundredOfToronto types what an analyst of a service desk in Toronto wrote.
func TestAHundredOfToronto(t *testing.T) {
	judgeRequests(t, "testdata/hundred-toronto.txt", 87, 100)
}

// TestAHundredOfHamburg types what a developer in Hamburg wrote.
func TestAHundredOfHamburg(t *testing.T) {
	judgeRequests(t, "testdata/hundred-hamburg.txt", 90, 100)
}

// TestAHundredOfManchester types what a business analyst in Manchester wrote.
func TestAHundredOfManchester(t *testing.T) {
	judgeRequests(t, "testdata/hundred-manchester.txt", 88, 100)
}

// TestAHundredOfWarsaw types what an administrator of licenses in Warsaw wrote.
func TestAHundredOfWarsaw(t *testing.T) {
	judgeRequests(t, "testdata/hundred-warsaw.txt", 90, 100)
}

// TestAHundredOfZurich types what an administrator of UiPath in Zurich wrote.
func TestAHundredOfZurich(t *testing.T) {
	judgeRequests(t, "testdata/hundred-zurich.txt", 90, 100)
}

// TestAHundredOfBirmingham types what the lead of a team in Birmingham wrote.
func TestAHundredOfBirmingham(t *testing.T) {
	judgeRequests(t, "testdata/hundred-birmingham.txt", 85, 100)
}

// TestAHundredOfMadrid types what a coordinator in Madrid wrote.
func TestAHundredOfMadrid(t *testing.T) {
	judgeRequests(t, "testdata/hundred-madrid.txt", 85, 100)
}

// TestAHundredOfCopenhagen types what an engineer of operations in Copenhagen wrote.
func TestAHundredOfCopenhagen(t *testing.T) {
	judgeRequests(t, "testdata/hundred-copenhagen.txt", 90, 100)
}

// TestAHundredOfSydney types what an administrator in Sydney wrote.
func TestAHundredOfSydney(t *testing.T) {
	judgeRequests(t, "testdata/hundred-sydney.txt", 89, 100)
}

// TestAHundredOfOslo types what an administrator in Oslo wrote.
func TestAHundredOfOslo(t *testing.T) {
	judgeRequests(t, "testdata/hundred-oslo.txt", 89, 100)
}

// TestAHundredOfDenver types what a manager in Denver wrote.
func TestAHundredOfDenver(t *testing.T) {
	judgeRequests(t, "testdata/hundred-denver.txt", 81, 100)
}

// TestAHundredOfVienna types what the owner of a platform in Vienna wrote.
func TestAHundredOfVienna(t *testing.T) {
	judgeRequests(t, "testdata/hundred-vienna.txt", 92, 100)
}

// TestAHundredOfEdinburgh types what the owner of a service in Edinburgh wrote.
func TestAHundredOfEdinburgh(t *testing.T) {
	judgeRequests(t, "testdata/hundred-edinburgh.txt", 92, 100)
}

// TestAHundredOfBrussels types what a person in Brussels wrote.
func TestAHundredOfBrussels(t *testing.T) {
	judgeRequests(t, "testdata/hundred-brussels.txt", 93, 100)
}

// TestAHundredOfJohannesburg types what a manager in Johannesburg wrote.
func TestAHundredOfJohannesburg(t *testing.T) {
	judgeRequests(t, "testdata/hundred-johannesburg.txt", 88, 100)
}

// TestAHundredOfStuttgart types what a coordinator in Stuttgart wrote.
func TestAHundredOfStuttgart(t *testing.T) {
	judgeRequests(t, "testdata/hundred-stuttgart.txt", 91, 100)
}

// TestAHundredOfAuckland types what an engineer in Auckland wrote.
func TestAHundredOfAuckland(t *testing.T) {
	judgeRequests(t, "testdata/hundred-auckland.txt", 94, 100)
}

// TestAHundredOfBern types what an administrator in Bern wrote.
func TestAHundredOfBern(t *testing.T) {
	judgeRequests(t, "testdata/hundred-bern.txt", 93, 100)
}

// TestAHundredOfAccra types what a person in Accra wrote.
func TestAHundredOfAccra(t *testing.T) {
	judgeRequests(t, "testdata/hundred-accra.txt", 90, 100)
}
