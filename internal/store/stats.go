package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"licensebot/approvals"
)

// announce gives the workers what a transaction enqueued, and tells its transitions.
func (s *Store) announce(t *tx) {
	s.signals.finishHandovers(t, nil)
	s.signals.signalJobs(t.enqueued)
	if s.observe == nil {
		return
	}
	for _, step := range t.steps {
		s.observe(step)
	}
}

// ReadStats counts what there is to do.
func (s *Store) ReadStats(ctx context.Context) (approvals.Stats, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return approvals.Stats{}, err
	}
	var stats approvals.Stats
	if stats.Open, err = s.CountOpen(ctx); err != nil {
		return approvals.Stats{}, err
	}
	var end sql.NullInt64
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN grant_until <= $1 THEN 1 END), MIN(grant_until)
		FROM requests WHERE grant_until IS NOT NULL`, toMicros(now)).
		Scan(&stats.RunningGrants, &stats.OverdueGrants, &end)
	if err != nil {
		return approvals.Stats{}, fmt.Errorf("count grants: %w", err)
	}
	if stats.OverdueGrants > 0 {
		stats.OldestOverdue = now.Sub(fromMicros(end.Int64))
	}
	stats.Jobs, err = s.readJobStats(ctx, now)
	return stats, err
}

func (s *Store) readJobStats(ctx context.Context, now time.Time) ([]approvals.JobStats, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT kind, COUNT(*), MAX(attempt), MIN(due_at) FROM jobs GROUP BY kind`)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []approvals.JobStats
	for rows.Next() {
		var j approvals.JobStats
		var due int64
		if err := rows.Scan(&j.Kind, &j.Count, &j.Attempts, &due); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		j.Overdue = max(0, now.Sub(fromMicros(due)))
		all = append(all, j)
	}
	return all, rows.Err()
}
