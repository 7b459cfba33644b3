package fakeslack

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/internal/fault"
)

// shownBy tells what each way of reading shows of a card and its thread.
func (r *testRig) shownBy(card string) map[string]string {
	r.t.Helper()
	shown := map[string]string{}
	page, err := r.apiClient().GetConversationHistoryContext(r.ctx, &slack.GetConversationHistoryParameters{ChannelID: publicID})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, m := range page.Messages {
		shown["conversations.history"] += m.SubType + m.Text
		for _, reaction := range m.Reactions {
			shown["conversations.history"] += " " + reaction.Name
		}
	}
	replies := r.callMethod("conversations.replies", "channel", publicID, "ts", card)
	if replies.errorName() == "" {
		for _, m := range replies.body["messages"].([]any)[1:] {
			shown["conversations.replies"] += m.(map[string]any)["text"].(string)
		}
	} else {
		shown["conversations.replies"] = replies.errorName()
	}
	item, err := r.apiClient().GetReactionsContext(r.ctx, slack.NewRefToMessage(publicID, card), slack.NewGetReactionsParameters())
	for _, reaction := range item.Reactions {
		shown["reactions.get"] += reaction.Name
	}
	if err != nil {
		shown["reactions.get"] = err.Error()
	}
	return shown
}

// Each way of reading messages can lag behind on its own, over posts, edits, emoji
// and deletions.
func TestReadsLag(t *testing.T) {
	r := newTestRig(t, Config{})
	card := r.postText(publicID, "card")
	step := func(change func() error) {
		t.Helper()
		r.clock.Advance(time.Minute)
		if err := change(); err != nil {
			t.Fatal(err)
		}
	}
	step(func() error { return r.React(annaID, publicID, card, "x") })
	step(func() error { _, err := r.Say(annaID, publicID, card, "reply"); return err })
	step(func() error {
		_, _, _, err := r.apiClient().UpdateMessageContext(r.ctx, publicID, card, slack.MsgOptionText("edited", false))
		return err
	})
	step(func() error { return r.Unreact(annaID, publicID, card, "x") })
	step(func() error { return r.DeleteMessage(publicID, card) })
	then := []map[string]string{ // minutes ago
		{"conversations.history": "tombstoneThis message was deleted.", "conversations.replies": "reply", "reactions.get": "message_not_found"},
		{"conversations.history": "edited", "conversations.replies": "reply", "reactions.get": ""},
		{"conversations.history": "edited x", "conversations.replies": "reply", "reactions.get": "x"},
		{"conversations.history": "card x", "conversations.replies": "reply", "reactions.get": "x"},
		{"conversations.history": "card x", "conversations.replies": "", "reactions.get": "x"},
		{"conversations.history": "card", "conversations.replies": "", "reactions.get": ""},
		{"conversations.history": "", "conversations.replies": "thread_not_found", "reactions.get": "message_not_found"},
	}
	for _, late := range []string{"conversations.history", "conversations.replies", "reactions.get"} {
		for minutes, want := range then {
			r.Clear()
			r.Inject(late, fault.Fault{Lag: time.Duration(minutes) * time.Minute})
			for method, got := range r.shownBy(card) {
				expected := then[0][method]
				if method == late {
					expected = want[method]
				}
				if got != expected {
					t.Errorf("%s, with %s %d minutes late, shows %q; want %q", method, late, minutes, got, expected)
				}
			}
		}
	}
}

// A post can be stored after its caller gave up, stored without any answer, stored
// twice, or answered without a timestamp.
func TestPostsInDoubt(t *testing.T) {
	tests := map[string]struct {
		fault fault.Fault
		posts int
		fails bool
	}{
		"stored late, cut":        {fault.Fault{Cut: true, EffectAfter: time.Millisecond}, 1, true},
		"stored late, 500":        {fault.Fault{Status: 500, EffectAfter: time.Millisecond}, 1, true},
		"stored late, no answer":  {fault.Fault{Hang: true, EffectAfter: time.Millisecond}, 1, true},
		"stored, no answer":       {fault.Fault{Hang: true, AfterEffect: true}, 1, true},
		"stored when hurried":     {fault.Fault{Status: 500, EffectAfter: time.Hour}, 1, true},
		"stored twice":            {fault.Fault{EffectAfter: time.Millisecond}, 2, false},
		"stored twice, no answer": {fault.Fault{Cut: true, AfterEffect: true, EffectAfter: time.Millisecond}, 2, true},
		"ok without a timestamp":  {fault.Fault{Body: `{"ok":true}`, AfterEffect: true}, 1, false},
		"ok without an effect":    {fault.Fault{Body: `{"ok":true}`}, 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newTestRig(t, Config{})
			test.fault.Times = 1
			r.Inject("chat.postMessage", test.fault)
			ctx, cancel := context.WithCancel(r.ctx)
			defer cancel()
			failed := make(chan error, 1)
			go func() {
				_, ts, err := r.apiClient().PostMessageContext(ctx, publicID, slack.MsgOptionText("x", false))
				if test.fault.Body != "" && ts != "" {
					t.Errorf("answered with %s", ts)
				}
				failed <- err
			}()
			if test.fault.EffectAfter == time.Hour {
				failed <- <-failed // it is answered
				r.PerformLateCalls()
			}
			r.awaitState("the posts", func() bool { return len(r.Messages(publicID)) == test.posts })
			if test.fault.Hang {
				cancel()
			}
			if err := <-failed; (err != nil) != test.fails {
				t.Errorf("the call ends with %v", err)
			}
			if n := len(r.Messages(publicID)); n != test.posts {
				t.Errorf("%d posts", n)
			}
		})
	}
}

// A lost event leaves a reaction that nothing dates.
func TestLostEvents(t *testing.T) {
	r := newTestRig(t, Config{})
	card := r.postText(publicID, "card")
	r.Inject("reaction_added", fault.Fault{Times: 1})
	for _, emoji := range []string{"x", "eyes"} {
		if err := r.React(annaID, publicID, card, emoji); err != nil {
			t.Fatal(err)
		}
	}
	r.lock.Lock()
	var told []any
	for ev := range r.events {
		told = append(told, ev.payload["event"].(map[string]any)["reaction"])
	}
	r.lock.Unlock()
	if !slices.Equal(told, []any{"eyes"}) {
		t.Errorf("told of %v", told)
	}
	if m, _ := r.Message(publicID, card); len(m.Reactions) != 2 {
		t.Errorf("shows %+v", m.Reactions)
	}
}

// The bot deletes its own messages only.
func TestDeleteOwn(t *testing.T) {
	r := newTestRig(t, Config{})
	own := r.postText(publicID, "own")
	other, err := r.Say(annaID, publicID, "", "hers")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ ts, want string }{{other, "cant_delete_message"}, {own, ""}, {own, "message_not_found"}} {
		if said := r.callMethod("chat.delete", "channel", publicID, "ts", test.ts); said.errorName() != test.want {
			t.Errorf("%s: %q, want %q", test.ts, said.errorName(), test.want)
		}
	}
	if left := r.Messages(publicID); len(left) != 1 || left[0].TS != other {
		t.Errorf("left %+v", left)
	}
}
