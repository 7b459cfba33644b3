package licensing

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// How long a memory is good for. People wait for what it tells, three seconds
// at the most, so it rather tells what was true a while ago.
const (
	freshFor  = time.Minute     // after that it is learnt anew while the old is told
	staleFor  = time.Hour       // after that the old is not told any more
	failedFor = 5 * time.Second // a failure is told for as long without asking again
)

// A memory answers from what it learnt before, and learns in the background.
type memory[T any] struct {
	now    func() time.Time
	learn  func(context.Context) (T, error)
	flight singleflight.Group

	mu       sync.Mutex
	value    T
	at       time.Time // when value began to be learnt; zero: never
	failed   error     // of the last attempt, if it failed
	failedAt time.Time
}

// recall tells what is known, or waits for it, as long as ctx allows.
func (m *memory[T]) recall(ctx context.Context) (T, error) {
	value, age, known := m.known()
	switch {
	case !known || age > staleFor:
		return m.anew(ctx)
	case age > freshFor:
		m.start()
	}
	return value, nil
}

// recent is nil if something was learnt a moment ago, or can be now.
func (m *memory[T]) recent(ctx context.Context) error {
	if _, age, known := m.known(); known && age <= freshFor {
		return nil
	}
	_, err := m.anew(ctx)
	return err
}

func (m *memory[T]) known() (value T, age time.Duration, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value, m.now().Sub(m.at), !m.at.IsZero()
}

// anew waits for what is being learnt. A failure of a moment ago is told again
// without asking: whoever waits has no time to find it out once more.
func (m *memory[T]) anew(ctx context.Context) (T, error) {
	var none T
	m.mu.Lock()
	failed, since := m.failed, m.now().Sub(m.failedAt)
	m.mu.Unlock()
	if failed != nil && since < failedFor {
		return none, failed
	}
	select {
	case result := <-m.start():
		return result.Val.(T), result.Err
	case <-ctx.Done():
		return none, &Error{Op: opLearn, Kind: Later, Err: ctx.Err()}
	}
}

const opLearn = "learn what can be allocated"

// start learns apart from whoever asked: one who leaves must not fail others.
func (m *memory[T]) start() <-chan singleflight.Result {
	return m.flight.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), readingTime)
		defer cancel()
		asked := m.now()
		value, err := m.learn(ctx)
		m.mu.Lock()
		defer m.mu.Unlock()
		if err != nil {
			m.failed, m.failedAt = err, m.now()
			return value, err
		}
		m.value, m.at, m.failed = value, asked, nil
		return value, nil
	})
}
