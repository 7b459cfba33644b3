package store

import (
	"context"
	"database/sql"
	"fmt"

	"licensebot/approvals"
)

// Jobs of a fair kind run in rounds, and each person has one turn in a round. A new
// job gets the round after its requester's last one, or the present round if that is
// later. So the 120 requests of one person are 120 rounds, and the one request of
// another is in the present round.

// turnsQuery reads the last round in which a person has a turn, and the round of the next job.
const turnsQuery = `SELECT (SELECT max(turn) FROM jobs WHERE kind = $1 AND requester = $2 AND turn IS NOT NULL),
	(SELECT turn FROM jobs WHERE kind = $1 AND turn IS NOT NULL AND due_at <= $3 ORDER BY turn LIMIT 1)`

// nextTurn is the round of a new job and the person next in turn. Both are NULL if
// the kind is not fair.
func (t *tx) nextTurn(ctx context.Context, r approvals.Request, kind approvals.JobKind) (turn, person any, err error) {
	if !kind.Spec().Fair {
		return nil, nil, nil
	}
	var last, present sql.NullInt64
	err = t.QueryRowContext(ctx, turnsQuery, string(kind), r.Requester, toMicros(t.now)).Scan(&last, &present)
	if err != nil {
		return nil, nil, fmt.Errorf("find the requester's turn: %w", err)
	}
	if last.Valid {
		last.Int64++
	}
	return max(last.Int64, present.Int64), r.Requester, nil
}

// orderOfClaims is the part of a claim that picks among the due jobs of a kind.
func orderOfClaims(kind approvals.JobKind) string {
	if kind.Spec().Fair {
		return ` AND turn IS NOT NULL ORDER BY turn, due_at, id`
	}
	return ` ORDER BY due_at, id`
}
