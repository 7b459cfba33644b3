package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"licensebot/approvals"
)

// confirmationDetail is the part of a confirmation without columns of its own.
type confirmationDetail struct {
	Codes  []string                `json:"codes"`
	Limits []approvals.QuotaChange `json:"limits,omitempty"`
}

// recordConfirmation keeps the allocation that UiPath confirmed after a change of a
// group, in place of the one before. Only fresh limits of that one stay.
func (t *tx) recordConfirmation(ctx context.Context, groupID string, c approvals.Confirmation) error {
	earlier, err := readConfirmation(ctx, t, groupID)
	if err != nil {
		return err
	}
	c = c.After(earlier, t.now)
	detail, err := json.Marshal(confirmationDetail{Codes: c.Codes, Limits: c.Limits})
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `INSERT INTO confirmations (group_id, at, detail) VALUES ($1, $2, $3)
		ON CONFLICT (group_id) DO UPDATE SET at = excluded.at, detail = excluded.detail`,
		groupID, toMicros(t.now), string(detail))
	if err != nil {
		return fmt.Errorf("record the confirmed allocation of group %s: %w", groupID, err)
	}
	return nil
}

// LastConfirmed is the last change of a group's allocation that UiPath confirmed; the
// zero Confirmation if there is none.
func (s *Store) LastConfirmed(ctx context.Context, groupID string) (approvals.Confirmation, error) {
	return readConfirmation(ctx, s.read, groupID)
}

func readConfirmation(ctx context.Context, q querier, groupID string) (approvals.Confirmation, error) {
	var at int64
	var text string
	err := q.QueryRowContext(ctx, `SELECT at, detail FROM confirmations WHERE group_id = $1`, groupID).
		Scan(&at, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return approvals.Confirmation{}, nil
	}
	if err != nil {
		return approvals.Confirmation{}, fmt.Errorf("read the confirmed allocation of group %s: %w", groupID, err)
	}
	return decodeConfirmation(groupID, at, text)
}

func decodeConfirmation(groupID string, at int64, text string) (approvals.Confirmation, error) {
	var detail confirmationDetail
	if err := decodeJSON(text, &detail); err != nil {
		return approvals.Confirmation{}, fmt.Errorf("read the confirmed allocation of group %s: %w", groupID, err)
	}
	return approvals.Confirmation{Codes: detail.Codes, Limits: detail.Limits, At: fromMicros(at)}, nil
}
