package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/approvals/worker"
)

// Conformant is a store as the bot needs it: the workers' part and the part of
// the bot's intake.
type Conformant interface {
	worker.Store
	FileRequest(ctx context.Context, r approvals.Request) (approvals.Request, approvals.Receipt, error)
	FindByCard(ctx context.Context, channel, ts string) (approvals.Request, error)
	RecordReaction(ctx context.Context, heard approvals.Reaction) error
	DeadLetter(ctx context.Context, envelope, why string, raw []byte) error
	Ping(ctx context.Context) error
	Close() error

	// Dump reads every table as text, row by row. A call that changes nothing
	// leaves it as it was.
	Dump(t *testing.T) map[string][]string
}

// voteEmoji are the emoji that mean yes and no on the cards of the tests.
var voteEmoji = approvals.Emoji{Approve: []string{"white_check_mark"}, Deny: []string{"x"}}

// checkConformance checks a store against its contract. open returns an empty
// store with the clock now. The store is closed when the test ends.
func checkConformance(t *testing.T, open func(t *testing.T, now func() time.Time) Conformant) {
	for _, c := range []struct {
		name string
		test func(*bench)
	}{
		{"FileRequest keeps what it is given", fileKeepsRequest},
		{"FileRequest takes an envelope once", fileOncePerEnvelope},
		{"FileRequest takes an envelope once, raced by twenty", fileRacedByTwenty},
		{"FileRequest needs an id of its own", fileNeedsOwnID},
		{"an unknown request is ErrNotFound", unknownRequest},
		{"ApplyEvent keeps request, journal and jobs together", applyKeepsAllTogether},
		{"ApplyEvent without a transition changes nothing", applyWithoutTransition},
		{"ApplyEvent with a lost lease changes nothing", applyWithLostLease},
		{"ApplyEvent completes its job", applyCompletesJob},
		{"ApplyEvent raced by twenty makes one transition", applyRacedByTwenty},
		{"closing a request drops the jobs that became pointless", closingDropsJobs},
		{"ClaimJob finds nothing before a job is due", claimFindsNothing},
		{"ClaimJob prefers the first kinds, then the oldest", claimOrder},
		{"ClaimJob raced by twenty has one winner", claimRacedByTwenty},
		{"ClaimJob gives each of many jobs to one of many workers", claimEachOnce},
		{"two writes to one group never overlap", groupLaneIsExclusive},
		{"writes to two groups do overlap", groupLanesAreApart},
		{"a thread's posts keep their order", threadKeepsOrder},
		{"another worker takes over an expired lease, and its holder is fenced", expiredLeaseIsFenced},
		{"the end of a grant does not wait for an untried write", revokePassesUntried},
		{"a write does not wait for an untried write", writePassesUntried},
		{"MarkTried fails after the lease has expired", markTriedAfterLease},
		{"MarkTriedUnlessVoted and a guarded event fail after a vote that could end consent", markTriedUnlessVoted},
		{"LastConfirmed is the allocation after the last change", lastConfirmed},
		{"a job enqueued again while it waits runs once", enqueuedWhileWaiting},
		{"a job enqueued again while it runs runs once more", enqueuedWhileRunning},
		{"enqueueing again can hasten a job and never delays it", enqueuedSooner},
		{"RetryJob keeps the time of the first try", retryKeepsTried},
		{"RetryJob forgets a try that had no effect", retryForgetsTried},
		{"the time of the last try holds", lastTryIsKept},
		{"job ids are never used again", idsAreNeverReused},
		{"a request that cannot be decoded delays no other", unreadableRequest},
		{"of reactions out of order the latest event holds", reactionsOutOfOrder},
		{"a reaction reported twice is counted once", reactionHeardTwice},
		{"only reactions on the cards of open requests are counted", reactionElsewhere},
		{"what events told was taken back is withdrawn", reactionsWithdrawn},
		{"cards are found, and missed ones are known", cardsAreFound},
		{"a reaction before the card's timestamp is counted after it", reactionBeforeTimestamp},
		{"ReplaceReactions replaces earlier reports", replaceDropsOlder},
		{"ReplaceReactions keeps later reports", replaceKeepsNewer},
		{"ReplaceReactions keeps reports that Slack may not show yet", replaceKeepsFresh},
		{"a look that shows what is known changes nothing", sameLookIsARead},
		{"a reaction that is back without an event is undated", backWithoutEvent},
		{"two looks make a reaction absent, one does not", absenceNeedsTwoLooks},
		{"a reaction that a look missed and an event told is there", missedAndHeard},
		{"NextDue tells the next due time", nextDueTime},
		{"NextDue passes over blocked lanes", nextDueInLane},
		{"Subscribe signals only its kinds", signalsByKind},
		{"Subscribe signals when the head of a lane is completed", signalsLaneMates},
		{"an event that changes nothing signals no subscriber", signalsNothing},
		{"a job that becomes due is handed to a worker on offer", handsOver},
		{"a worker on offer gets one job", handsOverOneJob},
		{"a job is handed over with its request as it is stored", handsOverAsStored},
		{"a job behind another one in its lane is handed to no worker", handsOverInLane},
		{"a job behind one that is put off for long is signaled", signalsBehindPutOff},
		{"a job is handed over after the commit", handsOverAfterCommit},
		{"a job of a commit in doubt is handed over with the doubt", handsOverInDoubt},
		{"a worker on offer that is not ready gets no job", handsOverToTheReady},
		{"a withdrawn offer gets no job", withdrawnOffer},
		{"a worker on offer is not signaled for what it will find by itself", offersLookInTime},
		{"ListGrantHolders has the order of the journal", grantHoldersInOrder},
		{"ListGrantHolders forgets grants that are over", grantHoldersAfterEnd},
		{"Adopt records what the channel tells once, and in its order", adoptsOnce},
		{"Adopt marks the jobs as tried whose message is in the channel", adoptsPosts},
		{"ListUnfinished lists what a channel may tell more of", unfinishedRequests},
		{"ListTimedGrants keeps grants that are over", timedGrants},
		{"ListLateEffects lists refused changes until they are looked at again", lateEffects},
		{"ShownBefore remembers open requests and those in effect", settingsShown},
		{"LastWrite is the last body until another write is confirmed", lastWrite},
		{"ListUnsettledWrites lists writes under way or in doubt", unsettledWrites},
		{"a job for later delays no other job", timersBlockNothing},
		{"revoke and apply on one group never overlap", revokeExcludesApply},
		{"dead letters are kept once", deadLettersOnce},
		{"a cancelled context changes nothing", cancelledContext},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
			c.test(&bench{T: t, clock: clock, Conformant: open(t, clock.now)})
		})
	}
}

const (
	group   = "group-01"
	channel = "C-APPROVALS"
	lease   = time.Minute
	ttl     = 24 * time.Hour
)

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A bench is a store under test and its clock.
type bench struct {
	*testing.T
	Conformant
	clock *clock
}

func (b *bench) context() context.Context { return b.Context() }

func (b *bench) mustSucceed(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) wantError(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Fatalf("got error %v, want %v", err, want)
	}
}

func sampleRequest(n int) approvals.Request {
	return approvals.Request{
		ID: fmt.Sprintf("R-%08d", n), EnvelopeID: fmt.Sprintf("envelope-%d", n), Requester: "U-REQUESTER",
		OriginChannel: "C-ORIGIN", Channel: channel,
		Ask:   approvals.Ask{Group: group, Codes: []string{"RPADEVPRONU", "IDU"}, Reason: "‘quarter’ end"},
		Terms: approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U-ANNA", "S-GROUP"}, Quorum: 1}}, TTL: ttl, Emoji: voteEmoji},
	}
}

func (b *bench) fileRequest(n int) approvals.Request {
	b.Helper()
	r, receipt, err := b.FileRequest(b.context(), sampleRequest(n))
	b.mustSucceed(err)
	if receipt.Again {
		b.Fatalf("request %d was filed before", n)
	}
	return r
}

func (b *bench) applyEvent(r approvals.Request, e approvals.Event) approvals.Request {
	b.Helper()
	after, err := b.ApplyEvent(b.context(), r.ID, e, nil)
	b.mustSucceed(err)
	return after
}

// claimJob claims a job that must be due.
func (b *bench) claimJob(kinds ...approvals.JobKind) approvals.LeasedJob {
	b.Helper()
	job, r, err := b.ClaimJob(b.context(), lease, kinds...)
	b.mustSucceed(err)
	if r.ID != job.RequestID {
		b.Fatalf("ClaimJob returned a job of %s with request %s", job.RequestID, r.ID)
	}
	return job
}

func (b *bench) wantNoJob(kinds ...approvals.JobKind) {
	b.Helper()
	job, _, err := b.ClaimJob(b.context(), lease, kinds...)
	if !errors.Is(err, approvals.ErrNoJob) {
		b.Fatalf("claimed %+v, %v; want ErrNoJob", job, err)
	}
}

// completeNext claims a job and completes it.
func (b *bench) completeNext(kinds ...approvals.JobKind) approvals.LeasedJob {
	b.Helper()
	job := b.claimJob(kinds...)
	b.mustSucceed(b.CompleteJob(b.context(), job))
	return job
}

func encodeJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sampleProposal(group string) approvals.Prepared {
	return approvals.Prepared{Proposal: approvals.Proposal{
		Group: approvals.Group{ID: group, Name: "Robot developers"},
		Change: approvals.Change{
			Add: []string{"RPADEVPRONU", "IDU"}, Keep: []string{"CTZDEVCU"},
		},
		Quotas: []approvals.Quota{{Code: "CTZDEVCU", Limit: 3}}, QuotasKnown: true, UsesExternal: true,
		Seats: []approvals.Seats{{Code: "IDU", Allocated: 1, Total: 9}},
	}, Terms: approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U-ANNA", "S-GROUP"}, Quorum: 1}}, TTL: ttl, Emoji: voteEmoji}}
}

// distinctProposal is a proposal for a change that no other request asks for.
func distinctProposal(group, id string) approvals.Prepared {
	asked := sampleProposal(group)
	asked.Proposal.Change.Add = append(asked.Proposal.Change.Add, strings.ReplaceAll(id, "-", ""))
	return asked
}

// postedCard is a pending request with its card posted. Its votes are not counted
// yet.
func (b *bench) postedCard(n int, group string) approvals.Request {
	b.Helper()
	r := b.fileRequest(n)
	b.completeNext(approvals.JobPrepare)
	b.applyEvent(r, distinctProposal(group, r.ID))
	b.completeNext(approvals.JobPostCard)
	return b.applyEvent(r, approvals.CardPosted{TS: fmt.Sprintf("17000000%02d.000100", n)})
}

func (b *bench) approveRequest(r approvals.Request) approvals.Request {
	b.Helper()
	return b.applyEvent(r, votesOf("U-ANNA"))
}

// wantUnchanged runs what must not change the database.
func (b *bench) wantUnchanged(what func()) {
	b.Helper()
	before := b.Dump(b.T)
	what()
	after := b.Dump(b.T)
	for table := range before {
		if !slices.Equal(before[table], after[table]) {
			b.Errorf("table %s changed:\n%v\n%v", table, before[table], after[table])
		}
	}
}

func fileKeepsRequest(b *bench) {
	want := sampleRequest(1)
	filed, receipt, err := b.FileRequest(b.context(), want)
	b.mustSucceed(err)
	if receipt.Again {
		b.Error("again is true for a first delivery")
	}
	now := b.clock.now()
	if filed.State != approvals.Filed || !filed.FiledAt.Equal(now) || !filed.Deadline.Equal(now.Add(ttl)) {
		b.Errorf("filed as %s at %v until %v", filed.State, filed.FiledAt, filed.Deadline)
	}
	read, err := b.Request(b.context(), want.ID)
	b.mustSucceed(err)
	if got, want := encodeJSON(b.T, read), encodeJSON(b.T, filed); got != want {
		b.Errorf("read back\n%s, filed\n%s", got, want)
	}
	if read.Ask.Reason != want.Ask.Reason || !slices.Equal(read.Ask.Codes, want.Ask.Codes) ||
		read.OriginChannel != want.OriginChannel {
		b.Errorf("read back %+v", read)
	}
	if job := b.claimJob(approvals.JobPrepare); job.RequestID != want.ID || job.Attempt != 1 {
		b.Errorf("the job is %+v", job)
	}
	wait, found, err := b.NextDue(b.context(), approvals.JobExpire)
	b.mustSucceed(err)
	if !found || wait != ttl {
		b.Errorf("the request expires in %v (%v)", wait, found)
	}
}

func fileOncePerEnvelope(b *bench) {
	first := b.fileRequest(1)
	b.clock.advance(time.Minute)
	second := sampleRequest(2)
	second.EnvelopeID = first.EnvelopeID
	b.wantUnchanged(func() {
		found, receipt, err := b.FileRequest(b.context(), second)
		b.mustSucceed(err)
		if !receipt.Again || found.ID != first.ID || !found.FiledAt.Equal(first.FiledAt) {
			b.Errorf("a redelivery found %s (%v), want %s", found.ID, receipt.Again, first.ID)
		}
	})
	_, err := b.Request(b.context(), second.ID)
	b.wantError(err, approvals.ErrNotFound)
}

// countWins runs work n times at once and counts how often it returns true.
func countWins(n int, work func(i int) bool) int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	wins, start := 0, make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			if work(i) {
				mu.Lock()
				wins++
				mu.Unlock()
			}
		})
	}
	close(start)
	wg.Wait()
	return wins
}

func fileRacedByTwenty(b *bench) {
	var ids sync.Map
	first := countWins(20, func(i int) bool {
		r := sampleRequest(i)
		r.EnvelopeID = "the same"
		filed, receipt, err := b.FileRequest(b.context(), r)
		if err != nil {
			b.Error(err)
		}
		ids.Store(filed.ID, true)
		return err == nil && !receipt.Again
	})
	distinct := 0
	ids.Range(func(any, any) bool { distinct++; return true })
	if first != 1 || distinct != 1 {
		b.Errorf("%d calls filed a request and %d requests were returned, want one of each", first, distinct)
	}
	b.completeNext(approvals.JobPrepare)
	b.wantNoJob(approvals.JobPrepare)
	if n := len(b.Dump(b.T)["requests"]); n != 1 {
		b.Errorf("%d requests are stored", n)
	}
}

func fileNeedsOwnID(b *bench) {
	first := b.fileRequest(1)
	same := sampleRequest(2)
	same.ID = first.ID
	b.wantUnchanged(func() {
		if _, _, err := b.FileRequest(b.context(), same); err == nil {
			b.Error("a second request was filed with the first one's id")
		}
	})
}

func unknownRequest(b *bench) {
	_, err := b.Request(b.context(), "R-NOTTHERE")
	b.wantError(err, approvals.ErrNotFound)
	_, err = b.ApplyEvent(b.context(), "R-NOTTHERE", approvals.Expire{}, nil)
	b.wantError(err, approvals.ErrNotFound)
}

func applyKeepsAllTogether(b *bench) {
	r := b.postedCard(1, group)
	b.clock.advance(time.Hour)
	lines := len(b.Dump(b.T)["journal"])
	after := b.approveRequest(r)
	if after.State != approvals.Approved || !after.DecidedAt.Equal(b.clock.now()) {
		b.Errorf("%s, decided %v", after.State, after.DecidedAt)
	}
	read, err := b.Request(b.context(), r.ID)
	b.mustSucceed(err)
	if got, want := encodeJSON(b.T, read), encodeJSON(b.T, after); got != want {
		b.Errorf("ApplyEvent returned\n%s, read back\n%s", want, got)
	}
	if read.Proposal == nil || read.Proposal.Quotas[0].Limit != 3 || read.Votes[0].User != "U-ANNA" {
		b.Errorf("read back %+v", read)
	}
	if n := len(b.Dump(b.T)["journal"]); n != lines+1 {
		b.Errorf("the journal grew from %d lines to %d, want one more", lines, n)
	}
	if job := b.claimJob(approvals.JobApply); job.RequestID != r.ID {
		b.Errorf("the job is %+v", job)
	}
}

func applyWithoutTransition(b *bench) {
	r := b.postedCard(1, group)
	counting := b.claimJob(approvals.JobCountVotes)
	b.wantUnchanged(func() {
		_, err := b.ApplyEvent(b.context(), r.ID, approvals.Mismatch{}, nil)
		b.wantError(err, approvals.ErrNoTransition)
		_, err = b.ApplyEvent(b.context(), r.ID, approvals.Expire{}, &counting)
		b.wantError(err, approvals.ErrNoTransition)
		_, err = b.ApplyEvent(b.context(), r.ID, approvals.Cancel{By: "U-ANNA"}, nil)
		b.wantError(err, approvals.ErrNotPermitted)
	})
}

func applyWithLostLease(b *bench) {
	r := b.postedCard(1, group)
	late := b.claimJob(approvals.JobCountVotes)
	b.clock.advance(lease + time.Second)
	b.claimJob(approvals.JobCountVotes)
	b.wantUnchanged(func() {
		_, err := b.ApplyEvent(b.context(), r.ID, votesOf("U-ANNA"), &late)
		b.wantError(err, approvals.ErrLeaseLost)
	})
	if read, err := b.Request(b.context(), r.ID); err != nil || read.State != approvals.Pending {
		b.Errorf("%s, %v", read.State, err)
	}
	b.wantNoJob(approvals.JobApply)
}

func applyCompletesJob(b *bench) {
	r := b.fileRequest(1)
	job := b.claimJob(approvals.JobPrepare)
	_, err := b.ApplyEvent(b.context(), r.ID, sampleProposal(group), &job)
	b.mustSucceed(err)
	b.clock.advance(2 * lease)
	b.wantNoJob(approvals.JobPrepare)
	b.wantError(b.CompleteJob(b.context(), job), approvals.ErrLeaseLost)
}

func applyRacedByTwenty(b *bench) {
	r := b.postedCard(1, group)
	moved := countWins(20, func(int) bool {
		_, err := b.ApplyEvent(b.context(), r.ID, approvals.Cancel{By: r.Requester}, nil)
		if err != nil && !errors.Is(err, approvals.ErrNoTransition) {
			b.Error(err)
		}
		return err == nil
	})
	if moved != 1 {
		b.Errorf("cancelled %d times", moved)
	}
	b.completeNext(approvals.JobPostOutcome)
	b.wantNoJob(approvals.JobPostOutcome)
}

func closingDropsJobs(b *bench) {
	r := b.postedCard(1, group)
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-ANNA", "1.1", true)))
	running := b.claimJob(approvals.JobCountVotes)
	b.applyEvent(r, approvals.Cancel{By: r.Requester})
	b.clock.advance(2 * ttl)
	b.wantNoJob(approvals.JobExpire, approvals.JobCountVotes, approvals.JobPrepare)
	b.wantError(b.MarkTried(b.context(), running), approvals.ErrLeaseLost)
	b.wantError(b.CompleteJob(b.context(), running), approvals.ErrLeaseLost)
}

func claimFindsNothing(b *bench) {
	b.wantNoJob(approvals.JobPrepare, approvals.JobApply)
	b.fileRequest(1)
	b.wantNoJob(approvals.JobApply)
	b.wantNoJob(approvals.JobExpire) // enqueued, but not due
	b.clock.advance(ttl)
	b.claimJob(approvals.JobExpire)
}

func claimOrder(b *bench) {
	first := b.fileRequest(1)
	b.clock.advance(time.Second)
	b.fileRequest(2)
	if got := b.claimJob(approvals.JobApply, approvals.JobPrepare); got.RequestID != first.ID {
		b.Errorf("claimed %s first", got.RequestID)
	}
	b.clock.advance(ttl) // now both kinds are due
	if got := b.claimJob(approvals.JobExpire, approvals.JobPrepare); got.Kind != approvals.JobExpire {
		b.Errorf("claimed %s first", got.Kind)
	}
}

func claimRacedByTwenty(b *bench) {
	b.fileRequest(1)
	won := countWins(20, func(int) bool {
		_, _, err := b.ClaimJob(b.context(), lease, approvals.JobPrepare)
		if err != nil && !errors.Is(err, approvals.ErrNoJob) {
			b.Error(err)
		}
		return err == nil
	})
	if won != 1 {
		b.Errorf("%d workers claimed the same job", won)
	}
}

func claimEachOnce(b *bench) {
	const many = 40
	for n := range many {
		b.fileRequest(n)
	}
	var taken sync.Map
	countWins(8, func(int) bool {
		for {
			job, _, err := b.ClaimJob(b.context(), lease, approvals.JobPrepare)
			if errors.Is(err, approvals.ErrNoJob) {
				return true
			}
			if err != nil {
				b.Error(err)
				return false
			}
			if _, twice := taken.LoadOrStore(job.ID, true); twice {
				b.Errorf("job %d was claimed twice", job.ID)
			}
			if err := b.CompleteJob(b.context(), job); err != nil {
				b.Error(err)
			}
		}
	})
	n := 0
	taken.Range(func(any, any) bool { n++; return true })
	if n != many {
		b.Errorf("%d of %d jobs were claimed", n, many)
	}
}

func groupLaneIsExclusive(b *bench) {
	first, second := b.postedCard(1, group), b.postedCard(2, group)
	b.approveRequest(first)
	b.approveRequest(second)
	running := b.claimJob(approvals.JobApply)
	if running.RequestID != first.ID {
		b.Errorf("%s is written first", running.RequestID)
	}
	b.wantNoJob(approvals.JobApply)

	// A job that was tried keeps its turn while it waits, and after its lease has
	// expired.
	b.mustSucceed(b.MarkTried(b.context(), running))
	b.mustSucceed(b.RetryJob(b.context(), running, time.Minute, false))
	b.wantNoJob(approvals.JobApply)
	b.clock.advance(time.Minute)
	running = b.claimJob(approvals.JobApply)
	if running.RequestID != first.ID {
		b.Errorf("%s overtook it", running.RequestID)
	}
	b.clock.advance(lease)
	running = b.claimJob(approvals.JobApply)
	if running.RequestID != first.ID {
		b.Errorf("%s overtook it after the lease expired", running.RequestID)
	}
	b.mustSucceed(b.CompleteJob(b.context(), running))
	if next := b.claimJob(approvals.JobApply); next.RequestID != second.ID {
		b.Errorf("%s comes next", next.RequestID)
	}
}

func writePassesUntried(b *bench) {
	first, second := b.postedCard(1, group), b.postedCard(2, group)
	b.approveRequest(first)
	b.approveRequest(second)
	b.mustSucceed(b.RetryJob(b.context(), b.claimJob(approvals.JobApply), lease/2, false))
	write := b.claimJob(approvals.JobApply)
	if write.RequestID != second.ID {
		b.Fatalf("claimed %+v, want the write of %s", write, second.ID)
	}
	b.clock.advance(lease / 2)
	b.wantNoJob(approvals.JobApply) // they never overlap
	b.mustSucceed(b.MarkTried(b.context(), write))
	b.mustSucceed(b.RetryJob(b.context(), write, time.Minute, false))
	b.wantNoJob(approvals.JobApply) // the allocation is unknown until that write is settled
	b.clock.advance(time.Minute)
	if write = b.claimJob(approvals.JobApply); write.RequestID != second.ID {
		b.Fatalf("claimed %+v, want the write of %s again", write, second.ID)
	}
	b.mustSucceed(b.CompleteJob(b.context(), write))
	if write = b.claimJob(approvals.JobApply); write.RequestID != first.ID {
		b.Errorf("claimed %+v, want the write of %s", write, first.ID)
	}
}

func unreadableRequest(b *bench) {
	broken := b.fileRequest(1)
	b.clock.advance(time.Second)
	other := b.fileRequest(2)
	set := func(body string) {
		_, err := b.store().write.ExecContext(b.context(), `UPDATE requests SET body = $1 WHERE id = $2`, body, broken.ID)
		b.mustSucceed(err)
	}
	body := b.underTest().readColumn(b.T, `SELECT body FROM requests WHERE id = '`+broken.ID+`'`)[0]
	set(`{"ask": 1}`)
	for range 2 { // each time that it is due
		job, _, err := b.ClaimJob(b.context(), lease, approvals.JobPrepare)
		if err == nil || errors.Is(err, approvals.ErrNoJob) || job.RequestID != broken.ID {
			b.Fatalf("claimed %+v, %v; want an error about %s", job, err, broken.ID)
		}
		wait, found, err := b.NextDue(b.context(), approvals.JobPrepare)
		b.mustSucceed(err)
		if job := b.claimJob(approvals.JobPrepare); job.RequestID != other.ID {
			b.Fatalf("claimed %+v, want the job of %s", job, other.ID)
		} else {
			b.mustSucceed(b.RetryJob(b.context(), job, time.Hour, true))
		}
		if !found || wait > 0 {
			b.Errorf("the next is due in %v, %v", wait, found)
		}
		b.wantNoJob(approvals.JobPrepare)
		b.clock.advance(time.Hour)
	}
	set(body)
	if job := b.claimJob(approvals.JobPrepare); job.RequestID != broken.ID {
		b.Errorf("claimed %+v, want the job of %s", job, broken.ID)
	}
}

func groupLanesAreApart(b *bench) {
	b.approveRequest(b.postedCard(1, "group-01"))
	b.approveRequest(b.postedCard(2, "group-02"))
	one, other := b.claimJob(approvals.JobApply), b.claimJob(approvals.JobApply)
	if one.RequestID == other.RequestID {
		b.Error("one job was claimed twice")
	}
}

func threadKeepsOrder(b *bench) {
	r := b.fileRequest(1)
	b.completeNext(approvals.JobPrepare)
	b.applyEvent(r, sampleProposal(group))
	b.applyEvent(r, approvals.Cancel{By: r.Requester})
	// JobPostOutcome is due while the card is not posted yet, and is asked for first.
	job := b.claimJob(approvals.JobPostOutcome, approvals.JobPostDelay, approvals.JobPostCard)
	if job.Kind != approvals.JobPostCard {
		b.Fatalf("%s was claimed before the card", job.Kind)
	}
	b.wantNoJob(approvals.JobPostOutcome)
	b.mustSucceed(b.CompleteJob(b.context(), job))
	b.completeNext(approvals.JobPostOutcome)
}

func expiredLeaseIsFenced(b *bench) {
	r := b.fileRequest(1)
	late := b.claimJob(approvals.JobPrepare)
	b.clock.advance(lease - time.Microsecond)
	b.wantNoJob(approvals.JobPrepare)
	b.clock.advance(time.Microsecond)
	taken := b.claimJob(approvals.JobPrepare)
	if taken.ID != late.ID || taken.Attempt <= late.Attempt {
		b.Fatalf("the job was taken over as %+v after %+v", taken, late)
	}
	b.wantUnchanged(func() {
		b.wantError(b.MarkTried(b.context(), late), approvals.ErrLeaseLost)
		b.wantError(b.CompleteJob(b.context(), late), approvals.ErrLeaseLost)
		b.wantError(b.RetryJob(b.context(), late, time.Hour, true), approvals.ErrLeaseLost)
		for _, late.Unfinished = range []bool{false, true} {
			_, err := b.ApplyEvent(b.context(), r.ID, sampleProposal(group), &late)
			b.wantError(err, approvals.ErrLeaseLost)
		}
	})
	kept := taken
	kept.Unfinished = true
	_, err := b.ApplyEvent(b.context(), r.ID, approvals.Delayed{Reason: "a reason"}, &kept)
	b.mustSucceed(err)
	b.mustSucceed(b.MarkTried(b.context(), taken))
	b.mustSucceed(b.CompleteJob(b.context(), taken))
}

func revokePassesUntried(b *bench) {
	held := b.doneRequest(2, group, time.Hour)
	b.completeNext(approvals.JobApply)
	waiting := b.approveRequest(b.postedCard(1, group))
	b.clock.advance(2 * time.Hour)
	b.applyEvent(held, approvals.GrantExpired{})
	write := b.claimJob(approvals.JobApply)
	b.wantNoJob(approvals.JobRevoke) // the write is under way
	b.mustSucceed(b.RetryJob(b.context(), write, time.Hour, false))
	end := b.claimJob(approvals.JobApply, approvals.JobRevoke)
	if end.Kind != approvals.JobRevoke || end.RequestID != held.ID {
		b.Fatalf("claimed %+v, want the end of %s", end, held.ID)
	}
	b.clock.advance(time.Hour)
	b.mustSucceed(b.RetryJob(b.context(), end, 0, true))
	write = b.claimJob(approvals.JobApply)
	if write.RequestID != waiting.ID {
		b.Fatalf("claimed %+v, want the write of %s", write, waiting.ID)
	}
	b.mustSucceed(b.MarkTried(b.context(), write))
	b.mustSucceed(b.RetryJob(b.context(), write, time.Hour, false))
	b.wantNoJob(approvals.JobRevoke)
}

func markTriedAfterLease(b *bench) {
	b.fileRequest(1)
	late := b.claimJob(approvals.JobPrepare)
	b.clock.advance(lease)
	b.wantUnchanged(func() { b.wantError(b.MarkTried(b.context(), late), approvals.ErrLeaseLost) })
	b.mustSucceed(b.RetryJob(b.context(), late, 0, false))
	b.wantUnchanged(func() { b.wantError(b.MarkTried(b.context(), late), approvals.ErrLeaseLost) })
}

func enqueuedWhileWaiting(b *bench) {
	r := b.postedCard(1, group)
	for _, user := range []string{"U-1", "U-2", "U-3"} {
		b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, user, "1.1", true)))
	}
	b.completeNext(approvals.JobCountVotes)
	b.wantNoJob(approvals.JobCountVotes)
}

func enqueuedWhileRunning(b *bench) {
	r := b.postedCard(1, group)
	running := b.claimJob(approvals.JobCountVotes)
	b.mustSucceed(b.MarkTried(b.context(), running))
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-1", "1.1", true)))
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-2", "1.2", true)))
	b.wantNoJob(approvals.JobCountVotes) // one worker at a time
	b.mustSucceed(b.CompleteJob(b.context(), running))
	for what, err := range map[string]error{
		"completed": b.CompleteJob(b.context(), running),
		"postponed": b.RetryJob(b.context(), running, time.Hour, false),
	} {
		if !errors.Is(err, approvals.ErrLeaseLost) {
			b.Errorf("a completed job is %s again: %v", what, err)
		}
	}
	again := b.claimJob(approvals.JobCountVotes)
	if again.Attempt <= running.Attempt || !again.TriedAt.IsZero() {
		b.Errorf("the job came again as %+v after %+v", again, running)
	}
	b.mustSucceed(b.CompleteJob(b.context(), again))
	b.wantNoJob(approvals.JobCountVotes)
}

func enqueuedSooner(b *bench) {
	r := b.postedCard(1, group)
	counting := b.claimJob(approvals.JobCountVotes)
	b.mustSucceed(b.RetryJob(b.context(), counting, time.Hour, false))
	b.wantNoJob(approvals.JobCountVotes)
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-1", "1.1", true)))
	b.completeNext(approvals.JobCountVotes)

	b.approveRequest(r) // enqueues JobUpdateCard as well
	b.mustSucceed(b.CompleteJob(b.context(), b.claimJob(approvals.JobAddReactions)))
	waiting, found, err := b.NextDue(b.context(), approvals.JobUpdateCard)
	b.mustSucceed(err)
	b.clock.advance(time.Minute)
	b.applyEvent(r, approvals.WriteFinished{State: approvals.Done}) // enqueues it again, for later
	later, still, err := b.NextDue(b.context(), approvals.JobUpdateCard)
	b.mustSucceed(err)
	if !found || !still || later != waiting-time.Minute {
		b.Errorf("due in %v (%v), a minute on in %v (%v)", waiting, found, later, still)
	}
}

func retryKeepsTried(b *bench) {
	b.fileRequest(1)
	job := b.claimJob(approvals.JobPrepare)
	b.mustSucceed(b.MarkTried(b.context(), job))
	tried := b.clock.now()
	b.mustSucceed(b.RetryJob(b.context(), job, time.Minute, false))
	b.wantNoJob(approvals.JobPrepare)
	b.clock.advance(time.Minute)
	again := b.claimJob(approvals.JobPrepare)
	if !again.TriedAt.Equal(tried) || again.Attempt != job.Attempt+1 {
		b.Errorf("the job came again as %+v, first tried %v", again, tried)
	}
}

func retryForgetsTried(b *bench) {
	b.fileRequest(1)
	job := b.claimJob(approvals.JobPrepare)
	b.mustSucceed(b.MarkTried(b.context(), job))
	b.mustSucceed(b.RetryJob(b.context(), job, 0, true))
	if again := b.claimJob(approvals.JobPrepare); !again.TriedAt.IsZero() {
		b.Errorf("TriedAt is still %v", again.TriedAt)
	}
}

func lastTryIsKept(b *bench) {
	b.fileRequest(1)
	job := b.claimJob(approvals.JobPrepare)
	b.mustSucceed(b.MarkTried(b.context(), job))
	b.clock.advance(lease)
	job = b.claimJob(approvals.JobPrepare)
	last := b.clock.now()
	b.mustSucceed(b.MarkTried(b.context(), job))
	b.clock.advance(lease)
	if job = b.claimJob(approvals.JobPrepare); !job.TriedAt.Equal(last) {
		b.Errorf("TriedAt is %v, want %v", job.TriedAt, last)
	}
}

func idsAreNeverReused(b *bench) {
	r := b.postedCard(1, group)
	late := b.completeNext(approvals.JobCountVotes)
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-1", "1.1", true)))
	fresh := b.claimJob(approvals.JobCountVotes)
	if fresh.ID == late.ID {
		b.Fatalf("job id %d was used again", late.ID)
	}
	b.wantUnchanged(func() { b.wantError(b.CompleteJob(b.context(), late), approvals.ErrLeaseLost) })
	b.mustSucceed(b.CompleteJob(b.context(), fresh))
}

func reactionBy(r approvals.Request, user, eventTS string, present bool) approvals.Reaction {
	return approvals.Reaction{
		Channel: r.Channel, TS: r.CardTS, User: user, Name: "white_check_mark", EventTS: eventTS, Present: present,
	}
}

// presentUsers lists the users with a reaction on a request's card.
func (b *bench) presentUsers(r approvals.Request) []string {
	b.Helper()
	reactions, err := b.ListReactions(b.context(), r.Channel, r.CardTS)
	b.mustSucceed(err)
	var users []string
	for _, reaction := range reactions {
		users = append(users, reaction.User)
	}
	return users
}

func (b *bench) wantPresent(r approvals.Request, want ...string) {
	b.Helper()
	if got := b.presentUsers(r); !slices.Equal(got, want) {
		b.Errorf("present are %v, want %v", got, want)
	}
}

func reactionsOutOfOrder(b *bench) {
	r := b.postedCard(1, group)
	hear := func(user, eventTS string, present bool) {
		b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, user, eventTS, present)))
	}
	hear("U-1", "1700000100.000200", false) // taken back, reported first
	hear("U-1", "1700000100.000100", true)  // added before that
	b.wantPresent(r)
	hear("U-2", "1700000100.000300", true)
	hear("U-1", "1700000100.000400", true) // added again
	b.wantPresent(r, "U-2", "U-1")

	deny := reactionBy(r, "U-1", "1700000100.000050", true)
	deny.Name = "x"
	b.mustSucceed(b.RecordReaction(b.context(), deny))
	b.wantPresent(r, "U-1", "U-2", "U-1") // each emoji counts separately
	shown, err := b.ListReactions(b.context(), r.Channel, r.CardTS)
	b.mustSucceed(err)
	if shown[0].Name != "x" || !shown[0].Present || shown[0].TS != r.CardTS {
		b.Errorf("the first reaction is %+v", shown[0])
	}
}

func reactionHeardTwice(b *bench) {
	r := b.postedCard(1, group)
	added := reactionBy(r, "U-1", "1700000100.000200", true)
	b.mustSucceed(b.RecordReaction(b.context(), added))
	b.completeNext(approvals.JobCountVotes)
	b.wantUnchanged(func() {
		b.mustSucceed(b.RecordReaction(b.context(), added))
		older := added
		older.EventTS, older.Present = "1700000100.000100", false
		b.mustSucceed(b.RecordReaction(b.context(), older))
	})
	b.wantNoJob(approvals.JobCountVotes)
	b.wantPresent(r, "U-1")
}

// Only what an event told was taken back is withdrawn; what a look does not show is
// not.
func reactionsWithdrawn(b *bench) {
	r := b.postedCard(1, group)
	hear := func(user, eventTS string, present bool) {
		b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, user, eventTS, present)))
	}
	want := func(want ...string) {
		b.Helper()
		withdrawn, err := b.ListWithdrawn(b.context(), r.Channel, r.CardTS)
		b.mustSucceed(err)
		var users []string
		for _, w := range withdrawn {
			users = append(users, w.User)
		}
		if !slices.Equal(users, want) {
			b.Errorf("withdrawn by %v, want %v", users, want)
		}
	}
	hear("U-1", "1700000100.000100", true)
	hear("U-2", "1700000100.000100", true)
	want()
	hear("U-1", "1700000100.000200", false)
	want("U-1")
	for range 2 {
		b.clock.advance(time.Hour)
		b.mustSucceed(b.ReplaceReactions(b.context(), r.Channel, r.CardTS, b.clock.now(), nil))
	}
	want("U-1")
	b.wantPresent(r)
	hear("U-1", "1700000100.000300", true)
	want()
}

// The store finds the request of a card, and knows whether the last look missed it.
func cardsAreFound(b *bench) {
	r := b.postedCard(1, group)
	found, err := b.FindByCard(b.context(), r.Channel, r.CardTS)
	b.mustSucceed(err)
	if found.ID != r.ID {
		b.Errorf("found %s", found.ID)
	}
	if _, err := b.FindByCard(b.context(), r.Channel, "1.1"); !errors.Is(err, approvals.ErrNotFound) {
		b.Errorf("another message: %v", err)
	}
	missed := func(want bool) {
		b.Helper()
		cards, err := b.ListPendingCards(b.context())
		b.mustSucceed(err)
		if len(cards) != 1 || cards[0].Missed != want {
			b.Errorf("the pending cards are %+v", cards)
		}
	}
	missed(false)
	after := b.applyEvent(r, approvals.CardMissed{})
	missed(true)
	denial := approvals.Denial{TS: "2.2", User: "U-1", Name: "x", EventTS: "1.5"}
	after = b.applyEvent(after, approvals.DeniedOnDouble{Denial: denial})
	read, err := b.Request(b.context(), r.ID)
	b.mustSucceed(err)
	denial.HeardAt = b.clock.now().UTC()
	if !read.CardMissingSince.Equal(after.CardMissingSince) || !slices.Equal(read.Denials, []approvals.Denial{denial}) ||
		!slices.Equal(read.Doubles, []string{"2.2"}) {
		b.Errorf("the store keeps %+v", read)
	}
	b.applyEvent(r, approvals.CardSeen{})
	missed(false)
}

func reactionElsewhere(b *bench) {
	r := b.postedCard(1, group)
	b.completeNext(approvals.JobCountVotes)
	elsewhere := reactionBy(r, "U-1", "1.1", true)
	elsewhere.TS = "1600000000.000001"
	b.mustSucceed(b.RecordReaction(b.context(), elsewhere))
	elsewhere = reactionBy(r, "U-1", "1.1", true)
	elsewhere.Channel = "C-OTHER"
	b.mustSucceed(b.RecordReaction(b.context(), elsewhere))
	b.wantNoJob(approvals.JobCountVotes)
	b.applyEvent(r, approvals.Cancel{By: r.Requester})
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-1", "1.1", true)))
	b.wantNoJob(approvals.JobCountVotes)
}

func reactionBeforeTimestamp(b *bench) {
	r := b.fileRequest(1)
	b.completeNext(approvals.JobPrepare)
	b.applyEvent(r, sampleProposal(group))
	posting := b.claimJob(approvals.JobPostCard)
	r.CardTS = "1700000001.000100"
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-QUICK", "1700000002.000100", true)))
	b.wantNoJob(approvals.JobCountVotes)
	_, err := b.ApplyEvent(b.context(), r.ID, approvals.CardPosted{TS: r.CardTS}, &posting)
	b.mustSucceed(err)
	b.completeNext(approvals.JobCountVotes)
	b.wantPresent(r, "U-QUICK")
}

func replaceDropsOlder(b *bench) {
	r := b.postedCard(1, group)
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-LEFT", "1.1", true)))
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-STAYED", "1.2", true)))
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-BACK", "1.3", false)))
	b.clock.advance(approvals.ReadLag + time.Second)
	shown := []approvals.Reaction{
		reactionBy(r, "U-STAYED", "", true), reactionBy(r, "U-BACK", "", true), reactionBy(r, "U-MISSED", "", true),
	}
	for range 2 {
		b.clock.advance(approvals.SecondLookAfter)
		b.mustSucceed(b.ReplaceReactions(b.context(), r.Channel, r.CardTS, b.clock.now(), shown))
	}
	got := b.presentUsers(r)
	slices.Sort(got)
	if want := []string{"U-BACK", "U-MISSED", "U-STAYED"}; !slices.Equal(got, want) {
		b.Errorf("present are %v, want %v", got, want)
	}
	// A late report of an older event does not change what Slack showed.
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-LEFT", "1.0", true)))
	if slices.Contains(b.presentUsers(r), "U-LEFT") {
		b.Error("a late report of an older event brought a reaction back")
	}
}

func replaceKeepsNewer(b *bench) {
	r := b.postedCard(1, group)
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-LEAVES", "1.1", true)))
	b.clock.advance(time.Second)
	asOf := b.clock.now()
	b.clock.advance(time.Second) // while Slack's answer is under way
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-COMES", "1.2", true)))
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-LEAVES", "1.3", false)))
	b.mustSucceed(b.ReplaceReactions(b.context(), r.Channel, r.CardTS, asOf, []approvals.Reaction{reactionBy(r, "U-LEAVES", "", true)}))
	b.wantPresent(r, "U-COMES")
}

func replaceKeepsFresh(b *bench) {
	r := b.postedCard(1, group)
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-COMES", "1.1", true)))
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-LEAVES", "1.2", false)))
	shown := []approvals.Reaction{reactionBy(r, "U-LEAVES", "", true)}
	b.clock.advance(approvals.ReadLag - time.Second)
	b.mustSucceed(b.ReplaceReactions(b.context(), r.Channel, r.CardTS, b.clock.now(), shown))
	b.wantPresent(r, "U-COMES")
	for range 2 {
		b.clock.advance(approvals.SecondLookAfter)
		b.mustSucceed(b.ReplaceReactions(b.context(), r.Channel, r.CardTS, b.clock.now(), shown))
	}
	b.wantPresent(r, "U-LEAVES")
}

// sameLookIsARead counts transactions: a look needs one only if it shows another set of reactions,
// or one that an earlier look missed.
func sameLookIsARead(b *bench) {
	counted, ok := b.Conformant.(interface{ CountTransactions() (begun, reads uint64) })
	if !ok {
		b.Skip("nothing counts the transactions of the model")
	}
	r := b.postedCard(1, group)
	one, other := reactionBy(r, "U-1", "1.1", true), reactionBy(r, "U-2", "1.2", true)
	b.mustSucceed(b.RecordReaction(b.context(), one))
	for i, look := range []struct {
		shown  []approvals.Reaction
		writes uint64
	}{
		{[]approvals.Reaction{one}, 0},
		{[]approvals.Reaction{one, other}, 1}, // a new one
		{[]approvals.Reaction{other, one}, 0},
		{[]approvals.Reaction{one, one}, 1}, // one is missed
		{[]approvals.Reaction{one, other}, 1},
		{[]approvals.Reaction{one, other}, 0},
		{nil, 1},
	} {
		b.clock.advance(2 * approvals.ReadLag)
		before, _ := counted.CountTransactions()
		b.mustSucceed(b.ReplaceReactions(b.context(), r.Channel, r.CardTS, b.clock.now(), look.shown))
		after, _ := counted.CountTransactions()
		if got := after - before; got != look.writes {
			b.Errorf("look %d took %d transactions, want %d", i+1, got, look.writes)
		}
	}
}

func backWithoutEvent(b *bench) {
	r := b.postedCard(1, group)
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-1", "1.1", true)))
	shown := []approvals.Reaction{reactionBy(r, "U-1", "", true)}
	for _, now := range [][]approvals.Reaction{nil, nil, shown} {
		b.clock.advance(2 * approvals.ReadLag)
		b.mustSucceed(b.ReplaceReactions(b.context(), r.Channel, r.CardTS, b.clock.now(), now))
	}
	reactions, err := b.ListReactions(b.context(), r.Channel, r.CardTS)
	b.mustSucceed(err)
	if len(reactions) != 1 || reactions[0].EventTS != "" || !reactions[0].SeenAt.Equal(b.clock.now()) {
		b.Errorf("the reaction is %+v", reactions)
	}
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-1", "1.3", true)))
	if reactions, err = b.ListReactions(b.context(), r.Channel, r.CardTS); reactions[0].EventTS != "1.3" {
		b.Errorf("the event does not date it: %+v, %v", reactions, err)
	}
}

// absenceNeedsTwoLooks has looks that show a dated reaction or do not, each some time after
// the one before. It is gone, and its date with it, only if two looks without it agree that
// are far enough apart.
func absenceNeedsTwoLooks(b *bench) {
	type look struct {
		after time.Duration
		shown bool
	}
	const soon, late = approvals.SecondLookAfter - time.Second, approvals.SecondLookAfter
	for n, c := range []struct {
		looks   []look
		present bool
		dated   bool
	}{
		{[]look{{late, false}}, true, true},
		{[]look{{late, false}, {soon, false}}, true, true},
		{[]look{{late, false}, {late, false}}, false, false},
		{[]look{{late, false}, {soon, false}, {soon, false}}, false, false}, // the first and the last
		{[]look{{late, false}, {late, true}}, true, true},
		{[]look{{late, false}, {soon, true}, {soon, false}}, true, true},     // shown in between
		{[]look{{late, false}, {-late, false}, {late, false}}, false, false}, // out of order
		{[]look{{late, false}, {late, false}, {time.Hour, true}}, true, false},
	} {
		r := b.postedCard(n+1, fmt.Sprint("group-", n))
		vote := reactionBy(r, "U-1", "1.1", true)
		b.mustSucceed(b.RecordReaction(b.context(), vote))
		b.completeNext(approvals.JobCountVotes)
		b.clock.advance(approvals.ReadLag + time.Minute)
		for _, l := range c.looks {
			var shown []approvals.Reaction
			if l.shown {
				shown = []approvals.Reaction{reactionBy(r, "U-1", "", true)}
			}
			b.clock.advance(l.after)
			b.mustSucceed(b.ReplaceReactions(b.context(), r.Channel, r.CardTS, b.clock.now(), shown))
		}
		listed, err := b.ListReactions(b.context(), r.Channel, r.CardTS)
		b.mustSucceed(err)
		if present := len(listed) == 1; present != c.present || present && (listed[0].EventTS != "") != c.dated {
			b.Errorf("after %+v it is %+v", c.looks, listed)
		}
		if withdrawn, err := b.ListWithdrawn(b.context(), r.Channel, r.CardTS); err != nil || len(withdrawn) > 0 {
			b.Errorf("a person took it back, as no event told: %+v, %v", withdrawn, err)
		}
	}
}

// missedAndHeard has an event tell anew of a reaction that a look missed: it takes two
// looks from there.
func missedAndHeard(b *bench) {
	r := b.postedCard(1, group)
	look := func(after time.Duration) {
		b.clock.advance(after)
		b.mustSucceed(b.ReplaceReactions(b.context(), r.Channel, r.CardTS, b.clock.now(), nil))
	}
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-1", "1.1", true)))
	look(2 * approvals.ReadLag)
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-1", "1.2", true)))
	look(2 * approvals.ReadLag)
	b.wantPresent(r, "U-1")
}

func markTriedUnlessVoted(b *bench) {
	r := b.postedCard(1, group)
	carried := reactionBy(r, "U-ANNA", "1.1", true)
	b.mustSucceed(b.RecordReaction(b.context(), carried))
	b.approveRequest(r)
	write := b.claimJob(approvals.JobApply)
	guard := approvals.VoteGuard{Carrying: []approvals.Reaction{carried}, Deniers: []string{"U-ANNA", "U-BEN"}}
	no := reactionBy(r, "U-BEN", "1.2", true)
	no.Name = "x"
	withdrawn := reactionBy(r, "U-ANNA", "1.2", false)
	for _, vote := range []approvals.Reaction{no, withdrawn} {
		b.mustSucceed(b.RecordReaction(b.context(), vote))
		b.wantUnchanged(func() { b.wantError(b.MarkTriedUnlessVoted(b.context(), write, guard), approvals.ErrVotedSince) })
		guarded := write
		guarded.Guard = &guard
		b.wantUnchanged(func() {
			_, err := b.ApplyEvent(b.context(), r.ID, approvals.ReadRefused{}, &guarded)
			b.wantError(err, approvals.ErrVotedSince)
		})
		vote.EventTS, vote.Present = "1.3", !vote.Present
		b.mustSucceed(b.RecordReaction(b.context(), vote))
	}
	b.wantError(b.MarkTriedUnlessVoted(b.context(), write, guard), approvals.ErrVotedSince) // given anew
	guard.Carrying[0].EventTS = "1.3"
	bystander := reactionBy(r, "U-BYSTANDER", "1.4", true)
	bystander.Name = "x"
	b.mustSucceed(b.RecordReaction(b.context(), bystander))
	b.mustSucceed(b.MarkTriedUnlessVoted(b.context(), write, guard))
	b.clock.advance(lease)
	b.wantError(b.MarkTriedUnlessVoted(b.context(), write, guard), approvals.ErrLeaseLost)
}

func lastConfirmed(b *bench) {
	if c, err := b.LastConfirmed(b.context(), group); err != nil || !c.At.IsZero() {
		b.Errorf("an empty store confirms %+v, %v", c, err)
	}
	for n, codes := range [][]string{{"A"}, {"A", "B"}} {
		r := b.postedCard(n+1, group)
		b.approveRequest(r)
		b.clock.advance(time.Second)
		b.applyEvent(r, approvals.WriteFinished{
			State: approvals.Done, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed, Allocation: codes},
		})
		c, err := b.LastConfirmed(b.context(), group)
		if err != nil || !slices.Equal(c.Codes, codes) || !c.At.Equal(b.clock.now()) {
			b.Errorf("confirmed is %+v, %v", c, err)
		}
	}
}

func nextDueTime(b *bench) {
	if _, found, err := b.NextDue(b.context(), approvals.JobPrepare, approvals.JobExpire); found || err != nil {
		b.Errorf("a job is due in an empty store: %v", err)
	}
	r := b.fileRequest(1)
	wait := func(want time.Duration, kinds ...approvals.JobKind) {
		b.Helper()
		got, found, err := b.NextDue(b.context(), kinds...)
		b.mustSucceed(err)
		if !found || got != want {
			b.Errorf("%v due in %v (%v), want %v", kinds, got, found, want)
		}
	}
	wait(0, approvals.JobExpire, approvals.JobPrepare)
	wait(ttl, approvals.JobExpire)
	job := b.claimJob(approvals.JobPrepare)
	wait(lease, approvals.JobExpire, approvals.JobPrepare) // when the lease expires
	b.mustSucceed(b.RetryJob(b.context(), job, time.Hour, false))
	wait(time.Hour, approvals.JobPrepare)
	b.clock.advance(time.Hour + time.Second)
	wait(-time.Second, approvals.JobPrepare)
	b.applyEvent(r, approvals.Cancel{By: r.Requester})
	if _, found, err := b.NextDue(b.context(), approvals.JobPrepare, approvals.JobExpire); found || err != nil {
		b.Errorf("a cancelled request has a job: %v", err)
	}
}

func nextDueInLane(b *bench) {
	b.approveRequest(b.postedCard(1, group))
	b.approveRequest(b.postedCard(2, group))
	b.claimJob(approvals.JobApply)
	wait, found, err := b.NextDue(b.context(), approvals.JobApply)
	b.mustSucceed(err)
	if !found || wait != lease {
		b.Errorf("the lane is due in %v (%v), want the lease of its head, %v", wait, found, lease)
	}
}

func wasSignaled(wake <-chan struct{}) bool {
	select {
	case <-wake:
		return true
	default:
		return false
	}
}

// awaitSignal waits for a signal that may come from another connection.
func (b *bench) awaitSignal(wake <-chan struct{}, what string) {
	b.Helper()
	guard, cancel := context.WithTimeout(b.context(), 5*time.Second)
	defer cancel()
	select {
	case <-wake:
	case <-guard.Done():
		b.Errorf("no signal came after: %s", what)
	}
}

func signalsByKind(b *bench) {
	prepare, stop := b.Subscribe(approvals.JobPrepare, approvals.JobCountVotes)
	defer stop()
	apply, stopApply := b.Subscribe(approvals.JobApply)
	defer stopApply()
	b.fileRequest(1)
	b.fileRequest(2) // the channel keeps one signal of two
	b.awaitSignal(prepare, "a request was filed")
	if wasSignaled(apply) {
		b.Error("a signal came for another kind")
	}
	job := b.claimJob(approvals.JobPrepare)
	wasSignaled(prepare)
	b.mustSucceed(b.RetryJob(b.context(), job, 0, false))
	b.awaitSignal(prepare, "a job was retried")
	stop()
	stop() // a second call does no harm
	b.fileRequest(3)
	if wasSignaled(prepare) {
		b.Error("a signal came after stop")
	}
}

func signalsLaneMates(b *bench) {
	b.approveRequest(b.postedCard(1, group))
	b.approveRequest(b.postedCard(2, group))
	head := b.claimJob(approvals.JobApply)
	wake, stop := b.Subscribe(approvals.JobApply)
	defer stop()
	b.mustSucceed(b.CompleteJob(b.context(), head))
	b.awaitSignal(wake, "the head of the lane was completed")

	r := b.fileRequest(3)
	b.applyEvent(r, sampleProposal("group-03"))
	b.applyEvent(r, approvals.Cancel{By: r.Requester})
	card := b.claimJob(approvals.JobPostCard)
	reply, stopReply := b.Subscribe(approvals.JobPostOutcome)
	defer stopReply()
	b.mustSucceed(b.CompleteJob(b.context(), card))
	b.awaitSignal(reply, "the card before the outcome was completed")
}

func signalsNothing(b *bench) {
	r := b.postedCard(1, group)
	wake, stop := b.Subscribe(approvals.JobCountVotes, approvals.JobUpdateCard, approvals.JobPostOutcome, approvals.JobExpire)
	defer stop()
	_, err := b.ApplyEvent(b.context(), r.ID, approvals.Mismatch{}, nil)
	b.wantError(err, approvals.ErrNoTransition)
	late := approvals.LeasedJob{ID: 1 << 40, RequestID: r.ID, Job: approvals.Job{Kind: approvals.JobCountVotes}}
	_, err = b.ApplyEvent(b.context(), r.ID, approvals.Cancel{By: r.Requester}, &late)
	b.wantError(err, approvals.ErrLeaseLost)
	if wasSignaled(wake) {
		b.Error("a signal came for an event that changed nothing")
	}
}

func deadLettersOnce(b *bench) {
	b.mustSucceed(b.DeadLetter(b.context(), "envelope-1", "unknown type", []byte(`{"type":"news"}`)))
	b.wantUnchanged(func() {
		b.mustSucceed(b.DeadLetter(b.context(), "envelope-1", "unknown type", []byte(`{"type":"news"}`)))
	})
	b.mustSucceed(b.DeadLetter(b.context(), "envelope-2", "unknown type", nil))
	if n := len(b.Dump(b.T)["dead_letters"]); n != 2 {
		b.Errorf("%d dead letters are stored, want 2", n)
	}
}

func cancelledContext(b *bench) {
	r := b.postedCard(1, group)
	ctx, cancel := context.WithCancel(b.context())
	cancel()
	b.wantUnchanged(func() {
		if _, err := b.ApplyEvent(ctx, r.ID, approvals.Cancel{By: r.Requester}, nil); !errors.Is(err, context.Canceled) {
			b.Errorf("ApplyEvent: %v", err)
		}
		if _, _, err := b.FileRequest(ctx, sampleRequest(2)); !errors.Is(err, context.Canceled) {
			b.Errorf("FileRequest: %v", err)
		}
	})
	b.mustSucceed(b.Ping(b.context())) // the connection can still be used
}
