package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// An Erasure says which words are to be erased: those of one person, or those of a period.
// Words of requests that are open or hold a grant stay, because the bot needs them.
type Erasure struct {
	Person       string    // a Slack id; empty: of everybody
	Since, Until time.Time // when the requests were closed, and when rows about no request were written
	By           string    // who has it done, as given
}

// Erased is what an erasure did. Kept are the requests that it left out.
type Erased struct {
	Words    int64    `json:"words"` // of the journal
	Rows     int64    `json:"rows"`  // of the journal
	Requests int      `json:"requests"`
	Kept     []string `json:"-"`
}

// Erase takes words out of the journal, the requests and what the bot keeps beside them, in
// one transaction. Rows of the journal say that it was done.
func (s *Store) Erase(ctx context.Context, e Erasure) (done Erased, err error) {
	err = s.runInTx(ctx, func(tx *tx) error {
		done = Erased{}
		if e.Person != "" { // whenever it was
			e.Since, e.Until = time.Time{}, tx.now.Add(time.Hour)
		}
		ids, err := tx.listToErase(ctx, e)
		if err != nil {
			return fmt.Errorf("look for requests: %w", err)
		}
		for _, id := range ids {
			if err := tx.eraseRequest(ctx, e, id, &done); err != nil {
				return fmt.Errorf("erase words of request %s: %w", id, err)
			}
		}
		where, args := `j.request_id IS NULL AND j.kind <> $1 AND j.at >= $2 AND j.at < $3`,
			[]any{approvals.KindPolicy, toMicros(e.Since), toMicros(e.Until)}
		if err := tx.eraseWords(ctx, e, where, args, &done); err != nil {
			return err
		}
		if err := tx.eraseBeside(ctx, e); err != nil {
			return err
		}
		return tx.appendJournal(ctx, entry{Kind: audit.KindErased, Actor: approvals.Operator, Event: e.event(done)})
	})
	return done, err
}

// event is what the journal says of an erasure. It names an erased person by a hash, so that
// a reader who knows the id can check that the erasure was done.
func (e Erasure) event(done Erased) any {
	row := struct {
		Erased
		Person string    `json:"person_sha256,omitempty"`
		Since  time.Time `json:"since,omitzero"`
		Until  time.Time `json:"until,omitzero"`
		By     string    `json:"by" words:"person"`
	}{Erased: done, By: e.By}
	if e.Person != "" {
		row.Person = audit.HashOf(e.Person)
	} else {
		row.Since, row.Until = e.Since, e.Until
	}
	return row
}

// concerns reports whether a word is to be erased.
func (e Erasure) concerns(w approvals.Word) bool {
	switch {
	case w.Value == approvals.Erased:
		return false
	case e.Person == "":
		return true
	case w.IsText:
		return w.Owner == e.Person
	}
	return w.Value == e.Person || strings.HasPrefix(w.Value, e.Person+":")
}

// like finds the text of a person's id in JSON. Ids have no sign that LIKE or JSON would read
// otherwise.
func (e Erasure) like() string { return `%"` + e.Person + `%` }

// listToErase lists the requests with words that may have to go, open ones included.
func (t *tx) listToErase(ctx context.Context, e Erasure) ([]string, error) {
	scan := func(rows *sql.Rows) (id string, err error) { err = rows.Scan(&id); return id, err }
	if e.Person == "" {
		return collect(readRows(ctx, t, scan, `SELECT id FROM requests
			WHERE filed_at < $2 AND (closed_at IS NULL OR closed_at >= $1 AND closed_at < $2) ORDER BY id`,
			toMicros(e.Since), toMicros(e.Until)))
	}
	return collect(readRows(ctx, t, scan, `SELECT id FROM requests WHERE requester = $1 OR body LIKE $2
		UNION SELECT j.request_id FROM journal_words w JOIN journal j ON j.id = w.journal_id
			WHERE j.request_id IS NOT NULL AND w.words LIKE $2
		ORDER BY id`, e.Person, e.like()))
}

// eraseRequest takes the words out of one request and its rows in the journal. It leaves out a
// request that the bot still works on.
func (t *tx) eraseRequest(ctx context.Context, e Erasure, id string, done *Erased) error {
	r, err := t.lockRequest(ctx, `id = $1`, id)
	if err != nil {
		return err
	}
	var jobs bool
	err = t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE request_id = $1)`, id).Scan(&jobs)
	if err != nil {
		return err
	}
	if r.State.Open() || r.HoldsGrant() || jobs {
		done.Kept = append(done.Kept, id)
		return nil
	}
	words := done.Words
	if err := t.eraseWords(ctx, e, `j.request_id = $1`, []any{id}, done); err != nil {
		return err
	}
	changed, err := t.eraseBody(ctx, e, r)
	if err != nil || !changed && done.Words == words {
		return err
	}
	if err := t.eraseReactions(ctx, e, r); err != nil {
		return err
	}
	done.Requests++
	return t.appendJournal(ctx, entry{
		RequestID: id, Kind: audit.KindErased, Actor: approvals.Operator, Before: r.State, After: r.State,
		Event: struct{}{},
	})
}

// eraseBody takes the words out of the row of a request.
func (t *tx) eraseBody(ctx context.Context, e Erasure, r approvals.Request) (changed bool, err error) {
	erase := func(w approvals.Word) any {
		if !e.concerns(w) {
			return w.Value
		}
		changed = true
		return approvals.Erased
	}
	erased, err := approvals.MapWords(bodyOf(r), r.Requester, erase)
	if err != nil {
		return false, err
	}
	requester := erase(approvals.Word{Value: r.Requester})
	if !changed {
		return false, nil
	}
	_, err = t.ExecContext(ctx, `UPDATE requests SET requester = $2, body = $3 WHERE id = $1`,
		r.ID, requester, string(erased))
	return true, err
}

// eraseWords takes words out of rows of the journal. Texts go with the person if the row
// names the person, because the row's event is what that person did.
func (t *tx) eraseWords(ctx context.Context, e Erasure, where string, args []any, done *Erased) error {
	type row struct {
		id    int64
		words string
	}
	rows, err := collect(readRows(ctx, t, func(rows *sql.Rows) (r row, err error) {
		return r, rows.Scan(&r.id, &r.words)
	}, `SELECT w.journal_id, w.words FROM journal j JOIN journal_words w ON w.journal_id = j.id WHERE `+where, args...))
	if err != nil {
		return err
	}
	for _, r := range rows {
		text, erased, err := e.eraseFrom(r.words)
		if err != nil {
			return fmt.Errorf("the words of journal row %d: %w", r.id, err)
		}
		if erased == 0 {
			continue
		}
		if _, err := t.ExecContext(ctx, `UPDATE journal_words SET words = $2 WHERE journal_id = $1`, r.id, text); err != nil {
			return err
		}
		done.Rows++
		done.Words += erased
	}
	return nil
}

func (e Erasure) eraseFrom(text string) (left string, erased int64, err error) {
	words, err := audit.DecodeWords(text)
	if err != nil {
		return "", 0, err
	}
	names := e.Person == ""
	for _, w := range words {
		names = names || w.Person == e.Person
	}
	for i, w := range words {
		if names && !w.IsErased() && (e.Person == "" || w.Text != "" || w.Person == e.Person) {
			words[i] = w.Erase()
			erased++
		}
	}
	left, err = audit.EncodeWords(words)
	return left, erased, err
}

// eraseReactions forgets who reacted on the card of a request.
func (t *tx) eraseReactions(ctx context.Context, e Erasure, r approvals.Request) error {
	_, err := t.ExecContext(ctx, `DELETE FROM reactions WHERE channel = $1 AND ts = $2 AND ($3 = '' OR user_id = $3)`,
		r.Channel, r.CardTS, e.Person)
	return err
}

// eraseBeside takes words out of what no request has: deliveries that were not understood, and
// the names that UiPath gave of changes outside of the bot.
func (t *tx) eraseBeside(ctx context.Context, e Erasure) error {
	since, until := toMicros(e.Since), toMicros(e.Until)
	_, err := t.ExecContext(ctx, `DELETE FROM dead_letters WHERE at >= $1 AND at < $2 AND ($3 = '' OR raw LIKE $4)`,
		since, until, e.Person, e.like())
	if err != nil {
		return err
	}
	changes, err := collect(readRows(ctx, t, scanOutsideChange, `SELECT `+changeColumns+` FROM outside_changes
		WHERE closed_at IS NOT NULL AND at >= $1 AND at < $2`, since, until))
	if err != nil {
		return err
	}
	for _, c := range changes {
		for i, edit := range c.Edits {
			if e.concerns(approvals.Word{Value: edit.By}) {
				c.Edits[i].By, c.Edits[i].What = approvals.Erased, approvals.Erased
			}
		}
		detail, err := encodeChange(c.OutsideChange)
		if err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `UPDATE outside_changes SET detail = $2 WHERE id = $1`, c.ID, detail); err != nil {
			return err
		}
	}
	return nil
}
