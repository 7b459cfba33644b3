package demo

import (
	"sync"
	"time"
)

// A Clock runs as the machine's clock does, and can be put forward: days pass
// between two lines of a story. Safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
	jumps chan struct{}
}

// NewClock makes a clock with the machine's time.
func NewClock() *Clock { return &Clock{jumps: make(chan struct{}, 1)} }

// Now is the time on the clock.
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

// Jumps delivers a value after the clock was put forward. A goroutine that
// waits for a time must then look at the clock again.
func (c *Clock) Jumps() <-chan struct{} { return c.jumps }
