package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"licensebot/approvals"
)

// Workers on two replicas do random things at once. A referee records the answers
// that each of them gets. Afterwards the model replays the journal.

// An order is one thing for a worker to do.
type order struct {
	Do      string // see orderWorker.runOrder
	Request int
	Event   approvals.Event
	Kinds   []approvals.JobKind
	With    string // what the worker does with a claimed job
}

// claimedKinds are the kinds that the workers claim: all that there are.
func claimedKinds() []approvals.JobKind {
	var kinds []approvals.JobKind
	for _, spec := range approvals.JobKinds() {
		kinds = append(kinds, spec.Kind)
	}
	return kinds
}

func drawOrders(t *rapid.T) []order {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) order {
		n := rapid.IntRange(0, 3).Draw(t, "n")
		return order{
			Do: rapid.SampledFrom([]string{"file", "apply", "apply", "apply", "react", "claim", "claim", "claim", "claim", "claim",
				"complete late", "complete late", "advance", "an hour"}).Draw(t, "do"),
			Request: n, Event: drawEvent(t, sampleRequest(n).ID),
			Kinds: rapid.Permutation(claimedKinds()).Draw(t, "kinds"),
			With:  rapid.SampledFrom([]string{"complete", "try", "apply", "apply", "apply", "retry", "forget", "forget"}).Draw(t, "with"),
		}
	}), 8, 14).Draw(t, "orders")
}

// A referee knows which worker holds which job, by the answers that they got.
type referee struct {
	mu        sync.Mutex
	clock     *clock
	bench     *bench
	holds     map[int64]*hold
	completed map[string]int // by jobKey
	faults    []string
}

// A hold is a lease. It expires between until and latest, unless the worker
// releases it before.
type hold struct {
	job           approvals.LeasedJob
	lane          string
	until, latest time.Time
	released      bool
	completed     bool
}

func (ref *referee) addFault(format string, args ...any) {
	ref.faults = append(ref.faults, fmt.Sprintf(format, args...))
}

// recordClaim records a claim that was made after since.
func (ref *referee) recordClaim(job approvals.LeasedJob, r approvals.Request, since time.Time) {
	ref.mu.Lock()
	defer ref.mu.Unlock()
	now, lane := ref.clock.now(), job.LaneOf(r).Name
	if job.Kind == approvals.JobRevoke && r.Grant.EndedBy == "" && r.Grant.Attempts == 0 && now.Before(r.ClosedAt.Add(r.Ask.For)) {
		ref.addFault("the revoke of %s, granted at %v for %v, was claimed at %v", r.ID, r.ClosedAt, r.Ask.For, now)
	}
	if last := ref.holds[job.ID]; last != nil && last.job.Attempt >= job.Attempt {
		if last.job.Attempt == job.Attempt || now.Sub(since) < lease {
			ref.addFault("attempt %d of job %d was claimed after attempt %d", job.Attempt, job.ID, last.job.Attempt)
		}
		return // this worker stalled so long that another took the job over
	}
	for _, other := range ref.holds {
		same := other.job.ID == job.ID || lane != "" && other.lane == lane
		slept := other.latest.Sub(since) >= 2*lease // so the other claim may be later than the end of this lease
		if same && !other.released && now.Before(other.until) && !slept && !ref.wasDropped(other) {
			ref.addFault("job %d (%s, lane %q) was claimed while job %d was held", job.ID, job.Kind, lane, other.job.ID)
		}
	}
	ref.holds[job.ID] = &hold{job: job, lane: lane, until: since.Add(lease), latest: now.Add(lease)}
}

// wasDropped reports whether an event dropped a job while a worker held it.
func (ref *referee) wasDropped(h *hold) bool {
	return ref.bench.readInt(`SELECT count(*) FROM jobs WHERE id = $1`, h.job.ID) == 0
}

// recordRelease records that a worker is about to complete its job, and reports
// whether it has already lost the lease.
func (ref *referee) recordRelease(job approvals.LeasedJob) (lost bool) {
	ref.mu.Lock()
	defer ref.mu.Unlock()
	last := ref.holds[job.ID]
	if last.job.Attempt > job.Attempt || last.completed {
		return true
	}
	last.released = true
	return false
}

// recordAnswer records the answer to a completion.
func (ref *referee) recordAnswer(job approvals.LeasedJob, lost bool, err error) {
	ref.mu.Lock()
	defer ref.mu.Unlock()
	if err != nil {
		return
	}
	if lost {
		ref.addFault("attempt %d of job %d was completed after its lease was lost", job.Attempt, job.ID)
	}
	if last := ref.holds[job.ID]; last.job.Attempt == job.Attempt {
		if last.completed {
			ref.addFault("attempt %d of job %d was completed twice", job.Attempt, job.ID)
		}
		last.completed = true
	}
	ref.completed[jobKey(job.RequestID, job.Job)]++
}

func jobKey(request string, o approvals.Job) string {
	return fmt.Sprint(request, " ", o.Kind, " ", o.Key())
}

// An orderWorker carries out its orders. forgotten are jobs that it claimed and
// left alone.
type orderWorker struct {
	*bench
	ref       *referee
	forgotten []approvals.LeasedJob
}

// runOrder carries out one order. Only the errors of the contract are expected.
func (w *orderWorker) runOrder(o order) {
	id := sampleRequest(o.Request).ID
	var err error
	switch o.Do {
	case "file":
		_, _, err = w.FileRequest(w.context(), modelRequest(o.Request))
	case "apply":
		_, err = w.ApplyEvent(w.context(), id, o.Event, nil)
		if isImpossibleOutcome(err) {
			err = nil
		}
	case "react":
		err = w.RecordReaction(w.context(), approvals.Reaction{
			Channel: channel, TS: cardTS(id), User: "U-0", Name: "x", Deny: true, Present: true,
			EventTS: fmt.Sprint(w.clock.now().UnixMicro()),
		})
	case "advance":
		w.clock.advance(lease)
	case "an hour":
		w.clock.advance(time.Hour)
	case "complete late":
		if len(w.forgotten) > 0 { // once, because a job that was enqueued again cannot be completed by this lease
			job := w.forgotten[0]
			w.forgotten = w.forgotten[1:]
			err = w.markTried(job)
		}
	case "claim":
		err = w.claimAndRun(o)
	}
	w.wantContractError(err)
}

// isImpossibleOutcome is true of the error for a WriteFinished with a state in which
// no write can end.
func isImpossibleOutcome(err error) bool {
	return err != nil && strings.Contains(err.Error(), "a write cannot ")
}

func (w *orderWorker) wantContractError(err error) {
	if _, isDuplicate := errors.AsType[*approvals.DuplicateError](err); isDuplicate {
		return // another request asks for the same change
	}
	w.Helper()
	w.isWinner(err, approvals.ErrNoTransition, approvals.ErrNotPermitted, approvals.ErrReasonRequired,
		approvals.ErrLeaseLost, approvals.ErrNoJob, approvals.ErrNotFound)
}

func (w *orderWorker) claimAndRun(o order) error {
	since := w.clock.now()
	job, r, err := w.ClaimJob(w.context(), lease, o.Kinds...)
	if err != nil {
		return err
	}
	w.ref.recordClaim(job, r, since)
	switch o.With {
	case "forget":
		w.forgotten = append(w.forgotten, job)
	case "retry":
		w.ref.recordRelease(job)
		return w.RetryJob(w.context(), job, time.Second, true)
	case "apply":
		lost := w.ref.recordRelease(job)
		_, err := w.ApplyEvent(w.context(), r.ID, w.fittingEvent(job, r, o.Event), &job)
		w.ref.recordAnswer(job, lost, err)
		if !isImpossibleOutcome(err) {
			return err
		}
	case "try":
		return w.markTried(job)
	default:
		w.completeJob(job)
	}
	return nil
}

// fittingEvent is the event that a job of this kind leads to when all goes well.
func (w *orderWorker) fittingEvent(job approvals.LeasedJob, r approvals.Request, otherwise approvals.Event) approvals.Event {
	switch job.Kind {
	case approvals.JobPrepare:
		return distinctPrepared(r.ID)
	case approvals.JobPostCard:
		return approvals.CardPosted{TS: cardTS(r.ID)}
	case approvals.JobCountVotes:
		return unanimous(r.ID)
	case approvals.JobApply:
		return approvals.WriteFinished{State: approvals.Done, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed}}
	case approvals.JobRemind:
		return approvals.Reminded{Number: r.RemindersSent + 1}
	case approvals.JobGrantExpiry:
		return approvals.GrantExpired{}
	case approvals.JobRevoke:
		return approvals.Revoked{Revocation: approvals.Revocation{Removed: r.Grant.Codes}}
	}
	switch otherwise.(type) { // it may have been drawn for another request
	case approvals.Prepared:
		return distinctPrepared(r.ID)
	case approvals.CardPosted:
		return approvals.CardPosted{TS: cardTS(r.ID)}
	}
	return withEligibility(r.ID, otherwise)
}

// markTried must fail after the lease has expired.
func (w *orderWorker) markTried(job approvals.LeasedJob) error {
	before := w.clock.now()
	err := w.MarkTried(w.context(), job)
	w.ref.mu.Lock()
	if last := w.ref.holds[job.ID]; err == nil && last.job.Attempt == job.Attempt && !before.Before(last.latest) {
		w.ref.addFault("job %d was marked as tried after its lease", job.ID)
	}
	w.ref.mu.Unlock()
	w.completeJob(job)
	return err
}

func (w *orderWorker) completeJob(job approvals.LeasedJob) {
	lost := w.ref.recordRelease(job)
	err := w.CompleteJob(w.context(), job)
	w.ref.recordAnswer(job, lost, err)
	w.wantContractError(err)
}

func TestConcurrentWorkers(t *testing.T) {
	for name, fleet := range map[string]func(t *testing.T) []*bench{
		"sqlite":   func(t *testing.T) []*bench { b, _ := sqliteBench(t); return []*bench{b, b} },
		"postgres": func(t *testing.T) []*bench { return openReplicas(t, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			both := fleet(t)
			rapid.Check(t, func(rt *rapid.T) {
				both[0].clearTables()
				ref := &referee{clock: both[0].clock, bench: both[0], holds: map[int64]*hold{}, completed: map[string]int{}}
				var programs [][]order
				for range 4 {
					programs = append(programs, drawOrders(rt))
				}
				fileFirstRequest(rt, both[0])
				countWins(len(programs), func(i int) bool {
					w := &orderWorker{bench: both[i%2], ref: ref}
					for _, o := range programs[i] {
						w.runOrder(o)
					}
					return true
				})
				replayJournals(rt, both[0], ref)
				completeAllJobs(rt, both[0], ref)
				if len(ref.faults) > 0 || t.Failed() {
					rt.Fatal(strings.Join(ref.faults, "\n"))
				}
			})
		})
	}
}

// fileFirstRequest files the first request and brings it as far as is drawn, at
// most to a running grant.
func fileFirstRequest(t *rapid.T, b *bench) {
	r, _, err := b.FileRequest(b.context(), modelRequest(0))
	wantSameError(t, err, nil)
	steps := []approvals.Event{
		distinctPrepared(r.ID), approvals.CardPosted{TS: cardTS(r.ID)}, unanimous(r.ID),
		approvals.WriteFinished{State: approvals.Done, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed}},
	}
	for _, e := range steps[:rapid.SampledFrom([]int{0, 1, 2, 3, 4, 4, 4}).Draw(t, "far")] {
		_, err := b.ApplyEvent(b.context(), r.ID, e, nil)
		wantSameError(t, err, nil)
	}
}

// distinctPrepared is a change that no other request asks for. It needs one person
// of each stage.
func distinctPrepared(id string) approvals.Prepared {
	own := distinctProposal(group, id)
	own.Terms.Stages, own.Terms.SelfApproval = nil, allowsSelfApproval(id)
	for _, people := range approversOf(id) {
		own.Terms.Stages = append(own.Terms.Stages, approvals.Stage{Approvers: people, Quorum: 1})
	}
	return own
}

// eventsByKind has each event of these orders by its kind in the journal.
func eventsByKind() map[string]approvals.Event {
	all := map[string]approvals.Event{}
	for _, e := range []approvals.Event{
		approvals.Prepared{}, approvals.Rejected{}, approvals.CardPosted{}, approvals.VotesCounted{}, approvals.ConsentLost{},
		approvals.Cancel{}, approvals.Expire{}, approvals.CardDeleted{}, approvals.Delayed{}, approvals.Mismatch{}, approvals.WriteFinished{},
		approvals.ApproversChanged{}, approvals.Reminded{}, approvals.GrantExpired{}, approvals.RevokeEarly{}, approvals.Revoked{},
		approvals.Orphaned{},
	} {
		all[e.Kind()] = e
	}
	return all
}

// replayJournals applies each request's journal to a model, one event after the
// other. The store must have the same request and no other jobs. The witness
// checks the journal as well.
func replayJournals(t *rapid.T, b *bench, ref *referee) {
	expected := map[string]bool{} // jobs that must be stored or completed
	w := witness{}
	for _, id := range b.underTest().readColumn(t, `SELECT id FROM requests`) {
		stored, err := b.Request(b.context(), id)
		wantSameError(t, err, nil)
		m := newModel()
		for i, line := range b.underTest().readJournal(t, id) {
			if i == 0 {
				m.fileRequest(modelRequest(numberOf(id)), fromMicros(line.at))
				w.recordFiled(modelRequest(numberOf(id)), fromMicros(line.at))
				continue
			}
			e := wholeBallots(m.requests[id], line.decodeEvent(t), line.event)
			if _, err := m.applyEvent(id, e, nil, fromMicros(line.at)); err != nil {
				t.Fatalf("the rules refuse event %s of %s: %v", line.kind, id, err)
			}
			if err := w.checkStep(id, e, line.after, fromMicros(line.at)); err != nil {
				t.Fatal(err)
			}
		}
		wantEqual(t, "request", mustEncodeJSON(t, sortVotes(stored)), mustEncodeJSON(t, sortVotes(m.requests[id])))
		written := slices.DeleteFunc(linesOf(b.underTest().journalLines(t), id), func(line string) bool {
			return strings.Contains(line, " reacted ") // no event of the request
		})
		if err := errors.Join(checkTransitions(written), checkOneEnd(written)); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "journal", withoutVoters(written), withoutVoters(m.journal))
		for _, row := range m.jobs {
			expected[jobKey(id, row.Job)] = true
		}
	}
	w.checkTimers(t, b.underTest().readTimers(t), b.clock.now())
	rows := b.underTest().readColumn(t, `SELECT request_id || ' ' || kind || ' ' || key FROM jobs`)
	for _, row := range rows {
		if !expected[row] && !strings.Contains(row, " "+string(approvals.JobCountVotes)+" ") { // a reaction enqueues that one
			t.Fatalf("job %s is stored, and no event enqueued it", row)
		}
	}
	for key := range expected {
		if !slices.Contains(rows, key) && ref.completed[key] == 0 {
			t.Fatalf("job %s is gone, and no worker completed it", key)
		}
	}
}

type journalLine struct {
	at          int64
	kind, event string
	after       approvals.State
}

// decodeEvent is the event that the journal kept.
func (line journalLine) decodeEvent(t *rapid.T) approvals.Event {
	t.Helper()
	e := reflect.New(reflect.TypeOf(eventsByKind()[line.kind]))
	if err := json.Unmarshal([]byte(line.event), e.Interface()); err != nil {
		t.Fatal(err)
	}
	return e.Elem().Interface().(approvals.Event)
}

// wholeBallots adds to an event from the journal the ballots that its line leaves out
// because the request knows them: those of voters whose approvals count on.
func wholeBallots(r approvals.Request, e approvals.Event, line string) approvals.Event {
	var left struct{ Withdrawn []string }
	_ = json.Unmarshal([]byte(line), &left) // of events without ballots it has nothing
	whole := func(fresh []approvals.Ballot) []approvals.Ballot {
		all := slices.Clone(fresh)
		for _, v := range r.Votes {
			isTold := slices.ContainsFunc(fresh, func(b approvals.Ballot) bool {
				return b.User == v.User && !b.Deny && b.Eligibility == approvals.Counts
			})
			if !isTold && !slices.Contains(left.Withdrawn, v.User) {
				all = append(all, approvals.Ballot{User: v.User, Stages: v.Stages, Eligibility: approvals.Counts})
			}
		}
		return all
	}
	switch e := e.(type) {
	case approvals.VotesCounted:
		e.Ballots = whole(e.Ballots)
		return e
	case approvals.ApproversChanged:
		e.Ballots = whole(e.Ballots)
		return e
	case approvals.ConsentLost:
		e.Ballots = whole(e.Ballots)
		return e
	case approvals.Expire:
		e.Ballots = whole(e.Ballots)
		return e
	}
	return e
}

// withoutVoters leaves out of journal lines the last voter of a count: the journal has
// only the ballots that are new.
func withoutVoters(lines []string) []string {
	count := regexp.MustCompile(`( votes_counted) \S+`)
	var all []string
	for _, line := range lines {
		all = append(all, count.ReplaceAllString(line, "$1"))
	}
	return all
}

// sortVotes puts the votes in an order that the journal does not tell.
func sortVotes(r approvals.Request) approvals.Request {
	r.Votes = slices.SortedFunc(slices.Values(r.Votes), func(a, b approvals.Vote) int { return cmp.Compare(a.User, b.User) })
	return r
}

func (s underTest) readJournal(t *rapid.T, id string) []journalLine {
	t.Helper()
	var all []journalLine
	for row, err := range journalRows(t.Context(), s.read, `WHERE j.request_id = $1 AND j.kind <> 'reacted'`, id) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, journalLine{at: toMicros(row.At), kind: row.Kind, event: string(row.Event), after: row.After})
	}
	return all
}

// completeAllJobs completes all jobs that are left: none is stuck.
func completeAllJobs(t *rapid.T, b *bench, ref *referee) {
	b.clock.advance(3 * ttl)
	for {
		since := b.clock.now()
		job, r, err := b.ClaimJob(b.context(), lease, claimedKinds()...)
		if errors.Is(err, approvals.ErrNoJob) {
			break
		}
		wantSameError(t, err, nil)
		ref.recordClaim(job, r, since)
		ref.recordRelease(job)
		err = b.CompleteJob(b.context(), job)
		wantSameError(t, err, nil)
		ref.recordAnswer(job, false, err)
	}
	if left := b.underTest().readColumn(t, jobRowsQuery); len(left) > 0 {
		t.Fatalf("stuck:\n%s", strings.Join(left, "\n"))
	}
}
