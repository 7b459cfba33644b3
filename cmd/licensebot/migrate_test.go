package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
	"licensebot/internal/store"
)

// A request moves to PostgreSQL and back through the binary. The URL of PostgreSQL
// comes from a file.
func TestMigrateThereAndBack(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first, last := "sqlite://"+filepath.Join(folder, "first.db"), "sqlite://"+filepath.Join(folder, "last.db")
	postgres := filepath.Join(folder, "database_url")
	mustWriteFile(t, postgres, pgtest.URL(t)+"\n")
	fileOneRequest(t, first)
	for _, way := range [][2]string{{first, "@" + postgres}, {"@" + postgres, last}} {
		code, out, problem := runCommand(t, "migrate", "--from", way[0], "--to", way[1])
		if code != 0 || !strings.Contains(out, "requests             1 of 1 row\n") || !strings.Contains(out, "Done. Set LICENSEBOT_DATABASE_URL") {
			t.Fatalf("exit code %d\n%s\n%s", code, out, problem)
		}
	}
	s, err := store.Open(t.Context(), last, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if r, err := s.Request(t.Context(), "R-ONE"); err != nil || r.Requester != "U-ROBIN" {
		t.Errorf("read %+v, %v", r, err)
	}
}

func fileOneRequest(t *testing.T, url string) {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.FileRequest(t.Context(), approvals.Request{
		ID: "R-ONE", EnvelopeID: "envelope-1", Requester: "U-ROBIN", Channel: "C-APPROVALS",
		Ask:   approvals.Ask{Group: "group-01", Codes: []string{"IDU"}},
		Terms: approvals.Terms{TTL: time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustWriteFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What cannot be moved or copied is said with the right exit code, and without a
// password.
func TestMigrateAndBackupRefuse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	used, busy := filepath.Join(folder, "used.db"), filepath.Join(folder, "busy.db")
	fileOneRequest(t, "sqlite://"+used)
	s, err := store.Open(t.Context(), "sqlite://"+busy, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for line, want := range map[string]struct {
		code int
		says string
	}{
		"migrate":                   {2, "--from is required"},
		"migrate --from sqlite://a": {2, "--to is required"},
		"migrate --from sqlite://a --to mysql://root:hunter2@h":                        {2, "--to is not supported"},
		"migrate --from sqlite://a --to @/no/such/file":                                {2, "--to: /no/such/file: "},
		"migrate --from sqlite://a --to sqlite://a":                                    {2, "the same database"},
		"migrate --from sqlite://{}/none.db --to sqlite://{}/target.db":                {1, "nothing was moved: the source: stat"},
		"migrate --from sqlite://{}/used.db --to sqlite://{}/busy.db":                  {1, "nothing was moved: the target: database"},
		"migrate --from sqlite://{}/busy.db --to sqlite://{}/target.db":                {1, "is in use by another licensebot"},
		"migrate --from sqlite://{}/used.db --to postgres://bot:hunter2@127.0.0.1:1/x": {1, "nothing was moved: the target"},
		"backup": {2, "FILE"},
		"backup {}/used.db --from sqlite://{}/used.db":        {1, "used.db is there already"},
		"backup {}/copy.db --from sqlite://{}/none.db":        {1, "no such file"},
		"backup {}/copy.db --from postgres://bot:hunter2@h/x": {1, "use pg_dump"},
	} {
		code, out, problem := runCommand(t, strings.Fields(strings.ReplaceAll(line, "{}", folder))...)
		if code != want.code || !strings.Contains(problem, want.says) || strings.Contains(out+problem, "hunter2") {
			t.Errorf("%s: exit code %d, want %d\n%s%s", line, code, want.code, out, problem)
		}
	}
}

// backup copies what serve would use, while a bot has it open.
func TestBackupReadsTheEnvironment(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	url := "sqlite://" + filepath.Join(folder, "licensebot.db")
	fileOneRequest(t, url)
	running, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = running.Close() }()
	mustWriteFile(t, filepath.Join(folder, "url"), url)
	for name, value := range map[string]string{
		"LICENSEBOT_DATABASE_URL": url, "LICENSEBOT_DATABASE_URL_FILE": filepath.Join(folder, "url"),
	} {
		file := filepath.Join(folder, name)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "backup", file)
		cmd.Env = []string{asBinary + "=1", name + "=" + value}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		copied, err := store.Open(t.Context(), "sqlite://"+file, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := copied.Request(t.Context(), "R-ONE"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := copied.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A table that takes long has a line every other second, and its last one.
func TestMoveLines(t *testing.T) {
	t.Parallel()
	at := time.Unix(1000, 0)
	var out strings.Builder
	lines := &moveLines{out: &out, now: func() time.Time { return at }}
	for _, rows := range []int64{200, 400, 600, 601} {
		lines.report(store.MoveProgress{Table: "jobs", Rows: rows, Of: 601})
		at = at.Add(1100 * time.Millisecond)
	}
	want := "jobs                 200 of 601 rows\njobs                 600 of 601 rows\njobs                 601 of 601 rows\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
