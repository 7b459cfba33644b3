package worker_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "licensebot/approvals"
)

// ask files a request as asked, by whatever policy the world has.
func (w *world) ask(ask Ask) Request {
	w.Helper()
	ask.Group = "group-01"
	r, _, err := w.store.FileRequest(w.Context(), Request{
		ID: NewID(), EnvelopeID: NewID(), Requester: requester, Channel: "C-APPROVALS",
		Ask: ask, Terms: Terms{TTL: time.Hour},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.request = r
	return w.until("a card", func(r Request) bool { return r.CardTS != "" })
}

// done asks for codes, and has an approver agree.
func (w *world) done(ask Ask) Request {
	w.Helper()
	r := w.ask(ask)
	w.react(r, anna, true)
	return w.untilState(Done)
}

// granted asks for codes for a time, and has an approver agree.
func (w *world) granted(length time.Duration, codes ...string) Request {
	w.Helper()
	return w.done(Ask{Codes: codes, For: length})
}

// over waits for the end of a grant to have been carried out or given up.
func (w *world) over(r Request) Revocation {
	w.Helper()
	w.request = r
	w.skipTo(w.read(r.ID).Grant.Until)
	r = w.until("an end of the grant", func(r Request) bool { return r.Grant.Revocation != nil })
	return *r.Grant.Revocation
}

// skipTo has the workers rest until a minute before a moment, which is quicker,
// and lets it pass by two minutes.
func (w *world) skipTo(moment time.Time) {
	w.stop()
	time.Sleep(max(0, time.Until(moment)-time.Minute))
	w.work()
	time.Sleep(2 * time.Minute)
}

func (w *world) codes(want ...string) {
	w.Helper()
	if got := w.uipath.rule().Codes; !SameSet(got, want) {
		w.Errorf("the rule is %v, want %v", got, want)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !SameSet(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// A write that UiPath does not make holds up the others of its group for a minute or two,
// and not for as long as it fails.
func TestAWriteThatFailsForEverLetsOthersGo(t *testing.T) {
	t.Parallel()
	for name, ofGrant := range map[string]bool{"the end of a grant": true, "a change": false} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				stuck := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
				broken := !ofGrant
				w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
					if broken && slices.Contains(asked.Codes, "NEW") != ofGrant {
						return nil, false, errors.New("UiPath is not working properly")
					}
					return &asked, true, nil
				})
				w.react(stuck, anna, true)
				if ofGrant {
					w.until("done", func(Request) bool { return w.read(stuck.ID).State == Done })
					broken = true
					w.skipTo(w.read(stuck.ID).Grant.Until)
				}
				time.Sleep(5 * time.Minute)
				other := w.ask(Ask{Codes: []string{"NEWER"}})
				w.react(other, anna, true)
				time.Sleep(3 * time.Minute)
				if r := w.read(other.ID); r.State != Done {
					t.Errorf("the other request is %s, %s; UiPath: %v", r.State, r.DelayReason, w.uipath.log())
				}
				broken = false
				w.quiet()
				w.codes("OLD", "NEWER")
			})
		})
	}
}

// An extension that was approved in time is carried out, even if UiPath fails, or an operator has
// to act, beyond the end of the grant. The end waits for it. An end asked for by a person waits
// for nothing.
func TestTheEndOfAGrantWaitsForAnApprovedExtension(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{
		"UiPath is down": errors.New("down"), "an operator has to act": &OperatorError{Cause: "the secret has expired"},
	} {
		for _, mended := range []time.Duration{-10 * time.Second, -time.Second, 5 * time.Second, 40 * time.Second} {
			t.Run(fmt.Sprint(name, " until ", mended), func(t *testing.T) {
				live(t, func(w *world) {
					grant := w.granted(30*time.Minute, "NEW")
					r := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
					w.uipath.meanwhile(func(int) error { return fault })
					w.react(r, anna, true)
					w.untilState(Approved)
					time.Sleep(time.Until(grant.Grant.Until) + mended)
					w.uipath.meanwhile(nil)
					w.untilState(Done)
					same(t, "kept", []string{w.over(grant).Kept[0].Code}, []string{"NEW"})
					w.codes("OLD", "NEW")
					same(t, "taken out at the later end", w.over(r).Removed, []string{"NEW"})
				})
			})
		}
	}
	live(t, func(w *world) {
		grant := w.granted(30*time.Minute, "NEW")
		r := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
		w.slack.breaks("look", 20, false, errCut)
		w.react(r, anna, true)
		w.untilState(Approved)
		if _, err := w.store.ApplyEvent(w.Context(), grant.ID, RevokeEarly{By: requester}, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		w.codes("OLD")
	})
}

func TestAGrantEnds(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(26*time.Hour, "NEW")
		if g := r.Grant; g == nil || !g.Until.Equal(r.ClosedAt.Add(26*time.Hour)) || !slices.Equal(g.Codes, []string{"NEW"}) {
			t.Fatalf("granted as %+v", g)
		}
		w.uipath.edit("OLD", "NEW", "BY-HAND")
		for _, before := range []time.Duration{24 * time.Hour, time.Hour} {
			w.skipTo(r.Grant.Until.Add(-before))
		}
		w.skipTo(r.Grant.Until.Add(-3 * time.Minute))
		w.codes("OLD", "NEW", "BY-HAND")
		e := w.over(r)
		w.codes("OLD", "BY-HAND")
		if rule := w.uipath.rule(); !rule.UseExternalLicense || !slices.Equal(rule.Quotas, []Quota{{Code: "OLD", Limit: 2}}) {
			t.Errorf("more than the code went: %+v", rule)
		}
		same(t, "taken out", e.Removed, []string{"NEW"})
		same(t, "the rule as told", e.Allocation, []string{"OLD", "BY-HAND"})
		if e.At.Before(r.Grant.Until) || e.At.After(r.Grant.Until.Add(time.Minute)) {
			t.Errorf("ended at %v, was to end at %v", e.At, r.Grant.Until)
		}
		w.quiet()
		w.puts(2)
		w.posts(JobPostRevocation, 1)
		w.posts(JobPostRevocationDelay, 0)
		w.ended(w.read(r.ID), Done, ReasonConfirmed)
		warned := w.slack.heard(JobWarnExpiry)
		if len(warned) != 2 || warned[0].Number != 24 || warned[1].Number != 1 {
			t.Fatalf("warned %+v", warned)
		}
		for i, before := range []time.Duration{24 * time.Hour, time.Hour} {
			if late := warned[i].at.Sub(r.Grant.Until.Add(-before)); late < 0 || late > time.Minute {
				t.Errorf("the warning for %v before came %v late", before, late)
			}
			if !slices.Equal(warned[i].Payload.Codes, []string{"NEW"}) {
				t.Errorf("warned of %q", warned[i].Payload.Codes)
			}
		}
	})
}

// A grant that is too short for a warning gets none; where both came due while
// the bot was down, the last one is enough. A grant until a moment ends at that
// moment, however late it began.
func TestWarningsAheadOnly(t *testing.T) {
	t.Parallel()
	for length, want := range map[time.Duration]int{time.Hour: 0, 61 * time.Minute: 1, 24 * time.Hour: 1, 30 * time.Hour: 1} {
		live(t, func(w *world) {
			until := time.Now().Add(length)
			r := w.done(Ask{Codes: []string{"NEW"}, Until: until})
			if !r.Grant.Until.Equal(until) {
				t.Errorf("granted until %v, want %v", r.Grant.Until, until)
			}
			w.stop()
			time.Sleep(time.Until(until.Add(-30 * time.Minute)))
			w.work()
			w.over(r)
			w.quiet()
			w.posts(JobWarnExpiry, want)
		})
	}
}

// The warning of the end comes after the word that the change is done.
func TestNoWarningBeforeTheWordThatItIsDone(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.breaks("post_outcome", 1000, false, errCut)
		r := w.granted(2*time.Hour, "NEW")
		w.skipTo(r.Grant.Until.Add(-40 * time.Minute))
		w.posts(JobWarnExpiry, 0)
		w.slack.mends()
		w.over(r)
		w.quiet()
		w.posts(JobPostOutcome, 1)
		w.posts(JobWarnExpiry, 1)
		w.posts(JobPostRevocation, 1)
	})
}

// A warning is posted once, whether its answer was lost before or after.
func TestWarningAnswerLost(t *testing.T) {
	t.Parallel()
	for _, effect := range []bool{true, false} {
		live(t, func(w *world) {
			w.slack.breaks("warn_expiry", 2, effect, errCut)
			w.over(w.granted(2*time.Hour, "NEW"))
			w.quiet()
			w.posts(JobWarnExpiry, 1)
		})
	}
}

// The bot is down over both warnings and the end: the end is carried out when
// it starts, and the warnings are left out because their time is past.
func TestEndAfterDowntime(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(48*time.Hour, "NEW")
		w.quietNow()
		w.restart(func() { time.Sleep(72 * time.Hour) })
		back := time.Now()
		w.over(r)
		w.quiet()
		w.codes("OLD")
		if took := w.read(r.ID).Grant.Revocation.At.Sub(back); took > time.Minute {
			t.Errorf("ended %v after the start", took)
		}
		w.posts(JobPostRevocation, 1)
		w.posts(JobWarnExpiry, 0)
	})
}

// quietNow waits until nothing is owed that is due.
func (w *world) quietNow() {
	w.Helper()
	w.until("quiet", func(Request) bool {
		wait, owed, err := w.store.NextDue(w.Context(), JobPostOutcome, JobUpdateCard, JobApply, JobAddReactions)
		return err == nil && (!owed || wait > time.Minute)
	})
}

// Codes that the group had before do not belong to the grant. Codes that an
// admin removed are reported as gone.
func TestEndTakesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "OLD", "NEW", "NEWER")
		same(t, "granted", r.Grant.Codes, []string{"NEW", "NEWER"})
		w.uipath.edit("OLD", "NEW")
		e := w.over(r)
		w.codes("OLD")
		same(t, "taken out", e.Removed, []string{"NEW"})
		same(t, "gone before", e.Absent, []string{"NEWER"})
		if e.ReadBack {
			t.Error("an answer is said to have been lost")
		}
	})
}

func TestNothingLeftToTakeOut(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.uipath.edit("OLD")
		e := w.over(r)
		same(t, "gone", e.Absent, []string{"NEW"})
		w.puts(1)
	})
}

// What became of codes that were granted again before the end.
func TestGrantedAgain(t *testing.T) {
	t.Parallel()
	const length = 2 * time.Hour
	for _, c := range []struct {
		name  string
		again func(w *world) Request
		kept  bool
		good  bool
	}{
		{"extended", func(w *world) Request { return w.granted(9*time.Hour, "NEW", "NEWER") }, true, false},
		{"extended for good", func(w *world) Request { return w.done(Ask{Codes: []string{"NEW"}}) }, true, true},
		{"made the rule, for good", func(w *world) Request { return w.done(Ask{Action: Set, Codes: []string{"OLD", "NEW"}}) }, true, true},
		{"removed by hand and put in for good", func(w *world) Request {
			w.uipath.edit("OLD")
			return w.done(Ask{Codes: []string{"NEW"}})
		}, true, true},
		{"removed by a request, put back by hand", func(w *world) Request {
			r := w.done(Ask{Action: Remove, Codes: []string{"NEW"}})
			w.uipath.edit("OLD", "NEW")
			r.ID = "" // of no request
			return r
		}, true, true},
		{"extended, and the extension ended early", func(w *world) Request {
			r := w.granted(9*time.Hour, "NEW")
			w.endEarly(r, requester)
			w.over(r)
			w.codes("OLD", "NEW") // the first grant still has it
			return r
		}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			live(t, func(w *world) {
				first := w.granted(length, "NEW")
				again := c.again(w)
				e := w.over(first)
				if !c.kept {
					same(t, "taken out", e.Removed, []string{"NEW"})
					w.codes("OLD")
					return
				}
				if len(e.Removed) > 0 || len(e.Kept) != 1 || e.Kept[0].Code != "NEW" || e.Kept[0].Request != again.ID || e.Kept[0].Until.IsZero() != c.good {
					t.Errorf("ended as %+v, want NEW kept by %s", e, again.ID)
				}
				if !slices.Contains(w.uipath.rule().Codes, "NEW") {
					t.Errorf("the rule is %v", w.uipath.rule().Codes)
				}
				w.posts(JobPostRevocation, 1)
				if again.Grant != nil {
					w.over(again)
					w.codes("OLD")
				}
			})
		})
	}
}

// Asking for a code that another grant holds writes nothing: it only stays for
// longer. That needs approval like anything else.
func TestExtending(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		first := w.granted(2*time.Hour, "NEW")
		r := w.ask(Ask{Codes: []string{"NEW"}, For: 5 * time.Hour})
		change := r.Proposal.Change
		if len(change.Add) != 0 || !slices.Equal(change.Extend, []string{"NEW"}) || !r.Proposal.Ends["NEW"].Equal(first.Grant.Until) {
			t.Fatalf("proposed %+v, ends %v", change, r.Proposal.Ends)
		}
		w.react(r, anna, true)
		r = w.untilState(Done)
		w.ended(r, Done, ReasonExtended)
		w.puts(1)
		e := w.over(first)
		if len(e.Kept) != 1 || e.Kept[0].Request != r.ID || !e.Kept[0].Until.Equal(r.Grant.Until) {
			t.Errorf("the first ended as %+v", e)
		}
		w.codes("OLD", "NEW")
		w.over(r)
		w.codes("OLD")
		w.quiet()
		w.posts(JobPostRevocation, 2)
	})
}

// The warning says only what will happen.
func TestNoWarningOfWhatStays(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		first := w.granted(2*time.Hour, "NEW")
		w.done(Ask{Codes: []string{"NEW"}})
		w.over(first)
		w.quiet()
		w.posts(JobWarnExpiry, 0)
	})
}

func TestExtensionRefused(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]Ask{
		"shorter than what is there":    {Codes: []string{"NEW"}, For: time.Hour},
		"a code that is there for good": {Codes: []string{"OLD"}, For: 9 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.granted(4*time.Hour, "NEW")
				w.fileAsk(ask)
				w.ended(w.untilState(Refused), Refused, ReasonNothingToDo)
			})
		})
	}
}

func (w *world) fileAsk(ask Ask) {
	w.Helper()
	ask.Group = "group-01"
	r, _, err := w.store.FileRequest(w.Context(), Request{
		ID: NewID(), EnvelopeID: NewID(), Requester: requester, Channel: "C-APPROVALS", Ask: ask, Terms: Terms{TTL: time.Hour},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.request = r
}

func TestTimesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ask  Ask
		want Reason
	}{
		"a removal for a time":   {Ask{Action: Remove, Codes: []string{"OLD"}, For: time.Hour}, ReasonNothingToTime},
		"a limit for a time":     {Ask{Codes: []string{"OLD"}, Quotas: []Quota{{Code: "OLD", Limit: 5}}, For: time.Hour}, ReasonNothingToTime},
		"an end that has passed": {Ask{Codes: []string{"NEW"}, Until: time.Unix(1, 0)}, ReasonEndPassed},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.fileAsk(c.ask)
				w.ended(w.untilState(Refused), Refused, c.want)
			})
		})
	}
}

// The extension's code, or its time, is gone by the time it is approved.
func TestExtensionTooLate(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		first := w.granted(30*time.Minute, "NEW")
		r := w.ask(Ask{Codes: []string{"NEW"}, For: 5 * time.Hour})
		w.over(first)
		w.request = r
		w.react(r, anna, true)
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		w.ended(r, Superseded, ReasonAllocationChanged)
		if r.Outcome.Uncertain || r.Grant != nil {
			t.Errorf("superseded as %+v, %+v", r.Outcome, r.Grant)
		}
		w.codes("OLD")
	})
	live(t, func(w *world) {
		r := w.ask(Ask{Codes: []string{"NEW"}, Until: time.Now().Add(30 * time.Minute)})
		time.Sleep(40 * time.Minute)
		w.react(r, anna, true)
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		w.ended(r, Failed, ReasonEndPassed)
		w.puts(0)
	})
}

func (w *world) endEarly(r Request, by string) {
	w.Helper()
	if _, err := w.store.ApplyEvent(w.Context(), r.ID, RevokeEarly{By: by, Authorized: by != requester}, nil); err != nil {
		w.Fatal(err)
	}
}

func TestEndEarly(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(26*time.Hour, "NEW")
		if _, err := w.store.ApplyEvent(w.Context(), r.ID, RevokeEarly{By: bystander}, nil); !errors.Is(err, ErrNotPermitted) {
			t.Errorf("a bystander ended it: %v", err)
		}
		w.skipTo(r.ClosedAt.Add(time.Hour))
		w.endEarly(r, anna)
		e := w.over(r)
		same(t, "taken out", e.Removed, []string{"NEW"})
		r = w.quiet()
		if r.Grant.EndedBy != anna || r.Grant.Until.After(e.At) {
			t.Errorf("ended early as %+v", r.Grant)
		}
		w.posts(JobWarnExpiry, 0)
		w.posts(JobPostRevocation, 1)
		if _, err := w.store.ApplyEvent(w.Context(), r.ID, RevokeEarly{By: requester}, nil); !errors.Is(err, ErrNoTransition) {
			t.Errorf("ended twice: %v", err)
		}
	})
}

// The answer to the end's write is lost, after it took effect or before.
func TestEndAnswerLost(t *testing.T) {
	t.Parallel()
	for _, effect := range []bool{true, false} {
		live(t, func(w *world) {
			w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
				if n == 2 {
					return nil, effect, errCut
				}
				return &asked, true, nil
			})
			e := w.over(w.granted(2*time.Hour, "NEW"))
			w.codes("OLD")
			if effect {
				w.puts(2)
				same(t, "read to be gone", e.Absent, []string{"NEW"})
				if !e.ReadBack || len(e.Removed) != 0 {
					t.Errorf("ended as %+v", e)
				}
				return
			}
			w.puts(3)
			same(t, "taken out", e.Removed, []string{"NEW"})
		})
	}
}

// UiPath is down at the end: people are told once, and it goes on for as long
// as it takes.
func TestEndWhileUiPathIsDown(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.uipath.meanwhile(func(int) error {
			if g := r.Grant; !time.Now().Before(g.Until) && time.Now().Before(g.Until.Add(time.Hour)) {
				return later(0)
			}
			return nil
		})
		e := w.over(r)
		w.quiet()
		w.codes("OLD")
		if e.At.Before(r.Grant.Until.Add(time.Hour)) {
			t.Errorf("ended at %v", e.At)
		}
		w.posts(JobPostRevocationDelay, 1)
		w.posts(JobPostRevocation, 1)
	})
}

// UiPath says no: people are told, and can have it tried again.
func TestEndRefused(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 2 {
				return nil, false, &RefusedError{Answer: "403: not allowed"}
			}
			return &asked, true, nil
		})
		r := w.granted(2*time.Hour, "NEW")
		e := w.over(r)
		same(t, "left", e.Remaining, []string{"NEW"})
		if e.Answer != "403: not allowed" || e.Uncertain {
			t.Errorf("ended as %+v", e)
		}
		time.Sleep(10 * time.Minute)
		w.codes("OLD", "NEW")
		w.endEarly(r, requester)
		w.until("a second end", func(r Request) bool { return r.Grant.IsOver() })
		w.codes("OLD")
		w.quiet()
		w.posts(JobPostRevocation, 2)
	})
}

// The bot tries a refused end again by itself, at growing pauses, and tells news only.
func TestEndRefusedForLong(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		var tries []time.Time
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				return &asked, true, nil
			}
			tries = append(tries, time.Now())
			if len(tries) < 4 {
				return nil, false, &RefusedError{Answer: "409: not now"}
			}
			return &asked, true, nil
		})
		r := w.granted(2*time.Hour, "NEW")
		w.over(r)
		time.Sleep(8 * time.Hour)
		r = w.quiet()
		if e := r.Grant.Revocation; !slices.Equal(e.Removed, []string{"NEW"}) || len(tries) != 4 {
			t.Fatalf("after %d tries it ended as %+v", len(tries), e)
		}
		for i, want := range []time.Duration{1, 2, 4} {
			if got := tries[i+1].Sub(tries[i]).Round(time.Hour); got != want*time.Hour {
				t.Errorf("pause %d was %v", i, got)
			}
		}
		w.codes("OLD")
		w.posts(JobPostRevocation, 2)
	})
}

// An end that is tried again before its first try was told is told once.
func TestEndTriedAgainBeforeItWasTold(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 2 {
				return nil, false, &RefusedError{Answer: "403: not allowed"}
			}
			return &asked, true, nil
		})
		w.slack.breaks("post_revocation", 1000, false, errCut)
		r := w.granted(2*time.Hour, "NEW")
		w.over(r)
		w.endEarly(r, requester)
		w.until("a second end", func(r Request) bool { return r.Grant.IsOver() })
		w.slack.mends()
		w.quiet()
		w.posts(JobPostRevocation, 1)
	})
}

// lostAndReopened is a request whose first write got no answer and had no
// effect, and whose consent was then taken back.
func (w *world) lostAndReopened(ask Ask) Request {
	w.Helper()
	r := w.ask(ask)
	w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
		if n == 1 {
			w.slack.put(r, anna, false)
			return nil, false, errCut
		}
		return &asked, true, nil
	})
	w.react(r, anna, true)
	return w.until("a second thought", func(r Request) bool { return r.WriteAttempted && r.State == Pending })
}

// The answer to a write is lost, and another request then makes the same change.
// Read back, it looks like the first one's own. Both hold the code.
func TestReadBackWhatAnotherPutIn(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.lostAndReopened(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
		other := w.done(Ask{Codes: []string{"NEW", "NEWER"}})
		w.react(r, anna, true)
		w.request = r
		w.untilState(Done)
		w.ended(w.read(r.ID), Done, ReasonReadBack)
		e := w.over(r)
		if len(e.Kept) != 1 || e.Kept[0].Request != other.ID {
			t.Errorf("ended as %+v, want NEW kept by %s", e, other.ID)
		}
		w.codes("OLD", "NEW", "NEWER")
	})
}

// What was put in and taken out by hand long before holds nothing, also where
// an answer was lost.
func TestReadBackWhatNobodyHolds(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.done(Ask{Codes: []string{"NEW"}})
		w.uipath.edit("OLD")
		time.Sleep(time.Hour)
		w.granted(9*time.Hour, "NEWER") // so that what was done before is known
		time.Sleep(time.Hour)
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 3 {
				return nil, true, errCut
			}
			return &asked, true, nil
		})
		e := w.over(w.granted(2*time.Hour, "NEW"))
		same(t, "taken out", e.Removed, []string{"NEW"})
		w.codes("OLD", "NEWER")
	})
}

// A clock that is put back while a grant ends does not undo that it ended.
func TestEndWhileTheClockIsPutBack(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 2 {
				w.behind.Store(int64(10 * time.Minute))
			}
			return &asked, true, nil
		})
		e := w.over(w.granted(2*time.Hour, "NEW"))
		same(t, "taken out", e.Removed, []string{"NEW"})
		w.quiet()
		w.posts(JobPostRevocation, 1)
		w.codes("OLD")
	})
}

// An end is held up, and then the clock goes back to before its time. When a
// person ends the grant early, it is not reported as overdue again.
func TestEndEarlyOfWhatIsOverdue(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.uipath.meanwhile(func(int) error { return errCut })
		w.skipTo(r.Grant.Until)
		w.request = r
		w.until("overdue", func(r Request) bool { return r.Grant.DelayReason != "" })
		w.behind.Store(int64(time.Hour))
		w.endEarly(r, requester)
		time.Sleep(2 * time.Hour)
		w.uipath.meanwhile(nil)
		w.until("an end", func(r Request) bool { return r.Grant.IsOver() })
		w.quiet()
		w.posts(JobPostRevocationDelay, 1)
		w.posts(JobPostRevocation, 1)
	})
}

// The word of a hold-up was in doubt, was looked for in vain, and turns up below the word
// that the end is over.
func TestAHoldUpThatTurnsUpAfterTheEnd(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		var mended atomic.Bool
		w.uipath.meanwhile(func(int) error {
			if mended.Load() {
				return nil
			}
			return errCut
		})
		w.slack.answer(func(call string, _ int) (effect bool, err error) {
			if call != string(JobPostRevocationDelay) {
				return true, nil
			}
			mended.Store(true)
			return false, errCut
		})
		w.skipTo(r.Grant.Until)
		w.until("an end", func(r Request) bool { return r.Grant.IsOver() })
		w.until("its word", func(Request) bool { return len(w.slack.heard(JobPostRevocation)) == 1 })
		w.slack.turnUp(r, Post{TS: "ts-y", EventType: JobPostRevocation.Spec().EventType, Number: "1"},
			Post{TS: "ts-z", EventType: JobPostRevocationDelay.Spec().EventType, Number: "1"})
		w.quiet()
		time.Sleep(15 * time.Minute)
		if n := w.slack.count("remove_doubles"); n != 1 {
			t.Errorf("removed %d posts; left are %+v", n, w.slack.doubles)
		}
	})
}

// The clock is put back by a day, and then an admin edits the portal: what was confirmed
// in the future holds no request up.
func TestConfirmationFromTheFutureIsOld(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.done(Ask{Codes: []string{"NEW"}})
		w.behind.Store(int64(24 * time.Hour))
		w.uipath.edit("OLD")
		w.file("e9", "NEWER")
		time.Sleep(time.Minute)
		if r := w.read(w.request.ID); r.CardTS == "" {
			t.Errorf("the request is %s, without a card: %s", r.State, r.DelayReason)
		}
	})
}

// UiPath refuses to be read after a write without an answer.
func TestEndRefusedAfterAnAnswerWasLost(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		lost := false
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 2 {
				lost = true
				return nil, true, errCut
			}
			return &asked, true, nil
		})
		w.uipath.meanwhile(func(int) error {
			if lost {
				return &RefusedError{Answer: "403"}
			}
			return nil
		})
		e := w.over(w.granted(2*time.Hour, "NEW"))
		same(t, "left", e.Remaining, []string{"NEW"})
		if !e.Uncertain {
			t.Error("what is unknown is called known")
		}
	})
}

// UiPath says yes and keeps the code, once or for ever.
func TestEndAnswerKeepsTheCode(t *testing.T) {
	t.Parallel()
	for _, forEver := range []bool{false, true} {
		live(t, func(w *world) {
			w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
				if n == 1 || n > 2 && !forEver {
					return &asked, true, nil
				}
				return &Allocation{Codes: []string{"OLD", "NEW"}}, false, nil
			})
			e := w.over(w.granted(2*time.Hour, "NEW"))
			if !forEver {
				w.puts(3)
				same(t, "taken out", e.Removed, []string{"NEW"})
				return
			}
			w.puts(4)
			same(t, "left", e.Remaining, []string{"NEW"})
			same(t, "the rule as told", e.Allocation, []string{"OLD", "NEW"})
		})
	}
}

// Two grants end at the same moment while a third request is applied: no two
// writes to the group overlap, and none undoes another.
func TestEndsAndAnApplyNeverOverlap(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.pause = 10 * time.Second
		until := time.Now().Add(30 * time.Minute)
		one := w.done(Ask{Codes: []string{"NEW"}, Until: until})
		two := w.done(Ask{Codes: []string{"NEWER"}, Until: until})
		w.uipath.mu.Lock()
		rule := w.uipath.rules["group-01"]
		rule.Owned = append(rule.Owned, Seats{Code: "THIRD", Total: 9})
		w.uipath.rules["group-01"] = rule
		w.uipath.mu.Unlock()
		three := w.ask(Ask{Codes: []string{"THIRD"}})
		time.Sleep(time.Until(until))
		w.react(three, anna, true)
		w.untilState(Done)
		w.over(one)
		w.over(two)
		w.codes("OLD", "THIRD")
		if w.uipath.overlapped() {
			t.Error("two writes to one group overlapped")
		}
		w.puts(5)
	})
}

// While the end waits for its time, other requests on the group go on.
func TestAGrantHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.granted(26*time.Hour, "NEW")
		asked := time.Now()
		w.done(Ask{Codes: []string{"NEWER"}})
		if took := time.Since(asked); took > time.Minute {
			t.Errorf("another request took %v", took)
		}
	})
}

// A limit of seats that a renewed code has counts as asked for.
func TestRenewalUnderAPolicyOfSeats(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.amend(func(rule *PolicyRule) { rule.MaxSeats = 4 })
		r := w.done(Ask{Codes: []string{"NEW"}, Quotas: []Quota{{Code: "NEW", Limit: 3}}, For: time.Hour})
		if r.Grant == nil {
			t.Fatal("nothing was granted for a time")
		}
		again := w.done(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
		same(t, "renewed", again.Proposal.Change.Extend, []string{"NEW"})
		w.amend(func(rule *PolicyRule) { rule.MaxSeats = 2 })
		w.fileAsk(Ask{Codes: []string{"NEW"}, For: 4 * time.Hour})
		refused := w.untilState(Refused)
		if o := refused.Outcome.Violation; o == nil || o.Kind != ViolationTooManySeats {
			t.Errorf("refused as %+v", refused.Outcome)
		}
	})
}

func TestTheThreadOfAnEndIsGone(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.breaks("post_revocation", 1000, false, missing("thread_not_found"))
		r := w.granted(2*time.Hour, "NEW")
		w.slack.forget(r)
		w.over(r)
		w.quiet()
		w.posts(JobTellRequester, 1)
	})
}

func TestEndReplyAnswerLost(t *testing.T) {
	t.Parallel()
	for _, effect := range []bool{true, false} {
		live(t, func(w *world) {
			w.slack.breaks("post_revocation", 2, effect, errCut)
			w.over(w.granted(2*time.Hour, "NEW"))
			w.quiet()
			w.posts(JobPostRevocation, 1)
			if !strings.Contains(strings.Join(w.slack.log(), " "), "find post_revocation") {
				t.Error("nobody looked")
			}
		})
	}
}

// The same codes for another time are another request: whether they stay is
// what is asked.
func TestTheSameForAnotherTime(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		until := time.Now().Add(48 * time.Hour)
		asks := []Ask{{Codes: []string{"NEW"}}, {Codes: []string{"NEW"}, For: time.Hour}, {Codes: []string{"NEW"}, For: 2 * time.Hour}, {Codes: []string{"NEW"}, Until: until}}
		first := map[int]Request{}
		for i, ask := range asks {
			first[i] = w.ask(ask)
		}
		for i, ask := range asks {
			w.fileAsk(ask)
			r := w.untilState(Refused)
			w.ended(r, Refused, ReasonDuplicate)
			same(t, "points to", r.Outcome.Suggestions, []string{first[i].ID})
		}
		w.react(first[1], anna, true)
		w.request = first[1]
		w.ended(w.untilState(Done), Done, ReasonConfirmed)
		w.react(first[0], anna, true)
		w.request = first[0]
		w.ended(w.untilState(Superseded), Superseded, ReasonAllocationChanged)
	})
}

// A code that the end of a grant takes out, between the look at the rule and
// the look at who holds what, is not there already.
func TestAskedForWhileItEnds(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		held := w.granted(30*time.Minute, "NEW")
		time.Sleep(time.Until(held.Grant.Until) - 20*time.Second)
		w.uipath.mu.Lock()
		w.uipath.delayed = 30 * time.Second
		w.uipath.mu.Unlock()
		r := w.done(Ask{Codes: []string{"NEW"}})
		if w.read(held.ID).Grant.Revocation == nil || r.ClosedAt.Before(held.Grant.Until) {
			t.Error("the end did not come between")
		}
		w.codes("OLD", "NEW")
	})
}

// Another request has just added a code for a time, and its answer is still
// unknown. The code does not count as there for good.
func TestAskedForWhileItIsPutIn(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) { return nil, true, errCut })
		first := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
		w.react(first, anna, true)
		for w.uipath.count("put") == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		second := w.done(Ask{Codes: []string{"NEW"}})
		same(t, "stays for longer", second.Proposal.Change.Extend, []string{"NEW"})
		if e := w.over(w.read(first.ID)); len(e.Kept) != 1 || e.Kept[0].Request != second.ID {
			t.Errorf("ended as %+v, want NEW kept by %s", e, second.ID)
		}
		w.codes("OLD", "NEW")
	})
}
