package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"licensebot/approvals"
)

const (
	requestColumns = `id, envelope_id, state, requester, channel, card_ts, ` +
		`filed_at, deadline_at, decided_at, closed_at, dedup_key, body`
	requestByID       = `SELECT ` + requestColumns + ` FROM requests WHERE id = $1`
	requestByCard     = `SELECT ` + requestColumns + ` FROM requests WHERE channel = $1 AND card_ts = $2`
	requestByEnvelope = `SELECT ` + requestColumns + ` FROM requests WHERE envelope_id = $1`
)

// requestBody is the part of a request without columns of its own.
type requestBody struct {
	Origin   string              `json:"origin_channel"`
	Target   approvals.Target    `json:"target"`
	Ask      approvals.Ask       `json:"ask"`
	Terms    approvals.Terms     `json:"terms"`
	Proposal *approvals.Proposal `json:"proposal,omitempty"`
	Votes    []approvals.Vote    `json:"votes,omitempty"`
	Outcome  *approvals.Outcome  `json:"outcome,omitempty"`
	Grant    *approvals.Grant    `json:"grant,omitempty"`

	Judgments     []approvals.Judgment `json:"judgments,omitempty"`
	Doubles       []string             `json:"doubles,omitempty"`
	ToldPrivately []string             `json:"told_privately,omitempty"`
	Denials       []approvals.Denial   `json:"denials,omitempty"`
	Presses       []approvals.Press    `json:"presses,omitempty"`
	PressCount    int                  `json:"press_count,omitempty"`

	DelayReason      string    `json:"delay_reason,omitempty"`
	Notified         []string  `json:"notified,omitempty" words:"person"`
	Mismatches       int       `json:"mismatches,omitempty"`
	RemindersSent    int       `json:"reminders_sent,omitempty"`
	ConsentLosses    int       `json:"consent_losses,omitempty"`
	WriteAttempted   bool      `json:"write_attempted,omitempty"`
	RefusedAt        time.Time `json:"refused_at,omitzero"`
	EffectFound      bool      `json:"effect_found,omitempty"`
	EffectInPart     bool      `json:"effect_in_part,omitempty"`
	AnsweredAt       time.Time `json:"answered_at,omitzero"`
	OperatorFault    bool      `json:"operator_fault,omitempty"`
	DeadlineTS       string    `json:"deadline_ts,omitempty"`
	CardMissingSince time.Time `json:"card_missing_since,omitzero"`
}

func encodeBody(r approvals.Request) (string, error) {
	text, err := json.Marshal(bodyOf(r))
	return string(text), err
}

func bodyOf(r approvals.Request) requestBody {
	return requestBody{
		Origin: r.OriginChannel, Target: r.Target, Ask: r.Ask, Terms: r.Terms, Proposal: r.Proposal, Votes: r.Votes,
		Outcome: r.Outcome, Grant: r.Grant,
		DelayReason: r.DelayReason, Notified: r.Notified, Mismatches: r.Mismatches,
		RemindersSent: r.RemindersSent, ConsentLosses: r.ConsentLosses, WriteAttempted: r.WriteAttempted,
		Judgments: r.Judgments, EffectFound: r.EffectFound, EffectInPart: r.EffectInPart,
		AnsweredAt: r.AnsweredAt, OperatorFault: r.OperatorFault, RefusedAt: r.RefusedAt,
		ToldPrivately: r.ToldPrivately,
		Presses:       r.Presses, PressCount: r.PressCount,
		Doubles: r.Doubles, Denials: r.Denials, CardMissingSince: r.CardMissingSince, DeadlineTS: r.DeadlineTS,
	}
}

// addTo sets the fields of a request from its body.
func (b requestBody) addTo(r *approvals.Request) {
	r.OriginChannel, r.Target, r.Ask, r.Terms = b.Origin, b.Target, b.Ask, b.Terms
	r.Proposal, r.Votes = b.Proposal, b.Votes
	r.Outcome, r.Grant, r.DelayReason, r.Notified = b.Outcome, b.Grant, b.DelayReason, b.Notified
	r.Mismatches, r.RemindersSent, r.ConsentLosses = b.Mismatches, b.RemindersSent, b.ConsentLosses
	r.WriteAttempted, r.Judgments, r.EffectFound = b.WriteAttempted, b.Judgments, b.EffectFound
	r.Doubles, r.Denials, r.CardMissingSince = b.Doubles, b.Denials, b.CardMissingSince
	r.EffectInPart, r.AnsweredAt, r.OperatorFault, r.RefusedAt = b.EffectInPart, b.AnsweredAt, b.OperatorFault, b.RefusedAt
	r.DeadlineTS = b.DeadlineTS
	r.ToldPrivately, r.Presses, r.PressCount = b.ToldPrivately, b.Presses, b.PressCount
}

// insertRequest reports false if another request has the same envelope or id.
func (t *tx) insertRequest(ctx context.Context, r approvals.Request) (bool, error) {
	body, err := encodeBody(r)
	if err != nil {
		return false, err
	}
	result, err := t.ExecContext(ctx, `INSERT INTO requests
		(id, envelope_id, state, requester, channel, filed_at, deadline_at, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		r.ID, r.EnvelopeID, string(r.State), r.Requester, r.Channel, toMicros(r.FiledAt), toMicros(r.Deadline), body)
	if err != nil {
		return false, fmt.Errorf("file request: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func (t *tx) updateRequest(ctx context.Context, r approvals.Request) error {
	body, err := encodeBody(r)
	if err != nil {
		return err
	}
	var group sql.NullString
	if r.Proposal != nil {
		group = sql.NullString{String: r.Proposal.Group.ID, Valid: true}
	}
	_, err = t.ExecContext(ctx, `UPDATE requests SET state = $2, card_ts = $3, group_id = $4,
		decided_at = $5, closed_at = $6, body = $7, dedup_key = $8, deadline_at = $9, grant_until = $10,
		granted_at = $11, in_effect = $12, card_missed_at = $13, channel = $14 WHERE id = $1`,
		r.ID, string(r.State), nullText(r.CardTS), group, nullMicros(r.DecidedAt), nullMicros(r.ClosedAt), body,
		nullText(r.DedupKey), toMicros(r.Deadline), grantUntil(r), grantedAt(r), boolToInt(r.IsInEffect()),
		nullMicros(r.CardMissingSince), r.Channel)
	if err != nil {
		return fmt.Errorf("update request %s: %w", r.ID, err)
	}
	return nil
}

// grantUntil is the end of a running grant, or else NULL.
func grantUntil(r approvals.Request) any {
	if !r.HoldsGrant() {
		return nil
	}
	return toMicros(r.Grant.Until)
}

// grantedAt is when a timed grant began, or else NULL.
func grantedAt(r approvals.Request) any {
	if r.Grant == nil {
		return nil
	}
	return toMicros(r.ClosedAt)
}

// readRequest reads a request as this transaction leaves it: from memory if the transaction took a
// step with it or has locked it, because that costs less than to decode it once more.
func (t *tx) readRequest(ctx context.Context, id string) (approvals.Request, error) {
	for _, step := range slices.Backward(t.steps) {
		if step.After.ID == id {
			return withoutUnstored(step.After), nil
		}
	}
	for _, r := range t.locked {
		if r.ID == id {
			return r, nil
		}
	}
	return scanRequest(t.QueryRowContext(ctx, requestByID, id))
}

// withoutUnstored is a request as the database would show it.
func withoutUnstored(r approvals.Request) approvals.Request {
	if r.Proposal != nil {
		own := *r.Proposal
		own.Group.Canonical = approvals.GroupName{}
		r.Proposal = &own
	}
	return r
}

// scanRequest reads a request from a row of requestColumns.
func scanRequest(row interface{ Scan(...any) error }) (approvals.Request, error) {
	var (
		r               approvals.Request
		state, text     string
		card, dedupKey  sql.NullString
		filed, deadline int64
		decided, closed sql.NullInt64
		body            requestBody
	)
	err := row.Scan(&r.ID, &r.EnvelopeID, &state, &r.Requester, &r.Channel, &card,
		&filed, &deadline, &decided, &closed, &dedupKey, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return approvals.Request{}, approvals.ErrNotFound
	}
	if err != nil {
		return approvals.Request{}, fmt.Errorf("read request: %w", err)
	}
	if err := decodeJSON(text, &body); err != nil {
		return approvals.Request{}, fmt.Errorf("read request %s: %w", r.ID, err)
	}
	r.State, r.CardTS, r.DedupKey = approvals.State(state), card.String, dedupKey.String
	r.FiledAt, r.Deadline = fromMicros(filed), fromMicros(deadline)
	r.DecidedAt, r.ClosedAt = fromNullMicros(decided), fromNullMicros(closed)
	body.addTo(&r)
	return r, nil
}
