package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// anchor returns the payload of a job, with the head of the journal's chain if its message carries
// one. A job that waits keeps its head, because the message of an earlier attempt may have it.
func (t *tx) anchor(ctx context.Context, requestID string, j approvals.Job) (approvals.Payload, error) {
	if !j.Kind.Spec().Anchored {
		return j.Payload, nil
	}
	head, err := t.waitingHead(ctx, requestID, j)
	if err == nil && head == "" {
		var seq int64
		var hash string
		seq, hash, err = t.readHead(ctx)
		head = audit.FormatHead(seq, hash)
	}
	if err != nil {
		return approvals.Payload{}, fmt.Errorf("anchor job %s: %w", j.Kind, err)
	}
	j.Payload.JournalHead = head
	return j.Payload, nil
}

// waitingHead is the head of the same job that waits; empty if there is none.
func (t *tx) waitingHead(ctx context.Context, requestID string, j approvals.Job) (string, error) {
	var text string
	err := t.QueryRowContext(ctx, `SELECT detail FROM jobs WHERE request_id = $1 AND kind = $2 AND key = $3`,
		requestID, string(j.Kind), j.Key()).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var detail jobDetail
	err = decodeJSON(text, &detail)
	return detail.Payload.JournalHead, err
}
