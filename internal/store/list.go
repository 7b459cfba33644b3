package store

import (
	"context"
	"fmt"

	"licensebot/approvals"
)

// Mine reads one page of a person's requests, newest first, and counts all.
func (s *Store) ListByRequester(ctx context.Context, requester string, limit, offset int) (page []approvals.Request, all int, err error) {
	if all, err = s.count(ctx, mineCount, requester); err != nil {
		return nil, 0, err
	}
	page, err = s.list(ctx, mineQuery, requester, limit, offset)
	return page, all, err
}

// Waiting reads one page of the requests that wait for consent, oldest first,
// and counts all.
func (s *Store) ListPending(ctx context.Context, limit, offset int) (page []approvals.Request, all int, err error) {
	if all, err = s.count(ctx, waitingCount); err != nil {
		return nil, 0, err
	}
	page, err = s.list(ctx, waitingQuery, limit, offset)
	return page, all, err
}

// OfGroup reads the open requests about a group, oldest first. Those that were
// not read against UiPath yet are about no group that is known.
func (s *Store) ListByGroup(ctx context.Context, groupID string, limit int) ([]approvals.Request, error) {
	return s.list(ctx, groupQuery, groupID, limit)
}

// Open counts the open requests by their state.
func (s *Store) CountOpen(ctx context.Context) (map[approvals.State]int, error) {
	rows, err := s.read.QueryContext(ctx, openCounts)
	if err != nil {
		return nil, fmt.Errorf("count requests: %w", err)
	}
	defer func() { _ = rows.Close() }()
	counts := make(map[approvals.State]int)
	for rows.Next() {
		var state approvals.State
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, fmt.Errorf("count requests: %w", err)
		}
		counts[state] = n
	}
	return counts, rows.Err()
}

// The open requests are those without an end: the indexes hold no others, so
// that their cost does not grow with what is over.
const (
	mineQuery = `SELECT ` + requestColumns + ` FROM requests WHERE requester = $1
		ORDER BY filed_at DESC, id DESC LIMIT $2 OFFSET $3`
	mineCount    = `SELECT count(*) FROM requests WHERE requester = $1`
	waitingQuery = `SELECT ` + requestColumns + ` FROM requests WHERE closed_at IS NULL AND state = 'pending'
		ORDER BY filed_at, id LIMIT $1 OFFSET $2`
	waitingCount = `SELECT count(*) FROM requests WHERE closed_at IS NULL AND state = 'pending'`
	groupQuery   = `SELECT ` + requestColumns + ` FROM requests WHERE closed_at IS NULL AND group_id = $1
		ORDER BY filed_at, id LIMIT $2`
	openCounts = `SELECT state, count(*) FROM requests WHERE closed_at IS NULL AND state IN ('filed', 'pending', 'approved') GROUP BY state`
)

func (s *Store) count(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count requests: %w", err)
	}
	return n, nil
}

func (s *Store) list(ctx context.Context, query string, args ...any) ([]approvals.Request, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []approvals.Request
	for rows.Next() {
		r, err := scanRequest(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// undecidedQuery is ordered as its index is.
const undecidedQuery = `SELECT ` + requestColumns + ` FROM requests WHERE state = 'pending' AND card_ts IS NOT NULL ORDER BY deadline_at, id LIMIT $1`

// ListUndecided lists the requests whose card waits for votes, the next deadline
// first, up to limit.
func (s *Store) ListUndecided(ctx context.Context, limit int) ([]approvals.Request, error) {
	return s.list(ctx, undecidedQuery, limit)
}

// unpostedCount counts the jobs that come before a request's card.
var unpostedCount = `SELECT count(*) FROM (SELECT 1 FROM jobs WHERE kind IN (` +
	quoteKinds([]approvals.JobKind{approvals.JobPrepare, approvals.JobPostCard}) + `) LIMIT $1) AS waiting`

// CountUnposted counts the requests whose card is still to be posted, up to
// limit.
func (s *Store) CountUnposted(ctx context.Context, limit int) (int, error) {
	return s.count(ctx, unpostedCount, limit)
}
