package store

import (
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// onBoth runs a test on a SQLite file and on PostgreSQL.
func onBoth(t *testing.T, test func(*bench, underTest)) {
	t.Run("SQLite", func(t *testing.T) {
		b, s := sqliteBench(t)
		test(b, s)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
		s := openURL(t, pgtest.ReusedURL(t), clock.now)
		test(&bench{T: t, Conformant: s, clock: clock}, s)
	})
}

func requestNumbers(all []approvals.Request) string {
	var names []string
	for _, r := range all {
		names = append(names, strings.TrimLeft(r.ID, "R-0"))
	}
	return strings.Join(names, " ")
}

func TestListUndecided(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		b.fileRequest(1) // no card yet
		b.completeNext(approvals.JobPrepare)
		for n := 2; n <= 5; n++ {
			b.clock.advance(time.Second)
			r := b.postedCard(n, group)
			if n == 3 {
				b.approveRequest(r)
			}
		}
		all, err := s.ListUndecided(b.context(), 10)
		b.mustSucceed(err)
		if got := requestNumbers(all); got != "2 4 5" {
			b.Errorf("undecided are %s, want 2 4 5", got)
		}
		first, err := s.ListUndecided(b.context(), 2)
		b.mustSucceed(err)
		if got := requestNumbers(first); got != "2 4" {
			b.Errorf("the next two are %s, want 2 4", got)
		}
	})
}

// The cost of App Home must not grow with old requests.
func TestListUndecidedUsesIndexes(t *testing.T) {
	queries := map[string]string{
		strings.NewReplacer("$1", "10").Replace(undecidedQuery): "requests_undecided",
	}
	t.Run("SQLite", func(t *testing.T) {
		b, s := sqliteBench(t)
		for n := range 20 {
			b.fileRequest(n)
		}
		if _, err := s.write.ExecContext(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
		for query, index := range queries {
			wantPlan(t, query, explainSQLite(t, s.write, query), index, "TEMP B-TREE")
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s := openURL(t, pgtest.ReusedURL(t), nil)
		loadMixed(t, s)
		for query, index := range queries {
			wantPlan(t, query, strings.Join(s.readRows(t, "EXPLAIN "+query), "\n"), index, "Seq Scan", "Sort")
		}
	})
}

// loadMixed writes thousands of rows, so that an index is cheaper for PostgreSQL
// than a scan.
func loadMixed(t *testing.T, s underTest) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO requests (id, envelope_id, state, requester, channel, card_ts, group_id, filed_at, deadline_at, closed_at, body)
		SELECT 'R-' || n, 'e-' || n, CASE WHEN n % 50 = 0 THEN 'pending' ELSE 'denied' END,
			CASE WHEN n % 40 = 0 THEN 'U-REQUESTER' ELSE 'U-' || n % 40 END, 'C', '17.' || n, 'g', n, n + 10000,
			CASE WHEN n % 50 = 0 THEN NULL ELSE n + 1 END, '{}' FROM generate_series(1, 8000) AS n`,
		`VACUUM ANALYZE requests`,
	} {
		if _, err := s.write.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func wantPlan(t *testing.T, query, plan, index string, none ...string) {
	t.Helper()
	if !strings.Contains(plan, index) {
		t.Errorf("the plan of %s does not use %s:\n%s", query, index, plan)
	}
	for _, bad := range none {
		if strings.Contains(plan, bad) {
			t.Errorf("%s:\n%s", query, plan)
		}
	}
}
