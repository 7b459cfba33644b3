package store

import (
	"fmt"
	"strings"
	"testing"
)

// loadPending puts n pending requests into a store, each with its card, two
// reactions and its timers, and updates the planner's statistics. Half of them
// also have another job that is due.
func (s underTest) loadPending(t testing.TB, n int) {
	t.Helper()
	id := `'R-L' || n`
	at := `1772400000000000 + n` // the evening of 1 March 2026
	for _, statement := range []string{
		`INSERT INTO requests (id, envelope_id, state, requester, channel, card_ts, group_id, filed_at, deadline_at, body) ` + series +
			`SELECT ` + id + `, 'loaded-' || n, 'pending', 'U-REQUESTER', 'C-APPROVALS', '1600000000.' || n, 'group-' || (n % 100), ` +
			at + `, ` + at + ` + 86400000000, '{"terms":{"ttl":86400000000000},"proposal":{"group":{"id":"group-' || (n % 100) || '"}}}' FROM series`,
		`INSERT INTO journal (request_id, at, kind, actor, before, after, event) ` + series +
			`SELECT ` + id + `, ` + at + `, 'filed', 'U-REQUESTER', '', 'filed', '{}' FROM series`,
		`INSERT INTO reactions (channel, ts, user_id, name, dated, present, event_ts, seen_at) ` + series +
			`SELECT 'C-APPROVALS', '1600000000.' || n, 'U-' || who, 'white_check_mark', 1, 1, '1600000001.' || n, ` + at +
			` FROM series CROSS JOIN (SELECT 1 AS who UNION ALL SELECT 2) AS people`,
		`INSERT INTO jobs (request_id, kind, key, detail, due_at) ` + series +
			`SELECT ` + id + `, 'expire', '', '{}', ` + at + ` + 86400000000 FROM series`,
		`INSERT INTO jobs (request_id, kind, key, detail, due_at) ` + series +
			`SELECT ` + id + `, 'remind', '', '{}', ` + at + ` + 80000000000 FROM series`,
		`INSERT INTO jobs (request_id, kind, key, detail, lane, in_order, due_at) ` + series +
			`SELECT ` + id + `, 'update_card', '', '{}', 'card ' || ` + id + `, 1, ` + at + ` FROM series WHERE n % 2 = 0`,
	} {
		s.execSQL(t, strings.Replace(statement, "%d", fmt.Sprint(n), 1)) // the other % is the modulo operator
	}
	s.execSQL(t, "ANALYZE")
}

// series are the numbers from 1.
const series = `WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < %d) `

// loadDone puts n done requests into a store, from twenty people for a hundred
// groups, with their journal. In each group the last twentieth have a running
// grant. There are as many that only the channel tells of.
func (s underTest) loadDone(t testing.TB, n int) {
	t.Helper()
	at := `1600000000000000 + CAST(n AS BIGINT) * 60000000` // one a minute, in 2020
	for _, statement := range []string{
		`INSERT INTO requests (id, envelope_id, state, requester, channel, card_ts, group_id, filed_at, deadline_at, decided_at, closed_at, grant_until, in_effect, body) ` + series +
			`SELECT 'R-O' || n, 'over-' || n, 'done', 'U-' || (n % 20), 'C-APPROVALS', '1500000000.' || n, 'group-' || (n % 100), ` +
			at + `, ` + at + ` + 86400000000, ` + at + ` + 1, ` + at + ` + 2,
			CASE WHEN n * 20 > 19 * %d THEN 1800000000000000 END, 1, '{}' FROM series`,
		`INSERT INTO journal (request_id, at, kind, actor, before, after, event) ` + series +
			`SELECT 'R-O' || n, n, step, 'U-REQUESTER', was, step, '{}' FROM series
			CROSS JOIN (SELECT '' AS was, 'filed' AS step UNION ALL SELECT 'approved', 'done') AS moves`,
		`INSERT INTO foreign_requests (id, group_id, filed_at, closed_at, after_id, body) ` + series +
			`SELECT 'R-F' || n, 'group-' || (n % 100), ` + at + `, ` + at + ` + 2, n, '{}' FROM series`,
	} {
		s.execSQL(t, strings.ReplaceAll(statement, "%d", fmt.Sprint(n)))
	}
}

func (s underTest) execSQL(t testing.TB, statement string, args ...any) {
	t.Helper()
	if _, err := s.write.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
}
