package worker

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"licensebot/approvals"
	"licensebot/internal/guard"
	"licensebot/internal/sleep"
)

// Every effect must be over before its lease, so a paused worker cannot act late.
const (
	leaseTime  = 60 * time.Second
	jobLimit   = 45 * time.Second
	idlePoll   = 30 * time.Second      // look for jobs this often without a signal
	errorPause = time.Second           // after the store itself failed
	emptyPause = 50 * time.Millisecond // after another worker took what was due
)

// Backoff between attempts: doubling from the first to the last, jittered.
const (
	firstBackoff = time.Second
	lastBackoff  = 2 * time.Minute
)

// A Runner carries out jobs until it is stopped.
type Runner struct {
	Store     Store
	Licenses  Licenses
	Directory Directory
	Messenger Messenger

	// Policy is the policy in force now.
	Policy func() approvals.Policy

	// Emoji are the yes and no of new cards.
	Emoji approvals.Emoji

	// Buttons says that new cards have buttons besides.
	Buttons bool

	// OnError hears of every failure. It must not block.
	OnError func(Problem)

	// Busy reports whether deliveries of Slack wait to be handled. Jobs begin later then. Nil:
	// none ever waits.
	Busy func() bool

	// Grace is how long running jobs may go on after Run is told to stop.
	Grace time.Duration

	// Reconnected has a value whenever reactions may have been missed. Nil: never.
	Reconnected <-chan struct{}

	// Channel is the approvals channel as the operator set it. Empty: none is claimed.
	Channel string

	// OnChannel hears of the approvals channel of today, again and again. Nil: it need not.
	OnChannel func(approvals.ChannelInUse)

	// Target is the UiPath organization of the bot. It leaves requests of another one
	// alone.
	Target approvals.Target

	completed sync.Map // jobs that an event completed, until runLeased sees it
	doubts    sync.Map // how often Slack called the card of a job missing, by the job's id
	surveys   surveyPositions
	unread    unreadChannels

	closedLooks atomic.Int32 // how many in a row found the approvals channel closed to the bot

	watchedOnly bool // UiPath does not show the list of all allocations, which was reported
}

// A Problem is a failure for the log.
type Problem struct {
	During    Activity
	Job       approvals.LeasedJob // of RunningJob, ReadingJob and TellingRequester
	RequestID string              // also of OrphanFound, RefusedRequest and Adopting
	Err       error
}

// An Activity is what the workers were doing when a problem came up.
type Activity string

// The activities.
const (
	ClaimingJobs   Activity = "claim"     // the store failed
	ReadingJob     Activity = "read"      // a job or its request cannot be decoded; others go on
	RunningJob     Activity = "job"       // a job will be tried again
	RefusedRequest Activity = "refused"   // UiPath refused a request for what an operator has to look at
	FoundDeadEnd   Activity = "dead_end"  // nobody can approve a request, which was refused
	SurveyingCards Activity = "survey"    // the look at all cards failed
	Reconciling    Activity = "reconcile" // the search for orphaned requests failed
	OrphanFound    Activity = "orphan"    // a request had no job and has one again
	ReadingChannel Activity = "channel"   // a channel cannot be read; its requests wait
	Adopting       Activity = "adopt"     // the channel told more of a request than the database

	FollowingChannel Activity = "follow" // cards wait in another channel than the one of today

	// LeavingChannel: the bot cannot read a channel, a former one or one without a known card,
	// and goes on without it.
	LeavingChannel Activity = "leave"

	Watching     Activity = "watch"      // a look at the allocations failed
	WatchingLess Activity = "watch_less" // UiPath does not show the list of all allocations

	TellingRequester Activity = "tell" // a requester cannot be told privately, which is given up
)

// slots is how many jobs of a pool run at a time.
var slots = map[approvals.Pool]int{
	approvals.PoolPrepare:     4,
	approvals.PoolWrites:      4,
	approvals.PoolVotes:       4,
	approvals.PoolDeadlines:   1,
	approvals.PoolGrantExpiry: 1,
	approvals.PoolThreads:     3,
	approvals.PoolNudges:      1,
	approvals.PoolReactions:   2,
	approvals.PoolCards:       2,
	approvals.PoolPrivate:     2,
}

// A jobRunner carries out one kind of job. It returns nil when the job is over,
// whether or not an event completed it.
type jobRunner func(*Runner, context.Context, approvals.LeasedJob, approvals.Request) error

// runners has the function of each kind of job.
var runners = map[approvals.JobKind]jobRunner{
	approvals.JobPrepare:             (*Runner).prepare,
	approvals.JobPostCard:            (*Runner).postCard,
	approvals.JobAddReactions:        (*Runner).addReactions,
	approvals.JobCountVotes:          (*Runner).countVotes,
	approvals.JobApply:               (*Runner).apply,
	approvals.JobUpdateCard:          (*Runner).updateCard,
	approvals.JobTellVoter:           (*Runner).tellVoter,
	approvals.JobTellDelay:           (*Runner).tellRequester,
	approvals.JobTellRequester:       (*Runner).tellRequester,
	approvals.JobExpire:              (*Runner).expire,
	approvals.JobGrantExpiry:         (*Runner).expireGrant,
	approvals.JobRevoke:              (*Runner).revokeGrant,
	approvals.JobFindEffect:          (*Runner).findEffect,
	approvals.JobPostOutcome:         (*Runner).postInThread,
	approvals.JobPostEffect:          (*Runner).postInThread,
	approvals.JobPostDelay:           (*Runner).postInThread,
	approvals.JobEscalate:            (*Runner).escalate,
	approvals.JobPostEscalation:      (*Runner).postInThread,
	approvals.JobPostPress:           (*Runner).postInThread,
	approvals.JobPostConsentLost:     (*Runner).postInThread,
	approvals.JobPostRevocation:      (*Runner).postInThread,
	approvals.JobPostRevocationDelay: (*Runner).postInThread,
	approvals.JobRemind:              (*Runner).remind,
	approvals.JobWarnExpiry:          (*Runner).warnExpiry,
	approvals.JobRemoveDoubles:       (*Runner).removeDoubles,
}

// Run works until ctx ends, then lets running jobs finish within Grace.
func (w *Runner) Run(ctx context.Context) {
	jobs, hardStop := context.WithCancel(context.WithoutCancel(ctx))
	defer hardStop()
	stopped := context.AfterFunc(ctx, func() { time.AfterFunc(w.Grace, hardStop) })
	defer stopped()

	var running sync.WaitGroup
	if !w.readFirst(ctx) {
		return
	}
	running.Go(func() { w.keepReading(ctx) })
	for pool, count := range slots {
		running.Go(func() { w.runPool(ctx, jobs, pool, count) })
	}
	running.Go(func() { w.keepSurveying(ctx) })
	running.Go(func() { w.keepReconciling(ctx) })
	running.Go(func() { w.keepChannel(ctx) })
	running.Go(func() { w.keepWatching(ctx) })
	running.Wait()
}

// pauseAfter keeps the workers from asking the store in a hot loop. It is fine if no
// job is due: another worker was quicker, or another replica stands still with it.
func (w *Runner) pauseAfter(ctx context.Context, t approvals.LeasedJob, err error) {
	pause := emptyPause
	if !errors.Is(err, approvals.ErrNoJob) && ctx.Err() == nil {
		w.reportClaim(t, err)
		pause = errorPause
	}
	if errors.Is(err, approvals.ErrUnreadable) {
		return // this job was put off, and the next one may be due
	}
	sleep.For(ctx, pause)
}

func (w *Runner) reportClaim(t approvals.LeasedJob, err error) {
	if t.RequestID == "" {
		w.OnError(Problem{During: ClaimingJobs, Err: err})
		return
	}
	w.OnError(Problem{During: ReadingJob, Job: t, RequestID: t.RequestID, Err: err})
}

func (w *Runner) reportJob(t approvals.LeasedJob, err error) {
	w.OnError(Problem{During: RunningJob, Job: t, RequestID: t.RequestID, Err: err})
}

// runLeased runs one job. Its effect has to be over when limited ends. A job
// that returns an error is given back. The error decides when it is tried again
// and whether it may have taken effect.
func (w *Runner) runLeased(ctx, limited context.Context, t approvals.LeasedJob, r approvals.Request) {
	err := w.runGuarded(limited, t, r)
	_, isCompleted := w.completed.LoadAndDelete(leaseOf(t))
	if errors.Is(err, approvals.ErrLeaseLost) || err == nil && isCompleted {
		return
	}
	if off, ok := errors.AsType[*postponed](err); ok {
		err = w.Store.RetryJob(context.WithoutCancel(ctx), t, off.after, true)
		if err == nil || errors.Is(err, approvals.ErrLeaseLost) {
			return
		}
	}
	if err == nil || errors.Is(err, approvals.ErrNoTransition) {
		t.Carried = err == nil
		err = w.Store.CompleteJob(context.WithoutCancel(ctx), t)
		if err == nil || errors.Is(err, approvals.ErrLeaseLost) {
			return
		}
	}
	w.reportJob(t, err)
	w.retryFailed(ctx, t, err)
}

// retryFailed gives a job back. While the store fails it goes on trying, because
// otherwise the job would wait until its lease ends.
func (w *Runner) retryFailed(ctx context.Context, t approvals.LeasedJob, cause error) {
	_, unsettled := errors.AsType[*unsettledError](cause)
	after := approvals.RetryAfter(cause, t.Backoff(backoff(t.Attempt), unsettled))
	if slow, ok := errors.AsType[*slowed](cause); ok {
		after = slow.after
	}
	_, settled := errors.AsType[*settledError](cause)
	// Otherwise the effect of this attempt or of an earlier one stays unknown.
	untry := !approvals.EffectIsUnknown(cause) && (settled || !t.WasTried())
	for range leaseTime / errorPause {
		err := w.Store.RetryJob(context.WithoutCancel(ctx), t, after, untry)
		if err == nil || errors.Is(err, approvals.ErrLeaseLost) || !sleep.For(ctx, errorPause) {
			return
		}
	}
}

// backoff doubles with each attempt and spreads by a quarter either way, so jobs
// after a common failure come back apart.
func backoff(attempt int) time.Duration {
	d := lastBackoff
	if attempt < 9 {
		d = min(firstBackoff<<max(attempt-1, 0), lastBackoff)
	}
	return d*3/4 + rand.N(d/2)
}

// runGuarded makes a panic an error: it must harm only the job that caused it.
func (w *Runner) runGuarded(ctx context.Context, t approvals.LeasedJob, r approvals.Request) (err error) {
	defer guard.Catch(func(p *guard.PanicError) { err = p })
	run, known := runners[t.Kind]
	if !known {
		return nil // a later version's job; that version runs it
	}
	// The bot of the request's own organization speaks for it, so this one says nothing.
	if err := r.CheckTarget(w.Target); err != nil {
		return err
	}
	if err := w.awaitReading(ctx, t, r); err != nil {
		return err
	}
	return run(w, ctx, t, r)
}

// applyEvent applies an event. done is completed with it.
func (w *Runner) applyEvent(
	ctx context.Context, r approvals.Request, e approvals.Event, done *approvals.LeasedJob,
) error {
	_, err := w.Store.ApplyEvent(ctx, r.ID, e, done)
	if err == nil && done != nil && !done.Unfinished {
		w.completed.Store(leaseOf(*done), true)
	}
	return err
}

// A lease is one attempt at a job.
type lease struct {
	job     int64
	attempt int
}

func leaseOf(t approvals.LeasedJob) lease { return lease{t.ID, t.Attempt} }

// expireGrant says that the time of a grant may be over.
func (w *Runner) expireGrant(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	return w.applyEvent(ctx, r, approvals.GrantExpired{}, &t)
}

// longDelay is a pause that people are told of before it: they would wait too long for the
// second attempt.
const longDelay = 2 * time.Minute

// recordDelay lets people know that an effect takes longer, from the second
// attempt on or before a long pause, and returns the cause.
func (w *Runner) recordDelay(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, reason string, cause error,
) error {
	if t.Attempt < 2 && approvals.RetryAfter(cause, 0) < longDelay {
		return cause
	}
	_, operator := approvals.NeedsOperator(cause)
	err := w.applyEvent(ctx, r, approvals.Delayed{Reason: reason, Operator: operator}, t.KeepLeased())
	if err != nil && !errors.Is(err, approvals.ErrNoTransition) {
		return errors.Join(cause, err)
	}
	return cause
}
