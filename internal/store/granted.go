package store

import (
	"context"

	"licensebot/approvals"
)

// grantedQuery reads the done requests of a group since the oldest of its
// requests was filed whose grant is not over; none if there is no such grant.
// The journal orders them: a clock may be put back, or show two the same time.
// A quarter of an hour is allowed for that where times are compared.
const grantedQuery = `SELECT ` + requestColumns + ` FROM requests WHERE group_id = $1 AND state = 'done'
	AND ended_at >= (SELECT min(filed_at) - 900000000 FROM requests WHERE group_id = $1 AND grant_until IS NOT NULL)
	ORDER BY (SELECT journal.id FROM journal WHERE request_id = requests.id AND before <> 'done' AND after = 'done')`

// Granted lists the done requests that tell who holds the codes that a group
// has for a time, in the order in which they were done.
func (s *Store) ListGrantHolders(ctx context.Context, groupID string) ([]approvals.Request, error) {
	return s.list(ctx, grantedQuery, groupID)
}

// changingQuery reads the requests whose change of a rule is under lease, or was
// tried and not settled.
const changingQuery = `SELECT ` + requestColumns + ` FROM requests
	WHERE id IN (SELECT request_id FROM owed WHERE lane = $1 AND (leased = 1 OR tried_at IS NOT NULL))`

// Changing lists the requests for which a group's rule is being changed.
func (s *Store) ListUnsettledWrites(ctx context.Context, groupID string) ([]approvals.Request, error) {
	of := approvals.Request{Proposal: &approvals.Proposal{Group: approvals.Group{ID: groupID}}}
	return s.list(ctx, changingQuery, approvals.Job{Kind: approvals.JobApply}.Lane(of))
}

// grantUntil is what the database has to know of a grant: until when it holds
// codes, or nothing once it is over.
func grantUntil(r approvals.Request) any {
	if !r.HoldsGrant() {
		return nil
	}
	return micros(r.Grant.Until)
}
