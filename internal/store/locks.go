package store

import (
	"context"

	"licensebot/approvals"
)

// lockRequest reads one request, by a condition, and locks its row until the
// transaction ends.
func (t *tx) lockRequest(ctx context.Context, where string, args ...any) (approvals.Request, error) {
	query := `SELECT ` + requestColumns + ` FROM requests WHERE ` + where + t.engine.forUpdate()
	r, err := scanRequest(t.QueryRowContext(ctx, query, args...))
	if err != nil {
		return r, err
	}
	t.locked = append(t.locked, r)
	return r, t.readClock(ctx)
}

// lockCard keeps a reaction and the card's own timestamp from being stored at the
// same moment. Otherwise neither transaction would see the other, and the vote
// would not be counted.
func (t *tx) lockCard(ctx context.Context, channel, ts string) error {
	return t.engine.lockName(ctx, t.transaction, "card "+channel+" "+ts)
}
