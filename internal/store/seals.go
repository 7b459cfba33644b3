package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"licensebot/internal/audit"
)

// sealBatch is how many rows one transaction seals at most.
const sealBatch = 500

// journalColumns are the columns of a journal row that its seal covers.
const journalColumns = `j.id, j.request_id, j.at, j.kind, j.before, j.after, j.request_digest, j.commitment,
	j.salt, j.actor, j.event`

// SealJournal chains the journal rows that wait for their seal. Replicas take turns by a
// lock, because ids alone do not order the commits. It reports whether more rows wait.
func (s *Store) SealJournal(ctx context.Context) (more bool, err error) {
	var waits bool
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM journal_unsealed)`).Scan(&waits)
	if err != nil || !waits {
		return false, err
	}
	err = s.runInTx(ctx, func(tx *tx) error {
		more = false
		if err := tx.engine.lockName(ctx, tx.Tx, "journal seals"); err != nil {
			return err
		}
		n, err := tx.sealJournal(ctx)
		more = n == sealBatch
		return err
	})
	return more, err
}

func (t *tx) sealJournal(ctx context.Context) (int, error) {
	seq, head, err := t.readHead(ctx)
	if err != nil {
		return 0, err
	}
	rows, err := t.listUnsealed(ctx)
	if err != nil {
		return 0, fmt.Errorf("seal the journal: %w", err)
	}
	for _, row := range rows {
		seq++
		head = row.Seal(seq, head)
		if err := t.insertSeal(ctx, seq, row.ID, head); err != nil {
			return 0, fmt.Errorf("seal the journal: %w", err)
		}
	}
	return len(rows), nil
}

// readHead reads the last seal; zero if there is none.
func (t *tx) readHead(ctx context.Context) (seq int64, hash string, err error) {
	err = t.QueryRowContext(ctx, `SELECT seq, hash FROM journal_seals ORDER BY seq DESC LIMIT 1`).Scan(&seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return seq, hash, err
}

func (t *tx) listUnsealed(ctx context.Context) ([]audit.Row, error) {
	return collect(readRows(ctx, t, scanAuditRow, `SELECT `+journalColumns+`
		FROM journal_unsealed u JOIN journal j ON j.id = u.journal_id ORDER BY j.id LIMIT $1`, sealBatch))
}

func scanAuditRow(rows *sql.Rows) (r audit.Row, err error) {
	return r, rows.Scan(&r.ID, &r.RequestID, &r.At, &r.Kind, &r.Before, &r.After, &r.RequestDigest, &r.Commitment,
		&r.Salt, &r.Actor, &r.Event)
}

func (t *tx) insertSeal(ctx context.Context, seq, id int64, hash string) error {
	_, err := t.ExecContext(ctx, `INSERT INTO journal_seals (seq, journal_id, hash) VALUES ($1, $2, $3)`, seq, id, hash)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `DELETE FROM journal_unsealed WHERE journal_id = $1`, id)
	return err
}

// appendJournal adds a row to the journal, with its commitment and the digest of its request.
func (t *tx) appendJournal(ctx context.Context, r audit.Row) error {
	columns, err := readDigest(t.QueryRowContext(ctx, `SELECT `+digestColumns+` FROM requests WHERE id = $1`, r.RequestID))
	if err != nil {
		return err
	}
	r.Salt, r.RequestDigest = audit.NewSalt(), columns
	var id int64
	err = t.QueryRowContext(ctx, `INSERT INTO journal
		(request_id, at, kind, actor, before, after, event, salt, commitment, request_digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
		r.RequestID, r.At, r.Kind, r.Actor, r.Before, r.After, r.Event, r.Salt, r.Commit(), r.RequestDigest).Scan(&id)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `INSERT INTO journal_unsealed (journal_id) VALUES ($1)`, id)
	return err
}

// digestColumns are the columns of a request that only its journaled steps change. The
// channel is left out, because it follows the approvals channel of today.
const digestColumns = `id, envelope_id, state, requester, card_ts, group_id, dedup_key, CAST(filed_at AS TEXT),
	CAST(deadline_at AS TEXT), CAST(decided_at AS TEXT), CAST(closed_at AS TEXT), CAST(grant_until AS TEXT),
	CAST(in_effect AS TEXT), CAST(granted_at AS TEXT), CAST(card_missed_at AS TEXT), body`

// readDigest reads the digest of a request from a row of digestColumns and what follows them.
func readDigest(row interface{ Scan(...any) error }, more ...any) (string, error) {
	columns := make([]*string, strings.Count(digestColumns, ",")+1)
	places := make([]any, 0, len(columns)+len(more))
	for i := range columns {
		places = append(places, &columns[i])
	}
	err := row.Scan(append(places, more...)...)
	return audit.DigestRow(columns), err
}
