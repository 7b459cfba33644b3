package worker

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// Bounds of the watch of the portal. All replicas look whether a look is due; one begins it.
const (
	watchPoll  = 20 * time.Second
	watchLease = 10 * time.Minute
	watchLimit = 9 * time.Minute  // a look is over before its lease
	watchFirst = 90 * time.Second // from the very first start to the first look
	watchRetry = 2 * time.Minute  // after a look that failed
)

// keepWatching looks for changes of allocations outside of the bot until ctx ends.
func (w *Runner) keepWatching(ctx context.Context) {
	wake, stop := w.Store.Subscribe()
	defer stop()
	for ctx.Err() == nil {
		if err := w.watch(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, approvals.ErrLeaseLost) {
			w.OnError(Problem{During: Watching, Err: err})
		}
		sleep.UntilWoken(ctx, watchPoll, wake)
	}
}

// watch looks at the groups that are due, and tells what changed.
func (w *Runner) watch(ctx context.Context) error {
	policy := w.Policy().Watch
	if policy.Off {
		return w.Store.ForgetWatch(ctx)
	}
	isRead := len(w.unread.list()) == 0
	lease, begun, err := w.Store.BeginWatch(ctx, watchLease, watchFirst, isRead)
	if err != nil || !begun {
		return err
	}
	looking, cancel := context.WithTimeout(ctx, watchLimit)
	defer cancel()
	next := approvals.WatchEvery
	if lease, err = w.lookAtDue(looking, lease, policy); err != nil {
		next = watchRetry
	}
	if isRead { // what is known is told, whatever keeps the bot from looking further
		err = errors.Join(err, w.tellOutsideChanges(looking, lease))
	}
	return errors.Join(err, w.Store.EndWatch(context.WithoutCancel(ctx), lease, next))
}

// lookAtDue looks a second time at the groups with a difference, and at all groups when that
// is due.
func (w *Runner) lookAtDue(
	ctx context.Context, lease approvals.WatchLease, policy approvals.WatchPolicy,
) (approvals.WatchLease, error) {
	known, err := w.Store.ListWatched(ctx)
	if err != nil {
		return lease, err
	}
	for _, group := range known {
		if group.IsSuspect() && !lease.Begun.Before(group.SuspectAt.Add(approvals.WatchAgainAfter)) {
			err = errors.Join(err, w.lookDirectly(ctx, lease, policy, group))
		}
	}
	if err != nil || !lease.All {
		return lease, err
	}
	if known, err = w.Store.ListWatched(ctx); err != nil {
		return lease, err
	}
	return w.lookAtAll(ctx, lease, policy, known)
}

// lookAtAll looks at the list of all allocations. Where UiPath does not show it, the bot
// looks at the groups that it has changed.
func (w *Runner) lookAtAll(
	ctx context.Context, lease approvals.WatchLease, policy approvals.WatchPolicy, known []approvals.WatchedGroup,
) (approvals.WatchLease, error) {
	confirmed, err := w.Store.ListConfirmed(ctx)
	if err != nil {
		return lease, err
	}
	listed, err := w.Licenses.ListAllocations(ctx)
	if approvals.IsRefused(err) {
		w.sayWatchedOnly(err)
		lease.ListedAt = time.Time{}
		return lease, w.lookAtDealtWith(ctx, lease, policy, known, confirmed)
	}
	if err != nil {
		return lease, err
	}
	w.watchedOnly = false
	for _, look := range approvals.LooksOf(listed, known, lease.Begun) {
		group := approvals.KnownBefore(known, look, lease)
		if group.IsCertain(look, confirmed[look.Group.ID]) {
			continue
		}
		if err := w.judge(ctx, lease, policy, group, look, confirmed[look.Group.ID]); err != nil {
			return lease, err
		}
	}
	if approvals.TellsAll(listed) {
		lease.ListedAt = lease.Begun
	}
	return lease, w.Store.ConfirmLooks(ctx, lease)
}

// sayWatchedOnly reports once that UiPath does not show the list.
func (w *Runner) sayWatchedOnly(err error) {
	if !w.watchedOnly {
		w.OnError(Problem{During: WatchingLess, Err: err})
	}
	w.watchedOnly = true
}

// lookAtDealtWith looks at the groups that the bot has changed, one by one.
func (w *Runner) lookAtDealtWith(
	ctx context.Context, lease approvals.WatchLease, policy approvals.WatchPolicy,
	known []approvals.WatchedGroup, confirmed map[string]approvals.Confirmation,
) error {
	var failed error
	for _, group := range approvals.DealtWith(known, confirmed) {
		if !group.IsSuspect() { // those were looked at, or wait for their time
			failed = errors.Join(failed, w.lookDirectly(ctx, lease, policy, group))
		}
	}
	return failed
}

// lookDirectly asks UiPath about one group, by other endpoints than the list.
func (w *Runner) lookDirectly(
	ctx context.Context, lease approvals.WatchLease, policy approvals.WatchPolicy, known approvals.WatchedGroup,
) error {
	begun, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	group := known.Group
	if found, err := w.Licenses.ReadGroup(ctx, group); err == nil {
		group = found
	}
	allocation, err := w.Licenses.ReadAllocation(ctx, group.ID)
	look := approvals.NewGroupLook(group, allocation, begun.UTC())
	switch {
	case approvals.IsNotFound(err):
		look.Gone = true
	case err != nil:
		return err
	}
	if known.IsNew() {
		return w.Store.SaveLook(ctx, lease, approvals.Baseline(look), nil)
	}
	confirmed, err := w.Store.LastConfirmed(ctx, group.ID)
	if err != nil {
		return err
	}
	return w.judge(ctx, lease, policy, known, look, confirmed)
}

// judge compares a look with what is known of the group, and keeps the result.
func (w *Runner) judge(
	ctx context.Context, lease approvals.WatchLease, policy approvals.WatchPolicy,
	known approvals.WatchedGroup, look approvals.GroupLook, confirmed approvals.Confirmation,
) error {
	own := approvals.OwnChanges{Confirmed: confirmed, Unread: len(w.unread.list()) > 0}
	var err error
	if own.Requests, err = w.Store.ListMaybeWritten(ctx, look.Group.ID, known.ExplainedSince()); err != nil {
		return err
	}
	next, change := approvals.JudgeLook(known, look, own)
	if change != nil {
		change.ID, change.Silent = approvals.NewChangeID(), policy.IsSilent(look.Group)
		// Who did it is welcome and not needed: an error costs the name only.
		change.Edits, _ = w.Licenses.FindEdits(ctx, change.Group, change.Since, look.Begun)
	}
	return w.Store.SaveLook(ctx, lease, next, change)
}

// tellOutsideChanges posts about each change once. A post with an unknown outcome is looked
// for before it is made again, as those of requests are.
func (w *Runner) tellOutsideChanges(ctx context.Context, lease approvals.WatchLease) error {
	changes, err := w.Store.ListUntold(ctx)
	if err != nil || len(changes) == 0 {
		return err
	}
	channel, err := w.Store.Channel(ctx)
	if err != nil {
		return err
	}
	for _, change := range changes {
		if channel == "" {
			return nil // no bot has claimed one yet
		}
		if err := w.tellOutsideChange(ctx, lease, change, channel); err != nil {
			return err
		}
	}
	return nil
}

func (w *Runner) tellOutsideChange(
	ctx context.Context, lease approvals.WatchLease, change approvals.UntoldChange, channel string,
) error {
	if !change.TriedAt.IsZero() {
		now, err := w.Store.Now(ctx)
		if err != nil || now.Sub(change.TriedAt) < approvals.PostSettles {
			return err // Slack may show it late
		}
		ts, found, err := w.Messenger.FindOutsideChange(ctx, change, now.Sub(change.TriedAt))
		switch {
		case err != nil:
			return err
		case found:
			return w.Store.MarkTold(ctx, change.ID, ts)
		}
	}
	if err := w.Messenger.AwaitPace(ctx, approvals.PacePosts); err != nil {
		return err
	}
	if err := w.Store.MarkTelling(ctx, lease, change.ID, channel); err != nil {
		return err
	}
	change.Channel, change.Button = channel, w.Buttons
	ts, err := w.Messenger.PostOutsideChange(ctx, change)
	if err != nil {
		return err
	}
	return w.Store.MarkTold(ctx, change.ID, ts)
}
