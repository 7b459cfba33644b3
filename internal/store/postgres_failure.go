package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// classifyFailure separates lost races and lost connections from all other errors,
// because they may be retried. It asks PostgreSQL about a commit without an answer.
func (e *postgres) classifyFailure(ctx context.Context, tx string, committing bool, err error) txOutcome {
	answer, answered := errors.AsType[*pgconn.PgError](err)
	switch {
	case answered && isLostRace(answer):
		return txRetryable
	case committing && (!answered || isDisconnected(err)):
		return e.findOutcome(ctx, tx)
	case isDisconnected(err):
		return txRetryable
	}
	return txFailed
}

// isLostRace reports whether a transaction failed because of what others did at
// the same moment. It may succeed if it runs again.
func isLostRace(answer *pgconn.PgError) bool {
	switch answer.Code {
	case "40001", "40P01", "55P03": // serialization failure, deadlock, lock timeout
		return true
	case "23505":
		return answer.ConstraintName == "jobs_lane_leased" // another claim was quicker
	}
	return false
}

// isDisconnected reports whether an error means a lost connection, or a server that is
// shutting down or still starting.
func isDisconnected(err error) bool {
	if answer, answered := errors.AsType[*pgconn.PgError](err); answered {
		switch answer.Code {
		case "57P01", "57P02", "57P03", "25P03": // shutdown, crash, starting, idle too long in a transaction
			return true
		}
		return false
	}
	for _, lost := range []error{io.EOF, io.ErrUnexpectedEOF, driver.ErrBadConn, sql.ErrConnDone} {
		if errors.Is(err, lost) {
			return true
		}
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	return connecting || network || pgconn.SafeToRetry(err)
}

// findOutcome asks whether a transaction committed after its COMMIT got no answer.
// If the transaction is still in progress, findOutcome ends its session. Otherwise
// the COMMIT might arrive after the caller heard of a failure.
//
// After a crash, a server reuses the numbers of lost transactions. So the answer
// holds only on the same server, while some session is older than the transaction.
func (e *postgres) findOutcome(ctx context.Context, tx string) txOutcome {
	name := strings.Fields(tx) // number, begin, start of the server; see readClock
	if len(name) != 3 {
		return txUnknown
	}
	ctx, cancel := withOutcomeTime(ctx)
	defer cancel()
	for attempt := 1; waitToRetry(ctx, attempt); attempt++ {
		var status sql.NullString
		err := e.db.QueryRowContext(ctx, `SELECT CASE
			WHEN extract(epoch FROM pg_postmaster_start_time())::text = $3
			AND EXISTS (SELECT 1 FROM pg_stat_activity WHERE extract(epoch FROM backend_start) < $2::numeric)
			THEN pg_xact_status($1::xid8) END`, name[0], name[1], name[2]).Scan(&status)
		switch {
		case err == nil && status.String == "committed":
			return txCommitted
		case err == nil && status.String == "aborted":
			return txRetryable
		case err == nil && status.String == "in progress":
			e.endSession(ctx, name[0])
		case err == nil || !isDisconnected(err):
			return txUnknown
		}
	}
	return txUnknown
}

// endSession ends the session of a transaction.
func (e *postgres) endSession(ctx context.Context, number string) {
	_, _ = e.db.ExecContext(ctx,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid = $1::xid8::xid`, number)
}
