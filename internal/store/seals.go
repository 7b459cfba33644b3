package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// sealBatch is how many rows one transaction seals at most.
const sealBatch = 500

// journalColumns are the columns of a journal row that its seal covers.
const journalColumns = `j.id, coalesce(j.request_id, ''), j.at, j.kind, j.before, j.after, j.request_digest,
	j.commitment, j.actor, j.event`

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
		if err := tx.engine.lockName(ctx, tx.transaction, "journal seals"); err != nil {
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
		if !row.isSealed {
			seq++
			head = row.Seal(seq, head)
			err = t.insertSeal(ctx, seq, row.ID, head)
		}
		if err == nil {
			_, err = t.ExecContext(ctx, `DELETE FROM journal_unsealed WHERE journal_id = $1`, row.ID)
		}
		if err != nil {
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

// A queuedRow waits for its seal. A person with access to the tables may have queued it again.
type queuedRow struct {
	audit.Row
	isSealed bool
}

func scanQueuedRow(rows *sql.Rows) (r queuedRow, err error) {
	return r, rows.Scan(append(placesOf(&r.Row), &r.isSealed)...)
}

// listUnsealed begins at the first row without a seal: otherwise PostgreSQL would join from the
// journal's beginning, or all of it.
func (t *tx) listUnsealed(ctx context.Context) ([]queuedRow, error) {
	return collect(readRows(ctx, t, scanQueuedRow, `SELECT `+journalColumns+`,
		EXISTS (SELECT 1 FROM journal_seals s WHERE s.journal_id = j.id)
		FROM journal_unsealed u JOIN journal j ON j.id = u.journal_id
		WHERE j.id >= (SELECT min(journal_id) FROM journal_unsealed) ORDER BY j.id LIMIT $1`, sealBatch))
}

func scanAuditRow(rows *sql.Rows) (r audit.Row, err error) { return r, rows.Scan(placesOf(&r)...) }

// placesOf are the places of journalColumns.
func placesOf(r *audit.Row) []any {
	return []any{
		&r.ID, &r.RequestID, &r.At, &r.Kind, &r.Before, &r.After, &r.RequestDigest, &r.Commitment, &r.Actor, &r.Event,
	}
}

func (t *tx) insertSeal(ctx context.Context, seq, id int64, hash string) error {
	_, err := t.ExecContext(ctx, `INSERT INTO journal_seals (seq, journal_id, hash) VALUES ($1, $2, $3)`, seq, id, hash)
	return err
}

// An entry is a row to be added to the journal. Event is anything that has a form in JSON.
type entry struct {
	RequestID, Kind, Actor string // RequestID is empty of a row about no request
	Before, After          approvals.State
	Event                  any
}

// appendJournal adds a row to the journal, its words to theirs, and the digest of its request.
func (t *tx) appendJournal(ctx context.Context, e entry) error {
	r := audit.Row{
		RequestID: e.RequestID, At: toMicros(t.now), Kind: e.Kind, Before: string(e.Before), After: string(e.After),
	}
	var err error
	if e.RequestID != "" {
		r.RequestDigest, err = readDigest(
			t.QueryRowContext(ctx, `SELECT `+digestColumns+` FROM requests WHERE id = $1`, e.RequestID))
	}
	if err == nil {
		err = t.takeWords(&r, e)
	}
	if err != nil {
		return err
	}
	err = t.QueryRowContext(ctx, `INSERT INTO journal
		(request_id, at, kind, actor, before, after, event, commitment, request_digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
		nullText(r.RequestID), r.At, r.Kind, r.Actor, r.Before, r.After, r.Event, r.Commitment, r.RequestDigest).Scan(&r.ID)
	if err == nil && r.Words != "" {
		_, err = t.ExecContext(ctx, `INSERT INTO journal_words (journal_id, words) VALUES ($1, $2)`, r.ID, r.Words)
	}
	if err == nil {
		_, err = t.ExecContext(ctx, `INSERT INTO journal_unsealed (journal_id) VALUES ($1) ON CONFLICT DO NOTHING`, r.ID)
	}
	return err
}

// takeWords sets the actor and the event of a row with marks in the places of words, the words
// themselves, and the commitment to all of them.
func (t *tx) takeWords(r *audit.Row, e entry) error {
	var words []audit.Word
	numbers := make(map[approvals.Word]int)
	take := func(w approvals.Word) int {
		key := approvals.Word{Value: w.Value, IsText: w.IsText}
		if numbers[key] == 0 {
			word := audit.NewPerson(w.Value, t.nameNow(w.Value))
			if w.IsText {
				word = audit.NewText(w.Value)
			}
			words = append(words, word)
			numbers[key] = len(words)
		}
		return numbers[key]
	}
	r.Actor = e.Actor
	if isPerson(e.Actor) {
		take(approvals.Word{Value: e.Actor})
		r.Actor = audit.FirstWord
	}
	event, err := approvals.MapWords(e.Event, e.Actor, func(w approvals.Word) any { return audit.WordAt{Number: take(w)} })
	if err != nil {
		return err
	}
	r.Event = string(event)
	if r.Words, err = audit.EncodeWords(words); err != nil {
		return err
	}
	r.Commitment, _, err = r.Commit()
	return err
}

// nameNow is what a person is called now; empty if that is not known.
func (t *tx) nameNow(person string) string {
	if t.nameOf == nil {
		return ""
	}
	return t.nameOf(person)
}

func isPerson(actor string) bool {
	return actor != approvals.Bot && actor != approvals.UiPath && actor != approvals.Operator
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
