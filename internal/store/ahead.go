package store

import (
	"context"
	"fmt"
)

// Ahead counts the requests whose card is still to be posted, up to most.
func (s *Store) CountUnposted(ctx context.Context, most int) (int, error) {
	var n int
	err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM owed WHERE kind IN ('vet', 'announce') LIMIT $1) AS waiting`, most).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count what waits: %w", err)
	}
	return n, nil
}
