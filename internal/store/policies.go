package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// RecordPolicy journals a policy that comes into force, unless the last one has the same text.
func (s *Store) RecordPolicy(ctx context.Context, p approvals.PolicyEntry) error {
	p.SHA256 = audit.HashOf(p.Text)
	err := s.runInTx(ctx, func(tx *tx) error {
		if err := tx.engine.lockName(ctx, tx.transaction, "policy"); err != nil {
			return err
		}
		var text string
		err := tx.QueryRowContext(ctx, `SELECT event FROM journal WHERE request_id IS NULL AND kind = $1
			ORDER BY id DESC LIMIT 1`, approvals.KindPolicy).Scan(&text)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var last struct{ SHA256 string }
		if err == nil && json.Unmarshal([]byte(text), &last) == nil && last.SHA256 == p.SHA256 {
			return nil
		}
		return tx.appendJournal(ctx, entry{Kind: approvals.KindPolicy, Actor: approvals.Operator, Event: p})
	})
	if err != nil {
		return fmt.Errorf("record the policy: %w", err)
	}
	return nil
}
