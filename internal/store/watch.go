package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
)

// watchLock is the name under which the watch of the portal changes.
const watchLock = "watch"

// BeginWatch leases the look at all groups if it is due and no replica has it. The first one
// is due a while after the first call. again says that second looks and messages begin one too.
func (s *Store) BeginWatch(
	ctx context.Context, lease, first time.Duration, again bool,
) (w approvals.WatchLease, begun bool, err error) {
	if !s.clock.hasRunFor(approvals.WatchAgainAfter) {
		return w, false, nil // a step of the clock before the start was noticed only if it was one back
	}
	if isDue, err := s.mayBeginWatch(ctx, again); err != nil || !isDue {
		return w, false, err
	}
	err = s.runInTx(ctx, func(t *tx) error {
		begun = false
		state, err := t.lockWatch(ctx)
		if err != nil {
			return err
		}
		if state.fence == 0 {
			return t.putWatch(ctx, watchState{fence: 1, dueAt: t.now.Add(first)})
		}
		if ahead := state.aheadOf(t.now); ahead > approvals.WatchEvery { // by a step that nothing noticed, or by hand
			return t.followStepOfWatch(ctx, -ahead)
		}
		more, err := hasMoreToWatch(ctx, t, t.now)
		if err != nil || t.now.Before(state.leasedUntil) || t.now.Before(state.dueAt) && !(again && more) {
			return err
		}
		begun = true
		state.fence++
		state.leasedUntil = t.now.Add(lease)
		w = approvals.WatchLease{
			Fence: state.fence, ListedAt: state.listedAt, All: !t.now.Before(state.dueAt), Begun: t.now.UTC(),
		}
		return t.putWatch(ctx, state)
	})
	return w, begun, err
}

// mayBeginWatch looks whether a look is due, without a lock: mostly it is not.
func (s *Store) mayBeginWatch(ctx context.Context, again bool) (bool, error) {
	state, err := readWatch(ctx, s.read)
	if err != nil || state.fence == 0 {
		return err == nil, err
	}
	now, err := s.Now(ctx)
	if err != nil || !now.Before(state.dueAt) || state.aheadOf(now) > approvals.WatchEvery {
		return err == nil, err
	}
	more, err := hasMoreToWatch(ctx, s.read, now)
	return again && more, err
}

// watchState is the row of the table watch; the zero watchState if there is none.
type watchState struct {
	fence                        int64
	leasedUntil, dueAt, listedAt time.Time
}

// aheadOf is how far in the future the next look or the end of the lease is.
func (w watchState) aheadOf(now time.Time) time.Duration {
	return max(w.dueAt.Sub(now), w.leasedUntil.Sub(now))
}

// lockWatch reads the row, and keeps it from others until the transaction ends.
func (t *tx) lockWatch(ctx context.Context) (w watchState, err error) {
	if err := t.engine.lockName(ctx, t.transaction, watchLock); err != nil {
		return w, err
	}
	if err := t.readClock(ctx); err != nil {
		return w, err
	}
	return readWatch(ctx, t)
}

func readWatch(ctx context.Context, q querier) (w watchState, err error) {
	var leased, due int64
	var listed sql.NullInt64
	err = q.QueryRowContext(ctx, `SELECT fence, leased_until, due_at, listed_at FROM watch WHERE id = 1`).
		Scan(&w.fence, &leased, &due, &listed)
	if errors.Is(err, sql.ErrNoRows) {
		return watchState{}, nil
	}
	if err != nil {
		return w, fmt.Errorf("read the watch: %w", err)
	}
	w.leasedUntil, w.dueAt, w.listedAt = fromMicros(leased), fromMicros(due), fromNullMicros(listed)
	return w, nil
}

func (t *tx) putWatch(ctx context.Context, w watchState) error {
	var leased int64
	if !w.leasedUntil.IsZero() {
		leased = toMicros(w.leasedUntil)
	}
	_, err := t.ExecContext(ctx, `INSERT INTO watch (id, fence, leased_until, due_at, listed_at)
		VALUES (1, $1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET fence = excluded.fence,
		leased_until = excluded.leased_until, due_at = excluded.due_at, listed_at = excluded.listed_at`,
		w.fence, leased, toMicros(w.dueAt), nullMicros(w.listedAt))
	if err != nil {
		return fmt.Errorf("record the watch: %w", err)
	}
	return nil
}

// hasMoreToWatch reports whether a group waits for its second look, or a change for its
// message.
func hasMoreToWatch(ctx context.Context, q querier, now time.Time) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM watched_groups WHERE suspect_at <= $1)
		+ (SELECT count(*) FROM outside_changes WHERE closed_at IS NULL)`,
		toMicros(now.Add(-approvals.WatchAgainAfter))).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for groups to look at again: %w", err)
	}
	return n > 0, nil
}

// EndWatch gives the lease back. After a look at all groups the next is due later. It
// changes nothing and returns approvals.ErrLeaseLost after the lease was lost.
func (s *Store) EndWatch(ctx context.Context, w approvals.WatchLease, next time.Duration) error {
	return s.runInTx(ctx, func(t *tx) error {
		state, err := t.holdWatch(ctx, w)
		if err != nil {
			return err
		}
		state.leasedUntil = time.Time{}
		if w.All {
			state.dueAt, state.listedAt = t.now.Add(next), w.ListedAt
		}
		return t.putWatch(ctx, state)
	})
}

func (t *tx) holdWatch(ctx context.Context, w approvals.WatchLease) (watchState, error) {
	state, err := t.lockWatch(ctx)
	if err == nil && (state.fence != w.Fence || !t.now.Before(state.leasedUntil)) {
		return state, approvals.ErrLeaseLost
	}
	return state, err
}

// ForgetWatch makes the next look a new beginning: the policy has the watch off. Changes
// that were seen stay.
func (s *Store) ForgetWatch(ctx context.Context) error {
	if state, err := readWatch(ctx, s.read); err != nil || state.listedAt.IsZero() {
		return err
	}
	return s.runInTx(ctx, func(t *tx) error {
		state, err := t.lockWatch(ctx)
		if err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM watched_groups`); err != nil {
			return fmt.Errorf("forget what was watched: %w", err)
		}
		state.listedAt = time.Time{}
		return t.putWatch(ctx, state)
	})
}

// watchedDetail is the part of a watched group without columns of its own.
type watchedDetail struct {
	Items   []string `json:"items"`
	Gained  []string `json:"gained,omitempty"`
	Lost    []string `json:"lost,omitempty"`
	Counted []string `json:"counted,omitempty"`
}

// ListWatched lists what the watch knows of each group, sorted by id.
func (s *Store) ListWatched(ctx context.Context) ([]approvals.WatchedGroup, error) {
	return listWatched(ctx, s.read)
}

func listWatched(ctx context.Context, q querier) ([]approvals.WatchedGroup, error) {
	rows, err := q.QueryContext(ctx,
		`SELECT group_id, name, at, settled, suspect_at, detail FROM watched_groups`)
	if err != nil {
		return nil, fmt.Errorf("list watched groups: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []approvals.WatchedGroup
	for rows.Next() {
		var id, name, text string
		var at int64
		var settled int
		var suspect sql.NullInt64
		if err := rows.Scan(&id, &name, &at, &settled, &suspect, &text); err != nil {
			return nil, fmt.Errorf("list watched groups: %w", err)
		}
		var detail watchedDetail
		if err := decodeJSON(text, &detail); err != nil {
			return nil, fmt.Errorf("read what is known of group %s: %w", id, err)
		}
		all = append(all, approvals.WatchedGroup{
			Group: approvals.Group{ID: id, Name: name}, Items: detail.Items, At: fromMicros(at), Settled: settled == 1,
			Gained: detail.Gained, Lost: detail.Lost, Counted: detail.Counted, SuspectAt: fromNullMicros(suspect),
		})
	}
	slices.SortFunc(all, func(a, b approvals.WatchedGroup) int { return strings.Compare(a.Group.ID, b.Group.ID) })
	return all, rows.Err()
}

// SaveLook keeps what the watch knows of a group after a look, and the change that the look
// settled, if there is one, in one transaction.
func (s *Store) SaveLook(
	ctx context.Context, w approvals.WatchLease, known approvals.WatchedGroup, change *approvals.OutsideChange,
) error {
	return s.runInTx(ctx, func(t *tx) error {
		if _, err := t.holdWatch(ctx, w); err != nil {
			return err
		}
		if err := t.putWatched(ctx, known); err != nil || change == nil {
			return err
		}
		return t.insertOutsideChange(ctx, *change)
	})
}

// ConfirmLooks notes that a look showed nothing new of all settled groups.
func (s *Store) ConfirmLooks(ctx context.Context, w approvals.WatchLease) error {
	return s.runInTx(ctx, func(t *tx) error {
		if _, err := t.holdWatch(ctx, w); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, `UPDATE watched_groups SET at = $1 WHERE settled = 1`, toMicros(w.Begun))
		return err
	})
}

func (t *tx) putWatched(ctx context.Context, g approvals.WatchedGroup) error {
	detail, err := json.Marshal(watchedDetail{Items: g.Items, Gained: g.Gained, Lost: g.Lost, Counted: g.Counted})
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `INSERT INTO watched_groups (group_id, name, at, settled, suspect_at, detail)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (group_id) DO UPDATE SET name = excluded.name, at = excluded.at,
		settled = excluded.settled, suspect_at = excluded.suspect_at, detail = excluded.detail`,
		g.Group.ID, g.Group.Name, toMicros(g.At), boolToInt(g.Settled), nullMicros(g.SuspectAt), string(detail))
	if err != nil {
		return fmt.Errorf("record what is known of group %s: %w", g.Group.ID, err)
	}
	return nil
}

// ListConfirmed lists the last confirmed change of each group that the bot has changed.
func (s *Store) ListConfirmed(ctx context.Context) (map[string]approvals.Confirmation, error) {
	return listConfirmed(ctx, s.read)
}

func listConfirmed(ctx context.Context, q querier) (map[string]approvals.Confirmation, error) {
	rows, err := q.QueryContext(ctx, `SELECT group_id, at, detail FROM confirmations`)
	if err != nil {
		return nil, fmt.Errorf("list confirmed allocations: %w", err)
	}
	defer func() { _ = rows.Close() }()
	all := make(map[string]approvals.Confirmation)
	for rows.Next() {
		var id, text string
		var at int64
		if err := rows.Scan(&id, &at, &text); err != nil {
			return nil, fmt.Errorf("list confirmed allocations: %w", err)
		}
		if all[id], err = decodeConfirmation(id, at, text); err != nil {
			return nil, err
		}
	}
	return all, rows.Err()
}

// maybeWrittenQuery reads the requests that may explain how an allocation changed.
const maybeWrittenQuery = `SELECT ` + requestColumns + ` FROM requests
		WHERE group_id = $1 AND (closed_at IS NULL OR closed_at >= $2 OR in_effect = 1)
	UNION ALL SELECT id, '', 'done', '', '', NULL, filed_at, closed_at, closed_at, closed_at, NULL, body
		FROM foreign_requests WHERE group_id IN ($1, '')`

// ListMaybeWritten lists the requests of a group that are open, or in effect, or closed since
// a time, with those that only the channel tells of, also if it does not tell their group.
func (s *Store) ListMaybeWritten(
	ctx context.Context, groupID string, since time.Time,
) ([]approvals.Request, error) {
	return s.listRequests(ctx, maybeWrittenQuery, groupID, toMicros(since))
}

// changeDetail is the part of an outside change without columns of its own.
type changeDetail struct {
	Name   string                 `json:"name"`
	Gained []string               `json:"gained,omitempty"`
	Lost   []string               `json:"lost,omitempty"`
	Items  []string               `json:"items"`
	Gone   bool                   `json:"gone,omitempty"`
	Edits  []approvals.PortalEdit `json:"edits,omitempty"`
	Silent bool                   `json:"silent,omitempty"`
	Unread bool                   `json:"unread,omitempty"`
}

func encodeChange(c approvals.OutsideChange) (string, error) {
	text, err := json.Marshal(changeDetail{
		Name: c.Group.Name, Gained: c.Gained, Lost: c.Lost, Items: c.Items, Gone: c.Gone, Edits: c.Edits, Silent: c.Silent,
		Unread: c.Unread,
	})
	return string(text), err
}

func (t *tx) insertOutsideChange(ctx context.Context, c approvals.OutsideChange) error {
	detail, err := encodeChange(c)
	if err != nil {
		return err
	}
	var closed any
	if c.Silent {
		closed = toMicros(t.now)
	}
	_, err = t.ExecContext(ctx, `INSERT INTO outside_changes (id, group_id, since_at, seen_at, at, closed_at, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.ID, c.Group.ID, toMicros(c.Since), toMicros(c.SeenAt), toMicros(t.now), closed, detail)
	if err != nil {
		return fmt.Errorf("record the change outside %s: %w", c.ID, err)
	}
	c.Since, c.SeenAt = fromMicros(toMicros(c.Since)), fromMicros(toMicros(c.SeenAt)) // as the table has them
	return t.appendJournal(ctx, entry{Kind: approvals.KindOutside, Actor: approvals.Bot, Event: c})
}

const changeColumns = `id, group_id, since_at, seen_at, tried_at, channel, ts, detail`

// ListUntold lists the changes outside without their message, the oldest first.
func (s *Store) ListUntold(ctx context.Context) ([]approvals.UntoldChange, error) {
	return collect(readRows(ctx, s.read, scanOutsideChange,
		`SELECT `+changeColumns+` FROM outside_changes WHERE closed_at IS NULL ORDER BY at, id`))
}

func scanOutsideChange(rows *sql.Rows) (c approvals.UntoldChange, err error) {
	var since, seen int64
	var tried sql.NullInt64
	var channel, ts sql.NullString
	var text string
	if err := rows.Scan(&c.ID, &c.Group.ID, &since, &seen, &tried, &channel, &ts, &text); err != nil {
		return c, fmt.Errorf("read a change outside: %w", err)
	}
	var detail changeDetail
	if err := json.Unmarshal([]byte(text), &detail); err != nil {
		return c, fmt.Errorf("read the change outside %s: %w", c.ID, err)
	}
	c.Group.Name, c.Gained, c.Lost, c.Items = detail.Name, detail.Gained, detail.Lost, detail.Items
	c.Gone, c.Edits, c.Silent, c.Unread = detail.Gone, detail.Edits, detail.Silent, detail.Unread
	c.Since, c.SeenAt, c.TriedAt = fromMicros(since), fromMicros(seen), fromNullMicros(tried)
	c.Channel, c.TS = channel.String, ts.String
	return c, nil
}

// MarkTelling records an attempt to post about a change, just before it.
func (s *Store) MarkTelling(ctx context.Context, w approvals.WatchLease, id, channel string) error {
	return s.runInTx(ctx, func(t *tx) error {
		if _, err := t.holdWatch(ctx, w); err != nil {
			return err
		}
		return t.updateChange(ctx, `UPDATE outside_changes SET tried_at = $2, channel = $3 WHERE id = $1`, id, channel)
	})
}

// MarkTold records the message about a change. It needs no lease, because the message stands.
func (s *Store) MarkTold(ctx context.Context, id, ts string) error {
	return s.runInTx(ctx, func(t *tx) error {
		return t.updateChange(ctx, `UPDATE outside_changes SET closed_at = $2, ts = $3 WHERE id = $1`, id, ts)
	})
}

func (t *tx) updateChange(ctx context.Context, statement, id, text string) error {
	if _, err := t.ExecContext(ctx, statement, id, toMicros(t.now), text); err != nil {
		return fmt.Errorf("record what was told of the change outside %s: %w", id, err)
	}
	return nil
}
