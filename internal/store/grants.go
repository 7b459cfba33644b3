package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
)

// foreignColumns are the requestColumns of a request that only the channel tells of.
const foreignColumns = `id, '', 'done', '', '', NULL, filed_at, closed_at, closed_at, closed_at, NULL, body`

// grantHoldersQuery reads the requests in effect of a group, if the group has a running
// grant. It begins with those closed after the filing of the oldest request with a
// running grant. The journal orders them, because a clock may be put back or show
// two requests the same time. For the same reason the comparison of times allows a
// quarter of an hour. Requests that only the channel tells of stand where they were
// recorded.
const grantHoldersQuery = `SELECT ` + requestColumns + ` FROM (
	SELECT ` + requestColumns + `, (SELECT min(journal.id) FROM journal WHERE request_id = requests.id
			AND (before <> 'done' AND after = 'done' OR kind = 'effect_found')) AS place, 0 AS told
		FROM requests WHERE group_id = $1 AND in_effect = 1
		AND closed_at >= (SELECT min(filed_at) - 900000000 FROM requests WHERE group_id = $1 AND grant_until IS NOT NULL)
	UNION ALL
	SELECT ` + foreignColumns + `, after_id, 1 FROM foreign_requests
		WHERE group_id = $1 AND EXISTS (SELECT 1 FROM requests WHERE group_id = $1 AND grant_until IS NOT NULL)
	) AS holders ORDER BY place, told, closed_at`

// ListGrantHolders lists the requests in effect of a group from which a worker can tell
// the holder of each code with an end. They come in the order of their completion.
func (s *Store) ListGrantHolders(ctx context.Context, groupID string) ([]approvals.Request, error) {
	return s.listRequests(ctx, grantHoldersQuery, groupID)
}

// timedGrantsQuery has the order of its index.
const timedGrantsQuery = `SELECT ` + requestColumns + ` FROM requests WHERE group_id = $1
	AND granted_at IS NOT NULL ORDER BY granted_at, id`

// ListTimedGrants lists the requests of a group that held codes for a time,
// whether or not their grants are over.
func (s *Store) ListTimedGrants(ctx context.Context, groupID string) ([]approvals.Request, error) {
	return s.listRequests(ctx, timedGrantsQuery, groupID)
}

const inEffectSinceQuery = `SELECT ` + requestColumns + ` FROM requests
	WHERE group_id = $1 AND in_effect = 1 AND closed_at >= $2
	UNION ALL SELECT ` + foreignColumns + ` FROM foreign_requests WHERE group_id = $1 AND closed_at >= $2`

// ListInEffectSince lists the requests of a group with their change in effect, closed
// since a time. Among them are those that only the channel tells of.
func (s *Store) ListInEffectSince(
	ctx context.Context, groupID string, since time.Time,
) ([]approvals.Request, error) {
	return s.listRequests(ctx, inEffectSinceQuery, groupID, toMicros(since))
}

// shownBeforeQuery finds requests, open or in effect, that were made when UiPath showed a
// setting of their group. The limits that a card shows stand behind its change; those that a
// change in effect set are in it. The body is JSON, so nothing that people typed can look
// like that.
var shownBeforeQuery = `SELECT ` + shownTo(`"quotas_known":true`, `"quotas_known":true`) + `, ` +
	shownTo(`},"quotas":[{`, `"quotas":[{`) + `, ` + shownTo(`"uses_external":true`, `"uses_external":true`)

func shownTo(open, inEffect string) string {
	return `(EXISTS (SELECT 1 FROM requests WHERE group_id = $1 AND closed_at IS NULL AND body LIKE '%` + open + `%')
	OR EXISTS (SELECT 1 FROM requests WHERE group_id = $1 AND in_effect = 1 AND body LIKE '%` + inEffect + `%'))`
}

// ShownBefore tells which settings of a group UiPath has shown to one of its requests that are
// open or in effect.
func (s *Store) ShownBefore(ctx context.Context, groupID string) (b approvals.ShownBefore, err error) {
	err = s.read.QueryRowContext(ctx, shownBeforeQuery, groupID).Scan(&b.Quotas, &b.Limits, &b.External)
	return b, err
}

const lastWriteQuery = `SELECT at, event FROM journal WHERE request_id = $1 AND kind = $2 ORDER BY id DESC LIMIT 1`

// LastWrite is what the last write of a request asked UiPath for. It is nil without one, and
// if UiPath has confirmed another change of the group since, which may have been about settings.
// After a minute it is nil, too: a person may have changed a setting in UiPath.
func (s *Store) LastWrite(ctx context.Context, r approvals.Request) (*approvals.Allocation, error) {
	var at int64
	var text string
	err := s.read.QueryRowContext(ctx, lastWriteQuery, r.ID, approvals.KindWriteTried).Scan(&at, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what request %s wrote: %w", r.ID, err)
	}
	confirmed, err := s.LastConfirmed(ctx, r.Proposal.Group.ID)
	if err != nil || !fromMicros(at).After(confirmed.At) {
		return nil, err
	}
	now, err := s.Now(ctx)
	if err != nil || now.Sub(fromMicros(at)) > approvals.ReadLag {
		return nil, err
	}
	var entry approvals.WriteEntry
	if err := decodeJSON(text, &entry); err != nil {
		return nil, fmt.Errorf("read what request %s wrote: %w", r.ID, err)
	}
	return &approvals.Allocation{
		Codes: entry.Codes, Quotas: entry.Quotas, UseExternalLicense: entry.UseExternalLicense,
	}, nil
}

// laneQuery reads the requests with a job in a lane.
const laneQuery = `SELECT ` + requestColumns + ` FROM requests
	WHERE id IN (SELECT request_id FROM jobs WHERE lane = $1)`

// ListLateEffects lists the closed requests of a group that may have changed its
// allocation nevertheless.
func (s *Store) ListLateEffects(ctx context.Context, groupID string) ([]approvals.Request, error) {
	return s.listRequests(ctx, laneQuery, approvals.EffectLane(groupID).Name)
}

// ListQueuedWrites lists the requests with a write to a group's allocation to come or
// under way.
func (s *Store) ListQueuedWrites(ctx context.Context, groupID string) ([]approvals.Request, error) {
	return s.listRequests(ctx, laneQuery, approvals.GroupLane(groupID).Name)
}

// unsettledWritesQuery reads the requests with a write under lease, or with a tried
// write in the queue.
const unsettledWritesQuery = `SELECT ` + requestColumns + ` FROM requests
	WHERE id IN (SELECT request_id FROM jobs WHERE lane = $1 AND (leased = 1 OR tried_at IS NOT NULL))`

// ListUnsettledWrites lists the requests with a write to a group's allocation under
// way, or tried with an unknown result.
func (s *Store) ListUnsettledWrites(ctx context.Context, groupID string) ([]approvals.Request, error) {
	return s.listRequests(ctx, unsettledWritesQuery, approvals.GroupLane(groupID).Name)
}
