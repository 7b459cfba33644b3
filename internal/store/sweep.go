package store

import (
	"context"
	"fmt"
)

// forgottenQuery reads the open requests, and the done ones that hold codes
// for a time, that nothing owed carries on.
const forgottenQuery = `SELECT id FROM requests WHERE ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM owed
		WHERE request_id = requests.id AND kind = CASE
			WHEN state = 'filed' THEN 'vet'
			WHEN state = 'approved' THEN 'apply'
			WHEN card_ts IS NULL THEN 'announce'
			ELSE 'expire' END)
	UNION ALL SELECT id FROM requests WHERE grant_until IS NOT NULL AND NOT EXISTS (SELECT 1 FROM owed
		WHERE request_id = requests.id AND kind IN ('elapse', 'end'))
	LIMIT 1000`

// Forgotten lists requests that nothing owed carries on, a thousand at most.
// Of those that hold codes for a time some may wait for a person.
func (s *Store) ListOrphaned(ctx context.Context) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, forgottenQuery)
	if err != nil {
		return nil, fmt.Errorf("look for forgotten requests: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var forgotten []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		forgotten = append(forgotten, id)
	}
	return forgotten, rows.Err()
}
