package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// benchEngines are the databases to measure.
var benchEngines = []struct {
	name string
	url  func(b *testing.B) string
}{
	{"sqlite", func(b *testing.B) string { return "sqlite://" + filepath.Join(b.TempDir(), "licensebot.db") }},
	{"postgres", func(b *testing.B) string { return pgtest.URL(b) }},
}

// Cost must not grow with pending requests: each benchmark runs beside ten and
// beside ten thousand of them.
//
//	go test ./internal/store -run '^$' -bench . -benchtime 300x -count 5
func BenchmarkStore(b *testing.B) {
	for _, engine := range benchEngines {
		for _, pending := range []int{10, 10_000} {
			s := openURL(b, engine.url(b), nil)
			s.loadPending(b, pending)
			for _, c := range []struct {
				name string
				run  func(*testing.B, underTest)
			}{
				{"FileRequest", benchFile}, {"ClaimComplete", benchClaimComplete}, {"RecordReaction", benchReaction}, {"NextDue", benchNextDue},
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", c.name, engine.name, pending), func(b *testing.B) { c.run(b, s) })
			}
		}
	}
}

// countStored counts the requests of a store, to number the next one.
func (s underTest) countStored(b *testing.B) int {
	b.Helper()
	var n int
	if err := s.read.QueryRowContext(b.Context(), `SELECT count(*) FROM requests`).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

func (s underTest) fileMany(b *testing.B, n int) {
	b.Helper()
	for from, i := s.countStored(b), 0; i < n; i++ {
		r := sampleRequest(from + i)
		if _, receipt, err := s.FileRequest(b.Context(), r); err != nil || receipt.Again {
			b.Fatal(receipt, err)
		}
	}
}

func benchFile(b *testing.B, s underTest) {
	from := s.countStored(b)
	for i := 0; b.Loop(); i++ {
		if _, receipt, err := s.FileRequest(b.Context(), sampleRequest(from+i)); err != nil || receipt.Again {
			b.Fatal(receipt, err)
		}
	}
	b.StopTimer()
	s.completeAll(b, approvals.JobPrepare)
}

func (s underTest) completeAll(b *testing.B, kind approvals.JobKind) {
	b.Helper()
	for {
		job, _, err := s.ClaimJob(b.Context(), lease, kind)
		if errors.Is(err, approvals.ErrNoJob) {
			return
		}
		if err == nil {
			err = s.CompleteJob(b.Context(), job)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func benchClaimComplete(b *testing.B, s underTest) {
	s.fileMany(b, b.N)
	for b.Loop() {
		job, _, err := s.ClaimJob(b.Context(), lease, approvals.JobCountVotes, approvals.JobPrepare)
		if errors.Is(err, approvals.ErrNoJob) {
			b.StopTimer()
			s.fileMany(b, 100)
			b.StartTimer()
			continue
		}
		if err == nil {
			err = s.CompleteJob(b.Context(), job)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	s.completeAll(b, approvals.JobPrepare)
}

func benchReaction(b *testing.B, s underTest) {
	heard := approvals.Reaction{Channel: channel, TS: "1600000000.5", Name: "white_check_mark", Present: true}
	for i := 0; b.Loop(); i++ {
		heard.User, heard.EventTS = fmt.Sprint("U-B", i%50), fmt.Sprintf("17%08d.1", i)
		if err := s.RecordReaction(b.Context(), heard); err != nil {
			b.Fatal(err)
		}
	}
}

func benchNextDue(b *testing.B, s underTest) {
	for b.Loop() {
		_, _, err := s.NextDue(b.Context(), approvals.JobPostOutcome, approvals.JobPostDelay, approvals.JobPostCard, approvals.JobExpire)
		if err != nil {
			b.Fatal(err)
		}
	}
}
