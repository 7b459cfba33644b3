package approvals_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	. "licensebot/approvals"
)

// However short the pages are and however often Slack interrupts, a walk that goes on
// where the last one stopped comes to each card once before it comes to any twice.
func TestSurveyComesToEveryCard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cards []PendingCard
		for i := range rapid.IntRange(1, 30).Draw(t, "cards") {
			cards = append(cards, PendingCard{TS: fmt.Sprintf("1700000000.%06d", i*10)})
		}
		seen := map[string]int{}
		position := ""
		for range cards { // each attempt is interrupted after one page with one card or more
			survey := NewSurvey(cards, position)
			oldest, latest, more := survey.NextPage()
			if !more || oldest > latest {
				t.Fatalf("the page is from %q to %q, %t", oldest, latest, more)
			}
			reached := rapid.SampledFrom([]string{oldest, latest}).Draw(t, "reached")
			for _, card := range survey.TakeShown(HistoryPage{Reached: reached}) {
				if card.TS < reached || card.TS > latest {
					t.Errorf("%s is not between %s and %s", card.TS, reached, latest)
				}
				seen[card.TS]++
				position = card.TS
			}
			if len(seen) == len(cards) {
				return
			}
			if again := slices.Collect(func(yield func(string) bool) {
				for ts, n := range seen {
					if n > 1 && !yield(ts) {
						return
					}
				}
			}); len(again) > 0 {
				t.Fatalf("came twice to %v before it came to every card", again)
			}
		}
		t.Errorf("%d attempts came to %d of %d cards", len(cards), len(seen), len(cards))
	})
}

// An uninterrupted walk takes no more pages than there are cards, and each card once.
func TestSurveyIsOneRound(t *testing.T) {
	cards := []PendingCard{{TS: "1.1"}, {TS: "1.2"}, {TS: "1.3"}, {TS: "1.4"}}
	for position, want := range map[string]string{
		"": "1.4 1.3 1.2 1.1", "1.4": "1.3 1.2 1.1 1.4", "1.3": "1.2 1.1 1.4 1.3", "1.1": "1.4 1.3 1.2 1.1",
		"1.25": "1.2 1.1 1.4 1.3", "0": "1.4 1.3 1.2 1.1",
	} {
		survey, got := NewSurvey(cards, position), ""
		for {
			oldest, _, more := survey.NextPage()
			if !more {
				break
			}
			for _, card := range survey.TakeShown(HistoryPage{Reached: oldest}) {
				got += " " + card.TS
			}
		}
		if got != " "+want {
			t.Errorf("from %q: %s, want %s", position, got, want)
		}
	}
}
