package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"licensebot/approvals"
)

// A machine drives a store and the model with the same random actions, and
// compares what they answer and what they hold after each.
type machine struct {
	s     underTest
	m     *model
	w     witness
	clock *clock
	tasks []approvals.LeasedJob // taken at any time, whether they are still held or not
	ids   map[int64]bool
}

func TestStoreIsTheModel(t *testing.T) {
	for name, one := range map[string]func(t *testing.T) *bench{
		"sqlite":   func(t *testing.T) *bench { b, _ := sqliteBench(t); return b },
		"postgres": func(t *testing.T) *bench { return replicas(t, 1)[0] },
	} {
		t.Run(name, func(t *testing.T) {
			b := one(t)
			check := func(actions func(mc *machine) map[string]func(*rapid.T)) func(t *testing.T) {
				return rapid.MakeCheck(func(rt *rapid.T) {
					b.clear()
					mc := &machine{s: b.under(), m: newModel(), w: witness{}, clock: b.clock, ids: map[int64]bool{}}
					rt.Repeat(actions(mc))
					mc.compareAll(rt)
				})
			}
			t.Run("everything", check((*machine).everything))
			t.Run("lives", check((*machine).lives))
		})
	}
}

// everything is all that a store can be asked to do.
func (mc *machine) everything() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": mc.compare, "file": mc.file, "step": mc.step, "react": mc.react, "seen": mc.seen, "claim": mc.claim,
		"try": mc.try, "settle": mc.settle, "defer": mc.putOff, "wait": mc.wait, "advance": mc.advance,
		"step as a worker": mc.stepHeld, "step more": mc.step, "claim more": mc.claim,
	}
}

// lives is what brings requests on: so they come to all their ends, and codes
// that are granted for a time to the end of that.
func (mc *machine) lives() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": mc.compare, "file": mc.file, "advance": mc.advance, "step": mc.step, "step more": mc.step, "step on": mc.step, "step still": mc.step,
	}
}

func (mc *machine) now() time.Time { return mc.clock.now() }

// agree holds the store's error to the model's.
func agree(t *rapid.T, got, want error) {
	t.Helper()
	for _, sentinel := range []error{
		approvals.ErrNoTransition, approvals.ErrNotPermitted, approvals.ErrReasonRequired, approvals.ErrLeaseLost, approvals.ErrNoJob, approvals.ErrNotFound,
	} {
		if errors.Is(got, sentinel) != errors.Is(want, sentinel) {
			t.Fatalf("error %v, want %v", got, want)
		}
	}
	var one, other *approvals.DuplicateError
	if errors.As(got, &one) != errors.As(want, &other) || one != nil && one.RequestID != other.RequestID {
		t.Fatalf("error %v, want %v", got, want)
	}
	if (got == nil) != (want == nil) {
		t.Fatalf("error %v, want %v", got, want)
	}
}

func same(t *rapid.T, what string, got, want any) {
	t.Helper()
	if got, want := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); got != want {
		t.Fatalf("%s:\n%s, want\n%s", what, got, want)
	}
}

// compare looks at the owed work after each action, because every action
// concerns it.
func (mc *machine) compare(t *rapid.T) {
	holds(t, mc.s, rowsQuery, mc.m.rows())
	mc.w.times(t, mc.s.timers(t), mc.now())
}

func holds(t *rapid.T, s underTest, query string, want []string) {
	t.Helper()
	if got := s.column(t, query); !slices.Equal(got, want) {
		t.Fatalf("the store holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// compareAll looks at requests and journal.
func (mc *machine) compareAll(t *rapid.T) {
	holds(t, mc.s, journalQuery, mc.m.journal)
	for id, want := range mc.m.requests {
		got, err := mc.s.Request(context.Background(), id)
		agree(t, err, nil)
		same(t, "request", jsonOf(t, got), jsonOf(t, want))
		if err := errors.Join(path(of(mc.m.journal, id)), oneEnd(of(mc.m.journal, id))); err != nil {
			t.Fatal(err)
		}
	}
}

// column reads a query's only column.
func (s underTest) column(t rapid.TB, query string) []string {
	t.Helper()
	rows, err := s.read.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}

// card is where a request's card is, or will be.
func card(id string) string { return "1700000000." + strings.TrimPrefix(id, "R-") }

func (mc *machine) file(t *rapid.T) {
	if len(mc.m.requests) == 4 {
		t.Skip("enough")
	}
	r := asked(len(mc.m.requests))
	if len(mc.m.requests) > 0 && rapid.IntRange(0, 3).Draw(t, "redelivered") == 0 {
		r.EnvelopeID = ask(rapid.IntRange(0, len(mc.m.requests)-1).Draw(t, "envelope")).EnvelopeID
	}
	want, wantAgain := mc.m.file(r, mc.now())
	got, again, err := mc.s.FileRequest(context.Background(), r)
	agree(t, err, nil)
	same(t, "again", again, wantAgain)
	same(t, "filed", jsonOf(t, got), jsonOf(t, want))
	if !again {
		mc.w.filed(r, mc.now())
	}
}

func (mc *machine) step(t *rapid.T) {
	ids := mc.m.ids()
	if len(ids) == 0 || rapid.IntRange(0, 19).Draw(t, "unknown") == 19 {
		ids = []string{"R-NOTTHERE"}
	}
	mc.stepOn(t, rapid.SampledFrom(ids).Draw(t, "request"), nil)
}

func (mc *machine) stepHeld(t *rapid.T) {
	task := mc.task(t)
	mc.stepOn(t, task.RequestID, &task)
}

func (mc *machine) stepOn(t *rapid.T, id string, done *approvals.LeasedJob) {
	e := drawEvent(t, id)
	if rapid.IntRange(0, 3).Draw(t, "fit") > 0 {
		e = drawFit(t, mc.m.requests[id])
	}
	want, wantErr := mc.m.step(id, e, done, mc.now())
	got, err := mc.s.ApplyEvent(context.Background(), id, e, done)
	agree(t, err, wantErr)
	if err != nil {
		return
	}
	same(t, "step", jsonOf(t, got), jsonOf(t, want))
	if err := mc.w.saw(id, e, got.State, mc.now()); err != nil {
		t.Fatal(err)
	}
}

// drawEvent makes any event of the rules, fit for the request or not.
func drawEvent(t *rapid.T, id string) approvals.Event {
	return judged(id, rapid.OneOf(
		rapid.Custom(func(t *rapid.T) approvals.Event { return drawProposal(t, id) }),
		rapid.Just[approvals.Event](approvals.CardPosted{TS: card(id)}),
		rapid.Just[approvals.Event](approvals.Rejected{Outcome: approvals.Outcome{Reason: approvals.ReasonNotOwned, ConcernedCodes: []string{"IDU"}}}),
		rapid.Custom(func(t *rapid.T) approvals.Event { return approvals.VotesCounted{Ballots: drawBallots(t)} }),
		rapid.Custom(func(t *rapid.T) approvals.Event { return approvals.ApproversChanged{Ballots: drawBallots(t)} }),
		rapid.Just[approvals.Event](approvals.Orphaned{}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			return approvals.ConsentLost{Ballots: drawBallots(t), WriteAttempted: rapid.Bool().Draw(t, "attempted")}
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			return approvals.Cancel{
				By:         rapid.SampledFrom([]string{"U-REQUESTER", "U-0"}).Draw(t, "by"),
				Authorized: rapid.Bool().Draw(t, "authorised"), Reason: rapid.SampledFrom([]string{"", "a mistake"}).Draw(t, "why"),
			}
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event { return drawLapse(t) }),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			return approvals.CardDeleted{WriteAttempted: rapid.Bool().Draw(t, "attempted"), Waiting: rapid.Bool().Draw(t, "waiting")}
		}),
		rapid.Just[approvals.Event](approvals.Delayed{Reason: "UiPath is away"}),
		rapid.Just[approvals.Event](approvals.Mismatch{Answered: []string{"IDU"}}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			state := rapid.SampledFrom([]approvals.State{approvals.Done, approvals.Failed, approvals.Superseded, approvals.Denied}).Draw(t, "state")
			return approvals.WriteFinished{State: state, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed}}
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			return approvals.Reminded{Number: rapid.IntRange(1, 5).Draw(t, "number")}
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event { return drawOfGrant(t) }),
	).Draw(t, "event"))
}

func drawLapse(t *rapid.T) approvals.Expire {
	return approvals.Expire{Ballots: drawBallots(t), Unseen: rapid.IntRange(0, 3).Draw(t, "unseen") == 0}
}

// drawOfGrant makes an event that means something to what holds codes for a time.
func drawOfGrant(t *rapid.T) approvals.Event {
	return rapid.OneOf(
		rapid.Just[approvals.Event](approvals.GrantExpired{}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			return approvals.RevokeEarly{By: rapid.SampledFrom([]string{"U-REQUESTER", "U-0"}).Draw(t, "by"), Authorized: rapid.Bool().Draw(t, "authorised")}
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			left := rapid.SampledFrom([][]string{nil, nil, {"IDU"}}).Draw(t, "left")
			return approvals.Revoked{Revocation: approvals.Revocation{Removed: []string{"RPADEVPRONU"}, Remaining: left}}
		}),
	).Draw(t, "of a grant")
}

// drawProposal makes a change that now and then is what another request asks,
// and seldom one that nobody has to agree to.
func drawProposal(t *rapid.T, id string) approvals.Prepared {
	group := rapid.SampledFrom([]string{"group-01", "group-02"}).Draw(t, "group")
	asked := ownProposal(group, id)
	if rapid.IntRange(0, 3).Draw(t, "alike") == 0 {
		asked = proposal(group)
	}
	asked.Terms.Stages = nil
	for i, people := range approversOf(id) {
		quorum := 1 // of a second stage: there are not more people than three
		if i == 0 {
			quorum = rapid.IntRange(1, 2).Draw(t, "quorum")
		}
		asked.Terms.Stages = append(asked.Terms.Stages, approvals.Stage{Approvers: people, Quorum: quorum})
	}
	asked.Terms.SelfApproval = selfApproved(id)
	asked.Terms.AutoApprove = rapid.IntRange(0, 9).Draw(t, "auto") == 9
	return asked
}

// drawFit makes an event that brings a request on, so that runs get far.
func drawFit(t *rapid.T, r approvals.Request) approvals.Event {
	switch {
	case r.State == approvals.Filed:
		return drawProposal(t, r.ID)
	case r.CardTS == "":
		return approvals.CardPosted{TS: card(r.ID)}
	case r.State == approvals.Pending:
		return judged(r.ID, rapid.OneOf(
			rapid.Just[approvals.Event](unanimous(r.ID)),
			rapid.Custom(func(t *rapid.T) approvals.Event { return approvals.VotesCounted{Ballots: drawBallots(t)} }),
			rapid.Custom(func(t *rapid.T) approvals.Event { return drawLapse(t) }),
		).Draw(t, "look"))
	case r.State == approvals.Approved && rapid.IntRange(0, 2).Draw(t, "lost") == 2:
		return judged(r.ID, approvals.ConsentLost{Ballots: drawBallots(t)})
	case r.State == approvals.Done:
		return drawOfGrant(t)
	}
	return approvals.WriteFinished{State: approvals.Done, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed}}
}

// drawBallots makes what may be on a card. What a ballot stands as is known
// once it is known on which; that it came too late is drawn.
func drawBallots(t *rapid.T) []approvals.Ballot {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) approvals.Ballot {
		return approvals.Ballot{
			User:        rapid.SampledFrom(everybody()).Draw(t, "user"),
			Deny:        rapid.IntRange(0, 7).Draw(t, "deny") == 0,
			Eligibility: rapid.SampledFrom([]approvals.Eligibility{"", "", "", approvals.IsLate}).Draw(t, "standing"),
		}
	}), 0, 4).Draw(t, "ballots")
}

func (mc *machine) claim(t *rapid.T) {
	kinds := rapid.SliceOfNDistinct(rapid.SampledFrom(mc.m.kinds()), 1, 2, rapid.ID).Draw(t, "kinds")
	want := mc.m.claim(kinds, lease, mc.now())
	got, r, err := mc.s.ClaimJob(context.Background(), lease, kinds...)
	if want == nil {
		agree(t, err, approvals.ErrNoJob)
		return
	}
	agree(t, err, nil)
	if want.ID == 0 {
		if mc.ids[got.ID] {
			t.Fatalf("id %d is used again", got.ID)
		}
		want.ID, mc.ids[got.ID] = got.ID, true
	}
	task := want.LeasedJob
	task.Due = time.Time{}
	same(t, "task", jsonOf(t, got), jsonOf(t, task))
	same(t, "request", jsonOf(t, r), jsonOf(t, mc.m.requests[task.RequestID]))
	mc.tasks = append(mc.tasks, got)
}

// task draws a task that was taken once, the latest most often.
func (mc *machine) task(t *rapid.T) approvals.LeasedJob {
	if len(mc.tasks) == 0 {
		t.Skip("nothing was taken")
	}
	back := rapid.IntRange(0, min(len(mc.tasks), 6)-1).Draw(t, "back")
	return mc.tasks[len(mc.tasks)-1-back]
}

func (mc *machine) try(t *rapid.T) {
	task := mc.task(t)
	agree(t, mc.s.MarkTried(context.Background(), task), mc.m.try(task, mc.now()))
}

func (mc *machine) settle(t *rapid.T) {
	task := mc.task(t)
	agree(t, mc.s.CompleteJob(context.Background(), task), mc.m.settle(task, mc.now()))
}

func (mc *machine) putOff(t *rapid.T) {
	task := mc.task(t)
	after := rapid.SampledFrom([]time.Duration{0, time.Second, lease}).Draw(t, "after")
	untry := rapid.Bool().Draw(t, "untry")
	agree(t, mc.s.RetryJob(context.Background(), task, after, untry), mc.m.putOff(task, after, untry, mc.now()))
}

func (mc *machine) wait(t *rapid.T) {
	kinds := rapid.SliceOfNDistinct(rapid.SampledFrom(mc.m.kinds()), 1, 3, rapid.ID).Draw(t, "kinds")
	want, wantOwed := mc.m.wait(kinds, mc.now())
	got, owed, err := mc.s.NextDue(context.Background(), kinds...)
	agree(t, err, nil)
	same(t, "wait", fmt.Sprint(got, owed), fmt.Sprint(want, wantOwed))
}

// reaction draws what someone may do to a card, posted or not.
func (mc *machine) reaction(t *rapid.T) approvals.Reaction {
	if len(mc.m.requests) == 0 {
		t.Skip("nothing to react to")
	}
	r := approvals.Reaction{
		Channel: channel, TS: card(rapid.SampledFrom(mc.m.ids()).Draw(t, "card")), Name: "white_check_mark",
		User: fmt.Sprint("U-", rapid.IntRange(0, 2).Draw(t, "user")), EventTS: fmt.Sprintf("17.%03d", rapid.IntRange(1, 20).Draw(t, "event")),
		Present: rapid.IntRange(0, 2).Draw(t, "present") > 0,
	}
	if rapid.IntRange(0, 4).Draw(t, "deny") == 0 {
		r.Name, r.Deny = "x", true
	}
	return r
}

func (mc *machine) react(t *rapid.T) {
	r := mc.reaction(t)
	mc.m.react(r, mc.now())
	agree(t, mc.s.RecordReaction(context.Background(), r), nil)
	mc.onCard(t, r.TS)
}

func (mc *machine) onCard(t *rapid.T, ts string) {
	shown, err := mc.s.ListReactions(context.Background(), channel, ts)
	agree(t, err, nil)
	users := []string{}
	for _, r := range shown {
		users = append(users, r.User+" "+r.Name)
	}
	same(t, "reactions", users, mc.m.present(channel, ts))
}

func (mc *machine) seen(t *rapid.T) {
	r := mc.reaction(t)
	shown := []approvals.Reaction{}
	for n := range rapid.IntRange(0, 3).Draw(t, "shown") {
		shown = append(shown, approvals.Reaction{Channel: channel, TS: r.TS, User: fmt.Sprint("U-", n), Name: "white_check_mark", Present: true})
	}
	asOf := mc.now().Add(-rapid.SampledFrom([]time.Duration{0, time.Microsecond, lease}).Draw(t, "ago"))
	mc.m.seen(channel, r.TS, asOf, shown, mc.now())
	agree(t, mc.s.ReplaceReactions(context.Background(), channel, r.TS, asOf, shown), nil)
	mc.onCard(t, r.TS)
}

func (mc *machine) advance(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "long") == 9 { // seldom: it ends what is pending
		mc.clock.advance(ttl)
		return
	}
	mc.clock.advance(rapid.SampledFrom([]time.Duration{time.Microsecond, lease - time.Microsecond, lease, time.Hour}).Draw(t, "by"))
}
