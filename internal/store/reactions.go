package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"licensebot/approvals"
)

// RecordReaction records an emoji, put on a message by a person or taken back.
// If the message is the card of an open request, it enqueues a vote count. Slack
// may report one emoji several times and out of order: the report with the latest
// event time holds.
func (s *Store) RecordReaction(ctx context.Context, heard approvals.Reaction) error {
	return s.runInTx(ctx, func(tx *tx) error {
		if err := tx.lockCard(ctx, heard.Channel, heard.TS); err != nil {
			return err
		}
		r, err := tx.lockRequest(ctx, `channel = $1 AND card_ts = $2`, heard.Channel, heard.TS)
		isCard := err == nil // if not, the card's timestamp may not be stored yet
		if err != nil && !errors.Is(err, approvals.ErrNotFound) {
			return err
		}
		changed, err := tx.recordHeard(ctx, heard)
		if err != nil || !changed || !isCard || !r.State.Open() {
			return err
		}
		return tx.enqueueJob(ctx, r, approvals.Job{Kind: approvals.JobCountVotes})
	})
}

// recordHeard stores a report about an emoji. It reports false if the store knows
// this report or a later one already.
func (t *tx) recordHeard(ctx context.Context, heard approvals.Reaction) (bool, error) {
	result, err := t.ExecContext(ctx, `INSERT INTO reactions
		(channel, ts, user_id, name, deny, present, dated, event_ts, heard_at)
		VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)
		ON CONFLICT (channel, ts, user_id, name) DO UPDATE SET
			present = excluded.present, dated = 1, event_ts = excluded.event_ts, heard_at = excluded.heard_at
		WHERE excluded.event_ts > reactions.event_ts`,
		heard.Channel, heard.TS, heard.User, heard.Name, boolToInt(heard.Deny), boolToInt(heard.Present),
		heard.EventTS, toMicros(t.now))
	if err != nil {
		return false, fmt.Errorf("record reaction: %w", err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// ListReactions lists the reactions present on a message, oldest first.
func (s *Store) ListReactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error) {
	return presentReactions(ctx, s.read, channel, ts)
}

func presentReactions(ctx context.Context, q querier, channel, ts string) ([]approvals.Reaction, error) {
	rows, err := q.QueryContext(ctx, `SELECT user_id, name, deny, event_ts FROM reactions
		WHERE channel = $1 AND ts = $2 AND present = 1 ORDER BY event_ts, user_id, name`, channel, ts)
	if err != nil {
		return nil, fmt.Errorf("read reactions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var present []approvals.Reaction
	for rows.Next() {
		r := approvals.Reaction{Channel: channel, TS: ts, Present: true}
		if err := rows.Scan(&r.User, &r.Name, &r.Deny, &r.EventTS); err != nil {
			return nil, fmt.Errorf("read reactions: %w", err)
		}
		present = append(present, r)
	}
	return present, rows.Err()
}

// ReplaceReactions replaces what the store knows of a message's reactions with
// what Slack showed. Events since asOf are newer and stay. If the card of a pending
// request changes, it enqueues a vote count.
func (s *Store) ReplaceReactions(
	ctx context.Context, channel, ts string, asOf time.Time, shown []approvals.Reaction,
) error {
	return s.runInTx(ctx, func(tx *tx) error {
		if err := tx.lockCard(ctx, channel, ts); err != nil {
			return err
		}
		r, err := tx.lockRequest(ctx, `channel = $1 AND card_ts = $2`, channel, ts)
		if err != nil && !errors.Is(err, approvals.ErrNotFound) {
			return err
		}
		added, err := tx.recordShown(ctx, channel, ts, asOf, shown)
		if err != nil {
			return fmt.Errorf("record shown reactions: %w", err)
		}
		removed, err := tx.removeUnshown(ctx, channel, ts, asOf, shown)
		if err != nil {
			return fmt.Errorf("remove reactions: %w", err)
		}
		if added+removed == 0 || r.State != approvals.Pending {
			return nil
		}
		return tx.enqueueJob(ctx, r, approvals.Job{Kind: approvals.JobCountVotes})
	})
}

// recordShown stores the reactions on Slack's list and counts the changes. The list
// has no event times: a known event_ts stays, and a new one is empty.
func (t *tx) recordShown(
	ctx context.Context, channel, ts string, asOf time.Time, shown []approvals.Reaction,
) (changed int64, err error) {
	for _, r := range shown {
		n, err := t.countChanged(ctx, `INSERT INTO reactions
			(channel, ts, user_id, name, deny, present, event_ts, heard_at)
			VALUES ($1, $2, $3, $4, $5, 1, '', $6)
			ON CONFLICT (channel, ts, user_id, name) DO UPDATE SET present = 1, dated = 0
			WHERE reactions.present = 0 AND reactions.heard_at < $6`,
			channel, ts, r.User, r.Name, boolToInt(r.Deny), toMicros(asOf))
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}

// removeUnshown marks the known reactions as gone if they are missing from Slack's
// list, and counts them.
func (t *tx) removeUnshown(
	ctx context.Context, channel, ts string, asOf time.Time, shown []approvals.Reaction,
) (changed int64, err error) {
	known, err := presentReactions(ctx, t, channel, ts)
	if err != nil {
		return 0, err
	}
	for _, r := range known {
		if slices.ContainsFunc(shown, func(s approvals.Reaction) bool { return s.User == r.User && s.Name == r.Name }) {
			continue
		}
		n, err := t.countChanged(ctx, `UPDATE reactions SET present = 0, dated = 0
			WHERE channel = $1 AND ts = $2 AND user_id = $3 AND name = $4 AND heard_at < $5`,
			channel, ts, r.User, r.Name, toMicros(asOf))
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}

// ListWithdrawn lists the reactions on a message that people took back, as events
// told.
func (s *Store) ListWithdrawn(ctx context.Context, channel, ts string) ([]approvals.Reaction, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT user_id, name, event_ts FROM reactions
		WHERE channel = $1 AND ts = $2 AND present = 0 AND dated = 1 ORDER BY event_ts, user_id, name`, channel, ts)
	if err != nil {
		return nil, fmt.Errorf("read withdrawn reactions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var withdrawn []approvals.Reaction
	for rows.Next() {
		r := approvals.Reaction{Channel: channel, TS: ts}
		if err := rows.Scan(&r.User, &r.Name, &r.EventTS); err != nil {
			return nil, fmt.Errorf("read withdrawn reactions: %w", err)
		}
		withdrawn = append(withdrawn, r)
	}
	return withdrawn, rows.Err()
}

// FindByCard reads the request of a card. ErrNotFound if the message is no card that
// the store knows.
func (s *Store) FindByCard(ctx context.Context, channel, ts string) (approvals.Request, error) {
	return scanRequest(s.read.QueryRowContext(ctx, requestByCard, channel, ts))
}

// countChanged runs a statement and counts the changed rows.
func (t *tx) countChanged(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// ListPendingCards lists the cards of all pending requests with their known
// reactions, oldest first.
func (s *Store) ListPendingCards(ctx context.Context) ([]approvals.PendingCard, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT requests.id, requests.channel, card_ts,
		card_missed_at IS NOT NULL, user_id, name, deny
		FROM requests LEFT JOIN reactions ON reactions.channel = requests.channel AND ts = card_ts AND present = 1
		WHERE state = 'pending' AND card_ts IS NOT NULL ORDER BY requests.channel, card_ts`)
	if err != nil {
		return nil, fmt.Errorf("list pending cards: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var cards []approvals.PendingCard
	for rows.Next() {
		var card approvals.PendingCard
		var user, name sql.NullString
		var deny sql.NullBool
		if err := rows.Scan(&card.RequestID, &card.Channel, &card.TS, &card.Missed, &user, &name, &deny); err != nil {
			return nil, fmt.Errorf("list pending cards: %w", err)
		}
		if len(cards) == 0 || cards[len(cards)-1].RequestID != card.RequestID {
			cards = append(cards, card)
		}
		if user.Valid {
			last := &cards[len(cards)-1]
			last.Known = append(last.Known, approvals.Reaction{
				Channel: card.Channel, TS: card.TS, User: user.String, Name: name.String, Deny: deny.Bool, Present: true,
			})
		}
	}
	return cards, rows.Err()
}
