package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"licensebot/approvals"
)

// A Transition is one step of a request that was committed.
type Transition struct {
	Before, After approvals.Request
	Event         string // its kind in the journal
}

// announce wakes the workers of what a transaction enqueued, and tells its transitions.
func (s *Store) announce(t *tx) {
	s.signals.signalKinds(t.enqueued)
	if s.observe == nil {
		return
	}
	for _, step := range t.steps {
		s.observe(step)
	}
}

// Stats is how much there is to do. What it costs to read does not grow with the
// requests that are closed.
type Stats struct {
	Jobs          []JobStats
	Open          map[approvals.State]int // requests
	RunningGrants int
	OverdueGrants int           // their time is over, and they still run
	OldestOverdue time.Duration // since the end of the one that is overdue for longest
}

// JobStats is about the jobs of one kind.
type JobStats struct {
	Kind     approvals.JobKind
	Count    int
	Attempts int           // the most that one of them had
	Overdue  time.Duration // of the one that waits for longest; zero while none is due
}

// ReadStats reads them.
func (s *Store) ReadStats(ctx context.Context) (Stats, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return Stats{}, err
	}
	var stats Stats
	if stats.Open, err = s.CountOpen(ctx); err != nil {
		return Stats{}, err
	}
	var end sql.NullInt64
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN grant_until <= $1 THEN 1 END), MIN(grant_until)
		FROM requests WHERE grant_until IS NOT NULL`, toMicros(now)).
		Scan(&stats.RunningGrants, &stats.OverdueGrants, &end)
	if err != nil {
		return Stats{}, fmt.Errorf("count grants: %w", err)
	}
	if stats.OverdueGrants > 0 {
		stats.OldestOverdue = now.Sub(fromMicros(end.Int64))
	}
	stats.Jobs, err = s.readJobStats(ctx, now)
	return stats, err
}

func (s *Store) readJobStats(ctx context.Context, now time.Time) ([]JobStats, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT kind, COUNT(*), MAX(attempt), MIN(due_at) FROM jobs GROUP BY kind`)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []JobStats
	for rows.Next() {
		var j JobStats
		var due int64
		if err := rows.Scan(&j.Kind, &j.Count, &j.Attempts, &due); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		j.Overdue = max(0, now.Sub(fromMicros(due)))
		all = append(all, j)
	}
	return all, rows.Err()
}
