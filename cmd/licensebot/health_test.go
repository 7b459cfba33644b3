package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/bot"
	"licensebot/bot/bottest"
	"licensebot/internal/store"
)

// getPage returns the status and the text of a page.
func getPage(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(body))
}

func TestHealthBeforeSlackAndAfterTheDatabase(t *testing.T) {
	db, err := store.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "bot.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newHealthRoutes(probes{
		database: &databaseProbe{db: db, log: zerolog.Nop()}, slack: new(connections),
		report: new(setupChecker).last.Load,
	}, http.NotFoundHandler()))
	defer server.Close()
	expect := func(path string, status int, body string) {
		t.Helper()
		if gotStatus, got := getPage(t, server.URL+path); gotStatus != status || got != body {
			t.Errorf("%s is %d %q instead of %d %q", path, gotStatus, got, status, body)
		}
	}
	expect("/healthz", 200, "ok")
	expect("/readyz", 503, "no connection to Slack has said hello and is alive")
	expect("/readyz?verbose", 503, "no connection to Slack has said hello and is alive\n\nthe setup was not checked yet")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	expect("/healthz", 200, "ok")
	expect("/readyz", 503, "the database does not take writes")
}

// A fixedSlack is always the same.
type fixedSlack struct {
	live int
	deaf string
}

func (s fixedSlack) countLive() int   { return s.live }
func (s fixedSlack) deafness() string { return s.deaf }

// TestNotReadyWhileSlackDeliversNothing: connections that live are not enough.
func TestNotReadyWhileSlackDeliversNothing(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "bot.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	database := &databaseProbe{db: db, log: zerolog.Nop()}
	for _, deaf := range []string{"", "Slack delivers nothing"} {
		problem := probes{database: database, slack: fixedSlack{live: 2, deaf: deaf}}.findProblem(t.Context())
		if problem != deaf {
			t.Errorf("the problem is %q instead of %q", problem, deaf)
		}
	}
}

// TestReadyOnceSlackSaidHello runs the bot in this process and polls it until it is
// ready.
func TestReadyOnceSlackSaidHello(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg, err := newConfig(environmentOf(w.env), nil)
	if err != nil {
		t.Fatal(err)
	}
	log := new(bottest.Log)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, cfg, Tuning{Rates: bot.DefaultRates}, zerolog.New(log)) }()
	w.awaitCondition("both connections", func() bool { return w.slack.Connections() == 2 })
	base := "http://" + servedAddress(t, log.String())
	w.awaitCounted(base, 2)
	if status, body := getPage(t, base+"/readyz"); status != 200 || body != "ok" {
		t.Errorf("/readyz is %d %q", status, body)
	}
	if status, body := getPage(t, base+"/readyz?verbose"); status != 200 || !strings.HasPrefix(body, "ok\n") {
		t.Errorf("/readyz?verbose is %d %q", status, body)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it did not stop well: %v", err)
	}
	if resp, err := http.Get(base + "/healthz"); err == nil {
		_ = resp.Body.Close()
		t.Error("it answers after its end")
	}
}

// awaitCounted waits until the bot counts this many connections. It counts a
// connection a moment after Slack does, when it has read the hello.
func (w *world) awaitCounted(base string, connections int) {
	w.t.Helper()
	wanted := fmt.Sprintf("licensebot_slack_connections %d\n", connections)
	w.pollUntil("the bot to count its connections", func() bool {
		_, metrics := getPage(w.t, base+"/metrics")
		return strings.Contains(metrics+"\n", wanted)
	})
}

// servedAddress returns the address that the log names.
func servedAddress(t *testing.T, log string) string {
	t.Helper()
	for line := range strings.Lines(log) {
		var entry struct{ Addr string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Addr != "" {
			return entry.Addr
		}
	}
	t.Fatalf("no address in the log:\n%s", log)
	return ""
}

// No reader holds a connection for ever, and no header takes much memory.
func TestHTTPServerIsBounded(t *testing.T) {
	server := newHTTPServer(http.NotFoundHandler())
	for name, limit := range map[string]time.Duration{
		"header": server.ReadHeaderTimeout, "request": server.ReadTimeout, "answer": server.WriteTimeout, "idle": server.IdleTimeout,
	} {
		if limit <= 0 || limit > time.Minute {
			t.Errorf("%s: %v", name, limit)
		}
	}
	if server.WriteTimeout <= pingLimit {
		t.Errorf("a probe is cut off after %v, before the database was asked", server.WriteTimeout)
	}
	front := httptest.NewUnstartedServer(nil)
	front.Config = server
	front.Start()
	defer front.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", strings.Repeat("x", 32<<10))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 32 kB is answered %s", answer.Status)
	}
}
