package fakeslack

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func requestMetadata(id string) slack.MsgOption {
	return slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "allocation_requested", EventPayload: map[string]any{"request_id": id}})
}

func joinTexts(messages []slack.Message) string {
	var all []string
	for _, m := range messages {
		all = append(all, m.Text)
	}
	return strings.Join(all, " ")
}

func TestTimestampsAreUniqueThoughTimeStandsStill(t *testing.T) {
	r := newTestRig(t, Config{})
	first, second := r.postText(publicID, "a"), r.postText(publicID, "b")
	if first != "1795466553.000000" || second != "1795466553.000001" {
		t.Errorf("the timestamps are %s, %s", first, second)
	}
	r.clock.Advance(time.Second)
	if third := r.postText(publicID, "c"); third != "1795466554.000000" {
		t.Errorf("the third timestamp is %s", third)
	}
}

func TestHistory(t *testing.T) {
	r := newTestRig(t, Config{})
	api := r.apiClient()
	var all []string
	for i := range 5 {
		all = append(all, r.postText(publicID, fmt.Sprint(i), requestMetadata(fmt.Sprint(i))))
		r.clock.Advance(time.Minute)
	}
	r.postText(publicID, "reply", slack.MsgOptionTS(all[1]))
	r.postText(publicID, "loud", slack.MsgOptionTS(all[1]), slack.MsgOptionBroadcast())
	tests := []struct {
		name  string
		ask   slack.GetConversationHistoryParameters
		want  string
		pages int
	}{
		{"all", slack.GetConversationHistoryParameters{}, "loud 4 3 2 1 0", 1},
		{"pages", slack.GetConversationHistoryParameters{Limit: 4}, "loud 4 3 2 1 0", 2},
		{"exclusive", slack.GetConversationHistoryParameters{Oldest: all[1], Latest: all[3]}, "2", 1},
		{"inclusive", slack.GetConversationHistoryParameters{Oldest: all[1], Latest: all[3], Inclusive: true}, "3 2 1", 1},
		{"oldest in seconds", slack.GetConversationHistoryParameters{Oldest: "1795466793", Inclusive: true}, "loud 4", 1},
		{"one", slack.GetConversationHistoryParameters{Latest: all[2], Inclusive: true, Limit: 1}, "2", 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.ask.ChannelID = publicID
			var got []slack.Message
			pages := 0
			for more := true; more; pages++ {
				page, err := api.GetConversationHistoryContext(r.ctx, &test.ask)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, page.Messages...)
				more, test.ask.Cursor = page.HasMore, page.ResponseMetaData.NextCursor
			}
			if test.name == "one" {
				got = got[:1]
			}
			if joinTexts(got) != test.want || pages != test.pages {
				t.Errorf("%q in %d pages, want %q in %d", joinTexts(got), pages, test.want, test.pages)
			}
		})
	}
}

func TestHistoryShowsMetadataOnRequestOnly(t *testing.T) {
	r := newTestRig(t, Config{})
	r.postText(publicID, "card", requestMetadata("R-1"))
	for _, all := range []bool{false, true} {
		page, err := r.apiClient().GetConversationHistoryContext(r.ctx, &slack.GetConversationHistoryParameters{ChannelID: publicID, IncludeAllMetadata: all})
		if err != nil {
			t.Fatal(err)
		}
		m := page.Messages[0]
		if m.Metadata.EventType != "allocation_requested" || (m.Metadata.EventPayload["request_id"] == "R-1") != all {
			t.Errorf("all %t: %+v", all, m.Metadata)
		}
		if m.User != r.BotUserID() || m.BotID != r.BotID() || m.Team != r.TeamID() {
			t.Errorf("author %+v", m)
		}
	}
}

func TestThreads(t *testing.T) {
	r := newTestRig(t, Config{})
	card := r.postText(publicID, "card")
	r.postText(publicID, "one", slack.MsgOptionTS(card))
	if _, err := r.Say(benID, publicID, card, "two"); err != nil {
		t.Fatal(err)
	}
	ask := &slack.GetConversationRepliesParameters{ChannelID: publicID, Timestamp: card}
	got, more, _, err := r.apiClient().GetConversationRepliesContext(r.ctx, ask)
	if err != nil || more || joinTexts(got) != "card one two" || got[0].ReplyCount != 2 || got[1].ThreadTimestamp != card {
		t.Errorf("the replies are %s %v %+v", joinTexts(got), err, got)
	}
	if thread := r.Thread(publicID, card); len(thread) != 2 || thread[1].User != benID {
		t.Errorf("thread %+v", thread)
	}
	if top := r.Messages(publicID); len(top) != 1 {
		t.Errorf("top %+v", top)
	}
	if err := r.DeleteMessage(publicID, card); err != nil {
		t.Fatal(err)
	}
	page, err := r.apiClient().GetConversationHistoryContext(r.ctx, &slack.GetConversationHistoryParameters{ChannelID: publicID})
	if err != nil || len(page.Messages) != 1 || page.Messages[0].SubType != "tombstone" {
		t.Errorf("history %+v, %v", page, err)
	}
	if said := r.callMethod("chat.postMessage", "channel", publicID, "text", "x", "thread_ts", card); said.errorName() != "" || strings.Contains(fmt.Sprint(said.body["message"]), "thread_ts") {
		t.Errorf("the reply is no message of the channel: %v", said.body)
	}
	if m, ok := r.Message(publicID, card); !ok || !m.Deleted {
		t.Errorf("message %+v", m)
	}
}

// A message that an admin deleted is gone for every method.
func TestDeletedMessage(t *testing.T) {
	r := newTestRig(t, Config{})
	card := r.postText(publicID, "card")
	if err := r.DeleteMessage(publicID, card); err != nil {
		t.Fatal(err)
	}
	for method, test := range map[string][]string{
		"chat.update":           {"message_not_found", "ts", card, "text", "x"},
		"chat.getPermalink":     {"message_not_found", "message_ts", card},
		"conversations.replies": {"thread_not_found", "ts", card},
		"reactions.add":         {"message_not_found", "timestamp", card, "name", "eyes"},
		"reactions.get":         {"message_not_found", "timestamp", card},
		"reactions.remove":      {"message_not_found", "timestamp", card, "name", "eyes"},
	} {
		if said := r.callMethod(method, append([]string{"channel", publicID}, test[1:]...)...); said.errorName() != test[0] {
			t.Errorf("%s: %v, want %s", method, said.body, test[0])
		}
	}
	if err := r.React(annaID, publicID, card, "eyes"); errorName(err) != "message_not_found" {
		t.Errorf("reacted: %v", err)
	}
	if err := r.DeleteMessage(publicID, card); errorName(err) != "message_not_found" {
		t.Errorf("deleted twice: %v", err)
	}
	if err := r.DeleteMessage("C404", card); errorName(err) != "channel_not_found" {
		t.Errorf("deleted nowhere: %v", err)
	}
	page, err := r.apiClient().GetConversationHistoryContext(r.ctx, &slack.GetConversationHistoryParameters{ChannelID: publicID})
	if err != nil || len(page.Messages) != 0 || len(r.Messages(publicID)) != 0 {
		t.Errorf("history %+v, %v", page, err)
	}
}

func TestUpdateKeepsWhatIsNotGiven(t *testing.T) {
	r := newTestRig(t, Config{})
	api := r.apiClient()
	divider := slack.MsgOptionBlocks(slack.NewDividerBlock())
	ts := r.postText(publicID, "before", requestMetadata("R-1"), divider)
	if _, _, _, err := api.UpdateMessageContext(r.ctx, publicID, ts, slack.MsgOptionText("after", false)); err != nil {
		t.Fatal(err)
	}
	m, _ := r.Message(publicID, ts)
	if m.Text != "after" || !m.Edited || m.Metadata == nil || string(m.Blocks) != `[{"type":"divider"}]` {
		t.Errorf("message %+v", m)
	}
	if len(m.Revisions) != 1 || m.Revisions[0].Text != "before" {
		t.Errorf("revisions %+v", m.Revisions)
	}
	if said := r.callMethod("chat.update", "channel", publicID, "ts", ts, "text", "bare", "blocks", "[]", "metadata", "{}"); said.errorName() != "" {
		t.Fatal(said.body)
	}
	if m, _ = r.Message(publicID, ts); m.Metadata != nil || string(m.Blocks) != "[]" {
		t.Errorf("message %+v", m)
	}
}

func TestLongTextIsTruncated(t *testing.T) {
	r := newTestRig(t, Config{})
	said := r.callMethod("chat.postMessage", "channel", publicID, "text", strings.Repeat("é", 40001))
	if said.errorName() != "" || said.body["warning"] != "message_truncated" {
		t.Fatal(said.errorName(), said.body["warning"])
	}
	if m := r.Messages(publicID)[0]; textLength(m.Text) != 40000 {
		t.Errorf("%d characters", textLength(m.Text))
	}
}

func TestDirectMessage(t *testing.T) {
	r := newTestRig(t, Config{})
	channel, ts, err := r.apiClient().PostMessageContext(r.ctx, annaID, slack.MsgOptionText("for you", false))
	if err != nil || channel != "D0ANNA" {
		t.Fatal(channel, err)
	}
	if got := r.DirectMessages(annaID); len(got) != 1 || got[0].Text != "for you" || got[0].TS != ts {
		t.Errorf("the person saw %+v", got)
	}
	if err := r.React(benID, channel, ts, "eyes"); err == nil || err.Error() != "channel_not_found" {
		t.Errorf("another's DM: %v", err)
	}
	if err := r.React(annaID, channel, ts, "eyes"); err != nil {
		t.Error(err)
	}
}

func TestEphemeralAndPermalink(t *testing.T) {
	r := newTestRig(t, Config{})
	ts := r.postText("#licenses", "card")
	whisper := func(options ...slack.MsgOption) {
		t.Helper()
		options = append(options, slack.MsgOptionText("not you", false))
		if _, err := r.apiClient().PostEphemeralContext(r.ctx, publicID, benID, options...); err != nil {
			t.Fatal(err)
		}
	}
	whisper(slack.MsgOptionTS(ts))
	if odd := r.journalOf(EntryOddity); len(r.Ephemerals(benID)) != 0 || len(odd) != 1 {
		t.Errorf("shown in a thread without replies: %+v", r.Ephemerals(benID))
	}
	reply := r.postText(publicID, "x", slack.MsgOptionTS(ts))
	whisper(slack.MsgOptionTS(ts))
	whisper()
	seen := r.Ephemerals(benID)
	if len(seen) != 2 || seen[0].Via != "chat.postEphemeral" || seen[0].ThreadTS != ts || seen[1].ThreadTS != "" || len(r.Ephemerals(annaID)) != 0 {
		t.Errorf("the ephemerals are %+v", seen)
	}
	link, err := r.apiClient().GetPermalinkContext(r.ctx, &slack.PermalinkParameters{Channel: publicID, Ts: reply})
	want := fmt.Sprintf("https://sandbox.slack.com/archives/%s/p%s?thread_ts=%s&cid=%s", publicID, strings.Replace(reply, ".", "", 1), ts, publicID)
	if err != nil || link != want {
		t.Errorf("the permalink is %s, %v", link, err)
	}
}

func TestChannelPace(t *testing.T) {
	r := newTestRig(t, Config{ChannelPace: true})
	for range paceBurst {
		r.postText(publicID, "x")
	}
	_, _, err := r.apiClient().PostMessageContext(r.ctx, publicID, slack.MsgOptionText("y", false))
	limited, ok := err.(*slack.RateLimitedError)
	if !ok || limited.RetryAfter != time.Second {
		t.Fatalf("the error is %v", err)
	}
	r.postText(oursID, "another channel has its own pace")
	r.clock.Advance(time.Second)
	r.postText(publicID, "y")
}

func TestTiers(t *testing.T) {
	r := newTestRig(t, Config{EnforceTiers: true})
	r.SetUserGroup("S1", annaID)
	for range 20 {
		if said := r.callMethod("usergroups.users.list", "usergroup", "S1"); said.errorName() != "" {
			t.Fatal(said.body)
		}
	}
	r.clock.Advance(20 * time.Second)
	said := r.callMethod("usergroups.users.list", "usergroup", "S1")
	if said.status != http.StatusTooManyRequests || said.header.Get("Retry-After") != "40" || said.errorName() != "ratelimited" {
		t.Errorf("the answer is %+v", said)
	}
	r.clock.Advance(40 * time.Second)
	if said := r.callMethod("usergroups.users.list", "usergroup", "S1"); said.errorName() != "" {
		t.Error(said.body)
	}
}

func TestJournalIsOneOrder(t *testing.T) {
	r := newTestRig(t, Config{})
	r.postText(publicID, "x")
	kinds := []string{}
	for i, e := range r.Journal() {
		if e.Seq != i+1 {
			t.Errorf("entry %d has number %d", i, e.Seq)
		}
		kinds = append(kinds, e.Kind)
	}
	if last := kinds[len(kinds)-3:]; !slices.Equal(last, []string{EntryCall, EntryPosted, EntryAnswer}) {
		t.Errorf("the last entry is %v", last)
	}
	if call := r.Calls("chat.postMessage")[0]; call.Status != 200 || call.Args["text"] != "x" || r.Journal()[call.Seq-1].Kind != EntryCall {
		t.Errorf("the call is %+v", call)
	}
}
