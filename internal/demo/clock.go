package demo

import (
	"sync"
	"time"
)

// A Clock runs as the machine's does, and can be put forward: the days of a
// story pass between two of its lines. Safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
	jumps chan struct{}
}

// NewClock makes a clock that shows the machine's time.
func NewClock() *Clock { return &Clock{jumps: make(chan struct{}, 1)} }

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// Jump puts the clock forward.
func (c *Clock) Jump(d time.Duration) {
	c.mu.Lock()
	c.ahead += d
	c.mu.Unlock()
	select {
	case c.jumps <- struct{}{}:
	default:
	}
}

// Jumps has a value whenever the clock was put forward since it was last
// received from: who waits for a time has to look again.
func (c *Clock) Jumps() <-chan struct{} { return c.jumps }
