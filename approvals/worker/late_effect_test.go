package worker_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	. "licensebot/approvals"
)

// withdrawSoon takes a ✅ back beside a call that waits.
func (w *world) withdrawSoon(r Request, user string) {
	heard := w.slack.put(r, user, false)
	go func() { _ = w.store.RecordReaction(w.Context(), heard) }() // without it, the request is not reopened
}

// What an ended grant once put in does not hide the late effect of another request.
func TestLateEffectBesideAnEndedGrant(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]bool{"never granted before": false, "granted and ended before": true} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				if before {
					old := w.granted(30*time.Minute, "NEW")
					w.over(old)
					w.codes("OLD")
					time.Sleep(3 * time.Hour)
				}
				r := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
				w.uipath.setLag(50 * time.Second)
				cut := false
				w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
					if !cut {
						cut = true
						w.withdrawSoon(r, anna)
						return nil, true, errCut
					}
					return &asked, true, nil
				})
				w.react(r, anna, true)
				w.until("reopened", func(r Request) bool { return r.WriteAttempted && r.State == Pending })
				w.vote(r, ben, "x", true)
				w.untilState(Denied)
				time.Sleep(5 * time.Minute)
				r = w.read(r.ID)
				if r.Grant == nil {
					t.Errorf("%s, effect found %v, no grant; the group has %v", r.State, r.EffectFound, w.uipath.rule().Codes)
				}
				time.Sleep(3 * time.Hour)
				w.codes("OLD")
			})
		})
	}
}

// A read that may be late does not confirm a write whose answer lacks the code.
func TestLateReadDoesNotConfirmAnotherAnswer(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.done(Ask{Codes: []string{"NEW"}})
		r := w.ask(Ask{Action: Remove, Codes: []string{"NEW"}})
		w.react(r, anna, true)
		w.untilState(Done)
		w.codes("OLD")
		removed := time.Now()
		again := w.ask(Ask{Codes: []string{"NEW"}, Reason: "again"})
		wrote := false
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			wrote = true
			left := asked
			left.Codes = []string{"OLD"} // NEW is not owned any more
			return &left, false, nil
		})
		w.uipath.meanwhile(func(int) error {
			w.uipath.lag = 0
			if wrote && time.Since(removed) < 50*time.Second { // one of UiPath's servers lags
				w.uipath.lag, w.uipath.changedAt = time.Minute, removed
				w.uipath.before = Allocation{Codes: []string{"NEW", "OLD"}, UseExternalLicense: true, Quotas: []Quota{{Code: "OLD", Limit: 2}}}
			}
			return nil
		})
		w.react(again, anna, true)
		time.Sleep(10 * time.Minute)
		again = w.read(again.ID)
		if again.State == Done {
			t.Errorf("said to be done: %+v; UiPath answered without NEW and never had it since: %v", again.Outcome, w.uipath.rule().Codes)
		}
	})
}

// A late read does not show that a setting is lost.
func TestLateReadShowsNoLoss(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		first := w.ask(Ask{Action: Add, Codes: []string{"OLD"}, Quotas: []Quota{{Code: "OLD", Limit: 5}}})
		r := w.ask(Ask{Codes: []string{"NEW"}})
		var changed time.Time
		wrote := 0
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			wrote++
			if wrote == 1 {
				changed = time.Now()
			}
			answer := asked
			answer.Quotas = nil
			return &answer, true, nil
		})
		w.request = first
		w.react(first, anna, true)
		w.untilState(Done)
		w.uipath.meanwhile(func(int) error {
			w.uipath.lag = 0
			if wrote == 2 && time.Since(changed) < 50*time.Second {
				w.uipath.lag, w.uipath.changedAt = time.Minute, changed
				w.uipath.before = Allocation{Codes: []string{"OLD"}, UseExternalLicense: true, Quotas: []Quota{{Code: "OLD", Limit: 2}}}
			}
			return nil
		})
		w.request = r
		w.react(r, anna, true)
		r = w.quiet()
		if r.State != Superseded && r.Outcome.Reason == ReasonNotPreserved {
			t.Errorf("the thread says that a setting is lost, and UiPath has %+v", w.uipath.rule())
		}
	})
}

// Nothing is put in after the end that people consented to, also if a write was tried before it.
func TestNoWriteAfterTheEndThatWasAskedFor(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		end := time.Now().Add(20 * time.Minute)
		r := w.ask(Ask{Codes: []string{"NEW"}, Until: end})
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			if time.Now().Before(end.Add(3 * time.Minute)) {
				return nil, false, errCut
			}
			return &asked, true, nil
		})
		time.Sleep(19 * time.Minute)
		w.react(r, anna, true)
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		if r.State == Done {
			t.Errorf("NEW was put in %s after the end that people consented to: %s, %+v, writes %v",
				r.ClosedAt.Sub(end), r.State, r.Grant, w.uipath.log())
		}
	})
}

// What another request put in is its own, though the first one waits elsewhere since.
func TestEffectOfAnotherAfterTheChannelWasReplaced(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.lostAndReopened(Ask{Codes: []string{"NEW"}, For: 5 * time.Hour})
		other := w.granted(time.Hour, "NEW")
		if _, err := w.store.ApplyEvent(w.Context(), r.ID, ChannelReplaced{Channel: "C-OTHER", NewID: NewID()}, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if r = w.read(r.ID); r.EffectFound {
			t.Errorf("%s, effect found: it is the other's", r.State)
		}
		w.request = other
		w.skipTo(w.read(other.ID).Grant.Until)
		w.codes("OLD")
	})
}

// A code of which it is not known yet for how long it is there is no reason to refuse a request.
func TestNothingToDoWaitsForALateEffect(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
		w.uipath.setLag(4 * time.Second)
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				return nil, true, &RefusedError{Answer: "409: conflict"}
			}
			return &asked, true, nil
		})
		w.react(r, anna, true)
		w.untilState(Failed)
		time.Sleep(10 * time.Second)
		w.fileAsk(Ask{Codes: []string{"NEW"}})
		second := w.until("judged", func(r Request) bool { return r.State != Filed })
		w.request = r
		time.Sleep(2 * time.Minute)
		w.skipTo(w.read(r.ID).Grant.Until)
		if second = w.read(second.ID); second.State == Refused && second.Outcome.Reason == ReasonNothingToDo {
			t.Errorf("asked for NEW for good, and told that the group has it: %+v; now it has %v", second.Outcome, w.uipath.rule().Codes)
		}
	})
}

// A write waits until it is known whether the end of a grant, refused a moment ago, was made.
func TestWriteWaitsForARefusedEnd(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		next := w.ask(Ask{Codes: []string{"NEWER"}})
		w.uipath.setLag(20 * time.Second)
		writes := 0
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			if writes++; writes == 1 {
				return nil, true, &RefusedError{Answer: "409: conflict"}
			}
			return &asked, true, nil
		})
		w.endEarly(r, requester)
		w.request = r
		w.until("given up", func(r Request) bool { return r.Grant.Revocation != nil })
		w.codes("OLD")
		w.request = next
		w.react(next, anna, true)
		w.untilState(Done)
		time.Sleep(10 * time.Minute)
		w.codes("OLD", "NEWER")
	})
}

// A late look waits for another write of the same code.
func TestLateLookWaitsForAWriteUnderWay(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		first := w.ask(Ask{Codes: []string{"NEW"}, For: 5 * time.Hour})
		second := w.ask(Ask{Codes: []string{"NEW"}, For: time.Hour})
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			switch n {
			case 1:
				return nil, false, &RefusedError{Answer: "409: conflict"}
			case 2: // takes effect at once, and the answer is lost after nine seconds
				w.uipath.rules["group-01"] = asked
				w.uipath.mu.Unlock()
				time.Sleep(9 * time.Second)
				w.uipath.mu.Lock()
				return nil, false, errCut
			}
			return &asked, true, nil
		})
		w.request = first
		w.react(first, anna, true)
		closed := w.untilState(Failed).ClosedAt
		w.uipath.meanwhile(func(int) error {
			if age := time.Since(closed); age > 59*time.Second && age < 60*time.Second+100*time.Millisecond {
				return errors.New("down for a moment") // the look is a second late
			}
			return nil
		})
		time.Sleep(time.Until(closed.Add(60*time.Second + 200*time.Millisecond)))
		w.react(second, anna, true)
		w.request = second
		w.untilState(Done)
		time.Sleep(3 * time.Minute)
		if first = w.read(first.ID); first.EffectFound {
			t.Errorf("UiPath never made the first one's change")
		}
		w.skipTo(w.read(second.ID).Grant.Until)
		w.codes("OLD")
	})
}

// The watch takes no write of the bot for one outside of it, though its request waits again.
func TestWatchKnowsAWriteOfAReopenedRequest(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.stop()
		w.channel, w.uipath.listed = "C-APPROVALS", true
		w.work()
		time.Sleep(20 * time.Minute) // the first look
		r := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
		w.uipath.setLag(50 * time.Second)
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				w.withdrawSoon(r, anna)
				return nil, true, errCut
			}
			return &asked, true, nil
		})
		w.react(r, anna, true)
		w.until("reopened", func(r Request) bool { return r.WriteAttempted && r.State == Pending })
		time.Sleep(40 * time.Minute)
		w.slack.mu.Lock()
		defer w.slack.mu.Unlock()
		if len(w.slack.outside) > 0 {
			t.Errorf("nobody but the bot changed the group, and the channel is told: %+v", w.slack.outside)
		}
	})
}

// The next request does not wait for the slow late look at an earlier one.
func TestNextRequestAfterAnOutage(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		var down atomic.Bool
		var lastLook atomic.Int64
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				down.Store(true)
				return nil, true, errCut
			}
			return &asked, true, nil
		})
		w.uipath.meanwhile(func(int) error {
			if down.Load() {
				lastLook.Store(time.Now().UnixNano())
				return later(0)
			}
			return nil
		})
		r := w.carded()
		w.react(r, anna, true)
		time.Sleep(4 * time.Hour)
		if r = w.read(r.ID); r.State != Failed {
			t.Fatalf("%s %+v", r.State, r.Outcome)
		}
		for time.Since(time.Unix(0, lastLook.Load())) > 2*time.Second {
			time.Sleep(time.Second)
		}
		down.Store(false)
		asked := time.Now()
		w.file("e-next", "NEW")
		next := w.until("answered", func(r Request) bool { return r.State != Filed })
		if took := time.Since(asked); took > 2*time.Minute {
			t.Errorf("the next request was %s only %v after UiPath was back", next.State, took)
		}
	})
}
