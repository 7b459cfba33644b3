package command_test

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// TestSuggestionsMeanWhatWasMeant damages a request in one place: a letter is dropped,
// doubled, changed or swapped, a word is dropped, doubled or swapped, two words are
// glued, or one is split. If the bot then suggests one request, it is the request before
// the damage.
func TestSuggestionsMeanWhatWasMeant(t *testing.T) {
	known := berlin(t)
	suggested := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := drawRequest(rt)
		before, err := known.Parse("/allocate", text)
		if err != nil {
			rt.Fatalf("%q is not understood: %v", text, err)
		}
		damaged := damage(rt, text)
		_, err = known.Parse("/allocate", damaged)
		var problem *command.Error
		if !errors.As(err, &problem) {
			return // it is another request now, or the same
		}
		checkMalformed(t, known, "/allocate", problem)
		if problem.Try == "" {
			return
		}
		suggested++
		after, err := known.Parse("/allocate", strings.TrimPrefix(problem.Try, "/allocate "))
		if err != nil || !sameRequest(before, after) {
			rt.Fatalf("%q became %q, and %q is suggested: %v", text, damaged, problem.Try, problem)
		}
	})
	if suggested == 0 {
		t.Error("no suggestion was made")
	}
}

// TestNoCommandLosesAWord types a request with one more word in any place, which may be a verb or a
// number that the bot does not know, or limit what is asked for. It is recorded only where the
// reason has the word, and each command that is offered has the word.
func TestNoCommandLosesAWord(t *testing.T) {
	known := berlin(t)
	asked := 0
	rapid.Check(t, func(rt *rapid.T) {
		extra := rapid.SampledFrom(extraWords).Draw(rt, "extra")
		words := strings.Fields(drawRequest(rt))
		at := rapid.IntRange(0, len(words)).Draw(rt, "at")
		if at > 0 && at < len(words) && strings.Count(strings.Join(words[:at], " "), `"`) == 1 {
			return // it would be a part of a name
		}
		if at > 0 && words[at-1] == "=" || at < len(words) && words[at] == "=" {
			return // a gap stands for what is no number
		}
		text := strings.Join(slices.Insert(words, at, extra), " ")
		meant, _, problem := answerTo(t, known, text)
		if problem == nil {
			if !strings.Contains(meant, extra) {
				rt.Fatalf("%q is recorded as %q", text, meant)
			}
			return
		}
		asked++
		for _, offer := range append(problem.Either, problem.Try, problem.Fill) {
			// A gap stands for all of a group's name, or of an end, into which the word was put.
			isCut := strings.Contains(offer, "<group>") || isInEnd.MatchString(text) && strings.ContainsAny(offer, "<")
			if offer != "" && !strings.Contains(offer, extra) && !isForm([]string{offer}) && !isCut {
				rt.Fatalf("%q is answered with %q", text, offer)
			}
		}
	})
	if asked < 30 {
		t.Errorf("%d questions", asked)
	}
}

var isInEnd = regexp.MustCompile(`\b(for|until|bis|no) (\S+ ){0,5}(` + strings.Join(extraWords, "|") + `)\b`)

// extraWords may be verbs or numbers that the bot does not know, or limit what is asked for.
var extraWords = []string{
	"kill", "zap", "entsorge", "verwerfen", "poista", "halts", "kolme", "tolv", "dwanaście",
	"except", "unless", "hardly", "without", "half", "unlike", "abzüglich",
}

// sameRequest reports whether two commands ask for the same, in whatever words.
func sameRequest(a, b command.Command) bool {
	for _, c := range []*command.Command{&a, &b} {
		c.Ask.Group, c.Ask.Packs = groupOf(c.Ask.Group), nil
		c.Ask.Codes = slices.Sorted(slices.Values(c.Ask.Codes))
		c.Ask.Quotas = slices.SortedFunc(slices.Values(c.Ask.Quotas), func(x, y approvals.Quota) int {
			return strings.Compare(x.Code, y.Code)
		})
	}
	return reflect.DeepEqual(a, b)
}

// groupOf is one spelling for the id and the name of a group.
func groupOf(ref string) string {
	ref = strings.ToLower(ref)
	if id, ok := map[string]string{
		"finance robots": "group-01", "audit robots": "group-02", "sales": "group-05", "finance": "group-06",
		"squad 7": "group-07", "squad 8": "group-08",
	}[ref]; ok {
		return id
	}
	return ref
}

// drawRequest draws a request that is understood, in one of many notations.
func drawRequest(t *rapid.T) string {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	group := pick("group", `"Finance Robots"`, "Finance Robots", "Audit Robots", "Sales", "Finance", "Squad 7", "group-01",
		"group-05", "the Sales group")
	var licenses []string
	for i, l := range rapid.Permutation([]string{
		"RPADEVPRONU", "IDU", "CTZDEVCU", "TSTNU", "ATTUNU", "RPADEVNU",
	}).Draw(t, "licenses")[:rapid.IntRange(1, 3).Draw(t, "count")] {
		names := map[string]string{"IDU": "Insights Designer", "TSTNU": "Tester", "RPADEVPRONU": "Automation Developer"}
		if name := names[l]; name != "" && rapid.Bool().Draw(t, "by name") {
			l = name
		}
		seats := rapid.IntRange(1, 99).Draw(t, fmt.Sprint("seats", i))
		switch {
		case !strings.Contains(l, " ") && rapid.Bool().Draw(t, "limited"):
			l += fmt.Sprintf(pick("notation", "=%d", ":%d", " x%d", " = %d"), seats)
		}
		licenses = append(licenses, l)
	}
	if pack := pick("pack", "", "", "starter", "test-lab"); pack != "" {
		licenses = append(licenses, pack)
	}
	codes := strings.Join(licenses, pick("separator", " ", ", ", " and "))
	parts := []string{group, codes}
	if verb := pick("verb", "", "", "add", "give", "remove", "set", "bitte gib", "withdraw"); verb != "" {
		parts = slices.Insert(parts, 0, verb)
		if (verb == "remove" || verb == "withdraw") && strings.ContainsAny(codes, "=:x1") {
			parts[0] = "set"
		}
		if verb == "remove" || verb == "withdraw" || verb == "set" {
			return strings.Join(parts, " ") + pick("reason", "", " because audit")
		}
	}
	if end := pick("end", "", "", "for 30d", "for 2 weeks", "for a month", "until Friday", "until 2026-12-31",
		"until end of year", "forever", "bis Freitag", "for the rest of the year", "until tomorrow night",
		"no end date"); end != "" {
		parts = append(parts, end)
	}
	if reason := pick("reason", "", "", "because audit", "because of FIN-123", "because new hire starts", "reason migration",
		"(new hire)"); reason != "" {
		parts = append(parts, reason)
	}
	return strings.Join(parts, " ")
}

// damage damages a text in one place.
func damage(t *rapid.T, text string) string {
	if rapid.Bool().Draw(t, "of letters") {
		return damageLetters(t, text)
	}
	words := strings.Fields(text)
	i := rapid.IntRange(0, len(words)-1).Draw(t, "word")
	switch rapid.SampledFrom([]string{"drop", "double", "swap", "glue", "split"}).Draw(t, "damage") {
	case "drop":
		words = slices.Delete(words, i, i+1)
	case "double":
		words = slices.Insert(words, i, words[i])
	case "swap":
		j := min(i+1, len(words)-1)
		words[i], words[j] = words[j], words[i]
	case "glue":
		if i+1 < len(words) {
			words[i] += words[i+1]
			words = slices.Delete(words, i+1, i+2)
		}
	case "split":
		at := rapid.IntRange(0, len(words[i])).Draw(t, "at")
		words[i] = words[i][:at] + " " + words[i][at:]
	}
	return strings.Join(words, " ")
}

func damageLetters(t *rapid.T, text string) string {
	letters := []rune(text)
	i := rapid.IntRange(0, len(letters)-2).Draw(t, "letter")
	switch rapid.SampledFrom([]string{"drop", "double", "swap", "change"}).Draw(t, "damage") {
	case "drop":
		letters = slices.Delete(letters, i, i+1)
	case "double":
		letters = slices.Insert(letters, i, letters[i])
	case "swap":
		letters[i], letters[i+1] = letters[i+1], letters[i]
	default:
		letters[i] = rapid.SampledFrom([]rune("abeinorsxzSUN 0159-")).Draw(t, "new")
	}
	return string(letters)
}
