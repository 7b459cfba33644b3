// Package compare holds the database against what the bot does not keep itself: the messages in
// the approvals channel, and the allocations at UiPath.
//
// It only reads, and the bot may run meanwhile. A channel is read page by page, so a long one
// needs no more memory than a short one. What differs is looked at again, later and by another
// call, because a request may move and a read may be late:
//
//	channels := compare.Channels{Open: open, Slack: archive, Report: print}
//	summary, err := channels.Run(ctx)
//
// Each finding says who could have caused it.
package compare

import (
	"context"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
	"licensebot/internal/store"
)

// Open opens the database to read its state of now.
type Open func(ctx context.Context) (*store.Reader, error)

// read reads one state of the database. It is short, because the bot that runs has to wait for
// long ones.
func (open Open) read(ctx context.Context, work func(*store.Reader) error) error {
	db, err := open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(work(db), db.Close())
}

// Sleep waits until ctx ends, and reports whether the whole time has passed.
type Sleep func(ctx context.Context, d time.Duration) bool

// Who could have caused a finding.
const (
	byDeletion = "A Slack admin can have deleted it, or a database user can have invented what it should tell."
	byToken    = "A person with the bot's token can have done it, or a database user can have changed the request."
	byDatabase = "A database user can have deleted it, or the database is an older copy."
	byPortal   = "A UiPath admin can have changed it."
)

// maxLooks is how often something is looked at that moves all the time.
const maxLooks = 5

// A finding is a difference, and who could have caused it.
type finding struct{ what, who string }

func (f finding) String() string { return f.what + ". " + f.who }

func newFinding(who, format string, args ...any) finding {
	return finding{what: fmt.Sprintf(format, args...), who: who}
}

// Explain says for people why something could not be compared.
func Explain(err error) string {
	if _, isOperator := approvals.NeedsOperator(err); isOperator || approvals.IsDelay(err) {
		return approvals.DelayReason(err)
	}
	return err.Error()
}
