package slackapi

import (
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// A cache keeps answers of Slack by an id, with the time of each question.
type cache[T any] struct {
	calls singleflight.Group

	mu      sync.Mutex
	answers map[string]cachedAnswer[T]
}

type cachedAnswer[T any] struct {
	value   T
	askedAt time.Time
}

// get returns an answer that is at most maxAge old, and asks if there is none.
// Callers that ask for the same id at the same time share one call, unless the
// call began longer than maxAge ago.
func (c *cache[T]) get(id string, maxAge time.Duration, ask func() (T, error)) (T, error) {
	oldest := time.Now().Add(-maxAge)
	c.mu.Lock()
	answer, ok := c.answers[id]
	c.mu.Unlock()
	for !ok || answer.askedAt.Before(oldest) {
		shared, err, _ := c.calls.Do(id, func() (any, error) {
			askedAt := time.Now()
			value, err := ask()
			return cachedAnswer[T]{value: value, askedAt: askedAt}, err
		})
		if err != nil {
			var none T
			return none, err
		}
		answer, ok = shared.(cachedAnswer[T]), true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == nil {
		c.answers = make(map[string]cachedAnswer[T])
	}
	c.answers[id] = answer
	return answer.value, nil
}

// forget drops the answer for an id.
func (c *cache[T]) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.answers, id)
}
