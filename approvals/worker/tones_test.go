package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	. "licensebot/approvals"
	"licensebot/approvals/worker"
)

const plainThumb, darkThumb = "+1", "+1::skin-tone-5"

// thumbs has people vote with 👍, which has tones.
func (w *world) thumbs(approvers ...string) {
	w.emoji = Emoji{Approve: []string{plainThumb}, Deny: []string{"x"}}
	w.restart(func() {})
	w.adopt(SimplePolicy(approvers, len(approvers), 24*time.Hour))
}

// giveTones puts a thumb of two tones on a card, and takeTone takes one of them back.
func (w *world) giveTones(r Request, user string) {
	w.Helper()
	w.vote(r, user, plainThumb, true)
	shown := w.slack.cardReactions(r)
	w.vote(r, user, darkThumb, true) // which the fake puts in the place of the other one
	w.slack.show(r, append(shown, w.slack.cardReactions(r)...))
}

func (w *world) takeTone(r Request, user, emoji string) {
	w.Helper()
	shown := w.slack.cardReactions(r)
	w.vote(r, user, emoji, false)
	var left []Reaction
	for _, reaction := range shown {
		if reaction.User != user || reaction.Name != emoji {
			left = append(left, reaction)
		}
	}
	w.slack.show(r, left)
}

func (s *slackFake) cardReactions(r Request) []Reaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Reaction(nil), s.cards[r.CardTS]...)
}

func (s *slackFake) show(r Request, reactions []Reaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cards[r.CardTS] = reactions
}

// To Slack the tones of an emoji are reactions of their own. That one of them was taken back
// makes no new vote of the other.
func TestAToneTakenBackIsNoNewVote(t *testing.T) {
	t.Parallel()
	for _, taken := range []string{plainThumb, darkThumb} {
		t.Run("a bystander "+taken, func(t *testing.T) {
			live(t, func(w *world) {
				w.thumbs("S1")
				w.group(anna)
				r := w.carded()
				w.giveTones(r, bystander)
				w.until("told", func(r Request) bool { return len(r.Notified) == 1 })
				w.group(anna, bystander)
				time.Sleep(5 * time.Minute)
				w.takeTone(r, bystander, taken)
				time.Sleep(10 * time.Minute)
				if got := w.read(r.ID); got.State != Pending || len(got.Votes) > 0 {
					t.Errorf("the request is %s, by %v", got.State, Voters(got.Votes))
				}
			})
		})
		t.Run("withdrawn "+taken, func(t *testing.T) {
			live(t, func(w *world) {
				w.thumbs(anna, ben)
				w.stop()
				runner := w.workers(w.store)
				runner.Buttons = true
				w.stop = run(w.Context(), runner)
				r := w.carded()
				w.giveTones(r, anna)
				w.until("a vote", func(r Request) bool { return len(r.Votes) == 1 })
				press := Pressed{Press: Press{User: anna, Button: PressWithdraw, At: TimestampAt(time.Now().Add(time.Second))}, Authorized: true}
				if _, err := w.store.ApplyEvent(w.Context(), r.ID, press, nil); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				w.takeTone(r, anna, taken)
				time.Sleep(5 * time.Minute)
				w.vote(r, ben, plainThumb, true)
				time.Sleep(5 * time.Minute)
				if got := w.read(r.ID); got.State != Pending || HasVoted(got.Votes, anna) {
					t.Errorf("the request is %s, by %v", got.State, Voters(got.Votes))
				}
			})
		})
		t.Run("while UiPath is away "+taken, func(t *testing.T) {
			live(t, func(w *world) {
				w.thumbs(anna)
				r := w.carded()
				mend := w.breakUiPath()
				w.giveTones(r, anna)
				w.untilState(Approved)
				w.takeTone(r, anna, taken)
				time.Sleep(2 * time.Minute)
				mend()
				if got := w.untilState(Done); got.ConsentLosses != 0 {
					t.Errorf("the vote that stands was lost %d times", got.ConsentLosses)
				}
			})
		})
	}
}

// A lookup is a store with which something happens while a vote's giver is looked up.
type lookup struct {
	worker.Store
	meanwhile func()
}

func (s *lookup) ListReactions(ctx context.Context, channel, ts string) ([]Reaction, error) {
	all, err := s.Store.ListReactions(ctx, channel, ts)
	if len(all) > 0 {
		s.meanwhile()
	}
	return all, err
}

// A no that is taken back while it is counted denies nothing.
func TestANoTakenBackWhileItIsCounted(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.stop()
		slow := &lookup{Store: w.store, meanwhile: func() {}}
		r := Request{}
		var acted atomic.Bool
		slow.meanwhile = func() {
			if acted.CompareAndSwap(false, true) {
				w.vote(r, ben, "x", false)
			}
		}
		w.stop = run(w.Context(), w.workers(slow))
		r = w.carded()
		w.vote(r, ben, "x", true)
		time.Sleep(time.Minute)
		if got := w.read(r.ID); got.State != Pending || !acted.Load() {
			t.Errorf("the request is %s", got.State)
		}
		w.vote(r, ben, "x", true)
		w.untilState(Denied)
	})
}
