package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// unfinishedQuery reads the requests of which a channel may tell more than a database
// that was restored from a copy.
const unfinishedQuery = `SELECT ` + requestColumns + ` FROM requests WHERE id IN (
	SELECT id FROM requests WHERE closed_at IS NULL
	UNION SELECT id FROM requests WHERE grant_until IS NOT NULL
	UNION SELECT request_id FROM jobs)`

// ListUnfinished lists the requests that are open, hold a grant or have a job. It
// leaves out what it cannot decode: the jobs of such a request wait as well.
func (s *Store) ListUnfinished(ctx context.Context) ([]approvals.Request, error) {
	rows, err := s.read.QueryContext(ctx, unfinishedQuery)
	if err != nil {
		return nil, fmt.Errorf("list unfinished requests: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []approvals.Request
	for rows.Next() {
		r, err := scanRequest(rows)
		switch {
		case errors.Is(err, approvals.ErrUnreadable):
			continue
		case err != nil:
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// NewestCard is the timestamp of the newest card in a channel that the store knows;
// empty if it knows none.
func (s *Store) NewestCard(ctx context.Context, channel string) (string, error) {
	var ts string
	err := s.read.QueryRowContext(ctx, `SELECT card_ts FROM requests WHERE channel = $1 AND card_ts IS NOT NULL
		ORDER BY card_ts DESC LIMIT 1`, channel).Scan(&ts)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look for the newest card: %w", err)
	}
	return ts, nil
}

// Adopt records all that a channel tells, in one transaction and in this order. It
// returns the requests that changed.
func (s *Store) Adopt(ctx context.Context, told []approvals.Adoption) (adopted []string, err error) {
	restored := false
	for again := true; again; {
		again = false
		adopted, err = s.adoptAll(ctx, told, restored)
		if errors.Is(err, errRestored) {
			restored, again = true, true
		}
	}
	return adopted, err
}

// errRestored says that the channel has news, and that the row about the restored copy has to
// come first.
var errRestored = errors.New("the channel has news")

func (s *Store) adoptAll(ctx context.Context, told []approvals.Adoption, restored bool) (adopted []string, err error) {
	err = s.runInTx(ctx, func(tx *tx) error {
		adopted = nil
		if restored {
			if err := tx.journalRestored(ctx, told); err != nil {
				return err
			}
		}
		for _, a := range told {
			changed, err := tx.adopt(ctx, a)
			if err != nil {
				return fmt.Errorf("adopt what the channel tells of request %s: %w", a.RequestID, err)
			}
			if changed {
				adopted = append(adopted, a.RequestID)
			}
		}
		if len(adopted) > 0 && !restored {
			return errRestored
		}
		return nil
	})
	return adopted, err
}

// journalRestored says where the chain of an older copy ends, and what the channel tells of
// the chain that was lost.
func (t *tx) journalRestored(ctx context.Context, told []approvals.Adoption) error {
	var row approvals.RestoredEntry
	var err error
	if row.Seals, row.Head, err = t.readHead(ctx); err != nil {
		return err
	}
	newest := row.Seals // a head that the copy has is not lost
	for _, a := range told {
		if seq, _, ok := audit.ParseHead(a.Head); ok && seq > newest {
			newest, row.Lost = seq, a.Head
		}
		if a.At.After(row.ToldAt) {
			row.ToldAt = a.At
		}
		for _, r := range a.Foreign {
			name, isNew, err := t.nameNewForeign(ctx, r)
			if err != nil {
				return err
			}
			if isNew {
				row.Foreign = append(row.Foreign, name)
			}
		}
	}
	return t.appendJournal(ctx, entry{Kind: approvals.KindRestored, Actor: approvals.Bot, Event: row})
}

// nameNewForeign is the name of a request that only the channel tells of. It is new if the table does
// not have it.
func (t *tx) nameNewForeign(ctx context.Context, r approvals.Request) (name string, isNew bool, err error) {
	body, err := encodeBody(r)
	if err != nil {
		return "", false, err
	}
	err = t.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM foreign_requests WHERE group_id = $1 AND id = $2)`,
		r.Proposal.Group.ID, r.ID).Scan(&isNew)
	return nameForeign(r.ID, r.Proposal.Group.ID, toMicros(r.FiledAt), toMicros(r.ClosedAt), body), isNew, err
}

// nameForeign is what the journal has of a request that only the channel tells of.
func nameForeign(id, groupID string, filedAt, closedAt int64, body string) string {
	times := fmt.Sprint(filedAt, closedAt)
	return id + " " + audit.DigestRow([]*string{&id, &groupID, &times, &body})
}

func (t *tx) adopt(ctx context.Context, a approvals.Adoption) (changed bool, err error) {
	if a.Event != nil {
		_, err := t.applyEvent(ctx, a.RequestID, a.Event, nil)
		if err != nil && !errors.Is(err, approvals.ErrNoTransition) {
			return false, err
		}
		changed = err == nil
	}
	for _, r := range a.Foreign {
		isNew, err := t.recordForeign(ctx, r)
		if err != nil {
			return false, err
		}
		changed = changed || isNew
	}
	if len(a.Posts) == 0 {
		return changed, nil
	}
	return changed, t.markPosted(ctx, a)
}

// recordForeign keeps what a request did to a group that only the channel tells of. It
// reports false if that is known.
func (t *tx) recordForeign(ctx context.Context, r approvals.Request) (bool, error) {
	body, err := encodeBody(r)
	if err != nil {
		return false, err
	}
	result, err := t.ExecContext(ctx, `INSERT INTO foreign_requests (id, group_id, filed_at, closed_at, after_id, body)
		VALUES ($1, $2, $3, $4, (SELECT coalesce(max(id), 0) FROM journal), $5) ON CONFLICT DO NOTHING`,
		r.ID, r.Proposal.Group.ID, toMicros(r.FiledAt), toMicros(r.ClosedAt), body)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// markPosted marks the jobs with a message in the channel as tried: such a job then
// looks for its message before it posts.
func (t *tx) markPosted(ctx context.Context, a approvals.Adoption) error {
	r, err := scanRequest(t.QueryRowContext(ctx, requestByID, a.RequestID))
	if err != nil {
		return err
	}
	posted, err := t.listPosted(ctx, a, r)
	if err != nil {
		return err
	}
	for _, id := range posted {
		_, err := t.ExecContext(ctx, `UPDATE jobs SET tried_at = $2 WHERE id = $1 AND tried_at IS NULL`,
			id, toMicros(t.now.Add(-approvals.PostSettles)))
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) listPosted(ctx context.Context, a approvals.Adoption, r approvals.Request) ([]int64, error) {
	rows, err := t.QueryContext(ctx, `SELECT id, kind, detail FROM jobs WHERE request_id = $1 AND tried_at IS NULL`, r.ID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var posted []int64
	for rows.Next() {
		var id int64
		var kind, text string
		if err := rows.Scan(&id, &kind, &text); err != nil {
			return nil, err
		}
		var detail jobDetail
		err := decodeJSON(text, &detail)
		if err == nil && a.HasPosted(r, approvals.Job{Kind: approvals.JobKind(kind), Number: detail.Number}) {
			posted = append(posted, id)
		}
	}
	return posted, rows.Err()
}
