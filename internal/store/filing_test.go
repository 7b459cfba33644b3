package store

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"licensebot/approvals"
)

// awaitWaiting waits until so many requests wait for a transaction.
func awaitWaiting(t *testing.T, s *filings, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		s.mu.Lock()
		waiting := len(s.waiting)
		s.mu.Unlock()
		if waiting == n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d requests wait, want %d", waiting, n)
		}
	}
}

// Requests that come while a transaction is under way share the next one. Each has its own
// result, also the one too many, the one that came twice, and the one that waits no more.
func TestRequestsThatWaitShareATransaction(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		if !s.alone {
			b.Skip("transactions of several processes overlap")
		}
		s.maxOpen = 2
		s.filings.turn <- struct{}{} // a transaction is under way
		begun := s.begun.Load()
		type result struct {
			filed approvals.Request
			again bool
			err   error
		}
		leaving, leave := context.WithCancel(b.context())
		var results [5]chan result
		file := func(ctx context.Context, at, n int) {
			results[at] = make(chan result, 1)
			r := sampleRequest(n)
			r.Requester = "U-MANY"
			go func() {
				filed, receipt, err := b.FileRequest(ctx, r)
				results[at] <- result{filed, receipt.Again, err}
			}()
			awaitWaiting(b.T, &s.filings, at+1)
		}
		file(b.context(), 0, 0)
		file(b.context(), 1, 0)
		file(b.context(), 2, 1)
		file(b.context(), 3, 2)
		file(leaving, 4, 3)
		leave()
		if got := <-results[4]; !errors.Is(got.err, context.Canceled) {
			b.Errorf("the one that left: %v", got.err)
		}
		<-s.filings.turn
		for at, want := range []struct {
			again, tooMany bool
		}{{false, false}, {true, false}, {false, false}, {false, true}} {
			got := <-results[at]
			_, tooMany := errors.AsType[*approvals.TooManyOpenError](got.err)
			if got.again != want.again || tooMany != want.tooMany || !tooMany && got.err != nil {
				b.Errorf("request %d: again %t, %v; want %+v", at, got.again, got.err, want)
			}
			if _, err := b.Request(b.context(), sampleRequest(at).ID); at == 3 && !errors.Is(err, approvals.ErrNotFound) {
				b.Errorf("the request too many is stored: %v", err)
			}
			if got.err == nil && got.filed.FiledAt.IsZero() {
				b.Errorf("request %d has no time", at)
			}
		}
		if n := s.begun.Load() - begun; n != 1 {
			b.Errorf("%d transactions, want one for all", n)
		}
		b.claimJob(approvals.JobPrepare)
		b.claimJob(approvals.JobPrepare)
		b.wantNoJob(approvals.JobPrepare)
	})
}

// A failure of the shared transaction is that of each request in it, and the next goes on.
func TestSharedTransactionFails(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		if !s.alone {
			b.Skip("transactions of several processes overlap")
		}
		s.filings.turn <- struct{}{}
		ctx, cancel := context.WithDeadline(b.context(), time.Now().Add(-time.Second))
		defer cancel()
		first := &filing{request: sampleRequest(0), deadline: time.Now().Add(-time.Second), done: make(chan struct{})}
		second := &filing{request: sampleRequest(1), deadline: first.deadline, done: make(chan struct{})}
		s.fileInOne(ctx, []*filing{first, second})
		<-s.filings.turn
		for _, f := range []*filing{first, second} {
			if <-f.done; !errors.Is(f.err, context.DeadlineExceeded) {
				b.Errorf("a request of a transaction without time: %v", f.err)
			}
		}
		b.fileRequest(2)
		b.claimJob(approvals.JobPrepare)
		b.wantNoJob(approvals.JobPrepare)
	})
}
