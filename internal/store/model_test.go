package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"licensebot/approvals"
)

// A model is the contract of a store in plain Go, without transactions, SQL and
// other processes. A store that does one thing after the other must do the same.
type model struct {
	requests  map[string]approvals.Request
	journal   []string
	reactions map[string]*modelReaction // by key
	jobs      []*modelJob               // in the order of their ids
}

type modelJob struct {
	approvals.LeasedJob // Due is when it is due, or when its lease ends
	lane                approvals.Lane
	leased              bool
	turn                int // zero for kinds without turns
}

type modelReaction struct {
	approvals.Reaction
	at     time.Time
	missed time.Time // when a look first did not show it; zero: it is shown
}

func newModel() *model {
	return &model{requests: map[string]approvals.Request{}, reactions: map[string]*modelReaction{}}
}

func (m *model) fileRequest(r approvals.Request, now time.Time) (approvals.Request, bool) {
	for _, known := range m.requests {
		if known.EnvelopeID == r.EnvelopeID {
			return known, true
		}
	}
	r.FiledAt, r.Deadline = now, now.Add(r.Terms.TTL)
	step := approvals.File(r)
	m.recordStep("", "filed", r.Requester, step, now)
	return step.Request, false
}

func (m *model) applyEvent(id string, e approvals.Event, done *approvals.LeasedJob, now time.Time) (approvals.Request, error) {
	before, ok := m.requests[id]
	if !ok {
		return approvals.Request{}, approvals.ErrNotFound
	}
	step, err := approvals.Next(before, e, now)
	if err != nil {
		return approvals.Request{}, err
	}
	if done != nil && m.findLeased(*done) == nil {
		return approvals.Request{}, approvals.ErrLeaseLost
	}
	if taken := m.findDuplicate(step.Request); taken != nil {
		return approvals.Request{}, taken
	}
	if done != nil {
		if err := m.completeJob(*done, now); err != nil {
			return approvals.Request{}, err
		}
	}
	m.recordStep(before.State, e.Kind(), e.Actor(), step, now)
	return step.Request, nil
}

// findDuplicate finds another open request for the same change. It returns the
// pointer, because a nil pointer in an error would not be nil.
func (m *model) findDuplicate(r approvals.Request) *approvals.DuplicateError {
	for _, other := range m.requests {
		waits := other.State == approvals.Pending || other.State == approvals.Approved
		if r.DedupKey != "" && r.State.Open() && waits && other.ID != r.ID && other.DedupKey == r.DedupKey {
			return &approvals.DuplicateError{RequestID: other.ID}
		}
	}
	return nil
}

func (m *model) recordStep(before approvals.State, kind, actor string, step approvals.Step, now time.Time) {
	r := step.Request
	m.requests[r.ID] = r
	m.journal = append(m.journal, fmt.Sprint(r.ID, " ", toMicros(now), " ", kind, " ", actor, " ", before, ">", r.State))
	enqueue, posted := step.Enqueue, false
	m.jobs = slices.DeleteFunc(m.jobs, func(row *modelJob) bool {
		isDropped := row.RequestID == r.ID && slices.Contains(step.Drop, row.Kind)
		posted = posted || isDropped && row.WasTried() && row.Kind.Spec().Pace == approvals.PacePosts
		return isDropped
	})
	if posted {
		enqueue = slices.Concat(enqueue, r.SearchLater(now))
	}
	for _, o := range enqueue {
		m.enqueueJob(r, o, now)
	}
}

func (m *model) enqueueJob(r approvals.Request, o approvals.Job, now time.Time) {
	if o.Due.IsZero() {
		o.Due = now
	}
	for _, row := range m.jobs {
		if row.RequestID == r.ID && row.Kind == o.Kind && row.Key() == o.Key() {
			row.Revision++
			row.Number, row.Person, row.Payload = o.Number, o.Person, o.Payload
			if !row.leased && o.Due.Before(row.Due) {
				row.Due = o.Due
			}
			return
		}
	}
	m.jobs = append(m.jobs, &modelJob{
		LeasedJob: approvals.LeasedJob{RequestID: r.ID, Job: o, Revision: 1}, lane: o.LaneOf(r), turn: m.nextTurn(r, o.Kind, now),
	})
}

// nextTurn is the round after the requester's last, or the present one.
func (m *model) nextTurn(r approvals.Request, kind approvals.JobKind, now time.Time) int {
	turn, present := 0, -1
	for _, row := range m.jobs {
		if row.Kind != kind || !kind.Spec().Fair {
			continue
		}
		if m.requests[row.RequestID].Requester == r.Requester {
			turn = max(turn, row.turn+1)
		}
		if !row.Due.After(now) && (present < 0 || row.turn < present) {
			present = row.turn
		}
	}
	return max(turn, present, 0)
}

// isNextInLane reports whether a job may be next in its lane. It leaves out
// whether another job there is under lease.
func (m *model) isNextInLane(row *modelJob) bool {
	if row.lane.Name == "" || row.leased {
		return true
	}
	writes := !row.lane.InOrder
	earlier := true
	for _, mate := range m.jobs {
		switch {
		case mate == row:
			earlier = false
		case mate.lane != row.lane:
		case writes && !mate.TriedAt.IsZero() && (earlier || row.TriedAt.IsZero()), !writes && earlier:
			return false
		}
	}
	return true
}

// isLaneLeased reports whether another job of the lane is under lease.
func (m *model) isLaneLeased(row *modelJob) bool {
	return row.lane.Name != "" && slices.ContainsFunc(m.jobs, func(mate *modelJob) bool {
		return mate != row && mate.lane == row.lane && mate.leased
	})
}

// nextOfKind is the first job of a kind that may be claimed.
func (m *model) nextOfKind(kind approvals.JobKind) *modelJob {
	var first *modelJob
	for _, row := range m.jobs {
		if row.Kind == kind && m.isNextInLane(row) && !m.isLaneLeased(row) && (first == nil || row.Due.Before(first.Due)) {
			first = row
		}
	}
	return first
}

// firstTurn is the job of a fair kind that is next.
func (m *model) firstTurn(kind approvals.JobKind, now time.Time) *modelJob {
	var first *modelJob
	for _, row := range m.jobs {
		if row.Kind != kind || row.Due.After(now) || !m.isNextInLane(row) || m.isLaneLeased(row) {
			continue
		}
		if first == nil || row.turn < first.turn || row.turn == first.turn && row.Due.Before(first.Due) {
			first = row
		}
	}
	return first
}

func (m *model) claimJob(kinds []approvals.JobKind, lease time.Duration, now time.Time) *modelJob {
	for _, kind := range kinds {
		row := m.nextOfKind(kind)
		if kind.Spec().Fair {
			row = m.firstTurn(kind, now)
		}
		if row != nil && !row.Due.After(now) {
			row.leased = true
			row.Attempt++
			row.Due = now.Add(lease)
			return row
		}
	}
	return nil
}

func (m *model) nextDue(kinds []approvals.JobKind, now time.Time) (time.Duration, bool) {
	var first *modelJob
	for _, kind := range kinds {
		if row := m.nextOfKind(kind); row != nil && (first == nil || row.Due.Before(first.Due)) {
			first = row
		}
	}
	if first == nil {
		return 0, false
	}
	return first.Due.Sub(now), true
}

// findLeased finds a job that is still under this lease.
func (m *model) findLeased(job approvals.LeasedJob) *modelJob {
	for _, row := range m.jobs {
		if row.ID == job.ID && row.Attempt == job.Attempt && row.leased {
			return row
		}
	}
	return nil
}

func (m *model) markTried(job approvals.LeasedJob, now time.Time) error {
	row := m.findLeased(job)
	if row == nil || !row.Due.After(now) {
		return approvals.ErrLeaseLost
	}
	row.TriedAt = now
	return nil
}

func (m *model) completeJob(job approvals.LeasedJob, now time.Time) error {
	row := m.findLeased(job)
	switch {
	case row == nil:
		return approvals.ErrLeaseLost
	case row.Revision == job.Revision:
		m.jobs = slices.DeleteFunc(m.jobs, func(other *modelJob) bool { return other == row })
	default:
		row.leased, row.TriedAt, row.Due = false, time.Time{}, now
	}
	return nil
}

func (m *model) retryJob(job approvals.LeasedJob, after time.Duration, untry bool, now time.Time) error {
	row := m.findLeased(job)
	if row == nil {
		return approvals.ErrLeaseLost
	}
	row.leased, row.Due = false, now.Add(after)
	if untry {
		row.TriedAt = time.Time{}
	}
	return nil
}

func reactionKey(r approvals.Reaction) string {
	return fmt.Sprint(r.Channel, " ", r.TS, " ", r.User, " ", r.Name)
}

func (m *model) recordReaction(r approvals.Reaction, now time.Time) {
	known, ok := m.reactions[reactionKey(r)]
	if ok && r.EventTS <= known.EventTS {
		return
	}
	m.reactions[reactionKey(r)] = &modelReaction{Reaction: r, at: now}
	for _, request := range m.requests {
		if request.Channel == r.Channel && request.CardTS == r.TS && request.State.Open() {
			if request.IsVote(r.Name) {
				m.journal = append(m.journal, fmt.Sprint(
					request.ID, " ", toMicros(now), " reacted ", r.User, " ", request.State, ">", request.State))
			}
			m.enqueueJob(request, approvals.Job{Kind: approvals.JobCountVotes}, now)
		}
	}
}

func (m *model) replaceReactions(channel, ts string, asOf time.Time, shown []approvals.Reaction, now time.Time) {
	changed := false
	for _, r := range m.reactions {
		there := slices.ContainsFunc(shown, func(s approvals.Reaction) bool { return reactionKey(s) == reactionKey(r.Reaction) })
		if r.Channel != channel || r.TS != ts || !r.at.Before(asOf.Add(-approvals.ReadLag)) || !r.Present || there {
			continue
		}
		switch {
		case r.missed.IsZero(), r.missed.After(asOf):
			r.missed = asOf
		case !r.missed.After(asOf.Add(-approvals.SecondLookAfter)):
			r.Present, r.at, r.missed, changed = false, asOf, time.Time{}, true
		}
	}
	for _, r := range shown {
		known, ok := m.reactions[reactionKey(r)]
		switch {
		case !ok:
			r.EventTS = ""
			m.reactions[reactionKey(r)] = &modelReaction{Reaction: r, at: now}
			changed = true
		case known.Present:
			known.missed = time.Time{}
		case known.at.Before(asOf.Add(-approvals.ReadLag)):
			known.Present, known.at, changed = true, now, true
		}
	}
	for _, r := range m.requests {
		if changed && r.Channel == channel && r.CardTS == ts && r.State == approvals.Pending {
			m.enqueueJob(r, approvals.Job{Kind: approvals.JobCountVotes}, now)
		}
	}
}

// presentUsers lists the users with a reaction on a message.
func (m *model) presentUsers(channel, ts string) []string {
	var all []*modelReaction
	for _, r := range m.reactions {
		if r.Channel == channel && r.TS == ts && r.Present {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *modelReaction) int {
		return cmp.Or(cmp.Compare(a.EventTS, b.EventTS), cmp.Compare(a.User, b.User), cmp.Compare(a.Name, b.Name))
	})
	users := []string{}
	for _, r := range all {
		users = append(users, r.User+" "+r.Name)
	}
	return users
}

// jobRows writes the jobs as a store's table has them.
func (m *model) jobRows() []string {
	var all []string
	for _, row := range m.jobs {
		all = append(all, fmt.Sprint(row.RequestID, " ", row.Kind, " ", row.Key(), " ", encodeDetail(row.Job),
			" ", row.lane.Name, " ", boolToInt(row.lane.InOrder), " due ", toMicros(row.Due),
			" leased ", boolToInt(row.leased), " attempt ", row.Attempt,
			" revision ", row.Revision, " tried ", microsOrZero(row.TriedAt)))
	}
	return all
}

// encodeDetail is what the store keeps of a job besides its columns.
func encodeDetail(j approvals.Job) string {
	text, err := json.Marshal(jobDetail{Number: j.Number, Person: j.Person, Payload: j.Payload})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func microsOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return toMicros(t)
}

const jobRowsQuery = `SELECT request_id || ' ' || kind || ' ' || key || ' ' || detail
	|| ' ' || coalesce(lane, '') || ' ' || in_order || ' due ' || due_at
	|| ' leased ' || leased || ' attempt ' || attempt
	|| ' revision ' || revision || ' tried ' || coalesce(tried_at, 0) FROM jobs ORDER BY id`

// journalLines reads the journal with its words.
func (s underTest) journalLines(t rapid.TB) []string {
	t.Helper()
	var lines []string
	for r, err := range journalRows(context.Background(), s.read, "") {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(r.RequestID, " ", toMicros(r.At), " ", r.Kind, " ", r.Actor, " ", r.Before, ">", r.After))
	}
	return lines
}

// jobKinds lists the kinds of the jobs, and two more.
func (m *model) jobKinds() []approvals.JobKind {
	kinds := map[approvals.JobKind]bool{approvals.JobPrepare: true, approvals.JobApply: true}
	for _, row := range m.jobs {
		kinds[row.Kind] = true
	}
	return slices.Sorted(maps.Keys(kinds))
}

func (m *model) requestIDs() []string { return slices.Sorted(maps.Keys(m.requests)) }

// allowedTransitions are those of the figure in package approvals.
func allowedTransitions() map[approvals.State][]approvals.State {
	return map[approvals.State][]approvals.State{
		"":                {approvals.Filed},
		approvals.Filed:   {approvals.Refused, approvals.Cancelled, approvals.Expired, approvals.Pending},
		approvals.Pending: {approvals.Denied, approvals.Cancelled, approvals.Expired, approvals.Approved},
		approvals.Approved: {approvals.Done, approvals.Failed, approvals.Superseded, approvals.Cancelled,
			approvals.Pending, approvals.Denied, approvals.Expired},
	}
}

// checkTransitions compares the lines of one request's journal with the figure.
// Each begins with the state in which the last one ended.
func checkTransitions(lines []string) error {
	at := approvals.State("")
	for _, line := range lines {
		before, after, _ := parseTransition(line)
		if before != at {
			return fmt.Errorf("%q does not follow %q", line, at)
		}
		if before != after && !slices.Contains(allowedTransitions()[before], after) {
			return fmt.Errorf("the figure has no transition from %q to %q", before, after)
		}
		at = after
	}
	if len(lines) == 0 {
		return errors.New("the journal has no line")
	}
	return nil
}

// parseTransition reads the states and the request of one of journalLines.
func parseTransition(line string) (before, after approvals.State, id string) {
	id, _, _ = strings.Cut(line, " ")
	move := line[strings.LastIndex(line, " ")+1:]
	from, to, _ := strings.Cut(move, ">")
	return approvals.State(from), approvals.State(to), id
}

// linesOf picks the lines of one request.
func linesOf(journal []string, id string) []string {
	var lines []string
	for _, line := range journal {
		if strings.HasPrefix(line, id+" ") {
			lines = append(lines, line)
		}
	}
	return lines
}

func mustEncodeJSON(t rapid.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
