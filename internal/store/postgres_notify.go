package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// notifyChannel is the PostgreSQL channel for signals between replicas. A payload is
// the sender's id and the kinds of jobs, separated by blanks.
const notifyChannel = "licensebot_jobs"

// reconnectDelay is the wait before a lost connection is opened again. Meanwhile the
// workers find due jobs by their own timers.
const reconnectDelay = time.Second

// notifyReplicas signals the other replicas, but only if the transaction commits.
func (e *postgres) notifyReplicas(ctx context.Context, tx transaction, kinds []approvals.JobKind) error {
	if len(kinds) == 0 {
		return nil
	}
	words := []string{e.replicaID}
	for _, kind := range slices.Compact(slices.Sorted(slices.Values(kinds))) { // a payload has at most 8,000 bytes
		words = append(words, string(kind))
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_notify($1, $2)`, notifyChannel, strings.Join(words, " ")); err != nil {
		return fmt.Errorf("notify replicas: %w", err)
	}
	return nil
}

// A replicaListener is a goroutine. It passes on other replicas' signals.
type replicaListener struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// replicaLock is the number of a lock that each replica shares for as long as it
// listens; a move of the database holds it alone. Replicas of one database may have
// schemas of their own.
const replicaLock = `hashtextextended('licensebot replica of ' || current_schema(), 0)`

const joinReplicas = `SELECT pg_advisory_lock_shared(` + replicaLock + `)`

// countReplicas counts those who share the lock.
func (e *postgres) countReplicas(ctx context.Context) (count int, err error) {
	err = e.db.QueryRowContext(ctx, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND (classid::bigint << 32) | objid::bigint = `+replicaLock).Scan(&count)
	return count, err
}

// startListening returns after its first attempt to listen. After a failure or a lost
// connection the listener tries again by itself.
func startListening(config *pgx.ConnConfig, replicaID string, signals *signals) *replicaListener {
	ctx, cancel := context.WithCancel(context.Background())
	l := &replicaListener{cancel: cancel, done: make(chan struct{})}
	attempted := make(chan struct{})
	reportAttempt := sync.OnceFunc(func() { close(attempted) })
	go func() {
		defer close(l.done)
		for ctx.Err() == nil {
			_ = listenOnce(ctx, config, replicaID, signals, reportAttempt) // the workers' timers go on without it
			reportAttempt()
			sleep.For(ctx, reconnectDelay)
		}
	}()
	<-attempted
	return l
}

func (l *replicaListener) stopListening() error {
	if l == nil {
		return nil
	}
	l.cancel()
	<-l.done
	return nil
}

// listenOnce passes on every notification until the connection is lost. It begins
// with a signal for all kinds, because it may have missed some.
func listenOnce(
	ctx context.Context, config *pgx.ConnConfig, replicaID string, signals *signals, reportAttempt func(),
) error {
	conn, err := pgx.ConnectConfig(ctx, config.Copy())
	if err != nil {
		return err
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), reconnectDelay)
		defer cancel()
		_, _ = conn.Exec(ending, giveBackLocks)
		_ = conn.Close(ending)
	}()
	for _, statement := range []string{joinReplicas, "LISTEN " + notifyChannel} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	signals.signalAllKinds()
	reportAttempt()
	for {
		heard, err := waitForNotification(ctx, conn)
		if err != nil {
			return err
		}
		if sender, kinds, ok := strings.Cut(heard.Payload, " "); ok && sender != replicaID {
			signals.signalKinds(parseKinds(kinds))
		}
	}
}

// waitForNotification waits, and asks now and then whether the connection still works.
func waitForNotification(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	for {
		waiting, cancel := context.WithTimeout(ctx, listenCheck)
		heard, err := conn.WaitForNotification(waiting)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return heard, err
		}
		asking, cancel := context.WithTimeout(ctx, listenCheck)
		err = conn.Ping(asking)
		cancel()
		if err != nil {
			return nil, err
		}
	}
}

func parseKinds(words string) []approvals.JobKind {
	var kinds []approvals.JobKind
	for word := range strings.FieldsSeq(words) {
		kinds = append(kinds, approvals.JobKind(word))
	}
	return kinds
}
