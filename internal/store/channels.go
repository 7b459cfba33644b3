package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"licensebot/approvals"
)

// channelsLock is the name under which the channels and their moves change.
const channelsLock = "channels"

// channelOfToday reads the approvals channel of today, as approvals.ChannelOfToday.
const channelOfToday = `SELECT channel FROM channels ORDER BY chosen_at DESC, channel LIMIT 1`

// ClaimChannel says that a bot runs with a channel as its setting, and returns the
// approvals channel of today. A running bot renews its claim every minute.
func (s *Store) ClaimChannel(ctx context.Context, setting string) (approvals.ChannelInUse, error) {
	var use approvals.ChannelInUse
	err := s.runInTx(ctx, func(tx *tx) error {
		if err := tx.engine.lockName(ctx, tx.transaction, channelsLock); err != nil {
			return err
		}
		if err := tx.readClock(ctx); err != nil {
			return err
		}
		channel, err := tx.currentID(ctx, setting)
		if err != nil {
			return err
		}
		claims, err := tx.listClaims(ctx)
		if err != nil {
			return err
		}
		claim := approvals.RenewClaim(claims, channel, s.alone, tx.now.UTC())
		if err := tx.putClaim(ctx, claim); err != nil {
			return err
		}
		use = approvals.ChannelInUse{Moved: channel != setting}
		return tx.QueryRowContext(ctx, channelOfToday).Scan(&use.Today)
	})
	return use, err
}

// Channel is the approvals channel of today; empty if no bot has claimed one.
func (s *Store) Channel(ctx context.Context) (string, error) { return readChannel(ctx, s.read) }

func readChannel(ctx context.Context, q querier) (string, error) {
	var channel string
	err := q.QueryRowContext(ctx, channelOfToday).Scan(&channel)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read the approvals channel: %w", err)
	}
	return channel, nil
}

// setChannel gives a new request the approvals channel of today. A replica may not know
// yet that there is another one.
func (t *tx) setChannel(ctx context.Context, r *approvals.Request) error {
	channel, err := readChannel(ctx, t)
	if err == nil && channel != "" {
		r.Channel = channel
	}
	return err
}

func (t *tx) listClaims(ctx context.Context) ([]approvals.ChannelClaim, error) {
	rows, err := t.QueryContext(ctx, `SELECT channel, chosen_at, seen_at FROM channels`)
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var claims []approvals.ChannelClaim
	for rows.Next() {
		var claim approvals.ChannelClaim
		var chosen, seen int64
		if err := rows.Scan(&claim.Channel, &chosen, &seen); err != nil {
			return nil, fmt.Errorf("list channels: %w", err)
		}
		claim.ChosenAt, claim.SeenAt = fromMicros(chosen), fromMicros(seen)
		claims = append(claims, claim)
	}
	return claims, rows.Err()
}

func (t *tx) putClaim(ctx context.Context, claim approvals.ChannelClaim) error {
	_, err := t.ExecContext(ctx, `INSERT INTO channels (channel, chosen_at, seen_at) VALUES ($1, $2, $3)
		ON CONFLICT (channel) DO UPDATE SET chosen_at = excluded.chosen_at, seen_at = excluded.seen_at`,
		claim.Channel, toMicros(claim.ChosenAt), toMicros(claim.SeenAt))
	if err != nil {
		return fmt.Errorf("claim channel: %w", err)
	}
	return nil
}

// currentID is the id that a channel has now.
func (t *tx) currentID(ctx context.Context, channel string) (string, error) {
	err := t.QueryRowContext(ctx, `SELECT new_id FROM channel_moves WHERE old_id = $1`, channel).Scan(&channel)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read the id of a channel: %w", err)
	}
	return channel, nil
}

// MoveChannel records that Slack gave a channel another id. All that is kept of the
// channel follows, and the votes on its open cards are counted again.
func (s *Store) MoveChannel(ctx context.Context, move approvals.ChannelMove) error {
	return s.runInTx(ctx, func(tx *tx) error {
		if err := tx.engine.lockName(ctx, tx.transaction, channelsLock); err != nil {
			return err
		}
		known, err := tx.listMoves(ctx)
		if err != nil {
			return err
		}
		moves, changed := known.Add(move)
		if !changed {
			return nil
		}
		if err := tx.putMoves(ctx, moves); err != nil {
			return err
		}
		if err := tx.renameChannel(ctx, move.From, moves.Current(move.From)); err != nil {
			return err
		}
		return tx.recountIn(ctx, moves.Current(move.From))
	})
}

func (t *tx) listMoves(ctx context.Context) (approvals.ChannelMoves, error) {
	rows, err := t.QueryContext(ctx, `SELECT old_id, new_id, event_ts FROM channel_moves`)
	if err != nil {
		return nil, fmt.Errorf("list moves of channels: %w", err)
	}
	defer func() { _ = rows.Close() }()
	moves := make(approvals.ChannelMoves)
	for rows.Next() {
		var move approvals.ChannelMove
		if err := rows.Scan(&move.From, &move.To, &move.EventTS); err != nil {
			return nil, fmt.Errorf("list moves of channels: %w", err)
		}
		moves[move.From] = move
	}
	return moves, rows.Err()
}

func (t *tx) putMoves(ctx context.Context, moves approvals.ChannelMoves) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM channel_moves`); err != nil {
		return fmt.Errorf("record moves of channels: %w", err)
	}
	for _, move := range moves {
		_, err := t.ExecContext(ctx, `INSERT INTO channel_moves (old_id, new_id, event_ts) VALUES ($1, $2, $3)`,
			move.From, move.To, move.EventTS)
		if err != nil {
			return fmt.Errorf("record moves of channels: %w", err)
		}
	}
	return nil
}

// renameChannel replaces the id of a channel in all tables. Of two reports about one
// emoji, which came under either id, the later one stays.
func (t *tx) renameChannel(ctx context.Context, from, to string) error {
	const isSame = `twin.ts = reactions.ts AND twin.user_id = reactions.user_id AND twin.name = reactions.name`
	for _, statement := range []string{
		`DELETE FROM reactions WHERE channel = $1 AND EXISTS (SELECT 1 FROM reactions twin
			WHERE twin.channel = $2 AND ` + isSame + ` AND twin.event_ts >= reactions.event_ts)`,
		`DELETE FROM reactions WHERE channel = $2 AND EXISTS (SELECT 1 FROM reactions twin
			WHERE twin.channel = $1 AND ` + isSame + `)`,
		`UPDATE reactions SET channel = $2 WHERE channel = $1`,
		`UPDATE requests SET channel = $2 WHERE channel = $1`,
		`UPDATE channels SET
			chosen_at = (SELECT max(chosen_at) FROM channels WHERE channel IN ($1, $2)),
			seen_at = (SELECT max(seen_at) FROM channels WHERE channel IN ($1, $2))
			WHERE channel = $2`,
		`UPDATE channels SET channel = $2 WHERE channel = $1 AND NOT EXISTS (SELECT 1 FROM channels WHERE channel = $2)`,
		`DELETE FROM channels WHERE channel = $1 AND EXISTS (SELECT 1 FROM channels WHERE channel = $2)`,
	} {
		if _, err := t.ExecContext(ctx, statement, from, to); err != nil {
			return fmt.Errorf("rename channel %s: %w", from, err)
		}
	}
	return nil
}

// recountIn counts the votes on the cards of a channel again: some may have been heard
// before the store knew the id.
func (t *tx) recountIn(ctx context.Context, channel string) error {
	waiting, err := listRequests(ctx, t, `SELECT `+requestColumns+` FROM requests
		WHERE channel = $1 AND state = 'pending' AND card_ts IS NOT NULL`, channel)
	for _, r := range waiting {
		if err := t.enqueueJob(ctx, r, approvals.Job{Kind: approvals.JobCountVotes}); err != nil {
			return err
		}
	}
	return err
}

// leftBehindQuery reads the pending requests with a card in another channel than the
// approvals channel of today.
const leftBehindQuery = `SELECT ` + requestColumns + ` FROM requests
	WHERE state = 'pending' AND card_ts IS NOT NULL AND channel <> (` + channelOfToday + `)`

// ListLeftBehind lists the pending requests with a card in another channel than the
// approvals channel of today.
func (s *Store) ListLeftBehind(ctx context.Context) ([]approvals.Request, error) {
	return listRequests(ctx, s.read, leftBehindQuery)
}
