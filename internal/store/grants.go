package store

import (
	"context"

	"licensebot/approvals"
)

// holdersQuery reads the done requests of a group since the oldest request was
// filed whose grant is not over; none if there is no such grant. The journal
// orders them, because a clock may be put back or show two the same time. Where
// times are compared, a quarter of an hour is allowed for that.
const holdersQuery = `SELECT ` + requestColumns + ` FROM requests WHERE group_id = $1 AND state = 'done'
	AND closed_at >= (SELECT min(filed_at) - 900000000 FROM requests WHERE group_id = $1 AND grant_until IS NOT NULL)
	ORDER BY (SELECT journal.id FROM journal WHERE request_id = requests.id AND before <> 'done' AND after = 'done')`

// ListGrantHolders lists the done requests that tell which request holds a code
// that the group has for a time, in the order in which they were done.
func (s *Store) ListGrantHolders(ctx context.Context, groupID string) ([]approvals.Request, error) {
	return s.list(ctx, holdersQuery, groupID)
}

// unsettledQuery reads the requests whose write is under lease, or was tried and
// is not settled.
const unsettledQuery = `SELECT ` + requestColumns + ` FROM requests
	WHERE id IN (SELECT request_id FROM jobs WHERE lane = $1 AND (leased = 1 OR tried_at IS NOT NULL))`

// ListUnsettledWrites lists the requests whose write to a group's allocation is
// under way, or was tried with an unknown result.
func (s *Store) ListUnsettledWrites(ctx context.Context, groupID string) ([]approvals.Request, error) {
	return s.list(ctx, unsettledQuery, approvals.GroupLane(groupID).Name)
}

// grantUntil is the time until which a grant holds codes, or NULL once it is
// over.
func grantUntil(r approvals.Request) any {
	if !r.HoldsGrant() {
		return nil
	}
	return micros(r.Grant.Until)
}
