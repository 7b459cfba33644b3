package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// A sqliteTx is a transaction on one connection. A sql.Tx starts a goroutine for each of its queries,
// to end them with the context. Here each statement runs to its end, and the commit looks at the
// context.
type sqliteTx struct {
	conn *sql.Conn
	ctx  context.Context // of the whole transaction, as in sql.Tx
	tx   driver.Tx       // nil after the end
}

func beginSQLite(ctx context.Context, db *sql.DB) (transaction, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &sqliteTx{conn: conn, ctx: ctx}
	err = conn.Raw(func(c any) (err error) {
		t.tx, err = c.(driver.ConnBeginTx).BeginTx(ctx, driver.TxOptions{})
		return err
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return t, nil
}

func (t *sqliteTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.conn.ExecContext(ctx, query, args...)
}

func (t *sqliteTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.conn.QueryContext(context.WithoutCancel(ctx), query, args...)
}

func (t *sqliteTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.conn.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}

// Commit rolls back if the context has ended.
func (t *sqliteTx) Commit() error {
	if err := t.ctx.Err(); err != nil {
		return errors.Join(err, t.Rollback())
	}
	return t.end(driver.Tx.Commit)
}

func (t *sqliteTx) Rollback() error { return t.end(driver.Tx.Rollback) }

// end gives the connection back.
func (t *sqliteTx) end(how func(driver.Tx) error) error {
	if t.tx == nil {
		return sql.ErrTxDone
	}
	tx := t.tx
	t.tx = nil
	err := t.conn.Raw(func(any) error { return how(tx) })
	return errors.Join(err, t.conn.Close())
}
