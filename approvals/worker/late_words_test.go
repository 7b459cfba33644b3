package worker_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "licensebot/approvals"
	"licensebot/bot/message"
)

// wordsOf is what people read of a post in a thread.
func wordsOf(r Request, said Job) string {
	p := message.Phrases{
		Channel: func() string { return "C-APPROVALS" }, Emoji: testEmoji,
		CodeName: func(string) (string, bool) { return "", false },
	}
	return p.ThreadReply(r, said)
}

// threadSays wants a phrase in the posts of threads, and others in none of them.
func (w *world) threadSays(want string, never ...string) {
	w.Helper()
	all := strings.Join(w.slack.words(), "\n")
	if !strings.Contains(all, want) {
		w.Errorf("%q is not told:\n%s", want, all)
	}
	for _, phrase := range never {
		if strings.Contains(all, phrase) {
			w.Errorf("%q is told:\n%s", phrase, all)
		}
	}
}

// An outcome that is told after a later look found the change does not deny the change.
func TestTheOutcomeIsToldAfterTheEffectWasFound(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.ask(Ask{Codes: []string{"NEW"}, For: 2 * time.Hour})
		w.uipath.setLag(20 * time.Second)
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				return nil, true, &RefusedError{Answer: "409: conflict"}
			}
			return &asked, true, nil
		})
		w.slack.answer(func(call string, n int) (bool, error) { // Slack takes no words for minutes
			if call == string(JobPostOutcome) && n < 8 {
				return false, later(30 * time.Second)
			}
			return true, nil
		})
		w.react(r, anna, true)
		time.Sleep(20 * time.Minute)
		w.threadSays("shows the change after all", "was not made", "Nothing was changed")
	})
}

// An outcome that is told after the end of its grant says that the end is over.
func TestTheOutcomeIsToldAfterTheEndOfItsGrant(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.ask(Ask{Codes: []string{"NEW"}, For: 5 * time.Minute})
		w.slack.answer(func(call string, n int) (bool, error) {
			if call == string(JobPostOutcome) && n < 2 {
				return false, later(10 * time.Second)
			}
			return true, nil
		})
		w.react(r, anna, true)
		w.untilState(Done)
		w.stop() // down until after the end
		time.Sleep(20 * time.Minute)
		w.slack.mends()
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			time.Sleep(5 * time.Second)
			return &asked, true, nil
		})
		w.work()
		time.Sleep(10 * time.Minute)
		w.threadSays("which is over", "Granted until", "To end it earlier")
	})
}

// A warning that Slack stores below the early end of its grant is taken away.
func TestAWarningStoredBelowTheEarlyEnd(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(90*time.Minute, "NEW")
		var tried atomic.Bool
		w.slack.answer(func(call string, n int) (bool, error) {
			if call == string(JobWarnExpiry) && n == 1 {
				tried.Store(true)
				return false, errCut
			}
			return true, nil
		})
		w.until("a warning is tried", func(Request) bool { return tried.Load() })
		w.endEarly(r, requester)
		w.until("told", func(Request) bool { return w.slack.shown(JobPostRevocation) == 1 })
		w.removesTheLast(r, Post{TS: "zz-1", EventType: "allocation_ended", Number: "1"},
			Post{TS: "zz-2", EventType: "allocation_ending", Number: "1"})
	})
}

// The words about a refused end that Slack stores below those of the next end are taken away.
func TestTheFirstEndStoredBelowTheSecond(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		var accepts atomic.Bool
		w.uipath.answer(func(_ int, asked Allocation) (*Allocation, bool, error) {
			if !accepts.Load() {
				return nil, false, &RefusedError{Answer: "409: conflict"}
			}
			return &asked, true, nil
		})
		w.slack.breaks(string(JobPostRevocation), 1, false, errCut)
		w.over(r)
		accepts.Store(true)
		w.slack.mends()
		w.endEarly(r, requester)
		w.until("ended", func(r Request) bool { return r.Grant.IsOver() })
		w.removesTheLast(r, Post{TS: "zz-1", EventType: "allocation_ended", Number: "2"},
			Post{TS: "zz-2", EventType: "allocation_ended", Number: "1"})
	})
}

// removesTheLast shows posts late, and wants the last one removed and no other.
func (w *world) removesTheLast(r Request, posts ...Post) {
	w.Helper()
	w.slack.turnUp(r, posts...)
	time.Sleep(30 * time.Minute)
	last := posts[len(posts)-1]
	if n := w.slack.count("remove_doubles"); n != 1 || w.slack.shows(last.TS) {
		w.Errorf("%d posts were removed, and %s stands: %t; %v", n, last.EventType, w.slack.shows(last.TS), w.slack.log())
	}
}

// An end that was given up while UiPath hid the seat limits does not say that the group is empty.
func TestAnEndWithoutLimitsTellsNoAllocation(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.granted(90*24*time.Hour, "NEW") // extends it
		w.request = r
		kept := w.uipath.rule().Quotas
		hide := true
		w.uipath.meanwhile(func(int) error {
			rule := w.uipath.rules["group-01"]
			if rule.Quotas = kept; hide {
				rule.Quotas = nil
			}
			w.uipath.rules["group-01"] = rule
			return nil
		})
		w.skipTo(r.Grant.Until.Add(25 * time.Hour))
		w.until("an end", func(r Request) bool { return r.Grant.Revocation != nil })
		time.Sleep(time.Minute)
		w.threadSays("NEW", "now has no codes")
	})
}
