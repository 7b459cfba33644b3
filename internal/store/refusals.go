package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"licensebot/approvals"
)

// journalRefusal adds the one row of a day that says that the policy refused a person something
// for a group. Days are UTC.
func (t *tx) journalRefusal(ctx context.Context, r approvals.Request, e approvals.Rejected) error {
	if err := t.engine.lockName(ctx, t.transaction, "refusal "+r.Requester); err != nil {
		return err
	}
	known, err := t.hasRefusalToday(ctx, r.Requester, e.Group.ID)
	if err != nil || known {
		return err
	}
	violation := e.Outcome.Violation
	err = t.appendJournal(ctx, entry{Kind: approvals.KindRefusal, Actor: r.Requester, Event: approvals.RefusalEntry{
		Request: r.ID, GroupID: e.Group.ID, Group: e.Group.Name, Violation: violation.Kind, Rule: violation.Rule,
		Codes: e.Outcome.ConcernedCodes,
	}})
	if err != nil {
		return fmt.Errorf("journal the refusal of request %s: %w", r.ID, err)
	}
	return nil
}

// hasRefusalToday reads the rows of the day, because the person stands among salted words.
func (t *tx) hasRefusalToday(ctx context.Context, person, groupID string) (bool, error) {
	today := t.now.UTC().Truncate(24 * time.Hour)
	rows := journalRows(ctx, t, `WHERE j.request_id IS NULL AND j.kind = $1 AND j.at >= $2`,
		approvals.KindRefusal, toMicros(today))
	for row, err := range rows {
		if err != nil {
			return false, err
		}
		var told approvals.RefusalEntry
		if err := json.Unmarshal(row.Event, &told); err != nil {
			return false, fmt.Errorf("journal row %d: %w", row.ID, err)
		}
		if row.Actor == person && told.GroupID == groupID {
			return true, nil
		}
	}
	return false, nil
}
