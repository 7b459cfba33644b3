package fakeslack

import (
	"context"
	"slices"
	"testing"
	"time"
)

// noDelay are retries that come at once.
var noDelay = []time.Duration{0, 0, 0}

func eventID(frame map[string]any) any { return frame["payload"].(map[string]any)["event_id"] }

func TestRedelivery(t *testing.T) {
	r := newTestRig(t, Config{AckTimeout: time.Millisecond, RetryDelays: noDelay})
	wire := r.greeted()
	r.SendEvent(map[string]any{"type": "app_uninstalled"})
	first := wire.next()
	for attempt := 1; attempt <= 3; attempt++ {
		frame := wire.next()
		if frame["retry_attempt"] != float64(attempt) || frame["retry_reason"] != "timeout" {
			t.Errorf("attempt %d: %v", attempt, frame)
		}
		if eventID(frame) != eventID(first) || frame["envelope_id"] == first["envelope_id"] {
			t.Errorf("ids %v", frame)
		}
	}
	r.await("the end", func() bool { return r.Unacked() == 0 })
	if lost := r.entries(EntryGivenUp); len(lost) != 1 || lost[0].Attempt != 3 {
		t.Errorf("%+v", lost)
	}
}

func TestRedeliverNow(t *testing.T) {
	r := newTestRig(t, Config{RetryDelays: []time.Duration{0, time.Hour, time.Hour}})
	r.SendEvent(map[string]any{"type": "app_uninstalled"})
	r.await("two failures", func() bool { return len(r.entries(EntryUndeliverable)) == 2 })
	wire := r.greeted()
	if r.Unacked() != 1 {
		t.Errorf("%d unacked", r.Unacked())
	}
	r.RedeliverNow()
	frame := wire.next()
	if frame["retry_attempt"] != 2.0 {
		t.Errorf("%v", frame)
	}
	r.RedeliverNow() // while the ack is awaited
	if frame = wire.next(); frame["retry_attempt"] != 3.0 {
		t.Errorf("%v", frame)
	}
	wire.ack(frame, map[string]any{"text": "not asked for"})
	r.await("the ack", func() bool { return r.Unacked() == 0 })
	if acks := r.entries(EntryAck); len(acks) != 1 || acks[0].Detail == "" {
		t.Errorf("%+v", acks)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	r := newTestRig(t, Config{})
	r.SendEvent(map[string]any{"type": "app_uninstalled"}) // waits a minute
	wire := r.greeted()
	r.SendEvent(map[string]any{"type": "app_uninstalled"})
	wire.next()
	r.Close()
	if err := r.Wait(context.Background(), func() bool { return false }); err == nil {
		t.Error("Wait waits on")
	}
}

func TestWaitHeedsItsContext(t *testing.T) {
	r := newTestRig(t, Config{})
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	if err := r.Wait(ctx, func() bool { return false }); err != context.Canceled {
		t.Errorf("%v", err)
	}
	if err := r.Wait(ctx, func() bool { return true }); err != nil {
		t.Errorf("%v", err)
	}
}

// innerEvents is the type and one field of the event in a frame.
func innerEvents(frame map[string]any, field string) []any {
	event := frame["payload"].(map[string]any)["event"].(map[string]any)
	return []any{event["type"], event[field]}
}

func TestWorkspaceEvents(t *testing.T) {
	r := newTestRig(t, Config{})
	wire := r.greeted()
	expect := func(kind, field string, value any) map[string]any {
		t.Helper()
		frame := wire.next()
		if got := innerEvents(frame, field); !slices.Equal(got, []any{kind, value}) {
			t.Errorf("%v, want %s with %s %v", got, kind, field, value)
		}
		return frame
	}
	r.SetUserGroup("S1", slackAnna) // new: tells nothing
	r.SetUserGroup("S1", slackAnna) // unchanged
	r.SetUserGroup("S1", slackBen)
	expect("subteam_members_changed", "subteam_id", "S1")
	r.Leave(slackPub, slackBen)
	expect("member_left_channel", "user", slackBen)
	r.Join(slackPub, slackBen)
	r.Leave(slackPub, r.BotUserID())
	expect("member_left_channel", "user", r.BotUserID())
	r.UpdateChannel(slackPub, func(c *Channel) { c.Archived = true }) // unheard: not a member
	r.UpdateChannel(slackOurs, func(c *Channel) { c.Archived = true })
	expect("group_archive", "channel", slackOurs)
	r.UpdateChannel(slackOurs, func(c *Channel) { c.ID = "C0NEW"; c.Archived = false; c.ExtShared = true })
	frame := expect("channel_id_changed", "new_channel_id", "C0NEW")
	if frame["payload"].(map[string]any)["is_ext_shared_channel"] != true {
		t.Errorf("%v", frame)
	}
	if err := r.OpenHome(slackAnna); err != nil {
		t.Fatal(err)
	}
	expect("app_home_opened", "user", slackAnna)
}

func TestReactions(t *testing.T) {
	r := newTestRig(t, Config{})
	wire := r.greeted()
	ts := r.post(slackPub, "card")
	steps := []struct {
		act  func() error
		want string
	}{
		{func() error { return r.React(slackAnna, slackPub, ts, "+1::skin-tone-3") }, ""},
		{func() error { return r.React(slackAnna, slackPub, ts, "+1::skin-tone-3") }, "already_reacted"},
		{func() error { return r.React(slackAnna, slackPub, "1.0", "x") }, "message_not_found"},
		{func() error { return r.React(slackAnna, slackPub, "today", "x") }, "bad_timestamp"},
		{func() error { return r.React(slackAnna, slackPub, ts, "Thumbs Up") }, "invalid_name"},
		{func() error { return r.React("U404", slackPub, ts, "x") }, "user_not_found"},
		{func() error { return r.React(slackBen, slackOurs, ts, "x") }, "channel_not_found"},
		{func() error { return r.Unreact(slackBen, slackPub, ts, "+1::skin-tone-3") }, "no_reaction"},
		{func() error { return r.Unreact(slackAnna, slackPub, ts, "+1::skin-tone-3") }, ""},
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
		event := wire.next()["payload"].(map[string]any)["event"].(map[string]any)
		if event["type"] != kind || event["item_user"] != r.BotUserID() || event["reaction"] != "+1::skin-tone-3" {
			t.Errorf("%v", event)
		}
	}
}

func TestReactionsOutsideTheBotsChannelsAreUnheard(t *testing.T) {
	r := newTestRig(t, Config{})
	ts, err := r.Say(slackAnna, slackLone, "", "hello")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.React(slackAnna, slackLone, ts, "eyes"); err != nil {
		t.Fatal(err)
	}
	if r.Unacked() != 0 {
		t.Error("an event was sent")
	}
}

func TestReactionsGetShowsSomeUnlessFull(t *testing.T) {
	r := newTestRig(t, Config{})
	ts := r.post(slackPub, "card")
	for _, id := range []string{"U1", "U2", "U3", "U4"} {
		r.AddUser(User{ID: id, Name: id})
		if err := r.React(id, slackPub, ts, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if said := r.call("reactions.add", "channel", slackPub, "timestamp", ts, "name", "x"); said.errorOf() != "" {
		t.Fatal(said.body)
	}
	for full, want := range map[string][]any{
		"false": {"U1", "U2", r.BotUserID()},
		"true":  {"U1", "U2", "U3", "U4", r.BotUserID()},
	} {
		said := r.call("reactions.get", "channel", slackPub, "timestamp", ts, "full", full)
		reaction := said.body["message"].(map[string]any)["reactions"].([]any)[0].(map[string]any)
		if reaction["count"] != 5.0 || !slices.Equal(reaction["users"].([]any), want) {
			t.Errorf("full %s: %v", full, reaction)
		}
	}
}

func TestTooManyReactions(t *testing.T) {
	r := newTestRig(t, Config{})
	ts := r.post(slackPub, "card")
	for i := range maxReactions {
		if err := r.React(slackAnna, slackPub, ts, "e"+string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.React(slackAnna, slackPub, ts, "z"); err == nil || err.Error() != "too_many_reactions" {
		t.Errorf("%v", err)
	}
}
