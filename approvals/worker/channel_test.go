package worker_test

import (
	"testing"

	. "licensebot/approvals"
)

const otherChannel = "C-OTHER"

// The post of a card is in doubt when another channel is set. If it is in the old channel,
// the request is filed anew; if not, its only card comes in the new one.
func TestCardInDoubtWhenTheChannelChanges(t *testing.T) {
	t.Parallel()
	for name, stored := range map[string]bool{"it is in the old channel": true, "it is in no channel": false} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.breaks("post_card", 1, stored, errCut)
				r := w.file("e1")
				w.until("the post", func(Request) bool { return w.slack.count("post_card") == 1 })
				w.channel = otherChannel
				w.restart(func() {})
				if !stored {
					w.until("a card", func(r Request) bool { return r.CardTS != "" })
					if now := w.read(r.ID); now.Channel != otherChannel || now.State != Pending {
						w.Errorf("it is %s in %s", now.State, now.Channel)
					}
					w.posts(JobPostCard, 1)
					return
				}
				w.untilState(Superseded)
				closed := w.read(r.ID)
				if closed.Outcome.Reason != ReasonChannelReplaced || closed.Channel == otherChannel {
					w.Errorf("it closed as %+v in %s", closed.Outcome, closed.Channel)
				}
				w.request = w.read(closed.Outcome.Suggestions[0])
				w.until("a card of the new request", func(r Request) bool { return r.CardTS != "" })
				if anew := w.read(w.request.ID); anew.Channel != otherChannel || anew.State != Pending {
					w.Errorf("filed anew, it is %s in %s", anew.State, anew.Channel)
				}
			})
		})
	}
}

// A channel that takes no posts may be set by mistake. No card is given up for it.
func TestCardsStayUntilTheChannelTakesThem(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		closed := &DelayError{Reason: "the bot is not in it", Closed: true}
		w.slack.breaks("check_postable", 4, false, closed)
		w.channel = otherChannel
		w.restart(func() {})
		w.until("looks at the channel", func(Request) bool { return w.slack.count("check_postable") == 4 })
		if now := w.read(r.ID); now.State != Pending {
			w.Errorf("it is %s while the channel is closed", now.State)
		}
		w.untilState(Superseded)
		if n := w.slack.count("check_postable"); n != 5 {
			w.Errorf("looked at the channel %d times", n)
		}
	})
}

// An approved request with a card that stays out of reach in a former channel is filed anew.
func TestApprovedOutOfReach(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.breaks("look", 1_000_000, false, &DelayError{Reason: "the bot is not in it", Closed: true})
		w.react(r, anna, true)
		w.untilState(Approved)
		w.channel = otherChannel
		w.restart(func() {})
		w.untilState(Superseded)
		w.puts(0)
		if n := w.slack.count("look"); n < 5 {
			w.Errorf("given up after %d looks", n)
		}
	})
}

// A request waits in a channel that comes to be closed to the bot. Its requester hears so once,
// after a second look, and it goes on when the channel is open again.
func TestRequesterHearsThatTheChannelIsClosed(t *testing.T) {
	t.Parallel()
	for looks, notices := range map[int]int{1: 0, 6: 1} {
		live(t, func(w *world) {
			r := w.carded()
			w.channel = r.Channel
			w.slack.breaks("check_postable", looks, false, &DelayError{Reason: "the bot is not in it", Closed: true})
			w.restart(func() {})
			w.until("the looks at the channel", func(Request) bool { return w.slack.count("check_postable") > looks })
			w.posts(JobTellDelay, notices)
			if now := w.read(r.ID); now.State != Pending {
				w.Errorf("it is %s after %d looks", now.State, looks)
			}
			w.react(r, anna, true)
			w.ended(w.untilState(Done), Done, ReasonConfirmed)
			if now := w.read(r.ID); now.DelayReason != "" {
				w.Errorf("once approved, it is still said to wait, because %s", now.DelayReason)
			}
			w.posts(JobTellDelay, notices)
		})
	}
}
