package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
)

// The watch of the portal compares the times of its looks with those of what the bot did. After a
// step of the clock these are times of two clocks.

// followStepOfWatch begins the looks anew. The look under way is lost, and so are first looks at a
// difference: the second one might come too soon after it. No time of the watch stays in the
// future. The next look waits for as long as the clock may be mistaken about the age of what the
// bot did.
func (t *tx) followStepOfWatch(ctx context.Context, step time.Duration) error {
	if err := t.engine.lockName(ctx, t.transaction, watchLock); err != nil {
		return err
	}
	err := t.putBackWatched(ctx)
	if err != nil && !errors.Is(err, approvals.ErrUnreadable) { // a row that was damaged stops no other work
		return err
	}
	now := toMicros(t.now)
	for _, change := range []struct {
		statement string
		args      []any
	}{
		{`UPDATE watch SET fence = fence + 1, leased_until = 0, due_at = $1, listed_at = CASE WHEN listed_at > $2
			THEN $2 ELSE listed_at END`, []any{toMicros(t.now.Add(approvals.WatchPauseAfter(step))), now}},
		{`UPDATE watched_groups SET suspect_at = NULL WHERE suspect_at IS NOT NULL`, nil},
		{`UPDATE watched_groups SET at = $1 WHERE at > $1`, []any{now}},
		{`UPDATE outside_changes SET tried_at = $1 WHERE closed_at IS NULL AND tried_at > $1`, []any{now}},
	} {
		if _, err := t.ExecContext(ctx, change.statement, change.args...); err != nil {
			return fmt.Errorf("follow a step of the clock: %w", err)
		}
	}
	return nil
}

// putBackWatched puts looks that lie in the future back to now.
func (t *tx) putBackWatched(ctx context.Context) error {
	known, err := listWatched(ctx, t)
	if err != nil {
		return err
	}
	confirmed, err := listConfirmed(ctx, t)
	if err != nil {
		return err
	}
	for _, group := range known {
		if !group.At.After(t.now) {
			continue
		}
		own := approvals.OwnChanges{Confirmed: confirmed[group.Group.ID]}
		since := approvals.WatchedGroup{At: t.now}.ExplainedSince()
		own.Requests, err = listRequests(ctx, t, maybeWrittenQuery, group.Group.ID, toMicros(since))
		if err != nil {
			return err
		}
		if err := t.putWatched(ctx, group.PutBack(t.now, own)); err != nil {
			return err
		}
	}
	return nil
}

// findEarlierStep looks for a step back before the start of the process: the watch has times that
// are not yet. It returns zero if there was none.
func (t *tx) findEarlierStep(ctx context.Context) (time.Duration, error) {
	var latest sql.NullInt64
	err := t.QueryRowContext(ctx, `SELECT max(at) FROM (SELECT max(at) AS at FROM watched_groups
		UNION ALL SELECT max(suspect_at) FROM watched_groups UNION ALL SELECT max(listed_at) FROM watch
		UNION ALL SELECT max(due_at) - $1 FROM watch) AS times`,
		approvals.WatchEvery.Microseconds()).Scan(&latest)
	if err != nil {
		return 0, fmt.Errorf("look for a step of the clock: %w", err)
	}
	return min(0, t.now.Sub(fromNullMicros(latest))), nil
}
