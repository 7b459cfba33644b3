package store

import (
	"slices"
	"testing"
	"time"

	"licensebot/approvals"
)

// ListOrphaned finds a request without its job in every state that waits for one,
// and the Orphaned event enqueues the job again. It finds no other request.
func TestListOrphaned(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		posted, decided := b.postedCard(1, group), b.postedCard(2, group)
		b.approveRequest(decided)
		held := b.doneRequest(3, "group-02", time.Hour)
		filed := b.fileRequest(4)
		if found, err := s.ListOrphaned(b.context()); err != nil || len(found) > 0 {
			b.Fatalf("%v are orphaned while all jobs are there; %v", found, err)
		}

		all := []string{posted.ID, decided.ID, held.ID, filed.ID}
		s.execSQL(b, "DELETE FROM jobs")
		found, err := s.ListOrphaned(b.context())
		b.mustSucceed(err)
		if slices.Sort(found); !slices.Equal(found, all) {
			b.Errorf("orphaned are %v, want %v", found, all)
		}
		for _, id := range all {
			_, err := s.ApplyEvent(b.context(), id, approvals.Orphaned{}, nil)
			b.mustSucceed(err)
		}
		for _, want := range []struct {
			kind approvals.JobKind
			id   string
		}{{approvals.JobPrepare, filed.ID}, {approvals.JobCountVotes, posted.ID}, {approvals.JobApply, decided.ID}} {
			if got := b.claimJob(want.kind); got.RequestID != want.id {
				b.Errorf("%s belongs to %s, want %s", want.kind, got.RequestID, want.id)
			}
		}
		b.clock.advance(time.Hour)
		if got := b.claimJob(approvals.JobGrantExpiry); got.RequestID != held.ID {
			b.Errorf("the end of the grant belongs to %s", got.RequestID)
		}
		if found, err := s.ListOrphaned(b.context()); err != nil || len(found) > 0 {
			b.Errorf("%v are orphaned again; %v", found, err)
		}
	})
}
