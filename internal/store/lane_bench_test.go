package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
)

// BenchmarkLane claims writes while so many wait for one group: of a lane that is free, of
// one that is occupied, and of another group beside it. It should hardly grow with those who
// wait.
//
//	go test ./internal/store -run '^$' -bench Lane -benchtime 300x
func BenchmarkLane(b *testing.B) {
	for _, engine := range benchEngines {
		for _, waiting := range []int{1, 100, 10_000} {
			s := openURL(b, engine.url(b), nil)
			s.loadLane(b, waiting)
			for _, c := range []struct {
				name string
				run  func(*testing.B, underTest)
			}{
				{"claim and retry", benchClaimRetry}, {"occupied", benchOccupiedLane}, {"next due", benchOccupiedNextDue},
				{"another group", benchOtherLane},
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", c.name, engine.name, waiting), func(b *testing.B) { c.run(b, s) })
			}
		}
	}
}

// loadLane puts n approved requests for one group into a store, whose writes are due, and
// one for another group.
func (s underTest) loadLane(t testing.TB, n int) {
	t.Helper()
	due := time.Now().Add(-time.Hour).UnixMicro()
	for _, statement := range []string{
		`INSERT INTO requests (id, envelope_id, state, requester, channel, card_ts, group_id, filed_at, deadline_at, decided_at, body) ` + series +
			`SELECT 'R-W' || n, 'waits-' || n, 'approved', 'U-REQUESTER', 'C-APPROVALS', '1500000000.' || n, 'group-01', 1, 2, 1, '{}' FROM series`,
		`INSERT INTO jobs (request_id, kind, key, detail, lane, in_order, due_at) ` + series +
			`SELECT 'R-W' || n, 'apply', '', '{}', 'group group-01', 0, ` + fmt.Sprint(due) + ` + n FROM series`,
	} {
		s.execSQL(t, strings.ReplaceAll(statement, "%d", fmt.Sprint(n)))
	}
	s.execSQL(t, `INSERT INTO requests (id, envelope_id, state, requester, channel, card_ts, group_id, filed_at, deadline_at, decided_at, body)
		VALUES ('R-OTHER', 'other', 'approved', 'U-REQUESTER', 'C-APPROVALS', '1', 'group-02', 1, 2, 1, '{}')`)
	s.execSQL(t, `INSERT INTO jobs (request_id, kind, key, detail, lane, in_order, due_at)
		VALUES ('R-OTHER', 'apply', '', '{}', 'group group-02', 0, $1)`, time.Now().Add(-time.Minute).UnixMicro())
	s.execSQL(t, "ANALYZE")
}

func (s underTest) mustClaim(b *testing.B) approvals.LeasedJob {
	b.Helper()
	job, _, err := s.ClaimJob(b.Context(), time.Hour, approvals.JobApply)
	if err != nil {
		b.Fatal(err)
	}
	return job
}

func (s underTest) mustRetry(b *testing.B, job approvals.LeasedJob, after time.Duration) {
	b.Helper()
	if err := s.RetryJob(b.Context(), job, after, true); err != nil {
		b.Fatal(err)
	}
}

func benchClaimRetry(b *testing.B, s underTest) {
	for b.Loop() {
		s.mustRetry(b, s.mustClaim(b), -time.Hour)
	}
}

// occupyLanes leases a write of the one group and that of the other.
func (s underTest) occupyLanes(b *testing.B) (free func()) {
	b.Helper()
	first, other := s.mustClaim(b), s.mustClaim(b)
	return func() {
		s.mustRetry(b, first, -time.Hour)
		s.mustRetry(b, other, -time.Minute)
	}
}

func benchOccupiedLane(b *testing.B, s underTest) {
	defer s.occupyLanes(b)()
	for b.Loop() {
		if job, _, err := s.ClaimJob(b.Context(), time.Hour, approvals.JobApply); !errors.Is(err, approvals.ErrNoJob) {
			b.Fatal(job, err)
		}
	}
}

func benchOccupiedNextDue(b *testing.B, s underTest) {
	defer s.occupyLanes(b)()
	for b.Loop() {
		if wait, _, err := s.NextDue(b.Context(), approvals.JobApply); err != nil || wait <= 0 {
			b.Fatal(wait, err)
		}
	}
}

func benchOtherLane(b *testing.B, s underTest) {
	first := s.mustClaim(b)
	for b.Loop() {
		s.mustRetry(b, s.mustClaim(b), -time.Minute)
	}
	s.mustRetry(b, first, -time.Hour)
}
