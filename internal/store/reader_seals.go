package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// VerifyJournal checks the whole journal against its seals, and each request against the
// journal. It returns how many rows may still wait for their seal, and how many requests
// there are.
func (r *Reader) VerifyJournal(
	ctx context.Context, c *audit.Chain, now time.Time,
) (waiting, requests int64, err error) {
	seen, err := r.checkSeals(ctx, c)
	if err == nil {
		waiting, err = r.checkUnsealed(ctx, c, now, &seen)
	}
	if err == nil {
		err = r.checkStrayWords(ctx, c, seen)
	}
	if err != nil {
		return 0, 0, err
	}
	c.CheckErased()
	if err := errors.Join(r.checkOutside(ctx, c), r.checkForeign(ctx, c)); err != nil {
		return 0, 0, err
	}
	requests, err = r.verifyRequests(ctx, c)
	return waiting, requests, err
}

// A tally counts the rows that a check saw.
type tally struct{ rows, words int64 }

func (n *tally) add(r audit.Row) {
	n.rows++
	if r.Words != "" {
		n.words++
	}
}

// sealsAtOnce is how many rows go from the database to the hashing together.
const sealsAtOnce = 512

// checkSeals checks all seals with their rows, and counts those rows. It hashes while the
// database reads on.
func (r *Reader) checkSeals(ctx context.Context, c *audit.Chain) (seen tally, err error) {
	batches := make(chan []audit.SealedRow, 4)
	var hashing sync.WaitGroup
	hashing.Go(func() {
		for batch := range batches {
			for _, s := range batch {
				c.Check(s)
			}
		}
	})
	defer hashing.Wait()
	defer close(batches)
	batch := make([]audit.SealedRow, 0, sealsAtOnce)
	for s, err := range r.seals(ctx) {
		if err != nil {
			return seen, err
		}
		if s.Row != nil {
			seen.add(*s.Row)
		}
		if batch = append(batch, s); len(batch) == sealsAtOnce {
			batches <- batch
			batch = make([]audit.SealedRow, 0, sealsAtOnce)
		}
	}
	batches <- batch
	return seen, nil
}

// checkUnsealed checks the rows without a seal. There are none if as many rows have one as
// there are: no two seals are of one row.
func (r *Reader) checkUnsealed(
	ctx context.Context, c *audit.Chain, now time.Time, seen *tally,
) (waiting int64, err error) {
	var all int64
	if err := r.tx.QueryRowContext(ctx, `SELECT count(*) FROM journal`).Scan(&all); err != nil || all == seen.rows {
		return 0, err
	}
	unsealed := readRows(ctx, r.tx, scanUnsealedRow, `SELECT `+journalColumns+`, coalesce(w.words, ''),
		EXISTS (SELECT 1 FROM journal_unsealed u WHERE u.journal_id = j.id)
		FROM journal j LEFT JOIN journal_words w ON w.journal_id = j.id
		WHERE NOT EXISTS (SELECT 1 FROM journal_seals s WHERE s.journal_id = j.id) ORDER BY j.id`)
	for row, err := range unsealed {
		if err != nil {
			return 0, err
		}
		seen.add(row.Row)
		if !c.CheckUnsealed(row.Row, row.isQueued, now) {
			waiting++
		}
	}
	return waiting, nil
}

// checkStrayWords looks for words that belong to no row. There are none if as many rows had words as
// there are.
func (r *Reader) checkStrayWords(ctx context.Context, c *audit.Chain, seen tally) error {
	var all int64
	err := r.tx.QueryRowContext(ctx, `SELECT count(*) FROM journal_words`).Scan(&all)
	if err != nil || all == seen.words {
		return err
	}
	stray := readRows(ctx, r.tx, func(rows *sql.Rows) (id int64, err error) { err = rows.Scan(&id); return id, err },
		`SELECT journal_id FROM journal_words w
		WHERE words = '' OR NOT EXISTS (SELECT 1 FROM journal j WHERE j.id = w.journal_id) ORDER BY journal_id`)
	for id, err := range stray {
		if err != nil {
			return err
		}
		c.CheckStrayWords(id)
	}
	return nil
}

// seals reads all seals in their order, each with its row.
func (r *Reader) seals(ctx context.Context) iter.Seq2[audit.SealedRow, error] {
	return readRows(ctx, r.tx, scanSealedRow, `SELECT s.seq, s.journal_id, s.hash, j.id IS NOT NULL,
		coalesce(j.id, 0), coalesce(j.request_id, ''), coalesce(j.at, 0), coalesce(j.kind, ''), coalesce(j.before, ''),
		coalesce(j.after, ''), coalesce(j.request_digest, ''), coalesce(j.commitment, ''),
		coalesce(j.actor, ''), coalesce(j.event, ''), coalesce(w.words, '')
		FROM journal_seals s LEFT JOIN journal j ON j.id = s.journal_id
		LEFT JOIN journal_words w ON w.journal_id = s.journal_id ORDER BY s.seq`)
}

// checkOutside compares the changes outside of the bot with the journal. Who made them is left out: it
// stands among the words, and may be erased.
func (r *Reader) checkOutside(ctx context.Context, c *audit.Chain) error {
	journaled, now := make(map[string]string), make(map[string]string)
	isSilent := make(map[string]bool)
	for _, row := range c.Outside {
		var told struct {
			approvals.OutsideChange
			Edits json.RawMessage // with marks in it
		}
		if err := json.Unmarshal([]byte(row.Event), &told); err != nil {
			return fmt.Errorf("journal row %d: %w", row.ID, err)
		}
		journaled[told.ID] = withoutEdits(told.OutsideChange)
		isSilent[told.ID] = told.Silent
	}
	for change, err := range readRows(ctx, r.tx, scanJournaledChange,
		`SELECT id, group_id, since_at, seen_at, detail FROM outside_changes`) {
		if err != nil {
			return err
		}
		now[change.ID] = withoutEdits(change)
	}
	for id, err := range readRows(ctx, r.tx, scanValue[string], `SELECT id FROM outside_changes
		WHERE closed_at IS NOT NULL AND ts IS NULL ORDER BY id`) {
		if err != nil {
			return err
		}
		if !isSilent[id] {
			c.CheckUntold(id)
		}
	}
	all := maps.Clone(now)
	maps.Copy(all, journaled)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		c.CheckOutside(id, now[id], journaled[id])
	}
	return nil
}

// checkForeign compares the requests that only the channel tells of with the rows of restored copies.
func (r *Reader) checkForeign(ctx context.Context, c *audit.Chain) error {
	journaled := make(map[string]bool)
	for _, row := range c.Restored {
		var told approvals.RestoredEntry
		if err := json.Unmarshal([]byte(row.Event), &told); err != nil {
			return fmt.Errorf("journal row %d: %w", row.ID, err)
		}
		for _, name := range told.Foreign {
			journaled[name] = true
		}
	}
	for name, err := range readRows(ctx, r.tx, scanForeignName,
		`SELECT id, group_id, filed_at, closed_at, body FROM foreign_requests ORDER BY id, group_id`) {
		if err != nil {
			return err
		}
		if !journaled[name] {
			c.CheckForeign(name, true)
		}
		delete(journaled, name)
	}
	for _, name := range slices.Sorted(maps.Keys(journaled)) {
		c.CheckForeign(name, false)
	}
	return nil
}

func scanForeignName(rows *sql.Rows) (string, error) {
	var id, groupID, body string
	var filed, closed int64
	err := rows.Scan(&id, &groupID, &filed, &closed, &body)
	return nameForeign(id, groupID, filed, closed, body), err
}

// scanJournaledChange reads what the journal has of a change. Of a detail that cannot be decoded it
// reads nothing, so that the change differs.
func scanJournaledChange(rows *sql.Rows) (c approvals.OutsideChange, err error) {
	var since, seen int64
	var text string
	if err := rows.Scan(&c.ID, &c.Group.ID, &since, &seen, &text); err != nil {
		return c, err
	}
	c.Since, c.SeenAt = fromMicros(since), fromMicros(seen)
	var detail changeDetail
	if json.Unmarshal([]byte(text), &detail) == nil {
		c.Group.Name, c.Gained, c.Lost, c.Items = detail.Name, detail.Gained, detail.Lost, detail.Items
		c.Gone, c.Silent, c.Unread = detail.Gone, detail.Silent, detail.Unread
	}
	return c, nil
}

func withoutEdits(c approvals.OutsideChange) string {
	c.Edits = nil
	return fmt.Sprintf("%+v", c)
}

func scanSealedRow(rows *sql.Rows) (s audit.SealedRow, err error) {
	var there bool
	var r audit.Row
	seal := []any{&s.Seq, &s.JournalID, &s.Hash, &there}
	err = rows.Scan(append(append(seal, placesOf(&r)...), &r.Words)...)
	if there {
		s.Row = &r
	}
	return s, err
}

// An unsealedRow is one that waits for its seal if it is queued.
type unsealedRow struct {
	audit.Row
	isQueued bool
}

func scanUnsealedRow(rows *sql.Rows) (r unsealedRow, err error) {
	return r, rows.Scan(append(placesOf(&r.Row), &r.Words, &r.isQueued)...)
}

func scanWordedRow(rows *sql.Rows) (r audit.Row, err error) {
	return r, rows.Scan(append(placesOf(&r), &r.Words)...)
}

// verifyRequests compares each request with its last journal row, and looks for requests
// that are gone.
func (r *Reader) verifyRequests(ctx context.Context, c *audit.Chain) (n int64, err error) {
	type digests struct{ id, now, journaled string }
	all := readRows(ctx, r.tx, func(rows *sql.Rows) (d digests, err error) {
		d.now, err = readDigest(rows, &d.id, &d.journaled)
		return d, err
	}, `SELECT `+digestColumns+`, id, coalesce((SELECT request_digest FROM journal j
		WHERE j.request_id = requests.id ORDER BY j.id DESC LIMIT 1), '') FROM requests ORDER BY filed_at, id`)
	for d, err := range all {
		if err != nil {
			return n, err
		}
		n++
		c.CheckRequest(d.id, d.now, d.journaled)
	}
	missing := readRows(ctx, r.tx, func(rows *sql.Rows) (id string, err error) { err = rows.Scan(&id); return id, err },
		`SELECT request_id FROM (SELECT DISTINCT request_id FROM journal) AS told
		WHERE request_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = told.request_id)
		ORDER BY request_id`)
	for id, err := range missing {
		if err != nil {
			return n, err
		}
		c.CheckMissing(id)
	}
	return n, nil
}
