package worker_test

import (
	"slices"
	"testing"
	"time"

	. "licensebot/approvals"
)

// A limit is read back after it was written. That this read is put off says
// nothing of the write.
func TestReadAfterALimitWasWritten(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		put := false
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) { put = true; return &asked, true, nil })
		w.uipath.meanwhile(func(int) error {
			if put {
				put = false
				return later(time.Minute)
			}
			return nil
		})
		r := w.done(Ask{Codes: []string{"NEW"}, Quotas: []Quota{{Code: "NEW", Limit: 5}}, For: 2 * time.Hour})
		w.ended(r, Done, ReasonConfirmed)
		if r.Grant == nil {
			t.Error("what was put in is granted for good")
		}
		w.puts(1)
	})
}

// A part of what a lost write would have put in was put in by another request,
// and the rest is written: the part is held by both.
func TestAnotherPutInAPartOfIt(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.lostAndReopened(Ask{Codes: []string{"NEW", "NEWER"}, For: 2 * time.Hour})
		other := w.done(Ask{Codes: []string{"NEW"}})
		w.react(r, anna, true)
		w.request = r
		w.ended(w.untilState(Done), Done, ReasonConfirmed)
		e := w.over(r)
		same(t, "taken out", e.Removed, []string{"NEWER"})
		if len(e.Kept) != 1 || e.Kept[0].Request != other.ID {
			t.Errorf("ended as %+v, want NEW kept by %s", e, other.ID)
		}
		w.codes("OLD", "NEW")
	})
}

// A vote that is given while the look before a write finds too few is weighed
// all the same.
func TestVoteWhileConsentIsFoundGone(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.put(r, bystander, true)
		w.slack.answer(func(call string, n int) (bool, error) {
			if call == "look" && n == 1 {
				w.slack.mu.Unlock()
				w.react(r, anna, false)
				w.slack.mu.Lock()
				go func() {
					time.Sleep(500 * time.Microsecond) // while the others are looked up
					w.react(r, anna, true)
				}()
			}
			return true, nil
		})
		w.react(r, anna, true)
		w.until("a second thought", func(r Request) bool { return r.ConsentLosses == 1 })
		if r := w.untilState(Done); r.ClosedAt.Sub(r.FiledAt) > time.Minute {
			t.Errorf("done after %v", r.ClosedAt.Sub(r.FiledAt))
		}
	})
}

// What a thread would be told of a hold-up is not told once it is over.
func TestHoldUpThatIsOverIsNotTold(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.breaks("post_delay", 1000, false, errCut)
		w.uipath.meanwhile(func(n int) error {
			if n > 1 && n < 5 {
				return errCut
			}
			return nil
		})
		r := w.carded()
		w.react(r, anna, true)
		w.untilState(Done)
		w.slack.mends()
		w.quiet()
		w.posts(JobPostDelay, 0)
		w.posts(JobPostOutcome, 1)
	})
}

// What the thread was told of a hold-up stands above the outcome, though Slack stored it
// late, and after the write was done.
func TestHoldUpThatIsStoredLateStandsAboveTheOutcome(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		stored := saidName(r, Job{Kind: JobPostDelay, Number: 1})
		w.slack.answer(func(call string, n int) (bool, error) {
			if call != string(JobPostDelay) || n > 1 {
				return true, nil
			}
			time.AfterFunc(15*time.Second, func() { w.slack.store(stored) })
			w.slack.mu.Unlock()
			time.Sleep(10 * time.Second) // until the client gives up
			w.slack.mu.Lock()
			return false, errCut
		})
		w.uipath.meanwhile(func(n int) error {
			if n == 2 || n == 3 {
				return errCut
			}
			return nil
		})
		w.react(r, anna, true)
		w.untilState(Done)
		w.posts(JobPostDelay, 0)
		w.until("the outcome", func(Request) bool { return w.slack.shown(JobPostOutcome) == 1 })
		w.posts(JobPostDelay, 1)
	})
}

// Approvals that were given are told at the deadline, seen or not.
func TestExpiredWithSomeApprovals(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.adopt(SimplePolicy([]string{anna, ben}, 2, time.Hour))
		r := w.carded()
		w.react(r, anna, true)
		w.until("a first vote", func(r Request) bool { return len(r.Votes) == 1 })
		w.slack.breaks("look", 1000, false, errCut)
		r = w.untilState(Expired)
		if !slices.Equal(Voters(r.Votes), []string{anna}) {
			t.Errorf("expired with %v", Voters(r.Votes))
		}
	})
}

// While an answer is lost, an admin changes a limit. The approvers did not agree
// to change that.
func TestLimitMovedAfterALostWrite(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				rule := w.uipath.rules["group-01"]
				rule.Quotas = []Quota{{Code: "OLD", Limit: 20}}
				w.uipath.rules["group-01"] = rule
				return nil, false, errCut
			}
			return &asked, true, nil
		})
		r := w.ask(Ask{Codes: []string{"OLD"}, Quotas: []Quota{{Code: "OLD", Limit: 5}}})
		w.react(r, anna, true)
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		w.ended(r, Superseded, ReasonAllocationChanged)
		if !r.Outcome.Uncertain {
			t.Error("nothing is said of the write that was tried")
		}
		w.puts(1)
	})
}

// UiPath refuses to show the rule at the end of a grant whose codes all stay.
func TestEndOfWhatStaysRefused(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		other := w.done(Ask{Codes: []string{"NEW"}})
		w.uipath.meanwhile(func(int) error { return &RefusedError{Answer: "403"} })
		e := w.over(r)
		if len(e.Kept) != 1 || e.Kept[0].Request != other.ID || e.Answer != "403" || len(e.Allocation) > 0 {
			t.Errorf("ended as %+v, want NEW kept by %s", e, other.ID)
		}
	})
}

// A write that waits for Slack to say who consents holds up no end of a grant.
func TestAnEndWaitsForNoConsent(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		held := w.granted(30*time.Minute, "NEW")
		waiting := w.ask(Ask{Codes: []string{"NEWER"}})
		w.slack.breaks("look", 1000, false, errCut)
		w.react(waiting, anna, true)
		w.untilState(Approved)
		e := w.over(held)
		same(t, "taken out", e.Removed, []string{"NEW"})
		if r := w.read(waiting.ID); r.State != Approved {
			t.Errorf("the other is %s", r.State)
		}
		w.codes("OLD")
	})
}

// ofGroup asks under a policy of one stage, a user group that Slack refuses to
// tell the members of from the first look at a card on.
func (w *world) ofGroup(codes ...string) Request {
	w.Helper()
	before := *w.policy.Load()
	w.slack.groups = map[string][]string{"S-ONE": {anna}}
	w.adopt(SimplePolicy([]string{"S-ONE"}, 1, time.Hour))
	w.slack.afterLook(func() {
		w.slack.mu.Lock()
		defer w.slack.mu.Unlock()
		w.slack.untold["S-ONE"] = &RefusedError{Answer: "no_such_subteam"}
	})
	r := w.ask(Ask{Codes: codes})
	w.adopt(before)
	return r
}

// Slack no longer identifies the approvers of an approved request. Other requests
// about the group are carried out all the same.
func TestAWriteWaitsForNoConsentOfAnother(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		held := w.ofGroup("NEW")
		other := w.ask(Ask{Codes: []string{"NEWER"}})
		w.react(held, anna, true)
		w.request = held
		w.until("held up", func(r Request) bool { return r.DelayReason != "" })
		w.react(other, ben, true)
		w.request = other
		if r := w.untilState(Done); r.ClosedAt.Sub(r.DecidedAt) > time.Minute {
			t.Errorf("written %v after it was approved", r.ClosedAt.Sub(r.DecidedAt))
		}
		if r := w.read(held.ID); r.State != Approved {
			t.Errorf("the first is %s", r.State)
		}
		w.codes("OLD", "NEWER")
	})
}

// UiPath alone settles a write without an answer, even if Slack does not tell
// who consents. The requests behind it go on.
func TestReadBackWithoutSlack(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]bool{"it took effect": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				held := w.granted(30*time.Minute, "NEW")
				lost := w.ask(Ask{Codes: []string{"NEWER"}})
				w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
					if n == 2 {
						w.slack.breaks("look", 1000, false, errCut)
						return nil, effect, errCut
					}
					return &asked, true, nil
				})
				w.react(lost, anna, true)
				w.until("a write without an answer", func(Request) bool { return w.uipath.count("put") == 2 })
				if !effect {
					time.Sleep(20 * time.Minute)
					if r := w.read(lost.ID); r.State != Approved {
						t.Errorf("the write that had no effect is %s", r.State)
					}
					w.puts(2)
					return
				}
				r := w.untilState(Done)
				w.ended(r, Done, ReasonReadBack)
				w.puts(2)
				e := w.over(held)
				same(t, "taken out", e.Removed, []string{"NEW"})
				w.codes("OLD", "NEWER")
			})
		})
	}
}

// Who is named as having approved is who consented at the look before the
// write, not who did when the quorum was met and took it back since.
func TestWhoseConsentCarriedTheWrite(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"confirmed": false, "the answer was lost": true} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.adopt(SimplePolicy([]string{anna, ben, cleo}, 1, time.Hour))
				r := w.carded()
				down := false
				w.uipath.meanwhile(func(int) error {
					if down {
						return later(0)
					}
					return nil
				})
				w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
					if !lost {
						return &asked, true, nil
					}
					w.slack.put(r, ben, false) // by then it was made
					w.slack.put(r, cleo, true)
					return nil, true, errCut
				})
				down = true
				w.react(r, anna, true)
				w.untilState(Approved)
				w.slack.put(r, anna, false)
				w.slack.put(r, ben, true)
				w.until("held up, approved by another", func(r Request) bool {
					return r.State == Approved && slices.Equal(Voters(r.Votes), []string{ben})
				})
				down = false
				w.untilState(Done)
				if r = w.quiet(); !slices.Equal(Voters(r.Votes), []string{ben}) {
					t.Errorf("done, approved by %v", Voters(r.Votes))
				}
				w.puts(1)
			})
		})
	}
}

// The same where one write got no answer and had no effect, and others agreed
// to the next.
func TestWhoseConsentCarriedTheSecondWrite(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				w.slack.put(r, anna, false)
				w.slack.put(r, ben, true)
				return nil, false, errCut
			}
			return &asked, true, nil
		})
		w.react(r, anna, true)
		if r = w.untilState(Done); !slices.Equal(Voters(r.Votes), []string{ben}) {
			t.Errorf("done, approved by %v", Voters(r.Votes))
		}
	})
}

// An approval holds as long as people were told that it does. What comes to
// its write later is not written, whatever kept it.
func TestNoWriteOnALapsedApproval(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lose  bool // the answer to a write in time, which had no effect
		keep  func(w *world, r Request)
		wants int
	}{
		"UiPath was away": {keep: func(w *world, r Request) {
			w.uipath.meanwhile(func(int) error {
				if time.Now().Before(r.ApprovalExpires()) {
					return later(0)
				}
				return nil
			})
		}},
		"the bot was down": {keep: func(w *world, r Request) {
			w.restart(func() { time.Sleep(72 * time.Hour) })
		}},
		"a write was tried": {lose: true, wants: 1, keep: func(w *world, r Request) {
			w.until("a write without an answer", func(Request) bool { return w.uipath.count("put") == 1 })
			w.restart(func() { time.Sleep(72 * time.Hour) })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				w.uipath.meanwhile(func(int) error { return later(0) })
				w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
					if c.lose {
						return nil, false, errCut
					}
					return &asked, true, nil
				})
				w.react(r, anna, true)
				r = w.untilState(Approved)
				w.uipath.meanwhile(nil)
				c.keep(w, r)
				r = w.until("an end", func(r Request) bool { return !r.State.Open() })
				w.ended(r, Failed, ReasonUnconfirmed)
				if r.Outcome.Uncertain != c.lose {
					t.Errorf("outcome %+v", *r.Outcome)
				}
				w.puts(c.wants)
			})
		})
	}
}
