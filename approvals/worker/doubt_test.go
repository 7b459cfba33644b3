package worker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "licensebot/approvals"
	"licensebot/internal/store"
)

// What was told of a reaction lasts, though one look does not show it.
func TestJudgmentOutlivesOneLookThatDoesNotShowTheReaction(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.groups = map[string][]string{"S1": {anna, cleo}}
		w.adopt(SimplePolicy([]string{"S1"}, 2, 5*time.Hour))
		r := w.carded()
		w.react(r, bystander, true)
		w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
		time.Sleep(3 * time.Minute)
		w.slack.groups["S1"] = []string{anna, cleo, bystander}
		w.unheard(r, bystander, false)                                                      // one replica of Slack lags
		w.slack.afterLook(func() { w.slack.afterLook(nil); w.unheard(r, bystander, true) }) // the next look shows it again
		w.hellos <- struct{}{}
		time.Sleep(5 * time.Minute) // looks and counts
		w.react(r, anna, true)      // one of two
		time.Sleep(5 * time.Minute)
		w.puts(0)
		if r = w.read(r.ID); r.State != Pending {
			t.Errorf("the request is %s by %v: the ✅ that did not count counts now", r.State, Voters(r.Votes))
		}
	})
}

// A reaction that a look showed first is the same one when its event arrives, however far the
// store's clock and Slack's are apart. One given after the word counts.
func TestLateEventOfAJudgedReactionBringsNoVote(t *testing.T) {
	t.Parallel()
	for name, slow := range clocksApart {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live(t, func(w *world) {
				w.behind.Store(int64(slow))
				w.slack.groups = map[string][]string{"S1": {anna}}
				w.adopt(SimplePolicy([]string{"S1"}, 1, 5*time.Hour))
				r := w.carded()
				late := []Reaction{w.slack.put(r, bystander, true)}
				time.Sleep(time.Second)
				late = append(late, w.slack.put(r, bystander, false), w.slack.put(r, bystander, true))
				time.Sleep(time.Second)
				w.hellos <- struct{}{}
				w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
				w.slack.mu.Lock()
				w.slack.groups["S1"] = []string{anna, bystander}
				w.slack.mu.Unlock()
				time.Sleep(3 * time.Minute) // caches forget
				for _, heard := range late {
					if err := w.store.RecordReaction(w.Context(), heard); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Minute)
				}
				time.Sleep(5 * time.Minute)
				w.puts(0)
				if r = w.read(r.ID); r.State != Pending {
					t.Errorf("the request is %s by %v: the ✅ that did not count counts now", r.State, Voters(r.Votes))
				}
				w.react(r, bystander, false)
				w.react(r, bystander, true)
				if r = w.quiet(); r.State != Done {
					t.Errorf("the new ✅ does not count: the request is %s, judged %+v", r.State, r.Judgments)
				}
			})
		})
	}
}

// clocksApart is how far the store's clock is slow of Slack's.
var clocksApart = map[string]time.Duration{
	"the clocks agree": 0, "the store's is behind": 3 * time.Minute, "the store's is ahead": -3 * time.Minute,
	"the store's is hours behind": 2 * time.Hour,
}

// A second look at a judged reaction needs no time of Slack, and without one the store's own
// clock is doubted.
func TestJudgmentWithoutSlacksTime(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.answer(func(call string, _ int) (bool, error) {
			if call == "now" {
				return false, &RefusedError{Answer: "not_allowed"}
			}
			return true, nil
		})
		w.slack.groups = map[string][]string{"S1": {anna}}
		w.adopt(SimplePolicy([]string{"S1"}, 1, 5*time.Hour))
		w.behind.Store(int64(9 * time.Minute))
		r := w.carded()
		late := w.slack.put(r, bystander, true)
		w.hellos <- struct{}{}
		w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
		w.slack.mu.Lock()
		w.slack.groups["S1"] = []string{anna, bystander}
		w.slack.mu.Unlock()
		time.Sleep(3 * time.Minute)
		if err := w.store.RecordReaction(w.Context(), late); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Minute)
		w.puts(0)
		if n := w.slack.count("now"); n != 1 {
			t.Errorf("Slack's time was asked for %d times, want once for one judgment", n)
		}
		w.react(r, bystander, false)
		w.react(r, bystander, true)
		if r = w.quiet(); r.State != Done {
			t.Errorf("the new ✅ does not count: the request is %s, judged %+v", r.State, r.Judgments)
		}
	})
}

// A reaction given after a removal that was heard is a new one, though no event told of it.
func TestReactionAfterItsHeardRemovalIsJudgedAnew(t *testing.T) {
	t.Parallel()
	gifts := map[string]func(*world, Request){
		"first one heard":     func(w *world, r Request) { w.react(r, bystander, true) },
		"first one looked up": func(w *world, r Request) { w.unheard(r, bystander, true); w.hellos <- struct{}{} },
	}
	for name, slow := range clocksApart {
		for how, give := range gifts {
			judgeAnew(t, name+", "+how, slow, give)
		}
	}
}

// judgeAnew plays a reaction that is judged, taken back, and given anew when its giver may vote.
func judgeAnew(t *testing.T, name string, slow time.Duration, give func(*world, Request)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		live(t, func(w *world) {
			w.behind.Store(int64(slow))
			w.slack.groups = map[string][]string{"S1": {anna}}
			w.adopt(SimplePolicy([]string{"S1"}, 1, 5*time.Hour))
			r := w.carded()
			give(w, r)
			w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
			time.Sleep(3 * time.Minute)
			w.slack.mu.Lock()
			w.slack.groups["S1"] = []string{anna, bystander}
			w.slack.mu.Unlock()
			w.react(r, bystander, false)
			w.unheard(r, bystander, true) // all deliveries are lost
			time.Sleep(5 * time.Minute)
			if r = w.read(r.ID); r.State != Done {
				t.Errorf("the request is %s, judged %+v", r.State, r.Judgments)
			}
		})
	})
}

// A person who joined the user group a moment ago votes, though a cache does not know yet.
func TestFreshMemberIsJudgedByAnOldCache(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.groups = map[string][]string{"S1": {anna, ben}}
		w.slack.cached = map[string][]string{"S1": {anna}} // ben joined a moment ago
		w.adopt(SimplePolicy([]string{"S1"}, 1, time.Hour))
		r := w.carded()
		w.react(r, ben, true)
		time.Sleep(time.Minute)
		w.slack.mu.Lock()
		w.slack.cached = nil
		w.slack.mu.Unlock()
		w.react(r, bystander, true) // the votes are counted again
		r = w.quiet()
		if r.State != Done {
			t.Errorf("ben was an approver when he approved; the request is %s, judged %+v", r.State, r.Judgments)
		}
	})
}

// Today the requester must not be an approver.
func TestSelfApprovalIsForbiddenToday(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		stage := []Stage{{Approvers: []string{anna, requester}, Quorum: 1}}
		w.adopt(Policy{Rules: []PolicyRule{{Name: "own", SelfApproval: true, Stages: stage}}})
		r := w.carded()
		w.adopt(Policy{Rules: []PolicyRule{{Name: "own", Stages: stage}}})
		w.react(r, requester, true)
		r = w.quiet()
		if w.puts(0); r.State == Done {
			t.Errorf("the requester approved the own request, which the policy of today forbids")
		}
	})
}

// A user group of today's policy that Slack does not show holds the request up, once told.
func TestUnreadableGroupOfTodayDoesNotSpam(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.adopt(SimplePolicy([]string{anna}, 1, time.Hour))
		r := w.carded()
		w.adopt(SimplePolicy([]string{untold}, 1, time.Hour))
		w.hide(untold, &RefusedError{Answer: "missing_scope"})
		w.react(r, anna, true)
		time.Sleep(30 * time.Minute)
		r = w.read(r.ID)
		if n := len(w.slack.heard(JobPostConsentLost)); n > 1 || r.ConsentLosses > 1 {
			t.Errorf("in half an hour the approval was taken back %d times, and the thread told so %d times", r.ConsentLosses, n)
		}
	})
}

// A write with a limit that UiPath confirms is written once, though reads lag.
func TestLimitWithReadsThatLag(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{3 * time.Second, 15 * time.Second, 40 * time.Second} {
		t.Run(lag.String(), func(t *testing.T) {
			live(t, func(w *world) {
				r := w.ask(Ask{Codes: []string{"NEW"}, Quotas: []Quota{{Code: "NEW", Limit: 3}}})
				w.uipath.setLag(lag)
				w.react(r, anna, true)
				r = w.quiet()
				w.puts(1)
				if r.State != Done {
					t.Errorf("the request is %s, %+v; the allocation %v", r.State, r.Outcome, w.uipath.rule())
				}
				want := `{"Answered":["NEW","NEW=3","OLD","OLD=2"],"Shown":["OLD","OLD=2"]}`
				if rows := w.journal(r.ID, "write_answered"); !slices.Equal(rows, []string{want}) {
					t.Errorf("the journal has %q, want %s", rows, want)
				}
			})
		})
	}
}

// journal reads the rows of a kind about a request, as another process does.
func (w *world) journal(id, kind string) (events []string) {
	w.Helper()
	reader, err := store.OpenReader(w.Context(), w.url)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	for row, err := range reader.Journal(w.Context(), id) {
		if err != nil {
			w.Fatal(err)
		}
		if row.Kind == kind {
			events = append(events, string(row.Event))
		}
	}
	return events
}

// TestAYesThatIsNeverShownIsInTheJournal lets UiPath say yes, and show something else for good.
func TestAYesThatIsNeverShownIsInTheJournal(t *testing.T) {
	live(t, func(w *world) {
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) { return &asked, false, nil })
		r := w.ask(Ask{Codes: []string{"NEW"}, Quotas: []Quota{{Code: "NEW", Limit: 3}}})
		w.react(r, anna, true)
		r = w.untilState(Failed)
		answered, mismatches := w.journal(r.ID, "write_answered"), w.journal(r.ID, "mismatch")
		if len(answered) != 3 || !slices.Equal(mismatches, slices.Repeat([]string{`{"Shown":["OLD","OLD=2"]}`}, 3)) {
			t.Errorf("answered %q, then shown %q", answered, mismatches)
		}
	})
}

// One 404 does not end the look for a late effect.
func TestOne404DoesNotEndTheLookForAnEffect(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		var closed time.Time
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n > 1 {
				return &asked, true, nil
			}
			closed = time.Now()
			time.AfterFunc(5*time.Second, func() { w.uipath.edit("OLD", "NEW") })
			return nil, false, &RefusedError{Answer: "no such license"}
		})
		once := false
		w.uipath.meanwhile(func(int) error {
			if !closed.IsZero() && time.Since(closed) > 30*time.Second && !once {
				once = true
				return &RefusedError{Answer: "no such group", NotFound: true}
			}
			return nil
		})
		r := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
		w.react(r, anna, true)
		r = w.quiet()
		if r.Grant == nil {
			t.Errorf("the request is %s, %+v, has no grant, and the allocation is %v", r.State, r.Outcome, w.uipath.rule().Codes)
		}
	})
}

// Another request's change is no late effect of a refused one.
func TestEffectOfAnotherRequest(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				return nil, false, &RefusedError{Answer: "409: conflict"}
			}
			return &asked, true, nil
		})
		first := w.ask(Ask{Codes: []string{"NEW"}, For: 30 * 24 * time.Hour})
		w.react(first, anna, true)
		w.untilState(Failed)
		second := w.ask(Ask{Codes: []string{"NEW"}, For: time.Hour})
		w.react(second, anna, true)
		w.untilState(Done)
		time.Sleep(3 * time.Minute)
		if first = w.read(first.ID); first.EffectFound {
			t.Errorf("the thread of a refused request says that its change is in effect after all: it is another's")
		}
		w.request = second
		w.skipTo(w.read(second.ID).Grant.Until)
		w.codes("OLD")
	})
}

// Two refused reads end nothing if a good one is between them.
func TestTwoRefusedReadsWithAGoodOneBetween(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.uipath.meanwhile(func(n int) error {
			if n == 2 || n == 5 {
				return &RefusedError{Answer: "no such group", NotFound: true}
			}
			return nil
		})
		w.slack.answer(func(call string, n int) (bool, error) {
			if call == "look" && n >= 2 && n <= 4 {
				return true, later(30 * time.Second)
			}
			return true, nil
		})
		w.react(r, anna, true)
		r = w.quiet()
		if r.State != Done {
			t.Errorf("the request is %s, %+v; UiPath %v", r.State, r.Outcome, w.uipath.log())
		}
	})
}

// One 404 does not give up the end of a grant.
func TestOne404DoesNotEndARevocation(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		once := false
		w.uipath.meanwhile(func(int) error {
			if !once {
				once = true
				return &RefusedError{Answer: "no such group", NotFound: true}
			}
			return nil
		})
		e := w.over(r)
		time.Sleep(time.Hour)
		if w.codes("OLD"); len(e.Remaining) > 0 {
			t.Errorf("one 404 gave the end up: %+v", e)
		}
	})
}

// Nothing is done until a read shows it: neither where UiPath's yes had no effect, nor where no
// read tells. The outcome says that UiPath said yes.
func TestAYesWithoutARead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		blind  bool // reads fail after the yes
		reason Reason
	}{"no effect": {false, ReasonIncomplete}, "no read": {true, ReasonUnconfirmed}} {
		for _, action := range []Action{Add, Set} {
			t.Run(fmt.Sprint(name, " ", action), func(t *testing.T) {
				t.Parallel()
				live(t, func(w *world) {
					wrote := false
					w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
						wrote = true
						return &asked, false, nil
					})
					w.uipath.meanwhile(func(int) error {
						if wrote && c.blind {
							return errCut
						}
						return nil
					})
					r := w.ask(Ask{Action: action, Codes: []string{"OLD", "NEW"}})
					w.react(r, anna, true)
					r = w.untilState(Failed)
					if r.Outcome.Reason != c.reason || r.AnsweredAt.IsZero() == c.blind {
						t.Errorf("the request is %s, %+v", r.State, r.Outcome)
					}
				})
			})
		}
	}
}

// A ❌ that only the look shows stops the write, though an event told a moment ago that it was
// taken back.
func TestNoGivenAnewAndShown(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		down := true
		w.uipath.meanwhile(func(int) error {
			if down {
				return later(0)
			}
			return nil
		})
		w.react(r, anna, true)
		w.untilState(Approved)
		w.slack.breaks("look", 2, false, errCut)
		w.vote(r, ben, "x", true)
		w.vote(r, ben, "x", false)
		w.slack.mu.Lock() // and again, which no event tells
		w.slack.cards[r.CardTS] = append(w.slack.cards[r.CardTS], Reaction{Channel: r.Channel, TS: r.CardTS, User: ben, Name: "x", Present: true})
		w.slack.mu.Unlock()
		down = false
		r = w.quiet()
		if r.State == Done {
			t.Errorf("written although the last look showed ben's ❌")
		}
	})
}

// UiPath answers with what was so before, and so do reads for some seconds.
func TestStaleAnswerWithReadsThatLag(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			stale := asked
			stale.Codes = []string{"OLD"}
			return &stale, true, nil
		})
		r := w.carded()
		w.uipath.setLag(15 * time.Second)
		w.react(r, anna, true)
		r = w.quiet()
		if r.State != Done {
			t.Errorf("the request is %s, %+v, effect found %v; the allocation %v", r.State, r.Outcome, r.EffectFound, w.uipath.rule().Codes)
		}
	})
}

// The same at the end of a grant.
func TestStaleAnswerAtTheEndOfAGrant(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			stale := asked
			stale.Codes = []string{"OLD", "NEW"}
			return &stale, true, nil
		})
		w.uipath.setLag(15 * time.Second)
		e := w.over(r)
		time.Sleep(10 * time.Minute)
		if w.codes("OLD"); len(e.Remaining) > 0 {
			t.Errorf("the thread is told that %v stays, and it is out", e.Remaining)
		}
	})
}

// The end of a grant is refused after its effect, and reads lag.
func TestEndRefusedAfterTheEffectWithLag(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			return nil, true, &RefusedError{Answer: "409: conflict"}
		})
		w.uipath.setLag(5 * time.Second)
		w.over(r)
		time.Sleep(10 * time.Minute)
		if e := w.read(r.ID).Grant.Revocation; len(e.Remaining) > 0 {
			t.Errorf("ten minutes later the bot still says that %v stays; the allocation is %v", e.Remaining, w.uipath.rule().Codes)
		}
	})
}

// Starvation: what no attempt can deliver is attempted for ever.
// Starvation: a post in doubt, and more messages since than a search reads.
// A set for a time takes effect, its answer is lost, and an admin adds a code: the grant ends.
func TestTimedSetAndAnEditInThePortal(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n > 1 {
				return &asked, true, nil
			}
			asked.Codes = []string{"OLD", "NEW", "PORTAL"}
			w.uipath.rules["group-01"] = asked
			return nil, false, errCut
		})
		r := w.ask(Ask{Action: Set, Codes: []string{"OLD", "NEW"}, For: 2 * time.Hour})
		w.react(r, anna, true)
		r = w.quiet()
		t.Logf("%s %+v, found %v", r.State, r.Outcome, r.EffectFound)
		if slices.Contains(w.uipath.rule().Codes, "NEW") {
			t.Errorf("NEW was asked for two hours and stays for good: %v", w.uipath.rule().Codes)
		}
	})
}

// UiPath takes one code of two, for a time: that one ends.
func TestTimedAddThatTookEffectInPart(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			asked.Codes = Without(asked.Codes, []string{"NEWER"})
			w.uipath.rules["group-01"] = asked
			return &asked, false, nil
		})
		r := w.ask(Ask{Codes: []string{"NEW", "NEWER"}, For: 2 * time.Hour})
		w.react(r, anna, true)
		r = w.quiet()
		t.Logf("%s %+v, found %v", r.State, r.Outcome, r.EffectFound)
		if slices.Contains(w.uipath.rule().Codes, "NEW") {
			t.Errorf("NEW was asked for two hours and stays for good: %v", w.uipath.rule().Codes)
		}
	})
}

// UiPath refuses a change for good and takes one code of two: the outcome has what the
// read after it showed.
func TestRefusedAddThatTookEffectInPart(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			asked.Codes = Without(asked.Codes, []string{"NEWER"})
			w.uipath.rules["group-01"] = asked
			return nil, false, &RefusedError{Answer: "409: conflict"}
		})
		r := w.ask(Ask{Codes: []string{"NEW", "NEWER"}})
		w.react(r, anna, true)
		r = w.untilState(Failed)
		if part := r.Proposal.Change.ShownPart(r.Outcome.Allocation); !slices.Equal(part.Add, []string{"NEW"}) {
			t.Errorf("the outcome shows %v, want NEW: %+v", part, r.Outcome)
		}
	})
}

// UiPath refuses a change and leaves the group empty: the outcome has that it was read so.
func TestRefusedAddThatEmptiedTheGroup(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
			left := w.uipath.rules["group-01"]
			left.Codes = nil
			w.uipath.rules["group-01"] = left
			return nil, false, &RefusedError{Answer: "400: Bad Request"}
		})
		r := w.carded()
		w.react(r, anna, true)
		if r = w.untilState(Failed); r.Outcome.Allocation == nil || len(r.Outcome.Allocation) > 0 {
			t.Errorf("the outcome is %#v, want an empty allocation", r.Outcome)
		}
	})
}

// An operator's fault never ends a request.
func TestOperatorsFaultEndsNothing(t *testing.T) {
	t.Parallel()
	for _, from := range []int{1, 2} { // the first read is for the card
		live(t, func(w *world) {
			broken := true
			w.uipath.meanwhile(func(n int) error {
				if broken && n >= from {
					return &OperatorError{Cause: "the secret has expired", Code: "invalid_client", Variable: "UIPATH_CLIENT_SECRET"}
				}
				return nil
			})
			if w.file("e1"); from == 2 {
				r := w.until("a card", func(r Request) bool { return r.CardTS != "" })
				w.react(r, anna, true)
			}
			time.Sleep(3 * time.Hour) // a request lives for one
			if r := w.read(w.request.ID); !r.State.Open() {
				t.Errorf("from read %d on: the request is %s, %+v", from, r.State, r.Outcome)
			}
		})
	}
}

// A write waits while Slack does not tell all people who gave an emoji that means no. A yes that is
// not told, and an emoji without a meaning on the card, hold up nothing.
func TestNoWriteWhileSlackCutsTheVotes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		card, replies []string
		waits         bool
	}{
		"a no on the card":       {[]string{"x"}, nil, true},
		"a yes on the card":      {[]string{"white_check_mark"}, nil, false},
		"another emoji there":    {[]string{"eyes"}, nil, false},
		"a no in the thread":     {nil, []string{"eyes", "x"}, true},
		"another emoji in there": {nil, []string{"eyes"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live(t, func(w *world) {
				w.adopt(SimplePolicy([]string{anna, ben}, 1, 24*time.Hour))
				r := w.carded()
				w.remindOnce(r) // its thread has a reply
				w.slack.mu.Lock()
				w.slack.cutOnCard, w.slack.cutOnReplies = c.card, c.replies
				w.slack.mu.Unlock()
				w.react(r, anna, true)
				time.Sleep(5 * time.Minute)
				w.puts(map[bool]int{true: 0, false: 1}[c.waits])
				if c.waits && !strings.HasSuffix(w.read(r.ID).DelayReason, "Slack does not tell all people who said no") {
					t.Errorf("the thread says %q", w.read(r.ID).DelayReason)
				}
				w.slack.mu.Lock()
				w.slack.cutOnCard, w.slack.cutOnReplies = nil, nil
				w.slack.mu.Unlock()
				w.untilState(Done)
				w.puts(1)
			})
		})
	}
}
