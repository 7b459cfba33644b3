package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"licensebot/internal/pgtest"
)

// describeFaults is each fault with its aspect.
func describeFaults(i Inspection) string {
	var lines []string
	for _, fault := range i.Faults {
		lines = append(lines, fmt.Sprintf("%s: %s", fault.Aspect, fault.Found))
		if fault.Remedy == "" {
			lines = append(lines, "without a remedy")
		}
	}
	return strings.Join(lines, "\n")
}

func wantFault(t *testing.T, i Inspection, want string) {
	t.Helper()
	got := describeFaults(i)
	if want == "" && got != "" || !strings.Contains(got, want) || strings.Contains(got, "without a remedy") {
		t.Errorf("%q instead of %q", got, want)
	}
}

// changeSQL runs a statement on a closed database.
func changeSQL(t *testing.T, driver, source, statement string) {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// makeDatabase makes a database as a start does.
func makeDatabase(t *testing.T, url string) {
	t.Helper()
	s, err := Open(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if i := s.Inspect(t.Context()); strings.HasPrefix(url, "sqlite") && len(i.Faults) > 0 || i.Schema != i.Known {
		t.Errorf("while it is open: %+v", i)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestInspectSQLite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, path string)
		want    string
	}{
		"as a start leaves it": {func(*testing.T, string) {}, ""},
		"a newer schema": {func(t *testing.T, path string) {
			changeSQL(t, "sqlite", "file:"+path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
		}, "migrated: a newer licensebot has upgraded it to schema 99"},
		"a pre-release": {func(t *testing.T, path string) {
			changeSQL(t, "sqlite", "file:"+path, `CREATE TABLE owed (id INTEGER)`)
		}, "migrated: it was made by a pre-release"},
		"two names": {func(t *testing.T, path string) {
			if err := os.Link(path, path+"2"); err != nil {
				t.Fatal(err)
			}
		}, "reachable: database"},
		"another file": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("text\n", 2000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "reachable: the database"},
		"a file that cannot be written": {func(t *testing.T, path string) {
			if os.Getuid() == 0 {
				t.Skip("this user may write everything")
			}
			if err := os.Chmod(path, 0o400); err != nil {
				t.Fatal(err)
			}
		}, "writable: the file cannot be written"},
		"an empty file": {func(t *testing.T, path string) {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "bot.db")
			makeDatabase(t, "sqlite://"+path)
			c.prepare(t, path)
			wantFault(t, Inspect(t.Context(), "sqlite://"+path), c.want)
		})
	}
}

func TestInspectSQLiteBeforeTheStart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	i := Inspect(t.Context(), "sqlite://"+filepath.Join(folder, "bot.db"))
	if !i.Absent || !i.Missing || len(i.Faults) > 0 {
		t.Errorf("%+v", i)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Errorf("%v, it made %v", err, entries)
	}
	wantFault(t, Inspect(t.Context(), "sqlite://"+filepath.Join(folder, "no", "bot.db")), "reachable: the folder")
	wantFault(t, Inspect(t.Context(), "sqlite://bot.db?mode=rwc"), "reachable: LICENSEBOT_DATABASE_URL has parameters")
}

func TestInspectPostgres(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	const power = "durable: fsync is off" // of the tests' server
	if i := Inspect(t.Context(), url); !i.Missing || describeFaults(i) != power+": a power cut loses what people were told is recorded" {
		t.Errorf("%+v", i)
	}
	makeDatabase(t, url)
	i := Inspect(t.Context(), url)
	if i.Missing || i.Schema != i.Known || !i.HasClock || i.Clock.Abs() > maxClockLag {
		t.Errorf("%+v", i)
	}
	wantFault(t, Inspect(t.Context(), withParameter(t, url, "default_transaction_read_only", "on")), "writable: the server takes no writes")
	wantFault(t, Inspect(t.Context(), withParameter(t, url, "synchronous_commit", "off")), "durable: synchronous_commit is off")
	asOther := withParameter(t, url, "role", "pg_monitor")
	wantFault(t, Inspect(t.Context(), asOther), "reachable: there is no schema")
	changeSQL(t, "pgx", url, `DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO pg_monitor', current_schema()); END $$`)
	wantFault(t, Inspect(t.Context(), asOther), "writable: the user may not read and write the tables goose_db_version, jobs, journal")
	changeSQL(t, "pgx", url, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`)
	wantFault(t, Inspect(t.Context(), url), "migrated: a newer licensebot")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantFault(t, Inspect(ctx, url), "reachable: the database")
}

// maxClockLag is far more than one machine's clock differs from itself.
const maxClockLag = 5e9
