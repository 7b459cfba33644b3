package bot

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// openCard files a request with a card in the channel and in the store.
func (r *rig) openCard(group string) approvals.Request {
	r.t.Helper()
	id := r.recorded(group + " RPADEVPRONU")
	pending := r.request(approvals.Pending)
	pending.Proposal.ReadAt, pending.Proposal.Group.ID = time.Now(), group
	r.happens(id, approvals.Prepared{Proposal: *pending.Proposal, Terms: pending.Terms})
	request, err := r.store.Request(r.ctx, id)
	if err != nil {
		r.t.Fatal(err)
	}
	ts, err := r.bot.messenger.PostCard(r.ctx, request)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.happens(id, approvals.CardPosted{TS: ts})
}

func (r *rig) happens(id string, e approvals.Event) approvals.Request {
	r.t.Helper()
	after, err := r.store.ApplyEvent(r.ctx, id, e, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return after
}

// awaitRequest waits until what the store knows of a request fulfills a condition.
func (r *rig) awaitRequest(what, id string, cond func(approvals.Request) bool) approvals.Request {
	r.t.Helper()
	var request approvals.Request
	r.await(what, func() bool {
		var err error
		request, err = r.store.Request(r.ctx, id)
		return err == nil && cond(request)
	})
	return request
}

// TestDenialsBesideTheCard: a ❌ on any message of the bot that names the request counts
// on the request, until it is taken back. A ✅ there counts for nothing.
func TestDenialsBesideTheCard(t *testing.T) {
	t.Parallel()
	for name, isDouble := range map[string]bool{"a double": true, "a reply": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, fakeslack.Config{})
			r.listen(r.store)
			request := r.openCard("group-01")
			ts := r.postBeside(request, isDouble)
			if err := errors.Join(r.slack.React(kim, channel, ts, "white_check_mark"), r.slack.React(alex, channel, ts, "x")); err != nil {
				t.Fatal(err)
			}
			denied := r.awaitRequest("the denial", request.ID, func(a approvals.Request) bool { return len(a.Denials) > 0 })
			if d := denied.Denials[0]; len(denied.Denials) != 1 || d.User != alex || d.TS != ts || d.Name != "x" || d.EventTS == "" || d.Withdrawn {
				t.Errorf("%+v", denied.Denials)
			}
			if slices.Contains(denied.Doubles, ts) != isDouble {
				t.Errorf("doubles %v", denied.Doubles)
			}
			if err := r.slack.Unreact(alex, channel, ts, "x"); err != nil {
				t.Fatal(err)
			}
			r.awaitRequest("its withdrawal", request.ID, func(a approvals.Request) bool { return a.Denials[0].Withdrawn })
			if heard, err := r.store.ListReactions(r.ctx, channel, request.CardTS); err != nil || len(heard) > 0 {
				t.Errorf("on the card itself: %+v, %v", heard, err)
			}
		})
	}
}

// postBeside posts a second card of a request, or a reminder.
func (r *rig) postBeside(request approvals.Request, isDouble bool) (ts string) {
	r.t.Helper()
	if isDouble {
		ts, err := r.bot.messenger.PostCard(r.ctx, request)
		if err != nil {
			r.t.Fatal(err)
		}
		return ts
	}
	if _, err := r.bot.messenger.PostInThread(r.ctx, request, approvals.Job{Kind: approvals.JobRemind, Number: 1}); err != nil {
		r.t.Fatal(err)
	}
	return r.slack.Thread(request.Channel, request.CardTS)[0].TS
}

// TestDenyEmojiIsTheRequests: what denies on a double is what the card says, whatever
// the configuration says today.
func TestDenyEmojiIsTheRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.listen(r.store)
	request := r.openCardIn(channel, approvals.Emoji{Approve: []string{"white_check_mark"}, Deny: []string{"no_entry"}})
	double := r.postBeside(request, true)
	if err := errors.Join(r.slack.React(alex, channel, double, "x"), r.slack.React(alex, channel, double, "no_entry")); err != nil {
		t.Fatal(err)
	}
	r.await("both to be acknowledged", func() bool { return r.slack.Unacked() == 0 })
	after := r.awaitRequest("the denial", request.ID, func(a approvals.Request) bool { return len(a.Denials) > 0 })
	if len(after.Denials) != 1 || after.Denials[0].Name != "no_entry" {
		t.Errorf("%+v", after.Denials)
	}
}

// openCardIn files a request with its card in a channel, with these emoji.
func (r *rig) openCardIn(where string, emoji approvals.Emoji) approvals.Request {
	r.t.Helper()
	template := r.request(approvals.Filed)
	template.Channel, template.EnvelopeID = where, "E-"+template.ID
	filed, _, err := r.store.FileRequest(r.ctx, template)
	if err != nil {
		r.t.Fatal(err)
	}
	pending := r.request(approvals.Pending)
	pending.Proposal.ReadAt, pending.Terms.Emoji = time.Now(), emoji
	request := r.happens(filed.ID, approvals.Prepared{Proposal: *pending.Proposal, Terms: pending.Terms})
	ts, err := r.bot.messenger.PostCard(r.ctx, request)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.happens(filed.ID, approvals.CardPosted{TS: ts})
}

// TestAFormerChannel: events on messages about requests there hold after the bot was
// given another approvals channel.
func TestAFormerChannel(t *testing.T) {
	t.Parallel()
	const former = "C0FORMER"
	r := newRig(t, fakeslack.Config{})
	r.slack.AddChannel(fakeslack.Channel{ID: former, Name: "former", Members: []string{alex, r.bot.UserID()}})
	r.listen(r.store)
	request := r.openCardIn(former, phrases().Emoji)
	reply, double := r.postBeside(request, false), r.postBeside(request, true)
	for _, ts := range []string{request.CardTS, reply, double} {
		if err := r.slack.React(alex, former, ts, "x"); err != nil {
			t.Fatal(err)
		}
	}
	r.awaitRequest("both denials", request.ID, func(a approvals.Request) bool { return len(a.Denials) == 2 })
	r.await("the reaction on the card", func() bool {
		heard, err := r.store.ListReactions(r.ctx, former, request.CardTS)
		return err == nil && len(heard) == 1
	})
	r.slack.SendEvent(map[string]any{"type": "message", "subtype": "message_deleted", "channel": former, "deleted_ts": request.CardTS, "ts": "1.1"})
	r.awaitRequest("the miss", request.ID, func(a approvals.Request) bool { return !a.CardMissingSince.IsZero() })
}

// TestADenialIsHeardAgainIfItCannotBeLookedUp leaves the event to be delivered again.
func TestADenialIsHeardAgainIfItCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault.Fault{
		"Slack fails": {Times: 1, Status: 500}, "a replica lags": {Times: 2, Error: "thread_not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, fakeslack.Config{EventTimeout: 500 * time.Millisecond, RetryDelays: []time.Duration{0, 0, 0}})
			r.listen(r.store)
			request := r.openCard("group-01")
			double := r.postBeside(request, true)
			r.slack.Inject("conversations.replies", f)
			if err := r.slack.React(alex, channel, double, "x"); err != nil {
				t.Fatal(err)
			}
			r.awaitRequest("the denial", request.ID, func(a approvals.Request) bool { return len(a.Denials) == 1 })
		})
	}
}

// TestAMessageThatStaysMissing is looked for as often as Slack delivers the event in some
// minutes, and then acknowledged.
func TestAMessageThatStaysMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{EventTimeout: 2 * time.Second, RetryDelays: []time.Duration{0, 0, 0}})
	r.listen(r.store)
	r.slack.SendEvent(map[string]any{
		"type": "reaction_added", "user": alex, "reaction": "x", "event_ts": "1780000000.000001", "item_user": r.bot.UserID(),
		"item": map[string]any{"type": "message", "channel": channel, "ts": "1780000000.000100"},
	})
	r.await("it to be acknowledged", func() bool { return r.slack.Unacked() == 0 })
	if n, given := len(r.slack.Calls("conversations.replies")), r.entries(fakeslack.EntryGivenUp, ""); n != 4 || given != 0 {
		t.Errorf("looked %d times, %d events were given up", n, given)
	}
}

// TestDoublesAreFoundAndRemoved lists all that the channel shows of a request, and
// removes what is there twice.
func TestDoublesAreFoundAndRemoved(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.listen(r.store)
	request := r.openCard("group-01")
	r.openCard("group-02") // another request
	second, err := r.bot.messenger.PostCard(r.ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	done := request
	done.State, done.Outcome = approvals.Done, &approvals.Outcome{Reason: approvals.ReasonConfirmed}
	outcome, remind := approvals.Job{Kind: approvals.JobPostOutcome}, approvals.Job{Kind: approvals.JobRemind}
	for _, job := range []approvals.Job{{Kind: approvals.JobRemind, Number: 1}, {Kind: remind.Kind, Number: 2}, outcome, outcome} {
		if _, err := r.bot.messenger.PostInThread(r.ctx, done, job); err != nil {
			t.Fatal(err)
		}
	}
	posts, err := r.bot.messenger.ListPosts(r.ctx, done, 0)
	doubles := approvals.FindDoubles(done, posts)
	if err != nil || len(posts) != 6 || len(doubles) != 2 {
		t.Fatalf("%+v of %+v, %v", doubles, posts, err)
	}
	r.slack.Inject("chat.delete", fault.Fault{Times: 1, Error: "cant_delete_message"})
	for _, d := range doubles {
		if err := r.bot.messenger.RemoveDouble(r.ctx, done, d); err != nil {
			t.Fatal(err)
		}
	}
	marked, _ := r.slack.Message(channel, second)
	link := "/archives/" + channel + "/p" + strings.ReplaceAll(request.CardTS, ".", "")
	if !strings.Contains(marked.Text, link) || strings.Contains(string(marked.Blocks), "RPADEVPRONU") || marked.Metadata.EventPayload["request_id"] != request.ID {
		t.Errorf("the double says %+v", marked)
	}
	if n := len(r.slack.Thread(channel, request.CardTS)); n != 3 {
		t.Errorf("%d replies are left", n)
	}
	if posts, err = r.bot.messenger.ListPosts(r.ctx, done, 0); err != nil || len(approvals.FindDoubles(done, posts)) > 0 {
		t.Errorf("doubles are left: %+v, %v", posts, err)
	}
	if err := r.slack.React(alex, channel, second, "x"); err != nil { // it still names the request
		t.Fatal(err)
	}
	r.awaitRequest("the denial", request.ID, func(a approvals.Request) bool { return len(a.Denials) == 1 })
}

// TestADeletionIsNoted as one look that does not show the card, if the card it is.
func TestADeletionIsNoted(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.listen(r.store)
	request := r.openCard("group-01")
	tell := func(where, ts string) {
		r.slack.SendEvent(map[string]any{"type": "message", "subtype": "message_deleted", "channel": where, "deleted_ts": ts, "ts": "1.1"})
	}
	tell(general, request.CardTS)
	tell(channel, "1.000001")
	tell(channel, request.CardTS)
	missing := r.awaitRequest("the miss", request.ID, func(a approvals.Request) bool { return !a.CardMissingSince.IsZero() })
	if missing.State != approvals.Pending {
		t.Errorf("the request is %s", missing.State)
	}
	if _, err := r.store.FindByCard(r.ctx, channel, "1.000001"); !errors.Is(err, approvals.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
