package worker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	. "licensebot/approvals"
)

// untold is a user group that Slack does not tell the members of.
const untold = "S-UNTOLD"

// hide keeps Slack from identifying a person or listing a user group.
func (w *world) hide(id string, err error) {
	w.slack.mu.Lock()
	defer w.slack.mu.Unlock()
	w.slack.untold[id] = err
}

var unseen = &RefusedError{Answer: "user_not_visible"}

// deny puts an approver's ❌ on the card and tells the bot.
func (w *world) deny(r Request, user string) {
	w.Helper()
	heard := w.slack.put(r, user, true)
	heard.Deny, heard.Name = true, "x"
	w.slack.mu.Lock()
	shown := w.slack.cards[r.CardTS]
	shown[len(shown)-1] = heard
	w.slack.mu.Unlock()
	if err := w.store.RecordReaction(w.Context(), heard); err != nil {
		w.Fatal(err)
	}
}

// The policy does not name them, so who they are cannot change the result: the
// approved change is made.
func TestAStrangerToTheRequestHoldsNothingUp(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"not shown": unseen, "no answer": errCut, "told to wait": later(0)} {
		for emoji, act := range map[string]func(*world, Request){
			"approve": func(w *world, r Request) { w.react(r, bystander, true) },
			"deny":    func(w *world, r Request) { w.deny(r, bystander) },
		} {
			t.Run(name+", "+emoji, func(t *testing.T) {
				live(t, func(w *world) {
					w.hide(bystander, err)
					r := w.carded()
					act(w, r)
					w.react(r, anna, true)
					w.until("an end", func(r Request) bool { return !r.State.Open() })
					r = w.quiet()
					w.ended(r, Done, ReasonConfirmed)
					w.puts(1)
					if r.ClosedAt.Sub(r.FiledAt) > time.Minute {
						w.Errorf("done after %v", r.ClosedAt.Sub(r.FiledAt))
					}
				})
			})
		}
	}
}

// What cannot be checked is neither counted nor overlooked: it holds a request
// up where it might decide, and only there.
func TestWhatCannotBeChecked(t *testing.T) {
	t.Parallel()
	gone := &RefusedError{Answer: "no_such_subteam"}
	atTheDeadline, givenUp := time.Hour, 2*time.Hour
	for _, c := range []struct {
		name      string
		approvers []string
		quorum    int
		untold    map[string]error
		acts      func(w *world, r Request)
		state     State
		after     time.Duration // at the least; at the most ten minutes more
	}{
		{"a group that is gone, and those who are named agree", []string{anna, untold}, 1, map[string]error{untold: gone},
			func(w *world, r Request) { w.react(r, anna, true) }, Done, 0},
		{"beside them somebody agrees who may be in that group", []string{anna, untold}, 1, map[string]error{untold: gone},
			func(w *world, r Request) { w.react(r, bystander, true); w.react(r, anna, true) }, Done, 0},
		{"beside them somebody denies who may be in that group", []string{anna, untold}, 1, map[string]error{untold: gone},
			func(w *world, r Request) { w.deny(r, bystander); w.react(r, anna, true) }, Failed, atTheDeadline},
		{"beside them an approver denies whom Slack does not show", []string{anna, ben}, 1, map[string]error{ben: unseen},
			func(w *world, r Request) { w.deny(r, ben); w.react(r, anna, true) }, Failed, atTheDeadline},
		{"beside them an approver agrees whom Slack does not show", []string{anna, ben}, 1, map[string]error{ben: unseen},
			func(w *world, r Request) { w.react(r, ben, true); w.react(r, anna, true) }, Done, 0},
		{"one who is named denies, whoever is in that group", []string{anna, untold}, 1, map[string]error{untold: gone},
			func(w *world, r Request) { w.react(r, bystander, true); w.deny(r, anna) }, Denied, 0},
		{"all who are named agree, and they are too few", []string{anna, untold}, 2, map[string]error{untold: gone},
			func(w *world, r Request) { w.react(r, anna, true) }, Expired, atTheDeadline},
		{"enough agree, if one of them is in that group", []string{anna, untold}, 2, map[string]error{untold: gone},
			func(w *world, r Request) { w.react(r, anna, true); w.react(r, bystander, true) }, Expired, givenUp},
		{"enough agree, if one of them is who Slack does not show", []string{anna, ben}, 2, map[string]error{ben: unseen},
			func(w *world, r Request) { w.react(r, anna, true); w.react(r, ben, true) }, Expired, givenUp},
		{"nobody agrees but whom nobody named", []string{anna, ben}, 1, map[string]error{bystander: unseen},
			func(w *world, r Request) { w.react(r, bystander, true) }, Expired, atTheDeadline},
	} {
		t.Run(c.name, func(t *testing.T) {
			live(t, func(w *world) {
				w.adopt(SimplePolicy(c.approvers, c.quorum, time.Hour))
				for id, err := range c.untold {
					w.hide(id, err)
				}
				r := w.carded()
				c.acts(w, r)
				r = w.until("an end", func(r Request) bool { return !r.State.Open() })
				if took := r.ClosedAt.Sub(r.FiledAt); r.State != c.state || took < c.after || took > c.after+10*time.Minute {
					w.Errorf("%s after %v, want %s after %v: %+v", r.State, took, c.state, c.after, r.Outcome)
				}
				w.puts(map[bool]int{true: 1}[c.state == Done])
			})
		})
	}
}

// An approver may belong to a second stage whose members Slack does not list. That
// might complete the quorum, so the request must not expire without them.
func TestAStageThatCannotBeRead(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.amend(func(rule *PolicyRule) {
			rule.Stages = []Stage{{Name: "business", Approvers: []string{anna, ben}, Quorum: 1}, {Name: "IT", Approvers: []string{untold}, Quorum: 1}}
		})
		w.hide(untold, &RefusedError{Answer: "missing_scope"})
		r := w.carded()
		w.react(r, anna, true)
		w.react(r, ben, true)
		time.Sleep(time.Until(r.Deadline) + time.Minute)
		if r = w.read(r.ID); r.State != Pending {
			w.Fatalf("%s at the deadline", r.State)
		}
		w.hide(untold, nil)
		w.slack.mu.Lock()
		w.slack.groups = map[string][]string{untold: {ben}}
		w.slack.mu.Unlock()
		w.untilState(Done)
		w.puts(1)
	})
}

// The look before the write asks Slack only about approvers, however many other
// people react.
func TestManyBystandersDoNotSlowTheLastLook(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		for n := range 100 {
			w.slack.put(r, fmt.Sprintf("U-NOBODY-%d", n), true)
		}
		w.react(r, anna, true)
		w.untilState(Done)
		w.slack.mu.Lock()
		defer w.slack.mu.Unlock()
		if asked := slices.Compact(w.slack.asked); !slices.Equal(asked, []string{requester, anna}) { // the one for the name
			t.Errorf("asked about %v", asked)
		}
	})
}

// Once consent was lost, those who have no vote do not keep those from being
// heard who have: they need not be asked about anew, and where Slack does not
// tell of one, no more of them are.
func TestManyBystandersDoNotSlowTheNextVote(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.untold["U-NOBODY-3"] = later(time.Second)
		r := w.carded()
		for n := range 20 {
			w.react(r, fmt.Sprintf("U-NOBODY-%d", n), true)
		}
		w.slack.breaks("look", 1, false, later(time.Minute)) // at the first write
		w.react(r, anna, true)
		w.untilState(Approved)
		w.react(r, anna, false)
		w.until("consent gone", func(r Request) bool { return r.ConsentLosses == 1 })
		w.slack.mu.Lock()
		w.slack.asked, w.slack.anew = nil, nil
		w.slack.mu.Unlock()
		w.react(r, ben, true)
		w.untilState(Done)
		w.slack.mu.Lock()
		defer w.slack.mu.Unlock()
		if !slices.Equal(slices.Compact(w.slack.anew), []string{ben}) {
			t.Errorf("asked anew about %v", w.slack.anew)
		}
		if slices.Contains(w.slack.asked, "U-NOBODY-4") {
			t.Errorf("asked about %v", w.slack.asked)
		}
	})
}
