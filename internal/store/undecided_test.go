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
		s := openURL(t, pgtest.URL(t), clock.now)
		test(&bench{T: t, Conformant: s, clock: clock}, s)
	})
}

func ids(all []approvals.Request) string {
	var names []string
	for _, r := range all {
		names = append(names, strings.TrimLeft(r.ID, "R-0"))
	}
	return strings.Join(names, " ")
}

func TestUndecided(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		b.file(1) // no card yet
		b.finish(approvals.JobPrepare)
		for n := 2; n <= 5; n++ {
			b.clock.advance(time.Second)
			r := b.card(n, group)
			if n == 3 {
				b.approve(r)
			}
		}
		all, err := s.ListUndecided(b.ctx(), 10)
		b.must(err)
		if got := ids(all); got != "2 4 5" {
			b.Errorf("%s wait for votes", got)
		}
		first, err := s.ListUndecided(b.ctx(), 2)
		b.must(err)
		if got := ids(first); got != "2 4" {
			b.Errorf("%s are the next two", got)
		}
	})
}

// Opening App Home must not cost more with every request there ever was.
func TestHomeQueriesUseIndexes(t *testing.T) {
	queries := map[string]string{
		strings.NewReplacer("$1", "10").Replace(undecidedQuery): "requests_undecided",
	}
	t.Run("SQLite", func(t *testing.T) {
		b, s := sqliteBench(t)
		for n := range 20 {
			b.file(n)
		}
		if _, err := s.write.ExecContext(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
		for query, index := range queries {
			expectPlan(t, query, explainSQLite(t, s.write, query), index, "TEMP B-TREE")
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s := openURL(t, pgtest.URL(t), nil)
		populate(t, s)
		for query, index := range queries {
			expectPlan(t, query, strings.Join(s.rows(t, "EXPLAIN "+query), "\n"), index, "Seq Scan", "Sort")
		}
	})
}

// populate writes thousands of rows, so that PostgreSQL finds an index worth it.
func populate(t *testing.T, s underTest) {
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

func expectPlan(t *testing.T, query, plan, index string, none ...string) {
	t.Helper()
	if !strings.Contains(plan, index) {
		t.Errorf("%s does not use %s:\n%s", query, index, plan)
	}
	for _, bad := range none {
		if strings.Contains(plan, bad) {
			t.Errorf("%s:\n%s", query, plan)
		}
	}
}
