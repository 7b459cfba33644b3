package licensing

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A lesson is what learning takes and brings.
type lesson struct {
	takes  time.Duration
	brings int
	fails  error
	learnt int // how often
}

func (l *lesson) memory() *memory[int] {
	return &memory[int]{now: time.Now, learn: func(ctx context.Context) (int, error) {
		l.learnt++
		select {
		case <-time.After(l.takes):
			return l.brings, l.fails
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}}
}

// expect recalls with two seconds of patience.
func expect(t *testing.T, m *memory[int], want int, within time.Duration, fails bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	begun := time.Now()
	got, err := m.recall(ctx)
	if got != want || (err != nil) != fails || time.Since(begun) > within {
		t.Errorf("%d, %v after %s; want %d within %s", got, err, time.Since(begun), want, within)
	}
}

func TestMemoryTellsTheOldWhileItLearns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lesson{takes: time.Second, brings: 1}
		m := l.memory()
		expect(t, m, 1, time.Second, false)
		expect(t, m, 1, 0, false)
		time.Sleep(freshFor + time.Second)
		l.takes, l.brings = 10*time.Second, 2
		expect(t, m, 1, 0, false)
		expect(t, m, 1, 0, false) // they share one learning
		time.Sleep(10 * time.Second)
		synctest.Wait()
		expect(t, m, 2, 0, false)
		if l.learnt != 2 {
			t.Errorf("it was learnt %d times", l.learnt)
		}
	})
}

func TestMemoryForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lesson{brings: 1}
		m := l.memory()
		expect(t, m, 1, 0, false)
		l.fails = errors.New("down")
		time.Sleep(staleFor)
		expect(t, m, 1, 0, false)
		synctest.Wait()
		time.Sleep(time.Second)
		expect(t, m, 0, 0, true)
	})
}

// Nobody waits longer than they can, and what they did not wait for is known
// to the next.
func TestMemoryOutlivesWhoeverAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lesson{takes: 3 * time.Second, brings: 1}
		m := l.memory()
		expect(t, m, 0, 2*time.Second, true)
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, m, 1, 0, false)
	})
}

func TestMemoryTellsAFailureAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lesson{takes: time.Second, fails: errors.New("down")}
		m := l.memory()
		expect(t, m, 0, time.Second, true)
		expect(t, m, 0, 0, true)
		l.brings, l.fails = 1, nil
		time.Sleep(failedFor)
		expect(t, m, 1, time.Second, false)
		if l.learnt != 2 {
			t.Errorf("it was learnt %d times", l.learnt)
		}
	})
}

func TestMemoryOfAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lesson{brings: 1}
		m := l.memory()
		for range 2 {
			if err := m.recent(t.Context()); err != nil || l.learnt != 1 {
				t.Errorf("%v after it was learnt %d times", err, l.learnt)
			}
		}
		l.fails = errors.New("down")
		time.Sleep(freshFor + time.Second)
		if err := m.recent(t.Context()); err == nil {
			t.Error("what was learnt long ago is said to be recent")
		}
	})
}
