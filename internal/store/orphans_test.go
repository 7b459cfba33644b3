package store

import (
	"slices"
	"testing"
	"time"

	"licensebot/approvals"
)

// What is owed is found missing in every state that waits for it, and owed
// again; where nothing is missing, nothing is found.
func TestForgotten(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		posted, decided := b.card(1, group), b.card(2, group)
		b.approve(decided)
		held := b.done(3, "group-02", time.Hour)
		filed := b.file(4)
		if found, err := s.ListOrphaned(b.ctx()); err != nil || len(found) > 0 {
			b.Fatalf("%v were forgotten while everything is owed; %v", found, err)
		}

		all := []string{posted.ID, decided.ID, held.ID, filed.ID}
		s.exec(b, "DELETE FROM jobs")
		found, err := s.ListOrphaned(b.ctx())
		b.must(err)
		if slices.Sort(found); !slices.Equal(found, all) {
			b.Errorf("%v were forgotten, not %v", found, all)
		}
		for _, id := range all {
			_, err := s.ApplyEvent(b.ctx(), id, approvals.Orphaned{}, nil)
			b.must(err)
		}
		for _, want := range []struct {
			kind approvals.JobKind
			id   string
		}{{approvals.JobPrepare, filed.ID}, {approvals.JobCountVotes, posted.ID}, {approvals.JobApply, decided.ID}} {
			if got := b.claim(want.kind); got.RequestID != want.id {
				b.Errorf("%s is owed to %s, not to %s", want.kind, got.RequestID, want.id)
			}
		}
		b.clock.advance(time.Hour)
		if got := b.claim(approvals.JobGrantExpiry); got.RequestID != held.ID {
			b.Errorf("the end of a grant is owed to %s", got.RequestID)
		}
		if found, err := s.ListOrphaned(b.ctx()); err != nil || len(found) > 0 {
			b.Errorf("%v are forgotten again; %v", found, err)
		}
	})
}
