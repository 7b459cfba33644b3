package fakeslack

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
	"go.uber.org/goleak"

	"licensebot/internal/testclock"
)

const (
	annaID   = "U0ANNA"
	benID    = "U0BEN"
	publicID = "C0PUBLIC"
	shutID   = "C0SHUT" // private, without the bot
	oursID   = "C0PRIV" // private, with the bot
	loneID   = "C0LONE" // public, without the bot
)

// testRig is a workspace with people and channels, and an HTTP client that
// leaves nothing behind.
type testRig struct {
	*Server
	t     *testing.T
	clock *testclock.Clock
	http  *http.Client
	ctx   context.Context
}

func newTestRig(t *testing.T, cfg Config) *testRig {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	clock := testclock.At(time.Unix(1795466553, 0))
	if cfg.Now == nil {
		cfg.Now = clock.Now
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	rig := &testRig{Server: s, t: t, clock: clock, ctx: ctx, http: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(func() {
		cancel()
		s.Close()
		s.Close()
		rig.http.CloseIdleConnections()
	})
	bot := s.BotUserID()
	s.AddUser(User{ID: annaID, Name: "anna", RealName: "Anna A."})
	s.AddUser(User{ID: benID, Name: "ben"})
	s.AddChannel(Channel{ID: publicID, Name: "licenses", Members: []string{annaID, benID, bot}})
	s.AddChannel(Channel{ID: oursID, Name: "secret", Private: true, Members: []string{annaID, bot}})
	s.AddChannel(Channel{ID: shutID, Name: "shut", Private: true, Members: []string{annaID}})
	s.AddChannel(Channel{ID: loneID, Name: "lone", Members: []string{annaID}})
	return rig
}

func (r *testRig) apiClient(options ...slack.Option) *slack.Client {
	options = append([]slack.Option{
		slack.OptionAPIURL(r.APIURL()), slack.OptionAppLevelToken(r.AppToken()), slack.OptionHTTPClient(r.http),
	}, options...)
	return slack.New(r.BotToken(), options...)
}

// awaitState fails the test unless cond comes to hold.
func (r *testRig) awaitState(what string, cond func() bool) {
	r.t.Helper()
	if err := r.Wait(r.ctx, cond); err != nil {
		r.t.Fatalf("waiting for %s: %v; journal: %+v", what, err, r.Journal())
	}
}

// journalOf are the journal entries of one kind.
func (r *testRig) journalOf(kind string) []Entry {
	return slices.DeleteFunc(r.Journal(), func(e Entry) bool { return e.Kind != kind })
}

// runClient runs a slack-go socket and returns its envelopes. ack gives the
// payload for each ack. The client ends before the Server does.
func (r *testRig) runClient(ack func(socketmode.Event) any) <-chan socketmode.Event {
	r.t.Helper()
	before := r.Connections()
	client := socketmode.New(r.apiClient())
	ctx, cancel := context.WithCancel(r.ctx)
	seen := make(chan socketmode.Event, 100)
	var done sync.WaitGroup
	done.Go(func() { _ = client.RunContext(ctx) })
	done.Go(func() {
		for {
			select {
			case event := <-client.Events:
				if event.Request == nil || event.Request.EnvelopeID == "" {
					continue
				}
				seen <- event
				if ack != nil {
					_ = client.AckCtx(ctx, event.Request.EnvelopeID, ack(event))
				}
			case <-ctx.Done():
				return
			}
		}
	})
	r.awaitState("hello", func() bool { return r.Connections() > before })
	r.t.Cleanup(func() { cancel(); done.Wait() })
	return seen
}

func ackPlainly(socketmode.Event) any { return nil }

func clientError(err error) string {
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return refused.Err
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestCommandIsAckedWithAReceipt(t *testing.T) {
	r := newTestRig(t, Config{})
	seen := r.runClient(func(e socketmode.Event) any {
		return map[string]any{"text": "queued: " + e.Data.(slack.SlashCommand).Text}
	})
	typed, err := r.Command(r.ctx, annaID, publicID, "/allocate", "group-01 RPADEVPRONU IDU")
	if err != nil || typed.Error != "" || typed.Response != "queued: group-01 RPADEVPRONU IDU" {
		t.Fatalf("typed %+v, %v", typed, err)
	}
	if typed.ResponseType != "ephemeral" || typed.Deliveries != 1 || typed.ElapsedToAck <= 0 {
		t.Errorf("typed %+v", typed)
	}
	event := <-seen
	command := event.Data.(slack.SlashCommand)
	if command.UserID != annaID || command.ChannelID != publicID || command.ChannelName != "licenses" ||
		command.TriggerID == "" || command.APIAppID != r.AppID() || command.TeamID != r.TeamID() {
		t.Errorf("command %+v", command)
	}
	receipts := r.Ephemerals(annaID)
	if len(receipts) != 1 || receipts[0].Via != "ack" || receipts[0].Channel != publicID {
		t.Errorf("receipts %+v", receipts)
	}
	if r.Unacked() != 0 {
		t.Errorf("%d envelopes are unacknowledged", r.Unacked())
	}
}

func TestPostReactAndRead(t *testing.T) {
	r := newTestRig(t, Config{})
	seen := r.runClient(ackPlainly)
	api := r.apiClient()
	_, ts, err := api.PostMessageContext(r.ctx, publicID, slack.MsgOptionText("approve?", false),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "allocation_requested", EventPayload: map[string]any{"request_id": "R-1"}}))
	if err != nil {
		t.Fatal(err)
	}
	if err := api.AddReactionContext(r.ctx, "eyes", slack.NewRefToMessage(publicID, ts)); err != nil {
		t.Fatal(err)
	}
	own := (<-seen).Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.ReactionAddedEvent)
	if err := r.React(benID, publicID, ts, "white_check_mark"); err != nil {
		t.Fatal(err)
	}
	theirs := (<-seen).Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.ReactionAddedEvent)
	if own.User != r.BotUserID() || theirs.User != benID || theirs.ItemUser != r.BotUserID() || theirs.Item.Timestamp != ts {
		t.Errorf("events %+v, %+v", own, theirs)
	}
	r.awaitState("acks", func() bool { return r.Unacked() == 0 })
	item, err := api.GetReactionsContext(r.ctx, slack.NewRefToMessage(publicID, ts), slack.GetReactionsParameters{Full: true})
	if err != nil || len(item.Reactions) != 2 || item.Reactions[1].Users[0] != benID {
		t.Fatalf("the item is %+v, %v", item, err)
	}
	messages := r.Messages(publicID)
	if len(messages) != 1 || messages[0].Text != "approve?" || messages[0].Metadata.EventPayload["request_id"] != "R-1" {
		t.Errorf("messages %+v", messages)
	}
}

func TestClientComesBack(t *testing.T) {
	r := newTestRig(t, Config{})
	seen := r.runClient(ackPlainly)
	for i, interrupt := range []func(){
		func() { r.Disconnect("warning") },
		func() { r.Disconnect("refresh_requested") },
		r.CutSockets,
	} {
		interrupt()
		r.awaitState("another hello", func() bool { return len(r.journalOf(EntryHello)) == i+2 && r.Connections() == 1 })
	}
	if typed, err := r.Command(r.ctx, benID, publicID, "/allocate", "x"); err != nil || typed.Error != "" {
		t.Errorf("the person saw %+v, %v", typed, err)
	}
	<-seen
}
