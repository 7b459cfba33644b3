package store

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// A connection can fall silent: a NAT or a firewall forgets it and drops what is
// sent. No error tells of that, so each wait for an answer has an end.
const (
	// answerMargin is how much longer than statement_timeout an answer may take.
	answerMargin = 2 * time.Second
	// silenceLimit is how long the other host may leave sent bytes unconfirmed.
	silenceLimit = 8 * time.Second
	// reuseLimit is how long a connection that was idle may take to show that it
	// still works, before another is taken. A person waits.
	reuseLimit = 500 * time.Millisecond
	// listenCheck is how often the connection that listens is asked for a sign of life.
	listenCheck = 3 * time.Second
)

// isDead asks a connection that was idle for a sign of life. One that gives none is
// closed by that, and database/sql takes another.
func isDead(ctx context.Context, idle stdlib.ShouldPingParams) bool {
	if idle.IdleDuration < time.Second {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, reuseLimit)
	defer cancel()
	return idle.Conn.Ping(ctx) != nil
}

// boundWaits makes each connection give up on an answer that is overdue.
func boundWaits(config *pgx.ConnConfig) {
	limit := statementLimit(config.RuntimeParams["statement_timeout"])
	dialer := &net.Dialer{
		Control:         setUserTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
	}
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil || limit == 0 {
			return conn, err
		}
		return &answerConn{Conn: conn, limit: limit + answerMargin}, nil
	}
}

// statementLimit reads PostgreSQL's statement_timeout. Zero means that a statement may
// take as long as it likes.
func statementLimit(text string) time.Duration {
	number := strings.TrimRight(text, "usminhd ")
	n, err := strconv.ParseFloat(number, 64)
	units := map[string]time.Duration{
		"": time.Millisecond, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second,
		"min": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
	}
	unit, known := units[strings.TrimSpace(text[len(number):])]
	if err != nil || !known || n <= 0 {
		return 0
	}
	return time.Duration(n * float64(unit))
}

// An answerConn ends a wait for an answer after its limit. A deadline that pgx sets
// takes precedence: a context has ended.
type answerConn struct {
	net.Conn
	limit time.Duration

	mu     sync.Mutex
	theirs bool // pgx has set a deadline
}

// Write sends, and begins the wait for the answer.
func (c *answerConn) Write(p []byte) (int, error) {
	c.extend()
	return c.Conn.Write(p)
}

// Read receives. The next part of a long answer has as long again.
func (c *answerConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == nil {
		c.extend()
	}
	return n, err
}

// SetDeadline is how pgx ends or frees a wait.
func (c *answerConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.theirs = !t.IsZero()
	return c.Conn.SetDeadline(t)
}

func (c *answerConn) extend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.theirs {
		_ = c.SetReadDeadline(time.Now().Add(c.limit)) // of a closed connection, the next call fails
	}
}
