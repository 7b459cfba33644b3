package licensing

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A source is what a fetch takes and brings.
type source struct {
	takes   time.Duration
	brings  int
	fails   error
	fetches int
}

func (l *source) newCache() *cache[int] {
	return &cache[int]{operation: "count", now: time.Now, fetch: func(ctx context.Context) (int, error) {
		l.fetches++
		select {
		case <-time.After(l.takes):
			return l.brings, l.fails
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}}
}

// expect gets the value with two seconds of patience.
func expect(t *testing.T, m *cache[int], want int, within time.Duration, fails bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	begun := time.Now()
	got, err := m.getRecent(ctx)
	if got != want || (err != nil) != fails || time.Since(begun) > within {
		t.Errorf("%d, %v after %s; want %d within %s", got, err, time.Since(begun), want, within)
	}
}

func TestCacheReturnsTheOldWhileItFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := source{takes: time.Second, brings: 1}
		m := l.newCache()
		expect(t, m, 1, time.Second, false)
		expect(t, m, 1, 0, false)
		time.Sleep(refreshAge + time.Second)
		l.takes, l.brings = 10*time.Second, 2
		expect(t, m, 1, 0, false)
		expect(t, m, 1, 0, false) // they share one fetch
		time.Sleep(10 * time.Second)
		synctest.Wait()
		expect(t, m, 2, 0, false)
		if l.fetches != 2 {
			t.Errorf("it was fetched %d times", l.fetches)
		}
	})
}

func TestCacheForgetsOldValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := source{brings: 1}
		m := l.newCache()
		expect(t, m, 1, 0, false)
		l.fails = errors.New("down")
		time.Sleep(maxStaleAge)
		expect(t, m, 1, 0, false)
		synctest.Wait()
		time.Sleep(time.Second)
		expect(t, m, 0, 0, true)
	})
}

// A caller waits no longer than it can, and the next one gets what that fetch
// brought.
func TestFetchOutlivesItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := source{takes: 3 * time.Second, brings: 1}
		m := l.newCache()
		expect(t, m, 0, 2*time.Second, true)
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, m, 1, 0, false)
	})
}

func TestCacheReturnsAFreshFailureAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := source{takes: time.Second, fails: errors.New("down")}
		m := l.newCache()
		expect(t, m, 0, time.Second, true)
		expect(t, m, 0, 0, true)
		l.brings, l.fails = 1, nil
		time.Sleep(failureAge)
		expect(t, m, 1, time.Second, false)
		if l.fetches != 2 {
			t.Errorf("it was fetched %d times", l.fetches)
		}
	})
}

func TestCacheChecksWhatIsRecent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := source{brings: 1}
		m := l.newCache()
		for range 2 {
			if err := m.checkRecent(t.Context()); err != nil || l.fetches != 1 {
				t.Errorf("%v after it was fetched %d times", err, l.fetches)
			}
		}
		l.fails = errors.New("down")
		time.Sleep(refreshAge + time.Second)
		if err := m.checkRecent(t.Context()); err == nil {
			t.Error("a value of long ago counts as recent")
		}
	})
}
