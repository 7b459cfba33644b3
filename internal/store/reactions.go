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
// If the emoji is a vote on the card of an open request, or nearly one, it enqueues a
// vote count. Slack
// may report one emoji several times and out of order: the report with the latest
// event time holds.
func (s *Store) RecordReaction(ctx context.Context, heard approvals.Reaction) error {
	return s.runInTx(ctx, func(tx *tx) (err error) {
		if heard.Channel, err = tx.currentID(ctx, heard.Channel); err != nil {
			return err
		}
		if err := tx.lockCard(ctx, heard.Channel, heard.TS); err != nil {
			return err
		}
		r, err := tx.lockRequest(ctx, `channel = $1 AND card_ts = $2`, heard.Channel, heard.TS)
		isCard := err == nil // if not, the card's timestamp may not be stored yet
		if err != nil && !errors.Is(err, approvals.ErrNotFound) {
			return err
		}
		changed, err := tx.recordHeard(ctx, heard)
		matters := r.IsVote(heard.Name) || approvals.IsNearMiss(heard.Name)
		if err != nil || !changed || !isCard || !r.State.Open() || !matters {
			return err
		}
		if err := tx.journalReaction(ctx, r, heard); err != nil {
			return err
		}
		return tx.enqueueJob(ctx, r, approvals.Job{Kind: approvals.JobCountVotes})
	})
}

// journalReaction keeps a vote, or that it was taken back, with Slack's time.
func (t *tx) journalReaction(ctx context.Context, r approvals.Request, heard approvals.Reaction) error {
	deny, isVote := r.Terms.Emoji.Meaning(heard.Name)
	if !isVote {
		return nil
	}
	return t.journalBeside(ctx, r, approvals.KindReacted, heard.User, approvals.ReactedEntry{
		User: heard.User, Name: heard.Name, Deny: deny, Taken: !heard.Present, EventTS: heard.EventTS,
	})
}

// recordHeard stores a report about an emoji. It reports false if the store knows
// this report or a later one already.
func (t *tx) recordHeard(ctx context.Context, heard approvals.Reaction) (bool, error) {
	result, err := t.ExecContext(ctx, `INSERT INTO reactions
		(channel, ts, user_id, name, present, dated, event_ts, seen_at)
		VALUES ($1, $2, $3, $4, $5, 1, $6, $7)
		ON CONFLICT (channel, ts, user_id, name) DO UPDATE SET
			present = excluded.present, dated = 1, event_ts = excluded.event_ts, seen_at = excluded.seen_at,
			missed_at = NULL
		WHERE excluded.event_ts > reactions.event_ts`,
		heard.Channel, heard.TS, heard.User, heard.Name, boolToInt(heard.Present), heard.EventTS, toMicros(t.now))
	if err != nil {
		return false, fmt.Errorf("record reaction: %w", err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// ListReactions lists the reactions present on a message, oldest first. One that a look
// did not show is present until a second look agrees.
func (s *Store) ListReactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error) {
	return presentReactions(ctx, s.read, channel, ts)
}

func presentReactions(ctx context.Context, q querier, channel, ts string) ([]approvals.Reaction, error) {
	rows, err := q.QueryContext(ctx, `SELECT user_id, name,
		CASE WHEN dated = 1 THEN event_ts ELSE '' END, CASE WHEN dated = 1 THEN '' ELSE event_ts END, seen_at
		FROM reactions
		WHERE channel = $1 AND ts = $2 AND present = 1 ORDER BY reactions.event_ts, user_id, name`, channel, ts)
	if err != nil {
		return nil, fmt.Errorf("read reactions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var present []approvals.Reaction
	for rows.Next() {
		r := approvals.Reaction{Channel: channel, TS: ts, Present: true}
		var seen int64
		if err := rows.Scan(&r.User, &r.Name, &r.EventTS, &r.AfterTS, &seen); err != nil {
			return nil, fmt.Errorf("read reactions: %w", err)
		}
		r.SeenAt = fromMicros(seen)
		present = append(present, r)
	}
	return present, rows.Err()
}

// ReplaceReactions replaces what the store knows of a message's reactions with
// what Slack showed. What it learned within approvals.ReadLag before asOf stays,
// because Slack may show an older state; all of it if the clock has just stepped. A
// reaction that is not shown is gone only if a second look, at least
// approvals.SecondLookAfter later, does not show it either. If a vote on the card of a
// pending request changes, it enqueues a vote count.
func (s *Store) ReplaceReactions(
	ctx context.Context, channel, ts string, asOf time.Time, shown []approvals.Reaction,
) error {
	if same, err := s.isShown(ctx, channel, ts, shown); err != nil || same {
		return err
	}
	return s.runInTx(ctx, func(tx *tx) (err error) {
		if channel, err = tx.currentID(ctx, channel); err != nil {
			return err
		}
		if err := tx.lockCard(ctx, channel, ts); err != nil {
			return err
		}
		r, err := tx.lockRequest(ctx, `channel = $1 AND card_ts = $2`, channel, ts)
		if err != nil && !errors.Is(err, approvals.ErrNotFound) {
			return err
		}
		before, err := presentReactions(ctx, tx, channel, ts)
		if err != nil {
			return err
		}
		old := asOf.Add(-approvals.ReadLag)
		if s.clock.hasSteppedWithin(approvals.ReadLag) { // how old something is cannot be told
			old = time.Time{}
		}
		if err := tx.recordShown(ctx, channel, ts, old, shown); err != nil {
			return fmt.Errorf("record shown reactions: %w", err)
		}
		if err := tx.missUnshown(ctx, asOf, old, before, shown); err != nil {
			return fmt.Errorf("remove reactions: %w", err)
		}
		after, err := presentReactions(ctx, tx, channel, ts)
		if err != nil || r.State != approvals.Pending || !r.VotesDiffer(before, after) {
			return err
		}
		return tx.enqueueJob(ctx, r, approvals.Job{Kind: approvals.JobCountVotes})
	})
}

// isShown reports whether Slack shows just what the store knows of a message's reactions, so that
// the look changes nothing, as most do. If nothing is known, it may stand under another id of
// the channel.
func (s *Store) isShown(ctx context.Context, channel, ts string, shown []approvals.Reaction) (bool, error) {
	var missed bool
	known, err := collect(readRows(ctx, s.read, func(rows *sql.Rows) (r approvals.Reaction, err error) {
		var isMissed bool
		err = rows.Scan(&r.User, &r.Name, &isMissed)
		missed = missed || isMissed
		return r, err
	}, `SELECT user_id, name, missed_at IS NOT NULL FROM reactions
		WHERE channel = $1 AND ts = $2 AND present = 1`, channel, ts))
	if err != nil || missed || len(known) == 0 {
		return false, err
	}
	return containsEach(known, shown) && containsEach(shown, known), nil
}

// containsEach reports whether the same people gave each of some reactions on a message.
func containsEach(all, some []approvals.Reaction) bool {
	for _, r := range some {
		if !slices.ContainsFunc(all, func(o approvals.Reaction) bool { return o.User == r.User && o.Name == r.Name }) {
			return false
		}
	}
	return true
}

// recordShown stores the reactions on Slack's list. The list has no event times, so
// a reaction that was gone and is back is undated, until an event tells its time. One that
// looks only missed keeps its time. A look may take long, so what it shows is known from its
// end on.
func (t *tx) recordShown(
	ctx context.Context, channel, ts string, old time.Time, shown []approvals.Reaction,
) error {
	for _, r := range shown {
		_, err := t.ExecContext(ctx, `INSERT INTO reactions
			(channel, ts, user_id, name, present, dated, event_ts, seen_at)
			VALUES ($1, $2, $3, $4, 1, 0, '', $5)
			ON CONFLICT (channel, ts, user_id, name) DO UPDATE SET
				present = 1, missed_at = NULL,
				dated = CASE WHEN reactions.present = 1 THEN reactions.dated ELSE 0 END,
				seen_at = CASE WHEN reactions.present = 1 THEN reactions.seen_at ELSE excluded.seen_at END
			WHERE reactions.missed_at IS NOT NULL OR reactions.present = 0 AND reactions.seen_at < $6`,
			channel, ts, r.User, r.Name, toMicros(t.now), toMicros(old))
		if err != nil {
			return err
		}
	}
	return nil
}

// missUnshown marks the known reactions that are missing from Slack's list. At the
// second look without them they are gone. Of two first looks the earlier one counts.
func (t *tx) missUnshown(ctx context.Context, asOf, old time.Time, known, shown []approvals.Reaction) error {
	for _, r := range known {
		if slices.ContainsFunc(shown, func(s approvals.Reaction) bool { return s.User == r.User && s.Name == r.Name }) {
			continue
		}
		_, err := t.ExecContext(ctx, `UPDATE reactions SET
				present = CASE WHEN missed_at <= $7 THEN 0 ELSE 1 END,
				dated = CASE WHEN missed_at <= $7 THEN 0 ELSE dated END,
				seen_at = CASE WHEN missed_at <= $7 THEN $5 ELSE seen_at END,
				missed_at = CASE WHEN missed_at <= $7 THEN NULL WHEN missed_at < $5 THEN missed_at ELSE $5 END
			WHERE channel = $1 AND ts = $2 AND user_id = $3 AND name = $4 AND seen_at < $6`,
			r.Channel, r.TS, r.User, r.Name, toMicros(asOf), toMicros(old),
			toMicros(asOf.Add(-approvals.SecondLookAfter)))
		if err != nil {
			return err
		}
	}
	return nil
}

// MarkTriedUnlessVoted records an attempt at a write that rests on votes. It locks
// the request, as recording a vote does, so that one of the two sees the other.
func (s *Store) MarkTriedUnlessVoted(
	ctx context.Context, job approvals.LeasedJob, guard approvals.VoteGuard,
) error {
	return s.runInTx(ctx, func(tx *tx) error {
		r, err := tx.lockRequest(ctx, `id = $1`, job.RequestID)
		if err != nil {
			return err
		}
		if err := tx.checkGuard(ctx, r, guard); err != nil {
			return err
		}
		return tx.markTried(ctx, job)
	})
}

// checkGuard returns ErrVotedSince if a vote on the card of a locked request fails the guard.
func (t *tx) checkGuard(ctx context.Context, r approvals.Request, guard approvals.VoteGuard) error {
	reactions, err := presentReactions(ctx, t, r.Channel, r.CardTS)
	if err == nil && !guard.Holds(r, reactions) {
		err = approvals.ErrVotedSince
	}
	return err
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

// ListPendingCards lists the cards of all pending requests with their known
// reactions, oldest first.
func (s *Store) ListPendingCards(ctx context.Context) ([]approvals.PendingCard, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT requests.id, requests.channel, card_ts,
		card_missed_at IS NOT NULL, user_id, name
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
		if err := rows.Scan(&card.RequestID, &card.Channel, &card.TS, &card.Missed, &user, &name); err != nil {
			return nil, fmt.Errorf("list pending cards: %w", err)
		}
		if len(cards) == 0 || cards[len(cards)-1].RequestID != card.RequestID {
			cards = append(cards, card)
		}
		if user.Valid {
			last := &cards[len(cards)-1]
			last.Known = append(last.Known, approvals.Reaction{
				Channel: card.Channel, TS: card.TS, User: user.String, Name: name.String, Present: true,
			})
		}
	}
	return cards, rows.Err()
}
