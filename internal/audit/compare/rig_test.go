package compare

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/internal/fakeslack"
	"licensebot/internal/store"
	"licensebot/internal/testclock"
)

var testTime = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

var finance = approvals.Group{ID: "group-01", Name: "Finance Robots"}

var testEmoji = approvals.Emoji{Approve: []string{"white_check_mark"}, Deny: []string{"x"}}

// A rig is a database and a Slack that a bot filled in step.
type rig struct {
	*testing.T
	ctx       context.Context
	clock     *testclock.Clock
	slack     *bottest.Slack
	messenger *slackapi.Messenger
	archive   *slackapi.Archive
	phrases   message.Phrases
	url       string
	store     *store.Store
	slept     func() // runs in each pause; nil: nothing
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, clock: testclock.At(testTime)}
	r.slack = bottest.StartSlack(t, fakeslack.Config{Now: r.clock.Now})
	r.ctx = r.slack.Ctx
	client := slackapi.NewClient(r.slack.APIURL(), r.slack.BotToken())
	t.Cleanup(client.CloseIdleConnections)
	identity, err := client.Identify(r.ctx, r.slack.Logger())
	r.must(err)
	unpaced := slackapi.Rates{Posts: rate.Inf, Updates: rate.Inf, Reactions: rate.Inf, Ephemerals: rate.Inf, Burst: 1}
	r.messenger = slackapi.NewMessenger(client, identity, unpaced, r.slack.Logger())
	r.archive = slackapi.NewArchive(client, identity, rate.Inf)
	r.archive.PageSize = 3
	r.phrases = message.Phrases{
		Channel: func() string { return bottest.Channel }, Emoji: testEmoji,
		CodeName: func(string) (string, bool) { return "", false },
	}
	r.url = "sqlite://" + filepath.Join(t.TempDir(), "bot.db")
	r.store, err = store.Open(r.ctx, r.url, store.Options{Now: r.clock.Now})
	r.must(err)
	t.Cleanup(func() { _ = r.store.Close() })
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) open(ctx context.Context) (*store.Reader, error) { return store.OpenReader(ctx, r.url) }

// sleep puts the clock forward.
func (r *rig) sleep(ctx context.Context, d time.Duration) bool {
	r.clock.Advance(d)
	if r.slept != nil {
		r.slept()
	}
	return ctx.Err() == nil
}

// ask files a request with its card.
func (r *rig) ask(id string, ask approvals.Ask, change approvals.Change) {
	r.Helper()
	r.clock.Advance(time.Minute)
	_, _, err := r.store.FileRequest(r.ctx, approvals.Request{
		ID: id, EnvelopeID: id, Requester: bottest.Robin, OriginChannel: bottest.General, Channel: bottest.Channel, Ask: ask,
		Terms: approvals.Terms{TTL: 24 * time.Hour},
	})
	r.must(err)
	r.apply(id, approvals.Prepared{
		Proposal: approvals.Proposal{Group: finance, Change: change, ReadAt: r.clock.Now()},
		Terms: approvals.Terms{
			Rule: "finance", TTL: 24 * time.Hour, Emoji: testEmoji, Buttons: true,
			Stages: []approvals.Stage{{Approvers: []string{bottest.Alex}, Quorum: 1}},
		},
	})
	r.work()
}

func (r *rig) apply(id string, e approvals.Event) {
	r.Helper()
	r.clock.Advance(time.Minute)
	if _, err := r.store.ApplyEvent(r.ctx, id, e, nil); err != nil {
		r.Fatalf("%s: %v", e.Kind(), err)
	}
	r.seal()
}

// seal seals the journal, as one replica does within a second.
func (r *rig) seal() {
	r.Helper()
	for more := true; more; {
		var err error
		more, err = r.store.SealJournal(r.ctx)
		r.must(err)
	}
}

// work carries out all jobs that are due, as the workers do for Slack.
func (r *rig) work() {
	r.Helper()
	var kinds []approvals.JobKind
	for _, spec := range approvals.JobKinds() {
		if spec.Pool != approvals.PoolDeadlines && spec.Pool != approvals.PoolGrantExpiry {
			kinds = append(kinds, spec.Kind)
		}
	}
	for {
		job, request, err := r.store.ClaimJob(r.ctx, time.Minute, kinds...)
		if errors.Is(err, approvals.ErrNoJob) {
			return
		}
		r.must(err)
		r.carryOut(job, request)
	}
}

func (r *rig) carryOut(job approvals.LeasedJob, request approvals.Request) {
	r.Helper()
	card := slackapi.Post{Channel: request.Channel, Metadata: metadataOf(request, job.Job)}
	if request.Proposal != nil {
		drawn := r.phrases.RenderCard(request)
		card.Text, card.Blocks = drawn.Text, drawn.Blocks
	}
	switch {
	case job.Kind == approvals.JobPostCard:
		ts, err := r.messenger.PostMessage(r.ctx, card)
		r.must(err)
		_, err = r.store.ApplyEvent(r.ctx, request.ID, approvals.CardPosted{TS: ts}, &job)
		r.must(err)
		return
	case job.Kind == approvals.JobUpdateCard:
		r.must(r.messenger.UpdateMessage(r.ctx, request.CardTS, card))
	case job.Kind.Spec().Pace == approvals.PacePosts:
		r.must(r.store.MarkTried(r.ctx, job))
		job.PostedTS, job.Carried = r.reply(request, job.Job), true
	}
	r.must(r.store.CompleteJob(r.ctx, job))
}

func metadataOf(r approvals.Request, job approvals.Job) slack.SlackMetadata {
	if r.Proposal == nil {
		return slack.SlackMetadata{}
	}
	return message.RenderMetadata(r, job)
}

// reply posts what a job says.
func (r *rig) reply(request approvals.Request, job approvals.Job) (ts string) {
	r.Helper()
	ts, err := r.messenger.PostReply(r.ctx, slackapi.Post{
		Channel: request.Channel, ThreadTS: request.CardTS, Text: "a reply", Metadata: message.RenderMetadata(request, job),
	})
	r.must(err)
	return ts
}

// approve approves a request, and lets UiPath confirm these codes.
func (r *rig) approve(id string, codes ...string) {
	r.Helper()
	r.apply(id, approvals.VotesCounted{Ballots: []approvals.Ballot{
		{User: bottest.Alex, Eligibility: approvals.Counts, Stages: []int{0}},
	}})
	r.apply(id, approvals.Confirmed(r.request(id), approvals.Allocation{Codes: codes, Quotas: []approvals.Quota{}}, true))
	r.work()
}

func (r *rig) request(id string) approvals.Request {
	r.Helper()
	request, err := r.store.Request(r.ctx, id)
	r.must(err)
	return request
}

// thread is the timestamps of the replies about a request.
func (r *rig) thread(id string) (replies []string) {
	r.Helper()
	for _, m := range r.slack.Thread(bottest.Channel, r.request(id).CardTS) {
		replies = append(replies, m.TS)
	}
	return replies
}

// edit changes the database by hand.
func (r *rig) edit(statement string, args ...any) {
	r.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(r.url, "sqlite://"))
	r.must(err)
	_, err = db.ExecContext(r.ctx, statement, args...)
	r.must(errors.Join(err, db.Close()))
}

// tell plays a history: a grant whose time is over, a denied request, one that waits, one with a
// button, and a change outside.
func (r *rig) tell() {
	r.Helper()
	r.ask(granted, approvals.Ask{Group: "group-01", Codes: []string{"IDU"}, For: 2 * time.Hour},
		approvals.Change{Add: []string{"IDU"}, Keep: []string{"ATTUNU"}})
	r.approve(granted, "ATTUNU", "IDU")
	r.clock.Advance(2 * time.Hour)
	r.apply(granted, approvals.GrantExpired{})
	r.apply(granted, approvals.Revoked{Revocation: approvals.Revocation{Removed: []string{"IDU"}, Allocation: []string{"ATTUNU"}}})
	r.work()
	remove := approvals.Change{Remove: []string{"ATTUNU"}}
	r.ask(denied, approvals.Ask{Action: approvals.Remove, Group: "group-01", Codes: []string{"ATTUNU"}}, remove)
	r.apply(denied, approvals.VotesCounted{Ballots: []approvals.Ballot{
		{User: bottest.Alex, Deny: true, Eligibility: approvals.Counts, Stages: []int{0}},
	}})
	r.work()
	r.ask(pressed, approvals.Ask{Group: "group-01", Codes: []string{"RPADEVPRONU"}, Reason: "why <not> & *Done*?"},
		approvals.Change{Add: []string{"RPADEVPRONU"}, Keep: []string{"ATTUNU"}})
	r.apply(pressed, approvals.Pressed{Press: approvals.Press{User: bottest.Alex, Button: approvals.PressApprove}, Authorized: true})
	r.work()
	r.approve(pressed, "ATTUNU", "RPADEVPRONU")
	r.seeOutside()
	r.ask(pending, approvals.Ask{Group: "group-01", Codes: []string{"IDU"}}, approvals.Change{Add: []string{"IDU"}})
}

const (
	granted = "R-GRANTED2"
	denied  = "R-DENIED22"
	pressed = "R-PRESSED2"
	pending = "R-PENDING2"
	outside = "C-TTTTTTTT"
)

// seeOutside records and posts a change outside, as the watch does.
func (r *rig) seeOutside() {
	r.Helper()
	r.clock.Advance(time.Hour)
	_, _, err := r.store.BeginWatch(r.ctx, time.Minute, 0, true)
	r.must(err)
	lease, begun, err := r.store.BeginWatch(r.ctx, time.Minute, 0, true)
	r.must(err)
	if !begun {
		r.Fatal("the watch did not begin")
	}
	change := approvals.OutsideChange{
		ID: outside, Group: finance, Gained: []string{"CTZDEVCU"}, Items: []string{"ATTUNU", "CTZDEVCU", "RPADEVPRONU"},
		Since: lease.Begun.Add(-20 * time.Minute), SeenAt: lease.Begun.Add(-2 * time.Minute),
	}
	known := approvals.Baseline(approvals.GroupLook{Group: finance, Items: change.Items, Begun: lease.Begun})
	r.must(r.store.SaveLook(r.ctx, lease, known, &change))
	r.must(r.store.MarkTelling(r.ctx, lease, outside, bottest.Channel))
	ts, err := r.messenger.PostMessage(r.ctx, slackapi.Post{
		Channel: bottest.Channel, Text: "a change", Metadata: message.OutsideMetadata(change),
	})
	r.must(err)
	r.must(r.store.MarkTold(r.ctx, outside, ts))
}
