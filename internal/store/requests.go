package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"licensebot/approvals"
)

// body is the part of a request that no query asks for.
type body struct {
	Origin   string              `json:"origin_channel"`
	Ask      approvals.Ask       `json:"ask"`
	Terms    approvals.Terms     `json:"terms"`
	Proposal *approvals.Proposal `json:"proposal,omitempty"`
	Votes    []approvals.Vote    `json:"votes,omitempty"`
	Outcome  *approvals.Outcome  `json:"outcome,omitempty"`
	Grant    *approvals.Grant    `json:"grant,omitempty"`

	DelayReason    string   `json:"delay_reason,omitempty"`
	Notified       []string `json:"notified,omitempty"`
	Mismatches     int      `json:"mismatches,omitempty"`
	RemindersSent  int      `json:"reminders_sent,omitempty"`
	ConsentLosses  int      `json:"consent_losses,omitempty"`
	WriteAttempted bool     `json:"write_attempted,omitempty"`
}

const requestColumns = `id, envelope_id, state, requester, channel, card_ts, filed_at, deadline_at, decided_at, closed_at, dedup_key, body`

// File makes a request durable, unless its envelope already filed one: then
// that one is returned and again is true. The request's times are set here.
func (s *Store) FileRequest(ctx context.Context, r approvals.Request) (filed approvals.Request, again bool, err error) {
	err = s.inTx(ctx, func(tx *tx) error {
		filed, again = r, false
		filed.FiledAt = tx.now.UTC()
		filed.Deadline = filed.FiledAt.Add(r.Terms.TTL)
		step := approvals.File(filed)
		inserted, err := tx.insert(ctx, step.Request)
		if err != nil {
			return err
		}
		if !inserted {
			again = true
			filed, err = scanRequest(tx.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM requests WHERE envelope_id = $1`, r.EnvelopeID))
			return err
		}
		filed = step.Request
		return tx.write(ctx, approvals.Request{}, "filed", r.Requester, r.Ask, step)
	})
	if errors.Is(err, approvals.ErrCommitUnknown) && s.holds(ctx, r.ID) {
		err = nil
	}
	return filed, again, err
}

// holds reports whether a request is stored. It asks in its own time, because
// the caller's may be over.
func (s *Store) holds(ctx context.Context, id string) bool {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	_, err := s.Request(ctx, id)
	return err == nil
}

// Request reads one request.
func (s *Store) Request(ctx context.Context, id string) (approvals.Request, error) {
	return scanRequest(s.read.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM requests WHERE id = $1`, id))
}

// Step applies an event to a request and settles the task that brought it.
func (s *Store) ApplyEvent(ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob) (approvals.Request, error) {
	var after approvals.Request
	err := s.inTx(ctx, func(tx *tx) error {
		before, err := tx.lock(ctx, `id = $1`, id)
		if err != nil {
			return err
		}
		step, err := approvals.Next(before, e, tx.now.UTC())
		if err != nil {
			return err
		}
		after = step.Request
		if done != nil {
			if err := tx.complete(ctx, *done); err != nil {
				return err
			}
		}
		if err := tx.alone(ctx, after); err != nil {
			return err
		}
		if before.CardTS != after.CardTS {
			if err := tx.excludeCard(ctx, after.Channel, after.CardTS); err != nil {
				return err
			}
		}
		if err := tx.update(ctx, step.Request); err != nil {
			return err
		}
		return tx.write(ctx, before, e.Kind(), e.Actor(), e, step)
	})
	return after, err
}

// alone returns *Taken if another open request asks the same. Who asks it at
// this moment has to wait for this transaction.
func (t *tx) alone(ctx context.Context, r approvals.Request) error {
	if r.DedupKey == "" || !r.State.Open() {
		return nil
	}
	if err := t.engine.exclude(ctx, t.Tx, "dedup "+r.DedupKey); err != nil {
		return err
	}
	var other string
	err := t.QueryRowContext(ctx, `SELECT id FROM requests WHERE dedup_key = $1 AND id <> $2`, r.DedupKey, r.ID).Scan(&other)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for the same request: %w", err)
	}
	return &approvals.DuplicateError{RequestID: other}
}

// lock reads the one request that a condition names and keeps it from
// changing until the transaction ends.
func (t *tx) lock(ctx context.Context, where string, args ...any) (approvals.Request, error) {
	r, err := scanRequest(t.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM requests WHERE `+where+t.engine.forUpdate(), args...))
	if err != nil {
		return r, err
	}
	return r, t.tick(ctx)
}

// write journals a transition and brings the owed work in line with it.
func (t *tx) write(ctx context.Context, before approvals.Request, kind, actor string, event any, step approvals.Step) error {
	detail, err := json.Marshal(event)
	if err != nil {
		return err
	}
	r := step.Request
	_, err = t.ExecContext(ctx, `INSERT INTO journal (request_id, at, kind, actor, before, after, event)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		r.ID, micros(t.now), kind, actor, string(before.State), string(r.State), string(detail))
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	for _, kind := range step.Drop {
		if _, err := t.ExecContext(ctx, `DELETE FROM jobs WHERE request_id = $1 AND kind = $2`, r.ID, string(kind)); err != nil {
			return fmt.Errorf("drop job %s: %w", kind, err)
		}
	}
	for _, job := range step.Enqueue {
		if err := t.enqueue(ctx, r, job); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) insert(ctx context.Context, r approvals.Request) (bool, error) {
	text, err := json.Marshal(bodyOf(r))
	if err != nil {
		return false, err
	}
	result, err := t.ExecContext(ctx, `INSERT INTO requests
		(id, envelope_id, state, requester, channel, filed_at, deadline_at, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		r.ID, r.EnvelopeID, string(r.State), r.Requester, r.Channel, micros(r.FiledAt), micros(r.Deadline), string(text))
	if err != nil {
		return false, fmt.Errorf("file request: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func (t *tx) update(ctx context.Context, r approvals.Request) error {
	text, err := json.Marshal(bodyOf(r))
	if err != nil {
		return err
	}
	var group any
	if r.Proposal != nil {
		group = r.Proposal.Group.ID
	}
	var card any
	if r.CardTS != "" {
		card = r.CardTS
	}
	_, err = t.ExecContext(ctx, `UPDATE requests SET state = $2, card_ts = $3, group_id = $4,
		decided_at = $5, closed_at = $6, body = $7, dedup_key = $8, deadline_at = $9, grant_until = $10 WHERE id = $1`,
		r.ID, string(r.State), card, group, nullMicros(r.DecidedAt), nullMicros(r.ClosedAt), string(text),
		sql.NullString{String: r.DedupKey, Valid: r.DedupKey != ""}, micros(r.Deadline), grantUntil(r))
	if err != nil {
		return fmt.Errorf("update request: %w", err)
	}
	return nil
}

func bodyOf(r approvals.Request) body {
	return body{
		Origin: r.OriginChannel, Ask: r.Ask, Terms: r.Terms, Proposal: r.Proposal, Votes: r.Votes,
		Outcome: r.Outcome, Grant: r.Grant,
		DelayReason: r.DelayReason, Notified: r.Notified, Mismatches: r.Mismatches,
		RemindersSent: r.RemindersSent, ConsentLosses: r.ConsentLosses, WriteAttempted: r.WriteAttempted,
	}
}

// errUnread is in the error of a request whose row is not understood.
var errUnread = errors.New("its row is not understood")

// scanRequest reads a request from its row.
func scanRequest(row interface{ Scan(...any) error }) (approvals.Request, error) {
	var (
		r              approvals.Request
		state, text    string
		card           sql.NullString
		filed, dead    int64
		decided, ended sql.NullInt64
		sole           sql.NullString
		b              body
	)
	err := row.Scan(&r.ID, &r.EnvelopeID, &state, &r.Requester, &r.Channel, &card, &filed, &dead, &decided, &ended, &sole, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return approvals.Request{}, approvals.ErrNotFound
	}
	if err != nil {
		return approvals.Request{}, fmt.Errorf("read request: %w", err)
	}
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return approvals.Request{}, fmt.Errorf("read request %s: %w: %w", r.ID, errUnread, err)
	}
	r.State, r.CardTS, r.DedupKey = approvals.State(state), card.String, sole.String
	r.FiledAt, r.Deadline = fromMicros(filed), fromMicros(dead)
	r.DecidedAt, r.ClosedAt = fromNullMicros(decided), fromNullMicros(ended)
	r.OriginChannel, r.Ask, r.Terms, r.Proposal, r.Votes = b.Origin, b.Ask, b.Terms, b.Proposal, b.Votes
	r.Outcome, r.Grant, r.DelayReason, r.Notified = b.Outcome, b.Grant, b.DelayReason, b.Notified
	r.Mismatches, r.RemindersSent, r.ConsentLosses, r.WriteAttempted = b.Mismatches, b.RemindersSent, b.ConsentLosses, b.WriteAttempted
	return r, nil
}
