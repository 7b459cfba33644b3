package store

import (
	"context"
	"database/sql"
	"time"

	"licensebot/approvals"
)

// An engine is what one kind of database does in its own way.
type engine interface {
	// readClock reads the clock of leases and deadlines. If q is a transaction and
	// the database can tell its outcome later, tx is its name.
	readClock(ctx context.Context, q querier) (now time.Time, tx string, err error)
	// forUpdate ends a SELECT before an UPDATE of the same row.
	forUpdate() string
	// skipLocked does the same, and skips rows under lock by other transactions.
	skipLocked() string
	// lockName locks a name until the transaction ends. Others wait for it.
	lockName(ctx context.Context, tx transaction, name string) error
	// notifyReplicas signals other processes when the transaction commits.
	notifyReplicas(ctx context.Context, tx transaction, kinds []approvals.JobKind) error
	// classifyFailure tells what became of a failed transaction.
	classifyFailure(ctx context.Context, tx string, committing bool, err error) txOutcome
	// close releases what the engine holds besides its connections.
	close() error
}

// A txOutcome is what became of a failed transaction.
type txOutcome int

const (
	txFailed    txOutcome = iota // it changed nothing, and the caller must know
	txRetryable                  // it changed nothing; the same work may succeed now
	txCommitted                  // it committed, but the answer was lost
	txUnknown                    // the database cannot tell whether it committed
)

// A transaction is what the store needs of one. After its end, Commit and Rollback return
// sql.ErrTxDone.
type transaction interface {
	querier
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	Commit() error
	Rollback() error
}

// A querier is a transaction or a pool of connections.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}
