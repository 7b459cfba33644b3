package worker

import (
	"context"
	"slices"
	"sync"
	"time"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// A pool leases the jobs of its kinds for its workers. While nothing is due, a worker is on
// offer: a transaction that makes a job due hands it over at once.
type pool struct {
	*Runner
	kinds []approvals.JobKind
	pace  approvals.Pace
	wake  <-chan struct{}

	quietUntil time.Time // nothing is due before, unless a signal comes
}

// A startedJob is a job under a lease of this process.
type startedJob struct {
	approvals.LeasedJob
	request approvals.Request
	begun   time.Time // before the lease began
	err     error     // nobody knows whether the lease was committed
}

// runPool runs the jobs of a pool until ctx ends, count at a time.
func (w *Runner) runPool(ctx, jobs context.Context, name approvals.Pool, count int) {
	kinds := approvals.PoolKinds(name)
	wake, stop := w.Store.Subscribe(kinds...)
	defer stop()
	p := &pool{Runner: w, kinds: kinds, pace: kinds[0].Spec().Pace, wake: wake}
	turn := make(chan struct{}, 1) // one worker waits for the next job, the others for their turn
	var running sync.WaitGroup
	defer running.Wait()
	for range count {
		running.Go(func() {
			for {
				turn <- struct{}{}
				job, ok := p.next(ctx)
				<-turn
				if !ok {
					return
				}
				w.runStarted(jobs, job)
			}
		})
	}
}

// next returns the next job, and false when ctx has ended.
func (p *pool) next(ctx context.Context) (startedJob, bool) {
	for ctx.Err() == nil {
		if time.Now().Before(p.quietUntil) {
			if job, ok := p.awaitHandover(ctx); ok {
				return job, true
			}
			continue
		}
		p.giveWay(ctx)
		wait, found, err := p.Store.NextDue(ctx, p.kinds...)
		if err != nil {
			p.pauseAfter(ctx, approvals.LeasedJob{}, err)
			continue
		}
		if !found || wait > 0 {
			p.fallQuiet(wait, found)
			continue
		}
		if p.pace != approvals.PaceNone && p.Messenger.AwaitPace(ctx, p.pace) != nil {
			break
		}
		job := startedJob{begun: time.Now()}
		job.LeasedJob, job.request, err = p.Store.ClaimJob(ctx, leaseTime, p.kinds...)
		if err == nil {
			p.putLast(job.Kind)
			return job, true
		}
		p.pauseAfter(ctx, job.LeasedJob, err)
	}
	return startedJob{}, false
}

// putLast gives the other kinds their turn: fifty outcomes of one person must leave room for the
// card of another.
func (p *pool) putLast(kind approvals.JobKind) {
	p.kinds = slices.DeleteFunc(slices.Clone(p.kinds), func(k approvals.JobKind) bool { return k == kind })
	p.kinds = append(p.kinds, kind)
}

// Bounds of a job's wait while people wait for their answer.
const (
	wayTime = 2 * time.Second // an answer may take about as long
	wayLook = 10 * time.Millisecond
)

// giveWay lets deliveries that wait go first, for a time: Slack gives each three seconds, and a
// job has longer. They would share the disk otherwise.
func (p *pool) giveWay(ctx context.Context) {
	for end := time.Now().Add(wayTime); p.isBusy() && time.Now().Before(end) && sleep.For(ctx, wayLook); {
	}
}

func (p *pool) isBusy() bool { return p.Busy != nil && p.Busy() }

// fallQuiet notes when the next job is due, if one is found.
func (p *pool) fallQuiet(wait time.Duration, found bool) {
	if !found || wait > idlePoll {
		wait = idlePoll
	}
	p.quietUntil = time.Now().Add(wait)
}

// awaitHandover waits until a job is handed over or the quiet ends: a job is due by now, or
// another worker than this one has to look.
func (p *pool) awaitHandover(ctx context.Context) (job startedJob, ok bool) {
	handed := make(chan startedJob, 1)
	withdraw := p.Store.Offer(p.wake, p.quietUntil, leaseTime, p.isReady,
		func(job approvals.LeasedJob, r approvals.Request, begun time.Time, err error) {
			handed <- startedJob{job, r, begun, err}
		})
	quiet := time.NewTimer(time.Until(p.quietUntil))
	defer quiet.Stop()
	select {
	case job = <-handed:
		return job, true
	case <-p.wake:
		p.quietUntil = time.Time{}
	case <-quiet.C:
	case <-ctx.Done():
	}
	withdraw()
	select {
	case job = <-handed: // at the last moment
		return job, true
	default:
		return startedJob{}, false
	}
}

// isReady reports whether a job may begin at once, and counts it for its pace if so.
func (p *pool) isReady() bool {
	return !p.isBusy() && (p.pace == approvals.PaceNone || p.Messenger.TakePace(p.pace))
}

// runStarted runs a job within its time, which is shorter than its lease.
func (w *Runner) runStarted(ctx context.Context, job startedJob) {
	limited, cancel := context.WithDeadline(ctx, job.begun.Add(jobLimit))
	defer cancel()
	if job.err != nil {
		w.retryFailed(ctx, job.LeasedJob, &approvals.DelayError{Err: job.err}) // it has not begun
		return
	}
	w.runLeased(ctx, limited, job.LeasedJob, job.request)
}
