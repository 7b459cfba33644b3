package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	. "licensebot/approvals"
	"licensebot/approvals/worker"
)

// vote puts an emoji on a card, or takes it back, and tells the bot.
func (w *world) vote(r Request, user, emoji string, present bool) {
	w.Helper()
	heard := w.slack.put(r, user, present)
	heard.Name = emoji
	w.slack.mu.Lock()
	cards := w.slack.cards[r.CardTS]
	if present {
		cards[len(cards)-1].Name = emoji
	}
	w.slack.mu.Unlock()
	if err := w.store.RecordReaction(w.Context(), heard); err != nil {
		w.Error(err)
	}
}

// A vote that was recorded before the write stops it, at whatever moment it comes:
// while UiPath is read, after the card was looked at, after people were looked up.
func TestVoteBeforeTheWriteStopsIt(t *testing.T) {
	t.Parallel()
	second := func(w *world, r Request) { w.vote(r, ben, "x", true) }
	withdraw := func(w *world, r Request) { w.vote(r, anna, "white_check_mark", false) }
	moments := map[string]func(w *world, act func()){
		"while UiPath is read": func(w *world, act func()) {
			w.uipath.meanwhile(func(n int) error {
				if n == 2 {
					act()
				}
				return nil
			})
		},
		"after the card was looked at": func(w *world, act func()) { w.slack.afterLook(act) },
	}
	for what, vote := range map[string]func(*world, Request){"a no": second, "a withdrawal": withdraw} {
		for when, at := range moments {
			t.Run(what+" "+when, func(t *testing.T) {
				live(t, func(w *world) {
					r := w.carded()
					done := false
					at(w, func() {
						if !done {
							done = true
							vote(w, r)
						}
					})
					w.react(r, anna, true)
					r = w.quiet()
					w.puts(0)
					if !done || r.State != Denied && r.State != Expired {
						t.Errorf("acted %v, the request is %s", done, r.State)
					}
				})
			})
		}
	}
}

// An actingStore has something happen once, after a last look at a card.
type actingStore struct {
	worker.Store
	act func()
}

func (s *actingStore) ListWithdrawn(ctx context.Context, channel, ts string) ([]Reaction, error) {
	withdrawn, err := s.Store.ListWithdrawn(ctx, channel, ts)
	if act := s.act; act != nil {
		s.act = nil
		act()
	}
	return withdrawn, err
}

// A vote that was recorded before codes are extended stops that, although nothing is written.
func TestVoteBeforeAnExtensionStopsIt(t *testing.T) {
	t.Parallel()
	for what, vote := range map[string]func(*world, Request){
		"a no":         func(w *world, r Request) { w.vote(r, ben, "x", true) },
		"a withdrawal": func(w *world, r Request) { w.vote(r, anna, "white_check_mark", false) },
		"a no on a reply": func(w *world, r Request) {
			no := DeniedOnReply{Denial: Denial{TS: "9.1", User: ben, Name: "x", EventTS: "9.2"}}
			if _, err := w.store.ApplyEvent(w.Context(), r.ID, no, nil); err != nil {
				w.Error(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			live(t, func(w *world) {
				w.granted(26*time.Hour, "NEW")
				r := w.ask(Ask{Codes: []string{"NEW"}, For: 100 * time.Hour})
				acting := &actingStore{act: func() { vote(w, r) }}
				w.sees = func(s worker.Store) worker.Store { acting.Store = s; return acting }
				w.restart(func() {})
				w.react(r, anna, true)
				r = w.until("closed", func(r Request) bool { return !r.State.Open() })
				if acting.act != nil || r.State != Denied && r.State != Expired {
					t.Errorf("the request is %s", r.State)
				}
			})
		})
	}
}

// People without a vote, and emoji without a meaning, do not hold up a write,
// however many there are.
func TestBystandersDoNotHoldUpAWrite(t *testing.T) {
	t.Parallel()
	for _, emoji := range []string{"tada", "x", "white_check_mark"} {
		t.Run(emoji, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				given := 0
				w.slack.afterLook(func() {
					for range 50 {
						given++
						w.vote(r, fmt.Sprintf("U-BYSTANDER-%d", given), emoji, true)
					}
				})
				w.react(r, anna, true)
				r = w.untilState(Done)
				w.puts(1)
				if looks := w.slack.count("look"); looks != 1 {
					t.Errorf("looked %d times", looks)
				}
			})
		})
	}
}

// A no that was taken back while the request waits for UiPath denies nothing.
func TestNoThatWasTakenBackDoesNotDeny(t *testing.T) {
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
		w.slack.breaks("look", 1, false, errCut) // nobody looks while the no is there
		w.vote(r, ben, "x", true)
		w.vote(r, ben, "x", false)
		down = false
		w.untilState(Done)
	})
}

// A vote means what its emoji meant on the card: another configuration gives no
// reaction another meaning.
func TestEmojiMeanWhatTheCardShowed(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.vote(r, anna, "+1", true)
		w.emoji = Emoji{Approve: []string{"+1"}, Deny: []string{"white_check_mark"}}
		w.restart(func() {})
		time.Sleep(10 * time.Minute)
		if r = w.read(r.ID); r.State != Pending || len(r.Votes) != 0 {
			t.Fatalf("%s with votes of %v", r.State, Voters(r.Votes))
		}
		w.react(r, ben, true) // the ✅ that was shown still is a yes
		w.untilState(Done)
	})
}

// What a reaction was worth when it was first looked at lasts: its giver was told.
func TestReactionThatDidNotCountNeverDoes(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.groups = map[string][]string{"S1": {anna}}
		w.adopt(SimplePolicy([]string{"S1"}, 1, time.Hour))
		r := w.carded()
		w.react(r, bystander, true)
		w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
		w.slack.groups["S1"] = []string{anna, bystander}
		time.Sleep(5 * time.Minute)
		w.react(r, requester, true) // the votes are counted again
		w.until("told", func(r Request) bool { return len(r.Notified) == 2 })
		if r = w.read(r.ID); r.State != Pending {
			t.Fatalf("the request is %s", r.State)
		}
		w.react(r, bystander, false)
		w.react(r, bystander, true)
		w.untilState(Done)
	})
}

// A vote right before the deadline counts, although its event comes a moment after the last look.
func TestVoteRightBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		time.Sleep(time.Until(r.Deadline) - 500*time.Millisecond)
		heard := w.slack.put(r, anna, true)
		heard.EventTS = TimestampAt(time.Now())
		time.Sleep(3 * time.Second)
		if err := w.store.RecordReaction(w.Context(), heard); err != nil {
			t.Error(err)
		}
		w.untilState(Done)
	})
}

// An approval that a look shows before the deadline was given before it, though no
// event says when. Given again after the deadline, it is another one.
func TestUndatedApprovals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after func(w *world, r Request)
		state         State
		undated       []string
	}{
		"seen before the deadline": {before: func(w *world, r Request) { w.unheard(r, anna, true) }, state: Done},
		"seen after it": {
			after: func(w *world, r Request) { w.unheard(r, anna, true) }, state: Expired, undated: []string{anna},
		},
		"dated, taken back, given again after it": {
			before: func(w *world, r Request) {
				w.adopt(SimplePolicy([]string{anna, ben}, 2, time.Hour))
				w.react(r, anna, true)
				w.react(r, anna, false)
			},
			after: func(w *world, r Request) { w.unheard(r, anna, true) }, state: Expired, undated: []string{anna},
		},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				if c.before != nil {
					c.before(w, r)
					w.hellos <- struct{}{}
					time.Sleep(10 * time.Second)
				}
				w.restart(func() {
					time.Sleep(2 * time.Hour)
					if c.after != nil {
						c.after(w, r)
					}
				})
				r = w.quiet()
				if r.State != c.state || r.State == Expired && !slices.Equal(r.Outcome.Undated, c.undated) {
					t.Errorf("the request is %s, %+v", r.State, r.Outcome)
				}
			})
		})
	}
}

// For a while Slack may show what was so before an event. A vote that the event told
// and the look does not show is a delay, until they agree.
func TestLookThatLagsBehindAnEvent(t *testing.T) {
	t.Parallel()
	for emoji, quorum := range map[string]int{"white_check_mark": 2, "x": 1} {
		t.Run(emoji, func(t *testing.T) {
			live(t, func(w *world) {
				w.adopt(SimplePolicy([]string{anna, ben}, quorum, time.Hour))
				r := w.carded()
				w.slack.setLagging(true)
				w.uipath.meanwhile(func(n int) error {
					if n == 2 && emoji == "x" {
						w.vote(r, ben, emoji, true)
					}
					return nil
				})
				w.react(r, anna, true)
				if emoji != "x" {
					w.vote(r, ben, emoji, true)
				}
				time.Sleep(20 * time.Second)
				w.puts(0)
				w.slack.setLagging(false)
				if r = w.quiet(); (r.State == Done) != (emoji != "x") {
					t.Errorf("the request is %s", r.State)
				}
			})
		})
	}
}

// A refusal may come after the effect, and a read may show the effect late. Then the
// thread is told, and what was asked for a time ends.
func TestEffectAfterARefusal(t *testing.T) {
	t.Parallel()
	for name, shown := range map[string]bool{"at once": true, "late": false} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
					if n > 1 {
						return &asked, true, nil
					}
					if !shown {
						time.AfterFunc(5*time.Second, func() { w.uipath.edit("OLD", "NEW") })
					}
					return nil, shown, &RefusedError{Answer: "no such license"}
				})
				r := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
				w.react(r, anna, true)
				r = w.quiet()
				if shown {
					w.ended(r, Done, ReasonReadBack)
				} else {
					w.ended(r, Failed, ReasonUiPathRefused)
					w.posts(JobPostEffect, 1)
				}
				if r.Grant == nil || !slices.Equal(r.Grant.Revocation.Removed, []string{"NEW"}) {
					t.Errorf("the grant is %+v", r.Grant)
				}
				w.codes("OLD")
			})
		})
	}
}

// After set, the allocation is exactly what the card showed.
func TestSetIsExact(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile []string
		state     State
	}{
		"nothing else changed":       {[]string{"OLD"}, Done},
		"another code was added":     {[]string{"OLD", "NEWER"}, Superseded},
		"a code to keep was removed": {nil, Superseded},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.ask(Ask{Action: Set, Codes: []string{"OLD", "NEW"}})
				w.uipath.edit(c.meanwhile...)
				w.react(r, anna, true)
				if r = w.quiet(); r.State != c.state {
					t.Errorf("the request is %s, %+v", r.State, r.Outcome)
				}
			})
		})
	}
}

// A read may show what was so before a change that UiPath confirmed. Until it shows
// the change, nothing is written and nothing is told of it.
func TestReadsThatLagBehindAWrite(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]Ask{
		"another code is added": {Codes: []string{"NEWER"}},
		"a grant ends":          {Codes: []string{"NEWER"}, For: 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				first := w.ask(Ask{Codes: []string{"NEW"}})
				other := w.ask(second)
				w.uipath.setLag(3 * time.Second)
				w.react(first, anna, true)
				w.react(other, anna, true)
				w.quiet()
				if second.For == 0 {
					w.codes("OLD", "NEW", "NEWER")
					return
				}
				w.codes("OLD", "NEW")
				if end := w.read(other.ID).Grant.Revocation; !slices.Equal(end.Removed, []string{"NEWER"}) {
					t.Errorf("the grant ended as %+v", end)
				}
			})
		})
	}
}

// failWithEffect has UiPath refuse a write and make it all the same, so that a request for a time
// fails by reads that lag.
func (w *world) failWithEffect() {
	w.Helper()
	w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
		if n > 1 {
			return &asked, true, nil
		}
		return nil, true, &RefusedError{Answer: "no such license"}
	})
	r := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
	w.uipath.setLag(5 * time.Second)
	w.react(r, anna, true)
	w.until("failed", func(Request) bool { return w.read(r.ID).State == Failed })
	w.uipath.setLag(0)
}

// The look for a late effect goes on however long UiPath does not answer: otherwise what
// was asked for a time would stay for ever.
func TestLateEffectIsLookedForUntilUiPathAnswers(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		var silent atomic.Bool
		w.uipath.meanwhile(func(int) error {
			if silent.Load() {
				return errors.New("UiPath does not answer")
			}
			return nil
		})
		w.failWithEffect()
		silent.Store(true)
		time.Sleep(5 * time.Hour) // the request lives for one
		reads := len(w.uipath.log())
		time.Sleep(time.Hour)
		if more := len(w.uipath.log()) - reads; more < 1 || more > 10 {
			t.Errorf("UiPath was asked %d times in an hour", more)
		}
		silent.Store(false)
		w.quiet()
		w.posts(JobPostEffect, 1)
		w.codes("OLD")
	})
}

// One refusal among other failures does not end the look for a late effect: a group is gone
// if two looks in a row say so.
func TestLateEffectIsLookedForPastOneRefusal(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		var late []error
		w.uipath.meanwhile(func(int) error {
			if len(late) == 0 {
				return nil
			}
			err := late[0]
			late = late[1:]
			return err
		})
		w.failWithEffect()
		late = []error{errors.New("503"), missing("no such group")}
		w.quiet()
		w.posts(JobPostEffect, 1)
		w.codes("OLD")
	})
}

// A refusal to show the group before consent was lost is no first look for the next write.
func TestARefusedReadBeforeConsentWasLost(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		var next []error
		w.uipath.meanwhile(func(int) error {
			if len(next) == 0 {
				return nil
			}
			err := next[0]
			next = next[1:]
			return err
		})
		r := w.ask(Ask{Codes: []string{"NEW"}})
		next = []error{missing("404"), &DelayError{Reason: "503"}}
		w.react(r, anna, true)
		w.until("a refusal", func(r Request) bool { return !r.RefusedAt.IsZero() })
		w.react(r, anna, false)
		w.untilState(Pending)
		time.Sleep(10 * time.Minute)
		next = []error{missing("404")}
		w.react(r, anna, true)
		w.ended(w.quiet(), Done, ReasonConfirmed)
	})
}

// A write that was refused may have had an effect that no read shows yet. What is written
// to the group a moment later leaves that alone.
func TestWriteSoonAfterOneInDoubt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		second Ask
		effect bool // of the refused write
		want   []string
	}{
		"a code is added":             {Ask{Codes: []string{"NEWER"}}, true, []string{"OLD", "NEW", "NEWER"}},
		"a grant ends":                {Ask{Codes: []string{"NEWER"}, For: 10 * time.Minute}, true, []string{"OLD", "NEW"}},
		"the refused one did nothing": {Ask{Codes: []string{"NEWER"}}, false, []string{"OLD", "NEWER"}},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				other := w.ask(c.second)
				if c.second.IsTimed() {
					w.react(other, anna, true)
					w.until("done", func(Request) bool { return w.read(other.ID).State == Done })
					w.skipTo(w.read(other.ID).Grant.Until.Add(-4 * time.Minute)) // no confirmation is young any more
				}
				refused := w.ask(Ask{Codes: []string{"NEW"}})
				writes := 0
				w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
					if writes++; writes > 1 {
						return &asked, true, nil
					}
					return nil, c.effect, &RefusedError{Answer: "no such license"}
				})
				w.uipath.setLag(5 * time.Second)
				if c.second.IsTimed() {
					time.Sleep(time.Until(w.read(other.ID).Grant.Until.Add(-2 * time.Second)))
				}
				w.react(refused, anna, true)
				w.until("failed", func(Request) bool { return w.read(refused.ID).State == Failed })
				if !c.second.IsTimed() {
					w.react(other, anna, true)
				}
				w.quiet()
				w.codes(c.want...)
			})
		})
	}
}

// A group that one look does not show may be there at the next.
func TestGroupIsGoneOnlyAfterTwoLooks(t *testing.T) {
	t.Parallel()
	for refusals, want := range map[int]State{1: Done, 2: Failed} {
		live(t, func(w *world) {
			r := w.carded()
			left := refusals
			w.uipath.meanwhile(func(int) error {
				if left == 0 {
					return nil
				}
				left--
				return &RefusedError{Answer: "no such group"}
			})
			w.react(r, anna, true)
			if r = w.quiet(); r.State != want {
				t.Errorf("after %d refusals the request is %s, %+v", refusals, r.State, r.Outcome)
			}
		})
	}
}

// What holds today holds besides what was shown: a person or a rule that the policy
// dropped, a rule that became stricter, a group that has another name. What became
// easier does not help.
func TestPolicyOfTodayHoldsBeforeTheWrite(t *testing.T) {
	t.Parallel()
	deny := Policy{Rules: []PolicyRule{{Name: "closed", Deny: true}}}
	for name, c := range map[string]struct {
		today  Policy
		rename string
		state  State
		reason Reason
	}{
		"nothing changed":         {today: SimplePolicy([]string{anna, ben}, 1, time.Hour), state: Done, reason: ReasonConfirmed},
		"the approver is dropped": {today: SimplePolicy([]string{ben}, 1, time.Hour), state: Expired, reason: ReasonDeadline},
		"more approvers":          {today: SimplePolicy([]string{anna, ben, cleo}, 1, time.Hour), state: Done, reason: ReasonConfirmed},
		"a greater quorum":        {today: SimplePolicy([]string{anna, ben}, 2, time.Hour), state: Superseded, reason: ReasonStricterNow},
		"denied":                  {today: deny, state: Superseded, reason: ReasonForbiddenNow},
		"no approver is needed": {
			today: Policy{Rules: []PolicyRule{{Name: "free", AutoApprove: true}}}, state: Done, reason: ReasonConfirmed,
		},
		"another name": {
			today: SimplePolicy([]string{anna, ben}, 1, time.Hour), rename: "Robot admins", state: Superseded, reason: ReasonGroupRenamed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				w.adopt(c.today)
				w.uipath.rename(c.rename)
				w.react(r, anna, true)
				r = w.quiet()
				w.ended(r, c.state, c.reason)
				w.puts(map[bool]int{true: 1, false: 0}[c.state == Done])
			})
		})
	}
}

// An approval of the quorum that only people with a vote today can give, is given by
// them.
func TestAnotherApproverOfTodayHelps(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.adopt(SimplePolicy([]string{ben}, 1, time.Hour))
		w.react(r, anna, true)
		w.until("consent to be lost", func(r Request) bool { return r.ConsentLosses == 1 })
		w.react(r, ben, true)
		w.untilState(Done)
		w.puts(1)
	})
}

// One look after the deadline does not show an approval that an event told in time. The
// next look shows it again, and the write goes on.
func TestOneLookWithoutAVoteEndsNothing(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		down, hidden := true, false
		w.uipath.meanwhile(func(int) error {
			if down {
				return later(0)
			}
			return nil
		})
		time.Sleep(30 * time.Minute) // so that the approval outlives the deadline
		w.react(r, anna, true)
		w.untilState(Approved)
		w.slack.answer(func(call string, _ int) (bool, error) {
			switch {
			case call != "look" || !time.Now().After(r.Deadline):
			case !hidden:
				hidden = true
				w.slack.cards[r.CardTS] = nil
			default:
				w.slack.cards[r.CardTS] = []Reaction{
					{Channel: r.Channel, TS: r.CardTS, User: anna, Name: "white_check_mark", Present: true},
				}
			}
			return true, nil
		})
		time.Sleep(time.Until(r.Deadline) + 6*time.Minute)
		down = false
		if r = w.quiet(); r.State != Done || !hidden {
			t.Errorf("the request is %s, %+v", r.State, r.Outcome)
		}
	})
}

// A vote that an event dated keeps its date when one look misses it.
func TestADatedVoteStaysDated(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.adopt(SimplePolicy([]string{anna, ben}, 2, time.Hour))
		r := w.carded()
		w.react(r, anna, true)
		time.Sleep(5 * time.Minute)
		w.unheard(r, anna, false)
		w.hellos <- struct{}{}
		time.Sleep(time.Minute) // one look does not show it
		w.restart(func() {
			w.unheard(r, anna, true)
			w.slack.put(r, ben, true)
			time.Sleep(2 * time.Hour)
		})
		r = w.quiet()
		if r.Outcome == nil || slices.Contains(r.Outcome.Undated, anna) || !slices.Contains(r.Outcome.Undated, ben) {
			t.Errorf("undated are %+v, want only %s", r.Outcome, ben)
		}
	})
}

// A sideBySide Slack answers a look at a card only while somebody asks who the voters are.
type sideBySide struct {
	*slackFake
	asked chan struct{}
	alone func()
}

func (s sideBySide) FindPerson(ctx context.Context, user string, maxAge time.Duration) (Person, error) {
	if maxAge == 0 && user == anna {
		select {
		case s.asked <- struct{}{}:
		case <-time.After(time.Minute):
		}
	}
	return s.slackFake.FindPerson(ctx, user, maxAge)
}

func (s sideBySide) CardReactions(ctx context.Context, channel, ts string) ([]Reaction, []string, error) {
	select {
	case <-s.asked:
	case <-time.After(time.Minute):
		s.alone()
	}
	return s.slackFake.CardReactions(ctx, channel, ts)
}

// The last look at the card and the one at its voters share their wait.
func TestTheLastLooksAreSideBySide(t *testing.T) {
	live(t, func(w *world) {
		w.stop()
		workers := w.workers(w.store)
		workers.Directory = sideBySide{w.slack, make(chan struct{}), func() { w.Error("the card was looked at alone") }}
		w.stop = run(w.Context(), workers)
		w.file("e1")
		w.react(w.until("the card", func(r Request) bool { return r.CardTS != "" }), anna, true)
		w.untilState(Done)
	})
}
