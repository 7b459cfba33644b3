package store

import (
	"context"
	"fmt"
	"testing"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// BenchmarkWhole takes requests through all their transactions and reads, as a bot does,
// beside so many stored ones. A hundredth of them is pending. The cost must not grow.
//
//	go test ./internal/store -run '^$' -bench Whole -benchtime 200x
func BenchmarkWhole(b *testing.B) {
	for _, engine := range benchEngines {
		for _, stored := range []int{10, 1000, 100_000} {
			s := openURL(b, engine.url(b), nil)
			s.loadDone(b, stored)
			s.loadPending(b, max(stored/100, 1))
			done := 0 // b.Run runs its function more than once
			b.Run(fmt.Sprintf("%s/%d", engine.name, stored), func(b *testing.B) {
				for b.Loop() {
					s.runWhole(b, done)
					done++
				}
			})
		}
	}
}

// TestRowsOfOneRequest counts the rows that PostgreSQL reads for a request beside ten thousand
// stored ones, a quarter of them pending. A scan of one of their tables would be beyond the
// limit. (SQLite does not tell how many it reads; TestPlansOfSQLite looks at its plans.)
func TestRowsOfOneRequest(t *testing.T) {
	const stored, requests, most = 10_000, 10, 1000
	s := openURL(t, pgtest.URL(t), nil)
	s.loadDone(t, stored)
	s.loadPending(t, stored/4)
	s.runWhole(t, 0)
	before := s.countRowsRead(t)
	for i := range requests {
		s.runWhole(t, 1+i)
	}
	read := (s.countRowsRead(t) - before) / requests
	t.Logf("a request reads %d rows", read)
	if read == 0 || read > most {
		t.Errorf("a request reads %d rows, want some, and at most %d", read, most)
	}
}

// countRowsRead counts the rows that PostgreSQL has read of tables and of indexes.
func (s underTest) countRowsRead(t testing.TB) (rows int) {
	t.Helper()
	s.flushStatistics(t)
	mustRun(t, s.read.QueryRowContext(t.Context(), `SELECT
		(SELECT sum(coalesce(seq_tup_read, 0)) FROM pg_stat_user_tables) +
		(SELECT sum(coalesce(idx_tup_read, 0)) FROM pg_stat_user_indexes)`).Scan(&rows))
	return rows
}

// flushStatistics has each session report what it has read.
func (s underTest) flushStatistics(t testing.TB) {
	t.Helper()
	for range s.write.Stats().MaxOpenConnections {
		conn, err := s.write.Conn(t.Context())
		mustRun(t, err)
		defer func() { mustRun(t, conn.Close()) }()
		_, err = conn.ExecContext(t.Context(), `SELECT pg_stat_force_next_flush()`)
		mustRun(t, err)
	}
}

// runWhole takes the n-th request from its command to its end.
func (s underTest) runWhole(b testing.TB, n int) {
	b.Helper()
	ctx, asked := b.Context(), sampleRequest(n)
	asked.ID, asked.EnvelopeID = approvals.NewID(), fmt.Sprint("whole-", n)
	group := fmt.Sprint("whole-", n)
	_, _, err := s.FileRequest(ctx, asked)
	mustRun(b, err)
	s.readGroup(b, group)
	s.finishBy(b, approvals.JobPrepare, sampleProposal(group))
	r := s.finishBy(b, approvals.JobPostCard, approvals.CardPosted{TS: fmt.Sprintf("17%08d.1", n)})
	s.finish(b, approvals.JobAddReactions)
	mustRun(b, s.RecordReaction(ctx, approvals.Reaction{
		Channel: r.Channel, TS: r.CardTS, User: "U-ANNA", Name: "white_check_mark", Present: true, EventTS: "1800000000.1",
	}))
	_, err = s.ListReactions(ctx, r.Channel, r.CardTS)
	mustRun(b, err)
	s.finishBy(b, approvals.JobCountVotes, votesOf("U-ANNA"))
	s.readGroup(b, group)
	shown, err := s.ListReactions(ctx, r.Channel, r.CardTS)
	mustRun(b, err)
	now, err := s.Now(ctx)
	mustRun(b, err)
	mustRun(b, s.ReplaceReactions(ctx, r.Channel, r.CardTS, now, shown))
	s.finishBy(b, approvals.JobApply, approvals.WriteFinished{
		State: approvals.Done, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed},
	})
	s.finish(b, approvals.JobPostOutcome)
	s.finish(b, approvals.JobUpdateCard)
	_, _, err = s.NextDue(ctx, approvals.PoolKinds(approvals.PoolThreads)...)
	mustRun(b, err)
	_, err = s.SealJournal(ctx)
	mustRun(b, err)
}

// readGroup reads what a worker asks about a group before it reads or writes it.
func (s underTest) readGroup(b testing.TB, group string) {
	b.Helper()
	ctx := b.Context()
	for _, list := range []func(context.Context, string) ([]approvals.Request, error){
		s.ListUnsettledWrites, s.ListLateEffects, s.ListGrantHolders, s.ListTimedGrants,
	} {
		_, err := list(ctx, group)
		mustRun(b, err)
	}
	_, err := s.LastConfirmed(ctx, group)
	mustRun(b, err)
}

// claimNew leases a job of a kind, and marks it as tried.
func (s underTest) claimNew(b testing.TB, kind approvals.JobKind) approvals.LeasedJob {
	b.Helper()
	job, _, err := s.ClaimJob(b.Context(), lease, kind)
	mustRun(b, err)
	mustRun(b, s.MarkTried(b.Context(), job))
	return job
}

// finishBy ends the job of a kind by an event.
func (s underTest) finishBy(b testing.TB, kind approvals.JobKind, e approvals.Event) approvals.Request {
	b.Helper()
	job := s.claimNew(b, kind)
	r, err := s.ApplyEvent(b.Context(), job.RequestID, e, &job)
	mustRun(b, err)
	return r
}

// finish ends the job of a kind.
func (s underTest) finish(b testing.TB, kind approvals.JobKind) {
	b.Helper()
	mustRun(b, s.CompleteJob(b.Context(), s.claimNew(b, kind)))
}

func mustRun(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
