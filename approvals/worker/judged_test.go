package worker_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "licensebot/approvals"
	"licensebot/approvals/worker"
)

func (w *world) group(members ...string) {
	w.slack.mu.Lock()
	defer w.slack.mu.Unlock()
	w.slack.groups = map[string][]string{"S1": members}
}

func (w *world) record(heard ...Reaction) {
	w.Helper()
	for _, h := range heard {
		if err := w.store.RecordReaction(w.Context(), h); err != nil {
			w.Fatal(err)
		}
		time.Sleep(time.Minute)
	}
}

// remindOnce makes a reply in the thread.
func (w *world) remindOnce(r Request) {
	w.Helper()
	if _, err := w.store.ApplyEvent(w.Context(), r.ID, Reminded{Number: 1}, nil); err != nil {
		w.Fatal(err)
	}
}

// breakUiPath keeps UiPath from answering until mend is called.
func (w *world) breakUiPath() (mend func()) {
	var up atomic.Bool
	w.uipath.meanwhile(func(int) error {
		if !up.Load() {
			return later(0)
		}
		return nil
	})
	return func() { up.Store(true) }
}

// toldOf lists what a person was told of the own vote.
func (w *world) toldOf(user string) []string {
	w.slack.mu.Lock()
	defer w.slack.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.slack.posted), func(p string) bool {
		return !strings.HasPrefix(p, "tell_voter "+user+" ")
	})
}

// An older event does not make a judgment older than the word about it.
func TestJudgmentIsAsOldAsItsLook(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.group(anna)
		w.adopt(SimplePolicy([]string{"S1"}, 1, 5*time.Hour))
		r := w.carded()
		first := w.slack.put(r, bystander, true)
		time.Sleep(time.Second)
		taken := w.slack.put(r, bystander, false)
		time.Sleep(time.Second)
		again := w.slack.put(r, bystander, true)
		time.Sleep(3 * time.Second) // events come late
		if err := w.store.RecordReaction(w.Context(), first); err != nil {
			t.Fatal(err)
		}
		w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
		time.Sleep(3 * time.Minute)
		w.group(anna, bystander)
		w.record(taken, again)
		time.Sleep(5 * time.Minute)
		w.puts(0)
		if r = w.read(r.ID); r.State != Pending {
			t.Errorf("the request is %s by %v: told %v", r.State, Voters(r.Votes), w.toldOf(bystander))
		}
	})
}

// Whoever was told that a vote counts hears that it is lost for good.
func TestLossForGoodIsTold(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.group(anna, ben, cleo)
		w.adopt(SimplePolicy([]string{"S1"}, 2, 5*time.Hour))
		r := w.carded()
		w.react(r, anna, true)
		w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
		time.Sleep(3 * time.Minute)
		w.group(ben, cleo)
		w.react(r, cleo, true) // counted again: anna is no approver
		time.Sleep(3 * time.Minute)
		r = w.read(r.ID)
		if len(w.toldOf(anna)) < 2 {
			t.Errorf("anna's ✅ never counts from now on (%+v), and the last she heard is %v", r.Judgments, w.toldOf(anna))
		}
	})
}

// Whoever was told that a check failed hears what it found.
func TestJudgmentAfterAFailedCheckIsTold(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.group(anna)
		w.hide("S1", &RefusedError{Answer: "missing_scope"})
		w.adopt(SimplePolicy([]string{"S1"}, 1, 5*time.Hour))
		r := w.carded()
		w.react(r, bystander, true)
		w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
		time.Sleep(3 * time.Minute)
		w.hide("S1", nil)
		time.Sleep(30 * time.Minute)
		r = w.read(r.ID)
		if len(r.Judgments) != 1 || len(w.toldOf(bystander)) != 2 {
			t.Errorf("judged %+v; told %v", r.Judgments, w.toldOf(bystander))
		}
	})
}

// Whoever votes anew, and too early, hears so once more.
func TestEachNewReactionIsJudgedAloud(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.group(anna)
		w.adopt(SimplePolicy([]string{"S1"}, 1, 5*time.Hour))
		r := w.carded()
		w.react(r, bystander, true)
		w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
		time.Sleep(10 * time.Minute)
		// becomes an approver now; Slack's answers show it half a minute later
		time.Sleep(5 * time.Second)
		w.react(r, bystander, false)
		w.react(r, bystander, true)
		time.Sleep(30 * time.Second)
		w.group(anna, bystander)
		time.Sleep(30 * time.Minute)
		if r = w.read(r.ID); r.State != Done && len(w.toldOf(bystander)) < 2 {
			t.Errorf("the request is %s, judged %+v; told %v", r.State, r.Judgments, w.toldOf(bystander))
		}
	})
}

// A ❌ on a reply that was taken back and given anew counts, though no event told so.
func TestNoOnAReplyGivenAnew(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.group(anna)
		w.adopt(SimplePolicy([]string{"S1"}, 1, 5*time.Hour))
		r := w.carded()
		w.remindOnce(r)
		deny := func(at string, taken bool) {
			e := DeniedOnReply{Denial: Denial{TS: "9.1", User: bystander, Name: "x", EventTS: at, Withdrawn: taken}}
			if _, err := w.store.ApplyEvent(w.Context(), r.ID, e, nil); err != nil {
				t.Fatal(err)
			}
		}
		deny("9.2", false)
		time.Sleep(time.Minute)
		deny("9.3", true)
		time.Sleep(3 * time.Minute)
		w.group(anna, bystander)
		w.restart(func() { // deaf
			w.slack.replies = map[string][]Reaction{r.CardTS: {{TS: "9.1", User: bystander, Name: "x", Present: true}}}
			time.Sleep(3 * time.Minute)
		})
		time.Sleep(3 * time.Minute)
		w.react(r, anna, true)
		r = w.quiet()
		if r.State != Denied {
			t.Errorf("the request is %s though an approver's ❌ stands on a reply; denials %+v", r.State, r.Denials)
		}
	})
}

// A ❌ on a reply whose event was missed stops the write.
func TestNoOnAReplyWhileApproved(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		mend := w.breakUiPath()
		w.react(r, anna, true)
		w.untilState(Approved)
		time.Sleep(time.Minute)
		w.restart(func() {
			w.slack.replies = map[string][]Reaction{r.CardTS: {{TS: "9.1", User: ben, Name: "x", Present: true}}}
			time.Sleep(2 * time.Minute)
		})
		time.Sleep(5 * time.Minute)
		mend()
		r = w.quiet()
		if r.State != Denied {
			t.Errorf("the request is %s though ben's ❌ stands on a reply", r.State)
		}
	})
}

// A step of the clock does not make a late look a new one.
func TestLateLookAfterAStepOfTheClock(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"no step": 0, "ahead": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				start := time.Now()
				w.elapsed = func() time.Duration { return time.Since(start) }
				w.reopen()
				w.adopt(SimplePolicy([]string{anna, ben}, 2, 5*time.Hour))
				r := w.carded()
				w.react(r, anna, true)
				w.until("one", func(r Request) bool { return len(r.Votes) == 1 })
				time.Sleep(3 * time.Minute)
				w.slack.mu.Lock()
				stale := slices.Clone(w.slack.cards[r.CardTS])
				w.slack.mu.Unlock()
				w.react(r, anna, false)
				w.until("none", func(r Request) bool { return len(r.Votes) == 0 })
				w.slack.mu.Lock() // Slack's reads lag
				w.slack.cards[r.CardTS] = stale
				w.slack.mu.Unlock()
				w.behind.Add(-int64(step))
				w.hellos <- struct{}{}
				time.Sleep(2 * time.Second)
				w.react(r, ben, true)
				time.Sleep(20 * time.Second)
				if w.read(r.ID).State == Done {
					t.Errorf("written by %v, though anna took hers back and the bot heard it", Voters(w.read(r.ID).Votes))
				}
			})
		})
	}
}

// Nor does it make a ❌ of a moment ago an old one.
func TestHeardNoAfterAStepOfTheClock(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"no step": 0, "ahead": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				start := time.Now()
				w.elapsed = func() time.Duration { return time.Since(start) }
				w.reopen()
				r := w.carded()
				mend := w.breakUiPath()
				w.react(r, anna, true)
				w.untilState(Approved)
				time.Sleep(2 * time.Minute)
				w.slack.setLagging(true) // of ben nothing is shown for less than a minute
				w.slack.breaks("look", 0, true, nil)
				w.vote(r, ben, "x", true)
				at := time.Now()
				w.behind.Add(-int64(step))
				mend()
				for time.Since(at) < 55*time.Second && w.read(r.ID).State == Approved {
					time.Sleep(time.Second)
				}
				if w.read(r.ID).State == Done {
					t.Errorf("written though ben's ❌ was heard %s ago", time.Since(at))
				}
				w.slack.setLagging(false)
			})
		})
	}
}

// A card that Slack takes late has the deadline that it tells.
func TestDeadlineOfALateCard(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.dated = true
		begun := time.Now()
		w.slack.answer(func(call string, _ int) (bool, error) {
			age := time.Since(begun)
			if call == "post_card" && age < 40*time.Minute || call == "look" && age > 59*time.Minute && age < 75*time.Minute {
				return false, later(time.Minute)
			}
			return true, nil
		})
		r := w.carded() // one hour from the start
		time.Sleep(time.Until(begun.Add(70 * time.Minute)))
		w.react(r, anna, true)
		r = w.quiet()
		if r.State == Done {
			t.Errorf("a ✅ given at %s counted; the card told the deadline %s", time.Unix(begun.Unix(), 0).Add(70*time.Minute).UTC(), r.Deadline)
		}
	})
}

// So it has while the time of another vote is waited for.
func TestDeadlineOfALateCardBesideAnUndatedVote(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.dated = true
		begun := time.Now()
		w.slack.answer(func(call string, _ int) (bool, error) {
			if call == "post_card" && time.Since(begun) < 5*time.Minute {
				return false, later(time.Minute)
			}
			return true, nil
		})
		w.adopt(SimplePolicy([]string{anna, ben, cleo}, 1, time.Hour))
		r := w.carded()
		time.Sleep(time.Until(r.Deadline) - time.Millisecond)
		w.unheard(r, cleo, true)    // a moment before the deadline; its event is late or lost
		time.Sleep(5 * time.Second) // after the deadline
		heard := w.slack.put(r, ben, true)
		if err := w.store.RecordReaction(w.Context(), heard); err != nil {
			t.Fatal(err)
		}
		r = w.quiet()
		if r.State == Done {
			t.Errorf("done by %v: a ✅ given at %s counted; the card told the deadline %s", Voters(r.Votes), heard.EventTS, r.Deadline)
		}
	})
}

// What was given before the word does not count, with whichever emoji.
func TestJudgmentIsOfThePerson(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.emoji = Emoji{Approve: []string{"white_check_mark", "+1"}, Deny: []string{"x"}}
		w.stop()
		w.work()
		w.group(anna)
		w.adopt(SimplePolicy([]string{"S1"}, 1, 5*time.Hour))
		r := w.carded()
		first := w.slack.put(r, bystander, true)
		thumb := first
		thumb.Name, thumb.EventTS = "+1", TimestampAt(time.Now().Add(time.Second))
		w.slack.mu.Lock()
		w.slack.cards[r.CardTS] = append(w.slack.cards[r.CardTS], thumb)
		w.slack.mu.Unlock()
		time.Sleep(3 * time.Second)
		if err := w.store.RecordReaction(w.Context(), first); err != nil {
			t.Fatal(err)
		}
		w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
		w.group(anna, bystander)
		time.Sleep(4 * time.Second)
		w.record(thumb)
		time.Sleep(5 * time.Minute)
		if r = w.read(r.ID); r.State != Pending {
			t.Errorf("the request is %s by %v: told %v", r.State, Voters(r.Votes), w.toldOf(bystander))
		}
	})
}

// The requester is reminded only if the policy of today lets them approve, too.
func TestRequesterWhoMayNotTodayIsNotReminded(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		stage := []Stage{{Approvers: []string{anna, requester}, Quorum: 1}}
		w.adopt(Policy{Rules: []PolicyRule{{Name: "own", SelfApproval: true, Stages: stage}}})
		w.monday(8)
		since := time.Now()
		w.pending(40 * time.Minute)
		w.adopt(Policy{Rules: []PolicyRule{{Name: "own", Stages: stage}}})
		w.skipTo(since.Add(15 * time.Minute))
		w.wantReminded(since, "15m0s "+anna)
	})
}

// Of a ❌ on a reply and a ✅, both missed, the ❌ counts, whatever is read first.
func TestNoOnAReplyBesideAYes(t *testing.T) {
	t.Parallel()
	for name, busy := range map[string]bool{"Slack answers": false, "the first look at the thread fails": true} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				w.remindOnce(r)
				if busy {
					w.slack.breaks("reply_reactions", 1, false, later(5*time.Second))
				}
				w.restart(func() {
					w.slack.replies = map[string][]Reaction{r.CardTS: {{TS: "9.1", User: ben, Name: "x", Present: true}}}
					w.unheard(r, anna, true)
					time.Sleep(2 * time.Minute)
				})
				if r = w.quiet(); r.State != Denied {
					t.Errorf("the request is %s though ben's ❌ stood on a reply before anna's ✅", r.State)
				}
			})
		})
	}
}

// A thread that cannot be read at the deadline may hold a ❌.
func TestNoOnAReplyAtTheDeadline(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.remindOnce(r)
		w.slack.breaks("reply_reactions", 1000, false, later(5*time.Second))
		w.restart(func() {
			w.slack.replies = map[string][]Reaction{r.CardTS: {{TS: "9.1", User: ben, Name: "x", Present: true}}}
			heard := w.slack.put(r, anna, true)
			if err := w.store.RecordReaction(w.Context(), heard); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Hour)
		})
		if r = w.quiet(); r.State == Done {
			t.Errorf("the request is %s", r.State)
		}
	})
}

// Nobody hears that a vote counts whom the policy of today leaves out.
func TestNoPromiseToAVoterLeftOutToday(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.adopt(SimplePolicy([]string{anna, ben, cleo}, 3, time.Hour))
		r := w.carded()
		w.adopt(SimplePolicy([]string{ben, cleo}, 2, time.Hour))
		w.react(r, anna, true)
		time.Sleep(time.Minute)
		w.react(r, ben, true)
		time.Sleep(time.Minute)
		if !slices.Contains(w.toldOf(ben), "tell_voter "+ben+" counts") {
			t.Errorf("told %v", w.toldOf(ben))
		}
		if slices.Contains(w.toldOf(anna), "tell_voter "+anna+" counts") {
			t.Errorf("told %v", w.toldOf(anna))
		}
	})
}

// A vote that counted after a judgment without Slack's time goes on to count.
func TestUndatedJudgmentOfAnEarlierVersion(t *testing.T) {
	at := time.Unix(1800000000, 0)
	r := Request{State: Pending, Requester: requester, Terms: Terms{Stages: []Stage{{Approvers: []string{anna}, Quorum: 1}}, TTL: 5 * time.Hour}, CardTS: TimestampAt(at.Add(-time.Hour)),
		Deadline:  at.Add(4 * time.Hour),
		Judgments: []Judgment{{User: anna, Name: "white_check_mark", Eligibility: NotApprover, At: at}},
		Votes:     []Vote{{User: anna, At: at.Add(5 * time.Minute), Stages: []int{0}}}}
	again := Reaction{User: anna, Name: "white_check_mark", EventTS: TimestampAt(at.Add(5 * time.Minute)), SeenAt: at.Add(5 * time.Minute), Present: true}
	b := NewBallot(r, again, Voter{Person: Person{ID: anna}, Stages: []int{0}})
	if b.Eligibility != Counts {
		t.Errorf("a reaction given five minutes after the judgment: %s", b.Eligibility)
	}
}

// onceBroken is a store that fails to read a request once it is armed.
type onceBroken struct {
	worker.Store
	armed, broke *atomic.Bool
}

func (s onceBroken) Request(ctx context.Context, id string) (Request, error) {
	if s.armed.CompareAndSwap(true, false) {
		s.broke.Store(true)
		return Request{}, errCut
	}
	return s.Store.Request(ctx, id)
}

// watched is a directory that arms a fault once a thread shows a reaction, and notes a look at no card.
type watched struct {
	worker.Directory
	armed *atomic.Bool
	empty *atomic.Bool
}

func (d watched) ReplyReactions(ctx context.Context, channel, ts string) ([]Reaction, []string, error) {
	shown, cut, err := d.Directory.ReplyReactions(ctx, channel, ts)
	if len(shown) > 0 {
		d.armed.Store(true)
	}
	return shown, cut, err
}

func (d watched) CardReactions(ctx context.Context, channel, ts string) ([]Reaction, []string, error) {
	if channel == "" || ts == "" {
		d.empty.Store(true)
	}
	return d.Directory.CardReactions(ctx, channel, ts)
}

// A database that fails for a moment does not have the bot look at a card without a name.
func TestLookWithoutACard(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		var armed, broke, empty atomic.Bool
		r := w.carded()
		w.remindOnce(r)
		w.slack.replies = map[string][]Reaction{r.CardTS: {{TS: "9.1", User: bystander, Name: "eyes", Present: true}}}
		w.stop()
		workers := w.workers(onceBroken{w.store, &armed, &broke})
		workers.Directory = watched{w.slack, &armed, &empty}
		w.stop = run(context.WithoutCancel(w.Context()), workers)
		w.react(r, anna, true)
		time.Sleep(10 * time.Minute)
		if empty.Load() {
			t.Error("looked at the card of no channel")
		}
		if !broke.Load() {
			t.Error("the database did not fail")
		}
	})
}
