package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"licensebot/internal/store"
)

// runAudit runs a command on a database of this test, and returns its exit code.
func runAudit(t *testing.T, url string, args ...string) (code int, stdout string) {
	t.Helper()
	var out bytes.Buffer
	args = append([]string{"audit"}, args...)
	return runMain(append(args, "--from", url), &out), out.String()
}

func newDatabase(t *testing.T) (url string) {
	t.Helper()
	url = "sqlite://" + filepath.Join(t.TempDir(), "bot.db")
	db, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return url
}

// TestAuditCommandsRefuseWhatTheyDoNotUnderstand has each mistake with its exit code.
func TestAuditCommandsRefuseWhatTheyDoNotUnderstand(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	for text, want := range map[string]int{
		"report --since 2026-01-01":                                   0,
		"report --since 2026-01-01 --until 2026-01-02 --format jsonl": 0,
		"report --since 2026-01-01T08:00:00Z --format html":           0,
		"report":                    2,
		"report --since yesterday":  2,
		"report --since 2026-02-30": 2,
		"report --since 2026-01-01 --until 2026-01-01":           2,
		"report --since 2026-01-01 --until 2025-01-01":           2,
		"report --since 2026-01-01 --format pdf":                 2,
		"show R-ZZZZZZZZ":                                        2,
		"show":                                                   2,
		"show R-ZZZZZZZZ --zone Mars/Olympus":                    2,
		"export":                                                 2,
		"export " + filepath.Join(t.TempDir(), "evidence"):       0,
		"verify --offline":                                       0,
		"verify --since yesterday":                               2,
		"verify all":                                             2,
		"erase --person U0123456789":                             2,
		"erase --by Ada":                                         2,
		"erase --by Ada --person ada":                            2,
		"erase --by Ada --person U0123456789 --until 2026-01-01": 2,
		"erase --by Ada --person U0123456789 --since 2026-01-01": 2,
		"erase --by Ada --until 2999-01-01":                      2,
		"erase --by Ada --until 2026-01-01 --since 2026-01-01":   2,
		"unknown": 2,
	} {
		if code, out := runAudit(t, url, strings.Fields(text)...); code != want {
			t.Errorf("audit %s: exit code %d, want %d: %s", text, code, want, out)
		}
	}
	if code, _ := runAudit(t, "sqlite:///nowhere/bot.db", "report", "--since", "2026-01-01"); code != 1 {
		t.Errorf("without a database: exit code %d, want 1", code)
	}
}

// TestASigningKeyThatIsNone is refused before anything is written.
func TestASigningKeyThatIsNone(t *testing.T) {
	url := newDatabase(t)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{key, key + ".missing"} {
		t.Setenv(signingKeyVariable, path)
		dir := filepath.Join(t.TempDir(), "evidence")
		if code, _ := runAudit(t, url, "export", dir); code != 2 {
			t.Errorf("%s: exit code %d, want 2", path, code)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Error("something was written")
		}
	}
}

// TestTheAuditReadsBesideTheBot reports while a bot of another process runs on the database.
func TestTheAuditReadsBesideTheBot(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if database == "postgres" {
				w.usePostgres()
			}
			w.startReplica()
			w.typeRequest("group-01 IDU")
			w.awaitCard()
			w.reactToCard(approver, "white_check_mark")
			w.awaitOutcome("allocation_done", "*Done*")
			url := w.env["LICENSEBOT_DATABASE_URL"]
			code, out := runAudit(t, url, "report", "--since", "2020-01-01", "--format", "html")
			if code != 0 || !strings.Contains(out, "1 done") || !strings.Contains(out, approver) {
				t.Errorf("exit code %d: %s", code, out)
			}
			checkEvidence(t, url)
			if code, _ := runAudit(t, url, "export", filepath.Join(t.TempDir(), "evidence")); code != 0 {
				t.Errorf("export: exit code %d", code)
			}
		})
	}
}

// checkEvidence looks at what a report without Slack has from the journal: the names of the two
// people, the body that was written, and the hash of the policy in force.
func checkEvidence(t *testing.T, url string) {
	t.Helper()
	code, out := runAudit(t, url, "report", "--since", "2020-01-01", "--format", "jsonl", "--offline")
	_, text, _ := strings.Cut(out, "\n") // after the totals
	var line struct {
		Asked     string   `json:"requester_name"`
		Policy    string   `json:"policy_sha256"`
		Written   []string `json:"written"`
		Confirmed []string `json:"confirmed"`
		Approvals []struct{ Name string }
	}
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&line); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v: %s", code, err, out)
	}
	if line.Asked == "" || len(line.Approvals) != 1 || line.Approvals[0].Name == "" {
		t.Errorf("the report lacks names: %s", text)
	}
	if !slices.Contains(line.Written, "IDU") || !slices.Equal(line.Written, line.Confirmed) {
		t.Errorf("written %q, confirmed %q", line.Written, line.Confirmed)
	}
	reader, err := store.OpenReader(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	policies, tables := 0, store.ExportTables()
	journal := slices.IndexFunc(tables, func(table store.ExportTable) bool { return table.Name == "journal" })
	for row, err := range reader.Rows(t.Context(), tables[journal]) {
		if err != nil {
			t.Fatal(err)
		}
		if text := string(row); strings.Contains(text, `"policy_in_force"`) {
			policies++
			if !strings.Contains(text, line.Policy) || len(line.Policy) != 64 {
				t.Errorf("the request has the policy %q, the journal %s", line.Policy, text)
			}
		}
	}
	if policies != 1 {
		t.Errorf("%d policies came into force", policies)
	}
}

// TestAuditVerifyHasAnExitCodeForEachResult has a clean database, an edited one and none.
func TestAuditVerifyHasAnExitCodeForEachResult(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	code, out := runAudit(t, url, "verify", "--offline")
	if want := "Checked 0 sealed journal rows, 0 not yet sealed, and 0 requests: 0 differences.\n"; code != 0 || out != want {
		t.Errorf("clean: exit code %d, %q, want %q", code, out, want)
	}
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(url, "sqlite://"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`INSERT INTO requests (id, envelope_id, state, requester, channel, filed_at, deadline_at, body)
		VALUES ('R-FORGED', 'e', 'filed', 'U-1', 'C-1', 1, 2, '{}')`)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	code, out = runAudit(t, url, "verify", "--offline")
	if code != exitFailure || !strings.Contains(out, "request R-FORGED has no journal row") {
		t.Errorf("edited: exit code %d, %q", code, out)
	}
	if code, out = runAudit(t, "sqlite:///nowhere/bot.db", "verify", "--offline"); code != exitUnchecked {
		t.Errorf("no database: exit code %d, %q", code, out)
	}
}

// TestAuditVerifyBelievesNoStateThatABotChanged reads a file that it must not share, while a
// bot writes to it.
func TestAuditVerifyBelievesNoStateThatABotChanged(t *testing.T) {
	t.Parallel()
	command := auditVerifyCommand()
	command.SetContext(t.Context())
	command.SetOut(new(bytes.Buffer))
	command.SetErr(new(bytes.Buffer))
	for _, err := range []error{
		store.ErrWrittenMeanwhile, errors.Join(exitError(exitFailure), store.ErrWrittenMeanwhile),
	} {
		if got := verifyResult(command, err); !errors.Is(got, exitError(exitUnchecked)) {
			t.Errorf("%v: %v, want exit code 3", err, got)
		}
	}
}

// TestAuditEraseSaysWhatItDid erases from a database that has nothing of the person.
func TestAuditEraseSaysWhatItDid(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	code, out := runAudit(t, url, "erase", "--person", "U0123456789", "--by", "Ada, ticket 7")
	if want := "Erased 0 words in 0 rows of the journal and words of 0 requests.\n"; code != 0 || !strings.HasPrefix(out, want) {
		t.Errorf("exit code %d, %q, want %q", code, out, want)
	}
	code, out = runAudit(t, url, "verify", "--offline")
	if want := "Checked 1 sealed journal row, 0 not yet sealed, and 0 requests: 0 differences.\n"; code != 0 ||
		!strings.HasPrefix(out, want) {
		t.Errorf("exit code %d, %q, want %q", code, out, want)
	}
	if code := runMain([]string{"grant", "bot", "--from", url}, new(bytes.Buffer)); code != exitUsage {
		t.Errorf("grant on SQLite: exit code %d, want %d", code, exitUsage)
	}
}

// TestAuditEraseNeedsADatabase makes none where there is none.
func TestAuditEraseNeedsADatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "elsewhere.db")
	if code, out := runAudit(t, "sqlite://"+path, "erase", "--person", "U0123456789", "--by", "Ada"); code != exitFailure {
		t.Errorf("exit code %d, %q", code, out)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a database was made: %v", err)
	}
}
