package approvals_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	. "licensebot/approvals"
)

// A card that is left behind closes its pending request, and one like it is filed. An
// approved request goes with it only if the worker that writes says so.
func TestRequestLeavesItsChannel(t *testing.T) {
	const anew = "R-ANEW0001"
	for _, state := range States() {
		for _, untried := range []bool{false, true} {
			for _, tried := range []bool{false, true} {
				for _, card := range []string{"", "1.1"} {
					r := requestIn(state)
					r.CardTS, r.WriteAttempted = card, tried
					step, err := Next(r, ChannelReplaced{Channel: "C2", NewID: anew, Untried: untried}, early)
					moves := card != "" && (state == Pending || state == Approved && untried && !tried)
					if (err == nil) != moves {
						t.Errorf("%s, untried %t, tried %t, card %q: %v", state, untried, tried, card, err)
					}
					if err == nil {
						checkFiledAnew(t, r, step)
					}
				}
			}
		}
	}
	r := requestIn(Pending)
	r.CardTS = "1.1"
	if _, err := Next(r, ChannelReplaced{Channel: r.Channel, NewID: anew}, early); err == nil {
		t.Error("it left the channel for the same one")
	}
}

func checkFiledAnew(t *testing.T, r Request, step Step) {
	t.Helper()
	closed, anew := step.Request, step.File
	if closed.State != Superseded || closed.Channel != r.Channel || closed.Outcome.Channel != "C2" || closed.Outcome.Uncertain != r.WriteAttempted {
		t.Errorf("closed as %+v", closed)
	}
	if anew == nil || anew.ID == r.ID || anew.EnvelopeID == r.EnvelopeID || anew.Channel != "C2" {
		t.Fatalf("filed anew: %+v", anew)
	}
	if len(anew.Votes) != 0 || anew.CardTS != "" || anew.Proposal != nil || anew.Requester != r.Requester || anew.Ask.Group != r.Ask.Group {
		t.Errorf("filed anew: %+v", anew)
	}
	told := map[JobKind]int{}
	for _, job := range step.Enqueue {
		told[job.Kind]++
	}
	if told[JobPostOutcome] != 1 || told[JobTellRequester] != 1 || told[JobUpdateCard] != 1 {
		t.Errorf("told by %v", step.Enqueue)
	}
	if again, err := Next(closed, ShutOut{Said: Job{Kind: JobPostOutcome}}, early); err == nil {
		t.Errorf("the requester is told twice: %v", again.Enqueue)
	}
}

// Only a request that waits without a card gets its card elsewhere.
func TestCardIsRedirected(t *testing.T) {
	for _, state := range States() {
		for _, card := range []string{"", "1.1"} {
			for _, channel := range []string{"C1", "C2"} {
				r := requestIn(state)
				r.CardTS = card
				step, err := Next(r, CardRedirected{Channel: channel}, early)
				if moves := state == Pending && card == "" && channel != r.Channel; (err == nil) != moves || moves && step.Request.Channel != channel {
					t.Errorf("%s with the card %q to %s: %s, %v", state, card, channel, step.Request.Channel, err)
				}
			}
		}
	}
}

// Whatever order Slack's events come in, and however often, each id leads to the one that
// the channel has now.
func TestChannelMovesInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A channel wanders over ids and may come back to one that it had.
		at := "C0"
		var moves []ChannelMove
		for n := range rapid.IntRange(1, 6).Draw(t, "moves") {
			to := fmt.Sprintf("C%d", rapid.IntRange(0, 3).Draw(t, "to"))
			if to == at {
				continue
			}
			moves = append(moves, ChannelMove{From: at, To: to, EventTS: fmt.Sprintf("%d.0", n+1)})
			at = to
		}
		known := ChannelMoves{}
		if rapid.Bool().Draw(t, "in order") {
			for _, move := range moves {
				known, _ = known.Add(move)
				for _, again := range moves {
					if again.EventTS <= move.EventTS && rapid.Bool().Draw(t, "again") {
						known, _ = known.Add(again)
					}
				}
			}
		} else if revisits(moves) {
			return // only the order tells how such a walk ended
		} else {
			for _, move := range rapid.Permutation(moves).Draw(t, "order") {
				known, _ = known.Add(move)
			}
		}
		for _, move := range moves {
			if got := known.Current(move.From); got != at {
				t.Fatalf("%v: %s leads to %s instead of %s", moves, move.From, got, at)
			}
		}
		if got := known.Current(at); got != at {
			t.Fatalf("%v: the id of now leads to %s", moves, got)
		}
	})
}

func revisits(moves []ChannelMove) bool {
	seen := map[string]bool{"C0": true}
	for _, move := range moves {
		if seen[move.To] {
			return true
		}
		seen[move.To] = true
	}
	return false
}

func TestTimestampAt(t *testing.T) {
	if got := TimestampAt(time.Unix(1700000000, 1234567)); got != "1700000000.001234" {
		t.Error(got)
	}
}
