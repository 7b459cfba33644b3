package message

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Bounds of a first line, in characters: what a notification shows, and what a screen
// reader reads before a pause.
const (
	maxFirst    = 150
	maxSentence = 300
)

var (
	// matter is what a first line can be about: a request, a group, a code, a command, or
	// one of the things that the bot has to do with.
	matter = regexp.MustCompile("(?i)`|R-7K3F9QXA|" +
		`\b(requests?|groups?|licen[sc]es?|allocation|codes?|vote|list|command|form|grant|licensebot|database|reason|page|seats?|when it ends|the end)\b`)

	// greeting is how a first line begins that says nothing yet.
	greeting = regexp.MustCompile(`(?i)^(hi|hello|hey|sorry|oops|error|warning|note|attention|please|thanks?|thank you|ok|done|something)\b[ ,.!:]*`)
)

// noMessages begin the titles of what is no message: fields, menus and pages.
var noMessages = []string{"Form", "Home", "Card status"}

// TestFirstLinesSayTheMatter: what a notification or a screen reader's first sentence
// gives of a message says what it is about.
func TestFirstLinesSayTheMatter(t *testing.T) {
	checked := 0
	for _, e := range writeGolden(t).entries {
		isNone := func(prefix string) bool { return strings.HasPrefix(e.title, prefix) }
		if e.text == "" || slices.ContainsFunc(noMessages, isNone) {
			continue
		}
		checked++
		first, _, _ := strings.Cut(e.text, "\n")
		for _, problem := range firstLineProblems(first) {
			t.Errorf("%s: %s: %s", e.title, problem, first)
		}
	}
	if checked < 200 {
		t.Errorf("only %d messages were checked", checked)
	}
}

// firstLineProblems says what is wrong with a first line.
func firstLineProblems(first string) (problems []string) {
	sentence := firstSentence(first)
	shown := first
	if utf8.RuneCountInString(shown) > maxFirst {
		shown = string([]rune(shown)[:maxFirst])
	}
	words := strings.TrimSpace(regexp.MustCompile(`^(@\w+ |:\w+: )*`).ReplaceAllString(shown, ""))
	switch {
	case words == "":
		return []string{"it is empty"}
	case !matter.MatchString(words):
		problems = append(problems, "it does not say the matter")
	}
	if begin := greeting.FindString(words); begin != "" && !strings.HasPrefix(words, "Done: `") {
		problems = append(problems, "it begins with "+begin)
	}
	if n := utf8.RuneCountInString(sentence); n > maxSentence {
		problems = append(problems, "its first sentence is too long")
	}
	return problems
}

// firstSentence is a line up to its first full stop.
func firstSentence(line string) string {
	if i := strings.Index(line, ". "); i >= 0 {
		return line[:i+1]
	}
	return line
}
