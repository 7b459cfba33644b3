package worker_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "licensebot/approvals"
)

// monday lets time pass until a Monday, so many hours after midnight UTC. The
// bubble's time begins on a Saturday.
// The workers rest meanwhile, which is quicker.
func (w *world) monday(hours int) {
	w.stop()
	time.Sleep(time.Until(time.Date(2000, 1, 3, hours, 0, 0, 0, time.UTC)))
	w.work()
}

// expires lets time pass until the request's deadline has passed.
func (w *world) expires(r Request) {
	w.Helper()
	w.skipTo(r.Deadline)
	w.untilState(Expired)
}

// pending files a request with so long a life, and waits for its card.
func (w *world) pending(ttl time.Duration) Request {
	w.Helper()
	w.amend(func(rule *PolicyRule) { rule.TTL = ttl })
	return w.carded()
}

// reminded lists how long after since each reminder came, and its mentions.
func (w *world) reminded(since time.Time) []string {
	var all []string
	for _, u := range w.slack.heard(JobRemind) {
		all = append(all, u.at.Sub(since).Truncate(time.Minute).String()+" "+strings.Join(u.Payload.Mention, " "))
	}
	return all
}

func (w *world) wantReminded(since time.Time, want ...string) {
	w.Helper()
	if got := w.reminded(since); !slices.Equal(got, want) {
		w.Errorf("reminded %v, want %v", got, want)
	}
}

func (w *world) person(id string, p Person) {
	w.slack.mu.Lock()
	defer w.slack.mu.Unlock()
	w.slack.people[id] = p
}

func TestReminders(t *testing.T) {
	t.Parallel()
	const both = anna + " " + ben
	for name, c := range map[string]struct {
		ttl  time.Duration
		want []string
	}{
		"doubling, from a twelfth of its life on": {9 * time.Hour, []string{"45m0s " + both, "2h15m0s " + both, "5h15m0s " + both}},
		"not sooner than a quarter of an hour":    {time.Hour, []string{"15m0s " + both, "45m0s " + both}},
		"none in a life too short":                {10 * time.Minute, nil},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.monday(8)
				since := time.Now()
				r := w.pending(c.ttl)
				for after := time.Duration(1); after <= 7; after = 2*after + 1 { // intervals, since it is pending
					w.skipTo(since.Add(after * max(c.ttl/12, 15*time.Minute)))
				}
				w.expires(r)
				w.wantReminded(since, c.want...)
				for i, u := range w.slack.heard(JobRemind) {
					if u.Number != i+1 || u.state != Pending {
						t.Errorf("the %dth reminder is number %d, of a %s request", i+1, u.Number, u.state)
					}
				}
			})
		})
	}
}

func TestAtMostFourReminders(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.monday(8)
		w.amend(func(rule *PolicyRule) { rule.TTL = 100 * time.Hour })
		r := w.carded()
		var number int
		for range 4 {
			number++
			r, _ = w.store.ApplyEvent(w.Context(), r.ID, Reminded{Number: number}, nil)
		}
		if step, err := Next(r, Reminded{Number: 5}, time.Now()); err != nil || len(step.Enqueue) != 0 || r.RemindersSent != 4 {
			t.Errorf("a fifth reminder after %d: %+v, %v", r.RemindersSent, step.Enqueue, err)
		}
	})
}

// Anna's day begins at 08:00 her time, nine hours before Ben's.
func TestNoReminderAtNight(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.person(anna, Person{UTCOffset: 9 * time.Hour}) // 08:00 there is 23:00 UTC of the day before
		w.monday(11)                                     // 20:00 for Anna, 11:00 for Ben
		midnight := time.Date(2000, 1, 3, 0, 0, 0, 0, time.UTC)
		w.person(ben, Person{UTCOffset: -6 * time.Hour}) // 05:00 for Ben
		r := w.pending(36 * time.Hour)
		for _, hours := range []time.Duration{14, 20, 32} {
			w.skipTo(midnight.Add(hours * time.Hour))
		}
		w.expires(r)
		// Due at 14:00, which is 23:00 and 08:00; then six hours later, 05:00
		// and 14:00; then at 08:00 the day after, 17:00 and 02:00.
		w.wantReminded(midnight, "14h0m0s "+ben, "20h0m0s "+ben, "32h0m0s "+anna)
	})
}

// It is night for every approver: the reminder waits for the first to wake, over a
// weekend if need be, and is not counted as trouble.
func TestReminderWaitsForTheDay(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.person(ben, Person{UTCOffset: time.Hour})
		since := time.Now()
		time.Sleep(6 * time.Hour) // it comes due on Saturday at 11:00
		r := w.pending(58 * time.Hour)
		w.skipTo(r.FiledAt.Add(r.Terms.TTL / 12))
		w.posts(JobRemind, 0)
		w.skipTo(since.Add(55 * time.Hour))
		w.expires(r)
		// Monday 07:00 UTC is 55 hours after midnight; the second would come after the end.
		w.wantReminded(since, "55h0m0s "+ben)
	})
}

func TestNoReminderAfterTheEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, r Request){
		"approved":  func(w *world, r Request) { w.react(r, anna, true); w.untilState(Done) },
		"cancelled": func(w *world, r Request) { w.cancel(r) },
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.monday(8)
				r := w.pending(9 * time.Hour)
				end(w, r)
				if _, owed, err := w.store.NextDue(w.Context(), JobRemind); owed || err != nil {
					t.Errorf("a reminder is still owed (%v)", err)
				}
				w.skipTo(r.FiledAt.Add(45 * time.Minute))
				w.posts(JobRemind, 0)
			})
		})
	}
}

// The request ends while the reminder is being prepared.
func TestNoReminderOnceItEnded(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.monday(8)
		r := w.pending(9 * time.Hour)
		var asked atomic.Bool
		w.slack.answer(func(call string, _ int) (bool, error) {
			if call == "members" && time.Since(r.FiledAt) > 40*time.Minute && asked.CompareAndSwap(false, true) {
				w.slack.mu.Unlock()
				w.cancel(r)
				w.slack.mu.Lock()
			}
			return true, nil
		})
		w.skipTo(r.FiledAt.Add(45 * time.Minute))
		if !asked.Load() {
			t.Fatal("no reminder was prepared")
		}
		w.posts(JobRemind, 0)
	})
}

// A reminder that Slack may still store would stand below the end, so the channel is searched.
func TestReminderInDoubtWhenTheRequestEnds(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]int{"in doubt": 1, "none was tried": 0} {
		live(t, func(w *world) {
			w.monday(8)
			w.slack.breaks("remind", broken, false, errCut)
			r := w.pending(5 * time.Hour)
			w.until("an attempt", func(Request) bool { return broken == 0 || w.slack.count("remind") == 1 })
			w.cancel(r)
			time.Sleep(time.Hour)
			if n := w.slack.count("list_posts"); n != 2*broken {
				t.Errorf("%s: searched %d times", name, n)
			}
		})
	}
}

func TestReminderAnswerLost(t *testing.T) {
	t.Parallel()
	for _, effect := range []bool{true, false} {
		live(t, func(w *world) {
			w.monday(8)
			w.slack.breaks("remind", 1, effect, errCut)
			r := w.pending(5 * time.Hour)
			w.skipTo(r.FiledAt.Add(25 * time.Minute))
			w.posts(JobRemind, 1)
			if r := w.read(w.request.ID); r.RemindersSent != 1 {
				t.Errorf("reminded %d times", r.RemindersSent)
			}
		})
	}
}

// Who has voted, may not vote, or could not bring the request nearer to its
// quorum is left alone.
func TestWhoIsReminded(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.person(cleo, Person{Deactivated: true})
		w.amend(func(rule *PolicyRule) {
			rule.Stages = []Stage{
				{Approvers: []string{anna, ben, cleo, requester, "U-FRED"}, Quorum: 1},
				{Approvers: []string{ben, "U-DORA"}, Quorum: 1},
			}
		})
		w.monday(8)
		since := time.Now()
		r := w.pending(3 * time.Hour)
		w.skipTo(since.Add(15 * time.Minute))
		w.react(r, anna, true)
		w.skipTo(since.Add(45 * time.Minute))
		w.wantReminded(since, "15m0s "+anna+" "+ben+" U-FRED U-DORA", "45m0s "+ben+" U-DORA")
	})
}

// A user group is mentioned as such unless that disturbs a member who sleeps or has
// voted.
func TestUserGroupsInReminders(t *testing.T) {
	t.Parallel()
	const group = "S-APPROVERS"
	for name, c := range map[string]struct {
		before func(w *world, r Request)
		want   string
	}{
		"all can agree":     {func(*world, Request) {}, group},
		"one cannot read":   {func(w *world, _ Request) { w.person(ben, Person{Deactivated: true}) }, group},
		"one is asleep":     {func(w *world, _ Request) { w.person(ben, Person{UTCOffset: 12 * time.Hour}) }, anna + " " + cleo},
		"one has voted yet": {func(w *world, r Request) { w.react(r, ben, true) }, anna + " " + cleo},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.groups = map[string][]string{group: {anna, ben, cleo}}
				w.adopt(SimplePolicy([]string{group}, 2, time.Hour))
				w.monday(8)
				since := time.Now()
				r := w.pending(40 * time.Minute)
				c.before(w, r)
				w.skipTo(since.Add(15 * time.Minute))
				w.wantReminded(since, "15m0s "+c.want)
			})
		})
	}
}

// Nobody is reminded whose approval the policy of today would not take.
func TestRemindersGoByThePolicyOfToday(t *testing.T) {
	t.Parallel()
	auto := Policy{Rules: []PolicyRule{{Name: "auto", AutoApprove: true}}}
	for name, c := range map[string]struct {
		today Policy
		want  string
	}{
		"as shown":          {SimplePolicy([]string{anna, "S1"}, 1, time.Hour), anna + " S1"},
		"one left out":      {SimplePolicy([]string{"S1"}, 1, time.Hour), "S1"},
		"others of a group": {SimplePolicy([]string{anna, cleo}, 1, time.Hour), anna + " " + cleo},
		"a hidden group":    {SimplePolicy([]string{untold}, 1, time.Hour), anna + " S1"},
		"nobody is asked":   {auto, anna + " S1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live(t, func(w *world) {
				w.slack.groups = map[string][]string{"S1": {ben, cleo}}
				w.adopt(SimplePolicy([]string{anna, "S1"}, 1, time.Hour))
				w.monday(8)
				since := time.Now()
				w.pending(40 * time.Minute)
				w.hide(untold, &RefusedError{Answer: "missing_scope"})
				w.adopt(c.today)
				w.skipTo(since.Add(15 * time.Minute))
				w.wantReminded(since, "15m0s "+c.want)
			})
		})
	}
}

// Lost consent is told in the thread, with who lost it and why.
func TestReopenedIsTold(t *testing.T) {
	t.Parallel()
	set := func(w *world, group string, members ...string) {
		w.slack.mu.Lock()
		defer w.slack.mu.Unlock()
		w.slack.groups[group] = members
	}
	for name, c := range map[string]struct {
		lose func(w *world, r Request)
		want Eligibility
		left []string
	}{
		"withdrawn":      {func(w *world, r Request) { w.react(r, anna, false) }, Withdrawn, []string{ben}},
		"not shown":      {func(w *world, r Request) { w.unheard(r, anna, false) }, NotShown, []string{ben}},
		"deactivated":    {func(w *world, _ Request) { w.person(anna, Person{Deactivated: true}) }, Deactivated, []string{ben}},
		"left one group": {func(w *world, _ Request) { set(w, "S-ONE", cleo) }, LostStage, []string{anna, ben}},
		"left both groups": {func(w *world, _ Request) {
			set(w, "S-ONE", cleo)
			set(w, "S-TWO", ben)
		}, NotApprover, []string{ben}},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.groups = map[string][]string{"S-ONE": {anna}, "S-TWO": {anna, ben}}
				w.amend(func(rule *PolicyRule) {
					rule.Stages = []Stage{{Approvers: []string{"S-ONE"}, Quorum: 1}, {Approvers: []string{"S-TWO"}, Quorum: 1}}
				})
				r := w.carded()
				w.uipath.meanwhile(func(n int) error {
					if n == 2 { // the write is held up, so that consent can go
						c.lose(w, r)
						return later(0)
					}
					return nil
				})
				w.react(r, anna, true)
				w.react(r, ben, true)
				w.until("told", func(Request) bool { return w.slack.shown(JobPostConsentLost) == 1 })
				told := w.slack.heard(JobPostConsentLost)[0]
				if lost := told.Payload.Lost; !slices.Equal(lost, []LostConsent{{User: anna, Reason: c.want}}) || told.Number != 1 {
					t.Errorf("told %d of %v, want %v", told.Number, lost, c.want)
				}
				r = w.read(r.ID)
				if r.State != Pending || r.ConsentLosses != 1 || !slices.Equal(Voters(r.Votes), c.left) {
					t.Errorf("reopened as %s with %v", r.State, Voters(r.Votes))
				}
				w.puts(0)
			})
		})
	}
}

// Taken back twice, told twice.
func TestReopenedTwice(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		for n := 1; n <= 2; n++ {
			heard := w.slack.put(r, anna, true)
			w.slack.put(r, anna, false)
			if err := w.store.RecordReaction(w.Context(), heard); err != nil {
				t.Fatal(err)
			}
			w.until("told", func(Request) bool { return w.slack.shown(JobPostConsentLost) == n })
		}
		w.quiet()
		w.posts(JobPostConsentLost, 2)
	})
}

// Once a request is over, the thread must not say that it waits again. By then its
// change may be made, and no message may say that nothing was changed.
func TestReopenedIsNotToldOnceItIsOver(t *testing.T) {
	t.Parallel()
	for name, unsaid := range map[string]error{"it may have been said": errCut, "it was put off": later(time.Minute)} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.breaks("post_consent_lost", 1000, false, unsaid)
				r := w.carded()
				heard := w.slack.put(r, anna, true)
				w.slack.put(r, anna, false)
				if err := w.store.RecordReaction(w.Context(), heard); err != nil {
					t.Fatal(err)
				}
				w.until("waiting again", func(r Request) bool { return r.ConsentLosses == 1 && w.slack.count("post_consent_lost") > 0 })
				w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
					w.uipath.onRead = func(n int) error { return later(time.Minute) } // whether it was made is not known for a while
					w.slack.mends()
					return nil, true, errCut
				})
				w.react(r, ben, true)
				w.until("a write without an answer", func(Request) bool { return w.uipath.count("put") == 1 })
				time.Sleep(10 * time.Minute)
				w.posts(JobPostConsentLost, 0)
				w.uipath.meanwhile(nil)
				w.untilState(Done)
				w.quiet()
				w.posts(JobPostConsentLost, 0)
				w.posts(JobPostOutcome, 1)
			})
		})
	}
}

// Once consent was lost people are asked about anew at every vote: what this
// or another replica remembers of them would bring the lost consent back.
func TestLostRightStaysLost(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.groups = map[string][]string{"S-ONE": {}}
		w.slack.cached = map[string][]string{"S-ONE": {anna}}
		w.adopt(SimplePolicy([]string{"S-ONE", ben}, 1, time.Hour))
		r := w.carded()
		w.react(r, anna, true)
		w.until("told", func(Request) bool { return w.slack.shown(JobPostConsentLost) == 1 })
		w.react(r, bystander, true)
		time.Sleep(5 * time.Minute)
		if r = w.read(r.ID); r.State != Pending || r.ConsentLosses != 1 {
			t.Errorf("%s, and consent was lost %d times", r.State, r.ConsentLosses)
		}
		w.react(r, ben, true)
		w.untilState(Done)
		w.puts(1)
	})
}

// The thread reports a delayed write after each approval. A report whose answer was
// lost is not taken for the one before.
func TestHeldUpAgain(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.meanwhile(func(n int) error {
			if n > 1 {
				return later(time.Minute)
			}
			return nil
		})
		r := w.carded()
		w.react(r, anna, true)
		w.until("told", func(Request) bool { return w.slack.shown(JobPostDelay) == 1 })
		w.slack.put(r, anna, false)
		w.until("waiting again", func(r Request) bool { return r.ConsentLosses == 1 })
		w.slack.breaks("post_delay", 2, false, errCut) // the second
		w.react(r, ben, true)
		w.until("told again", func(Request) bool { return w.slack.shown(JobPostDelay) == 2 })
		if w.slack.count("find post_delay") == 0 {
			t.Error("nobody looked")
		}
	})
}

// Reminders go on after a policy that for a while named none of the approvers on the card.
func TestRemindersOutliveAPolicyOfHours(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.adopt(SimplePolicy([]string{anna, ben}, 1, 72*time.Hour))
		w.monday(8)
		since := time.Now()
		r := w.carded()
		w.adopt(SimplePolicy([]string{cleo}, 1, 72*time.Hour))
		time.Sleep(7 * time.Hour) // the first reminder was due
		w.adopt(SimplePolicy([]string{anna, ben}, 1, 72*time.Hour))
		time.Sleep(2 * time.Hour)
		if got := w.reminded(since); len(got) == 0 {
			t.Errorf("nobody is reminded of %s any more (%s)", r.ID, w.read(r.ID).State)
		}
	})
}
