package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	slackapi "github.com/slack-go/slack"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"licensebot/approvals"
	"licensebot/bot"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/pgtest"
	"licensebot/internal/store"
)

// benchPending are loads that show whether a cost grows.
var benchPending = []int{1, 50, 500, 10_000}

// unpaced lets the bot post faster than Slack allows, because the simulators take
// it.
var unpaced = bot.Rates{Posts: rate.Inf, Updates: rate.Inf, Reactions: rate.Inf, Ephemerals: rate.Inf, Burst: 1000}

// benchStores are the databases to measure; PostgreSQL where there is one.
var benchStores = []string{"sqlite", "postgres"}

func benchURL(b *testing.B, store string) string {
	if store == "postgres" {
		return pgtest.URL(b)
	}
	return "sqlite://" + filepath.Join(b.TempDir(), "bench.db")
}

// forEachLoad runs a benchmark on each store under each load.
func forEachLoad(b *testing.B, run func(b *testing.B, url string, pending int)) {
	for _, store := range benchStores {
		for _, pending := range benchPending {
			b.Run(fmt.Sprintf("%s/pending=%d", store, pending), func(b *testing.B) { run(b, benchURL(b, store), pending) })
		}
	}
}

// benchWorld runs a bot in this process with n pending requests.
func benchWorld(b *testing.B, url string, n int) (*fakeslack.Server, *fakeuipath.Server) {
	b.Helper()
	slack, uipath := benchPeers(b, url, n)
	b.Cleanup(startBench(b, url, slack, uipath))
	waitUntil(b, slack, func() bool { return slack.Connections() == 2 && countLooks(slack) >= pagesFor(n) })
	return slack, uipath
}

// benchPeers makes the simulators for a bot with n pending requests.
func benchPeers(b *testing.B, url string, n int) (*fakeslack.Server, *fakeuipath.Server) {
	b.Helper()
	slack, err := fakeslack.New(fakeslack.Config{})
	if err != nil {
		b.Fatal(err)
	}
	uipath, err := fakeuipath.New(fakeuipath.Config{})
	if err != nil {
		b.Fatal(err)
	}
	slack.AddUser(fakeslack.User{ID: requester, Name: "requester"})
	slack.AddUser(fakeslack.User{ID: approver, Name: "approver"})
	slack.AddChannel(fakeslack.Channel{ID: approvalsChannel, Name: "approvals", Members: []string{requester, approver, slack.BotUserID()}})
	uipath.Own("IDU", 40, 3)
	if n > 0 {
		seedPending(b, slack, url, targetOf(uipath), n)
	}
	b.Cleanup(func() {
		slack.Close()
		uipath.Close()
	})
	return slack, uipath
}

// startBench runs a bot in this process until stop is called.
func startBench(b *testing.B, url string, slack *fakeslack.Server, uipath *fakeuipath.Server) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serveBench(ctx, url, slack, uipath) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
}

// countLooks counts the pages of the channel that the bot has read.
func countLooks(slack *fakeslack.Server) int {
	shown := slack.Calls("conversations.history")
	return len(slices.DeleteFunc(shown, func(call fakeslack.Call) bool { return call.Status == 0 }))
}

func pagesFor(n int) int { return (n + 998) / 999 }

// seedPending puts n pending requests into the database and their cards into the
// channel, as an earlier run of the bot would.
func seedPending(b testing.TB, slack *fakeslack.Server, url string, target approvals.Target, n int) {
	b.Helper()
	db, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	api := slackapi.New(slack.BotToken(), slackapi.OptionAPIURL(slack.APIURL()))
	var seeding errgroup.Group
	seeding.SetLimit(64) // filings that arrive together share a transaction
	for i := range n {
		seeding.Go(func() error { return seedOne(db, api, target, i) })
	}
	if err := seeding.Wait(); err != nil {
		b.Fatal(err)
	}
	completeJobs(b, url)
}

// targetOf is the target of a bot that works with this UiPath.
func targetOf(uipath *fakeuipath.Server) approvals.Target {
	env := environment{UiPathURL: uipath.URL(), UiPathOrganization: uipath.Organization(), UiPathAccountID: uipath.AccountID()}
	return env.target()
}

// seedOne files the i-th request, for its own group: the bot refuses a second
// request for the same change.
func seedOne(db *store.Store, api *slackapi.Client, target approvals.Target, i int) error {
	ctx, group := context.Background(), fmt.Sprintf("seed-%05d", i)
	r, _, err := db.FileRequest(ctx, approvals.Request{
		ID: approvals.NewID(), EnvelopeID: fmt.Sprintf("seed-%d", i), Requester: requester, Channel: approvalsChannel, Target: target,
		Ask: approvals.Ask{Group: group, Codes: []string{"IDU"}}, Terms: benchTerms,
	})
	if err != nil {
		return err
	}
	proposal := approvals.Proposal{Group: approvals.Group{ID: group, Name: group}, Change: approvals.Change{Add: []string{"IDU"}}}
	_, ts, err := api.PostMessageContext(ctx, approvalsChannel, slackapi.MsgOptionText(group, false))
	if err != nil {
		return err
	}
	for _, e := range []approvals.Event{approvals.Prepared{Proposal: proposal, Terms: benchTerms}, approvals.CardPosted{TS: ts}} {
		if _, err := db.ApplyEvent(ctx, r.ID, e, nil); err != nil {
			return err
		}
	}
	return nil
}

// completeJobs deletes the jobs of the seeded requests, except for their deadlines.
func completeJobs(b testing.TB, url string) {
	b.Helper()
	driver, source := "pgx", url
	if file, ok := strings.CutPrefix(url, "sqlite://"); ok {
		driver, source = "sqlite", file
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(`DELETE FROM jobs WHERE kind IN ('prepare', 'post_card', 'add_reactions', 'count_votes')`); err != nil {
		b.Fatal(err)
	}
}

var benchTerms = approvals.Terms{
	Stages: []approvals.Stage{{Approvers: []string{approver}, Quorum: 1}}, TTL: 24 * time.Hour, Emoji: testEmoji,
}

// testEmoji are the emoji that the configuration has by default.
var testEmoji = approvals.Emoji{Approve: []string{"white_check_mark"}, Deny: []string{"x"}}

func serveBench(ctx context.Context, url string, slack *fakeslack.Server, uipath *fakeuipath.Server) error {
	return Serve(ctx, benchConfig(url, slack, uipath), Tuning{Rates: unpaced}, zerolog.Nop())
}

// benchConfig is the configuration of a bot in this process.
func benchConfig(url string, slack *fakeslack.Server, uipath *fakeuipath.Server) Config {
	cfg := Config{environment: environment{
		SlackBotToken: slack.BotToken(), SlackAppToken: slack.AppToken(), SlackAPIURL: slack.APIURL(),
		UiPathURL: uipath.URL(), UiPathOrganization: uipath.Organization(), UiPathAccountID: uipath.AccountID(),
		UiPathAuth: "client_credentials", UiPathClientID: uipath.ClientID(), UiPathClientSecret: uipath.ClientSecret(),
		Channel: approvalsChannel, HTTPAddr: "127.0.0.1:0",
		DatabaseURL: url,
	}}
	cfg.Scopes = []string{"PM.License.Read", "PM.License.Write", "PM.Group.Read"}
	cfg.TTL = benchTerms.TTL
	cfg.Policy = approvals.SimplePolicy([]string{approver}, 1, cfg.TTL)
	cfg.Emoji = testEmoji
	return cfg
}

// fillChannel files b.N requests, each for its own group, and waits for their cards
// beside those that are there.
func fillChannel(b *testing.B, slack *fakeslack.Server, uipath *fakeuipath.Server, there int) []fakeslack.Message {
	b.Helper()
	for i := range b.N {
		addGroup(uipath, i)
		typeBenchCommand(b, slack, i)
	}
	posted := func() int { return len(slack.Calls("chat.postMessage")) }
	waitUntil(b, slack, func() bool { return posted() >= there+b.N && len(slack.Messages(approvalsChannel)) >= there+b.N })
	return slack.Messages(approvalsChannel)[there:]
}

func addGroup(uipath *fakeuipath.Server, i int) {
	uipath.AddGroup(fakeuipath.Group{ID: fmt.Sprintf("group-%05d", i), Name: fmt.Sprintf("Group %05d", i)})
}

func typeBenchCommand(b *testing.B, slack *fakeslack.Server, i int) time.Duration {
	took, _ := typeBenchCommandAs(b, slack, requester, i)
	return took
}

// typeBenchCommandAs reports whether the answer says that the request is recorded. A bot that is
// busy declines instead.
func typeBenchCommandAs(
	b *testing.B, slack *fakeslack.Server, person string, i int,
) (took time.Duration, isRecorded bool) {
	typed, err := slack.Command(context.Background(), person, approvalsChannel, "/allocate", fmt.Sprintf("group-%05d IDU", i))
	if err != nil || typed.Error != "" {
		b.Errorf("command %d: %v %s", i, err, typed.Error)
	}
	return typed.ElapsedToAck, strings.Contains(typed.Response, "is recorded")
}

func waitUntil(b *testing.B, slack *fakeslack.Server, cond func() bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := slack.Wait(ctx, cond); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkAck measures slash command → durable → acknowledged, fifty a second,
// an fsync before each acknowledgment.
func BenchmarkAck(b *testing.B) {
	forEachLoad(b, func(b *testing.B, url string, pending int) {
		slack, uipath := benchWorld(b, url, pending)
		for i := range b.N {
			addGroup(uipath, i)
		}
		took := make([]time.Duration, b.N)
		beat := time.NewTicker(time.Second / 50)
		defer beat.Stop()
		var typing sync.WaitGroup
		b.ResetTimer()
		for i := range b.N {
			<-beat.C
			typing.Go(func() { took[i] = typeBenchCommand(b, slack, i) })
		}
		typing.Wait()
		b.StopTimer()
		reportQuantiles(b, took)
	})
}

// BenchmarkVote measures ✅ → the write reaches UiPath.
func BenchmarkVote(b *testing.B) {
	forEachLoad(b, func(b *testing.B, url string, pending int) {
		slack, uipath := benchWorld(b, url, pending)
		cards := fillChannel(b, slack, uipath, pending)
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
		reportQuantiles(b, took)
	})
}

// BenchmarkStart measures the start of the bot beside pending requests: the
// database is opened → both connections said hello → all cards were looked at.
func BenchmarkStart(b *testing.B) {
	forEachLoad(b, func(b *testing.B, url string, pending int) {
		slack, uipath := benchPeers(b, url, pending)
		took := make([]time.Duration, b.N)
		b.ResetTimer()
		for i := range b.N {
			before, start := countLooks(slack), time.Now()
			stop := startBench(b, url, slack, uipath)
			waitUntil(b, slack, func() bool { return slack.Connections() == 2 && countLooks(slack) >= before+pagesFor(pending) })
			took[i] = time.Since(start)
			stop()
			waitUntil(b, slack, func() bool { return slack.Connections() == 0 })
		}
		b.StopTimer()
		reportQuantiles(b, took)
	})
}

// BenchmarkReconnect measures from a cut of both connections until the bot has
// looked at all cards. The bot looked shortly before, and pauses between two looks.
func BenchmarkReconnect(b *testing.B) {
	forEachLoad(b, func(b *testing.B, url string, pending int) {
		slack, _ := benchWorld(b, url, pending)
		took := make([]time.Duration, b.N)
		for i := range b.N {
			slack.CutSockets()
			waitUntil(b, slack, func() bool { return slack.Connections() == 0 })
			before, start := countLooks(slack), time.Now()
			waitUntil(b, slack, func() bool { return slack.Connections() > 0 && countLooks(slack) >= before+pagesFor(pending) })
			took[i] = time.Since(start)
		}
		reportQuantiles(b, took)
	})
}

// reportQuantiles adds the median and the 99th percentile, in milliseconds.
func reportQuantiles(b *testing.B, took []time.Duration) {
	b.ReportMetric(quantile(took, 0.5), "p50-ms")
	b.ReportMetric(quantile(took, 0.99), "p99-ms")
}
