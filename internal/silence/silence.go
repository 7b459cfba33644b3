// Package silence gives up on connections that fell silent. A NAT or a firewall may
// forget a connection and drop what is sent. No error tells of that, so a wait for an
// answer needs an end of its own:
//
//	config.DialFunc = silence.NewDialer(12 * time.Second)
package silence

import (
	"context"
	"net"
	"sync"
	"time"
)

// confirmLimit is how long the other host may leave sent bytes unconfirmed.
const confirmLimit = 8 * time.Second

// NewDialer returns a function that opens connections. A wait for an answer on one of
// them fails after the limit; zero sets none.
func NewDialer(limit time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{
		Control:         setUserTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil || limit == 0 {
			return conn, err
		}
		return &boundedConn{Conn: conn, limit: limit}, nil
	}
}

// A boundedConn ends a wait for an answer after its limit. A deadline that its user
// sets takes precedence.
type boundedConn struct {
	net.Conn
	limit time.Duration

	mu     sync.Mutex
	theirs bool // the user has set a deadline
}

// Write sends, and begins the wait for the answer.
func (c *boundedConn) Write(p []byte) (int, error) {
	c.extend()
	return c.Conn.Write(p)
}

// Read receives. The next part of a long answer has as long again.
func (c *boundedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == nil {
		c.extend()
	}
	return n, err
}

// SetDeadline is how the user ends a wait, or begins one without an end.
func (c *boundedConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.theirs = !t.IsZero()
	return c.Conn.SetDeadline(t)
}

func (c *boundedConn) extend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.theirs {
		_ = c.SetReadDeadline(time.Now().Add(c.limit)) // of a closed connection, the next call fails
	}
}
