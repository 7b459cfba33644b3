package store

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/audit"
	"licensebot/internal/pgtest"
)

// allowDeletes takes away what keeps journal rows from being changed, as the owner of the
// tables can.
func allowDeletes(t *testing.T, s underTest) {
	t.Helper()
	for _, table := range []string{"journal", "journal_seals"} {
		if _, isPostgres := s.engine.(*postgres); isPostgres {
			s.execSQL(t, `ALTER TABLE `+table+` DISABLE TRIGGER USER`)
			continue
		}
		s.execSQL(t, `DROP TRIGGER IF EXISTS `+table+`_no_delete`)
		s.execSQL(t, `DROP TRIGGER IF EXISTS `+table+`_no_update`)
	}
}

// verify returns the findings of a look by another process, and what was looked at.
func verify(t *testing.T, url string) (findings []string, chain *audit.Chain, waiting int64) {
	t.Helper()
	reader, err := OpenReader(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	chain = &audit.Chain{Report: func(finding string) { findings = append(findings, finding) }}
	waiting, _, err = reader.VerifyJournal(t.Context(), chain, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return findings, chain, waiting
}

func sealAll(ctx context.Context, b *bench) error {
	for {
		if more, err := b.store().SealJournal(ctx); err != nil || !more {
			return err
		}
	}
}

// TestReplicasSealWithoutGapsOrForks seals from two replicas while both write.
func TestReplicasSealWithoutGapsOrForks(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	var work sync.WaitGroup
	var benches []*bench
	for range 2 {
		b := openBench(t, url)
		t.Cleanup(func() { b.mustSucceed(b.Close()) })
		benches = append(benches, b)
	}
	const each = 60
	for i, b := range benches {
		done := make(chan struct{})
		work.Go(func() {
			defer close(done)
			for n := range each {
				r := sampleRequest(1000*(i+1) + n)
				if _, _, err := b.FileRequest(t.Context(), r); err != nil {
					t.Error(err)
				}
			}
		})
		work.Go(func() {
			for writing := true; writing; {
				select {
				case <-done:
					writing = false
				default:
				}
				if err := sealAll(t.Context(), b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	if findings, chain, waiting := verify(t, url); len(findings) > 0 || chain.Sealed != 2*each || waiting > 0 {
		t.Errorf("%d rows are sealed and %d wait, want %d and 0; findings: %q", chain.Sealed, waiting, 2*each, findings)
	}
}

// TestRowsInTheQueueByHand queues a sealed row again, one that is missing, and one to come. The
// bot goes on to write and to seal.
func TestRowsInTheQueueByHand(t *testing.T) {
	t.Parallel()
	for kind, url := range moveURLs {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			at := url(t)
			b := openBench(t, at)
			t.Cleanup(func() { b.mustSucceed(b.Close()) })
			b.postedCard(1, "group-01")
			b.mustSucceed(sealAll(t.Context(), b))
			_, before, _ := verify(t, at)
			b.underTest().execSQL(t, `INSERT INTO journal_unsealed (journal_id) VALUES (1), (0)`)
			b.underTest().execSQL(t, `INSERT INTO journal_unsealed SELECT max(id) + 1 FROM journal`)
			b.postedCard(2, "group-02")
			b.mustSucceed(sealAll(t.Context(), b))
			findings, after, waiting := verify(t, at)
			if len(findings) > 0 || waiting > 0 || after.Sealed <= before.Sealed {
				t.Errorf("%d rows were sealed and now %d; %d wait; findings: %q", before.Sealed, after.Sealed, waiting, findings)
			}
		})
	}
}

// TestDatabaseRefusesToChangeTheJournal tries it as the bot's own user.
func TestDatabaseRefusesToChangeTheJournal(t *testing.T) {
	t.Parallel()
	for kind, url := range moveURLs {
		t.Run(kind, func(t *testing.T) {
			b := openBench(t, url(t))
			t.Cleanup(func() { b.mustSucceed(b.Close()) })
			b.fileRequest(1)
			b.mustSucceed(sealAll(t.Context(), b))
			statements := []string{
				`UPDATE journal SET actor = 'U-OTHER'`, `DELETE FROM journal`, `UPDATE journal SET kind = kind`,
				`UPDATE journal_seals SET hash = 'x'`, `DELETE FROM journal_seals`,
			}
			if kind == "postgres" {
				statements = append(statements, `TRUNCATE journal, journal_words`, `TRUNCATE journal_seals`, `TRUNCATE requests CASCADE`)
			}
			for _, statement := range statements {
				_, err := b.store().write.ExecContext(t.Context(), statement)
				if err == nil || !strings.Contains(err.Error(), "append-only") {
					t.Errorf("%s: %v", statement, err)
				}
			}
		})
	}
}

// TestVerifyNamesEditsInTheDatabase makes each edit as the owner of the tables.
func TestVerifyNamesEditsInTheDatabase(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ edit, want string }{
		"nothing":            {`UPDATE requests SET state = state`, ""},
		"the channel moved":  {`UPDATE requests SET channel = 'C-NEW'`, ""},
		"an approver":        {`UPDATE journal_words SET words = replace(words, 'U-', 'W-') WHERE journal_id = 1`, "the words of journal row 1 "},
		"an actor":           {`UPDATE journal SET actor = 'uipath' WHERE id = 1`, "the words of journal row 1 "},
		"words deleted":      {`DELETE FROM journal_words WHERE journal_id = 1`, "the words of journal row 1 "},
		"a state":            {`UPDATE journal SET after = 'approved' WHERE id = 2`, "journal row 2 "},
		"a row deleted":      {`DELETE FROM journal_words WHERE journal_id = 2; DELETE FROM journal WHERE id = 2`, "journal row 2 is missing"},
		"a seal deleted":     {`DELETE FROM journal_seals WHERE seq = 2`, "seals 2 to 2 are missing"},
		"a deadline":         {`UPDATE requests SET deadline_at = deadline_at + 1`, "request R-00000001 is not as"},
		"a requester":        {`UPDATE requests SET requester = 'U-OTHER'`, "request R-00000001 is not as"},
		"a body":             {`UPDATE requests SET body = '{}'`, "request R-00000001 is not as"},
		"a card":             {`UPDATE requests SET card_ts = NULL`, "request R-00000001 is not as"},
		"the end of the log": {`DELETE FROM journal WHERE id = 3`, "request R-00000001 is not as"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := "sqlite://" + filepath.Join(t.TempDir(), "licensebot.db")
			b := openBench(t, url)
			t.Cleanup(func() { b.mustSucceed(b.Close()) })
			b.postedCard(1, "group-01")
			b.mustSucceed(sealAll(t.Context(), b))
			allowDeletes(t, b.underTest())
			b.underTest().execSQL(t, c.edit)
			findings, _, _ := verify(t, url)
			named := slices.ContainsFunc(findings, func(f string) bool { return strings.HasPrefix(f, c.want) })
			if c.want == "" && len(findings) > 0 || c.want != "" && !named {
				t.Errorf("got %q, want %q", findings, c.want)
			}
		})
	}
}

// TestVerifyNamesADeletedRequest deletes a request, with foreign keys off.
func TestVerifyNamesADeletedRequest(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	b := openBench(t, url)
	t.Cleanup(func() { b.mustSucceed(b.Close()) })
	b.fileRequest(1)
	b.underTest().execSQL(t, `ALTER TABLE journal DROP CONSTRAINT journal_request_id_fkey`)
	b.underTest().execSQL(t, `DELETE FROM jobs`)
	b.underTest().execSQL(t, `DELETE FROM requests`)
	findings, _, waiting := verify(t, url)
	want := []string{"request R-00000001 is missing: the journal tells of it, and its row was deleted"}
	if !slices.Equal(findings, want) || waiting != 1 {
		t.Errorf("got %q and %d waiting, want %q and 1", findings, waiting, want)
	}
}

// BenchmarkVerify walks a long journal. The rows have the size of a real request's.
//
//	go test ./internal/store -run '^$' -bench Verify -verify-rows 1000000
func BenchmarkVerify(b *testing.B) {
	path := filepath.Join(b.TempDir(), "licensebot.db")
	s, err := Open(b.Context(), "sqlite://"+path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	rows := *verifyRows
	loadJournal(b, s, rows)
	reader, err := OpenReader(b.Context(), "sqlite://"+path)
	if err != nil {
		b.Fatal(err)
	}
	began := cpuTime(b)
	for b.Loop() {
		chain := &audit.Chain{Report: func(finding string) { b.Error(finding) }}
		if _, _, err := reader.VerifyJournal(b.Context(), chain, time.Now()); err != nil {
			b.Fatal(err)
		}
		if chain.Sealed != int64(rows) {
			b.Fatal(fmt.Sprint("sealed: ", chain.Sealed))
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric((cpuTime(b)-began).Seconds()/float64(b.N), "cpu-s/op") // also right beside other work
	if err := errors.Join(reader.Close(), s.Close()); err != nil {
		b.Fatal(err)
	}
}

// cpuTime is how much of the cores this process used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

var verifyRows = flag.Int("verify-rows", 50_000, "how many rows BenchmarkVerify walks")

// loadJournal inserts requests with ten sealed rows each, several rows in one statement.
func loadJournal(b *testing.B, s *Store, rows int) {
	b.Helper()
	const each, batch = 10, 1000
	load := loader{each: each}
	for first := 0; first < rows/each; first += batch {
		err := s.runInTx(b.Context(), func(tx *tx) error {
			for n := first; n < min(first+batch, rows/each); n++ {
				if err := load.request(b.Context(), tx, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// A loader knows where the chain ends.
type loader struct {
	each int
	last int64
	head string
}

func (l *loader) request(ctx context.Context, t *tx, n int) error {
	r := sampleRequest(n)
	r.State, r.FiledAt, r.Deadline = approvals.Filed, t.now, t.now.Add(ttl)
	if _, err := t.insertRequest(ctx, r); err != nil {
		return err
	}
	digest, err := readDigest(t.QueryRowContext(ctx, `SELECT `+digestColumns+` FROM requests WHERE id = $1`, r.ID))
	if err != nil {
		return err
	}
	var journal, words, seals []any
	before := ""
	for range l.each {
		row := audit.Row{
			ID: l.last + 1, RequestID: r.ID, At: toMicros(t.now), Kind: "votes_counted", Before: before, After: "filed",
			RequestDigest: digest,
		}
		event := approvals.VotesCounted{Ballots: []approvals.Ballot{
			{User: "U-ANNA", Name: "white_check_mark", EventTS: "1772442000.000100", Eligibility: approvals.Counts, Stages: []int{0}},
			{User: "U-BEN", Name: "x", EventTS: "1772442000.000200", Eligibility: approvals.NotApprover},
		}}
		if err := t.takeWords(&row, entry{Actor: "U-ANNA", Event: event}); err != nil {
			return err
		}
		l.last, l.head = row.ID, row.Seal(row.ID, l.head)
		before = "filed"
		journal = append(journal, row.ID, r.ID, row.At, row.Kind, row.Actor, row.Before, row.After, row.Event, row.Commitment, digest)
		words = append(words, row.ID, row.Words)
		seals = append(seals, row.ID, row.ID, l.head)
	}
	return errors.Join(
		l.insert(ctx, t, "journal (id, request_id, at, kind, actor, before, after, event, commitment, request_digest)", journal),
		l.insert(ctx, t, "journal_words (journal_id, words)", words),
		l.insert(ctx, t, "journal_seals (seq, journal_id, hash)", seals))
}

func (l *loader) insert(ctx context.Context, t *tx, into string, values []any) error {
	one := "(?" + strings.Repeat(", ?", len(values)/l.each-1) + ")"
	_, err := t.ExecContext(ctx, "INSERT INTO "+into+" VALUES "+one+strings.Repeat(", "+one, l.each-1), values...)
	return err
}
