// Package store keeps requests, reactions, the journal and jobs: in an embedded
// SQLite file for one process, or in PostgreSQL for several replicas. Everything
// is durable before the bot acknowledges it.
//
// One transaction makes one transition: the request's row, its journal line and
// its jobs change together or not at all. The pure function approvals.Next
// decides what happens. It runs inside the transaction, and this package stores
// its result. In the same transaction it leases new jobs to workers that are on offer, and
// after the commit it hands them over. It signals the workers of all other jobs.
//
// One SQL text serves both databases. Locks, clocks, signals to other processes
// and the meaning of errors differ; they are methods of an engine, in sqlite.go
// and postgres.go.
//
//	s, err := store.Open(ctx, "sqlite://licensebot.db", store.Options{})
//	filed, receipt, err := s.FileRequest(ctx, request)
//	job, request, err := s.ClaimJob(ctx, time.Minute, approvals.JobPrepare)
//	request, err = s.ApplyEvent(ctx, job.RequestID, event, &job)
package store

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"licensebot/approvals"
)

// A Store keeps everything in one database. It is safe for concurrent use.
// Open makes one.
type Store struct {
	engine  engine
	begin   func(context.Context, *sql.DB) (transaction, error) // begins one that writes
	write   *sql.DB
	read    *readPool
	begun   atomic.Uint64 // transactions
	filings filings
	signals signals
	clock   *clockWatch
	observe func(approvals.Transition)
	disk    *diskWatch
	nameOf  func(person string) string // nil: no name is known
	alone   bool                       // no other process uses the database
	maxOpen int                        // open requests of one person; zero: no bound
	place   string                     // the file, or the database and its host
}

// Now is the store's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	now, _, err := s.engine.readClock(ctx, s.read)
	return now, err
}

// NowSince is the store's clock as far as the time since a moment has passed for certain:
// within the life of this process, and since the clock last stepped.
func (s *Store) NowSince(ctx context.Context, since time.Time) (time.Time, error) {
	begin := s.clock.begin()
	now, err := s.Now(ctx)
	if err != nil || s.clock == nil {
		return now, err
	}
	return approvals.SurelyNow(since, now, s.clock.steadyFor(now, begin)), nil
}

// CountReplicas counts the processes that share the database, this one included. One
// that has just lost its connection may be missing. The lock of a SQLite file keeps
// others out.
func (s *Store) CountReplicas(ctx context.Context) (int, error) {
	if shared, ok := s.engine.(*postgres); ok {
		return shared.countReplicas(ctx)
	}
	return 1, nil
}

// Subscribe signals on the channel whenever a job of these kinds may have become
// due, until stop is called.
func (s *Store) Subscribe(kinds ...approvals.JobKind) (wake <-chan struct{}, stop func()) {
	return s.signals.addSubscriber(kinds)
}

// SignalAll signals all subscribers. A test calls it after it has put its clock
// forward.
func (s *Store) SignalAll() { s.signals.signalAllKinds() }

// Close releases the database. It may be called more than once. The engine is
// closed last, because its lock keeps other processes out.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read.DB != s.write {
		err = errors.Join(err, s.read.Close())
	}
	return errors.Join(err, s.engine.close())
}
