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

// Conformant is what a store must be for the bot: what the workers need of it
// and what the bot's intake does.
type Conformant interface {
	worker.Store
	FileRequest(ctx context.Context, r approvals.Request) (approvals.Request, bool, error)
	Request(ctx context.Context, id string) (approvals.Request, error)
	RecordReaction(ctx context.Context, heard approvals.Reaction) error
	DeadLetter(ctx context.Context, envelope, why string, raw []byte) error
	CountUnposted(ctx context.Context, most int) (int, error)
	Ping(ctx context.Context) error
	Close() error

	// Dump reads every table as text, row by row: what changes nothing leaves
	// it as it was.
	Dump(t *testing.T) map[string][]string
}

// conform holds a store to its contract. open returns an empty store that
// takes its time from now and is closed when the test ends.
func conform(t *testing.T, open func(t *testing.T, now func() time.Time) Conformant) {
	for _, c := range []struct {
		name string
		test func(*bench)
	}{
		{"File keeps what it was given", fileKeeps},
		{"File takes an envelope once", fileOnce},
		{"File takes an envelope once, raced by twenty", fileRaced},
		{"File wants an id and an envelope of its own", fileDistinct},
		{"an unknown request is ErrNoRequest", unknownRequest},
		{"Step keeps request, journal and owed work together", stepTogether},
		{"Step without a move changes nothing", stepNoMove},
		{"Step with a lost lease changes nothing", stepLost},
		{"Step settles its task", stepSettles},
		{"Step raced by twenty moves once", stepRaced},
		{"an end drops what became pointless", endDrops},
		{"Claim finds nothing where nothing is due", claimNothing},
		{"Claim prefers the first kinds, then the oldest", claimOrder},
		{"Claim raced by twenty has one winner", claimRaced},
		{"Claim hands each of many tasks to one of many", claimMany},
		{"two writes to one group never overlap", laneOfGroup},
		{"writes to two groups do overlap", lanesApart},
		{"a thread's posts keep their order", laneOfThread},
		{"a lapsed lease is taken over and fences its holder", leaseLapses},
		{"the end of a grant waits for no write that was not tried", endBeforeUntried},
		{"a write waits for no write that was not tried", writeBeforeUntried},
		{"a lapsed lease may not be tried under, taken over or not", lapsedTry},
		{"owed again while it waits runs once", owedWhileWaiting},
		{"owed again while it runs runs once more", owedWhileRunning},
		{"owing again hastens and never delays", owedSooner},
		{"Defer gives back, and keeps what was tried", deferKeeps},
		{"Defer forgets an attempt that had no effect", deferUntries},
		{"a first attempt's time outlives later ones", triedOnce},
		{"ids are not used again", idsFresh},
		{"a request that is not understood holds up no other", unreadable},
		{"reactions arriving out of order settle by event time", reactionOrder},
		{"a reaction told twice is weighed once", reactionTwice},
		{"reactions are weighed on the cards of open requests only", reactionElsewhere},
		{"a reaction heard before the card's timestamp is weighed after it", reactionBeforeCard},
		{"Seen replaces what was heard before the look", seenReplaces},
		{"Seen keeps what was heard since the look", seenKeeps},
		{"Wait tells the next due time", waitNext},
		{"Wait passes over blocked lanes", waitLane},
		{"Listen wakes for its kinds alone", listenKinds},
		{"Listen wakes who waits behind a lane's head", listenLane},
		{"a step that changes nothing wakes nobody", listenNothing},
		{"Granted lists who holds codes for a time, in the order of the journal", grantedInOrder},
		{"Granted forgets what is over", grantedOver},
		{"Changing lists for whom a rule is being changed", changing},
		{"what is owed for later holds nobody up", timersWait},
		{"an end and an apply on one group never overlap", laneOfEnds},
		{"dead letters are kept once", deadLetters},
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

// A bench is a store under test with the clock it takes its time from.
type bench struct {
	*testing.T
	Conformant
	clock *clock
}

func (b *bench) ctx() context.Context { return b.Context() }

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) want(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Fatalf("got error %v, want %v", err, want)
	}
}

func ask(n int) approvals.Request {
	return approvals.Request{
		ID: fmt.Sprintf("R-%08d", n), EnvelopeID: fmt.Sprintf("envelope-%d", n), Requester: "U-REQUESTER",
		OriginChannel: "C-ORIGIN", Channel: channel,
		Ask:   approvals.Ask{Group: group, Codes: []string{"RPADEVPRONU", "IDU"}, Reason: "‘quarter’ end"},
		Terms: approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U-ANNA", "S-GROUP"}, Quorum: 1}}, TTL: ttl},
	}
}

func (b *bench) file(n int) approvals.Request {
	b.Helper()
	r, again, err := b.FileRequest(b.ctx(), ask(n))
	b.must(err)
	if again {
		b.Fatalf("request %d was filed before", n)
	}
	return r
}

func (b *bench) step(r approvals.Request, e approvals.Event) approvals.Request {
	b.Helper()
	after, err := b.ApplyEvent(b.ctx(), r.ID, e, nil)
	b.must(err)
	return after
}

// claim takes a task that must be there.
func (b *bench) claim(kinds ...approvals.JobKind) approvals.LeasedJob {
	b.Helper()
	task, r, err := b.ClaimJob(b.ctx(), lease, kinds...)
	b.must(err)
	if r.ID != task.RequestID {
		b.Fatalf("a task of %s came with request %s", task.RequestID, r.ID)
	}
	return task
}

func (b *bench) nothing(kinds ...approvals.JobKind) {
	b.Helper()
	task, _, err := b.ClaimJob(b.ctx(), lease, kinds...)
	if !errors.Is(err, approvals.ErrNoJob) {
		b.Fatalf("claimed %+v, %v; want nothing", task, err)
	}
}

// finish claims work and settles it.
func (b *bench) finish(kinds ...approvals.JobKind) approvals.LeasedJob {
	b.Helper()
	task := b.claim(kinds...)
	b.must(b.CompleteJob(b.ctx(), task))
	return task
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func proposal(group string) approvals.Prepared {
	return approvals.Prepared{Proposal: approvals.Proposal{
		Group: approvals.Group{ID: group, Name: "Robot developers"},
		Change: approvals.Change{
			Add: []string{"RPADEVPRONU", "IDU"}, Keep: []string{"CTZDEVCU"},
		},
		Quotas: []approvals.Quota{{Code: "CTZDEVCU", Limit: 3}},
		Seats:  []approvals.Seats{{Code: "IDU", Allocated: 1, Total: 9}},
	}, Terms: approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U-ANNA", "S-GROUP"}, Quorum: 1}}, TTL: ttl}}
}

// ownProposal is a proposal that no other request makes.
func ownProposal(group, id string) approvals.Prepared {
	asked := proposal(group)
	asked.Proposal.Change.Add = append(asked.Proposal.Change.Add, strings.ReplaceAll(id, "-", ""))
	return asked
}

// card is a pending request with its card posted and all but its weighing done.
func (b *bench) card(n int, group string) approvals.Request {
	b.Helper()
	r := b.file(n)
	b.finish(approvals.JobPrepare)
	b.step(r, ownProposal(group, r.ID))
	b.finish(approvals.JobPostCard)
	return b.step(r, approvals.CardPosted{TS: fmt.Sprintf("17000000%02d.000100", n)})
}

func (b *bench) approve(r approvals.Request) approvals.Request {
	b.Helper()
	return b.step(r, approvals.VotesCounted{Ballots: []approvals.Ballot{{User: "U-ANNA", Eligibility: approvals.Counts, Stages: []int{0}}}})
}

// unchanged runs what must change nothing.
func (b *bench) unchanged(what func()) {
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

func fileKeeps(b *bench) {
	want := ask(1)
	filed, again, err := b.FileRequest(b.ctx(), want)
	b.must(err)
	if again {
		b.Error("a first delivery is said to come again")
	}
	now := b.clock.now()
	if filed.State != approvals.Filed || !filed.FiledAt.Equal(now) || !filed.Deadline.Equal(now.Add(ttl)) {
		b.Errorf("filed as %s at %v until %v", filed.State, filed.FiledAt, filed.Deadline)
	}
	read, err := b.Request(b.ctx(), want.ID)
	b.must(err)
	if got, want := asJSON(b.T, read), asJSON(b.T, filed); got != want {
		b.Errorf("read back\n%s, filed\n%s", got, want)
	}
	if read.Ask.Reason != want.Ask.Reason || !slices.Equal(read.Ask.Codes, want.Ask.Codes) || read.OriginChannel != want.OriginChannel {
		b.Errorf("read back %+v", read)
	}
	if task := b.claim(approvals.JobPrepare); task.RequestID != want.ID || task.Attempt != 1 {
		b.Errorf("owes %+v", task)
	}
	wait, owed, err := b.NextDue(b.ctx(), approvals.JobExpire)
	b.must(err)
	if !owed || wait != ttl {
		b.Errorf("expires in %v, %v", wait, owed)
	}
}

func fileOnce(b *bench) {
	first := b.file(1)
	b.clock.advance(time.Minute)
	second := ask(2)
	second.EnvelopeID = first.EnvelopeID
	b.unchanged(func() {
		found, again, err := b.FileRequest(b.ctx(), second)
		b.must(err)
		if !again || found.ID != first.ID || !found.FiledAt.Equal(first.FiledAt) {
			b.Errorf("a redelivery found %s (%v), want %s", found.ID, again, first.ID)
		}
	})
	_, err := b.Request(b.ctx(), second.ID)
	b.want(err, approvals.ErrNotFound)
}

// race runs work n times at once and returns how often it returned true.
func race(n int, work func(i int) bool) int {
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

func fileRaced(b *bench) {
	var ids sync.Map
	first := race(20, func(i int) bool {
		r := ask(i)
		r.EnvelopeID = "the same"
		filed, again, err := b.FileRequest(b.ctx(), r)
		if err != nil {
			b.Error(err)
		}
		ids.Store(filed.ID, true)
		return err == nil && !again
	})
	distinct := 0
	ids.Range(func(any, any) bool { distinct++; return true })
	if first != 1 || distinct != 1 {
		b.Errorf("%d filings were first and %d requests were returned, want one", first, distinct)
	}
	b.finish(approvals.JobPrepare)
	b.nothing(approvals.JobPrepare)
	if n := len(b.Dump(b.T)["requests"]); n != 1 {
		b.Errorf("%d requests are stored", n)
	}
}

func fileDistinct(b *bench) {
	first := b.file(1)
	same := ask(2)
	same.ID = first.ID
	b.unchanged(func() {
		if _, _, err := b.FileRequest(b.ctx(), same); err == nil {
			b.Error("a second request took the first one's id")
		}
	})
}

func unknownRequest(b *bench) {
	_, err := b.Request(b.ctx(), "R-NOTTHERE")
	b.want(err, approvals.ErrNotFound)
	_, err = b.ApplyEvent(b.ctx(), "R-NOTTHERE", approvals.Expire{}, nil)
	b.want(err, approvals.ErrNotFound)
}

func stepTogether(b *bench) {
	r := b.card(1, group)
	b.clock.advance(time.Hour)
	lines := len(b.Dump(b.T)["journal"])
	after := b.approve(r)
	if after.State != approvals.Approved || !after.DecidedAt.Equal(b.clock.now()) {
		b.Errorf("%s, decided %v", after.State, after.DecidedAt)
	}
	read, err := b.Request(b.ctx(), r.ID)
	b.must(err)
	if got, want := asJSON(b.T, read), asJSON(b.T, after); got != want {
		b.Errorf("Step returned\n%s, read\n%s", want, got)
	}
	if read.Proposal == nil || read.Proposal.Quotas[0].Limit != 3 || read.Votes[0].User != "U-ANNA" {
		b.Errorf("read back %+v", read)
	}
	if n := len(b.Dump(b.T)["journal"]); n != lines+1 {
		b.Errorf("the journal grew from %d lines to %d", lines, n)
	}
	if task := b.claim(approvals.JobApply); task.RequestID != r.ID {
		b.Errorf("owes %+v", task)
	}
}

func stepNoMove(b *bench) {
	r := b.card(1, group)
	weigh := b.claim(approvals.JobCountVotes)
	b.unchanged(func() {
		_, err := b.ApplyEvent(b.ctx(), r.ID, approvals.Mismatch{}, nil)
		b.want(err, approvals.ErrNoTransition)
		_, err = b.ApplyEvent(b.ctx(), r.ID, approvals.Expire{}, &weigh)
		b.want(err, approvals.ErrNoTransition)
		_, err = b.ApplyEvent(b.ctx(), r.ID, approvals.Cancel{By: "U-ANNA"}, nil)
		b.want(err, approvals.ErrNotPermitted)
	})
}

func stepLost(b *bench) {
	r := b.card(1, group)
	late := b.claim(approvals.JobCountVotes)
	b.clock.advance(lease + time.Second)
	b.claim(approvals.JobCountVotes)
	b.unchanged(func() {
		_, err := b.ApplyEvent(b.ctx(), r.ID, approvals.VotesCounted{
			Ballots: []approvals.Ballot{{User: "U-ANNA", Eligibility: approvals.Counts, Stages: []int{0}}},
		}, &late)
		b.want(err, approvals.ErrLeaseLost)
	})
	if read, err := b.Request(b.ctx(), r.ID); err != nil || read.State != approvals.Pending {
		b.Errorf("%s, %v", read.State, err)
	}
	b.nothing(approvals.JobApply)
}

func stepSettles(b *bench) {
	r := b.file(1)
	task := b.claim(approvals.JobPrepare)
	_, err := b.ApplyEvent(b.ctx(), r.ID, proposal(group), &task)
	b.must(err)
	b.clock.advance(2 * lease)
	b.nothing(approvals.JobPrepare)
	b.want(b.CompleteJob(b.ctx(), task), approvals.ErrLeaseLost)
}

func stepRaced(b *bench) {
	r := b.card(1, group)
	moved := race(20, func(int) bool {
		_, err := b.ApplyEvent(b.ctx(), r.ID, approvals.Cancel{By: r.Requester}, nil)
		if err != nil && !errors.Is(err, approvals.ErrNoTransition) {
			b.Error(err)
		}
		return err == nil
	})
	if moved != 1 {
		b.Errorf("cancelled %d times", moved)
	}
	b.finish(approvals.JobPostOutcome)
	b.nothing(approvals.JobPostOutcome)
}

func endDrops(b *bench) {
	r := b.card(1, group)
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-ANNA", "1.1", true)))
	running := b.claim(approvals.JobCountVotes)
	b.step(r, approvals.Cancel{By: r.Requester})
	b.clock.advance(2 * ttl)
	b.nothing(approvals.JobExpire, approvals.JobCountVotes, approvals.JobPrepare)
	b.want(b.MarkTried(b.ctx(), running), approvals.ErrLeaseLost)
	b.want(b.CompleteJob(b.ctx(), running), approvals.ErrLeaseLost)
}

func claimNothing(b *bench) {
	b.nothing(approvals.JobPrepare, approvals.JobApply)
	b.file(1)
	b.nothing(approvals.JobApply)
	b.nothing(approvals.JobExpire) // owed, but not due
	b.clock.advance(ttl)
	b.claim(approvals.JobExpire)
}

func claimOrder(b *bench) {
	first := b.file(1)
	b.clock.advance(time.Second)
	b.file(2)
	if got := b.claim(approvals.JobApply, approvals.JobPrepare); got.RequestID != first.ID {
		b.Errorf("claimed %s first", got.RequestID)
	}
	b.clock.advance(ttl) // now expiry is due, and so is vetting
	if got := b.claim(approvals.JobExpire, approvals.JobPrepare); got.Kind != approvals.JobExpire {
		b.Errorf("claimed %s first", got.Kind)
	}
}

func claimRaced(b *bench) {
	b.file(1)
	won := race(20, func(int) bool {
		_, _, err := b.ClaimJob(b.ctx(), lease, approvals.JobPrepare)
		if err != nil && !errors.Is(err, approvals.ErrNoJob) {
			b.Error(err)
		}
		return err == nil
	})
	if won != 1 {
		b.Errorf("%d claimed the same task", won)
	}
}

func claimMany(b *bench) {
	const many = 40
	for n := range many {
		b.file(n)
	}
	var taken sync.Map
	race(8, func(int) bool {
		for {
			task, _, err := b.ClaimJob(b.ctx(), lease, approvals.JobPrepare)
			if errors.Is(err, approvals.ErrNoJob) {
				return true
			}
			if err != nil {
				b.Error(err)
				return false
			}
			if _, twice := taken.LoadOrStore(task.ID, true); twice {
				b.Errorf("task %d was claimed twice", task.ID)
			}
			if err := b.CompleteJob(b.ctx(), task); err != nil {
				b.Error(err)
			}
		}
	})
	n := 0
	taken.Range(func(any, any) bool { n++; return true })
	if n != many {
		b.Errorf("%d of %d tasks were claimed", n, many)
	}
}

func laneOfGroup(b *bench) {
	first, second := b.card(1, group), b.card(2, group)
	b.approve(first)
	b.approve(second)
	running := b.claim(approvals.JobApply)
	if running.RequestID != first.ID {
		b.Errorf("%s is written first", running.RequestID)
	}
	b.nothing(approvals.JobApply)

	// One that was tried keeps the turn while it waits, and so does running out
	// of lease.
	b.must(b.MarkTried(b.ctx(), running))
	b.must(b.RetryJob(b.ctx(), running, time.Minute, false))
	b.nothing(approvals.JobApply)
	b.clock.advance(time.Minute)
	running = b.claim(approvals.JobApply)
	if running.RequestID != first.ID {
		b.Errorf("%s overtook", running.RequestID)
	}
	b.clock.advance(lease)
	running = b.claim(approvals.JobApply)
	if running.RequestID != first.ID {
		b.Errorf("%s overtook what ran out of lease", running.RequestID)
	}
	b.must(b.CompleteJob(b.ctx(), running))
	if next := b.claim(approvals.JobApply); next.RequestID != second.ID {
		b.Errorf("%s comes next", next.RequestID)
	}
}

func writeBeforeUntried(b *bench) {
	first, second := b.card(1, group), b.card(2, group)
	b.approve(first)
	b.approve(second)
	b.must(b.RetryJob(b.ctx(), b.claim(approvals.JobApply), lease/2, false))
	write := b.claim(approvals.JobApply)
	if write.RequestID != second.ID {
		b.Fatalf("claimed %+v, want the write of %s", write, second.ID)
	}
	b.clock.advance(lease / 2)
	b.nothing(approvals.JobApply) // they never overlap
	b.must(b.MarkTried(b.ctx(), write))
	b.must(b.RetryJob(b.ctx(), write, time.Minute, false))
	b.nothing(approvals.JobApply) // what the rule is, is known only once that has settled
	b.clock.advance(time.Minute)
	if write = b.claim(approvals.JobApply); write.RequestID != second.ID {
		b.Fatalf("claimed %+v, want the write of %s again", write, second.ID)
	}
	b.must(b.CompleteJob(b.ctx(), write))
	if write = b.claim(approvals.JobApply); write.RequestID != first.ID {
		b.Errorf("claimed %+v, want the write of %s", write, first.ID)
	}
}

func unreadable(b *bench) {
	broken := b.file(1)
	b.clock.advance(time.Second)
	other := b.file(2)
	set := func(body string) {
		_, err := b.store().write.ExecContext(b.ctx(), `UPDATE requests SET body = $1 WHERE id = $2`, body, broken.ID)
		b.must(err)
	}
	body := b.under().column(b.T, `SELECT body FROM requests WHERE id = '`+broken.ID+`'`)[0]
	set(`{"ask": 1}`)
	for range 2 { // as often as it is due
		task, _, err := b.ClaimJob(b.ctx(), lease, approvals.JobPrepare)
		if err == nil || errors.Is(err, approvals.ErrNoJob) || task.RequestID != broken.ID {
			b.Fatalf("claimed %+v, %v; want to hear of %s", task, err, broken.ID)
		}
		wait, owed, err := b.NextDue(b.ctx(), approvals.JobPrepare)
		b.must(err)
		if task := b.claim(approvals.JobPrepare); task.RequestID != other.ID {
			b.Fatalf("claimed %+v, want what %s owes", task, other.ID)
		} else {
			b.must(b.RetryJob(b.ctx(), task, time.Hour, true))
		}
		if !owed || wait > 0 {
			b.Errorf("the next is due in %v, %v", wait, owed)
		}
		b.nothing(approvals.JobPrepare)
		b.clock.advance(time.Hour)
	}
	set(body)
	if task := b.claim(approvals.JobPrepare); task.RequestID != broken.ID {
		b.Errorf("claimed %+v, want what %s owes", task, broken.ID)
	}
}

func lanesApart(b *bench) {
	b.approve(b.card(1, "group-01"))
	b.approve(b.card(2, "group-02"))
	one, other := b.claim(approvals.JobApply), b.claim(approvals.JobApply)
	if one.RequestID == other.RequestID {
		b.Error("one task was claimed twice")
	}
}

func laneOfThread(b *bench) {
	r := b.file(1)
	b.finish(approvals.JobPrepare)
	b.step(r, proposal(group))
	b.step(r, approvals.Cancel{By: r.Requester})
	// The end is owed while the card is not yet posted, and asked for first.
	task := b.claim(approvals.JobPostOutcome, approvals.JobPostDelay, approvals.JobPostCard)
	if task.Kind != approvals.JobPostCard {
		b.Fatalf("%s came before the card", task.Kind)
	}
	b.nothing(approvals.JobPostOutcome)
	b.must(b.CompleteJob(b.ctx(), task))
	b.finish(approvals.JobPostOutcome)
}

func leaseLapses(b *bench) {
	r := b.file(1)
	late := b.claim(approvals.JobPrepare)
	b.clock.advance(lease - time.Microsecond)
	b.nothing(approvals.JobPrepare)
	b.clock.advance(time.Microsecond)
	taken := b.claim(approvals.JobPrepare)
	if taken.ID != late.ID || taken.Attempt <= late.Attempt {
		b.Fatalf("taken over as %+v after %+v", taken, late)
	}
	b.unchanged(func() {
		b.want(b.MarkTried(b.ctx(), late), approvals.ErrLeaseLost)
		b.want(b.CompleteJob(b.ctx(), late), approvals.ErrLeaseLost)
		b.want(b.RetryJob(b.ctx(), late, time.Hour, true), approvals.ErrLeaseLost)
		for _, late.Unfinished = range []bool{false, true} {
			_, err := b.ApplyEvent(b.ctx(), r.ID, proposal(group), &late)
			b.want(err, approvals.ErrLeaseLost)
		}
	})
	kept := taken
	kept.Unfinished = true
	_, err := b.ApplyEvent(b.ctx(), r.ID, approvals.Delayed{Reason: "a reason"}, &kept)
	b.must(err)
	b.must(b.MarkTried(b.ctx(), taken))
	b.must(b.CompleteJob(b.ctx(), taken))
}

func endBeforeUntried(b *bench) {
	held := b.done(2, group, time.Hour)
	b.finish(approvals.JobApply)
	waiting := b.approve(b.card(1, group))
	b.clock.advance(2 * time.Hour)
	b.step(held, approvals.GrantExpired{})
	write := b.claim(approvals.JobApply)
	b.nothing(approvals.JobRevoke) // it is under way
	b.must(b.RetryJob(b.ctx(), write, time.Hour, false))
	end := b.claim(approvals.JobApply, approvals.JobRevoke)
	if end.Kind != approvals.JobRevoke || end.RequestID != held.ID {
		b.Fatalf("claimed %+v, want the end of %s", end, held.ID)
	}
	b.clock.advance(time.Hour)
	b.must(b.RetryJob(b.ctx(), end, 0, true))
	write = b.claim(approvals.JobApply)
	if write.RequestID != waiting.ID {
		b.Fatalf("claimed %+v, want the write of %s", write, waiting.ID)
	}
	b.must(b.MarkTried(b.ctx(), write))
	b.must(b.RetryJob(b.ctx(), write, time.Hour, false))
	b.nothing(approvals.JobRevoke)
}

func lapsedTry(b *bench) {
	b.file(1)
	late := b.claim(approvals.JobPrepare)
	b.clock.advance(lease)
	b.unchanged(func() { b.want(b.MarkTried(b.ctx(), late), approvals.ErrLeaseLost) })
	b.must(b.RetryJob(b.ctx(), late, 0, false))
	b.unchanged(func() { b.want(b.MarkTried(b.ctx(), late), approvals.ErrLeaseLost) })
}

func owedWhileWaiting(b *bench) {
	r := b.card(1, group)
	for _, user := range []string{"U-1", "U-2", "U-3"} {
		b.must(b.RecordReaction(b.ctx(), thumb(r, user, "1.1", true)))
	}
	b.finish(approvals.JobCountVotes)
	b.nothing(approvals.JobCountVotes)
}

func owedWhileRunning(b *bench) {
	r := b.card(1, group)
	running := b.claim(approvals.JobCountVotes)
	b.must(b.MarkTried(b.ctx(), running))
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-1", "1.1", true)))
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-2", "1.2", true)))
	b.nothing(approvals.JobCountVotes) // while it runs nobody else runs it
	b.must(b.CompleteJob(b.ctx(), running))
	for what, err := range map[string]error{"settled": b.CompleteJob(b.ctx(), running), "put off": b.RetryJob(b.ctx(), running, time.Hour, false)} {
		if !errors.Is(err, approvals.ErrLeaseLost) {
			b.Errorf("what was settled is %s again: %v", what, err)
		}
	}
	again := b.claim(approvals.JobCountVotes)
	if again.Attempt <= running.Attempt || !again.TriedAt.IsZero() {
		b.Errorf("owed once more as %+v after %+v", again, running)
	}
	b.must(b.CompleteJob(b.ctx(), again))
	b.nothing(approvals.JobCountVotes)
}

func owedSooner(b *bench) {
	r := b.card(1, group)
	weigh := b.claim(approvals.JobCountVotes)
	b.must(b.RetryJob(b.ctx(), weigh, time.Hour, false))
	b.nothing(approvals.JobCountVotes)
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-1", "1.1", true)))
	b.finish(approvals.JobCountVotes)

	b.approve(r) // owes Render as well
	b.must(b.CompleteJob(b.ctx(), b.claim(approvals.JobAddReactions)))
	waiting, owed, err := b.NextDue(b.ctx(), approvals.JobUpdateCard)
	b.must(err)
	b.clock.advance(time.Minute)
	b.step(r, approvals.WriteFinished{State: approvals.Done}) // owes it again, later
	later, still, err := b.NextDue(b.ctx(), approvals.JobUpdateCard)
	b.must(err)
	if !owed || !still || later != waiting-time.Minute {
		b.Errorf("due in %v (%v), a minute on in %v (%v)", waiting, owed, later, still)
	}
}

func deferKeeps(b *bench) {
	b.file(1)
	task := b.claim(approvals.JobPrepare)
	b.must(b.MarkTried(b.ctx(), task))
	tried := b.clock.now()
	b.must(b.RetryJob(b.ctx(), task, time.Minute, false))
	b.nothing(approvals.JobPrepare)
	b.clock.advance(time.Minute)
	again := b.claim(approvals.JobPrepare)
	if !again.TriedAt.Equal(tried) || again.Attempt != task.Attempt+1 {
		b.Errorf("given back as %+v, first tried %v", again, tried)
	}
}

func deferUntries(b *bench) {
	b.file(1)
	task := b.claim(approvals.JobPrepare)
	b.must(b.MarkTried(b.ctx(), task))
	b.must(b.RetryJob(b.ctx(), task, 0, true))
	if again := b.claim(approvals.JobPrepare); !again.TriedAt.IsZero() {
		b.Errorf("still tried at %v", again.TriedAt)
	}
}

func triedOnce(b *bench) {
	b.file(1)
	task := b.claim(approvals.JobPrepare)
	first := b.clock.now()
	b.must(b.MarkTried(b.ctx(), task))
	b.clock.advance(lease)
	task = b.claim(approvals.JobPrepare)
	b.must(b.MarkTried(b.ctx(), task))
	b.clock.advance(lease)
	if task = b.claim(approvals.JobPrepare); !task.TriedAt.Equal(first) {
		b.Errorf("tried at %v, want %v", task.TriedAt, first)
	}
}

func idsFresh(b *bench) {
	r := b.card(1, group)
	late := b.finish(approvals.JobCountVotes)
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-1", "1.1", true)))
	fresh := b.claim(approvals.JobCountVotes)
	if fresh.ID == late.ID {
		b.Fatalf("id %d is used again", late.ID)
	}
	b.unchanged(func() { b.want(b.CompleteJob(b.ctx(), late), approvals.ErrLeaseLost) })
	b.must(b.CompleteJob(b.ctx(), fresh))
}

func thumb(r approvals.Request, user, eventTS string, present bool) approvals.Reaction {
	return approvals.Reaction{
		Channel: r.Channel, TS: r.CardTS, User: user, Name: "white_check_mark", EventTS: eventTS, Present: present,
	}
}

// who lists the users whose reactions are present on a request's card.
func (b *bench) who(r approvals.Request) []string {
	b.Helper()
	reactions, err := b.ListReactions(b.ctx(), r.Channel, r.CardTS)
	b.must(err)
	var users []string
	for _, reaction := range reactions {
		users = append(users, reaction.User)
	}
	return users
}

func (b *bench) present(r approvals.Request, want ...string) {
	b.Helper()
	if got := b.who(r); !slices.Equal(got, want) {
		b.Errorf("present are %v, want %v", got, want)
	}
}

func reactionOrder(b *bench) {
	r := b.card(1, group)
	hear := func(user, eventTS string, present bool) {
		b.must(b.RecordReaction(b.ctx(), thumb(r, user, eventTS, present)))
	}
	hear("U-1", "1700000100.000200", false) // taken back, told first
	hear("U-1", "1700000100.000100", true)  // added before that
	b.present(r)
	hear("U-2", "1700000100.000300", true)
	hear("U-1", "1700000100.000400", true) // added again
	b.present(r, "U-2", "U-1")

	deny := thumb(r, "U-1", "1700000100.000050", true)
	deny.Name, deny.Deny = "x", true
	b.must(b.RecordReaction(b.ctx(), deny))
	b.present(r, "U-1", "U-2", "U-1") // each emoji by itself
	shown, err := b.ListReactions(b.ctx(), r.Channel, r.CardTS)
	b.must(err)
	if !shown[0].Deny || shown[0].Name != "x" || !shown[0].Present || shown[0].TS != r.CardTS {
		b.Errorf("first is %+v", shown[0])
	}
}

func reactionTwice(b *bench) {
	r := b.card(1, group)
	added := thumb(r, "U-1", "1700000100.000200", true)
	b.must(b.RecordReaction(b.ctx(), added))
	b.finish(approvals.JobCountVotes)
	b.unchanged(func() {
		b.must(b.RecordReaction(b.ctx(), added))
		older := added
		older.EventTS, older.Present = "1700000100.000100", false
		b.must(b.RecordReaction(b.ctx(), older))
	})
	b.nothing(approvals.JobCountVotes)
	b.present(r, "U-1")
}

func reactionElsewhere(b *bench) {
	r := b.card(1, group)
	b.finish(approvals.JobCountVotes)
	elsewhere := thumb(r, "U-1", "1.1", true)
	elsewhere.TS = "1600000000.000001"
	b.must(b.RecordReaction(b.ctx(), elsewhere))
	elsewhere = thumb(r, "U-1", "1.1", true)
	elsewhere.Channel = "C-OTHER"
	b.must(b.RecordReaction(b.ctx(), elsewhere))
	b.nothing(approvals.JobCountVotes)
	b.step(r, approvals.Cancel{By: r.Requester})
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-1", "1.1", true)))
	b.nothing(approvals.JobCountVotes)
}

func reactionBeforeCard(b *bench) {
	r := b.file(1)
	b.finish(approvals.JobPrepare)
	b.step(r, proposal(group))
	announcing := b.claim(approvals.JobPostCard)
	r.CardTS = "1700000001.000100"
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-QUICK", "1700000002.000100", true)))
	b.nothing(approvals.JobCountVotes)
	_, err := b.ApplyEvent(b.ctx(), r.ID, approvals.CardPosted{TS: r.CardTS}, &announcing)
	b.must(err)
	b.finish(approvals.JobCountVotes)
	b.present(r, "U-QUICK")
}

func seenReplaces(b *bench) {
	r := b.card(1, group)
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-LEFT", "1.1", true)))
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-STAYED", "1.2", true)))
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-BACK", "1.3", false)))
	b.clock.advance(time.Second)
	b.must(b.ReplaceReactions(b.ctx(), r.Channel, r.CardTS, b.clock.now(), []approvals.Reaction{
		thumb(r, "U-STAYED", "", true), thumb(r, "U-BACK", "", true), thumb(r, "U-MISSED", "", true),
	}))
	got := b.who(r)
	slices.Sort(got)
	if want := []string{"U-BACK", "U-MISSED", "U-STAYED"}; !slices.Equal(got, want) {
		b.Errorf("present are %v, want %v", got, want)
	}
	// An event told late, older than what was heard, does not undo the look.
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-LEFT", "1.0", true)))
	if slices.Contains(b.who(r), "U-LEFT") {
		b.Error("a late, older event brought back who left")
	}
}

func seenKeeps(b *bench) {
	r := b.card(1, group)
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-LEAVES", "1.1", true)))
	b.clock.advance(time.Second)
	asOf := b.clock.now()
	b.clock.advance(time.Second) // meanwhile, with the answer under way
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-COMES", "1.2", true)))
	b.must(b.RecordReaction(b.ctx(), thumb(r, "U-LEAVES", "1.3", false)))
	b.must(b.ReplaceReactions(b.ctx(), r.Channel, r.CardTS, asOf, []approvals.Reaction{thumb(r, "U-LEAVES", "", true)}))
	b.present(r, "U-COMES")
}

func waitNext(b *bench) {
	if _, owed, err := b.NextDue(b.ctx(), approvals.JobPrepare, approvals.JobExpire); owed || err != nil {
		b.Errorf("something is owed by nobody: %v", err)
	}
	r := b.file(1)
	wait := func(want time.Duration, kinds ...approvals.JobKind) {
		b.Helper()
		got, owed, err := b.NextDue(b.ctx(), kinds...)
		b.must(err)
		if !owed || got != want {
			b.Errorf("%v due in %v (%v), want %v", kinds, got, owed, want)
		}
	}
	wait(0, approvals.JobExpire, approvals.JobPrepare)
	wait(ttl, approvals.JobExpire)
	task := b.claim(approvals.JobPrepare)
	wait(lease, approvals.JobExpire, approvals.JobPrepare) // the end of the lease
	b.must(b.RetryJob(b.ctx(), task, time.Hour, false))
	wait(time.Hour, approvals.JobPrepare)
	b.clock.advance(time.Hour + time.Second)
	wait(-time.Second, approvals.JobPrepare)
	b.step(r, approvals.Cancel{By: r.Requester})
	if _, owed, err := b.NextDue(b.ctx(), approvals.JobPrepare, approvals.JobExpire); owed || err != nil {
		b.Errorf("a cancelled request owes: %v", err)
	}
}

func waitLane(b *bench) {
	b.approve(b.card(1, group))
	b.approve(b.card(2, group))
	b.claim(approvals.JobApply)
	wait, owed, err := b.NextDue(b.ctx(), approvals.JobApply)
	b.must(err)
	if !owed || wait != lease {
		b.Errorf("the lane's second is due in %v (%v), want the head's lease %v", wait, owed, lease)
	}
}

func rung(wake <-chan struct{}) bool {
	select {
	case <-wake:
		return true
	default:
		return false
	}
}

// awaitRing waits for a wake-up that may come by another connection.
func (b *bench) awaitRing(wake <-chan struct{}, what string) {
	b.Helper()
	guard, cancel := context.WithTimeout(b.ctx(), 5*time.Second)
	defer cancel()
	select {
	case <-wake:
	case <-guard.Done():
		b.Errorf("nobody was woken: %s", what)
	}
}

func listenKinds(b *bench) {
	vet, stop := b.Subscribe(approvals.JobPrepare, approvals.JobCountVotes)
	defer stop()
	apply, stopApply := b.Subscribe(approvals.JobApply)
	defer stopApply()
	b.file(1)
	b.file(2) // rings while nobody listens are kept, as one
	b.awaitRing(vet, "a request was filed")
	if rung(apply) {
		b.Error("woken for another kind")
	}
	task := b.claim(approvals.JobPrepare)
	rung(vet)
	b.must(b.RetryJob(b.ctx(), task, 0, false))
	b.awaitRing(vet, "a task was given back")
	stop()
	stop() // twice does no harm
	b.file(3)
	if rung(vet) {
		b.Error("woken after it stopped listening")
	}
}

func listenLane(b *bench) {
	b.approve(b.card(1, group))
	b.approve(b.card(2, group))
	head := b.claim(approvals.JobApply)
	wake, stop := b.Subscribe(approvals.JobApply)
	defer stop()
	b.must(b.CompleteJob(b.ctx(), head))
	b.awaitRing(wake, "the lane's head was settled")

	r := b.file(3)
	b.step(r, proposal("group-03"))
	b.step(r, approvals.Cancel{By: r.Requester})
	card := b.claim(approvals.JobPostCard)
	reply, stopReply := b.Subscribe(approvals.JobPostOutcome)
	defer stopReply()
	b.must(b.CompleteJob(b.ctx(), card))
	b.awaitRing(reply, "the card before the reply was settled")
}

func listenNothing(b *bench) {
	r := b.card(1, group)
	wake, stop := b.Subscribe(approvals.JobCountVotes, approvals.JobUpdateCard, approvals.JobPostOutcome, approvals.JobExpire)
	defer stop()
	_, err := b.ApplyEvent(b.ctx(), r.ID, approvals.Mismatch{}, nil)
	b.want(err, approvals.ErrNoTransition)
	late := approvals.LeasedJob{ID: 1 << 40, RequestID: r.ID, Job: approvals.Job{Kind: approvals.JobCountVotes}}
	_, err = b.ApplyEvent(b.ctx(), r.ID, approvals.Cancel{By: r.Requester}, &late)
	b.want(err, approvals.ErrLeaseLost)
	if rung(wake) {
		b.Error("woken for nothing")
	}
}

func deadLetters(b *bench) {
	b.must(b.DeadLetter(b.ctx(), "envelope-1", "unknown type", []byte(`{"type":"news"}`)))
	b.unchanged(func() {
		b.must(b.DeadLetter(b.ctx(), "envelope-1", "unknown type", []byte(`{"type":"news"}`)))
	})
	b.must(b.DeadLetter(b.ctx(), "envelope-2", "unknown type", nil))
	if n := len(b.Dump(b.T)["dead_letters"]); n != 2 {
		b.Errorf("%d dead letters", n)
	}
}

func cancelledContext(b *bench) {
	r := b.card(1, group)
	ctx, cancel := context.WithCancel(b.ctx())
	cancel()
	b.unchanged(func() {
		if _, err := b.ApplyEvent(ctx, r.ID, approvals.Cancel{By: r.Requester}, nil); !errors.Is(err, context.Canceled) {
			b.Errorf("Step: %v", err)
		}
		if _, _, err := b.FileRequest(ctx, ask(2)); !errors.Is(err, context.Canceled) {
			b.Errorf("File: %v", err)
		}
	})
	b.must(b.Ping(b.ctx())) // the connection is usable still
}
