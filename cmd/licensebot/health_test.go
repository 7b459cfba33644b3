package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/bot"
	"licensebot/internal/store"
)

// get returns the status and the body of a page.
func get(t *testing.T, url string) (int, string) {
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
	server := httptest.NewServer(newHealthRoutes(db, new(connections)))
	defer server.Close()
	expect := func(path string, status int, body string) {
		t.Helper()
		if gotStatus, got := get(t, server.URL+path); gotStatus != status || got != body {
			t.Errorf("%s is %d %q instead of %d %q", path, gotStatus, got, status, body)
		}
	}
	expect("/healthz", 200, "ok")
	expect("/readyz", 503, "no connection to Slack has said hello")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	expect("/healthz", 503, "the database does not take writes")
	expect("/readyz", 503, "the database does not take writes")
	if status, metrics := get(t, server.URL+"/metrics"); status != 200 || !strings.Contains(metrics, "licensebot_slack_connections 0") {
		t.Errorf("/metrics is %d %s", status, metrics)
	}
}

// TestReadyOnceSlackSaidHello runs the bot in this process and asks it until
// it is ready: nothing tells from outside when it has read a hello.
func TestReadyOnceSlackSaidHello(t *testing.T) {
	w := newWorld(t)
	cfg, err := load(t, w.env)
	if err != nil {
		t.Fatal(err)
	}
	log := &logBuffer{}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, cfg, Tuning{Rates: bot.DefaultRates}, zerolog.New(log)) }()
	w.await("both connections", func() bool { return w.slack.Connections() == 2 })
	base := "http://" + served(t, log.String())
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for guard := w.guard(); ; {
		_, metrics := get(t, base+"/metrics")
		if strings.Contains(metrics, "licensebot_slack_connections 2") {
			break
		}
		select {
		case <-look.C:
		case <-guard.Done():
			t.Fatal("it never counted two connections")
		}
	}
	if status, body := get(t, base+"/readyz"); status != 200 || body != "ok" {
		t.Errorf("/readyz is %d %q", status, body)
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

// served is the address in the log line that tells it.
func served(t *testing.T, log string) string {
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
