package store

import (
	"context"
	"database/sql/driver"

	modernc "modernc.org/sqlite" // without cgo
)

// A sqliteConnector opens connections that prepare each statement once: SQLite takes
// longer to compile most statements of the store than to carry them out. The driver of
// PostgreSQL does the same by itself.
type sqliteConnector struct {
	driver modernc.Driver
	source string
}

// Connect opens a connection.
func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.source)
	if err != nil {
		return nil, err
	}
	return &preparedConn{sqliteConn: conn.(sqliteConn), idle: make(map[string]driver.Stmt)}, nil
}

// Driver is the driver of connections that prepare nothing.
func (c *sqliteConnector) Driver() driver.Driver { return &c.driver }

// A sqliteConn is what the driver's connections can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// sqliteRows is what the driver's rows can do.
type sqliteRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
}

// mostPrepared is how many statements a connection keeps. The store has fewer; those of a
// migration are used once.
const mostPrepared = 200

// A preparedConn keeps the statements that are not in use. One goroutine at a time uses a
// connection, but it may begin a second query before it has read all rows of the first.
//
// A statement runs to its end once it has begun, because the driver would start a goroutine
// for each to interrupt it, and take longer for that than for the statement. Only BEGIN waits
// for a lock, and it still ends with its context; so does the reading of rows.
type preparedConn struct {
	sqliteConn
	idle map[string]driver.Stmt
}

// take returns a statement that is not in use, unless ctx has ended.
func (c *preparedConn) take(ctx context.Context, query string) (driver.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return s, nil
	}
	return c.PrepareContext(ctx, query)
}

// put takes a statement back.
func (c *preparedConn) put(query string, s driver.Stmt) error {
	if _, ok := c.idle[query]; ok || len(c.idle) >= mostPrepared {
		return s.Close()
	}
	c.idle[query] = s
	return nil
}

// ExecContext carries out a statement without rows.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.(driver.StmtExecContext).ExecContext(context.WithoutCancel(ctx), args)
	if unkept := c.put(query, s); err == nil {
		err = unkept
	}
	return result, err
}

// QueryContext carries out a statement with rows. It is in use until they are closed.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.WithoutCancel(ctx), args)
	if err != nil {
		_ = c.put(query, s) // the failure of the query says more
		return nil, err
	}
	return &preparedRows{sqliteRows: rows.(sqliteRows), conn: c, query: query, statement: s}, nil
}

// Close closes the connection and its statements.
func (c *preparedConn) Close() error {
	for _, s := range c.idle {
		_ = s.Close() // the connection's own failure says more
	}
	clear(c.idle)
	return c.sqliteConn.Close()
}

// preparedRows give their statement back.
type preparedRows struct {
	sqliteRows
	conn      *preparedConn
	query     string
	statement driver.Stmt
}

// Close ends the reading of rows.
func (r *preparedRows) Close() error {
	err := r.sqliteRows.Close()
	if unkept := r.conn.put(r.query, r.statement); err == nil {
		err = unkept
	}
	return err
}
