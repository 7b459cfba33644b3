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

// openCard files a request whose card is in the channel and in the store.
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

// TestDenialsOnDoubles: a ❌ on any message of the bot that shows the request's card
// counts on the request, until it is taken back. A ✅ there counts for nothing, and
// neither does a ❌ on what is no card.
func TestDenialsOnDoubles(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	r.listen(r.store)
	request := r.openCard("group-01")
	double, err := r.bot.messenger.PostCard(r.ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.bot.messenger.PostInThread(r.ctx, request, approvals.Job{Kind: approvals.JobRemind, Number: 1}); err != nil {
		t.Fatal(err)
	}
	reply := r.slack.Thread(channel, request.CardTS)[0].TS
	for _, step := range []struct {
		user, ts, emoji string
		undo            bool
	}{{kim, double, "white_check_mark", false}, {kim, reply, "x", false}, {alex, double, "x", false}} {
		if err := r.slack.React(step.user, channel, step.ts, step.emoji); err != nil {
			t.Fatal(err)
		}
	}
	denied := r.awaitRequest("the denial", request.ID, func(a approvals.Request) bool { return len(a.Denials) > 0 })
	if d := denied.Denials[0]; len(denied.Denials) != 1 || d.User != alex || d.TS != double || d.Name != "x" || d.EventTS == "" || d.Withdrawn {
		t.Errorf("%+v", denied.Denials)
	}
	if !slices.Equal(denied.Doubles, []string{double}) {
		t.Errorf("doubles %v", denied.Doubles)
	}
	if err := r.slack.Unreact(alex, channel, double, "x"); err != nil {
		t.Fatal(err)
	}
	r.awaitRequest("its withdrawal", request.ID, func(a approvals.Request) bool { return a.Denials[0].Withdrawn })
	if heard, err := r.store.ListReactions(r.ctx, channel, request.CardTS); err != nil || len(heard) > 0 {
		t.Errorf("on the card itself: %+v, %v", heard, err)
	}
}

// TestADenialIsHeardAgainIfItCannotBeLookedUp leaves the event to be delivered again.
func TestADenialIsHeardAgainIfItCannotBeLookedUp(t *testing.T) {
	r := newRig(t, fakeslack.Config{AckTimeout: 500 * time.Millisecond, RetryDelays: []time.Duration{0, 0, 0}})
	r.listen(r.store)
	request := r.openCard("group-01")
	double, err := r.bot.messenger.PostCard(r.ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	r.slack.Inject("conversations.history", fault.Fault{Times: 1, Status: 500})
	if err := r.slack.React(alex, channel, double, "x"); err != nil {
		t.Fatal(err)
	}
	r.awaitRequest("the denial", request.ID, func(a approvals.Request) bool { return len(a.Denials) == 1 })
}

// TestDoublesAreFoundAndRemoved lists all that the channel shows of a request, and
// removes what is there twice.
func TestDoublesAreFoundAndRemoved(t *testing.T) {
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
		if err := r.bot.messenger.PostInThread(r.ctx, done, job); err != nil {
			t.Fatal(err)
		}
	}
	posts, err := r.bot.messenger.ListPosts(r.ctx, done)
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
	if posts, err = r.bot.messenger.ListPosts(r.ctx, done); err != nil || len(approvals.FindDoubles(done, posts)) > 0 {
		t.Errorf("doubles are left: %+v, %v", posts, err)
	}
	if err := r.slack.React(alex, channel, second, "x"); err != nil { // it still names the request
		t.Fatal(err)
	}
	r.awaitRequest("the denial", request.ID, func(a approvals.Request) bool { return len(a.Denials) == 1 })
}

// TestADeletionIsNoted as one look that does not show the card, if the card it is.
func TestADeletionIsNoted(t *testing.T) {
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
