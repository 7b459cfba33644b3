package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// poolLimit is how long one connection may take to answer at the start. A pooler that
// is full answers after two minutes.
const poolLimit = 5 * time.Second

// errTransactionPooling refuses a pooler that gives a server process to each
// transaction anew: notifications and locks of a session would be lost.
var errTransactionPooling = errors.New("a pooler in transaction mode stands before it, where sessions share a server " +
	"process: use its session mode, because licensebot listens for notifications and holds locks of a session")

// checkPool opens all connections at once and looks whether each has a server process
// of its own. Their number must be known before work begins: one that is missing would
// hold up what waits for it.
func checkPool(ctx context.Context, db *sql.DB, count int) (err error) {
	conns, usual := make([]*sql.Conn, 0, count), db.Stats().MaxOpenConnections
	db.SetMaxOpenConns(count)
	defer db.SetMaxOpenConns(usual)
	defer func() {
		for _, conn := range conns {
			err = errors.Join(err, conn.Close())
		}
	}()
	for range count {
		conn, err := openSession(ctx, db)
		if len(conns) > 0 && ctx.Err() == nil && isPoolExhausted(err) {
			return fmt.Errorf("only %d of the %d connections that one replica needs could be opened: raise the role's "+
				"CONNECTION LIMIT, max_connections or the pooler's pool size, or lower LICENSEBOT_DATABASE_CONNECTIONS: %w",
				len(conns), count, err)
		}
		if err != nil {
			return explainPooler(err)
		}
		conns = append(conns, conn)
	}
	var rounds [][]int
	for range 2 { // a pooler that takes turns shows itself in the second
		var pids []int
		for _, conn := range conns {
			pid, err := readProcess(ctx, conn)
			if err != nil {
				return err
			}
			pids = append(pids, pid)
		}
		rounds = append(rounds, pids)
	}
	if shareProcess(rounds) {
		return errTransactionPooling
	}
	return nil
}

// explainPooler adds the remedy to a pooler's refusal of the settings of each session.
func explainPooler(err error) error {
	if !strings.Contains(err.Error(), "unsupported startup parameter") {
		return err
	}
	return fmt.Errorf("the PgBouncer before it refuses a setting of the session: name it in its "+
		"ignore_startup_parameters, and set it for the role with ALTER ROLE … SET …: %w", err)
}

// isPoolExhausted reports whether the server or a pooler has no more connections: it
// says so, or lets the client wait. A connection that broke is another matter.
func isPoolExhausted(err error) bool {
	_, answered := errors.AsType[*pgconn.PgError](err)
	return answered || errors.Is(err, context.DeadlineExceeded)
}

// openSession opens a connection and has the server answer on it: a pooler lets
// clients in before it has a connection for them.
func openSession(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, poolLimit)
	defer cancel()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := readProcess(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// readProcess reads the number of the server process. It prepares no statement,
// because poolers lose those.
func readProcess(ctx context.Context, conn *sql.Conn) (pid int, err error) {
	ctx, cancel := context.WithTimeout(ctx, poolLimit)
	defer cancel()
	err = conn.QueryRowContext(ctx, `SELECT pg_backend_pid()`, pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid, err
}

// shareProcess reports whether two connections had one process, or one connection two.
// Each round has the process of each connection.
func shareProcess(rounds [][]int) bool {
	for _, round := range rounds {
		distinct := slices.Compact(slices.Sorted(slices.Values(round)))
		if len(distinct) < len(round) || !slices.Equal(round, rounds[0]) {
			return true
		}
	}
	return false
}
