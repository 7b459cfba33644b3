package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"licensebot/approvals"
)

// Only closed requests have a closed_at. The indexes behind these queries hold open
// requests alone, so the cost does not grow with closed ones.
const (
	byRequesterQuery = `SELECT ` + requestColumns + ` FROM requests WHERE requester = $1
		ORDER BY filed_at DESC, id DESC LIMIT $2 OFFSET $3`
	byRequesterCount = `SELECT count(*) FROM requests WHERE requester = $1`

	openByRequesterQuery = `SELECT ` + requestColumns + ` FROM requests
		WHERE requester = $1 AND closed_at IS NULL LIMIT $2`
	closedByRequesterQuery = `SELECT ` + requestColumns + ` FROM requests
		WHERE requester = $1 AND closed_at IS NOT NULL ORDER BY filed_at DESC, id DESC LIMIT $2`
	// grantsByRequesterQuery has no limit and this expression, because PostgreSQL walks
	// the table for the one, and all grants without the other.
	grantsByRequesterQuery = `SELECT ` + requestColumns + ` FROM requests
		WHERE requester = $1 AND coalesce(grant_until, 0) > 0`

	pendingQuery = `SELECT ` + requestColumns + ` FROM requests WHERE closed_at IS NULL AND state = 'pending'
		ORDER BY filed_at, id LIMIT $1 OFFSET $2`
	pendingCount = `SELECT count(*) FROM requests WHERE closed_at IS NULL AND state = 'pending'`

	byGroupQuery = `SELECT ` + requestColumns + ` FROM requests WHERE closed_at IS NULL AND group_id = $1
		ORDER BY filed_at, id LIMIT $2`
	openCountQuery = `SELECT state, count(*) FROM requests WHERE closed_at IS NULL
		AND state IN ('filed', 'pending', 'approved') GROUP BY state`

	// undecidedQuery has the order of its index.
	undecidedQuery = `SELECT ` + requestColumns + ` FROM requests WHERE state = 'pending' AND card_ts IS NOT NULL
		ORDER BY deadline_at, id LIMIT $1`
)

// ListByRequester reads one page of a person's requests, newest first, and counts
// all of them.
func (s *Store) ListByRequester(
	ctx context.Context, requester string, limit, offset int,
) (page []approvals.Request, all int, err error) {
	if all, err = s.countRequests(ctx, byRequesterCount, requester); err != nil {
		return nil, 0, err
	}
	page, err = s.listRequests(ctx, byRequesterQuery, requester, limit, offset)
	return page, all, err
}

// ListOpenByRequester lists up to limit of a person's open requests, newest first.
func (s *Store) ListOpenByRequester(
	ctx context.Context, requester string, limit int,
) ([]approvals.Request, error) {
	open, err := s.listRequests(ctx, openByRequesterQuery, requester, limit)
	slices.SortFunc(open, func(a, b approvals.Request) int {
		return cmp.Or(b.FiledAt.Compare(a.FiledAt), cmp.Compare(b.ID, a.ID))
	})
	return open, err
}

// ListClosedByRequester lists up to limit of a person's closed requests, newest first.
func (s *Store) ListClosedByRequester(
	ctx context.Context, requester string, limit int,
) ([]approvals.Request, error) {
	return s.listRequests(ctx, closedByRequesterQuery, requester, limit)
}

// ListGrantsByRequester lists up to limit of a person's requests that hold codes for a
// time, the next end first.
func (s *Store) ListGrantsByRequester(
	ctx context.Context, requester string, limit int,
) ([]approvals.Request, error) {
	held, err := s.listRequests(ctx, grantsByRequesterQuery, requester)
	slices.SortFunc(held, func(a, b approvals.Request) int {
		return cmp.Or(a.Grant.Until.Compare(b.Grant.Until), cmp.Compare(a.ID, b.ID))
	})
	return held[:min(len(held), limit)], err
}

// ListPending reads one page of the pending requests, oldest first, and counts all
// of them.
func (s *Store) ListPending(ctx context.Context, limit, offset int) (page []approvals.Request, all int, err error) {
	if all, err = s.countRequests(ctx, pendingCount); err != nil {
		return nil, 0, err
	}
	page, err = s.listRequests(ctx, pendingQuery, limit, offset)
	return page, all, err
}

// ListByGroup reads the open requests about a group, oldest first. A filed request
// is in no group's list, because the bot has not read its group from UiPath yet.
func (s *Store) ListByGroup(ctx context.Context, groupID string, limit int) ([]approvals.Request, error) {
	return s.listRequests(ctx, byGroupQuery, groupID, limit)
}

// ListUndecided lists up to limit pending requests with a card, the next deadline
// first.
func (s *Store) ListUndecided(ctx context.Context, limit int) ([]approvals.Request, error) {
	return s.listRequests(ctx, undecidedQuery, limit)
}

// CountOpen counts the open requests by their state.
func (s *Store) CountOpen(ctx context.Context) (map[approvals.State]int, error) {
	rows, err := s.read.QueryContext(ctx, openCountQuery)
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

func (s *Store) countRequests(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count requests: %w", err)
	}
	return n, nil
}

func (s *Store) listRequests(ctx context.Context, query string, args ...any) ([]approvals.Request, error) {
	return listRequests(ctx, s.read, query, args...)
}

func listRequests(ctx context.Context, q querier, query string, args ...any) ([]approvals.Request, error) {
	rows, err := q.QueryContext(ctx, query, args...)
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
