package store

import (
	"cmp"
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

// A model is the contract of a store in plain Go, without transactions, SQL or
// anyone else: what a store does one thing after the other, it has to do too.
type model struct {
	requests  map[string]approvals.Request
	journal   []string
	reactions map[string]*heard // by key
	owed      []*owedRow        // in the order of their ids
}

type owedRow struct {
	approvals.LeasedJob // Due is when it is due, or its lease ends
	lane                approvals.Lane
	leased              bool
}

type heard struct {
	approvals.Reaction
	at time.Time
}

func newModel() *model {
	return &model{requests: map[string]approvals.Request{}, reactions: map[string]*heard{}}
}

func (m *model) file(r approvals.Request, now time.Time) (approvals.Request, bool) {
	for _, known := range m.requests {
		if known.EnvelopeID == r.EnvelopeID {
			return known, true
		}
	}
	r.FiledAt, r.Deadline = now, now.Add(r.Terms.TTL)
	step := approvals.File(r)
	m.write("", "filed", r.Requester, step, now)
	return step.Request, false
}

func (m *model) step(id string, e approvals.Event, done *approvals.LeasedJob, now time.Time) (approvals.Request, error) {
	before, ok := m.requests[id]
	if !ok {
		return approvals.Request{}, approvals.ErrNotFound
	}
	step, err := approvals.Next(before, e, now)
	if err != nil {
		return approvals.Request{}, err
	}
	if done != nil && m.held(*done) == nil {
		return approvals.Request{}, approvals.ErrLeaseLost
	}
	if taken := m.taken(step.Request); taken != nil {
		return approvals.Request{}, taken
	}
	if done != nil {
		if err := m.settle(*done, now); err != nil {
			return approvals.Request{}, err
		}
	}
	m.write(before.State, e.Kind(), e.Actor(), step, now)
	return step.Request, nil
}

// taken finds the other open request that asks the same. A nil pointer in an
// error would be one, so it is the pointer that is returned.
func (m *model) taken(r approvals.Request) *approvals.DuplicateError {
	for _, other := range m.requests {
		waits := other.State == approvals.Pending || other.State == approvals.Approved
		if r.DedupKey != "" && r.State.Open() && waits && other.ID != r.ID && other.DedupKey == r.DedupKey {
			return &approvals.DuplicateError{RequestID: other.ID}
		}
	}
	return nil
}

func (m *model) write(before approvals.State, kind, actor string, step approvals.Step, now time.Time) {
	r := step.Request
	m.requests[r.ID] = r
	m.journal = append(m.journal, fmt.Sprint(r.ID, " ", micros(now), " ", kind, " ", actor, " ", before, ">", r.State))
	m.owed = slices.DeleteFunc(m.owed, func(row *owedRow) bool {
		return row.RequestID == r.ID && slices.Contains(step.Drop, row.Kind)
	})
	for _, o := range step.Enqueue {
		m.owe(r, o, now)
	}
}

func (m *model) owe(r approvals.Request, o approvals.Job, now time.Time) {
	if o.Due.IsZero() {
		o.Due = now
	}
	for _, row := range m.owed {
		if row.RequestID == r.ID && row.Kind == o.Kind && row.Key() == o.Key() {
			row.Revision++
			row.Number, row.Person, row.Payload = o.Number, o.Person, o.Payload
			if !row.leased && o.Due.Before(row.Due) {
				row.Due = o.Due
			}
			return
		}
	}
	m.owed = append(m.owed, &owedRow{LeasedJob: approvals.LeasedJob{RequestID: r.ID, Job: o, Revision: 1}, lane: o.LaneOf(r)})
}

// turn reports whether nothing in its lane keeps a row from being taken, but
// for one under lease.
func (m *model) turn(row *owedRow) bool {
	if row.lane.Name == "" || row.leased {
		return true
	}
	writes := !row.lane.InOrder
	earlier := true
	for _, mate := range m.owed {
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

// laneLeased reports whether another row of a lane is under lease.
func (m *model) laneLeased(row *owedRow) bool {
	return row.lane.Name != "" && slices.ContainsFunc(m.owed, func(mate *owedRow) bool {
		return mate != row && mate.lane == row.lane && mate.leased
	})
}

// next is the row of a kind whose turn comes first.
func (m *model) next(kind approvals.JobKind) *owedRow {
	var first *owedRow
	for _, row := range m.owed {
		if row.Kind == kind && m.turn(row) && !m.laneLeased(row) && (first == nil || row.Due.Before(first.Due)) {
			first = row
		}
	}
	return first
}

func (m *model) claim(kinds []approvals.JobKind, lease time.Duration, now time.Time) *owedRow {
	for _, kind := range kinds {
		if row := m.next(kind); row != nil && !row.Due.After(now) {
			row.leased = true
			row.Attempt++
			row.Due = now.Add(lease)
			return row
		}
	}
	return nil
}

func (m *model) wait(kinds []approvals.JobKind, now time.Time) (time.Duration, bool) {
	var first *owedRow
	for _, kind := range kinds {
		if row := m.next(kind); row != nil && (first == nil || row.Due.Before(first.Due)) {
			first = row
		}
	}
	if first == nil {
		return 0, false
	}
	return first.Due.Sub(now), true
}

// held finds a task that nobody took over or gave back.
func (m *model) held(task approvals.LeasedJob) *owedRow {
	for _, row := range m.owed {
		if row.ID == task.ID && row.Attempt == task.Attempt && row.leased {
			return row
		}
	}
	return nil
}

func (m *model) try(task approvals.LeasedJob, now time.Time) error {
	row := m.held(task)
	if row == nil || !row.Due.After(now) {
		return approvals.ErrLeaseLost
	}
	if row.TriedAt.IsZero() {
		row.TriedAt = now
	}
	return nil
}

func (m *model) settle(task approvals.LeasedJob, now time.Time) error {
	row := m.held(task)
	switch {
	case row == nil:
		return approvals.ErrLeaseLost
	case row.Revision == task.Revision:
		m.owed = slices.DeleteFunc(m.owed, func(other *owedRow) bool { return other == row })
	default:
		row.leased, row.TriedAt, row.Due = false, time.Time{}, now
	}
	return nil
}

func (m *model) putOff(task approvals.LeasedJob, after time.Duration, untry bool, now time.Time) error {
	row := m.held(task)
	if row == nil {
		return approvals.ErrLeaseLost
	}
	row.leased, row.Due = false, now.Add(after)
	if untry {
		row.TriedAt = time.Time{}
	}
	return nil
}

func key(r approvals.Reaction) string {
	return fmt.Sprint(r.Channel, " ", r.TS, " ", r.User, " ", r.Name)
}

func (m *model) react(r approvals.Reaction, now time.Time) {
	known, ok := m.reactions[key(r)]
	if ok && r.EventTS <= known.EventTS {
		return
	}
	m.reactions[key(r)] = &heard{r, now}
	for _, request := range m.requests {
		if request.Channel == r.Channel && request.CardTS == r.TS && request.State.Open() {
			m.owe(request, approvals.Job{Kind: approvals.JobCountVotes}, now)
		}
	}
}

func (m *model) seen(channel, ts string, asOf time.Time, shown []approvals.Reaction, now time.Time) {
	changed := false
	for _, r := range m.reactions {
		there := slices.ContainsFunc(shown, func(s approvals.Reaction) bool { return key(s) == key(r.Reaction) })
		if r.Channel == channel && r.TS == ts && r.at.Before(asOf) && r.Present && !there {
			r.Present, changed = false, true
		}
	}
	for _, r := range shown {
		known, ok := m.reactions[key(r)]
		switch {
		case !ok:
			r.EventTS = ""
			m.reactions[key(r)] = &heard{r, asOf}
			changed = true
		case known.at.Before(asOf) && !known.Present:
			known.Present, changed = true, true
		}
	}
	for _, r := range m.requests {
		if changed && r.Channel == channel && r.CardTS == ts && r.State == approvals.Pending {
			m.owe(r, approvals.Job{Kind: approvals.JobCountVotes}, now)
		}
	}
}

// present lists the users whose reactions are on a message.
func (m *model) present(channel, ts string) []string {
	var all []*heard
	for _, r := range m.reactions {
		if r.Channel == channel && r.TS == ts && r.Present {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *heard) int {
		return cmp.Or(cmp.Compare(a.EventTS, b.EventTS), cmp.Compare(a.User, b.User), cmp.Compare(a.Name, b.Name))
	})
	users := []string{}
	for _, r := range all {
		users = append(users, r.User+" "+r.Name)
	}
	return users
}

// rows writes the owed work as a store's table has it.
func (m *model) rows() []string {
	var all []string
	for _, row := range m.owed {
		all = append(all, fmt.Sprint(row.RequestID, " ", row.Kind, " ", row.Key(), " ", detailOf(row.Job), " ", row.lane.Name, " ", flag(row.lane.InOrder), " due ", micros(row.Due),
			" leased ", flag(row.leased), " attempt ", row.Attempt, " wanted ", row.Revision, " tried ", triedMicros(row.TriedAt)))
	}
	return all
}

// detailOf is what the store keeps of a job beside its columns.
func detailOf(j approvals.Job) string {
	text, err := json.Marshal(jobDetail{Number: j.Number, Person: j.Person, Payload: j.Payload})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func triedMicros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return micros(t)
}

const rowsQuery = `SELECT request_id || ' ' || kind || ' ' || key || ' ' || detail || ' ' || coalesce(lane, '') || ' ' || in_order || ' due ' || due_at
	|| ' leased ' || leased || ' attempt ' || attempt || ' wanted ' || revision || ' tried ' || coalesce(tried_at, 0) FROM jobs ORDER BY id`

const journalQuery = `SELECT request_id || ' ' || at || ' ' || kind || ' ' || actor || ' ' || before || '>' || after FROM journal ORDER BY id`

// kinds lists the kinds of work that are owed, and one that is not.
func (m *model) kinds() []approvals.JobKind {
	kinds := map[approvals.JobKind]bool{approvals.JobPrepare: true, approvals.JobApply: true}
	for _, row := range m.owed {
		kinds[row.Kind] = true
	}
	return slices.Sorted(maps.Keys(kinds))
}

func (m *model) ids() []string { return slices.Sorted(maps.Keys(m.requests)) }

// The moves of the figure in package approvals.
func moves() map[approvals.State][]approvals.State {
	return map[approvals.State][]approvals.State{
		"":                 {approvals.Filed},
		approvals.Filed:    {approvals.Refused, approvals.Cancelled, approvals.Expired, approvals.Pending},
		approvals.Pending:  {approvals.Denied, approvals.Cancelled, approvals.Expired, approvals.Approved},
		approvals.Approved: {approvals.Done, approvals.Failed, approvals.Superseded, approvals.Cancelled, approvals.Pending, approvals.Denied, approvals.Expired},
	}
}

// path holds the lines of one request's journal to the figure: each begins
// where the last one ended, and moves as the figure does or not at all.
func path(lines []string) error {
	at := approvals.State("")
	for _, line := range lines {
		before, after, _ := splitMove(line)
		if before != at {
			return fmt.Errorf("%q does not follow %q", line, at)
		}
		if before != after && !slices.Contains(moves()[before], after) {
			return fmt.Errorf("the figure has no way from %q to %q", before, after)
		}
		at = after
	}
	if len(lines) == 0 {
		return errors.New("no journal")
	}
	return nil
}

// splitMove reads the states of a line of journalQuery, and its request.
func splitMove(line string) (before, after approvals.State, id string) {
	id, _, _ = strings.Cut(line, " ")
	move := line[strings.LastIndex(line, " ")+1:]
	from, to, _ := strings.Cut(move, ">")
	return approvals.State(from), approvals.State(to), id
}

// of picks the lines of one request.
func of(journal []string, id string) []string {
	var lines []string
	for _, line := range journal {
		if strings.HasPrefix(line, id+" ") {
			lines = append(lines, line)
		}
	}
	return lines
}

func jsonOf(t rapid.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
