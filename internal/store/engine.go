package store

import (
	"context"
	"database/sql"
	"time"

	"licensebot/approvals"
)

// An engine is what one kind of database does in its own way.
type engine interface {
	// readClock reads the time that decides leases and deadlines. It also names
	// the transaction that q is, if the database can later tell its outcome.
	readClock(ctx context.Context, q querier) (now time.Time, tx string, err error)
	// forUpdate ends a SELECT of a row that the transaction will change.
	forUpdate() string
	// skipLocked ends a SELECT of a row that other transactions may take as well.
	skipLocked() string
	// lockName makes other transactions that lock the same name wait until this
	// one ends.
	lockName(ctx context.Context, tx *sql.Tx, name string) error
	// notifyReplicas signals other processes when the transaction commits.
	notifyReplicas(ctx context.Context, tx *sql.Tx, kinds []approvals.JobKind) error
	// classifyFailure tells what became of a transaction that ended in an error.
	classifyFailure(ctx context.Context, tx string, committing bool, err error) txOutcome
	// close releases what the engine holds besides its connections.
	close() error
}

// A txOutcome is what became of a transaction that ended in an error.
type txOutcome int

const (
	txFailed    txOutcome = iota // it changed nothing, and the caller must know
	txRetryable                  // it changed nothing; the same work may succeed now
	txCommitted                  // it committed, but the answer was lost
	txUnknown                    // the database cannot tell whether it committed
)

// A querier is a transaction or a pool of connections.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}
