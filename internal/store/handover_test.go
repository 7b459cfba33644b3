package store

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// A freeWorker is on offer for kinds of jobs.
type freeWorker struct {
	*bench
	wake     <-chan struct{}
	handed   chan handedJob
	withdraw func()
}

type handedJob struct {
	approvals.LeasedJob
	request approvals.Request
	err     error
}

func (b *bench) offerWorker(kinds ...approvals.JobKind) *freeWorker {
	b.Helper()
	return b.offerIf(func() bool { return true }, kinds...)
}

func (b *bench) offerIf(ready func() bool, kinds ...approvals.JobKind) *freeWorker {
	b.Helper()
	wake, stop := b.Subscribe(kinds...)
	w := &freeWorker{bench: b, wake: wake, handed: make(chan handedJob, 2)}
	w.withdraw = b.Offer(wake, time.Now().Add(time.Minute), lease, ready,
		func(job approvals.LeasedJob, r approvals.Request, begun time.Time, err error) {
			if begun.IsZero() || begun.After(time.Now()) {
				b.Errorf("the lease began at %v", begun)
			}
			w.handed <- handedJob{job, r, err}
		})
	b.Cleanup(func() {
		w.withdraw()
		stop()
	})
	return w
}

// wantJob returns the job that the worker has got, which nobody else can claim.
func (w *freeWorker) wantJob(kind approvals.JobKind) approvals.LeasedJob {
	w.Helper()
	select {
	case got := <-w.handed:
		w.mustSucceed(got.err)
		stored, err := w.Request(w.context(), got.RequestID)
		w.mustSucceed(err)
		w.wantEqual("the request handed over", encodeJSON(w.T, got.request), encodeJSON(w.T, stored))
		if got.Kind != kind || got.Attempt != 1 || got.WasTried() {
			w.Errorf("it got %+v", got.LeasedJob)
		}
		if wasSignaled(w.wake) {
			w.Error("it was signaled besides")
		}
		w.wantNoJob(kind)
		return got.LeasedJob
	default:
		w.Fatalf("it got no %s", kind)
		return approvals.LeasedJob{}
	}
}

func (w *freeWorker) wantNone(why string) {
	w.Helper()
	if len(w.handed) > 0 {
		w.Errorf("%s, and it got %+v", why, (<-w.handed).LeasedJob)
	}
}

func handsOver(b *bench) {
	preparer, counter := b.offerWorker(approvals.JobPrepare), b.offerWorker(approvals.JobCountVotes)
	r := b.fileRequest(1)
	job := preparer.wantJob(approvals.JobPrepare)
	if job.RequestID != r.ID {
		b.Errorf("it got a job of %s", job.RequestID)
	}
	counter.wantNone("no votes are to be counted")
	b.mustSucceed(b.MarkTried(b.context(), job)) // it holds the lease
	b.mustSucceed(b.CompleteJob(b.context(), job))
}

// handsOverAsStored leaves out what the database does not keep.
func handsOverAsStored(b *bench) {
	w := b.offerWorker(approvals.JobPostCard)
	r := b.fileRequest(1)
	job, asked := b.claimJob(approvals.JobPrepare), sampleProposal(group)
	asked.Proposal.Group.Canonical = groupname.Canonical("Robot developers")
	_, err := b.ApplyEvent(b.context(), r.ID, asked, &job)
	b.mustSucceed(err)
	stored, err := b.Request(b.context(), r.ID)
	b.mustSucceed(err)
	if got := <-w.handed; got.request.Proposal.Group != stored.Proposal.Group {
		b.Errorf("the group handed over is %+v, and the one stored %+v", got.request.Proposal.Group, stored.Proposal.Group)
	}
}

func handsOverOneJob(b *bench) {
	w := b.offerWorker(approvals.JobPrepare)
	b.fileRequest(1)
	w.wantJob(approvals.JobPrepare)
	b.fileRequest(2)
	w.wantNone("it has a job")
	b.awaitSignal(w.wake, "a second request was filed")
	b.claimJob(approvals.JobPrepare)
}

func handsOverInLane(b *bench) {
	b.approveRequest(b.postedCard(1, group))
	first := b.claimJob(approvals.JobApply)
	w := b.offerWorker(approvals.JobApply)
	b.approveRequest(b.postedCard(2, group))
	w.wantNone("another write to the group is under way")
	b.awaitSignal(w.wake, "a write was approved")
	b.wantNoJob(approvals.JobApply)
	b.approveRequest(b.postedCard(3, "group-03")) // the offer stands
	w.wantJob(approvals.JobApply)
	b.mustSucceed(b.CompleteJob(b.context(), first))
	b.claimJob(approvals.JobApply)
}

func signalsBehindPutOff(b *bench) {
	b.approveRequest(b.postedCard(1, group))
	first := b.claimJob(approvals.JobApply)
	b.approveRequest(b.postedCard(2, group))
	w := b.offerWorker(approvals.JobApply)
	b.mustSucceed(b.RetryJob(b.context(), first, 5*time.Minute, true))
	b.awaitSignal(w.wake, "the write before it was put off")
	b.claimJob(approvals.JobApply)
}

func handsOverAfterCommit(b *bench) {
	w := b.offerWorker(approvals.JobPrepare)
	failed := errors.New("failed")
	_, _, err := b.fileFailing(failed, txFailed)
	b.wantError(err, failed)
	w.wantNone("the transaction was rolled back")
	b.fileRequest(2) // the offer stands
	w.wantJob(approvals.JobPrepare)
}

func handsOverToTheReady(b *bench) {
	ready := false
	w := b.offerIf(func() bool { return ready }, approvals.JobPrepare)
	b.fileRequest(1)
	w.wantNone("it is not ready")
	b.awaitSignal(w.wake, "a request was filed")
	ready = true
	b.fileRequest(2)
	job := <-w.handed
	b.mustSucceed(b.CompleteJob(b.context(), job.LeasedJob))
}

func withdrawnOffer(b *bench) {
	w := b.offerWorker(approvals.JobPrepare)
	w.withdraw()
	w.withdraw() // a second call does no harm
	b.fileRequest(1)
	w.wantNone("the offer was withdrawn")
	b.awaitSignal(w.wake, "a request was filed")
}

// Jobs for later wake a worker on offer only if it would look too late by itself.
func offersLookInTime(b *bench) {
	w := b.offerWorker(approvals.JobExpire)
	b.postedCard(1, group) // expires after a day
	w.wantNone("the request expires later")
	if wasSignaled(w.wake) {
		b.Error("it was signaled for a job that is due after its next look")
	}
	job := b.claimAfter(ttl, approvals.JobExpire)
	b.mustSucceed(b.RetryJob(b.context(), job, time.Second, true))
	b.awaitSignal(w.wake, "a job is due before its next look")
}

func (b *bench) claimAfter(wait time.Duration, kind approvals.JobKind) approvals.LeasedJob {
	b.clock.advance(wait)
	return b.claimJob(kind)
}

// A failingEngine fails at the end of a transaction.
type failingEngine struct {
	engine
	err     error
	outcome txOutcome
}

func (e failingEngine) notifyReplicas(context.Context, transaction, []approvals.JobKind) error {
	return e.err
}

func (e failingEngine) classifyFailure(context.Context, string, bool, error) txOutcome {
	return e.outcome
}

// fileFailing files a request in a transaction that fails at its end.
func (b *bench) fileFailing(cause error, outcome txOutcome) (approvals.Request, approvals.Receipt, error) {
	s := b.store()
	working := s.engine
	s.engine = failingEngine{working, cause, outcome}
	defer func() { s.engine = working }()
	return b.FileRequest(b.context(), sampleRequest(1))
}

// If nobody knows whether a transaction committed, the worker hears that its job may not
// exist.
func handsOverInDoubt(b *bench) {
	w := b.offerWorker(approvals.JobPrepare)
	_, _, err := b.fileFailing(errors.New("the connection was lost"), txUnknown)
	b.wantError(err, approvals.ErrCommitUnknown)
	got := <-w.handed
	b.wantError(got.err, approvals.ErrCommitUnknown)
	b.wantError(b.RetryJob(b.context(), got.LeasedJob, 0, true), approvals.ErrLeaseLost)
}
