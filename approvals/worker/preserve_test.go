package worker_test

import (
	"slices"
	"testing"
	"time"

	. "licensebot/approvals"
)

// forgets has UiPath keep nothing but the codes of a write, and say so.
func (u *uipath) forgets(asked Allocation) (*Allocation, bool, error) {
	asked.UseExternalLicense, asked.Quotas = false, []Quota{}
	u.rules["group-01"] = asked
	return &asked, false, nil
}

// What a change, or the end of a grant, was to leave as it was and UiPath did
// not keep is told; an answer that does not tell limits has not lost any.
func TestWhatUiPathDoesNotKeepIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		forgotten    int // the write at which UiPath forgets
		reason       Reason
		unkeptAtEnds bool
	}{
		"nothing is lost": {0, ReasonConfirmed, false},
		"by the change":   {1, ReasonNotPreserved, false},
		"by the end":      {2, ReasonConfirmed, true},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
					if n == c.forgotten {
						return w.uipath.forgets(asked)
					}
					answer := asked
					answer.Quotas = nil
					return &answer, true, nil
				})
				r := w.granted(2*time.Hour, "NEW")
				w.ended(r, Done, c.reason)
				if e := w.over(r); e.NotPreserved != c.unkeptAtEnds {
					t.Errorf("the end did %+v", e)
				}
				w.puts(2)
			})
		})
	}
}

// A change, and the end of a grant, wait while UiPath does not tell the limits
// that are to stay: a write would lift them.
func TestLimitsThatAreNotToldAreWaitedFor(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		kept := w.uipath.rule().Quotas
		untold := func(reads ...int) {
			w.uipath.meanwhile(func(n int) error {
				rule := w.uipath.rules["group-01"]
				if rule.Quotas = kept; slices.Contains(reads, n) {
					rule.Quotas = nil
				}
				w.uipath.rules["group-01"] = rule
				return nil
			})
		}
		untold(2, 3, 5, 6) // the first is for the card
		r := w.granted(2*time.Hour, "NEW")
		w.puts(1)
		w.over(r)
		w.puts(2)
		if got := w.uipath.rule(); !slices.Equal(got.Quotas, kept) {
			t.Errorf("the rule is %+v", got)
		}
	})
}

// Limits that an earlier request of the group was shown are waited for by the next one, too.
func TestLimitsThatAnEarlierRequestWasShownAreWaitedFor(t *testing.T) {
	t.Parallel()
	for name, isDone := range map[string]bool{"which is open": false, "which is done": true} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				if first := w.carded(); isDone {
					w.react(first, anna, true)
					w.untilState(Done)
				}
				kept := w.uipath.rule().Quotas
				show := func(limits []Quota) {
					w.uipath.meanwhile(func(int) error {
						rule := w.uipath.rules["group-01"]
						rule.Quotas = limits
						w.uipath.rules["group-01"] = rule
						return nil
					})
				}
				show(nil)
				r := w.file("e2", "NEWER")
				time.Sleep(10 * time.Minute)
				if r = w.read(r.ID); r.Proposal != nil {
					t.Errorf("prepared without the limits: %+v", r.Proposal)
				}
				show(kept)
				time.Sleep(10 * time.Minute)
				if r = w.read(r.ID); r.State != Pending || !r.Proposal.QuotasKnown {
					t.Errorf("the request is %s with %+v", r.State, r.Proposal)
				}
			})
		})
	}
}

// Nor do limits that are not told hold up the end of a grant for ever.
func TestLimitsThatAreNeverToldAgain(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.uipath.meanwhile(func(int) error {
			rule := w.uipath.rules["group-01"]
			rule.Quotas = nil
			w.uipath.rules["group-01"] = rule
			return nil
		})
		w.skipTo(r.Grant.Until.Add(23 * time.Hour))
		if e := w.read(r.ID).Grant.Revocation; e != nil {
			t.Fatalf("given up: %+v", e)
		}
		w.skipTo(r.Grant.Until.Add(25 * time.Hour))
		r = w.until("an end", func(r Request) bool { return r.Grant.Revocation != nil })
		if e := r.Grant.Revocation; !e.QuotasUnknown || !slices.Equal(e.Remaining, []string{"NEW"}) {
			t.Errorf("the end did %+v", e)
		}
		w.puts(1)
	})
}

// What an answer has lost and the rule has kept is not said to be lost.
func TestAnAnswerThatLeavesLimitsOut(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			answer := asked
			answer.UseExternalLicense, answer.Quotas = false, []Quota{}
			return &answer, true, nil
		})
		r := w.granted(2*time.Hour, "NEW")
		w.ended(r, Done, ReasonConfirmed)
		if e := w.over(r); e.NotPreserved {
			t.Errorf("the end did %+v", e)
		}
	})
}

// A limit that the bot set a moment ago outlives a late read, although later changes put the
// codes back to those of that read.
func TestALimitSetAMomentAgoOutlivesALateRead(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		limit := w.ask(Ask{Action: Add, Codes: []string{"OLD"}, Quotas: []Quota{{Code: "OLD", Limit: 5}}})
		add := w.ask(Ask{Codes: []string{"NEW"}, For: 3 * time.Hour})
		last := w.ask(Ask{Codes: []string{"NEWER"}})
		first := w.uipath.rule()
		w.approved(limit)
		changed := time.Now()
		w.approved(add)
		w.endEarly(add, requester)
		w.until("an end", func(r Request) bool { return r.Grant.IsOver() })
		w.uipath.meanwhile(func(int) error {
			w.uipath.lag = 0
			if time.Since(changed) < ReadLag-10*time.Second {
				w.uipath.lag, w.uipath.changedAt, w.uipath.before = ReadLag, changed, first
			}
			return nil
		})
		w.approved(last)
		w.uipath.meanwhile(nil)
		if rule := w.uipath.rule(); !slices.Contains(AllocationItems(rule), "OLD=5") {
			t.Errorf("the rule is %+v", rule)
		}
	})
}

// drops has UiPath drop the limits once it has made the first write, and leave limits out of
// its answers.
func (u *uipath) drops() {
	u.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
		answer := asked
		answer.Quotas = nil
		if asked.Quotas = slices.Clone(asked.Quotas); n > 1 {
			return &answer, true, nil
		}
		u.before, u.changedAt = u.rules["group-01"], time.Now()
		asked.Quotas = []Quota{}
		u.rules["group-01"] = asked
		return &answer, false, nil
	})
}

// A limit that UiPath dropped without a word is told, although the first read after the write
// is late or cut off, or the answer is lost.
func TestALossIsNotForgotten(t *testing.T) {
	t.Parallel()
	for name, hinder := range map[string]func(w *world){
		"nothing in the way": func(*world) {},
		"reads lag":          func(w *world) { w.uipath.setLag(15 * time.Second) },
		"a read is cut off": func(w *world) {
			w.uipath.meanwhile(func(int) error {
				if w.uipath.writes == 1 {
					w.uipath.onRead = nil
					return errCut
				}
				return nil
			})
		},
		"the answer is lost": func(w *world) {
			drop := w.uipath.onWrite
			w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
				_, effect, _ := drop(n, asked)
				return nil, effect, errCut
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.ask(Ask{Codes: []string{"NEW"}})
				w.uipath.drops()
				hinder(w)
				w.approved(r)
				w.ended(w.read(r.ID), Done, ReasonNotPreserved)
				w.puts(1)
			})
		})
	}
}

// A yes of UiPath is a confirmation, also if the read for the other settings is cut off.
func TestAYesBeforeAReadThatIsCutOff(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.ask(Ask{Codes: []string{"NEW"}})
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			answer := asked
			answer.Quotas = nil
			return &answer, true, nil
		})
		w.uipath.meanwhile(func(int) error {
			if w.uipath.writes == 1 {
				w.uipath.onRead = nil
				return errCut
			}
			return nil
		})
		w.approved(r)
		w.ended(w.read(r.ID), Done, ReasonConfirmed)
		w.puts(1)
	})
}

// The end of a grant tells a loss, too, where the read after it is cut off.
func TestALossByAnEndIsNotForgotten(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			answer := asked
			answer.Quotas = nil
			asked.Quotas = []Quota{}
			w.uipath.rules["group-01"] = asked
			return &answer, false, nil
		})
		w.uipath.meanwhile(func(int) error {
			if w.uipath.writes == 2 {
				w.uipath.onRead = nil
				return errCut
			}
			return nil
		})
		if e := w.over(r); !e.NotPreserved {
			t.Errorf("the end did %+v", e)
		}
		w.puts(2)
	})
}

// approved has a request be approved and carried out.
func (w *world) approved(r Request) {
	w.Helper()
	w.request = r
	w.react(r, anna, true)
	w.untilState(Done)
}

// What an admin changed minutes after a write is not told as UiPath's loss.
func TestAnAdminsChangeIsNoLoss(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		wrote := false
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			wrote = true
			return nil, true, errCut
		})
		silent := time.Time{}
		w.uipath.meanwhile(func(int) error {
			if !wrote {
				return nil
			}
			if silent.IsZero() {
				silent = time.Now()
			}
			if time.Since(silent) < 5*time.Minute {
				return later(0)
			}
			rule := w.uipath.rules["group-01"]
			rule.Quotas = []Quota{{Code: "OLD", Limit: 7}} // by an admin, in the portal
			w.uipath.rules["group-01"] = rule
			return nil
		})
		r := w.carded()
		w.react(r, anna, true)
		r = w.untilState(Done)
		if r.Outcome.Reason == ReasonNotPreserved {
			t.Errorf("UiPath kept everything; an admin changed a limit later: %+v", r.Outcome)
		}
	})
}
