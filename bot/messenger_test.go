package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/slackapi"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// posted is a request with a card in the channel.
func (r *rig) posted(state approvals.State) approvals.Request {
	r.t.Helper()
	request := r.request(state)
	ts, err := r.bot.messenger.PostCard(r.ctx, request)
	if err != nil {
		r.t.Fatal(err)
	}
	request.CardTS = ts
	return request
}

// TestWhatHistoryCarries reads the metadata of a card and its replies.
func TestWhatHistoryCarries(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	request := r.posted(approvals.Pending)
	request.DelayReason, request.DecidedAt = "UiPath sleeps", testTime
	request.Votes = []approvals.Vote{{User: kim}}
	var want []string
	for _, state := range approvals.States()[4:] {
		request.State = state
		if _, err := r.bot.messenger.PostInThread(r.ctx, request, approvals.Job{Kind: approvals.JobPostOutcome}); err != nil {
			t.Fatal(err)
		}
		want = append(want, "allocation_"+string(state))
	}
	request.State = approvals.Approved
	if _, err := r.bot.messenger.PostInThread(r.ctx, request, approvals.Job{Kind: approvals.JobPostDelay}); err != nil {
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

// tried is a job that was last attempted just now.
func tried(job approvals.Job) approvals.LeasedJob {
	return approvals.LeasedJob{Job: job, TriedAt: time.Now()}
}

// TestFind looks for what an earlier attempt posted, among what looks like it.
func TestFind(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	pending := r.request(approvals.Pending)
	find := func(request approvals.Request, kind approvals.JobKind) string {
		t.Helper()
		ts, found, err := r.bot.messenger.FindPost(r.ctx, request, tried(approvals.Job{Kind: kind}), 0)
		if err != nil || found != (ts != "") {
			t.Fatalf("%q, %t, %v", ts, found, err)
		}
		return ts
	}
	if ts := find(pending, approvals.JobPostCard); ts != "" {
		t.Errorf("%s was found before anything was posted", ts)
	}
	r.posted(approvals.Pending) // of another request
	r.slack.AddUser(fakeslack.User{ID: "U0IMPOSTOR", Name: "impostor"})
	client := slackapi.NewClient(r.slack.APIURL(), r.slack.BotToken())
	impostor := *r.bot.messenger
	impostor.posts = slackapi.NewMessenger(client, slackapi.Identity{UserID: "U0IMPOSTOR", BotID: "B0IMPOSTOR"}, unpaced, r.logger())
	ts, err := r.bot.messenger.PostCard(r.ctx, pending)
	if err != nil {
		t.Fatal(err)
	}
	if found, ok, err := impostor.FindPost(r.ctx, pending, tried(approvals.Job{Kind: approvals.JobPostCard}), 0); ok || err != nil {
		t.Errorf("%s, which somebody else posted, is taken for one's own: %v", found, err)
	}
	const page = 200 // messages that one call shows
	for range page + 5 {
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
	for range page {
		if _, err := r.slack.Say(kim, channel, ts, "more chatter"); err != nil {
			t.Fatal(err)
		}
	}
	approved := pending
	approved.State = approvals.Approved
	_, first := r.bot.messenger.PostInThread(r.ctx, approved, approvals.Job{Kind: approvals.JobPostDelay})
	_, second := r.bot.messenger.PostInThread(r.ctx, done, approvals.Job{Kind: approvals.JobPostOutcome})
	if err := errors.Join(first, second); err != nil {
		t.Fatal(err)
	}
	thread := r.slack.Thread(channel, ts)
	if found := find(done, approvals.JobPostOutcome); found != thread[len(thread)-1].TS {
		t.Errorf("the end is found at %q", found)
	}
	if found := find(approved, approvals.JobPostDelay); found != thread[len(thread)-2].TS {
		t.Errorf("the progress is found at %q", found)
	}
	r.slack.Inject("conversations.history", fault.Fault{Times: 1, Status: 500})
	if _, _, err := r.bot.messenger.FindPost(r.ctx, pending, tried(approvals.Job{Kind: approvals.JobPostCard}), 0); meaning(err) != "unknown" {
		t.Errorf("%v", err)
	}
}

// TestTell reaches a reactor, or ends if it cannot.
func TestTell(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	card := r.posted(approvals.Pending)
	if err := r.bot.messenger.TellVoter(r.ctx, card, kim, approvals.NotApprover); err != nil {
		t.Error(err)
	}
	told := r.slack.Ephemerals(kim)
	if len(told) != 1 || told[0].Channel != channel || told[0].ThreadTS != "" || !strings.Contains(told[0].Text, "its approvers are <@U0ALEX>") {
		t.Errorf("%+v", told)
	}
	r.slack.Leave(channel, kim)
	if err := r.bot.messenger.TellVoter(r.ctx, card, kim, approvals.NotApprover); err != nil {
		t.Errorf("a person who reacted from outside the channel is not told: %v", err)
	}
	if direct := r.slack.DirectMessages(kim); len(direct) != 1 || direct[0].Text != told[0].Text {
		t.Errorf("%+v", direct)
	}
	r.slack.Inject("chat.postMessage", fault.Fault{Times: 1, Error: "messages_tab_disabled"})
	if err := r.bot.messenger.TellVoter(r.ctx, card, kim, approvals.NotApprover); meaning(err) != "refusal user_not_in_channel" {
		t.Errorf("a person who cannot be told is told again and again: %v", err)
	}
}

// TestReplyToADeletedCard does not stay in the channel as a message of its own, which
// Slack makes of it.
func TestReplyToADeletedCard(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	card := r.posted(approvals.Done)
	outcome := approvals.Job{Kind: approvals.JobPostOutcome}
	if _, err := r.bot.messenger.PostInThread(r.ctx, card, outcome); err != nil {
		t.Fatal(err)
	}
	if err := r.slack.DeleteMessage(channel, card.CardTS); err != nil {
		t.Fatal(err)
	}
	if _, err := r.bot.messenger.PostInThread(r.ctx, card, outcome); meaning(err) != "refusal thread_not_found" {
		t.Errorf("the requester is not told: %v", err)
	}
	if stray := r.slack.Messages(channel); len(stray) != 0 {
		t.Errorf("in the channel: %+v", stray)
	}
	r.slack.Inject("chat.delete", fault.Fault{Times: 1, Error: "cant_delete_message"})
	if _, err := r.bot.messenger.PostInThread(r.ctx, card, outcome); meaning(err) != "refusal thread_not_found" || !strings.Contains(r.log.String(), "Slack did not delete it") {
		t.Errorf("%v\n%s", err, r.log)
	}
	// Nor does one that could not be deleted at once.
	posts, err := r.bot.messenger.ListPosts(r.ctx, card, 0)
	strays := approvals.FindDoubles(card, posts)
	if err != nil || len(strays) != 1 || strays[0].Why != approvals.Stray {
		t.Fatalf("%+v among %+v, %v", strays, posts, err)
	}
	if err := r.bot.messenger.RemoveDouble(r.ctx, card, strays[0]); err != nil || len(r.slack.Messages(channel)) != 0 {
		t.Errorf("%v; in the channel: %+v", err, r.slack.Messages(channel))
	}
}

var notice = approvals.Job{Kind: approvals.JobTellRequester}

// TestNotify reaches the requester in the first way that works, and leaves
// what must not be lost where Slack keeps it.
func TestNotify(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	refused := r.request(approvals.Refused)
	refused.OriginChannel = channel
	expect := func(what, via, outcome string) {
		t.Helper()
		directly, besides := len(r.slack.DirectMessages(robin)), len(r.slack.Ephemerals(robin))
		err := r.bot.messenger.TellRequester(r.ctx, refused, notice)
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
	for fault, outcome := range map[fault.Fault]string{
		{Times: 1, Error: "messages_tab_disabled"}: "ok", {Times: 1, Error: "no_permission"}: "ok",
		{Times: 1, Error: "restricted_action"}: "ok", {Times: 1, Error: "unheard_of"}: "ok",
		{Times: 1, Error: "ratelimited", RetryAfter: "30"}: "unknown 30s", {Times: 1, Error: "rate_limited", Status: 200}: "unknown 1s",
		{Times: 1, Error: "internal_error"}: "unknown", {Times: 1, Status: 500}: "unknown",
	} {
		r.slack.Inject("chat.postMessage", fault)
		expect(fmt.Sprintf("its direct message comes to %+v", fault), map[bool]string{true: "chat.postEphemeral"}[outcome == "ok"], outcome)
	}
	r.slack.Inject("chat.postMessage", fault.Fault{Times: 2, Error: "messages_tab_disabled"})
	r.slack.Inject("chat.postEphemeral", fault.Fault{Times: 1, Error: "restricted_action"})
	expect("refused both ways, one for now", "", "delay 0s")
	r.slack.Inject("chat.postEphemeral", fault.Fault{Times: 1, Error: "user_not_in_channel"})
	expect("refused both ways for good", "", "refusal messages_tab_disabled")
	r.listen(r.store)
	refused.ID = r.recorded("group-01 RPADEVPRONU")
	expect("with a receipt", "response_url", "ok")
	r.slack.Inject("response_url", fault.Fault{Times: 1, Status: 500})
	expect("with a receipt that does not work", "direct message", "ok")
	refused.ID, refused.OriginChannel = "R-0THER000", general
	expect("typed where the bot may not speak", "direct message", "ok")
	refused.OriginChannel = ""
	expect("asked for by the shortcut", "direct message", "ok")
	r.slack.UpdateUser(robin, func(u *fakeslack.User) { u.Deleted = true })
	expect("somebody who is gone", "", "refusal channel_not_found")
	before := len(r.slack.Calls(""))
	if err := r.bot.messenger.TellRequester(r.ctx, r.request(approvals.Pending), notice); err != nil || len(r.slack.Calls("")) != before {
		t.Errorf("there is nothing to tell: %v", err)
	}
}

// TestFindInABusyChannel finds a post of an hour ago below more messages than a search
// looks through.
func TestFindInABusyChannel(t *testing.T) {
	t.Parallel()
	now := time.Now().Add(-time.Hour)
	r := newRig(t, fakeslack.Config{Now: func() time.Time { return now }})
	pending := r.request(approvals.Pending)
	job := approvals.LeasedJob{Job: approvals.Job{Kind: approvals.JobPostCard}, TriedAt: now}
	ts, err := r.bot.messenger.PostCard(r.ctx, pending)
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	for range 5001 {
		if _, err := r.slack.Say(kim, channel, "", "chatter"); err != nil {
			t.Fatal(err)
		}
	}
	if found, ok, err := r.bot.messenger.FindPost(r.ctx, pending, job, time.Hour); found != ts || !ok || err != nil {
		t.Errorf("%q, %t, %v; it is %s", found, ok, err, ts)
	}
}

// TestFindTellsRepeatsApart looks for the second of what a thread is told
// twice, while only the first is there.
func TestFindTellsRepeatsApart(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	request := r.posted(approvals.Done)
	request.Grant = &approvals.Grant{Codes: []string{"RPADEVPRONU"}, Until: testTime, EndedBy: alex, Revocation: &approvals.Revocation{}}
	for kind, eventType := range map[approvals.JobKind]string{
		approvals.JobRemind: "allocation_reminder", approvals.JobPostConsentLost: "allocation_reopened", approvals.JobWarnExpiry: "allocation_ending",
		approvals.JobPostRevocationDelay: "allocation_overdue", approvals.JobPostRevocation: "allocation_ended",
	} {
		first := approvals.Job{Kind: kind, Number: 1}
		if _, err := r.bot.messenger.PostInThread(r.ctx, request, first); err != nil {
			t.Fatal(err)
		}
		thread := r.slack.Thread(channel, request.CardTS)
		reply := thread[len(thread)-1]
		if m := reply.Metadata; m.EventType != eventType || m.EventPayload["request_id"] != request.ID || m.EventPayload["number"] != "1" {
			t.Errorf("%s carries %+v", kind, m)
		}
		if ts, found, err := r.bot.messenger.FindPost(r.ctx, request, tried(first), 0); !found || ts != reply.TS || err != nil {
			t.Errorf("%s is found at %q, %v", kind, ts, err)
		}
		second := first
		second.Number = 2
		if ts, found, err := r.bot.messenger.FindPost(r.ctx, request, tried(second), 0); found || err != nil {
			t.Errorf("the second %s is taken for the first, at %s, %v", kind, ts, err)
		}
	}
}

// TestPace counts what gets through in a minute.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Messenger{posts: slackapi.NewMessenger(&slackapi.Client{}, slackapi.Identity{}, DefaultRates, zerolog.Nop())}
		for kind, most := range map[approvals.JobKind]int{
			approvals.JobPostCard: 60 + 5, approvals.JobPostOutcome: 60 + 5, approvals.JobPostDelay: 60 + 5,
			approvals.JobUpdateCard: 50 + 5, approvals.JobAddReactions: 25 + 5, approvals.JobTellVoter: 100 + 5, approvals.JobTellRequester: 100 + 5,
		} {
			time.Sleep(time.Hour) // in the bubble: nothing waits
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			n := 0
			for s.AwaitPace(ctx, kind.Spec().Pace) == nil {
				n++
			}
			cancel()
			if n > most || n < most-2 {
				t.Errorf("%s: %d in the first minute instead of %d", kind, n, most)
			}
		}
	})
}

// meaning names what an error says about the effect of a call.
func meaning(err error) string {
	if err == nil {
		return "ok"
	}
	if refusal, ok := errors.AsType[*approvals.RefusedError](err); ok {
		return "refusal " + refusal.Answer
	}
	if delay, ok := errors.AsType[*approvals.DelayError](err); ok {
		return "delay " + delay.After.String()
	}
	if unknown, ok := errors.AsType[*approvals.UnknownEffectError](err); ok && unknown.After > 0 {
		return "unknown " + unknown.After.String()
	}
	return "unknown"
}
