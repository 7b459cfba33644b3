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

// React records that someone put an emoji on a message or took it back, and
// owes a weighing if the message is the card of an open request. Of several
// reports about one emoji the one with the latest event time holds, in
// whatever order they arrive.
func (s *Store) RecordReaction(ctx context.Context, heard approvals.Reaction) error {
	return s.inTx(ctx, func(tx *tx) error {
		if err := tx.excludeCard(ctx, heard.Channel, heard.TS); err != nil {
			return err
		}
		r, err := tx.lock(ctx, `channel = $1 AND card_ts = $2`, heard.Channel, heard.TS)
		card := err == nil // otherwise no card, or one whose timestamp is not stored yet
		if err != nil && !errors.Is(err, approvals.ErrNotFound) {
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
		return tx.enqueue(ctx, r, approvals.Job{Kind: approvals.JobCountVotes})
	})
}

// excludeCard keeps a reaction and the card's own timestamp from being stored
// at the same moment: neither would see the other, and nobody weigh the vote.
func (t *tx) excludeCard(ctx context.Context, channel, ts string) error {
	return t.engine.exclude(ctx, t.Tx, "card "+channel+" "+ts)
}

// Reactions lists the reactions present on a message, oldest first.
func (s *Store) ListReactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error) {
	return presentOn(ctx, s.read, channel, ts)
}

func presentOn(ctx context.Context, q querier, channel, ts string) ([]approvals.Reaction, error) {
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

// Seen brings what is known of a message's reactions in line with what Slack
// showed. What was heard after the look began is newer and stays.
func (s *Store) ReplaceReactions(ctx context.Context, channel, ts string, asOf time.Time, shown []approvals.Reaction) error {
	return s.inTx(ctx, func(tx *tx) error {
		if err := tx.excludeCard(ctx, channel, ts); err != nil {
			return err
		}
		r, err := tx.lock(ctx, `channel = $1 AND card_ts = $2`, channel, ts)
		if err != nil && !errors.Is(err, approvals.ErrNotFound) {
			return err
		}
		changed, err := tx.see(ctx, channel, ts, asOf, shown)
		if err != nil {
			return fmt.Errorf("record reactions: %w", err)
		}
		if !changed || r.State != approvals.Pending {
			return nil
		}
		return tx.enqueue(ctx, r, approvals.Job{Kind: approvals.JobCountVotes})
	})
}

// see writes what differs, and reports whether anything did. A look has no
// event's time: event_ts stays as heard, or is empty.
func (t *tx) see(ctx context.Context, channel, ts string, asOf time.Time, shown []approvals.Reaction) (bool, error) {
	var changed int64
	count := func(result sql.Result, err error) error {
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		changed += n
		return err
	}
	for _, r := range shown {
		err := count(t.ExecContext(ctx, `INSERT INTO reactions (channel, ts, user_id, name, deny, present, event_ts, heard_at)
			VALUES ($1, $2, $3, $4, $5, 1, '', $6)
			ON CONFLICT (channel, ts, user_id, name) DO UPDATE SET present = 1
			WHERE reactions.present = 0 AND reactions.heard_at < $6`,
			channel, ts, r.User, r.Name, flag(r.Deny), micros(asOf)))
		if err != nil {
			return false, err
		}
	}
	known, err := presentOn(ctx, t, channel, ts)
	if err != nil {
		return false, err
	}
	for _, r := range known {
		if slices.ContainsFunc(shown, func(s approvals.Reaction) bool { return s.User == r.User && s.Name == r.Name }) {
			continue
		}
		err := count(t.ExecContext(ctx, `UPDATE reactions SET present = 0
			WHERE channel = $1 AND ts = $2 AND user_id = $3 AND name = $4 AND heard_at < $5`,
			channel, ts, r.User, r.Name, micros(asOf)))
		if err != nil {
			return false, err
		}
	}
	return changed > 0, nil
}

// Cards lists the cards of all pending requests with what is known to be on
// them, oldest first.
func (s *Store) ListPendingCards(ctx context.Context) ([]approvals.PendingCard, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT requests.id, requests.channel, card_ts, user_id, name, deny
		FROM requests LEFT JOIN reactions ON reactions.channel = requests.channel AND ts = card_ts AND present = 1
		WHERE state = 'pending' AND card_ts IS NOT NULL ORDER BY requests.channel, card_ts`)
	if err != nil {
		return nil, fmt.Errorf("read cards: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var cards []approvals.PendingCard
	for rows.Next() {
		var card approvals.PendingCard
		var user, name sql.NullString
		var deny sql.NullBool
		if err := rows.Scan(&card.RequestID, &card.Channel, &card.TS, &user, &name, &deny); err != nil {
			return nil, fmt.Errorf("read cards: %w", err)
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

// DeadLetter keeps a delivery that was not understood. raw must be redacted
// and bounded by the caller.
func (s *Store) DeadLetter(ctx context.Context, envelope, why string, raw []byte) error {
	return s.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO dead_letters (at, envelope, reason, raw) VALUES ($1, $2, $3, $4)
			ON CONFLICT (envelope) DO NOTHING`, micros(tx.now), envelope, why, string(raw))
		return err
	})
}
