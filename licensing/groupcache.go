package licensing

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// readingTime bounds one reading of all groups, many pages long, whose callers
// may all have left.
const readingTime = 2 * time.Minute

// groupCache keeps the lists of groups for a while.
type groupCache struct {
	ttl    time.Duration // less than 0: keep nothing
	flight singleflight.Group

	mu   sync.Mutex
	kept *GroupLists
}

// get returns what is kept if it is not older than maxAge, and otherwise reads.
// The reading is detached from ctx: one caller who leaves must not fail the
// others.
func (g *groupCache) get(
	ctx context.Context, now time.Time, maxAge time.Duration, read func(context.Context) GroupLists,
) GroupLists {
	if lists, ok := g.young(now, maxAge); ok {
		return lists
	}
	done := g.flight.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readingTime)
		defer cancel()
		lists := read(ctx)
		g.keep(lists)
		return lists, nil
	})
	select {
	case result := <-done:
		return result.Val.(GroupLists).clone()
	case <-ctx.Done():
		err := &Error{Op: opListGroups, Kind: Later, Err: ctx.Err()}
		return GroupLists{Identity: err, Rules: err, read: now}
	}
}

func (g *groupCache) young(now time.Time, maxAge time.Duration) (GroupLists, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.kept == nil || now.Sub(g.kept.read) > maxAge {
		return GroupLists{}, false
	}
	return g.kept.clone(), true
}

// keep keeps what will be the same a minute later. A failure for now is not,
// nor are refused credentials, which an operator may be putting right.
func (g *groupCache) keep(lists GroupLists) {
	if g.ttl < 0 || lists.Err() != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.kept = &lists
}

// clone gives each caller a list of its own to sort and filter.
func (l GroupLists) clone() GroupLists {
	l.Groups = slices.Clone(l.Groups)
	return l
}
