package approvals_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	. "licensebot/approvals"
)

// Of several posts that say the same, one is kept: the card that the store knows, else
// the oldest. All others are doubles of it, whatever the order of the list.
func TestFindDoublesKeepsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := map[string]Post{}
		for range rapid.IntRange(0, 8).Draw(t, "posts") {
			p := Post{
				TS:        rapid.SampledFrom([]string{"1.1", "1.2", "1.3", "1.4", "1.5", "1.6"}).Draw(t, "ts"),
				EventType: rapid.SampledFrom([]string{CardEventType, "allocation_done", DoubleEventType}).Draw(t, "event"),
				Number:    rapid.SampledFrom([]string{"", "2"}).Draw(t, "number"),
			}
			all[p.TS] = p
		}
		posts := rapid.Permutation(slices.Collect(maps.Values(all))).Draw(t, "order")
		r := Request{CardTS: rapid.SampledFrom([]string{"", "1.2", "1.5"}).Draw(t, "card")}
		gone := map[string]string{}
		for _, d := range FindDoubles(r, posts) {
			gone[d.TS] = d.Kept
		}
		for _, p := range posts {
			var same []string
			for _, other := range posts {
				if other.EventType == p.EventType && other.Number == p.Number {
					same = append(same, other.TS)
				}
			}
			keep := slices.Min(same)
			if slices.Contains(same, r.CardTS) {
				keep = r.CardTS
			}
			if p.EventType == CardEventType && r.CardTS != "" && keep != r.CardTS {
				keep = "" // the known card was deleted, and no other takes its place
			}
			kept, isGone := gone[p.TS]
			if want := p.TS != keep && p.EventType != DoubleEventType; isGone != want || isGone && kept != keep {
				t.Fatalf("%+v of %v is a double of %q: %t; want %t, of %s", p, posts, kept, isGone, want, keep)
			}
		}
	})
}

// Words that a later message made untrue are removed if they turn up below it.
func TestFindDoublesRemovesLateWords(t *testing.T) {
	for name, c := range map[string]struct {
		posts []Post
		late  string // the one to remove
	}{
		"a delay before the outcome": {posts: []Post{{TS: "1", EventType: "allocation_approved"}, {TS: "2", EventType: "allocation_done"}}},
		"a delay below the outcome":  {posts: []Post{{TS: "2", EventType: "allocation_approved"}, {TS: "1", EventType: "allocation_failed"}}, late: "2"},
		"a reminder below the outcome": {posts: []Post{{TS: "1", EventType: "allocation_denied"}, {TS: "2", EventType: "allocation_reminder"}},
			late: "2"},
		"a delay of the end below the outcome": {posts: []Post{{TS: "1", EventType: "allocation_done"},
			{TS: "2", EventType: "allocation_overdue", Number: "1"}, {TS: "3", EventType: "allocation_ended", Number: "1"}}},
		"a delay of the end below the end": {posts: []Post{{TS: "3", EventType: "allocation_overdue", Number: "1"},
			{TS: "1", EventType: "allocation_done"}, {TS: "2", EventType: "allocation_ended", Number: "1"}}, late: "3"},
		"a delay of the next end": {posts: []Post{{TS: "1", EventType: "allocation_ended", Number: "1"},
			{TS: "2", EventType: "allocation_overdue", Number: "2"}}},
		"a warning before the end": {posts: []Post{{TS: "1", EventType: "allocation_ending", Number: "24"},
			{TS: "2", EventType: "allocation_ended", Number: "1"}}},
		"a warning below the early end": {posts: []Post{{TS: "1", EventType: "allocation_ended", Number: "1"},
			{TS: "2", EventType: "allocation_ending", Number: "24"}}, late: "2"},
		"a warning below an outcome": {posts: []Post{{TS: "1", EventType: "allocation_done"},
			{TS: "2", EventType: "allocation_ending", Number: "1"}}},
		"the ends in order": {posts: []Post{{TS: "1", EventType: "allocation_ended", Number: "1"},
			{TS: "2", EventType: "allocation_ended", Number: "10"}}},
		"an end below a later one": {posts: []Post{{TS: "1", EventType: "allocation_ended", Number: "10"},
			{TS: "2", EventType: "allocation_ended", Number: "9"}}, late: "2"},
		"a delay of an end below a later end": {posts: []Post{{TS: "1", EventType: "allocation_ended", Number: "2"},
			{TS: "2", EventType: "allocation_overdue", Number: "1"}}, late: "2"},
		"a correction below the outcome": {posts: []Post{{TS: "1", EventType: "allocation_failed"}, {TS: "2", EventType: "allocation_found"}}},
	} {
		var late []string
		for _, d := range FindDoubles(Request{}, c.posts) {
			if d.Why != Late {
				t.Errorf("%s: %+v is a repeat", name, d)
			}
			late = append(late, d.TS)
		}
		if want := strings.Fields(c.late); !slices.Equal(late, want) {
			t.Errorf("%s: removes %v instead of %v", name, late, want)
		}
	}
}

// A reply that became a message of the channel has to go, and nothing else goes for it.
func TestFindDoublesRemovesStrays(t *testing.T) {
	posts := []Post{
		{TS: "1", EventType: CardEventType, InChannel: true}, {TS: "2", EventType: "allocation_denied", InChannel: true},
		{TS: "3", EventType: "allocation_denied"}, {TS: "4", EventType: DoubleEventType, InChannel: true},
	}
	want := []Double{{Post: posts[1], Why: Stray}}
	if got := FindDoubles(Request{CardTS: "1"}, posts); !slices.Equal(got, want) {
		t.Errorf("%+v instead of %+v", got, want)
	}
}

// A survey reports cards too many, and never the right card or the only one.
func TestSurveyDoubles(t *testing.T) {
	cards := []PendingCard{{RequestID: "R-1", TS: "1.2"}}
	sights := []Sighting{
		{TS: "1.1", RequestID: "R-1"}, {TS: "1.2", RequestID: "R-1"}, {TS: "1.3"}, // of a person
		{TS: "2.1", RequestID: "R-2"}, {TS: "3.1", RequestID: "R-3"}, {TS: "3.2", RequestID: "R-3"},
	}
	want := map[string]string{"1.1": "R-1", "3.1": "R-3", "3.2": "R-3"}
	if got := SurveyDoubles(cards, sights); !maps.Equal(got, want) {
		t.Errorf("%v instead of %v", got, want)
	}
}

// What Slack tells of an emoji on a double holds as of its latest event.
func TestDenialsOnDoubles(t *testing.T) {
	r := requestIn(Pending)
	r.CardTS = "1.1"
	r.Terms.Emoji = Emoji{Approve: []string{"ok"}, Deny: []string{"x"}}
	say := func(eventTS string, withdrawn bool) {
		t.Helper()
		d := Denial{TS: "1.2", User: anna, Name: "x", EventTS: eventTS, Withdrawn: withdrawn}
		if step, err := Next(r, DeniedOnDouble{Denial: d}, early); err == nil {
			r = step.Request
		}
	}
	expect := func(what string, present bool) {
		t.Helper()
		all := r.VotesAmong([]Reaction{{User: ben, Name: "ok"}})
		if want := map[bool]int{true: 2, false: 1}[present]; len(all) != want {
			t.Errorf("%s: %+v", what, all)
		}
	}
	expect("before", false)
	say("", false)
	expect("a look showed it", true)
	say("5.0", true)
	expect("taken back", false)
	say("4.0", false)
	expect("an earlier event comes late", false)
	say("", false)
	expect("a look at what was taken back", false)
	say("6.0", false)
	expect("given again", true)
	if got := r.VotesAmong(nil)[0]; !got.Deny || got.TS != "1.1" || got.User != anna {
		t.Errorf("counts as %+v", got)
	}
	if len(r.Doubles) != 1 {
		t.Errorf("doubles %v", r.Doubles)
	}
}

// Before the card's timestamp is known, a no on any message that shows the card counts.
// Those on the card itself are reactions on it later, which can be taken back there.
func TestDenialsBeforeTheCardIsKnown(t *testing.T) {
	r := requestIn(Pending)
	for _, d := range []Denial{{TS: "1.1", User: anna, Name: "x"}, {TS: "1.2", User: ben, Name: "x"}} {
		step, err := Next(r, DeniedOnDouble{Denial: d}, early)
		if err != nil || len(step.Request.Doubles) > 0 {
			t.Fatalf("%s: %+v, %v", d.TS, step, err)
		}
		r = step.Request
	}
	if _, err := Next(r, DoubleSeen{TS: "1.1"}, early); err == nil {
		t.Error("what may be the card is to be removed")
	}
	step, err := Next(r, CardPosted{TS: "1.1"}, early)
	if all := step.Request.Denials; err != nil || len(all) != 1 || all[0].TS != "1.2" {
		t.Errorf("%+v, %v", all, err)
	}
}

// What denies beside the card is what the card says.
func TestDenialsByOtherEmoji(t *testing.T) {
	r := requestIn(Pending)
	r.CardTS = "1.1"
	for name, denies := range map[string]bool{"x": true, "x::skin-tone-2": true, "ok": false, "no_entry": false} {
		d := Denial{TS: "1.2", User: anna, Name: name}
		for _, e := range []Event{DeniedOnDouble{d}, DeniedOnReply{d}} {
			if _, err := Next(r, e, early); (err == nil) != denies {
				t.Errorf("%s by %s: %v", e.Kind(), name, err)
			}
		}
	}
}

// Two looks prove that a card is gone if they are ten seconds apart, and no more than
// an hour.
func TestJudgeMiss(t *testing.T) {
	for age, c := range map[time.Duration]struct {
		first bool
		wait  time.Duration
	}{
		-time.Second: {true, 10 * time.Second}, 0: {false, 10 * time.Second}, 9 * time.Second: {false, time.Second},
		10 * time.Second: {}, 59 * time.Minute: {}, 61 * time.Minute: {true, 10 * time.Second},
	} {
		first, wait := Request{CardMissingSince: early}.JudgeMiss(early.Add(age))
		if first != c.first || wait != c.wait {
			t.Errorf("after %v: %t, %v", age, first, wait)
		}
	}
	if first, _ := (Request{}).JudgeMiss(early); !first {
		t.Error("the first look is no first look")
	}
}

// A look is never believed sooner because the clock was put forward or back, and the wait
// for it has a bound.
func TestUntilSettledHasABound(t *testing.T) {
	tried := time.Unix(1780000000, 0)
	for after, want := range map[time.Duration]time.Duration{
		-24 * time.Hour: PostSettles, 0: PostSettles, 10 * time.Second: PostSettles - 10*time.Second,
		PostSettles: 0, time.Hour: 0,
	} {
		if got := (LeasedJob{TriedAt: tried}).UntilSettled(tried.Add(after)); got != want {
			t.Errorf("%v after the attempt the look waits for %v, want %v", after, got, want)
		}
	}
}
