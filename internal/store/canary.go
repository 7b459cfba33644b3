package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
)

// BeginCanary begins the next round of the canary if one is due, and returns it with
// the round before. Of several replicas one begins it. If the channel is another than
// before, there is no status message yet.
func (s *Store) BeginCanary(
	ctx context.Context, channel string, every time.Duration,
) (last, next approvals.Canary, begun bool, err error) {
	err = s.runInTx(ctx, func(t *tx) (err error) {
		begun = false
		if err := t.engine.lockName(ctx, t.transaction, "canary"); err != nil {
			return err
		}
		due, err := t.readCanary(ctx, &last)
		if err != nil || t.now.Before(due) {
			return err
		}
		next = approvals.Canary{
			Number: last.Number + 1, Channel: channel, TS: last.TS, Present: !last.Present, At: t.now,
		}
		if last.Channel != channel {
			next.TS, next.Present = "", true
		}
		begun = true
		_, err = t.ExecContext(ctx, `INSERT INTO canary (id, number, channel, ts, present, at, due_at)
			VALUES (1, $1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET number = excluded.number, channel = excluded.channel, ts = excluded.ts,
			present = excluded.present, at = excluded.at, due_at = excluded.due_at, unable = 0, arrived_at = NULL,
			retried = 0, arrived_by = ''`,
			next.Number, channel, next.TS, boolToInt(next.Present), toMicros(t.now), toMicros(t.now.Add(every)))
		if err != nil {
			return fmt.Errorf("begin a canary: %w", err)
		}
		return nil
	})
	return last, next, begun, err
}

// readCanary reads the last round, and when the next is due. There may be none.
func (t *tx) readCanary(ctx context.Context, c *approvals.Canary) (due time.Time, err error) {
	var at, dueAt int64
	var present, unable, retried int
	var arrived sql.NullInt64
	*c = approvals.Canary{}
	err = t.QueryRowContext(ctx, `SELECT number, channel, ts, present, at, unable, arrived_at, retried, arrived_by, due_at
		FROM canary WHERE id = 1`).
		Scan(&c.Number, &c.Channel, &c.TS, &present, &at, &unable, &arrived, &retried, &c.By, &dueAt)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the canary: %w", err)
	}
	c.Present, c.Unable, c.Retried, c.At = present == 1, unable == 1, retried == 1, fromMicros(at)
	if arrived.Valid {
		c.ArrivedAt = fromMicros(arrived.Int64)
	}
	return fromMicros(dueAt), nil
}

// SetCanaryMessage notes the status message of a round that has just begun. Empty: the
// message is gone.
func (s *Store) SetCanaryMessage(ctx context.Context, number int, ts string) error {
	return s.updateCanary(ctx, `UPDATE canary SET ts = $1 WHERE id = 1 AND number = $2`, ts, number)
}

// FailCanary notes that Slack did not take the reaction of a round. The next round
// begins after the pause.
func (s *Store) FailCanary(ctx context.Context, number int, pause time.Duration) error {
	return s.updateCanary(ctx, `UPDATE canary SET unable = 1, due_at = at + $1 WHERE id = 1 AND number = $2`,
		pause.Microseconds(), number)
}

// RecordCanary notes the first event of the reaction of the running round.
func (s *Store) RecordCanary(ctx context.Context, c approvals.Canary) error {
	return s.runInTx(ctx, func(t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE canary SET arrived_at = $1, retried = $2, arrived_by = $3
			WHERE id = 1 AND channel = $4 AND ts = $5 AND present = $6 AND arrived_at IS NULL`,
			toMicros(t.now), boolToInt(c.Retried), c.By, c.Channel, c.TS, boolToInt(c.Present))
		return err
	})
}

func (s *Store) updateCanary(ctx context.Context, statement string, args ...any) error {
	err := s.runInTx(ctx, func(t *tx) error {
		_, err := t.ExecContext(ctx, statement, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("note a canary: %w", err)
	}
	return nil
}
