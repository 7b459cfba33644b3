package worker_test

import (
	"errors"
	"testing"
	"time"

	. "licensebot/approvals"
)

// unheard changes what Slack shows without telling the bot, as happens while
// it is down or deaf.
func (w *world) unheard(r Request, user string, present bool) { w.slack.put(r, user, present) }

// pastTheDeadline lets the request's time run out.
func (w *world) pastTheDeadline(r Request) Request {
	w.Helper()
	time.Sleep(time.Until(r.Deadline) + time.Minute)
	return w.quiet()
}

func TestCatchUpFindsAVote(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]func(*world){
		"after a hello": func(w *world) { w.hellos <- struct{}{} },
		"on a timer": func(w *world) { // no hello tells of a database that was away
			time.Sleep(2 * time.Minute)
			if r := w.read(w.request.ID); r.State != Done {
				w.Errorf("after two minutes the request is %s", r.State)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				w.unheard(r, anna, true)
				after(w)
				w.untilState(Done)
				w.puts(1)
			})
		})
	}
}

func TestCatchUpFindsAWithdrawal(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.adopt(SimplePolicy([]string{anna, ben}, 2, time.Hour))
		r := w.carded()
		w.react(r, anna, true)
		w.until("a first vote", func(r Request) bool { return len(r.Votes) == 1 })
		w.unheard(r, anna, false)
		w.hellos <- struct{}{}
		w.until("no vote", func(r Request) bool { return len(r.Votes) == 0 })
		w.react(r, ben, true)
		w.until("a second vote", func(r Request) bool { return len(r.Votes) == 1 })
		w.puts(0)
	})
}

// A deletion that no event told of is found by a survey.
func TestCatchUpFindsADeletedCard(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.forget(r)
		w.hellos <- struct{}{}
		time.Sleep(5 * time.Minute)
		w.ended(w.read(r.ID), Cancelled, ReasonCardDeleted)
	})
}

// A survey that is silent about a vote is no proof that it was taken back.
func TestCatchUpConcludesNoWithdrawalFromASurvey(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.adopt(SimplePolicy([]string{anna, ben}, 2, time.Hour))
		r := w.carded()
		w.react(r, anna, true)
		w.until("a first vote", func(r Request) bool { return len(r.Votes) == 1 })
		w.slack.short = true
		w.hellos <- struct{}{}
		w.until("a closer look", func(Request) bool { return w.slack.count("look") > 0 })
		time.Sleep(time.Minute)
		if n := len(w.read(r.ID).Votes); n != 1 {
			t.Errorf("%d votes count, want the one that stands", n)
		}
	})
}

// A survey that names fewer people than it counts is followed by a look at the card itself, if
// the emoji is a vote by the card's own terms, whatever the configuration says today.
func TestCatchUpLooksCloserWhereTheSurveyIsNotWhole(t *testing.T) {
	t.Parallel()
	for emoji, isVote := range map[string]bool{"white_check_mark": true, "x": true, "rocket": false, "tada": false} {
		t.Run(emoji, func(t *testing.T) {
			t.Parallel()
			live(t, func(w *world) {
				r := w.carded()
				w.stop()
				w.emoji = Emoji{Approve: []string{"rocket"}, Deny: []string{"no_entry"}}
				w.slack.cut = []string{emoji}
				w.unheard(r, anna, true)
				w.work()
				w.untilState(Done)
				if n := w.slack.count("look"); n > 1 != isVote { // one is before the write
					w.Errorf("looked %d times at the card", n)
				}
			})
		})
	}
}

// What is known already is not written again, however often it is looked at.
func TestCatchUpWritesOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.adopt(SimplePolicy([]string{anna, ben}, 2, 12*time.Hour)) // no reminder is due yet
		r := w.carded()
		w.react(r, anna, true)
		w.until("a first vote", func(r Request) bool { return len(r.Votes) == 1 })
		members := w.slack.count("members")
		time.Sleep(20 * time.Minute)
		if w.slack.count("survey") < 5 {
			w.Error("nobody looked")
		}
		if n := w.slack.count("members"); n != members {
			w.Errorf("%d weighings for nothing", n-members)
		}
	})
}

func TestCatchUpGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.breaks("survey", 2, false, errCut)
		w.unheard(r, anna, true)
		w.hellos <- struct{}{}
		w.untilState(Done)
	})
}

// A card that cannot be looked at keeps no other from being looked at in the
// same round; but where Slack asks for time it is given.
func TestCatchUpGoesOnAfterACardThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     error
		looks   int // of the first round, at two cards
		waiting bool
	}{
		"no answer":               {errCut, 2, false},
		"refused":                 {&RefusedError{Answer: "not_reactable"}, 2, false},
		"not now":                 {&DelayError{Reason: "Slack cannot be reached"}, 2, false},
		"too many calls":          {later(10 * time.Minute), 1, true},
		"of several, the longest": {errors.Join(later(0), later(10*time.Minute)), 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.adopt(SimplePolicy([]string{anna, ben}, 2, 12*time.Hour)) // no reminder is due yet
				first := w.carded()
				w.file("e2", "NEWER")
				second := w.until("a card", func(r Request) bool { return r.CardTS != "" })
				if cards, err := w.store.ListPendingCards(w.Context()); err != nil || cards[len(cards)-1].RequestID != first.ID {
					first, second = second, first
				}
				w.slack.mu.Lock()
				w.slack.cut, w.slack.faulty = []string{"white_check_mark"}, map[string]error{first.CardTS: c.err}
				w.slack.mu.Unlock()
				w.unheard(second, anna, true)
				w.hellos <- struct{}{}
				time.Sleep(20 * time.Second)
				if n := w.slack.count("look"); n != c.looks {
					w.Errorf("%d looks in the first round, want %d", n, c.looks)
				}
				if found := len(w.read(second.ID).Votes) == 1; found == c.waiting {
					w.Errorf("the vote on the other card was found: %t", found)
				}
				time.Sleep(6 * time.Minute)
				if again := w.slack.count("look") > c.looks; again == c.waiting {
					w.Errorf("looked again within six minutes: %t", again)
				}
			})
		})
	}
}

func TestDeletedCard(t *testing.T) {
	t.Parallel()
	const atTheDeadline = "before the deadline's look"
	for name, when := range map[string]func(w *world, r Request){
		"while pending": func(w *world, r Request) { w.hellos <- struct{}{} },
		"before the write": func(w *world, r Request) {
			heard := w.slack.put(r, anna, true)
			w.slack.forget(r)
			if err := w.store.RecordReaction(w.Context(), heard); err != nil {
				w.Fatal(err)
			}
		},
		atTheDeadline: func(w *world, r Request) { w.pastTheDeadline(r) },
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				w.slack.forget(r)
				when(w, r)
				r = w.until("an end", func(r Request) bool { return !r.State.Open() })
				w.ended(r, Cancelled, ReasonCardDeleted)
				if soon := r.FiledAt.Add(time.Minute); name != atTheDeadline && r.ClosedAt.After(soon) {
					w.Errorf("ended %v late", r.ClosedAt.Sub(soon))
				}
				w.quiet()
				w.puts(0)
				w.posts(JobTellRequester, 1)
				w.posts(JobPostOutcome, 0)
			})
		})
	}
}

// The card goes while the write is out: what UiPath shows is what is told.
func TestDeletedCardAfterAWriteOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]bool{"it took effect": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
					w.slack.forget(r)
					return nil, effect, errCut
				})
				w.react(r, anna, true)
				r = w.until("an end", func(r Request) bool { return !r.State.Open() })
				if effect {
					w.ended(r, Done, ReasonReadBack)
				} else {
					w.ended(r, Cancelled, ReasonCardDeleted)
				}
				w.puts(1)
			})
		})
	}
}

// The bot was down when the vote was given and when the deadline passed.
func TestDownOverTheDeadline(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		acts  func(w *world, r Request)
		state State
	}{
		{"nobody voted", func(*world, Request) {}, Expired},
		{"an approver agreed, and no event says when", func(w *world, r Request) { w.unheard(r, anna, true) }, Expired},
		{"an approver agreed in time, as its event says", func(w *world, r Request) { w.react(r, anna, true) }, Done},
		{"a bystander agreed", func(w *world, r Request) { w.unheard(r, bystander, true) }, Expired},
		{"the requester agreed", func(w *world, r Request) { w.unheard(r, requester, true) }, Expired},
		{"an agreement was taken back", func(w *world, r Request) {
			w.unheard(r, anna, true)
			w.unheard(r, anna, false)
		}, Expired},
	} {
		t.Run(c.name, func(t *testing.T) {
			live(t, func(w *world) {
				r := w.carded()
				w.restart(func() {
					c.acts(w, r)
					time.Sleep(5 * time.Hour)
				})
				r = w.quiet()
				if r.State != c.state {
					w.Errorf("the request is %s, want %s", r.State, c.state)
				}
				w.posts(JobPostOutcome, 1)
			})
		})
	}
}

// An approval that is known to have come after the deadline does not count,
// also if the bot was down and hears of it before its last look.
func TestLateApproval(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.breaks("look", 1, false, errCut)                                  // the deadline's look has to wait
		time.Sleep(time.Until(r.Deadline.Truncate(time.Second).Add(time.Second))) // the fake dates events by seconds
		w.react(r, anna, true)
		r = w.quiet()
		w.ended(r, Expired, ReasonDeadline)
		w.puts(0)
	})
}

// The process dies in its last look, and when it is back its clock is right
// again: by that the deadline is still to come.
func TestAClockThatWasFast(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.stop()
		time.Sleep(time.Until(r.Deadline))
		if _, _, err := w.store.ClaimJob(w.Context(), time.Minute, JobExpire); err != nil {
			w.Fatal(err)
		}
		if err := w.store.Close(); err != nil {
			w.Fatal(err)
		}
		w.behind.Store(int64(5 * time.Minute))
		w.open()
		w.work()
		w.ended(w.quiet(), Expired, ReasonDeadline)
	})
}

// Where Slack cannot be asked at the deadline the request waits for it, as long
// again as it lived.
func TestTheDeadlineWaitsForTheLook(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.breaks("look", 5, false, errCut)
		time.Sleep(time.Until(r.Deadline) + time.Second)
		if got := w.read(r.ID); got.State != Pending {
			w.Errorf("%s without a look", got.State)
		}
		w.ended(w.quiet(), Expired, ReasonDeadline)
		w.slack.breaks("look", 1_000_000, false, errors.New("no such luck"))
		w.file("e2")
		w.until("a card", func(r Request) bool { return r.CardTS != "" })
		r = w.quiet()
		w.ended(r, Expired, ReasonDeadline)
		if r.ClosedAt.Before(r.Deadline.Add(r.Terms.TTL)) {
			w.Errorf("gave up %v early", r.Deadline.Add(r.Terms.TTL).Sub(r.ClosedAt))
		}
	})
}

// A no on one of the bot's replies that was given while no socket was connected is found
// after it is connected again.
func TestCatchUpFindsADenialOnAReply(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		time.Sleep(time.Hour / 2)
		w.slack.mu.Lock()
		w.slack.replies = map[string][]Reaction{r.CardTS: {
			{TS: "2.2", User: ben, Name: "eyes", Present: true},
			{TS: "2.2", User: ben, Name: "x", Present: true},
		}}
		w.slack.mu.Unlock()
		w.slack.breaks("reply_reactions", 1, false, errCut) // looked at again
		w.hellos <- struct{}{}
		denied := w.untilState(Denied)
		if denied.Outcome.Reason == "" || len(denied.Denials) != 1 || denied.Denials[0].User != ben {
			t.Errorf("denied by %v: %+v", denied.Denials, denied.Outcome)
		}
		w.puts(0)
	})
}

// Threads take a call for each card, so only a reconnect has them looked at.
func TestThreadsAreLookedAtAfterAReconnect(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.mu.Lock()
		w.slack.replies = map[string][]Reaction{r.CardTS: {{TS: "2.2", User: "U-OTHER", Name: "eyes", Present: true}}}
		w.slack.mu.Unlock()
		time.Sleep(30 * time.Minute)
		if n := w.slack.count("reply_reactions"); n > 0 {
			t.Errorf("the thread was looked at %d times without a reconnect", n)
		}
		w.hellos <- struct{}{}
		time.Sleep(10 * time.Minute)
		if n := w.slack.count("reply_reactions"); n != 1 {
			t.Errorf("the thread was looked at %d times after a reconnect, want once", n)
		}
	})
}
