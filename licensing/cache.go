package licensing

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// fetchTimeout bounds one fetch, which may read many pages. All callers that
// wait for it may have left.
const fetchTimeout = 2 * time.Minute

// Ages of what getRecent returns. People wait for it, three seconds at the most,
// so an answer of a while ago is better than none.
const (
	refreshAge  = time.Minute     // an older value is returned and fetched again
	maxStaleAge = time.Hour       // an older value is not returned
	failureAge  = 5 * time.Second // a younger failure is returned without a fetch
)

// A cache keeps the last value that was fetched without an error. Concurrent
// callers share one fetch. A caller that leaves does not end it: that would fail
// the others.
type cache[T any] struct {
	operation string // names the fetch in errors
	now       func() time.Time
	fetch     func(context.Context) (T, error)
	inFlight  singleflight.Group

	mu       sync.Mutex
	value    T
	at       time.Time // when the fetch of value began; zero: never
	failure  error     // of the last fetch, nil if it succeeded
	failedAt time.Time
}

// getWithin returns a value of at most maxAge, and fetches it if there is none.
// A fetch that others began longer ago does not count. Beside an error there may
// be a value that is not kept.
func (c *cache[T]) getWithin(ctx context.Context, maxAge time.Duration) (T, error) {
	oldest := c.now().Add(-max(maxAge, 0))
	for {
		value, began, known := c.load()
		if known && maxAge >= 0 && !began.Before(oldest) {
			return value, nil
		}
		result, err := c.awaitFetch(ctx, began)
		if err != nil || !result.began.Before(oldest) {
			return result.value, err
		}
	}
}

// getRecent returns what is kept, even if it is old, and then fetches in the
// background. It waits only if nothing is kept or what is kept is too old.
func (c *cache[T]) getRecent(ctx context.Context) (T, error) {
	value, began, known := c.load()
	switch age := c.now().Sub(began); {
	case !known || age > maxStaleAge:
		return c.awaitUnlessFailed(ctx, began)
	case age > refreshAge:
		c.startFetch(ctx, began)
	}
	return value, nil
}

// checkRecent returns nil if a fetch succeeded within the last minute, or does
// now.
func (c *cache[T]) checkRecent(ctx context.Context) error {
	_, began, known := c.load()
	if known && c.now().Sub(began) <= refreshAge {
		return nil
	}
	_, err := c.awaitUnlessFailed(ctx, began)
	return err
}

func (c *cache[T]) load() (value T, began time.Time, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.value, c.at, !c.at.IsZero()
}

// awaitUnlessFailed returns a failure of a moment ago without a fetch: the
// caller has no time to wait for the same failure again.
func (c *cache[T]) awaitUnlessFailed(ctx context.Context, seen time.Time) (T, error) {
	c.mu.Lock()
	failure, age := c.failure, c.now().Sub(c.failedAt)
	c.mu.Unlock()
	if failure != nil && age < failureAge {
		var none T
		return none, failure
	}
	result, err := c.awaitFetch(ctx, seen)
	return result.value, err
}

// A fetched value may come with an error.
type fetched[T any] struct {
	value T
	began time.Time
}

func (c *cache[T]) awaitFetch(ctx context.Context, seen time.Time) (fetched[T], error) {
	select {
	case result := <-c.startFetch(ctx, seen):
		return result.Val.(fetched[T]), result.Err
	case <-ctx.Done():
		return fetched[T]{}, &Error{Op: c.operation, Kind: Later, Err: ctx.Err()}
	}
}

// startFetch fetches, unless a fetch has landed since this moment: its callers looked
// just before that.
func (c *cache[T]) startFetch(ctx context.Context, seen time.Time) <-chan singleflight.Result {
	return c.inFlight.DoChan("", func() (any, error) {
		if value, began, known := c.load(); known && began.After(seen) {
			return fetched[T]{value, began}, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		began := c.now()
		value, err := c.fetch(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil {
			c.failure, c.failedAt = err, c.now()
			return fetched[T]{value, began}, err
		}
		c.value, c.at, c.failure = value, began, nil
		return fetched[T]{value, began}, nil
	})
}
