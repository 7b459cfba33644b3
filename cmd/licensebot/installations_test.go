package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"licensebot/internal/sweep"
)

// TestTwoInstallationsOnOneToken runs a second bot with a database of its own.
func TestTwoInstallationsOnOneToken(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	const warning = "another installation uses the same SLACK_APP_TOKEN"
	w := newWorld(t)
	w.startReplica()
	w.awaitCondition("both connections", func() bool { return w.slack.Connections() == 2 })
	first := func() string { return fmt.Sprint(w.replicas[0].Stderr) }
	if strings.Contains(first(), warning) {
		t.Error("one bot alone is warned of")
	}
	w.env["LICENSEBOT_DATABASE_URL"] = "sqlite://" + filepath.Join(t.TempDir(), "other.db")
	w.startReplica()
	w.pollUntil("the warning", func() bool { return strings.Contains(fmt.Sprint(w.replicas[1].Stderr), warning) })
}

// TestReplicasAreNoOtherInstallation runs two bots on one PostgreSQL, and then a third
// with a database of its own.
func TestReplicasAreNoOtherInstallation(t *testing.T) {
	t.Parallel()
	const warning = "another installation uses the same SLACK_APP_TOKEN"
	w := newWorld(t).usePostgres()
	w.startReplica()
	w.startReplica()
	w.awaitCondition("four connections", func() bool { return w.slack.Connections() == 4 })
	w.env["LICENSEBOT_DATABASE_URL"] = "sqlite://" + filepath.Join(t.TempDir(), "other.db")
	w.startReplica()
	w.pollUntil("the warning", func() bool { return strings.Contains(fmt.Sprint(w.replicas[2].Stderr), warning) })
	for i := range 2 {
		if log := fmt.Sprint(w.replicas[i].Stderr); strings.Contains(log, warning) {
			t.Errorf("a replica is taken for another installation: %s", log)
		}
	}
	polls := 0
	w.pollUntil("the warning of a replica", func() bool {
		if polls++; polls%2000 == 1 { // each hello tells the new count, and the last one to come back sees all
			w.slack.CutSockets()
		}
		return strings.Contains(fmt.Sprint(w.replicas[0].Stderr)+fmt.Sprint(w.replicas[1].Stderr), warning)
	})
}

// TestAClockThatIsOffIsToldAtTheStart stands before Slack with another time.
func TestAClockThatIsOffIsToldAtTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	target, err := url.Parse(w.slack.APIURL())
	if err != nil {
		t.Fatal(err)
	}
	path := target.Path
	target.Path = ""
	ahead := httputil.NewSingleHostReverseProxy(target)
	ahead.ModifyResponse = func(answer *http.Response) error {
		answer.Header.Set("Date", time.Now().Add(10*time.Minute).UTC().Format(http.TimeFormat))
		return nil
	}
	server := httptest.NewServer(ahead)
	t.Cleanup(server.Close)
	w.env["SLACK_API_URL"] = server.URL + path
	log := w.serveUntil("the clock of this host differs from Slack's")
	if !strings.Contains(log, `"off_by":"-10m`) && !strings.Contains(log, `"off_by":"-9m5`) {
		t.Errorf("it says\n%s", log)
	}
}
