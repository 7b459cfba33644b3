package fakeslack

import (
	"context"
	"slices"
	"testing"
	"time"
)

// noDelay makes redeliveries come at once.
var noDelay = []time.Duration{0, 0, 0}

func eventID(frame map[string]any) any { return frame["payload"].(map[string]any)["event_id"] }

func TestRedelivery(t *testing.T) {
	r := newTestRig(t, Config{AckTimeout: time.Millisecond, RetryDelays: noDelay})
	wire := r.dialGreeted()
	r.SendEvent(map[string]any{"type": "app_uninstalled"})
	first := wire.nextFrame()
	for attempt := 1; attempt <= 3; attempt++ {
		frame := wire.nextFrame()
		if frame["retry_attempt"] != float64(attempt) || frame["retry_reason"] != "timeout" {
			t.Errorf("attempt %d: %v", attempt, frame)
		}
		if eventID(frame) != eventID(first) || frame["envelope_id"] == first["envelope_id"] {
			t.Errorf("ids %v", frame)
		}
	}
	r.awaitState("the end", func() bool { return r.Unacked() == 0 })
	if lost := r.journalOf(EntryGivenUp); len(lost) != 1 || lost[0].Attempt != 3 {
		t.Errorf("the journal has %+v", lost)
	}
}

func TestRedeliverNow(t *testing.T) {
	r := newTestRig(t, Config{RetryDelays: []time.Duration{0, time.Hour, time.Hour}})
	r.SendEvent(map[string]any{"type": "app_uninstalled"})
	r.awaitState("two failures", func() bool { return len(r.journalOf(EntryUndeliverable)) == 2 })
	wire := r.dialGreeted()
	if r.Unacked() != 1 {
		t.Errorf("%d envelopes are unacknowledged", r.Unacked())
	}
	r.RedeliverNow()
	frame := wire.nextFrame()
	if frame["retry_attempt"] != 2.0 {
		t.Errorf("the frame is %v", frame)
	}
	r.RedeliverNow() // while the ack is awaited
	if frame = wire.nextFrame(); frame["retry_attempt"] != 3.0 {
		t.Errorf("the frame is %v", frame)
	}
	wire.sendAck(frame, map[string]any{"text": "not asked for"})
	r.awaitState("the ack", func() bool { return r.Unacked() == 0 })
	if acks := r.journalOf(EntryAck); len(acks) != 1 || acks[0].Detail == "" {
		t.Errorf("the journal has %+v", acks)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	r := newTestRig(t, Config{})
	r.SendEvent(map[string]any{"type": "app_uninstalled"}) // waits a minute
	wire := r.dialGreeted()
	r.SendEvent(map[string]any{"type": "app_uninstalled"})
	wire.nextFrame()
	r.Close()
	if err := r.Wait(context.Background(), func() bool { return false }); err == nil {
		t.Error("Wait goes on after Close")
	}
}

func TestWaitHeedsItsContext(t *testing.T) {
	r := newTestRig(t, Config{})
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	if err := r.Wait(ctx, func() bool { return false }); err != context.Canceled {
		t.Errorf("the error is %v", err)
	}
	if err := r.Wait(ctx, func() bool { return true }); err != nil {
		t.Errorf("the error is %v", err)
	}
}

// innerEvents is the type and one field of the event in a frame.
func innerEvents(frame map[string]any, field string) []any {
	event := frame["payload"].(map[string]any)["event"].(map[string]any)
	return []any{event["type"], event[field]}
}

func TestWorkspaceEvents(t *testing.T) {
	r := newTestRig(t, Config{})
	wire := r.dialGreeted()
	expect := func(kind, field string, value any) map[string]any {
		t.Helper()
		frame := wire.nextFrame()
		if got := innerEvents(frame, field); !slices.Equal(got, []any{kind, value}) {
			t.Errorf("the event is %v, want %s with %s %v", got, kind, field, value)
		}
		return frame
	}
	r.SetUserGroup("S1", annaID) // new: sends no event
	r.SetUserGroup("S1", annaID) // unchanged
	r.SetUserGroup("S1", benID)
	expect("subteam_members_changed", "subteam_id", "S1")
	r.Leave(publicID, benID)
	expect("member_left_channel", "user", benID)
	r.Join(publicID, benID)
	r.Leave(publicID, r.BotUserID())
	expect("member_left_channel", "user", r.BotUserID())
	r.UpdateChannel(publicID, func(c *Channel) { c.Archived = true }) // unheard: the bot is not a member
	r.UpdateChannel(oursID, func(c *Channel) { c.Archived = true })
	expect("group_archive", "channel", oursID)
	r.UpdateChannel(oursID, func(c *Channel) { c.ID = "C0NEW"; c.Archived = false; c.ExtShared = true })
	frame := expect("channel_id_changed", "new_channel_id", "C0NEW")
	if frame["payload"].(map[string]any)["is_ext_shared_channel"] != true {
		t.Errorf("the frame is %v", frame)
	}
	if err := r.OpenHome(annaID); err != nil {
		t.Fatal(err)
	}
	expect("app_home_opened", "user", annaID)
}

func TestReactions(t *testing.T) {
	r := newTestRig(t, Config{})
	wire := r.dialGreeted()
	ts := r.postText(publicID, "card")
	steps := []struct {
		act  func() error
		want string
	}{
		{func() error { return r.React(annaID, publicID, ts, "+1::skin-tone-3") }, ""},
		{func() error { return r.React(annaID, publicID, ts, "+1::skin-tone-3") }, "already_reacted"},
		{func() error { return r.React(annaID, publicID, "1.0", "x") }, "message_not_found"},
		{func() error { return r.React(annaID, publicID, "today", "x") }, "bad_timestamp"},
		{func() error { return r.React(annaID, publicID, ts, "Thumbs Up") }, "invalid_name"},
		{func() error { return r.React("U404", publicID, ts, "x") }, "user_not_found"},
		{func() error { return r.React(benID, oursID, ts, "x") }, "channel_not_found"},
		{func() error { return r.Unreact(benID, publicID, ts, "+1::skin-tone-3") }, "no_reaction"},
		{func() error { return r.Unreact(annaID, publicID, ts, "+1::skin-tone-3") }, ""},
	}
	for i, step := range steps {
		got := ""
		if err := step.act(); err != nil {
			got = err.Error()
		}
		if got != step.want {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
	for _, kind := range []string{"reaction_added", "reaction_removed"} {
		event := wire.nextFrame()["payload"].(map[string]any)["event"].(map[string]any)
		if event["type"] != kind || event["item_user"] != r.BotUserID() || event["reaction"] != "+1::skin-tone-3" {
			t.Errorf("the event is %v", event)
		}
	}
}

func TestReactionsOutsideTheBotsChannelsAreUnheard(t *testing.T) {
	r := newTestRig(t, Config{})
	ts, err := r.Say(annaID, loneID, "", "hello")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.React(annaID, loneID, ts, "eyes"); err != nil {
		t.Fatal(err)
	}
	if r.Unacked() != 0 {
		t.Error("an event was sent")
	}
}

func TestReactionsGetShowsSomeUnlessFull(t *testing.T) {
	r := newTestRig(t, Config{})
	ts := r.postText(publicID, "card")
	for _, id := range []string{"U1", "U2", "U3", "U4"} {
		r.AddUser(User{ID: id, Name: id})
		if err := r.React(id, publicID, ts, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if said := r.callMethod("reactions.add", "channel", publicID, "timestamp", ts, "name", "x"); said.errorName() != "" {
		t.Fatal(said.body)
	}
	for full, want := range map[string][]any{
		"false": {"U1", "U2", r.BotUserID()},
		"true":  {"U1", "U2", "U3", "U4", r.BotUserID()},
	} {
		said := r.callMethod("reactions.get", "channel", publicID, "timestamp", ts, "full", full)
		reaction := said.body["message"].(map[string]any)["reactions"].([]any)[0].(map[string]any)
		if reaction["count"] != 5.0 || !slices.Equal(reaction["users"].([]any), want) {
			t.Errorf("full %s: %v", full, reaction)
		}
	}
}

func TestTooManyReactions(t *testing.T) {
	r := newTestRig(t, Config{})
	ts := r.postText(publicID, "card")
	for i := range maxReactions {
		if err := r.React(annaID, publicID, ts, "e"+string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.React(annaID, publicID, ts, "z"); err == nil || err.Error() != "too_many_reactions" {
		t.Errorf("the error is %v", err)
	}
}
