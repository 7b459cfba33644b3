package demo

import (
	"bufio"
	"fmt"
	"io"
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
func (c *Clock) Now() time.Time { return time.Now().Add(c.Ahead()) }

// Ahead is how far the clock is before the machine's.
func (c *Clock) Ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead
}

// Jump puts the clock forward.
func (c *Clock) Jump(d time.Duration) { c.set(c.Ahead() + d) }

func (c *Clock) set(ahead time.Duration) {
	c.mu.Lock()
	c.ahead = ahead
	c.mu.Unlock()
	select {
	case c.jumps <- struct{}{}:
	default:
	}
}

// Jumps delivers a value after the clock was put forward. A goroutine that
// waits for a time must then look at the clock again.
func (c *Clock) Jumps() <-chan struct{} { return c.jumps }

// Follow sets the clock to each line of r, which says how far ahead it is. The first
// line is read before Follow returns. Then ended is called at the end of r, when the
// process that wrote the lines is gone or wants this one to stop.
func (c *Clock) Follow(r io.Reader, ended func()) error {
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		return fmt.Errorf("the clock's first line is missing: %w", errorOrUnknown(lines.Err()))
	}
	if err := c.setTo(lines.Text()); err != nil {
		return err
	}
	go func() {
		defer ended()
		for lines.Scan() {
			if c.setTo(lines.Text()) != nil {
				return
			}
		}
	}()
	return nil
}

func (c *Clock) setTo(line string) error {
	ahead, err := time.ParseDuration(line)
	if err == nil {
		c.set(ahead)
	}
	return err
}
