package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// answerMargin is how much longer than statement_timeout an answer may take.
	answerMargin = 2 * time.Second
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

// answerLimit is how long a wait for an answer may last, by PostgreSQL's
// statement_timeout. Zero sets no limit: then a statement may take as long as it likes.
func answerLimit(statementTimeout string) time.Duration {
	if limit := parseTimeout(statementTimeout); limit > 0 {
		return limit + answerMargin
	}
	return 0
}

// parseTimeout reads a time as PostgreSQL writes it. Zero means none.
func parseTimeout(text string) time.Duration {
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
