package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// moveURLs makes an empty database of each kind.
var moveURLs = map[string]func(t *testing.T) string{
	"sqlite":   func(t *testing.T) string { return "sqlite://" + filepath.Join(t.TempDir(), "licensebot.db") },
	"postgres": func(t *testing.T) string { return pgtest.URL(t) },
}

// openBench opens a database with a clock of the test.
func openBench(t *testing.T, url string) *bench {
	t.Helper()
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s, err := Open(t.Context(), url, Options{Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{T: t, Conformant: underTest{s}, clock: clock}
}

// fillAllTables leaves at least one row in every table, and a job number that is gone.
func fillAllTables(b *bench) {
	b.Helper()
	adoptsOnce(b)
	open := b.postedCard(30, "group-30")
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(open, "U-ANNA", "1.1", true)))
	b.mustSucceed(b.DeadLetter(b.context(), "envelope-odd", "unknown type", []byte(`{"type":"‘news’ 🙂"}`)))
	for n := range moveBatch + 1 {
		b.fileRequest(1000 + n)
	}
	fillEmptyTables(b.T, b.store())
}

// fillEmptyTables gives a row to each table that has none: one that was added later is
// moved and upgraded like the others.
func fillEmptyTables(t *testing.T, s *Store) {
	t.Helper()
	for table, n := range countAll(t, s) {
		if n > 0 {
			continue
		}
		if _, err := s.write.ExecContext(t.Context(), sampleRow(t, s, table)); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
}

// sampleRow is an INSERT with some value of each column's type.
func sampleRow(t *testing.T, s *Store, table string) string {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), `SELECT * FROM `+table+` LIMIT 0`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.ColumnTypes()
	if err = errors.Join(err, rows.Err()); err != nil {
		t.Fatal(err)
	}
	var names, values []string
	for _, column := range columns {
		names = append(names, `"`+column.Name()+`"`)
		if column.DatabaseTypeName() == "TEXT" {
			values = append(values, "'x'")
		} else {
			values = append(values, "1")
		}
	}
	return fmt.Sprintf(`INSERT INTO %s (%s) %s VALUES (%s)`, table,
		strings.Join(names, ", "), dialectOf(s.engine).insertIDs, strings.Join(values, ", "))
}

// wholeDump reads every table of a database that no bot uses, rows sorted.
func wholeDump(t *testing.T, url string) map[string][]string {
	t.Helper()
	s, err := openAlone(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	m, err := beginMove(t.Context(), s, s.read.DB)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Rollback() }()
	dump := map[string][]string{}
	for _, table := range m.tables {
		columns, err := m.readColumns(t.Context(), table)
		if err == nil {
			err = m.eachRow(t.Context(), `SELECT `+columns+` FROM `+table, func(row []any) error {
				dump[table] = append(dump[table], fmt.Sprintf("%q", row))
				return nil
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(dump[table])
	}
	return dump
}

func wantSameDump(t *testing.T, got, want map[string][]string) {
	t.Helper()
	for table := range want {
		if !slices.Equal(got[table], want[table]) {
			t.Errorf("table %s has %d rows, want %d:\n%.300v\n%.300v", table,
				len(got[table]), len(want[table]), got[table], want[table])
		}
	}
}

// Everything arrives, in each direction, and the bot goes on with it: the next job
// takes a number that no job has had.
func TestMoveBetweenAllKinds(t *testing.T) {
	for from, fromURL := range moveURLs {
		for to, toURL := range moveURLs {
			t.Run(from+" to "+to, func(t *testing.T) {
				source, target := fromURL(t), toURL(t)
				b := openBench(t, source)
				fillAllTables(b)
				last := b.claimJob(approvals.JobPrepare)
				b.mustSucceed(b.CompleteJob(b.context(), last))
				newest := b.fileRequest(5000)
				for {
					job, r, err := b.ClaimJob(b.context(), lease, approvals.JobPrepare)
					b.mustSucceed(err)
					b.mustSucceed(b.CompleteJob(b.context(), job))
					if last = job; r.ID == newest.ID {
						break
					}
				}
				b.mustSucceed(b.Close())
				want := wholeDump(t, source)
				for table, rows := range want {
					if len(rows) == 0 {
						t.Fatalf("the test has no row in table %s", table)
					}
				}
				done := map[string]int64{}
				if err := Move(t.Context(), source, target, func(p MoveProgress) {
					if p.Rows < done[p.Table] || p.Rows > p.Of {
						t.Errorf("progress %+v after %d rows", p, done[p.Table])
					}
					done[p.Table] = p.Rows
				}); err != nil {
					t.Fatal(err)
				}
				wantSameDump(t, wholeDump(t, target), want)
				for table, rows := range want {
					if done[table] != int64(len(rows)) {
						t.Errorf("progress ends at %d of table %s, want %d", done[table], table, len(rows))
					}
				}
				moved := openBench(t, target)
				t.Cleanup(func() { moved.mustSucceed(moved.Close()) })
				moved.fileRequest(6000)
				if job := moved.claimJob(approvals.JobPrepare); job.ID <= last.ID {
					t.Errorf("a new job has number %d, and %d was given out before", job.ID, last.ID)
				}
			})
		}
	}
}

// A move is refused while a bot runs on either database, and leaves both as they are.
func TestMoveIsRefusedWhileABotRuns(t *testing.T) {
	for kind, url := range moveURLs {
		t.Run(kind, func(t *testing.T) {
			busy, free := url(t), moveURLs["sqlite"](t)
			b := openBench(t, busy)
			fillAllTables(b)
			other := openBench(t, free)
			other.fileRequest(1)
			other.mustSucceed(other.Close())
			b.wantUnchanged(func() {
				for _, way := range [][2]string{{busy, moveURLs["sqlite"](t)}, {free, busy}} {
					err := Move(t.Context(), way[0], way[1], func(MoveProgress) { t.Error("something was moved") })
					if err == nil || !strings.Contains(err.Error(), "licensebot") || !strings.Contains(err.Error(), "stop ") {
						t.Errorf("got %v", err)
					}
				}
			})
			b.mustSucceed(b.Close())
			if err := Move(t.Context(), busy, moveURLs["sqlite"](t), func(MoveProgress) {}); err != nil {
				t.Errorf("after the bot has stopped: %v", err)
			}
		})
	}
}

// No bot starts on a database that a move holds.
func TestNoBotStartsDuringAMove(t *testing.T) {
	for kind, url := range moveURLs {
		t.Run(kind, func(t *testing.T) {
			held := url(t)
			s, err := openAlone(t.Context(), held)
			if err != nil {
				t.Fatal(err)
			}
			if bot, err := Open(t.Context(), held, Options{}); err == nil {
				_ = bot.Close()
				t.Error("a bot started")
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			openURL(t, held, nil)
		})
	}
}

// A target with a row in any table is refused, and stays as it is.
func TestMoveNeedsAnEmptyTarget(t *testing.T) {
	for kind, url := range moveURLs {
		t.Run(kind, func(t *testing.T) {
			source, target := moveURLs["sqlite"](t), url(t)
			b := openBench(t, source)
			b.fileRequest(1)
			b.mustSucceed(b.Close())
			used := openBench(t, target)
			used.mustSucceed(used.DeadLetter(t.Context(), "envelope-1", "unknown type", nil))
			used.mustSucceed(used.Close())
			want := wholeDump(t, target)
			err := Move(t.Context(), source, target, func(MoveProgress) {})
			if err == nil || !strings.Contains(err.Error(), "dead_letters has rows (1)") {
				t.Errorf("got %v", err)
			}
			wantSameDump(t, wholeDump(t, target), want)
		})
	}
}

// A move that is stopped, at whatever table, leaves the target empty, and can be made
// again.
func TestStoppedMoveLeavesTheTargetEmpty(t *testing.T) {
	for kind, url := range moveURLs {
		t.Run(kind, func(t *testing.T) {
			source, target := moveURLs["sqlite"](t), url(t)
			b := openBench(t, source)
			fillAllTables(b)
			b.mustSucceed(b.Close())
			for _, table := range []string{"requests", "journal", "dead_letters"} {
				ctx, stop := context.WithCancel(t.Context())
				err := Move(ctx, source, target, func(p MoveProgress) {
					if p.Table == table {
						stop()
					}
				})
				stop()
				if err == nil {
					t.Fatalf("stopped at %s, it did not fail", table)
				}
				for table, rows := range wholeDump(t, target) {
					if len(rows) > 0 {
						t.Errorf("table %s has %d rows", table, len(rows))
					}
				}
			}
			if err := Move(t.Context(), source, target, func(MoveProgress) {}); err != nil {
				t.Error(err)
			}
		})
	}
}

// A copy that differs in one value, or by one row, is noticed whatever the order.
func TestTableDigest(t *testing.T) {
	digest := func(rows ...[]any) (d tableDigest) {
		for _, row := range rows {
			d.add(row)
		}
		return d
	}
	a, b := []any{int64(1), "x", nil}, []any{int64(2), "y", "z"}
	if digest(a, b) != digest(b, a) {
		t.Error("the order matters")
	}
	for name, other := range map[string]tableDigest{
		"a row less": digest(a), "a row twice": digest(a, a), "a text": digest(a, []any{int64(2), "y", "Z"}),
		"a type": digest(a, []any{"2", "y", "z"}), "an empty text for none": digest([]any{int64(1), "x", ""}, b),
		"a border": digest(a, []any{int64(2), "yz", ""}),
	} {
		if other == digest(a, b) {
			t.Errorf("%s makes no difference", name)
		}
	}
}

// What cannot be a source is refused, and no file is left.
func TestMoveNeedsASource(t *testing.T) {
	missing := moveURLs["sqlite"](t)
	if err := Move(t.Context(), missing, moveURLs["sqlite"](t), func(MoveProgress) {}); err == nil {
		t.Error("a missing file was moved")
	}
	if files, _ := filepath.Glob(filepath.Dir(strings.TrimPrefix(missing, "sqlite://")) + "/*"); len(files) > 0 {
		t.Errorf("it left %v", files)
	}
	empty := openBench(t, missing)
	empty.mustSucceed(empty.Close())
	err := Move(t.Context(), missing, moveURLs["sqlite"](t), func(MoveProgress) {})
	if err == nil || !strings.Contains(err.Error(), "nothing to move") {
		t.Errorf("got %v", err)
	}
}
