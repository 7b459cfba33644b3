package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"licensebot/internal/audit/recovery"
)

// TestRecoverWithoutTheDatabase lists a grant, a denial and a request that waits, after the
// database was deleted.
func TestRecoverWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.cardFor(groupID + " RPADEVPRONU")
	db := w.openDatabase()
	defer func() { _ = db.Close() }()
	w.pollUntil("a seal, which the next outcome carries", func() bool {
		var seals int
		if err := db.QueryRow("SELECT count(*) FROM journal_seals").Scan(&seals); err != nil {
			t.Fatal(err)
		}
		return seals > 0
	})
	w.grantRequest("/allocate " + groupID + " IDU for 30d because of a test")
	w.awaitNoJobs()
	w.killReplicas()
	if err := os.Remove(strings.TrimPrefix(w.env["LICENSEBOT_DATABASE_URL"], "sqlite://")); err != nil {
		t.Fatal(err)
	}
	code, out := w.runProgram("audit", "recover")
	lines := strings.Split(out, "\n")
	if code != 0 || !strings.HasPrefix(lines[0], "granted ") || !strings.HasPrefix(lines[1], "pending ") ||
		!strings.Contains(lines[0], "approved by "+approver) || !strings.Contains(lines[0], "/archives/"+approvalsChannel+"/p") ||
		!strings.Contains(lines[2], "pending: 1. granted: 1. done: 0.") || !strings.Contains(lines[3], "The newest head") {
		t.Errorf("exit code %d: %s", code, out)
	}
	code, out = w.runProgram("audit", "recover", "--json")
	var standings []recovery.Standing
	scanner := bufio.NewScanner(strings.NewReader(out))
	for scanner.Scan() {
		var entry recovery.Entry
		if err := json.Unmarshal(scanner.Bytes(), &entry); err != nil {
			t.Fatalf("%v: %s", err, scanner.Text())
		}
		standings = append(standings, entry.Standing)
	}
	if code != 0 || len(standings) != 3 || standings[0] != recovery.Granted || standings[1] != recovery.Pending {
		t.Errorf("exit code %d, %v: %s", code, standings, out)
	}
	for args, want := range map[string]int{
		"--since yesterday": exitUsage, "--channel general": exitUsage, "--channel C0OTHER": exitUnchecked, "--since 2999-01-01": 0,
	} {
		if code, out := w.runProgram(append([]string{"audit", "recover"}, strings.Fields(args)...)...); code != want {
			t.Errorf("recover %s: exit code %d, want %d: %s", args, code, want, out)
		}
	}
	delete(w.env, "SLACK_BOT_TOKEN")
	if code, out := w.runProgram("audit", "recover"); code != exitUsage || !strings.Contains(out, "SLACK_BOT_TOKEN") {
		t.Errorf("without a token: exit code %d: %s", code, out)
	}
	if len(w.uipath.Writes()) != 1 || len(w.listCards()) != 2 {
		t.Error("recover wrote something")
	}
}
