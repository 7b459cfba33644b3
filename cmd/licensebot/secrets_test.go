package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"licensebot/bot"
	"licensebot/bot/bottest"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// TestNoSecretIsKeptOrSaid plays a request through failures that repeat what the bot
// sent. It looks for secrets in the debug log, the files of the database, and
// everything at Slack.
func TestNoSecretIsKeptOrSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secrets := map[string]string{
		"bot token": w.slack.BotToken(), "app token": w.slack.AppToken(), "client secret": w.uipath.ClientSecret(),
	}
	echo := w.slack.BotToken() + " " + w.slack.AppToken() + " " + w.uipath.ClientSecret()
	w.uipath.Inject("token", fault.Fault{Times: 1, Status: 500, Error: "you sent " + w.uipath.ClientSecret()})
	w.uipath.Inject("GET identity groups", fault.Fault{Times: 1, Status: 500})
	w.uipath.Inject("PUT group", fault.Fault{Times: 1, Cut: true, AfterEffect: true})
	for _, method := range []string{"conversations.info", "chat.postMessage", "users.info", "reactions.get", "response_url"} {
		w.slack.Inject(method, fault.Fault{Times: 1, Cut: true})
	}
	cfg, err := newConfig(environmentOf(w.env), nil)
	if err != nil {
		t.Fatal(err)
	}
	log := new(bottest.Log)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of licensebot:\n%s", log.String())
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, cfg, Tuning{Rates: bot.DefaultRates}, zerolog.New(log)) }()
	w.awaitCondition("a connection", func() bool { return w.slack.Connections() > 0 })
	if err := w.slack.SendRaw([]byte(`{"envelope_id":"E1","type":"strange","payload":{"token":"` + w.slack.BotToken() + `","text":"` + echo + `"}}`)); err != nil {
		t.Fatal(err)
	}
	w.typeRequest("group-01 NOSUCHCODE")
	w.awaitCondition("the answer to a response_url", func() bool { return len(w.slack.Calls("response_url")) > 0 })
	secrets["response_url"] = w.slack.Calls("response_url")[0].Args["path"]
	w.typeRequest("group-01 IDU because it is needed")
	w.awaitCard()
	w.reactToCard(bystander, "white_check_mark")
	w.awaitTold(bystander, "does not count")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	left := map[string]string{"the log": log.String(), "Slack": everythingShown(w)}
	files, err := filepath.Glob(filepath.Dir(strings.TrimPrefix(w.env["LICENSEBOT_DATABASE_URL"], "sqlite://")) + "/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		left[filepath.Base(file)] = string(content)
	}
	for name, secret := range secrets {
		for place, content := range left {
			if secret == "" || strings.Contains(content, secret) {
				t.Errorf("the %s is in %s", name, place)
			}
		}
	}
	if !strings.Contains(left["the log"], "set a delivery aside") || !strings.Contains(left["Slack"], "does not count") {
		t.Errorf("it looked in the wrong places: %v", left["the log"])
	}
}

// everythingShown returns all texts that people were shown.
func everythingShown(w *world) string {
	var all strings.Builder
	for _, card := range w.listCards() {
		for _, m := range append([]fakeslack.Message{card}, w.slack.Thread(approvalsChannel, card.TS)...) {
			all.WriteString(m.Text + string(m.Blocks))
		}
	}
	for _, user := range []string{requester, bystander, approver} {
		for _, e := range w.slack.Ephemerals(user) {
			all.WriteString(e.Text)
		}
	}
	return all.String()
}
