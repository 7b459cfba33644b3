package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// notifications is the channel on which replicas wake each other. A payload is
// the sender's id and the kinds of work, separated by blanks.
const notifications = "licensebot_jobs"

// relisten is the pause before a lost connection is opened again. What is
// missed meanwhile is found by the workers' own timers.
const relisten = time.Second

// announce wakes the other replicas when the transaction commits, and not if
// it does not.
func (e *postgres) announce(ctx context.Context, tx *sql.Tx, kinds []approvals.JobKind) error {
	if len(kinds) == 0 {
		return nil
	}
	words := []string{e.me}
	for _, kind := range slices.Compact(slices.Sorted(slices.Values(kinds))) { // a payload has 8,000 bytes at the most
		words = append(words, string(kind))
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_notify($1, $2)`, notifications, strings.Join(words, " ")); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// A listening is the goroutine that rings the bell for other replicas' work.
type listening struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// startListening returns once it listens, or could not: then it tries again by
// itself.
func startListening(config *pgx.ConnConfig, me string, bell *signals) *listening {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listening{cancel: cancel, done: make(chan struct{})}
	attempted := make(chan struct{})
	once := sync.OnceFunc(func() { close(attempted) })
	go func() {
		defer close(l.done)
		for ctx.Err() == nil {
			_ = listenOnce(ctx, config, me, bell, once) // the workers look by themselves meanwhile
			once()
			sleep.For(ctx, relisten)
		}
	}()
	<-attempted
	return l
}

func (l *listening) stop() error {
	if l == nil {
		return nil
	}
	l.cancel()
	<-l.done
	return nil
}

// listenOnce rings for every notification until the connection is lost. It
// rings for everything first: something may have been missed.
func listenOnce(ctx context.Context, config *pgx.ConnConfig, me string, bell *signals, listens func()) error {
	conn, err := pgx.ConnectConfig(ctx, config.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+notifications); err != nil {
		return err
	}
	bell.signalAll()
	listens()
	for {
		heard, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if sender, kinds, ok := strings.Cut(heard.Payload, " "); ok && sender != me {
			bell.signal(kindsOf(kinds))
		}
	}
}

func kindsOf(words string) []approvals.JobKind {
	var kinds []approvals.JobKind
	for word := range strings.FieldsSeq(words) {
		kinds = append(kinds, approvals.JobKind(word))
	}
	return kinds
}
