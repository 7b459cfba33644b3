package worker_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"licensebot/approvals/worker"

	. "licensebot/approvals"
)

// unsure is a store that does not know whether the transactions committed that handed jobs
// over. It notes them.
type unsure struct {
	worker.Store
	handed chan LeasedJob
}

func (u unsure) Offer(
	wake <-chan struct{}, until time.Time, lease time.Duration, ready func() bool,
	take func(LeasedJob, Request, time.Time, error),
) func() {
	return u.Store.Offer(wake, until, lease, ready, func(t LeasedJob, r Request, begun time.Time, _ error) {
		u.handed <- t
		take(t, r, begun, errors.Join(ErrCommitUnknown, errors.New("the connection was lost")))
	})
}

// A job whose lease may not be committed is given back at once, so that it does not wait for
// the end of the lease.
func TestAJobInDoubtIsGivenBack(t *testing.T) {
	live(t, func(w *world) {
		w.stop()
		handed := make(chan LeasedJob, 100)
		w.sees = func(s worker.Store) worker.Store { return unsure{s, handed} }
		w.work()
		synctest.Wait()
		begun := time.Now()
		w.file("e1")
		w.until("the card", func(r Request) bool { return r.CardTS != "" })
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		if first := <-handed; first.Kind != JobPrepare {
			t.Errorf("first a %s was handed over", first.Kind)
		}
	})
}

// A pausing store lets time pass between the handover of a job of a kind and its effect.
type pausing struct {
	worker.Store
	kind  JobKind
	pause func(*LeasedJob)
	marks chan error // of attempts that are recorded beside the handover
}

func (p pausing) Offer(
	wake <-chan struct{}, until time.Time, lease time.Duration, ready func() bool,
	take func(LeasedJob, Request, time.Time, error),
) func() {
	return p.Store.Offer(wake, until, lease, ready, func(t LeasedJob, r Request, begun time.Time, err error) {
		if t.Kind == p.kind {
			p.pause(&t)
		}
		take(t, r, begun, err)
	})
}

func (p pausing) MarkTried(ctx context.Context, t LeasedJob) error {
	err := p.Store.MarkTried(ctx, t)
	if t.Kind == p.kind {
		p.marks <- err
	}
	return err
}

// The transaction that hands over a job that begins with its effect records the attempt, which
// saves another one as long as the job is fresh. A worker that stood still asks the store.
// Without its lease it leaves the effect out.
func TestHandedOverJobsAreMarked(t *testing.T) {
	for _, kind := range []JobKind{JobPostCard, JobAddReactions, JobPostOutcome, JobUpdateCard} {
		for pause, want := range map[time.Duration]string{
			0: "[]", 10 * time.Second: "[<nil>]", 2 * time.Minute: fmt.Sprint([]error{ErrLeaseLost, nil}),
		} {
			t.Run(fmt.Sprintf("%s after %v", kind, pause), func(t *testing.T) {
				live(t, func(w *world) {
					w.stop()
					marks := make(chan error, 100)
					w.sees = func(s worker.Store) worker.Store {
						return pausing{s, kind, func(t *LeasedJob) {
							if t.WasTried() || t.MarkedAt.IsZero() {
								w.Errorf("%s was handed over as %+v", kind, t)
							}
							w.behind.Add(-int64(pause))
							t.MarkedAt = t.MarkedAt.Add(-pause)
						}, marks}
					}
					w.work()
					synctest.Wait()
					owing[kind](w)
					w.until("the effect", func(Request) bool { return w.effects(kind) == 1 })
					synctest.Wait()
					var got []string
					for len(marks) > 0 {
						got = append(got, fmt.Sprint(<-marks))
					}
					if fmt.Sprint(got) != want {
						t.Errorf("recording the attempt beside the handover returned %v, want %s", got, want)
					}
				})
			})
		}
	}
}

// A counted store counts what its workers ask it for.
type counted struct {
	worker.Store
	claims, looks atomic.Int64
}

func (c *counted) ClaimJob(ctx context.Context, lease time.Duration, kinds ...JobKind) (LeasedJob, Request, error) {
	c.claims.Add(1)
	return c.Store.ClaimJob(ctx, lease, kinds...)
}

func (c *counted) NextDue(ctx context.Context, kinds ...JobKind) (time.Duration, bool, error) {
	c.looks.Add(1)
	return c.Store.NextDue(ctx, kinds...)
}

// Without a signal and without a claim, a request goes from hand to hand.
func TestJobsAreHandedOver(t *testing.T) {
	live(t, func(w *world) {
		w.stop()
		claims := new(counted)
		w.sees = func(s worker.Store) worker.Store { claims.Store = s; return claims }
		w.work()
		synctest.Wait()
		before := claims.looks.Load()
		w.file("e1")
		w.until("the card", func(r Request) bool { return r.CardTS != "" })
		if n := claims.claims.Load(); n > 0 {
			t.Errorf("%d jobs were claimed", n)
		}
		if n := claims.looks.Load() - before; n > 0 {
			t.Errorf("the workers looked %d times for jobs", n)
		}
	})
}

// While deliveries wait to be handled, no job begins, for a time.
func TestJobsGiveWay(t *testing.T) {
	live(t, func(w *world) {
		synctest.Wait()
		w.busy.Store(true)
		filed := w.file("e1")
		time.Sleep(time.Second)
		synctest.Wait()
		if r := w.read(filed.ID); r.State != Filed {
			t.Errorf("the request is %s although deliveries wait", r.State)
		}
		w.busy.Store(false)
		begun := time.Now()
		w.until("the card", func(r Request) bool { return r.CardTS != "" })
		if took := time.Since(begun); took > time.Second {
			t.Errorf("the card came %v after the last delivery", took)
		}

		w.busy.Store(true)
		w.file("e2")
		begun = time.Now()
		w.until("an answer", func(r Request) bool { return r.State != Filed })
		if took := time.Since(begun); took < time.Second {
			t.Errorf("beside waiting deliveries, the request was prepared after %v", took)
		}
	})
}
