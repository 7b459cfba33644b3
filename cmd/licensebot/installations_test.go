package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestTwoInstallationsOnOneToken runs a second bot with a database of its own.
func TestTwoInstallationsOnOneToken(t *testing.T) {
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
