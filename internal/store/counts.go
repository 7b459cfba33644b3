package store

import (
	"context"
	"database/sql"
	"sync/atomic"
)

// A readPool is the pool of connections for reads outside of transactions. It counts
// them.
type readPool struct {
	*sql.DB
	count atomic.Uint64
}

// QueryContext reads rows.
func (p *readPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	p.count.Add(1)
	return p.DB.QueryContext(ctx, query, args...)
}

// QueryRowContext reads one row.
func (p *readPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	p.count.Add(1)
	return p.DB.QueryRowContext(ctx, query, args...)
}

// CountTransactions tells how many transactions the store began since it was opened, and
// how often it read outside of one. Both are most of what a request costs.
func (s *Store) CountTransactions() (begun, reads uint64) {
	return s.begun.Load(), s.read.count.Load()
}
