package worker_test

import (
	"slices"
	"testing"
	"time"

	. "licensebot/approvals"
)

// A card too many that a survey shows is removed, and a ❌ on it counts as on the
// card; a ✅ on it counts for nothing.
func TestADoubleOfACard(t *testing.T) {
	t.Parallel()
	on := func(user, name string, deny bool) Reaction {
		return Reaction{User: user, Name: name, Deny: deny, Present: true}
	}
	for name, c := range map[string]struct {
		on     []Reaction
		denied string
	}{
		"without reactions": {},
		"a yes":             {on: []Reaction{on(anna, "white_check_mark", false)}},
		"a no":              {on: []Reaction{on(anna, "x", true)}, denied: anna},
		"no of a bystander": {on: []Reaction{on(bystander, "x", true)}},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				w.slack.again(r, "ts-zz", c.on...)
				w.hellos <- struct{}{}
				w.until("its removal", func(Request) bool { return w.slack.count("remove_doubles") == 1 })
				time.Sleep(20 * time.Minute)
				r = w.read(r.ID)
				if c.denied == "" && (r.State != Pending || len(r.Votes) > 0) || c.denied != "" && (r.State != Denied || r.Outcome.By != c.denied) {
					w.Errorf("the request is %s with %v", r.State, r.Votes)
				}
				if n := w.slack.count("remove_doubles"); n != 1 {
					w.Errorf("removed %d times", n)
				}
				w.puts(0)
			})
		})
	}
}

// A ❌ on a double stops the write of an approved request like one on the card.
func TestADenialOnADoubleStopsTheWrite(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.breaks("look", 4, false, errCut)
		w.react(r, anna, true)
		w.untilState(Approved)
		denial := Denial{TS: "ts-zz", User: ben, Name: "x", EventTS: "1.5"}
		if _, err := w.store.ApplyEvent(w.Context(), r.ID, DeniedOnDouble{Denial: denial}, nil); err != nil {
			w.Fatal(err)
		}
		w.ended(w.until("an end", func(r Request) bool { return !r.State.Open() }), Denied, ReasonDeniedByVote)
		w.puts(0)
	})
}

// A ❌ on the first card of a post in doubt counts, though the bot knows no card yet.
func TestADenialWhileThePostIsInDoubt(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]func(Request) string{
		"on what is a double later": func(Request) string { return "ts-first" },
		"on what is the card later": cardOf,
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.breaks("post_card", 1, false, errCut)
				r := w.file("e1")
				w.until("an attempt", func(Request) bool { return w.slack.count("post_card") == 1 })
				no := Reaction{Channel: r.Channel, TS: first(r), User: ben, Name: "x", EventTS: "1.000001", Present: true}
				if err := w.store.RecordReaction(w.Context(), no); err != nil {
					w.Fatal(err)
				}
				denial := Denial{TS: no.TS, User: ben, Name: "x", EventTS: no.EventTS}
				if _, err := w.store.ApplyEvent(w.Context(), r.ID, DeniedOnDouble{Denial: denial}, nil); err != nil {
					w.Fatal(err)
				}
				w.slack.again(r, no.TS, no)
				r = w.until("a card", func(r Request) bool { return r.CardTS != "" })
				w.react(r, anna, true)
				w.ended(w.until("an end", func(r Request) bool { return !r.State.Open() }), Denied, ReasonDeniedByVote)
				w.puts(0)
			})
		})
	}
}

// A double that cannot be removed is given up in the end.
func TestADoubleThatStays(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.breaks("remove_doubles", 100, false, errCut)
		w.slack.again(r, "ts-zz")
		w.hellos <- struct{}{}
		w.until("an attempt", func(Request) bool { return w.slack.count("remove_doubles") > 0 })
		time.Sleep(50 * time.Minute)
		if n := w.slack.count("remove_doubles"); n != 8 {
			w.Errorf("tried %d times", n)
		}
	})
}

// One look that does not show a card is no proof: the second comes at least ten
// seconds later, and a sight in between takes the first back.
func TestACardIsGoneAfterTwoLooks(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]func(*world, Request){
		"while pending":    func(w *world, _ Request) { w.hellos <- struct{}{} },
		"before the write": func(w *world, r Request) { w.react(r, anna, true) },
		"at the deadline":  func(w *world, r Request) { time.Sleep(time.Until(r.Deadline)) },
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				if name == "while pending" {
					w.slack.cut = []string{"white_check_mark"} // so that it looks
				}
				r := w.carded()
				w.slack.breaks("look", 1, false, ErrCardDeleted)
				when(w, r)
				r = w.until("a look", func(Request) bool { return w.slack.count("look") >= 2 })
				times := w.slack.timesOf("look")
				// At the deadline a survey may look in between, which proves nothing.
				if name != "at the deadline" && times[1].Sub(times[0]) < 10*time.Second {
					w.Errorf("the second look came after %v", times[1].Sub(times[0]))
				}
				if r.Outcome != nil && r.Outcome.Reason == ReasonCardDeleted {
					w.Error("one look that does not show the card ended the request")
				}
				if r.State.Open() && !r.CardMissingSince.IsZero() {
					w.Error("the sight of the card did not take the first look back")
				}
			})
		})
	}
}

// Slack's word that a card was deleted is one of the two looks.
func TestADeletionThatWasHeardIsOneLook(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		if _, err := w.store.ApplyEvent(w.Context(), r.ID, CardMissed{}, nil); err != nil {
			w.Fatal(err)
		}
		w.slack.forget(r)
		time.Sleep(10 * time.Second)
		w.hellos <- struct{}{}
		w.ended(w.until("an end", func(r Request) bool { return !r.State.Open() }), Cancelled, ReasonCardDeleted)
		if n := w.slack.count("look"); n != 1 {
			w.Errorf("looked %d times", n)
		}
	})
}

// The words about a lost approval rest on what was heard: an event that told of the
// removal, or only a look that does not show it.
func TestWhyAReactionIsMissing(t *testing.T) {
	t.Parallel()
	for want, lose := range map[Eligibility]func(*world, Request){
		Withdrawn: func(w *world, r Request) { w.react(r, anna, false) },
		NotShown:  func(w *world, r Request) { w.unheard(r, anna, false) },
	} {
		t.Run(string(want), func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				w.slack.breaks("look", 4, false, errCut)
				w.react(r, anna, true)
				w.untilState(Approved)
				lose(w, r)
				w.until("its words", func(Request) bool { return w.slack.count(string(JobPostConsentLost)) == 1 })
				lost := w.slack.heard(JobPostConsentLost)[0].Payload.Lost
				if !slices.Equal(lost, []LostConsent{{User: anna, Reason: want}}) {
					w.Errorf("lost %v", lost)
				}
				if notices := w.slack.count("tell_voter"); notices != 0 {
					w.Errorf("told %d people that their reaction does not count", notices)
				}
			})
		})
	}
}

// The clock is put back by a day while a post is in doubt. It is made anew after the usual
// wait, and not a day later.
func TestPostInDoubtFromTheFuture(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		start := time.Now()
		w.elapsed = func() time.Duration { return time.Since(start) }
		w.reopen()
		w.slack.breaks("post_card", 1, false, errCut)
		w.file("e1")
		w.until("tried", func(Request) bool { return w.slack.count("post_card") == 1 })
		w.behind.Store(int64(24 * time.Hour))
		w.file("e2", "NEWER")
		time.Sleep(2 * time.Minute)
		if n := w.slack.count("post_card"); n != 3 {
			t.Errorf("the two cards were tried %d times in two minutes", n)
		}
	})
}

// reopenAhead has the bot start anew with a clock that was put ahead by minutes meanwhile.
func (w *world) reopenAhead() {
	start := time.Now()
	w.elapsed = func() time.Duration { return time.Since(start) }
	w.behind.Add(-int64(5 * time.Minute))
	w.reopen()
}

// A post in doubt is looked for as long as ever, also after a restart with a clock that was put
// ahead.
func TestPostInDoubtBeforeAClockWasPutAhead(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.breaks("post_card", 1, false, errCut)
		w.file("e1")
		w.until("tried", func(Request) bool { return w.slack.count("post_card") == 1 })
		w.reopenAhead()
		time.Sleep(PostSettles - time.Second)
		if n := w.slack.count("post_card"); n != 1 {
			t.Errorf("tried %d times before the first post can be believed to be lost", n)
		}
		time.Sleep(time.Minute)
		if n := w.slack.count("post_card"); n != 2 {
			t.Errorf("tried %d times", n)
		}
	})
}

// A read that contradicts what was just confirmed is not believed for a minute, also after a
// restart with a clock that was put ahead.
func TestALateReadAfterAClockWasPutAhead(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.react(w.carded(), anna, true)
		w.untilState(Done)
		w.uipath.edit("OLD")
		w.reopenAhead()
		r := w.file("e2", "NEWER")
		time.Sleep(ReadLag - 5*time.Second)
		if r = w.read(r.ID); r.Proposal != nil {
			t.Errorf("prepared with %v", r.Proposal.Change)
		}
		time.Sleep(2 * time.Minute)
		if r = w.read(r.ID); r.State != Pending {
			t.Errorf("the request is %s", r.State)
		}
	})
}

// reopen has the bot stop and start with its store.
func (w *world) reopen() {
	w.stop()
	if err := w.store.Close(); err != nil {
		w.Fatal(err)
	}
	w.open()
	w.work()
}

// A card that Slack stores late, when its request is closed and no longer looked for,
// shows how the request ended, and so does its thread.
func TestACardThatTurnsUpAfterTheEnd(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.breaks("post_card", 1, false, errCut)
		w.file("e1")
		w.until("an attempt", func(Request) bool { return w.slack.count("post_card") == 1 })
		w.cancel(w.request)
		time.Sleep(25 * time.Second) // later, a post that is not there is believed to be lost
		w.slack.again(w.request, "ts-late")
		time.Sleep(20 * time.Minute)
		if r := w.read(w.request.ID); r.CardTS != "ts-late" || r.State != Cancelled {
			t.Errorf("the request is %s with card %q", r.State, r.CardTS)
		}
		w.posts(JobPostOutcome, 1)
		if n := w.slack.count("update_card"); n == 0 {
			t.Error("the card was not drawn anew")
		}
	})
}
