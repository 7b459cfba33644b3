package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"licensebot/bot"
	"licensebot/internal/sandbox"
)

// benchPending are the loads at which a cost that grows would show.
var benchPending = []int{1, 50, 500}

// unpaced lets the simulators be filled quicker than Slack would allow.
var unpaced = bot.Pace{Posts: rate.Inf, Updates: rate.Inf, Reactions: rate.Inf, Ephemerals: rate.Inf, Burst: 1000}

// benchWorld is a bot in this process with n pending requests.
func benchWorld(b *testing.B, n int) (*sandbox.Slack, *sandbox.UiPath) {
	b.Helper()
	slack, err := sandbox.NewSlack(sandbox.SlackConfig{})
	if err != nil {
		b.Fatal(err)
	}
	uipath, err := sandbox.NewUiPath(sandbox.UiPathConfig{})
	if err != nil {
		b.Fatal(err)
	}
	slack.AddUser(sandbox.User{ID: requester, Name: "requester"})
	slack.AddUser(sandbox.User{ID: approver, Name: "approver"})
	slack.AddChannel(sandbox.Channel{ID: approvalsChannel, Name: "approvals", Members: []string{requester, approver, slack.BotUserID()}})
	uipath.Own("IDU", 40, 3)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serveBench(ctx, b, slack, uipath) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
		slack.Close()
		uipath.Close()
	})
	wait(b, slack, func() bool { return slack.Connections() == 2 })
	fill(b, slack, uipath, 0, n)
	return slack, uipath
}

func serveBench(ctx context.Context, b *testing.B, slack *sandbox.Slack, uipath *sandbox.UiPath) error {
	cfg := Config{environment: environment{
		SlackBotToken: slack.BotToken(), SlackAppToken: slack.AppToken(), SlackAPIURL: slack.APIURL(),
		UiPathURL: uipath.URL(), UiPathOrganization: uipath.Organization(), UiPathAccountID: uipath.AccountID(),
		UiPathAuth: "client_credentials", UiPathClientID: uipath.ClientID(), UiPathClientSecret: uipath.ClientSecret(),
		Channel: approvalsChannel, HTTPAddr: "127.0.0.1:0",
		DatabaseURL: "sqlite://" + filepath.Join(b.TempDir(), "bench.db"),
	}}
	cfg.Scopes = []string{"PM.License.Read", "PM.License.Write", "PM.Group.Read"}
	cfg.Terms.Approvers, cfg.Terms.Quorum, cfg.Terms.TTL = []string{approver}, 1, 24*time.Hour
	cfg.Words = bot.Words{Channel: approvalsChannel, Approve: []string{"white_check_mark"}, Deny: []string{"x"}}
	return Serve(ctx, cfg, Tuning{Pace: unpaced}, zerolog.Nop())
}

// fill asks for groups from..to and waits until each has its card.
func fill(b *testing.B, slack *sandbox.Slack, uipath *sandbox.UiPath, from, to int) {
	b.Helper()
	for i := from; i < to; i++ {
		uipath.AddGroup(sandbox.Group{ID: fmt.Sprintf("group-%05d", i), Name: fmt.Sprintf("Group %05d", i)})
	}
	for i := from; i < to; i++ {
		command(b, slack, i)
	}
	wait(b, slack, func() bool { return len(slack.Messages(approvalsChannel)) >= to })
}

func command(b *testing.B, slack *sandbox.Slack, i int) time.Duration {
	typed, err := slack.Command(context.Background(), requester, approvalsChannel, "/allocate", fmt.Sprintf("group-%05d IDU", i))
	if err != nil || typed.Error != "" {
		b.Errorf("command %d: %v %s", i, err, typed.Error)
	}
	return typed.ElapsedToAck
}

func wait(b *testing.B, slack *sandbox.Slack, cond func() bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := slack.Wait(ctx, cond); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkAck measures slash command → durable → acknowledged, fifty a second,
// an fsync before each acknowledgement.
func BenchmarkAck(b *testing.B) {
	for _, pending := range benchPending {
		b.Run(fmt.Sprintf("pending=%d", pending), func(b *testing.B) {
			slack, uipath := benchWorld(b, pending)
			for i := range b.N {
				uipath.AddGroup(sandbox.Group{ID: fmt.Sprintf("group-%05d", pending+i), Name: fmt.Sprintf("Group %05d", pending+i)})
			}
			took := make([]time.Duration, b.N)
			beat := time.NewTicker(time.Second / 50)
			defer beat.Stop()
			var typing sync.WaitGroup
			b.ResetTimer()
			for i := range b.N {
				<-beat.C
				typing.Go(func() { took[i] = command(b, slack, pending+i) })
			}
			typing.Wait()
			b.StopTimer()
			report(b, took)
		})
	}
}

// BenchmarkVote measures ✅ → the write reaches UiPath.
func BenchmarkVote(b *testing.B) {
	for _, pending := range benchPending {
		b.Run(fmt.Sprintf("pending=%d", pending), func(b *testing.B) {
			slack, uipath := benchWorld(b, pending)
			fill(b, slack, uipath, pending, pending+b.N)
			cards := slack.Messages(approvalsChannel)[pending:]
			took := make([]time.Duration, b.N)
			b.ResetTimer()
			for i := range b.N {
				start := time.Now()
				if err := slack.React(approver, approvalsChannel, cards[i].TS, "white_check_mark"); err != nil {
					b.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				if err := uipath.Wait(ctx, func() bool { return len(uipath.Writes()) > i }); err != nil {
					b.Fatal(err)
				}
				cancel()
				took[i] = time.Since(start)
			}
			b.StopTimer()
			report(b, took)
		})
	}
}

// report adds the median and the 99th percentile, in milliseconds.
func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	at := func(q float64) float64 {
		return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
}
