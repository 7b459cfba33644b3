package store

import (
	"context"

	"licensebot/approvals"
)

// undecided is ordered as its index is.
const undecided = `SELECT ` + requestColumns + ` FROM requests WHERE state = 'pending' AND card_ts IS NOT NULL ORDER BY deadline_at, id LIMIT $1`

// Undecided lists the requests whose card waits for votes, those first whose
// deadline is next, at most most.
func (s *Store) ListUndecided(ctx context.Context, most int) ([]approvals.Request, error) {
	return s.list(ctx, undecided, most)
}
