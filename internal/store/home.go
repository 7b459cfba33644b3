package store

import (
	"context"
	"fmt"

	"licensebot/approvals"
)

// The queries of App Home, ordered as their indexes are.
const (
	filedBy   = `SELECT ` + requestColumns + ` FROM requests WHERE requester = $1 ORDER BY filed_at DESC, id DESC LIMIT $2 OFFSET $3`
	countOf   = `SELECT count(*) FROM requests WHERE requester = $1`
	undecided = `SELECT ` + requestColumns + ` FROM requests WHERE state = 'pending' AND card_ts IS NOT NULL ORDER BY deadline_at, id LIMIT $1`
)

// FiledBy lists a person's requests, the newest first, without the first skip
// of them and at most most, and counts all there are.
func (s *Store) FiledBy(ctx context.Context, requester string, skip, most int) ([]approvals.Request, int, error) {
	var all int
	if err := s.read.QueryRowContext(ctx, countOf, requester).Scan(&all); err != nil {
		return nil, 0, fmt.Errorf("count requests: %w", err)
	}
	page, err := s.list(ctx, filedBy, requester, most, skip)
	return page, all, err
}

// Undecided lists the requests whose card waits for votes, those first whose
// deadline is next, at most most.
func (s *Store) Undecided(ctx context.Context, most int) ([]approvals.Request, error) {
	return s.list(ctx, undecided, most)
}

func (s *Store) list(ctx context.Context, query string, args ...any) ([]approvals.Request, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []approvals.Request
	for rows.Next() {
		r, err := one(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
