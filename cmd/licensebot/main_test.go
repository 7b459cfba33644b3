package main

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/pgtest"
)

// asBinary makes the test binary be licensebot itself, so that tests can run
// and kill the real program.
const asBinary = "LICENSEBOT_TEST_AS_BINARY"

func TestMain(m *testing.M) {
	if os.Getenv(asBinary) != "" {
		os.Exit(run(os.Args[1:]))
	}
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
	patience         = 40 * time.Second // a guard: nothing waits this long when it works
)

// A world is a Slack and a UiPath, and the licensebots that run against them.
type world struct {
	t        *testing.T
	slack    *fakeslack.Server
	uipath   *fakeuipath.Server
	env      map[string]string
	replicas []*exec.Cmd
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, fakeslack.Config{})
}

// sharing makes the world's bots keep their requests in PostgreSQL.
func (w *world) sharing() *world {
	w.env["LICENSEBOT_DATABASE_URL"] = pgtest.URL(w.t)
	w.t.Cleanup(w.kill) // before the schema goes
	return w
}

func newWorldWith(t *testing.T, cfg fakeslack.Config) *world {
	t.Helper()
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
	uipath.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance Robots", Rule: []string{"ATTUNU"}})
	w := &world{t: t, slack: slack, uipath: uipath}
	w.env = map[string]string{
		"SLACK_BOT_TOKEN": slack.BotToken(), "SLACK_APP_TOKEN": slack.AppToken(), "SLACK_API_URL": slack.APIURL(),
		"UIPATH_URL": uipath.URL(), "UIPATH_ORGANIZATION": uipath.Organization(), "UIPATH_ACCOUNT_ID": uipath.AccountID(),
		"UIPATH_CLIENT_ID": uipath.ClientID(), "UIPATH_CLIENT_SECRET": uipath.ClientSecret(),
		"LICENSEBOT_CHANNEL": approvalsChannel, "LICENSEBOT_APPROVERS": approver + "," + second,
		"LICENSEBOT_DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "bot.db"), "LICENSEBOT_HTTP_ADDR": "127.0.0.1:0",
	}
	t.Cleanup(w.kill)
	return w
}

// start runs licensebot as a process of its own, beside those that run
// already, and waits for its hello.
func (w *world) start() {
	w.t.Helper()
	before := w.slack.Connections()
	cmd := exec.Command(os.Args[0], "serve")
	cmd.Env = append(plainEnvironment(), asBinary+"=1")
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	log := &logBuffer{}
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
	w.await("licensebot to connect", func() bool { return w.slack.Connections() > before })
}

// plainEnvironment is that of the tests without any configuration in it: the
// sandbox command leaves some there.
func plainEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return slices.ContainsFunc([]string{"SLACK_", "UIPATH_", "LICENSEBOT_"}, func(prefix string) bool { return strings.HasPrefix(pair, prefix) })
	})
}

// kill ends all processes as kill -9 and power loss do.
func (w *world) kill() {
	for len(w.replicas) > 0 {
		w.killOne()
	}
	if err := w.slack.Wait(w.guard(), func() bool { return w.slack.Connections() == 0 }); err != nil {
		w.t.Error("the sockets of a killed process stayed open")
	}
}

// killOne ends the oldest process and leaves the others alone.
func (w *world) killOne() {
	_ = w.replicas[0].Process.Kill()
	_ = w.replicas[0].Wait()
	w.replicas = w.replicas[1:]
}

func (w *world) guard() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

// await waits for a condition on either simulator, which is never asked twice
// at the same time.
func (w *world) await(what string, cond func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.guard(), patience)
	defer cancel()
	var turn sync.Mutex
	alone := func() bool {
		turn.Lock()
		defer turn.Unlock()
		return cond()
	}
	met := make(chan error, 2)
	go func() { met <- w.slack.Wait(ctx, alone) }()
	go func() { met <- w.uipath.Wait(ctx, alone) }()
	err := <-met
	cancel()
	<-met
	if err != nil {
		w.t.Fatalf("waited in vain for %s", what)
	}
}

// ask types a command and expects it to be recorded.
func (w *world) ask(text string) {
	w.t.Helper()
	typed, err := w.slack.Command(w.guard(), requester, anyChannel, "/allocate", text)
	if err != nil {
		w.t.Fatal(err)
	}
	if typed.Error != "" || !strings.Contains(typed.Response, "is recorded") {
		w.t.Fatalf("the command was answered with %q %q", typed.Error, typed.Response)
	}
}

func (w *world) react(user, emoji string) {
	w.t.Helper()
	if err := w.slack.React(user, approvalsChannel, w.card().TS, emoji); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) cards() []fakeslack.Message { return w.slack.Messages(approvalsChannel) }

func (w *world) card() fakeslack.Message {
	w.t.Helper()
	w.await("a card", func() bool { return len(w.cards()) > 0 })
	return w.cards()[0]
}

// tellsNoEnd are the replies that may come before the one that tells the end.
var tellsNoEnd = []string{"allocation_approved", "allocation_reopened", "allocation_reminder"}

// ends lists the metadata event types of the replies on the first card that
// tell an end.
func (w *world) ends() []string {
	if len(w.cards()) == 0 {
		return nil
	}
	var types []string
	for _, reply := range w.slack.Thread(approvalsChannel, w.cards()[0].TS) {
		if reply.Metadata != nil && !slices.Contains(tellsNoEnd, reply.Metadata.EventType) {
			types = append(types, reply.Metadata.EventType)
		}
	}
	return types
}

// awaitEnd waits for the one reply that tells the end and for the card to show
// it, and expects both to be the only ones.
func (w *world) awaitEnd(want, status string) {
	w.t.Helper()
	w.await("the end "+want, func() bool {
		return len(w.ends()) > 0 && strings.Contains(w.cards()[0].Text, status)
	})
	w.awaitNothingOwed()
	if got := w.ends(); len(got) != 1 || got[0] != want {
		w.t.Errorf("the thread tells the ends %v instead of %s alone", got, want)
	}
	if n := len(w.cards()); n != 1 {
		w.t.Errorf("%d cards were posted instead of one", n)
	}
}

// awaitNothingOwed waits until the bot has nothing left to do, so that a reply
// too many would be there by now. It is a barrier and judges nothing: that is
// left to the simulators. The file of another process tells of no change, so
// it is looked at every few milliseconds.
func (w *world) awaitNothingOwed() {
	w.t.Helper()
	db := w.database()
	defer func() { _ = db.Close() }()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	guard := w.guard()
	for {
		var owed int
		if err := db.QueryRow(`SELECT count(*) FROM jobs WHERE kind NOT IN ('expire', 'remind', 'warn_expiry', 'grant_expiry')`).Scan(&owed); err != nil {
			w.t.Fatal(err)
		}
		if owed == 0 {
			return
		}
		select {
		case <-look.C:
		case <-guard.Done():
			w.t.Fatalf("%d pieces of work are still owed", owed)
		}
	}
}

// database opens the bots' database to look at it.
func (w *world) database() *sql.DB {
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

// expectRule compares the group's rule and how often it was changed.
func (w *world) expectRule(writes int, codes ...string) {
	w.t.Helper()
	rule, _ := w.uipath.Allocation(groupID)
	if strings.Join(rule.Codes, " ") != strings.Join(codes, " ") {
		w.t.Errorf("the rule is %v instead of %v", rule.Codes, codes)
	}
	if n := len(w.uipath.Writes()); n != writes {
		w.t.Errorf("the rule was changed %d times instead of %d", n, writes)
	}
}
