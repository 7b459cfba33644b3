package store

import (
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// TestAnOutcomeKeepsItsHead files, cancels and retries while the chain grows: the outcome has the
// head of when it was made, also after it was enqueued once more.
func TestAnOutcomeKeepsItsHead(t *testing.T) {
	t.Parallel()
	for kind, url := range moveURLs {
		t.Run(kind, func(t *testing.T) {
			b := openBench(t, url(t))
			t.Cleanup(func() { b.mustSucceed(b.Close()) })
			r, posted := b.unpostedCard(1)
			b.mustSucceed(sealAll(t.Context(), b))
			want := b.head()
			b.applyEvent(r, approvals.Cancel{By: r.Requester})
			b.mustSucceed(sealAll(t.Context(), b))
			b.applyEvent(r, posted) // enqueues the outcome once more
			b.mustSucceed(sealAll(t.Context(), b))
			for range 2 {
				b.clock.advance(time.Hour)
				job := b.claimJob(approvals.JobPostOutcome)
				if got := job.Payload.JournalHead; got != want || got == b.head() {
					t.Errorf("the outcome has the head %q, want %q; now it is %q", got, want, b.head())
				}
				b.mustSucceed(b.MarkTried(b.context(), job))
				b.mustSucceed(b.RetryJob(b.context(), job, time.Minute, false))
			}
			if head := b.claimJob(approvals.JobUpdateCard).Payload.JournalHead; head != "" {
				t.Errorf("the card has the head %q", head)
			}
		})
	}
}

// head is the head of the chain.
func (b *bench) head() string {
	b.Helper()
	var seq int64
	var hash string
	err := b.store().read.QueryRowContext(b.context(), `SELECT seq, hash FROM journal_seals ORDER BY seq DESC LIMIT 1`).
		Scan(&seq, &hash)
	b.mustSucceed(err)
	return audit.FormatHead(seq, hash)
}
