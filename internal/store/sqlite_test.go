package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
)

func TestSQLiteConforms(t *testing.T) {
	checkConformance(t, func(t *testing.T, now func() time.Time) Conformant {
		return openFile(t, filepath.Join(t.TempDir(), "licensebot.db"), now)
	})
}

// underTest is a store with helpers that read its tables.
type underTest struct{ *Store }

func openFile(t *testing.T, path string, now func() time.Time) underTest {
	t.Helper()
	return openURL(t, "sqlite://"+path, now)
}

func (s underTest) Dump(t *testing.T) map[string][]string {
	t.Helper()
	tables := map[string][]string{}
	for _, table := range []string{"requests", "reactions", "journal", "jobs", "dead_letters"} {
		tables[table] = s.readRows(t, "SELECT * FROM "+table+" ORDER BY 1, 2, 3, 4")
	}
	return tables
}

// readRows reads a query's rows as text.
func (s underTest) readRows(t testing.TB, query string, args ...any) []string {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var line []string
		for i, v := range values {
			line = append(line, fmt.Sprintf("%s=%v", columns[i], *v.(*any)))
		}
		all = append(all, strings.Join(line, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func sqliteBench(t *testing.T) (*bench, underTest) {
	t.Helper()
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s := openFile(t, filepath.Join(t.TempDir(), "licensebot.db"), clock.now)
	return &bench{T: t, Conformant: s, clock: clock}, s
}

// A crash leaves the files as they are, and no code closes the database. A copy of
// the files of an open store must have all that was filed.
func TestFiledRequestSurvivesACrash(t *testing.T) {
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	path := filepath.Join(t.TempDir(), "licensebot.db")
	before := &bench{T: t, Conformant: openFile(t, path, clock.now), clock: clock}
	r := before.postedCard(1, group)
	held := before.claimJob(approvals.JobCountVotes)
	before.mustSucceed(before.MarkTried(before.context(), held))
	before.fileRequest(2)

	after := &bench{T: t, Conformant: openFile(t, copyDatabase(t, path), clock.now), clock: clock}
	read, err := after.Request(after.context(), r.ID)
	after.mustSucceed(err)
	if read.State != approvals.Pending || read.CardTS != r.CardTS || read.Proposal == nil {
		t.Errorf("the request after the crash is %+v", read)
	}
	// The leases of the dead process are released at once, and its tries are kept. If
	// it were still running, the fence would stop it.
	taken := after.claimJob(approvals.JobCountVotes)
	if taken.ID != held.ID || taken.Attempt <= held.Attempt || taken.TriedAt.IsZero() {
		t.Errorf("the job came again as %+v, was %+v", taken, held)
	}
	after.wantError(after.CompleteJob(after.context(), held), approvals.ErrLeaseLost)
	if job := after.claimJob(approvals.JobPrepare); job.RequestID != sampleRequest(2).ID {
		t.Errorf("the job is %+v", job)
	}
}

func copyDatabase(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		from, err := os.Open(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(from)
		_ = from.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func TestCommitsReachTheDisk(t *testing.T) {
	_, s := sqliteBench(t)
	for pragma, want := range map[string]string{
		"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "secure_delete": "1",
	} {
		for name, db := range map[string]*sql.DB{"writer": s.write, "reader": s.read.DB} {
			var got string
			if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s has %s = %s, want %s (%v)", name, pragma, got, want, err)
			}
		}
	}
	if _, err := s.read.ExecContext(t.Context(), "DELETE FROM jobs"); err == nil {
		t.Error("a read-only connection wrote")
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "licensebot.db")
	first := openFile(t, path, time.Now)
	_, err := Open(t.Context(), "sqlite://"+path, Options{})
	if err == nil || !strings.Contains(err.Error(), "in use by another licensebot") || !strings.Contains(err.Error(), path) {
		t.Errorf("the second process got %v", err)
	}
	if err := first.Ping(t.Context()); err != nil {
		t.Errorf("the first process cannot write any more: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	openFile(t, path, time.Now)
}

func TestOpenErrors(t *testing.T) {
	for _, c := range []struct{ url, want, never string }{
		{"mysql://bot:hunter2@db/licensebot", "use sqlite://FILE", "hunter2"},
		{"licensebot.db", "use sqlite://FILE", "nothing"},
		{"sqlite://", "use sqlite://FILE", "nothing"},
		{"sqlite://" + filepath.Join(t.TempDir(), "no", "such", "folder.db"), "does its folder exist", "nothing"},
	} {
		_, err := Open(t.Context(), c.url, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), c.never) {
			t.Errorf("Open(%q): %v, want %q in it", c.url, err, c.want)
		}
	}
}

func TestFilesBelongToTheOwnerAlone(t *testing.T) {
	b, _ := sqliteBench(t)
	b.fileRequest(1)
	path := filepath.Join(t.TempDir(), "odd #50% name & co.db")
	openFile(t, path, time.Now)
	for _, file := range []string{path, path + "-wal"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(file), mode)
		}
	}
}

func TestCloseTwice(t *testing.T) {
	s, err := Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "l.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.Ping(context.Background()); err == nil {
		t.Error("Ping succeeds on a closed store")
	}
}

// The schema enforces the figure of package approvals against raw SQL as well.
func TestSchemaRefusesImpossibleRows(t *testing.T) {
	b, s := sqliteBench(t)
	pending := b.postedCard(1, group)
	b.fileRequest(2)
	for _, c := range []struct{ name, statement string }{
		{"an unknown state", `UPDATE requests SET state = 'lost' WHERE id = $1`},
		{"no requester", `UPDATE requests SET requester = '' WHERE id = $1`},
		{"no channel", `UPDATE requests SET channel = '' WHERE id = $1`},
		{"a deadline before the filing", `UPDATE requests SET deadline_at = filed_at WHERE id = $1`},
		{"a closed state without its time", `UPDATE requests SET state = 'denied' WHERE id = $1`},
		{"an open request with a closing time", `UPDATE requests SET closed_at = 5 WHERE id = $1`},
		{"a filed request with a card", `UPDATE requests SET state = 'filed', group_id = NULL WHERE id = $1`},
		{"a filed request with a group", `UPDATE requests SET state = 'filed', card_ts = NULL WHERE id = $1`},
		{"a refused request with a card", `UPDATE requests SET state = 'refused', closed_at = 5, group_id = NULL WHERE id = $1`},
		{"a pending request without a group", `UPDATE requests SET group_id = NULL WHERE id = $1`},
		{"an approval without its time", `UPDATE requests SET state = 'approved' WHERE id = $1`},
		{"done without an approval", `UPDATE requests SET state = 'done', closed_at = 5, in_effect = 1 WHERE id = $1`},
		{"done without effect", `UPDATE requests SET state = 'done', closed_at = 5, decided_at = 4 WHERE id = $1`},
		{"an open request in effect", `UPDATE requests SET in_effect = 1 WHERE id = $1`},
		{"failed without an approval", `UPDATE requests SET state = 'failed', closed_at = 5 WHERE id = $1`},
		{"superseded without an approval", `UPDATE requests SET state = 'superseded', closed_at = 5 WHERE id = $1`},
		{"a grant of a request that is not done", `UPDATE requests SET grant_until = 5 WHERE id = $1`},
		{"an envelope used twice", `UPDATE requests SET envelope_id = 'envelope-2' WHERE id = $1`},
		{"one card for two requests", `UPDATE requests SET state = 'cancelled', closed_at = 5,
			card_ts = (SELECT card_ts FROM requests WHERE id = $1) WHERE id = 'R-00000002'`},
		{"a lease that is neither 0 nor 1", `UPDATE jobs SET leased = 2 WHERE request_id = $1`},
		{"the same job twice", `INSERT INTO jobs (request_id, kind, key, detail, due_at) VALUES ($1, 'add_reactions', '', '', 1)`},
		{"a job without a request", `INSERT INTO jobs (request_id, kind, key, detail, due_at)
			VALUES ($1 || 'X', 'add_reactions', '', '', 1)`},
		{"a journal line without a request", `INSERT INTO journal (request_id, at, kind, actor, before, after, event)
			VALUES ($1 || 'X', 1, '', '', '', '', '')`},
		{"words without a journal line", `INSERT INTO journal_words VALUES (length($1) + 10000, '[]')`},
		{"a request deleted while it has a journal", `DELETE FROM requests WHERE id = $1`},
		{"a reaction neither present nor gone", `INSERT INTO reactions (channel, ts, user_id, name, present, dated, event_ts, seen_at) VALUES ('C', $1, 'U', 'x', 2, 1, '', 1)`},
		{"a reaction neither dated nor undated", `INSERT INTO reactions VALUES ('C', $1, 'U', 'x', 1, 2, '', 1, NULL)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.wantUnchanged(func() {
				_, err := s.write.ExecContext(t.Context(), c.statement, pending.ID)
				if err == nil || !strings.Contains(err.Error(), "constraint failed") {
					t.Errorf("the schema accepts it: %v", err)
				}
			})
		})
	}
}

// A closeSpy is an engine that tells when it is closed.
type closeSpy struct {
	engine
	onClose func()
}

func (e closeSpy) close() error { e.onClose(); return e.engine.close() }

// Another process that gets the lock must be the only one with the database open.
func TestLockOutlivesTheDatabase(t *testing.T) {
	s, err := Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "licensebot.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.engine = closeSpy{engine: s.engine, onClose: func() {
		if s.write.PingContext(t.Context()) == nil || s.read.PingContext(t.Context()) == nil {
			t.Error("the database is still open when its lock is released")
		}
	}}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A time that carries the process's own clock would hide that the host's clock was set.
func TestSQLiteReadsTheClockOnTheWall(t *testing.T) {
	s, err := Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "licensebot.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	now, err := s.Now(t.Context())
	if err != nil || now != now.Round(0) { //nolint:revive // Equal would not see the other clock
		t.Errorf("the clock shows %v, %v", now, err)
	}
}

func TestSQLiteRefusesANewerDatabase(t *testing.T) {
	wantNewerRefused(t, "sqlite://"+filepath.Join(t.TempDir(), "licensebot.db"), false)
}

// wantNewerRefused upgrades a database to a schema of the future. This version must
// refuse to open it. A store that has it open already goes on.
func wantNewerRefused(t *testing.T, url string, shared bool) {
	t.Helper()
	running, err := Open(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = running.Close() }()
	_, err = running.write.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, $1)`, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := running.FileRequest(t.Context(), sampleRequest(1)); err != nil {
		t.Errorf("the open store does not go on: %v", err)
	}
	if !shared {
		_ = running.Close()
	}
	refused, err := Open(t.Context(), url, Options{})
	if err == nil {
		_ = refused.Close()
		t.Fatal("a newer database was opened")
	}
	for _, word := range []string{"newer licensebot", "start that version", "backup"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

// A file from before the first release has other tables. The store refuses it and
// leaves it unchanged.
func TestPreReleaseDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "licensebot.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE owed (id INTEGER); INSERT INTO owed VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), "sqlite://"+path, Options{})
	if err == nil || !strings.Contains(err.Error(), "made by a pre-release of licensebot") {
		t.Fatalf("Open returned %v, want a refusal", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before[:16], after[:16]) {
		t.Errorf("the file was changed: %v", err)
	}
}
