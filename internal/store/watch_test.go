package store

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

func TestSQLiteWatch(t *testing.T) {
	checkWatch(t, "sqlite://"+filepath.Join(t.TempDir(), "licensebot.db"))
}

func TestPostgresWatch(t *testing.T) { checkWatch(t, pgtest.URL(t)) }

// checkWatch checks that one of many callers begins a look, and that a look whose lease is
// lost changes nothing.
func checkWatch(t *testing.T, url string) {
	const lease = 10 * time.Minute
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s, err := Open(t.Context(), url, Options{Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	begin := func(want int) (w approvals.WatchLease) {
		t.Helper()
		wins := countWins(6, func(int) bool {
			l, begun, err := s.BeginWatch(t.Context(), lease, time.Minute, true)
			if err != nil {
				t.Error(err)
			}
			if begun {
				w = l
			}
			return begun
		})
		if wins != want {
			t.Fatalf("%d began a look, want %d", wins, want)
		}
		return w
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	begin(0) // it notes when the first is due
	clock.advance(time.Minute)
	lost := begin(1)
	if !lost.All || !lost.ListedAt.IsZero() {
		t.Errorf("the first look is %+v", lost)
	}
	begin(0)
	clock.advance(lease) // its replica was killed
	w := begin(1)
	known := approvals.Baseline(approvals.GroupLook{
		Group: approvals.Group{ID: "g", Name: "G"}, Items: []string{"A"}, Begun: w.Begun,
	})
	known.Gained, known.SuspectAt, known.Settled = []string{"B"}, w.Begun, false
	for name, err := range map[string]error{
		"SaveLook":     s.SaveLook(t.Context(), lost, known, &approvals.OutsideChange{ID: "C-1", Group: known.Group}),
		"ConfirmLooks": s.ConfirmLooks(t.Context(), lost),
		"MarkTelling":  s.MarkTelling(t.Context(), lost, "C-1", "C1"),
		"EndWatch":     s.EndWatch(t.Context(), lost, approvals.WatchEvery),
	} {
		if !errors.Is(err, approvals.ErrLeaseLost) {
			t.Errorf("%s after the lease was lost: %v", name, err)
		}
	}
	must(s.SaveLook(t.Context(), w, known, nil))
	w.ListedAt = w.Begun
	must(s.EndWatch(t.Context(), w, approvals.WatchEvery))
	begin(0)
	clock.advance(approvals.WatchAgainAfter)
	again := begin(1)
	if again.All || !again.ListedAt.Equal(w.Begun) {
		t.Errorf("the second look at a group is %+v", again)
	}
	change := approvals.OutsideChange{
		ID: "C-2", Group: known.Group, Gained: []string{"B"}, Items: []string{"A", "B"}, Since: w.Begun, SeenAt: again.Begun,
	}
	known.Gained, known.SuspectAt = nil, time.Time{}
	must(s.SaveLook(t.Context(), again, known, &change))
	must(s.EndWatch(t.Context(), again, approvals.WatchEvery))
	telling := begin(1) // the change has no message yet
	untold, err := s.ListUntold(t.Context())
	if err != nil || len(untold) != 1 || untold[0].ID != "C-2" || untold[0].Group.Name != "G" || !untold[0].Since.Equal(w.Begun) {
		t.Fatalf("untold: %+v, %v", untold, err)
	}
	must(s.MarkTold(t.Context(), "C-2", "1.0"))
	must(s.EndWatch(t.Context(), telling, approvals.WatchEvery))
	begin(0)
}

// TestTheWatchFollowsAStep has the clock step while a look is under way. The look is lost, no time of
// the watch stays in the future, and the next look comes after a pause, however many stores notice
// the step and however late.
func TestTheWatchFollowsAStep(t *testing.T) {
	for name, step := range map[string]time.Duration{"an hour back": -time.Hour, "an hour ahead": time.Hour, "a minute back": -time.Minute} {
		t.Run(name, func(t *testing.T) {
			onBothStepping(t, func(t *testing.T, clock *hostClock, holder, other *bench) {
				begin := func(b *bench) (w approvals.WatchLease, begun bool) {
					t.Helper()
					w, begun, err := b.store().BeginWatch(t.Context(), 10*time.Minute, time.Minute, true)
					b.mustSucceed(err)
					return w, begun
				}
				clock.pass(2 * time.Minute)
				begin(holder)
				clock.pass(2 * time.Minute)
				look, begun := begin(holder)
				if !begun {
					t.Fatal("the first look did not begin")
				}
				known := approvals.Baseline(approvals.GroupLook{Group: approvals.Group{ID: "g"}, Begun: look.Begun})
				known.SuspectAt, known.Settled = look.Begun, false
				holder.mustSucceed(holder.store().SaveLook(t.Context(), look, known, nil))
				clock.advance(step)
				other.mustSucceed(other.Ping(t.Context()))
				clock.pass(10 * time.Second)
				holder.mustSucceed(holder.Ping(t.Context()))
				holder.wantError(holder.store().EndWatch(t.Context(), look, approvals.WatchEvery), approvals.ErrLeaseLost)
				groups, err := other.store().ListWatched(t.Context())
				if err != nil || len(groups) != 1 || groups[0].At.After(clock.now()) || groups[0].IsSuspect() {
					t.Errorf("watched: %+v, %v", groups, err)
				}
				if _, begun := begin(other); begun {
					t.Error("a look began at once")
				}
				clock.pass(approvals.WatchPauseAfter(step))
				if look, begun := begin(other); !begun || !look.All {
					t.Errorf("after the pause: %+v, %t", look, begun)
				}
			})
		})
	}
}
