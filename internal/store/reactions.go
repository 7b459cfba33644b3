package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
)

// React records that someone put an emoji on a message or took it back, and
// owes a weighing if the message is the card of an open request. Of several
// reports about one emoji the one with the latest event time holds, in
// whatever order they arrive.
func (s *Store) React(ctx context.Context, heard approvals.Reaction) error {
	return s.inTx(ctx, func(tx *tx) error {
		if err := tx.excludeCard(ctx, heard.Channel, heard.TS); err != nil {
			return err
		}
		r, err := tx.lock(ctx, `channel = $1 AND card_ts = $2`, heard.Channel, heard.TS)
		card := err == nil // otherwise no card, or one whose timestamp is not stored yet
		if err != nil && !errors.Is(err, approvals.ErrNoRequest) {
			return err
		}
		result, err := tx.ExecContext(ctx, `INSERT INTO reactions (channel, ts, user_id, name, deny, present, event_ts, heard_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (channel, ts, user_id, name) DO UPDATE SET
				present = excluded.present, event_ts = excluded.event_ts, heard_at = excluded.heard_at
			WHERE excluded.event_ts > reactions.event_ts`,
			heard.Channel, heard.TS, heard.User, heard.Name, flag(heard.Deny), flag(heard.Present), heard.EventTS, micros(tx.now))
		if err != nil {
			return fmt.Errorf("record reaction: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err // told before
		}
		if !card || !r.State.Open() {
			return nil
		}
		return tx.owe(ctx, r, approvals.Owed{Kind: approvals.Weigh})
	})
}

// excludeCard keeps a reaction and the card's own timestamp from being stored
// at the same moment: neither would see the other, and nobody weigh the vote.
func (t *tx) excludeCard(ctx context.Context, channel, ts string) error {
	return t.engine.exclude(ctx, t.Tx, "card "+channel+" "+ts)
}

// Reactions lists the reactions present on a message, oldest first.
func (s *Store) Reactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT user_id, name, deny, event_ts FROM reactions
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

// Seen replaces what is known of a message's reactions by what Slack showed.
// What was heard after the look began is newer and stays.
func (s *Store) Seen(ctx context.Context, channel, ts string, asOf time.Time, shown []approvals.Reaction) error {
	return s.inTx(ctx, func(tx *tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE reactions SET present = 0
			WHERE channel = $1 AND ts = $2 AND heard_at < $3`, channel, ts, micros(asOf)); err != nil {
			return fmt.Errorf("record reactions: %w", err)
		}
		for _, r := range shown {
			// event_ts stays as heard, or empty: a look has no event's time.
			if _, err := tx.ExecContext(ctx, `INSERT INTO reactions (channel, ts, user_id, name, deny, present, event_ts, heard_at)
				VALUES ($1, $2, $3, $4, $5, 1, '', $6)
				ON CONFLICT (channel, ts, user_id, name) DO UPDATE SET present = 1 WHERE reactions.heard_at < $6`,
				channel, ts, r.User, r.Name, flag(r.Deny), micros(asOf)); err != nil {
				return fmt.Errorf("record reactions: %w", err)
			}
		}
		return nil
	})
}

// DeadLetter keeps a delivery that was not understood. raw must be redacted
// and bounded by the caller.
func (s *Store) DeadLetter(ctx context.Context, envelope, why string, raw []byte) error {
	return s.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO dead_letters (at, envelope, why, raw) VALUES ($1, $2, $3, $4)
			ON CONFLICT (envelope) DO NOTHING`, micros(tx.now), envelope, why, string(raw))
		return err
	})
}
