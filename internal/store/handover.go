package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
)

// A worker with nothing to do offers itself. The next transaction that makes a job due for
// it leases this job in passing, and hands it over after its commit. That saves the worker a
// look at the database and a transaction. A job without an offer is signaled as ever.

// An offer is a worker that is free.
type offer struct {
	until time.Time // the worker looks for jobs by itself then
	lease time.Duration
	ready func() bool
	take  func(job approvals.LeasedJob, r approvals.Request, begun time.Time, err error)

	taken chan struct{} // closed at the end of the transaction that took the offer; nil: none took it
	over  bool          // it was withdrawn, so that a transaction that fails ends it
}

// Offer lends a worker of a subscriber, named by its channel, to the next transaction that
// makes a job due for it. The transaction asks ready before it leases the job. take gets the
// job, and the moment before its lease began. It gets an error with it if nobody knows whether
// the transaction committed: the job must be given back then. take must not block.
//
// A job that is due after until needs no signal: the worker looks for jobs by itself then.
// withdraw ends the offer. After it, take is not called any more.
func (s *Store) Offer(
	wake <-chan struct{}, until time.Time, lease time.Duration, ready func() bool,
	take func(job approvals.LeasedJob, r approvals.Request, begun time.Time, err error),
) (withdraw func()) {
	return s.signals.addOffer(wake, &offer{until: until, lease: lease, ready: ready, take: take})
}

func (s *signals) addOffer(wake <-chan struct{}, o *offer) (withdraw func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.subscribers {
		if one.wake == wake {
			one.offer = o
			return func() { s.withdrawOffer(one, o) }
		}
	}
	return func() {}
}

// withdrawOffer waits for the end of the transaction that took the offer.
func (s *signals) withdrawOffer(from *subscriber, o *offer) {
	s.mu.Lock()
	o.over = true
	if from.offer == o {
		from.offer = nil
	}
	taken := o.taken
	s.mu.Unlock()
	if taken != nil {
		<-taken
	}
}

// takeOffer takes a free worker for a kind of job, if there is one.
func (s *signals) takeOffer(kind approvals.JobKind) (*subscriber, *offer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.subscribers {
		if one.offer != nil && one.hears(kind) && one.offer.ready() {
			o := one.offer
			one.offer, o.taken = nil, make(chan struct{})
			return one, o
		}
	}
	return nil, nil
}

// endTaking ends what takeOffer began. An offer without a job stands again.
func (s *signals) endTaking(h handover) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(h.offer.taken)
	h.offer.taken = nil
	if !h.done && !h.offer.over {
		h.to.offer = h.offer
	}
}

// A handover is a job that a transaction leases to a worker on offer.
type handover struct {
	to      *subscriber
	offer   *offer
	job     approvals.LeasedJob
	request approvals.Request
	leased  bool // a job was found
	done    bool // the worker has the job
}

// handOver leases the new jobs that are due now, as far as workers are on offer. It is the
// last work of a transaction, because only then it is known which jobs stay.
func (t *tx) handOver(ctx context.Context, s *signals) error {
	for i, entry := range t.enqueued {
		if entry.id == 0 || entry.wait > 0 {
			continue
		}
		to, o := s.takeOffer(entry.kind)
		if o == nil {
			continue
		}
		t.handovers = append(t.handovers, handover{to: to, offer: o})
		job, err := t.claimNew(ctx, entry.kind, o.lease, entry.id)
		if errors.Is(err, sql.ErrNoRows) { // dropped again, or behind others in its lane
			continue
		}
		h := &t.handovers[len(t.handovers)-1]
		h.job, h.leased = job, true
		if err == nil {
			h.request, err = t.readRequest(ctx, job.RequestID)
		}
		if err != nil {
			return fmt.Errorf("hand over job %s: %w", entry.kind, err)
		}
		t.enqueued[i].to = to
	}
	return nil
}

// claimNew leases a job that was never leased before. If its worker begins with the effect, the
// attempt is recorded as well, which saves a transaction.
func (t *tx) claimNew(
	ctx context.Context, kind approvals.JobKind, lease time.Duration, id int64,
) (approvals.LeasedJob, error) {
	tried := `NULL`
	if kind.Spec().TriedAtOnce {
		tried = `$1`
	}
	job, err := t.claim(ctx, kind, lease, tried, `id = $3 AND attempt = 0`, ``, id)
	if job.WasTried() {
		job.TriedAt, job.MarkedAt = time.Time{}, t.begun
	}
	return job, err
}

// finishHandovers gives the workers their jobs after a commit. commit is an error if it is
// unknown.
func (s *signals) finishHandovers(t *tx, commit error) {
	for _, h := range t.handovers {
		if h.leased {
			h.offer.take(h.job, h.request, t.begun, commit)
			h.done = true
		}
		s.endTaking(h)
	}
}

// undoHandovers lets the offers stand again after a transaction that failed.
func (s *signals) undoHandovers(t *tx) {
	for _, h := range t.handovers {
		s.endTaking(h)
	}
}
