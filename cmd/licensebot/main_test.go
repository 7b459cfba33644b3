package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"licensebot/bot"
	"licensebot/bot/bottest"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/pgtest"
	"licensebot/internal/sweep"
)

// asBinary turns the test binary into licensebot, so that tests can run and kill
// the real program without building it again.
const asBinary = "TEST_AS_LICENSEBOT_BINARY"

// endWithInput makes such a binary end with its standard input, which a test keeps open:
// a sandbox must not outlive a test that is killed or runs out of time. Its bot does not
// get the variable.
const endWithInput = "LICENSEBOT_TEST_END_WITH_INPUT"

// unpacedBinary is a value of asBinary: the program posts faster than Slack allows.
const unpacedBinary = "unpaced"

// parallelTests is how many tests run at a time. They mostly wait for pauses of
// the bot, so there are more of them than processors.
const parallelTests = 8

func TestMain(m *testing.M) {
	if os.Getenv(asBinary) != "" {
		if os.Getenv(endWithInput) != "" {
			go func() { _, _ = io.Copy(io.Discard, os.Stdin); os.Exit(exitFailure) }()
		}
		if os.Getenv(asBinary) == unpacedBinary {
			bot.DefaultRates = unpaced
		}
		writeProfiles := startProfiles(os.Getenv(profileFolder))
		code := runMain(os.Args[1:], newPausingWriter())
		writeProfiles()
		os.Exit(code)
	}
	sweep.Parallel(parallelTests)
	os.Exit(pgtest.Main(m))
}

// The people and places of these tests.
const (
	approvalsChannel = "C0APPROVALS"
	anyChannel       = "C0GENERAL"
	requester        = "U0REQUESTER"
	approver         = "U0APPROVER"
	second           = "U0SECOND"
	bystander        = "U0BYSTANDER"
	groupID          = "group-01"
	patience         = 2 * time.Minute // a guard: nothing waits this long when it works
)

// A world is a Slack, a UiPath, and the licensebots that run against them.
type world struct {
	t        *testing.T
	slack    *fakeslack.Server
	uipath   *fakeuipath.Server
	env      map[string]string
	dir      string // the folder in which its bots start; empty: that of the test
	replicas []*exec.Cmd
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, fakeslack.Config{})
}

// usePostgres makes the bots of the world share a database in PostgreSQL.
func (w *world) usePostgres() *world {
	w.env["LICENSEBOT_DATABASE_URL"] = pgtest.URL(w.t)
	w.t.Cleanup(w.killReplicas) // before the schema goes
	return w
}

func newWorldWith(t *testing.T, cfg fakeslack.Config) *world {
	t.Helper()
	if cfg.AckTimeout == 0 {
		cfg.AckTimeout = patience // no test here judges how fast this machine is
	}
	slack, err := fakeslack.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(slack.Close)
	t.Cleanup(func() {
		for _, e := range slack.Journal() {
			if e.Kind == fakeslack.EntryOddity {
				t.Errorf("Slack would take %s without a word, but it is wrong: %s", e.Type, e.Detail)
			}
		}
	})
	uipath, err := fakeuipath.New(fakeuipath.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(uipath.Close)
	people := []string{requester, approver, second, bystander}
	for _, id := range people {
		slack.AddUser(fakeslack.User{ID: id, Name: strings.ToLower(id)})
	}
	slack.AddChannel(fakeslack.Channel{ID: anyChannel, Name: "general", Members: people})
	slack.AddChannel(fakeslack.Channel{ID: approvalsChannel, Name: "approvals", Members: append(people, slack.BotUserID())})
	for _, code := range []string{"RPADEVPRONU", "IDU", "ATTUNU"} {
		uipath.Own(code, 40, 3)
	}
	uipath.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance Robots", Codes: []string{"ATTUNU"}})
	w := &world{t: t, slack: slack, uipath: uipath}
	w.env = map[string]string{
		"SLACK_BOT_TOKEN": slack.BotToken(), "SLACK_APP_TOKEN": slack.AppToken(), "SLACK_API_URL": slack.APIURL(),
		"UIPATH_URL": uipath.URL(), "UIPATH_ORGANIZATION": uipath.Organization(), "UIPATH_ACCOUNT_ID": uipath.AccountID(),
		"UIPATH_CLIENT_ID": uipath.ClientID(), "UIPATH_CLIENT_SECRET": uipath.ClientSecret(),
		"LICENSEBOT_CANARY":  "off", // its status message is no card
		"LICENSEBOT_CHANNEL": approvalsChannel, "LICENSEBOT_APPROVERS": approver + "," + second,
		"LICENSEBOT_DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "bot.db"), "LICENSEBOT_HTTP_ADDR": "127.0.0.1:0",
	}
	t.Cleanup(w.killReplicas)
	return w
}

// startReplica runs licensebot as another process, and waits until it is connected.
func (w *world) startReplica() {
	w.t.Helper()
	before := w.slack.Connections()
	cmd := w.newCommand(context.Background(), "serve")
	log := new(bottest.Log)
	cmd.Stderr = log
	w.t.Cleanup(func() {
		if w.t.Failed() {
			w.t.Logf("log of licensebot:\n%s", log.String())
		}
	})
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.replicas = append(w.replicas, cmd)
	w.awaitCondition("licensebot to connect", func() bool { return w.slack.Connections() > before })
}

// newCommand is a command of the program, with the environment of the world.
func (w *world) newCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env, cmd.Dir = append(plainEnvironment(), asBinary+"=1"), w.dir
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// plainEnvironment returns the environment of the tests without any configuration of
// a bot.
func plainEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return slices.ContainsFunc([]string{"SLACK_", "UIPATH_", "LICENSEBOT_"}, func(prefix string) bool { return strings.HasPrefix(pair, prefix) })
	})
}

// killReplicas ends all processes, as kill -9 and power loss do.
func (w *world) killReplicas() {
	for len(w.replicas) > 0 {
		w.killOldest()
	}
	if err := w.slack.Wait(w.guardContext(), func() bool { return w.slack.Connections() == 0 }); err != nil {
		w.t.Error("the sockets of a killed process stayed open")
	}
}

// killOldest ends the oldest process and leaves the others alone.
func (w *world) killOldest() {
	_ = w.replicas[0].Process.Kill()
	_ = w.replicas[0].Wait()
	w.replicas = w.replicas[1:]
}

func (w *world) guardContext() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

// awaitCondition waits for a condition on either simulator. It checks the condition
// in one goroutine at a time.
func (w *world) awaitCondition(what string, cond func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.guardContext(), patience)
	defer cancel()
	var turn sync.Mutex
	alone := func() bool {
		turn.Lock()
		defer turn.Unlock()
		return cond()
	}
	met := make(chan error, 2)
	var looking sync.WaitGroup
	looking.Go(func() { met <- w.slack.Wait(ctx, alone) })
	looking.Go(func() { met <- w.uipath.Wait(ctx, alone) })
	err := <-met
	cancel()
	looking.Wait()
	if err != nil {
		w.t.Fatalf("waited in vain for %s", what)
	}
}

// typeRequest types a command and expects that the bot records it.
func (w *world) typeRequest(text string) {
	w.t.Helper()
	typed, err := w.slack.Command(w.guardContext(), requester, anyChannel, "/allocate", text)
	if err != nil {
		w.t.Fatal(err)
	}
	if typed.Error != "" || !strings.Contains(typed.Response, "is recorded") {
		w.t.Fatalf("the command was answered with %q %q", typed.Error, typed.Response)
	}
}

func (w *world) reactToCard(user, emoji string) {
	w.t.Helper()
	if err := w.slack.React(user, approvalsChannel, w.awaitCard().TS, emoji); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) listCards() []fakeslack.Message { return w.slack.Messages(approvalsChannel) }

func (w *world) awaitCard() fakeslack.Message {
	w.t.Helper()
	w.awaitCondition("a card", func() bool { return len(w.listCards()) > 0 })
	return w.listCards()[0]
}

// hasCompleteCard tells whether the first card is there with its two emoji.
func (w *world) hasCompleteCard() bool {
	cards := w.listCards()
	return len(cards) > 0 && len(cards[0].Reactions) == 2
}

// interimReplies are the event types of replies that may come before the outcome.
var interimReplies = []string{"allocation_approved", "allocation_reopened", "allocation_reminder"}

// listOutcomes lists the event types of the outcomes in the first card's thread.
func (w *world) listOutcomes() []string {
	if len(w.listCards()) == 0 {
		return nil
	}
	var types []string
	for _, reply := range w.slack.Thread(approvalsChannel, w.listCards()[0].TS) {
		if reply.Metadata != nil && !slices.Contains(interimReplies, reply.Metadata.EventType) {
			types = append(types, reply.Metadata.EventType)
		}
	}
	return types
}

// awaitOutcome waits until the thread and the card tell the outcome. It expects one
// card and one outcome.
func (w *world) awaitOutcome(want, status string) {
	w.t.Helper()
	w.awaitCondition("the end "+want, func() bool {
		return len(w.listOutcomes()) > 0 && strings.Contains(w.listCards()[0].Text, status)
	})
	w.awaitNoJobs()
	if got := w.listOutcomes(); len(got) != 1 || got[0] != want {
		w.t.Errorf("the thread tells the ends %v instead of %s alone", got, want)
	}
	if n := len(w.listCards()); n != 1 {
		w.t.Errorf("%d cards were posted instead of one", n)
	}
}

// awaitNoJobs waits until the bot has no jobs left but those of the future, so
// that a reply too many would be there by now. It judges nothing: the simulators
// have the facts.
func (w *world) awaitNoJobs() {
	w.t.Helper()
	w.awaitJobs("the last job", `kind NOT IN ('expire', 'remind', 'warn_expiry', 'grant_expiry', 'find_effect') AND NOT (kind = 'remove_doubles' AND key <> '')
		AND NOT (kind = 'tell_requester' AND attempt > 0)`, 0)
}

// awaitJobs waits until this many jobs meet a condition in SQL.
func (w *world) awaitJobs(what, condition string, count int) {
	w.t.Helper()
	db := w.openDatabase()
	defer func() { _ = db.Close() }()
	w.pollUntil(what, func() bool {
		var n int
		if err := db.QueryRow(`SELECT count(*) FROM jobs WHERE ` + condition).Scan(&n); err != nil {
			w.t.Fatal(err)
		}
		return n == count
	})
}

// pollUntil looks every few milliseconds whether a condition is met. It is for what
// another process does, which sends no signal.
func (w *world) pollUntil(what string, cond func() bool) {
	w.t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for guard := w.guardContext(); !cond(); {
		select {
		case <-look.C:
		case <-guard.Done():
			w.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// healthBase is the address of the oldest process's probes.
func (w *world) healthBase() string {
	w.t.Helper()
	return "http://" + servedAddress(w.t, fmt.Sprint(w.replicas[0].Stderr))
}

// openDatabase opens the bots' database to look at it.
func (w *world) openDatabase() *sql.DB {
	w.t.Helper()
	driver, source := "pgx", w.env["LICENSEBOT_DATABASE_URL"]
	if path, ok := strings.CutPrefix(source, "sqlite://"); ok {
		driver, source = "sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(2000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}

// wantAllocation compares the group's allocation, and how often it was written.
func (w *world) wantAllocation(writes int, codes ...string) {
	w.t.Helper()
	rule, _ := w.uipath.Allocation(groupID)
	if strings.Join(rule.Codes, " ") != strings.Join(codes, " ") {
		w.t.Errorf("the rule is %v instead of %v", rule.Codes, codes)
	}
	if n := len(w.uipath.Writes()); n != writes {
		w.t.Errorf("the rule was changed %d times instead of %d", n, writes)
	}
}
