package worker_test

import (
	"context"
	"slices"
	"testing"
	"time"

	. "licensebot/approvals"
	"licensebot/approvals/worker"
)

// slowHistory has something happen while Slack answers a survey for the first time.
type slowHistory struct {
	*slackFake
	meanwhile func()
}

func (s *slowHistory) ReadHistory(ctx context.Context, channel, oldest, latest string) (HistoryPage, error) {
	if meanwhile := s.meanwhile; meanwhile != nil {
		s.meanwhile = nil
		meanwhile()
	}
	return s.slackFake.ReadHistory(ctx, channel, oldest, latest)
}

// A vote that no event dates is known since the end of the look that shows it. The survey begins
// before the deadline, and ends after it.
func TestSurveyAcrossTheDeadline(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.dated = true
		r := w.carded()
		w.stop()
		runner := w.workers(w.store)
		runner.Directory = &slowHistory{slackFake: w.slack, meanwhile: func() {
			time.Sleep(5 * time.Second)
			w.unheard(r, anna, true)
		}}
		time.Sleep(time.Until(r.Deadline) - 2*time.Second)
		if err := runner.CatchUp(w.Context()); err != nil {
			t.Error(err)
		}
		w.work()
		if r = w.quiet(); r.State != Expired || !slices.Equal(r.Outcome.Undated, []string{anna}) {
			t.Errorf("a ✅ of three seconds after the deadline: %s, %+v", r.State, r.Outcome)
		}
	})
}

// actOnList has something happen after the last look listed the votes.
type actOnList struct {
	worker.Store
	act func()
}

func (s *actOnList) ListReactions(ctx context.Context, channel, ts string) ([]Reaction, error) {
	known, err := s.Store.ListReactions(ctx, channel, ts)
	if act := s.act; act != nil {
		act()
	}
	return known, err
}

// A vote given in time counts, though it is recorded while the last look is weighed.
func TestVoteDuringTheLastLook(t *testing.T) {
	t.Parallel()
	for name, vote := range map[string]func(w *world, r Request, at string) error{
		"an emoji": func(w *world, r Request, at string) error {
			heard := w.slack.put(r, anna, true)
			heard.EventTS = at
			return w.store.RecordReaction(w.Context(), heard)
		},
		"a button": func(w *world, r Request, at string) error {
			press := Pressed{Press: Press{User: anna, Button: PressApprove, At: at}, Authorized: true}
			_, err := w.store.ApplyEvent(w.Context(), r.ID, press, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live(t, func(w *world) {
				w.slack.dated = true
				w.stop()
				acting := &actOnList{Store: w.store}
				runner := w.workers(acting)
				runner.Buttons = true
				w.stop = run(w.Context(), runner)
				r := w.carded()
				voted := false
				acting.act = func() {
					if voted || time.Now().Before(r.Deadline) {
						return
					}
					voted = true
					if err := vote(w, r, TimestampAt(r.Deadline.Add(-500*time.Millisecond))); err != nil {
						t.Error(err)
					}
				}
				if r = w.quiet(); !voted || r.State != Done {
					t.Errorf("the request is %s, %+v", r.State, r.Outcome)
				}
			})
		})
	}
}

// The event of a vote given just before the deadline comes after it, and Slack's list lags.
func TestEventAfterTheDeadline(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.dated = true
		r := w.carded()
		time.Sleep(time.Until(r.Deadline) - 500*time.Millisecond)
		w.slack.setLagging(true)
		heard := w.slack.put(r, ben, true)
		heard.EventTS = TimestampAt(time.Now())
		time.Sleep(2500 * time.Millisecond)
		if err := w.store.RecordReaction(w.Context(), heard); err != nil {
			t.Error(err)
		}
		w.slack.setLagging(false)
		if r = w.quiet(); r.State != Done {
			t.Errorf("the request is %s, %+v", r.State, r.Outcome)
		}
	})
}

// People whose vote the last look meets for the first time learn why it does not count.
func TestLateVotesAreTold(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.breaks("look", 1, false, errCut)
		time.Sleep(time.Until(r.Deadline.Truncate(time.Second).Add(time.Second)))
		w.react(r, anna, true)
		w.react(r, bystander, true)
		if r = w.quiet(); r.State != Expired {
			t.Errorf("the request is %s", r.State)
		}
		for _, told := range []string{anna + " late", bystander + " not_approver"} {
			if !slices.Contains(w.slack.log(), "tell_voter "+told) {
				t.Errorf("not told: %s; %v", told, w.slack.log())
			}
		}
	})
}

// pacedMessenger posts one message a second, as Slack allows.
type pacedMessenger struct{ *slackFake }

func (s *pacedMessenger) AwaitPace(ctx context.Context, p Pace) error {
	if p == PacePosts {
		time.Sleep(time.Second)
	}
	return ctx.Err()
}

// The fifty outcomes of one person leave room for the card of another.
func TestOutcomesLeaveRoomForCards(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.stop()
		runner := w.workers(w.store)
		runner.Messenger = &pacedMessenger{w.slack}
		w.stop = run(w.Context(), runner)
		file := func(requester string, length time.Duration) Request {
			r, _, err := w.store.FileRequest(w.Context(), Request{
				ID: NewID(), EnvelopeID: NewID(), Requester: requester, Channel: "C-APPROVALS",
				Ask: Ask{Group: "group-01", Codes: []string{"NEW"}, For: length}, Terms: Terms{TTL: time.Hour},
			})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		var all []Request
		for i := range 50 {
			all = append(all, file("U-MANY", time.Duration(i+1)*time.Hour))
		}
		time.Sleep(2 * time.Minute)
		for _, r := range all {
			if _, err := w.store.ApplyEvent(w.Context(), r.ID, Cancel{By: "U-MANY"}, nil); err != nil {
				t.Fatal(err)
			}
		}
		w.request = file("U-OTHER", 0)
		begun := time.Now()
		w.until("a card", func(r Request) bool { return r.CardTS != "" })
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("the card came after %v", took)
		}
	})
}
