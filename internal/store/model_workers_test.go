package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"licensebot/approvals"
)

// Workers on two replicas do random things at once. A referee sees what each
// of them was told; afterwards the journal is run through the rules again.

// An order is one thing for a worker to do.
type order struct {
	Do      string // what; see worker.run
	Request int
	Event   approvals.Event
	Kinds   []approvals.JobKind
	With    string // what becomes of a task that was taken
}

// workKinds is what the workers ask for: every kind that these orders lead to.
func workKinds() []approvals.JobKind {
	return []approvals.JobKind{
		approvals.JobPrepare, approvals.JobPostCard, approvals.JobApply, approvals.JobCountVotes, approvals.JobAddReactions, approvals.JobUpdateCard,
		approvals.JobPostOutcome, approvals.JobPostDelay, approvals.JobTellRequester, approvals.JobTellVoter, approvals.JobExpire,
		approvals.JobRemind, approvals.JobPostConsentLost, approvals.JobWarnExpiry, approvals.JobGrantExpiry, approvals.JobRevoke, approvals.JobPostRevocationDelay, approvals.JobPostRevocation,
	}
}

func drawOrders(t *rapid.T) []order {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) order {
		n := rapid.IntRange(0, 3).Draw(t, "n")
		return order{
			Do:      rapid.SampledFrom([]string{"file", "step", "step", "step", "react", "task", "task", "task", "task", "task", "late", "late", "advance", "an hour"}).Draw(t, "do"),
			Request: n, Event: drawEvent(t, ask(n).ID),
			Kinds: rapid.Permutation(workKinds()).Draw(t, "kinds"),
			With:  rapid.SampledFrom([]string{"settle", "try", "step", "step", "step", "defer", "leave", "leave"}).Draw(t, "with"),
		}
	}), 8, 14).Draw(t, "orders")
}

// A referee knows who holds what, as far as the holders were told.
type referee struct {
	mu      sync.Mutex
	clock   *clock
	bench   *bench
	holds   map[int64]*hold
	settled map[string]int // by request, kind and subject
	faults  []string
}

// A hold is a lease. It lapses between until and lapsed, if it is not given
// back before.
type hold struct {
	task          approvals.LeasedJob
	lane          string
	until, lapsed time.Time
	released      bool
	settled       bool
}

func (ref *referee) fault(format string, args ...any) {
	ref.faults = append(ref.faults, fmt.Sprintf(format, args...))
}

// taken hears of a claim that was made after since.
func (ref *referee) taken(task approvals.LeasedJob, r approvals.Request, since time.Time) {
	ref.mu.Lock()
	defer ref.mu.Unlock()
	now, lane := ref.clock.now(), task.LaneOf(r).Name
	if task.Kind == approvals.JobRevoke && r.Grant.EndedBy == "" && r.Grant.Attempts == 0 && now.Before(r.ClosedAt.Add(r.Ask.For)) {
		ref.fault("the end of %s, granted at %v for %v, was given out at %v", r.ID, r.ClosedAt, r.Ask.For, now)
	}
	if last := ref.holds[task.ID]; last != nil && last.task.Attempt >= task.Attempt {
		if last.task.Attempt == task.Attempt || now.Sub(since) < lease {
			ref.fault("attempt %d of task %d was given out after %d", task.Attempt, task.ID, last.task.Attempt)
		}
		return // its holder slept so long that it was taken over
	}
	for _, other := range ref.holds {
		same := other.task.ID == task.ID || lane != "" && other.lane == lane
		slept := other.lapsed.Sub(since) >= 2*lease // so that the other may have been taken after this one lapsed
		if same && !other.released && now.Before(other.until) && !slept && !ref.dropped(other) {
			ref.fault("task %d (%s, lane %q) was given out while task %d was held", task.ID, task.Kind, lane, other.task.ID)
		}
	}
	ref.holds[task.ID] = &hold{task: task, lane: lane, until: since.Add(lease), lapsed: now.Add(lease)}
}

// dropped reports whether work that is held is owed no more, though its holder
// did not end it: an event made it pointless.
func (ref *referee) dropped(h *hold) bool {
	return ref.bench.value(`SELECT count(*) FROM jobs WHERE id = $1`, h.task.ID) == 0
}

// release hears that a holder is about to end its task, and says whether it
// has lost it already.
func (ref *referee) release(task approvals.LeasedJob) (lost bool) {
	ref.mu.Lock()
	defer ref.mu.Unlock()
	last := ref.holds[task.ID]
	if last.task.Attempt > task.Attempt || last.settled {
		return true
	}
	last.released = true
	return false
}

// ended hears what a holder was told.
func (ref *referee) ended(task approvals.LeasedJob, lost bool, err error) {
	ref.mu.Lock()
	defer ref.mu.Unlock()
	if err != nil {
		return
	}
	if lost {
		ref.fault("attempt %d of task %d was settled after it was lost", task.Attempt, task.ID)
	}
	if last := ref.holds[task.ID]; last.task.Attempt == task.Attempt {
		if last.settled {
			ref.fault("attempt %d of task %d was settled twice", task.Attempt, task.ID)
		}
		last.settled = true
	}
	ref.settled[owedKey(task.RequestID, task.Job)]++
}

func owedKey(request string, o approvals.Job) string {
	return fmt.Sprint(request, " ", o.Kind, " ", o.Key())
}

// A worker carries out its orders.
type orderWorker struct {
	*bench
	ref  *referee
	late []approvals.LeasedJob
}

// run carries out one order. Only the errors of the contract are expected.
func (w *orderWorker) run(o order) {
	id := ask(o.Request).ID
	var err error
	switch o.Do {
	case "file":
		_, _, err = w.FileRequest(w.ctx(), asked(o.Request))
	case "step":
		_, err = w.ApplyEvent(w.ctx(), id, o.Event, nil)
		if err != nil && strings.Contains(err.Error(), "cannot settle as") {
			err = nil
		}
	case "react":
		err = w.RecordReaction(w.ctx(), approvals.Reaction{
			Channel: channel, TS: card(id), User: "U-0", Name: "x", Deny: true, EventTS: fmt.Sprint(w.clock.now().UnixMicro()), Present: true,
		})
	case "advance":
		w.clock.advance(lease)
	case "an hour":
		w.clock.advance(time.Hour)
	case "late":
		if len(w.late) > 0 { // once: what was owed again meanwhile could be settled again by the same holder, in vain
			task := w.late[0]
			w.late = w.late[1:]
			err = w.try(task)
		}
	case "task":
		err = w.take(o)
	}
	w.expected(err)
}

func (w *orderWorker) expected(err error) {
	var taken *approvals.DuplicateError
	if errors.As(err, &taken) {
		return // another's change is the very same
	}
	w.Helper()
	w.rival(err, approvals.ErrNoTransition, approvals.ErrNotPermitted, approvals.ErrReasonRequired, approvals.ErrLeaseLost, approvals.ErrNoJob, approvals.ErrNotFound)
}

func (w *orderWorker) take(o order) error {
	since := w.clock.now()
	task, r, err := w.ClaimJob(w.ctx(), lease, o.Kinds...)
	if err != nil {
		return err
	}
	w.ref.taken(task, r, since)
	switch o.With {
	case "leave":
		w.late = append(w.late, task)
	case "defer":
		w.ref.release(task)
		return w.RetryJob(w.ctx(), task, time.Second, true)
	case "step":
		lost := w.ref.release(task)
		_, err := w.ApplyEvent(w.ctx(), r.ID, w.fit(task, r, o.Event), &task)
		w.ref.ended(task, lost, err)
		if err != nil && !strings.Contains(err.Error(), "cannot settle as") {
			return err
		}
	case "try":
		return w.try(task)
	default:
		w.settle(task)
	}
	return nil
}

// fit is the event that a task of this kind leads to when all goes well.
func (w *orderWorker) fit(task approvals.LeasedJob, r approvals.Request, otherwise approvals.Event) approvals.Event {
	switch task.Kind {
	case approvals.JobPrepare:
		return ownVetted(r.ID)
	case approvals.JobPostCard:
		return approvals.CardPosted{TS: card(r.ID)}
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
	switch otherwise.(type) { // which was drawn for another request perhaps
	case approvals.Prepared:
		return ownVetted(r.ID)
	case approvals.CardPosted:
		return approvals.CardPosted{TS: card(r.ID)}
	}
	return judged(r.ID, otherwise)
}

// try must be refused once the lease has lapsed.
func (w *orderWorker) try(task approvals.LeasedJob) error {
	before := w.clock.now()
	err := w.MarkTried(w.ctx(), task)
	w.ref.mu.Lock()
	if last := w.ref.holds[task.ID]; err == nil && last.task.Attempt == task.Attempt && !before.Before(last.lapsed) {
		w.ref.fault("task %d was tried after its lease", task.ID)
	}
	w.ref.mu.Unlock()
	w.settle(task)
	return err
}

func (w *orderWorker) settle(task approvals.LeasedJob) {
	lost := w.ref.release(task)
	err := w.CompleteJob(w.ctx(), task)
	w.ref.ended(task, lost, err)
	w.expected(err)
}

func TestConcurrentWorkers(t *testing.T) {
	for name, fleet := range map[string]func(t *testing.T) []*bench{
		"sqlite":   func(t *testing.T) []*bench { b, _ := sqliteBench(t); return []*bench{b, b} },
		"postgres": func(t *testing.T) []*bench { return replicas(t, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			both := fleet(t)
			rapid.Check(t, func(rt *rapid.T) {
				both[0].clear()
				ref := &referee{clock: both[0].clock, bench: both[0], holds: map[int64]*hold{}, settled: map[string]int{}}
				var programs [][]order
				for range 4 {
					programs = append(programs, drawOrders(rt))
				}
				begin(rt, both[0])
				race(len(programs), func(i int) bool {
					w := &orderWorker{bench: both[i%2], ref: ref}
					for _, o := range programs[i] {
						w.run(o)
					}
					return true
				})
				replay(rt, both[0], ref)
				drain(rt, both[0], ref)
				if len(ref.faults) > 0 || t.Failed() {
					rt.Fatal(strings.Join(ref.faults, "\n"))
				}
			})
		})
	}
}

// begin files the first request and brings it as far as is drawn: at most it
// holds codes for a time.
func begin(t *rapid.T, b *bench) {
	r, _, err := b.FileRequest(b.ctx(), asked(0))
	agree(t, err, nil)
	steps := []approvals.Event{
		ownVetted(r.ID), approvals.CardPosted{TS: card(r.ID)}, unanimous(r.ID),
		approvals.WriteFinished{State: approvals.Done, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed}},
	}
	for _, e := range steps[:rapid.SampledFrom([]int{0, 1, 2, 3, 4, 4, 4}).Draw(t, "far")] {
		_, err := b.ApplyEvent(b.ctx(), r.ID, e, nil)
		agree(t, err, nil)
	}
}

// ownVetted is a change that no other request asks, which one person of each
// stage has to agree to.
func ownVetted(id string) approvals.Prepared {
	own := ownProposal(group, id)
	own.Terms.Stages, own.Terms.SelfApproval = nil, selfApproved(id)
	for _, people := range approversOf(id) {
		own.Terms.Stages = append(own.Terms.Stages, approvals.Stage{Approvers: people, Quorum: 1})
	}
	return own
}

// events knows each event of these orders by its kind in the journal.
func events() map[string]approvals.Event {
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

// replay runs each request's journal through the rules: what the store holds
// is what they make of it, one event after the other, and it owes nothing else.
// The witness, who has rules of its own, is told the journal as well.
func replay(t *rapid.T, b *bench, ref *referee) {
	owed := map[string]bool{} // whether it has to be there, or to be settled
	w := witness{}
	for _, id := range b.under().column(t, `SELECT id FROM requests`) {
		stored, err := b.Request(b.ctx(), id)
		agree(t, err, nil)
		m := newModel()
		for i, line := range b.under().journal(t, id) {
			if i == 0 {
				m.file(asked(numberOf(id)), fromMicros(line.at))
				w.filed(asked(numberOf(id)), fromMicros(line.at))
				continue
			}
			e := line.read(t)
			if _, err := m.step(id, e, nil, fromMicros(line.at)); err != nil {
				t.Fatalf("the rules do not take %s of %s: %v", line.kind, id, err)
			}
			if err := w.saw(id, e, line.after, fromMicros(line.at)); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "request", jsonOf(t, stored), jsonOf(t, m.requests[id]))
		written := of(b.under().column(t, journalQuery), id)
		if err := errors.Join(path(written), oneEnd(written)); err != nil {
			t.Fatal(err)
		}
		same(t, "journal", written, m.journal)
		for _, row := range m.owed {
			owed[owedKey(id, row.Job)] = true
		}
	}
	w.times(t, b.under().timers(t), b.clock.now())
	rows := b.under().column(t, `SELECT request_id || ' ' || kind || ' ' || key FROM jobs`)
	for _, row := range rows {
		if !owed[row] && !strings.Contains(row, " "+string(approvals.JobCountVotes)+" ") { // which a reaction owes
			t.Fatalf("%s is owed, and nothing said so", row)
		}
	}
	for key := range owed {
		if !slices.Contains(rows, key) && ref.settled[key] == 0 {
			t.Fatalf("%s is owed no more, and nobody settled it", key)
		}
	}
}

type journalLine struct {
	at          int64
	kind, event string
	after       approvals.State
}

// read is the event that the journal kept.
func (line journalLine) read(t *rapid.T) approvals.Event {
	t.Helper()
	e := reflect.New(reflect.TypeOf(events()[line.kind]))
	if err := json.Unmarshal([]byte(line.event), e.Interface()); err != nil {
		t.Fatal(err)
	}
	return e.Elem().Interface().(approvals.Event)
}

func (s underTest) journal(t *rapid.T, id string) []journalLine {
	t.Helper()
	rows, err := s.read.Query(`SELECT at, kind, event, after FROM journal WHERE request_id = $1 ORDER BY id`, id)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []journalLine
	for rows.Next() {
		var line journalLine
		if err := rows.Scan(&line.at, &line.kind, &line.event, &line.after); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	return all
}

// drain settles all that is left: nothing is stuck.
func drain(t *rapid.T, b *bench, ref *referee) {
	b.clock.advance(3 * ttl)
	for {
		since := b.clock.now()
		task, r, err := b.ClaimJob(b.ctx(), lease, workKinds()...)
		if errors.Is(err, approvals.ErrNoJob) {
			break
		}
		agree(t, err, nil)
		ref.taken(task, r, since)
		ref.release(task)
		err = b.CompleteJob(b.ctx(), task)
		agree(t, err, nil)
		ref.ended(task, false, err)
	}
	if left := b.under().column(t, rowsQuery); len(left) > 0 {
		t.Fatalf("stuck:\n%s", strings.Join(left, "\n"))
	}
}
