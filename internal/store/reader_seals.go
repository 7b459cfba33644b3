package store

import (
	"context"
	"database/sql"
	"iter"
	"sync"
	"time"

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
	unsealed := readRows(ctx, r.tx, scanWordedRow, `SELECT `+journalColumns+`, coalesce(w.words, '')
		FROM journal j LEFT JOIN journal_words w ON w.journal_id = j.id
		WHERE NOT EXISTS (SELECT 1 FROM journal_seals s WHERE s.journal_id = j.id) ORDER BY j.id`)
	for row, err := range unsealed {
		if err != nil {
			return 0, err
		}
		seen.add(row)
		if !c.CheckUnsealed(row, now) {
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
	stray := readRows(ctx, r.tx, func(rows *sql.Rows) (id int64, err error) { return id, rows.Scan(&id) },
		`SELECT journal_id FROM journal_words w WHERE words = '' OR NOT EXISTS (SELECT 1 FROM journal j WHERE j.id = w.journal_id)
		ORDER BY journal_id`)
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

func scanSealedRow(rows *sql.Rows) (s audit.SealedRow, err error) {
	var there bool
	var r audit.Row
	err = rows.Scan(&s.Seq, &s.JournalID, &s.Hash, &there, &r.ID, &r.RequestID, &r.At, &r.Kind, &r.Before, &r.After,
		&r.RequestDigest, &r.Commitment, &r.Actor, &r.Event, &r.Words)
	if there {
		s.Row = &r
	}
	return s, err
}

func scanWordedRow(rows *sql.Rows) (r audit.Row, err error) {
	return r, rows.Scan(&r.ID, &r.RequestID, &r.At, &r.Kind, &r.Before, &r.After, &r.RequestDigest, &r.Commitment,
		&r.Actor, &r.Event, &r.Words)
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
	missing := readRows(ctx, r.tx, func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) },
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
