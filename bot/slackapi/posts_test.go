package slackapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// A card is missing only if both ways of reading do not show it.
func TestACardIsMissingInTwoReadings(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(r *rig, ts string)
		gone    bool
	}{
		"deleted": {func(r *rig, ts string) { _ = r.slack.DeleteMessage(channel, ts) }, true},
		"deleted, a tombstone is left": {func(r *rig, ts string) {
			_, _ = r.slack.Say(kim, channel, ts, "a reply")
			_ = r.slack.DeleteMessage(channel, ts)
		}, true},
		"a replica right after the post": {func(r *rig, _ string) {
			r.slack.Inject("reactions.get", fault.Fault{Lag: time.Hour})
		}, false},
		"reactions.get says so once": {func(r *rig, _ string) {
			r.slack.Inject("reactions.get", fault.Fault{Times: 1, Error: "message_not_found"})
		}, false},
		"history fails": {func(r *rig, ts string) {
			_ = r.slack.DeleteMessage(channel, ts)
			r.slack.Inject("conversations.history", fault.Fault{Status: 500})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, fakeslack.Config{})
			ts := r.posted()
			c.prepare(r, ts)
			_, _, err := r.directory.CardReactions(r.ctx, channel, ts)
			if err == nil || errors.Is(err, approvals.ErrCardDeleted) != c.gone {
				t.Errorf("%v; deleted: %t", err, c.gone)
			}
		})
	}
}

// What a failed post means: its effect is unknown unless nothing of it was written, whatever an
// answer says.
func TestWhetherAPostLeft(t *testing.T) {
	for name, c := range map[string]struct {
		fault fault.Fault
		posts int
	}{
		"ok without a timestamp":         {fault.Fault{Body: `{"ok":true}`, AfterEffect: true}, 1},
		"ok without timestamp or effect": {fault.Fault{Body: `{"ok":true,"channel":"C0APPROVALS"}`}, 0},
		"cut":                            {fault.Fault{Cut: true}, 0},
		"cut after the effect":           {fault.Fault{Cut: true, AfterEffect: true}, 1},
		"500":                            {fault.Fault{Status: 500, AfterEffect: true}, 1},
		"403":                            {fault.Fault{Status: 403, AfterEffect: true}, 1},
		"408":                            {fault.Fault{Status: 408, AfterEffect: true}, 1},
		"429":                            {fault.Fault{Status: 429, RetryAfter: "0", AfterEffect: true}, 1},
		"302":                            {fault.Fault{Status: 302, Location: "http://login.example/", AfterEffect: true}, 1},
		"ratelimited":                    {fault.Fault{Error: "ratelimited", AfterEffect: true}, 1},
		"a name of tomorrow":             {fault.Fault{Error: "something_new", AfterEffect: true}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, fakeslack.Config{})
			r.slack.Inject("chat.postMessage", c.fault)
			ts, err := r.messenger.PostMessage(r.ctx, r.card())
			if !approvals.EffectIsUnknown(err) || ts != "" {
				t.Errorf("%q, %v", ts, err)
			}
			if n := len(r.slack.Messages(channel)); n != c.posts {
				t.Errorf("%d posts", n)
			}
			// Private words may be lost in the same way.
			r.slack.Inject("chat.postMessage", c.fault)
			if err := r.messenger.PostDirect(r.ctx, robin, "a word"); !approvals.EffectIsUnknown(err) {
				t.Errorf("a direct message: %v", err)
			}
			r.slack.Inject("chat.postEphemeral", c.fault)
			if err := r.messenger.PostEphemeral(r.ctx, channel, robin, "a word"); !approvals.EffectIsUnknown(err) {
				t.Errorf("a private message in the channel: %v", err)
			}
		})
	}
	t.Run("a connection that is refused", func(t *testing.T) {
		r := newRig(t, fakeslack.Config{})
		r.client.http.CloseIdleConnections()
		r.slack.Close()
		if _, err := r.messenger.PostMessage(r.ctx, r.card()); meaning(err) != "delay 0s" {
			t.Errorf("%v", err)
		}
	})
	t.Run("no TLS", func(t *testing.T) {
		r := newRig(t, fakeslack.Config{})
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		go func() {
			for {
				c, err := listener.Accept()
				if err != nil {
					return
				}
				_ = c.Close()
			}
		}()
		client := NewClient("https://"+listener.Addr().String()+"/", "xoxb-1")
		posts := NewMessenger(client, r.identity, Rates{Posts: 1, Updates: 1, Reactions: 1, Ephemerals: 1, Burst: 1}, r.logger())
		if _, err := posts.PostMessage(r.ctx, r.card()); meaning(err) != "delay 0s" {
			t.Errorf("%v", err)
		}
	})
}

// Of several posts of the bot all are found, the oldest first, and nothing of others.
func TestFindPostsFindsAll(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	want := []string{r.posted(), r.posted(), r.posted()}
	_, _ = r.slack.Say(kim, channel, "", "chatter")
	matches := func(m slack.SlackMetadata) bool { return m.EventType == "card" }
	found, err := r.messenger.FindPosts(r.ctx, Search{Channel: channel, Matches: matches})
	var got []string
	for _, f := range found {
		got = append(got, f.TS)
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for ts, ours := range map[string]bool{want[1]: true, "1.000001": false} {
		post, found, err := r.messenger.ReadPost(r.ctx, channel, ts)
		if err != nil || found != ours || found && (post.TS != ts || post.Metadata.EventType != "card") {
			t.Errorf("%s: %+v, %t, %v", ts, post, found, err)
		}
	}
	said, _ := r.slack.Say(kim, channel, "", "chatter")
	if post, _, err := r.messenger.ReadPost(r.ctx, channel, said); post.TS != "" || err != nil {
		t.Errorf("the message of a person is found: %v", err)
	}
	for range 2 * lookupBurst {
		_, _, err = r.messenger.ReadPost(r.ctx, channel, want[0])
	}
	if n := len(r.slack.Calls("conversations.replies")); meaning(err) != "delay 0s" || n > lookupBurst+2 {
		t.Errorf("looked %d times, %v", n, err)
	}
}

// A message is deleted, or says what it is where Slack does not let it be deleted.
func TestRemoveMessage(t *testing.T) {
	for name, c := range map[string]struct {
		fault   *fault.Fault
		text    string // empty: gone
		outcome string
	}{
		"deleted":         {nil, "", "ok"},
		"refused":         {&fault.Fault{Error: "cant_delete_message"}, "a double", "ok"},
		"a missing scope": {&fault.Fault{Error: "missing_scope"}, "a double", "ok"},
		"a limit":         {&fault.Fault{Error: "ratelimited", RetryAfter: "7"}, "a card", "delay 7s"},
		"Slack's failure": {&fault.Fault{Error: "internal_error"}, "a card", "unknown"},
		"no answer":       {&fault.Fault{Status: http.StatusBadGateway}, "a card", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, fakeslack.Config{})
			ts, double := r.posted(), r.card()
			double.Text = "a double"
			if c.fault != nil {
				r.slack.Inject("chat.delete", *c.fault)
			}
			err := r.messenger.RemoveMessage(r.ctx, ts, double)
			m, _ := r.slack.Message(channel, ts)
			if meaning(err) != c.outcome || m.Deleted != (c.text == "") || c.text != "" && m.Text != c.text {
				t.Errorf("%v, %+v", err, m)
			}
			r.slack.Clear()
			for range 2 { // it may be repeated
				if err := r.messenger.RemoveMessage(r.ctx, ts, double); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A look tells of which emoji Slack counts more people than it names, although it was asked for
// all of them: on a card, and on a reply.
func TestALookTellsWhatSlackCuts(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	card := r.posted()
	reply := r.card()
	reply.ThreadTS = card
	ts, err := r.messenger.PostMessage(r.ctx, reply)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 { // more than Slack names beside the reply
		user := fmt.Sprintf("U0MANY%d", i)
		r.slack.AddUser(fakeslack.User{ID: user, Name: user})
		r.slack.Join(channel, user)
		_ = r.slack.React(user, channel, ts, "x")
	}
	r.slack.Inject("reactions.get", fault.Fault{Body: `{"ok":true,"type":"message","message":{"reactions":[` +
		`{"name":"x::skin-tone-2","count":2,"users":["` + kim + `"]},{"name":"eyes","count":1,"users":["` + kim + `"]}]}}`})
	for name, look := range map[string]func() ([]approvals.Reaction, []string, error){
		"card": func() ([]approvals.Reaction, []string, error) { return r.directory.CardReactions(r.ctx, channel, card) },
		"reply": func() ([]approvals.Reaction, []string, error) {
			return r.directory.ReplyReactions(r.ctx, channel, card)
		},
	} {
		if shown, cut, err := look(); err != nil || len(shown) != 2 || !slices.Equal(cut, []string{"x::skin-tone-2"}) {
			t.Errorf("%s: %+v, cut %v, %v", name, shown, cut, err)
		}
	}
}

// On Enterprise Grid a person whom Slack hides may be an approver by their other id. Elsewhere a
// person has one id, and is not asked about.
func TestALookTellsOfHiddenPeople(t *testing.T) {
	for enterprise, want := range map[string][]string{"": nil, "E1": {"x"}} {
		r := newRig(t, fakeslack.Config{})
		r.directory.identity.EnterpriseID = enterprise
		card := r.posted()
		if err := r.slack.React(kim, channel, card, "x"); err != nil {
			t.Fatal(err)
		}
		r.slack.Inject("users.info", fault.Fault{Error: "user_not_visible"})
		shown, cut, err := r.directory.CardReactions(r.ctx, channel, card)
		if err != nil || len(shown) != 1 || shown[0].User != kim || !slices.Equal(cut, want) {
			t.Errorf("in the enterprise %q: %+v, cut %v, %v", enterprise, shown, cut, err)
		}
	}
}

// A survey tells the request of each card of the bot.
func TestSurveyTellsCards(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	card := r.card()
	card.Metadata = slack.SlackMetadata{EventType: approvals.CardEventType, EventPayload: map[string]any{"request_id": "R-1"}}
	ts, err := r.messenger.PostMessage(r.ctx, card)
	if err != nil {
		t.Fatal(err)
	}
	r.posted()
	_ = r.slack.React(alex, channel, ts, "x")
	page, err := r.directory.ReadHistory(r.ctx, channel, "0", ts)
	cards := slices.DeleteFunc(page.Sightings, func(s approvals.Sighting) bool { return s.RequestID == "" })
	if err != nil || len(cards) != 1 || cards[0].TS != ts || cards[0].RequestID != "R-1" || len(cards[0].Shown) != 1 || len(cards[0].Cut) > 0 {
		t.Errorf("%+v, %v", cards, err)
	}
}

// All people who react on a reply are found, also where Slack does not name them all beside the
// reply.
func TestReplyReactionsAreComplete(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	card := r.posted()
	reply := r.card()
	reply.ThreadTS = card
	ts, err := r.messenger.PostMessage(r.ctx, reply)
	if err != nil {
		t.Fatal(err)
	}
	const people = 5
	for i := range people {
		user := fmt.Sprintf("U0MANY%d", i)
		r.slack.AddUser(fakeslack.User{ID: user, Name: user})
		r.slack.Join(channel, user)
		if err := r.slack.React(user, channel, ts, "x"); err != nil {
			t.Fatal(err)
		}
	}
	shown, cut, err := r.directory.ReplyReactions(r.ctx, channel, card)
	if err != nil || len(shown) != people || len(cut) > 0 {
		t.Errorf("%d people, %v, %v", len(shown), cut, err)
	}
	r.slack.Inject("reactions.get", fault.Fault{Error: "message_not_found"})
	if _, _, err := r.directory.ReplyReactions(r.ctx, channel, card); err == nil || approvals.IsRefused(err) ||
		errors.Is(err, approvals.ErrCardDeleted) {
		t.Errorf("%v, while Slack does not tell all people", err)
	}
}
