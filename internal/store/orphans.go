package store

import (
	"context"
	"fmt"
	"strings"

	"licensebot/approvals"
)

// orphanLimit is how many orphaned requests are listed at a time.
const orphanLimit = 1000

// ListOrphaned lists up to a thousand requests without a job to carry them on. One
// with a running grant may wait for a person.
func (s *Store) ListOrphaned(ctx context.Context) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, orphanQuery())
	if err != nil {
		return nil, fmt.Errorf("list orphaned requests: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var orphans []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list orphaned requests: %w", err)
		}
		orphans = append(orphans, id)
	}
	return orphans, rows.Err()
}

// orphanQuery reads the open requests, and the done ones with a running grant, if
// they have no job of their lifeline.
func orphanQuery() string {
	var parts []string
	for _, line := range approvals.Lifelines() {
		parts = append(parts, `SELECT id FROM requests WHERE `+lifelineCondition(line)+` AND NOT EXISTS (
			SELECT 1 FROM jobs WHERE request_id = requests.id AND kind IN (`+quoteKinds(line.Kinds)+`))`)
	}
	return strings.Join(parts, "\n\t\tUNION ALL ") + fmt.Sprintf("\n\t\tLIMIT %d", orphanLimit)
}

// lifelineCondition is true of the requests of a lifeline. It names the columns of
// the right index.
func lifelineCondition(line approvals.Lifeline) string {
	if !line.State.Open() {
		return "grant_until IS NOT NULL"
	}
	where := fmt.Sprintf("state = '%s' AND closed_at IS NULL", line.State)
	switch line.Card {
	case approvals.NoCard:
		where += " AND card_ts IS NULL"
	case approvals.WithCard:
		where += " AND card_ts IS NOT NULL"
	}
	return where
}

// quoteKinds lists kinds as SQL text. They are constants of this program.
func quoteKinds(kinds []approvals.JobKind) string {
	quoted := make([]string, len(kinds))
	for i, kind := range kinds {
		quoted[i] = "'" + string(kind) + "'"
	}
	return strings.Join(quoted, ", ")
}
