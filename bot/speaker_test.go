package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/internal/sandbox"
)

// posted is a request whose card is in the channel.
func (r *rig) posted(state approvals.State) approvals.Request {
	r.t.Helper()
	request := r.request(state)
	ts, err := r.speaker.PostCard(r.ctx, request)
	if err != nil {
		r.t.Fatal(err)
	}
	request.CardTS = ts
	return request
}

// TestWhatHistoryCarries reads the metadata of a card and its replies.
func TestWhatHistoryCarries(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	request := r.posted(approvals.Pending)
	request.DelayReason, request.DecidedAt = "UiPath sleeps", testTime
	request.Votes = []approvals.Vote{{User: kim}}
	var want []string
	for _, state := range approvals.States()[4:] {
		request.State = state
		if err := r.speaker.PostInThread(r.ctx, request, approvals.Job{Kind: approvals.JobPostOutcome}); err != nil {
			t.Fatal(err)
		}
		want = append(want, "allocation_"+string(state))
	}
	request.State = approvals.Approved
	if err := r.speaker.PostInThread(r.ctx, request, approvals.Job{Kind: approvals.JobPostDelay}); err != nil {
		t.Fatal(err)
	}
	want = append(want, "allocation_approved")
	card, _ := r.slack.Message(channel, request.CardTS)
	if m := card.Metadata; m == nil || m.EventType != "allocation_requested" || m.EventPayload["actor"] != robin {
		t.Errorf("card %+v", m)
	}
	var got []string
	for _, reply := range r.slack.Thread(channel, request.CardTS) {
		got = append(got, reply.Metadata.EventType)
		for name, value := range map[string]any{"request_id": request.ID, "group_id": "group-01", "codes": "RPADEVPRONU"} {
			if reply.Metadata.EventPayload[name] != value {
				t.Errorf("%s: %s is %v", reply.Metadata.EventType, name, reply.Metadata.EventPayload[name])
			}
		}
		if actor, _ := reply.Metadata.EventPayload["actor"].(string); actor == "" {
			t.Errorf("%s has no actor", reply.Metadata.EventType)
		}
		if !strings.HasPrefix(reply.Text, "<@"+robin+"> ") {
			t.Errorf("the requester is not mentioned: %s", reply.Text)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v instead of %v", got, want)
	}
}

// TestActors are those who brought about what a message tells.
func TestActors(t *testing.T) {
	votes := []approvals.Vote{{User: kim}, {User: alex}}
	for _, c := range []struct {
		state approvals.State
		by    string
		votes []approvals.Vote
		want  string
	}{
		{approvals.Done, "", votes, alex}, {approvals.Failed, "", votes, alex}, {approvals.Denied, kim, votes[:1], kim},
		{approvals.Cancelled, robin, nil, robin}, {approvals.Expired, "", votes[:1], approvals.Bot},
	} {
		r := approvals.Request{State: c.state, Requester: robin, Outcome: &approvals.Outcome{By: c.by}, Votes: c.votes}
		if got := actorOf(r, approvals.JobPostOutcome); got != c.want {
			t.Errorf("%s: %s instead of %s", c.state, got, c.want)
		}
	}
}

// TestFind looks for what an earlier attempt posted, among what looks like it.
func TestFind(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	since := time.Now()
	pending := r.request(approvals.Pending)
	find := func(request approvals.Request, kind approvals.JobKind) string {
		t.Helper()
		ts, found, err := r.speaker.FindPost(r.ctx, request, approvals.Job{Kind: kind}, since)
		if err != nil || found != (ts != "") {
			t.Fatalf("%q, %t, %v", ts, found, err)
		}
		return ts
	}
	if ts := find(pending, approvals.JobPostCard); ts != "" {
		t.Errorf("%s was found before anything was posted", ts)
	}
	r.posted(approvals.Pending) // of another request
	r.slack.AddUser(sandbox.User{ID: "U0IMPOSTOR", Name: "impostor"})
	impostor := *r.speaker
	impostor.self = Identity{UserID: "U0IMPOSTOR", BotID: "B0IMPOSTOR"}
	ts, err := r.speaker.PostCard(r.ctx, pending)
	if err != nil {
		t.Fatal(err)
	}
	if found, ok, err := impostor.FindPost(r.ctx, pending, approvals.Job{Kind: approvals.JobPostCard}, since); ok || err != nil {
		t.Errorf("%s, which somebody else posted, is taken for one's own: %v", found, err)
	}
	for range findPage + 5 {
		if _, err := r.slack.Say(kim, channel, "", "chatter"); err != nil {
			t.Fatal(err)
		}
	}
	if found := find(pending, approvals.JobPostCard); found != ts {
		t.Errorf("%q instead of %s on the second page", found, ts)
	}

	pending.CardTS = ts
	done := pending
	done.State = approvals.Done
	if found := find(done, approvals.JobPostOutcome); found != "" {
		t.Errorf("%s is no reply", found)
	}
	for range findPage {
		if _, err := r.slack.Say(kim, channel, ts, "more chatter"); err != nil {
			t.Fatal(err)
		}
	}
	approved := pending
	approved.State = approvals.Approved
	if err := errors.Join(r.speaker.PostInThread(r.ctx, approved, approvals.Job{Kind: approvals.JobPostDelay}), r.speaker.PostInThread(r.ctx, done, approvals.Job{Kind: approvals.JobPostOutcome})); err != nil {
		t.Fatal(err)
	}
	thread := r.slack.Thread(channel, ts)
	if found := find(done, approvals.JobPostOutcome); found != thread[len(thread)-1].TS {
		t.Errorf("the end is found at %q", found)
	}
	if found := find(approved, approvals.JobPostDelay); found != thread[len(thread)-2].TS {
		t.Errorf("the progress is found at %q", found)
	}
	r.slack.Inject("conversations.history", sandbox.Fault{Times: 1, Status: 500})
	if _, _, err := r.speaker.FindPost(r.ctx, pending, approvals.Job{Kind: approvals.JobPostCard}, since); meaning(err) != "unknown" {
		t.Errorf("%v", err)
	}
}

// TestFindGivesUpTruthfully does not call a post missing that it could not
// look for.
func TestFindGivesUpTruthfully(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	page := `{"ok":true,"messages":[],"has_more":true,"response_metadata":{"next_cursor":"bmV4dF90czox"}}`
	r.slack.Inject("conversations.history", sandbox.Fault{Body: page})
	_, found, err := r.speaker.FindPost(r.ctx, r.request(approvals.Pending), approvals.Job{Kind: approvals.JobPostCard}, testTime)
	if found || !errors.Is(err, errTooMuchHistory) || meaning(err) != "unknown" {
		t.Errorf("%t, %v", found, err)
	}
	calls := r.slack.Calls("conversations.history")
	if len(calls) != findPages {
		t.Errorf("%d pages", len(calls))
	}
	if oldest := calls[0].Args["oldest"]; oldest != "1795425600.000000" || calls[0].Args["include_all_metadata"] == "" {
		t.Errorf("looked from %s on: %v", oldest, calls[0].Args)
	}
}

// TestSeed puts both emoji on the card, whatever is there already.
func TestSeed(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	card := r.posted(approvals.Pending)
	_ = r.api.AddReactionContext(r.ctx, "white_check_mark", slack.NewRefToMessage(channel, card.CardTS))
	if err := r.speaker.AddReactions(r.ctx, card); err != nil {
		t.Error(err)
	}
	if m, _ := r.slack.Message(channel, card.CardTS); len(m.Reactions) != 2 {
		t.Errorf("%+v", m.Reactions)
	}
	r.speaker.words.Approve = []string{"NO SUCH EMOJI"}
	if err := r.speaker.AddReactions(r.ctx, card); err != nil || !strings.Contains(r.log.String(), "LICENSEBOT_APPROVE_EMOJI") {
		t.Errorf("%v\n%s", err, r.log)
	}
	_ = r.slack.DeleteMessage(channel, card.CardTS)
	if err := r.speaker.AddReactions(r.ctx, card); meaning(err) != "refusal message_not_found" {
		t.Errorf("%v", err)
	}
}

// TestTell reaches a reactor, or ends if it cannot.
func TestTell(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	card := r.posted(approvals.Pending)
	if err := r.speaker.TellVoter(r.ctx, card, kim, approvals.NotApprover); err != nil {
		t.Error(err)
	}
	told := r.slack.Ephemerals(kim)
	if len(told) != 1 || told[0].Channel != channel || told[0].ThreadTS != "" || !strings.Contains(told[0].Text, "its approvers are <@U0ALEX>") {
		t.Errorf("%+v", told)
	}
	r.slack.Leave(channel, kim)
	if err := r.speaker.TellVoter(r.ctx, card, kim, approvals.NotApprover); meaning(err) != "refusal user_not_in_channel" {
		t.Errorf("somebody who left is told again and again: %v", err)
	}
}

var notice = approvals.Job{Kind: approvals.JobTellRequester}

// TestNotify reaches the requester in the first way that works, and leaves
// what must not be lost where Slack keeps it.
func TestNotify(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	refused := r.request(approvals.Refused)
	refused.OriginChannel = channel
	expect := func(what, via, outcome string) {
		t.Helper()
		directly, besides := len(r.slack.DirectMessages(robin)), len(r.slack.Ephemerals(robin))
		err := r.speaker.TellRequester(r.ctx, refused, notice)
		told := ""
		if messages := r.slack.DirectMessages(robin); len(messages) > directly {
			told += "direct message"
		}
		for _, e := range r.slack.Ephemerals(robin)[besides:] {
			told += e.Via
		}
		if told != via || meaning(err) != outcome {
			t.Errorf("%s: told by %q, %v; want %q, %s", what, told, err, via, outcome)
		}
	}
	expect("without a receipt", "direct message", "ok")
	for fault, outcome := range map[sandbox.Fault]string{
		{Times: 1, Error: "messages_tab_disabled"}: "ok", {Times: 1, Error: "no_permission"}: "ok",
		{Times: 1, Error: "restricted_action"}: "ok", {Times: 1, Error: "unheard_of"}: "ok",
		{Times: 1, Error: "ratelimited", RetryAfter: "30"}: "delay 30s", {Times: 1, Error: "rate_limited", Status: 200}: "delay 1s",
		{Times: 1, Error: "internal_error"}: "unknown", {Times: 1, Status: 500}: "unknown",
	} {
		r.slack.Inject("chat.postMessage", fault)
		expect(fmt.Sprintf("its direct message comes to %+v", fault), map[bool]string{true: "chat.postEphemeral"}[outcome == "ok"], outcome)
	}
	r.slack.Inject("chat.postMessage", sandbox.Fault{Times: 2, Error: "messages_tab_disabled"})
	r.slack.Inject("chat.postEphemeral", sandbox.Fault{Times: 1, Error: "restricted_action"})
	expect("refused both ways, one for now", "", "delay 0s")
	r.slack.Inject("chat.postEphemeral", sandbox.Fault{Times: 1, Error: "user_not_in_channel"})
	expect("refused both ways for good", "", "refusal messages_tab_disabled")
	r.listen(r.store)
	refused.ID = r.recorded("group-01 RPADEVPRONU")
	expect("with a receipt", "response_url", "ok")
	r.slack.Inject("response_url", sandbox.Fault{Times: 1, Status: 500})
	expect("with a receipt that does not work", "direct message", "ok")
	refused.ID, refused.OriginChannel = "R-0THER000", general
	expect("typed where the bot may not speak", "direct message", "ok")
	refused.OriginChannel = ""
	expect("asked for by the shortcut", "direct message", "ok")
	r.slack.UpdateUser(robin, func(u *sandbox.User) { u.Deleted = true })
	expect("somebody who is gone", "", "refusal channel_not_found")
	before := len(r.slack.Calls(""))
	if err := r.speaker.TellRequester(r.ctx, r.request(approvals.Pending), notice); err != nil || len(r.slack.Calls("")) != before {
		t.Errorf("there is nothing to tell: %v", err)
	}
}

// TestWhisper answers where somebody asked, or directly where Slack has
// anything against that.
func TestWhisper(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	for answer, directly := range map[string]bool{
		"": false, "restricted_action": true, "no_permission": true, "is_archived": true, "unheard_of": true,
		"ratelimited": false, "internal_error": false,
	} {
		if answer != "" {
			r.slack.Inject("chat.postEphemeral", sandbox.Fault{Times: 1, Error: answer})
		}
		before := len(r.slack.DirectMessages(kim))
		err := r.speaker.Whisper(r.ctx, channel, kim, "here you are")
		if told := len(r.slack.DirectMessages(kim)) > before; told != directly || (err == nil) != (directly || answer == "") {
			t.Errorf("%q: told directly: %t, %v", answer, told, err)
		}
	}
	if told := r.slack.Ephemerals(kim); len(told) != 1 {
		t.Errorf("%+v", told)
	}
}
