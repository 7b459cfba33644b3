package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"licensebot/approvals"
)

// Requests that arrive together share a transaction: while one commit is on its way to the disk,
// those that come meanwhile wait, and go together after it. Otherwise each of many commands would
// wait for the commits of all before it.

// A filing is a request to be stored, and what became of it.
type filing struct {
	request  approvals.Request
	deadline time.Time // of its caller; zero: none

	filed   approvals.Request
	receipt approvals.Receipt
	err     error
	done    chan struct{} // closed when the result stands
}

// filings are the requests that wait for the next transaction.
type filings struct {
	mu      sync.Mutex
	waiting []*filing
	turn    chan struct{} // holds a value while one of the callers carries out a transaction
}

// mostTogether bounds the work of one transaction.
const mostTogether = 64

// FileRequest makes a request durable. If its envelope already filed a request, it
// returns the earlier one and says so. The store sets the request's times. If
// the requester has too many open requests, the error is *approvals.TooManyOpenError.
func (s *Store) FileRequest(
	ctx context.Context, r approvals.Request,
) (filed approvals.Request, receipt approvals.Receipt, err error) {
	f := &filing{request: r, done: make(chan struct{})}
	f.deadline, _ = ctx.Deadline()
	if s.alone {
		err = s.fileTogether(ctx, f)
	} else { // commits of several processes overlap, and locks of several requesters might cross
		s.fileInOne(ctx, []*filing{f})
	}
	if err != nil {
		return approvals.Request{}, approvals.Receipt{}, err
	}
	return f.filed, f.receipt, f.err
}

// fileTogether stores a request with those that wait, or waits until another caller has done so.
// The error is that of a request which no transaction has begun to store.
func (s *Store) fileTogether(ctx context.Context, f *filing) error {
	s.filings.add(f)
	select {
	case <-f.done:
	case s.filings.turn <- struct{}{}:
		defer func() { <-s.filings.turn }()
		for !f.isDone() {
			s.fileInOne(ctx, s.filings.take())
		}
	case <-ctx.Done():
		if s.filings.withdraw(f) {
			return ctx.Err()
		}
		<-f.done
	}
	return nil
}

func (f *filing) isDone() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

func (w *filings) add(f *filing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, f)
}

// take returns those that have waited longest.
func (w *filings) take() []*filing {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.waiting), mostTogether)
	taken := slices.Clone(w.waiting[:n])
	w.waiting = slices.Delete(w.waiting, 0, n)
	return taken
}

// withdraw reports whether a request still waited, and takes it back.
func (w *filings) withdraw(f *filing) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := slices.Index(w.waiting, f)
	if at < 0 {
		return false
	}
	w.waiting = slices.Delete(w.waiting, at, at+1)
	return true
}

// errNotFiled is of requests when storing them panics.
var errNotFiled = errors.New("storing the request broke off")

// fileInOne stores requests in one transaction, which ends with the latest of their callers. A
// failure of the database is that of all.
func (s *Store) fileInOne(ctx context.Context, all []*filing) {
	err := errNotFiled
	defer func() {
		for _, f := range all {
			if err != nil {
				f.err = err
			}
			if errors.Is(f.err, approvals.ErrCommitUnknown) && s.isStored(ctx, f.request.ID) {
				f.err = nil
			}
			close(f.done)
		}
	}()
	if len(all) > 1 {
		var cancel context.CancelFunc
		ctx, cancel = untilLatest(ctx, all)
		defer cancel()
	}
	err = s.runInTx(ctx, func(tx *tx) error {
		for _, f := range all {
			if err := tx.fileRequest(ctx, f, s.maxOpen); err != nil {
				return err
			}
		}
		return tx.countAhead(ctx, all)
	})
}

// unpostedQuery lists the requesters of the jobs before a request's card.
var unpostedQuery = `SELECT requester FROM jobs WHERE kind IN (` +
	quoteKinds([]approvals.JobKind{approvals.JobPrepare, approvals.JobPostCard}) + `) LIMIT $1`

// mostAhead bounds the count of the cards ahead. Beyond it the wait is an hour.
const mostAhead = 3600

// countAhead counts for each of some new requests the cards that are posted before the last one of
// its requester. People take turns: of each other person no more go first than the requester has.
func (t *tx) countAhead(ctx context.Context, all []*filing) error {
	waiting := map[string]int{}
	for person, err := range readRows(ctx, t, scanValue[string], unpostedQuery, mostAhead) {
		if err != nil {
			return fmt.Errorf("count cards: %w", err)
		}
		waiting[person]++
	}
	for _, f := range all {
		f.receipt.Ahead = -1 // the last of the person's own is not ahead of itself
		for _, n := range waiting {
			f.receipt.Ahead += min(n, waiting[f.request.Requester])
		}
		f.receipt.Ahead = max(f.receipt.Ahead, 0)
	}
	return nil
}

// untilLatest is the context of one caller that ends when the time of the last one is over.
func untilLatest(ctx context.Context, all []*filing) (context.Context, context.CancelFunc) {
	var latest time.Time
	for _, f := range all {
		if f.deadline.IsZero() {
			return context.WithCancel(context.WithoutCancel(ctx))
		}
		if f.deadline.After(latest) {
			latest = f.deadline
		}
	}
	return context.WithDeadline(context.WithoutCancel(ctx), latest)
}

// fileRequest stores one of the requests of a transaction. One that the requester may not ask for
// leaves the others alone; where it is alone, the transaction fails.
func (t *tx) fileRequest(ctx context.Context, f *filing, maxOpen int) error {
	f.filed, f.receipt, f.err = f.request, approvals.Receipt{}, nil
	if err := t.setChannel(ctx, &f.filed); err != nil {
		return err
	}
	f.filed.FiledAt = t.now.UTC()
	f.filed.Deadline = f.filed.FiledAt.Add(f.request.Terms.TTL)
	step := approvals.File(f.filed)
	if err := t.engine.lockName(ctx, t.transaction, "requester "+f.request.Requester); err != nil {
		return err
	}
	inserted, err := t.insertRequest(ctx, step.Request)
	if err != nil {
		return err
	}
	if !inserted {
		f.receipt.Again = true
		f.filed, err = scanRequest(t.QueryRowContext(ctx, requestByEnvelope, f.request.EnvelopeID))
		return err
	}
	err = t.refuseTooMany(ctx, f.request.Requester, maxOpen)
	if _, tooMany := errors.AsType[*approvals.TooManyOpenError](err); tooMany && t.alone {
		f.err = err
		_, err = t.ExecContext(ctx, `DELETE FROM requests WHERE id = $1`, f.request.ID)
		return err
	}
	if err != nil {
		return err
	}
	f.filed = step.Request
	return t.journalStep(ctx, approvals.Request{}, "filed", f.request.Requester, f.request.Ask, step)
}

// openOfRequesterCount counts the open requests of a person.
const openOfRequesterCount = `SELECT count(*) FROM requests WHERE requester = $1 AND closed_at IS NULL`

// refuseTooMany returns a *approvals.TooManyOpenError if a person has more than most
// open requests, the new one included. No other request of the person is filed until
// the transaction ends.
func (t *tx) refuseTooMany(ctx context.Context, requester string, most int) error {
	if most == 0 {
		return nil
	}
	var open int
	if err := t.QueryRowContext(ctx, openOfRequesterCount, requester).Scan(&open); err != nil {
		return fmt.Errorf("count open requests: %w", err)
	}
	if open > most {
		return &approvals.TooManyOpenError{Most: most}
	}
	return nil
}
