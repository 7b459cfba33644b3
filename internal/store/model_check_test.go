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

// A machine drives a store and the model with the same random actions. After each
// it compares their answers and their contents.
type machine struct {
	s      underTest
	m      *model
	w      witness
	clock  *clock
	leased []approvals.LeasedJob // all that were ever claimed
	ids    map[int64]bool
}

func TestStoreBehavesLikeModel(t *testing.T) {
	for name, one := range map[string]func(t *testing.T) *bench{
		"sqlite":   func(t *testing.T) *bench { b, _ := sqliteBench(t); return b },
		"postgres": func(t *testing.T) *bench { return openReplicas(t, 1)[0] },
	} {
		t.Run(name, func(t *testing.T) {
			b := one(t)
			check := func(actions func(mc *machine) map[string]func(*rapid.T)) func(t *testing.T) {
				return rapid.MakeCheck(func(rt *rapid.T) {
					b.clearTables()
					mc := &machine{s: b.underTest(), m: newModel(), w: witness{}, clock: b.clock, ids: map[int64]bool{}}
					rt.Repeat(actions(mc))
					mc.checkRequests(rt)
				})
			}
			t.Run("all actions", check((*machine).allActions))
			t.Run("lives of requests", check((*machine).lifeActions))
		})
	}
}

// allActions are all calls of a store.
func (mc *machine) allActions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": mc.checkJobs, "file": mc.fileRequest, "apply": mc.applyAny, "react": mc.recordReaction,
		"replace": mc.replaceReactions, "claim": mc.claimJob,
		"try": mc.markTried, "complete": mc.completeJob, "retry": mc.retryJob, "next due": mc.askNextDue, "advance": mc.advanceClock,
		"apply as a worker": mc.applyUnderLease, "apply more": mc.applyAny, "claim more": mc.claimJob,
	}
}

// lifeActions bring requests on, so that they reach all their outcomes and grants
// reach their end.
func (mc *machine) lifeActions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": mc.checkJobs, "file": mc.fileRequest, "advance": mc.advanceClock,
		"apply": mc.applyAny, "apply 2": mc.applyAny, "apply 3": mc.applyAny, "apply 4": mc.applyAny,
	}
}

func (mc *machine) now() time.Time { return mc.clock.now() }

// wantSameError compares the store's error with the model's.
func wantSameError(t *rapid.T, got, want error) {
	t.Helper()
	for _, sentinel := range []error{
		approvals.ErrNoTransition, approvals.ErrNotPermitted, approvals.ErrReasonRequired,
		approvals.ErrLeaseLost, approvals.ErrNoJob, approvals.ErrNotFound,
	} {
		if errors.Is(got, sentinel) != errors.Is(want, sentinel) {
			t.Fatalf("error %v, want %v", got, want)
		}
	}
	one, isDuplicate := errors.AsType[*approvals.DuplicateError](got)
	other, wantDuplicate := errors.AsType[*approvals.DuplicateError](want)
	if isDuplicate != wantDuplicate || isDuplicate && one.RequestID != other.RequestID {
		t.Fatalf("error %v, want %v", got, want)
	}
	if (got == nil) != (want == nil) {
		t.Fatalf("error %v, want %v", got, want)
	}
}

func wantEqual(t *rapid.T, what string, got, want any) {
	t.Helper()
	if got, want := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); got != want {
		t.Fatalf("%s:\n%s, want\n%s", what, got, want)
	}
}

// checkJobs compares the jobs after each action, because every action concerns
// them.
func (mc *machine) checkJobs(t *rapid.T) {
	wantRows(t, mc.s, jobRowsQuery, mc.m.jobRows())
	mc.w.checkTimers(t, mc.s.readTimers(t), mc.now())
}

func wantRows(t *rapid.T, s underTest, query string, want []string) {
	t.Helper()
	if got := s.readColumn(t, query); !slices.Equal(got, want) {
		t.Fatalf("the store has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// checkRequests compares the requests and the journal.
func (mc *machine) checkRequests(t *rapid.T) {
	if got := mc.s.journalLines(t); !slices.Equal(got, mc.m.journal) {
		t.Fatalf("the journal has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(mc.m.journal, "\n"))
	}
	for id, want := range mc.m.requests {
		got, err := mc.s.Request(context.Background(), id)
		wantSameError(t, err, nil)
		wantEqual(t, "request", mustEncodeJSON(t, got), mustEncodeJSON(t, want))
		if err := errors.Join(checkTransitions(linesOf(mc.m.journal, id)), checkOneEnd(linesOf(mc.m.journal, id))); err != nil {
			t.Fatal(err)
		}
	}
}

// readColumn reads a query's only column.
func (s underTest) readColumn(t rapid.TB, query string) []string {
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

// cardTS is the timestamp of a request's card, posted or not.
func cardTS(id string) string { return "1700000000." + strings.TrimPrefix(id, "R-") }

func (mc *machine) fileRequest(t *rapid.T) {
	if len(mc.m.requests) == 4 {
		t.Skip("enough")
	}
	r := modelRequest(len(mc.m.requests))
	if len(mc.m.requests) > 0 && rapid.IntRange(0, 3).Draw(t, "redelivered") == 0 {
		r.EnvelopeID = sampleRequest(rapid.IntRange(0, len(mc.m.requests)-1).Draw(t, "envelope")).EnvelopeID
	}
	want, wantAgain := mc.m.fileRequest(r, mc.now())
	got, receipt, err := mc.s.FileRequest(context.Background(), r)
	wantSameError(t, err, nil)
	wantEqual(t, "again", receipt.Again, wantAgain)
	wantEqual(t, "filed", mustEncodeJSON(t, got), mustEncodeJSON(t, want))
	if !receipt.Again {
		mc.w.recordFiled(r, mc.now())
	}
}

func (mc *machine) applyAny(t *rapid.T) {
	ids := mc.m.requestIDs()
	if len(ids) == 0 || rapid.IntRange(0, 19).Draw(t, "unknown") == 19 {
		ids = []string{"R-NOTTHERE"}
	}
	mc.applyTo(t, rapid.SampledFrom(ids).Draw(t, "request"), nil)
}

func (mc *machine) applyUnderLease(t *rapid.T) {
	job := mc.drawLeased(t)
	mc.applyTo(t, job.RequestID, &job)
}

func (mc *machine) applyTo(t *rapid.T, id string, done *approvals.LeasedJob) {
	e := drawEvent(t, id)
	if rapid.IntRange(0, 3).Draw(t, "fitting") > 0 {
		e = drawNextEvent(t, mc.m.requests[id])
	}
	want, wantErr := mc.m.applyEvent(id, e, done, mc.now())
	got, err := mc.s.ApplyEvent(context.Background(), id, e, done)
	wantSameError(t, err, wantErr)
	if err != nil {
		return
	}
	wantEqual(t, "applied", mustEncodeJSON(t, got), mustEncodeJSON(t, want))
	if err := mc.w.checkStep(id, e, got.State, mc.now()); err != nil {
		t.Fatal(err)
	}
}

// drawEvent makes any event, whether it fits the request or not.
func drawEvent(t *rapid.T, id string) approvals.Event {
	return withEligibility(id, rapid.OneOf(
		rapid.Custom(func(t *rapid.T) approvals.Event { return drawProposal(t, id) }),
		rapid.Just[approvals.Event](approvals.CardPosted{TS: cardTS(id)}),
		rapid.Just[approvals.Event](approvals.Rejected{
			Outcome: approvals.Outcome{Reason: approvals.ReasonNotOwned, ConcernedCodes: []string{"IDU"}},
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event { return approvals.VotesCounted{Ballots: drawBallots(t)} }),
		rapid.Custom(func(t *rapid.T) approvals.Event { return approvals.ApproversChanged{Ballots: drawBallots(t)} }),
		rapid.Just[approvals.Event](approvals.Orphaned{}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			return approvals.ConsentLost{Ballots: drawBallots(t), WriteAttempted: rapid.Bool().Draw(t, "attempted")}
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			return approvals.Cancel{
				By:         rapid.SampledFrom([]string{"U-REQUESTER", "U-0"}).Draw(t, "by"),
				Authorized: rapid.Bool().Draw(t, "authorized"), Reason: rapid.SampledFrom([]string{"", "a mistake"}).Draw(t, "why"),
			}
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event { return drawExpire(t) }),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			return approvals.CardDeleted{WriteAttempted: rapid.Bool().Draw(t, "attempted"), Waiting: rapid.Bool().Draw(t, "waiting")}
		}),
		rapid.Just[approvals.Event](approvals.Delayed{Reason: "UiPath is away"}),
		rapid.Just[approvals.Event](approvals.Mismatch{Shown: []string{"IDU"}}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			state := rapid.SampledFrom([]approvals.State{approvals.Done, approvals.Failed, approvals.Superseded, approvals.Denied}).Draw(t, "state")
			return approvals.WriteFinished{State: state, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed}}
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			return approvals.Reminded{Number: rapid.IntRange(1, 5).Draw(t, "number")}
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event { return drawGrantEvent(t) }),
	).Draw(t, "event"))
}

func drawExpire(t *rapid.T) approvals.Expire {
	return approvals.Expire{Ballots: drawBallots(t), Unseen: rapid.IntRange(0, 3).Draw(t, "unseen") == 0}
}

// drawGrantEvent makes an event that concerns a grant.
func drawGrantEvent(t *rapid.T) approvals.Event {
	return rapid.OneOf(
		rapid.Just[approvals.Event](approvals.GrantExpired{}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			return approvals.RevokeEarly{
				By:         rapid.SampledFrom([]string{"U-REQUESTER", "U-0"}).Draw(t, "by"),
				Authorized: rapid.Bool().Draw(t, "authorized"),
			}
		}),
		rapid.Custom(func(t *rapid.T) approvals.Event {
			left := rapid.SampledFrom([][]string{nil, nil, {"IDU"}}).Draw(t, "left")
			return approvals.Revoked{Revocation: approvals.Revocation{Removed: []string{"RPADEVPRONU"}, Remaining: left}}
		}),
	).Draw(t, "of a grant")
}

// drawProposal makes a change. Now and then another request asks for the same,
// and seldom the change needs no approver.
func drawProposal(t *rapid.T, id string) approvals.Prepared {
	group := rapid.SampledFrom([]string{"group-01", "group-02"}).Draw(t, "group")
	asked := distinctProposal(group, id)
	if rapid.IntRange(0, 3).Draw(t, "alike") == 0 {
		asked = sampleProposal(group)
	}
	asked.Terms.Stages = nil
	for i, people := range approversOf(id) {
		quorum := 1 // a second stage needs one, because there are only three people
		if i == 0 {
			quorum = rapid.IntRange(1, 2).Draw(t, "quorum")
		}
		asked.Terms.Stages = append(asked.Terms.Stages, approvals.Stage{Approvers: people, Quorum: quorum})
	}
	asked.Terms.SelfApproval = allowsSelfApproval(id)
	asked.Terms.AutoApprove = rapid.IntRange(0, 9).Draw(t, "auto") == 9
	return asked
}

// drawNextEvent makes an event that brings a request on, so that runs get far.
func drawNextEvent(t *rapid.T, r approvals.Request) approvals.Event {
	switch {
	case r.State == approvals.Filed:
		return drawProposal(t, r.ID)
	case r.CardTS == "":
		return approvals.CardPosted{TS: cardTS(r.ID)}
	case r.State == approvals.Pending:
		return withEligibility(r.ID, rapid.OneOf(
			rapid.Just[approvals.Event](unanimous(r.ID)),
			rapid.Custom(func(t *rapid.T) approvals.Event { return approvals.VotesCounted{Ballots: drawBallots(t)} }),
			rapid.Custom(func(t *rapid.T) approvals.Event { return drawExpire(t) }),
		).Draw(t, "look"))
	case r.State == approvals.Approved && rapid.IntRange(0, 2).Draw(t, "lost") == 2:
		return withEligibility(r.ID, approvals.ConsentLost{Ballots: drawBallots(t)})
	case r.State == approvals.Done:
		return drawGrantEvent(t)
	}
	return approvals.WriteFinished{State: approvals.Done, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed}}
}

// drawBallots makes the ballots that may be on a card. withEligibility sets their
// eligibility later, except that a late ballot is drawn here.
func drawBallots(t *rapid.T) []approvals.Ballot {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) approvals.Ballot {
		return approvals.Ballot{
			User:        rapid.SampledFrom(possibleVoters()).Draw(t, "user"),
			Deny:        rapid.IntRange(0, 7).Draw(t, "deny") == 0,
			Eligibility: rapid.SampledFrom([]approvals.Eligibility{"", "", "", approvals.IsLate}).Draw(t, "eligibility"),
		}
	}), 0, 4).Draw(t, "ballots")
}

func (mc *machine) claimJob(t *rapid.T) {
	kinds := rapid.SliceOfNDistinct(rapid.SampledFrom(mc.m.jobKinds()), 1, 2, rapid.ID).Draw(t, "kinds")
	want := mc.m.claimJob(kinds, lease, mc.now())
	got, r, err := mc.s.ClaimJob(context.Background(), lease, kinds...)
	if want == nil {
		wantSameError(t, err, approvals.ErrNoJob)
		return
	}
	wantSameError(t, err, nil)
	if want.ID == 0 {
		if mc.ids[got.ID] {
			t.Fatalf("job id %d was used again", got.ID)
		}
		want.ID, mc.ids[got.ID] = got.ID, true
	}
	job := want.LeasedJob
	job.Due = time.Time{}
	wantEqual(t, "job", mustEncodeJSON(t, got), mustEncodeJSON(t, job))
	wantEqual(t, "request", mustEncodeJSON(t, r), mustEncodeJSON(t, mc.m.requests[job.RequestID]))
	mc.leased = append(mc.leased, got)
}

// drawLeased draws a job that was claimed once, the latest most often.
func (mc *machine) drawLeased(t *rapid.T) approvals.LeasedJob {
	if len(mc.leased) == 0 {
		t.Skip("no job was claimed")
	}
	back := rapid.IntRange(0, min(len(mc.leased), 6)-1).Draw(t, "back")
	return mc.leased[len(mc.leased)-1-back]
}

func (mc *machine) markTried(t *rapid.T) {
	job := mc.drawLeased(t)
	wantSameError(t, mc.s.MarkTried(context.Background(), job), mc.m.markTried(job, mc.now()))
}

func (mc *machine) completeJob(t *rapid.T) {
	job := mc.drawLeased(t)
	wantSameError(t, mc.s.CompleteJob(context.Background(), job), mc.m.completeJob(job, mc.now()))
}

func (mc *machine) retryJob(t *rapid.T) {
	job := mc.drawLeased(t)
	after := rapid.SampledFrom([]time.Duration{0, time.Second, lease}).Draw(t, "after")
	untry := rapid.Bool().Draw(t, "untry")
	wantSameError(t, mc.s.RetryJob(context.Background(), job, after, untry), mc.m.retryJob(job, after, untry, mc.now()))
}

func (mc *machine) askNextDue(t *rapid.T) {
	kinds := rapid.SliceOfNDistinct(rapid.SampledFrom(mc.m.jobKinds()), 1, 3, rapid.ID).Draw(t, "kinds")
	want, wantFound := mc.m.nextDue(kinds, mc.now())
	got, found, err := mc.s.NextDue(context.Background(), kinds...)
	wantSameError(t, err, nil)
	wantEqual(t, "wait", fmt.Sprint(got, found), fmt.Sprint(want, wantFound))
}

// drawReaction draws a reaction to a card, posted or not.
func (mc *machine) drawReaction(t *rapid.T) approvals.Reaction {
	if len(mc.m.requests) == 0 {
		t.Skip("nothing to react to")
	}
	r := approvals.Reaction{
		Channel: channel, TS: cardTS(rapid.SampledFrom(mc.m.requestIDs()).Draw(t, "card")), Name: "white_check_mark",
		User:    fmt.Sprint("U-", rapid.IntRange(0, 2).Draw(t, "user")),
		EventTS: fmt.Sprintf("17.%03d", rapid.IntRange(1, 20).Draw(t, "event")),
		Present: rapid.IntRange(0, 2).Draw(t, "present") > 0,
	}
	if rapid.IntRange(0, 4).Draw(t, "deny") == 0 {
		r.Name = "x"
	}
	return r
}

func (mc *machine) recordReaction(t *rapid.T) {
	r := mc.drawReaction(t)
	mc.m.recordReaction(r, mc.now())
	wantSameError(t, mc.s.RecordReaction(context.Background(), r), nil)
	mc.checkReactions(t, r.TS)
}

func (mc *machine) checkReactions(t *rapid.T, ts string) {
	shown, err := mc.s.ListReactions(context.Background(), channel, ts)
	wantSameError(t, err, nil)
	users := []string{}
	for _, r := range shown {
		users = append(users, r.User+" "+r.Name)
	}
	wantEqual(t, "reactions", users, mc.m.presentUsers(channel, ts))
}

func (mc *machine) replaceReactions(t *rapid.T) {
	r := mc.drawReaction(t)
	shown := []approvals.Reaction{}
	for n := range rapid.IntRange(0, 3).Draw(t, "shown") {
		shown = append(shown, approvals.Reaction{Channel: channel, TS: r.TS, User: fmt.Sprint("U-", n), Name: "white_check_mark", Present: true})
	}
	asOf := mc.now().Add(-rapid.SampledFrom([]time.Duration{0, time.Microsecond, lease}).Draw(t, "ago"))
	mc.m.replaceReactions(channel, r.TS, asOf, shown, mc.now())
	wantSameError(t, mc.s.ReplaceReactions(context.Background(), channel, r.TS, asOf, shown), nil)
	mc.checkReactions(t, r.TS)
}

func (mc *machine) advanceClock(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "long") == 9 { // seldom, because pending requests expire
		mc.clock.advance(ttl)
		return
	}
	mc.clock.advance(rapid.SampledFrom([]time.Duration{time.Microsecond, lease - time.Microsecond, lease, time.Hour}).Draw(t, "by"))
}
