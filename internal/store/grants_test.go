package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
)

// done is a done request on a group that holds a code of its own; zero: for
// good.
func (b *bench) done(n int, group string, length time.Duration) approvals.Request {
	b.Helper()
	asked := ask(n)
	asked.Ask.For = length
	r, _, err := b.FileRequest(b.ctx(), asked)
	b.must(err)
	change := proposal(group)
	change.Proposal.Change = approvals.Change{Add: []string{"CODE" + r.ID}}
	b.step(r, change)
	b.step(r, approvals.CardPosted{TS: r.ID + ".1"})
	b.approve(r)
	return b.step(r, approvals.WriteFinished{State: approvals.Done, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed}})
}

func (b *bench) grantedIDs(group string) []string {
	b.Helper()
	requests, err := b.ListGrantHolders(b.ctx(), group)
	b.must(err)
	var ids []string
	for _, r := range requests {
		ids = append(ids, r.ID)
	}
	return ids
}

func (b *bench) wantGranted(group string, want ...approvals.Request) {
	b.Helper()
	var ids []string
	for _, r := range want {
		ids = append(ids, r.ID)
	}
	if got := b.grantedIDs(group); !slices.Equal(got, ids) {
		b.Errorf("granted on %s: %v, want %v", group, got, ids)
	}
}

func grantedInOrder(b *bench) {
	b.done(9, group, 0)
	b.wantGranted(group) // for good holds nothing for a time
	b.clock.advance(31 * time.Minute)
	first := b.done(8, group, time.Hour)
	second := b.done(7, group, 0)      // at the same moment
	b.clock.advance(-14 * time.Minute) // a clock that was put back
	third := b.done(6, group, 2*time.Hour)
	b.done(5, "group-02", time.Hour)
	b.card(4, group) // not done
	b.wantGranted(group, first, second, third)
	listed, err := b.ListGrantHolders(b.ctx(), group)
	b.must(err)
	if got, want := asJSON(b.T, listed[0]), asJSON(b.T, first); got != want {
		b.Errorf("listed\n%s, stored\n%s", got, want)
	}
	if g := first.Grant; g == nil || !g.Until.Equal(first.ClosedAt.Add(time.Hour)) {
		b.Errorf("granted as %+v", first.Grant)
	}
}

// over ends a grant whose time has passed.
func (b *bench) over(r approvals.Request, e approvals.Revocation) {
	b.Helper()
	b.clock.advance(max(0, r.Grant.Until.Sub(b.clock.now())))
	b.step(r, approvals.Revoked{Revocation: e})
}

func grantedOver(b *bench) {
	first := b.done(1, group, time.Hour)
	second := b.done(2, group, 2*time.Hour)
	b.over(first, approvals.Revocation{Remaining: first.Grant.Codes})
	b.wantGranted(group, first, second) // what is left is still held
	b.step(first, approvals.RevokeEarly{By: first.Requester})
	b.over(first, approvals.Revocation{Removed: first.Grant.Codes})
	b.wantGranted(group, first, second) // done since the second was filed
	b.over(second, approvals.Revocation{Removed: second.Grant.Codes})
	b.wantGranted(group)
	read, err := b.Request(b.ctx(), second.ID)
	b.must(err)
	if !read.Grant.IsOver() || !read.Grant.Revocation.At.Equal(b.clock.now()) || read.Grant.Revocation.Removed[0] != second.Grant.Codes[0] {
		b.Errorf("read back %+v", read.Grant)
	}
}

func timersWait(b *bench) {
	r := b.done(1, group, 48*time.Hour)
	b.approve(b.card(2, group))
	b.finish(approvals.JobPostCard)
	b.finish(approvals.JobPostOutcome)
	b.finish(approvals.JobApply) // of the first, which was never claimed
	b.finish(approvals.JobApply)
	b.nothing(approvals.JobWarnExpiry, approvals.JobGrantExpiry, approvals.JobRemind, approvals.JobRevoke)
	for kind, want := range map[approvals.JobKind]time.Duration{approvals.JobWarnExpiry: 24 * time.Hour, approvals.JobGrantExpiry: 48 * time.Hour} {
		if wait, owed, err := b.NextDue(b.ctx(), kind); err != nil || !owed || wait != want {
			b.Errorf("%s is due in %v (%v, %v), want %v", kind, wait, owed, err, want)
		}
	}
	b.clock.advance(48 * time.Hour)
	elapse := b.claim(approvals.JobGrantExpiry)
	_, err := b.ApplyEvent(b.ctx(), r.ID, approvals.GrantExpired{}, &elapse)
	b.must(err)
	b.nothing(approvals.JobWarnExpiry, approvals.JobGrantExpiry)
	if end := b.claim(approvals.JobRevoke); end.RequestID != r.ID {
		b.Errorf("owes %+v", end)
	}
}

func laneOfEnds(b *bench) {
	r := b.done(1, group, time.Hour)
	b.finish(approvals.JobApply)
	b.clock.advance(time.Hour)
	b.step(r, approvals.GrantExpired{})
	b.approve(b.card(2, group))
	end := b.claim(approvals.JobRevoke)
	b.nothing(approvals.JobApply)
	wake, stop := b.Subscribe(approvals.JobApply)
	defer stop()
	b.must(b.CompleteJob(b.ctx(), end))
	b.awaitRing(wake, "the end before the apply was settled")
	b.claim(approvals.JobApply)
	b.step(r, approvals.GrantExpired{})
	b.nothing(approvals.JobRevoke)
}

func changing(b *bench) {
	want := func(what string, want ...approvals.Request) {
		b.Helper()
		got, err := b.ListUnsettledWrites(b.ctx(), group)
		b.must(err)
		if len(got) != len(want) || len(want) > 0 && got[0].ID != want[0].ID {
			b.Errorf("%s: being changed for %v", what, got)
		}
	}
	r := b.approve(b.card(1, group))
	b.approve(b.card(2, "group-02"))
	want("approved")
	task := b.claim(approvals.JobApply)
	want("under way", r)
	b.must(b.RetryJob(b.ctx(), task, 0, true))
	want("put off")
	task = b.claim(approvals.JobApply)
	b.must(b.MarkTried(b.ctx(), task))
	b.must(b.RetryJob(b.ctx(), task, 0, false))
	want("in doubt", r)
	b.must(b.CompleteJob(b.ctx(), b.claim(approvals.JobApply)))
	want("settled")
}

// The journal of a request has the whole life of its grant.
func TestTheJournalHasTheGrant(t *testing.T) {
	b, s := sqliteBench(t)
	r := b.done(1, group, time.Hour)
	b.step(r, approvals.RevokeEarly{By: "U-ANNA", Authorized: true})
	b.over(b.must1(b.Request(b.ctx(), r.ID)), approvals.Revocation{Removed: r.Grant.Codes})
	kinds := s.rows(t, `SELECT kind, actor FROM journal WHERE request_id = $1 ORDER BY id`, r.ID)
	want := []string{"kind=revoke_early actor=U-ANNA", "kind=revoked actor=uipath"}
	if got := kinds[len(kinds)-2:]; !slices.Equal(got, want) {
		t.Errorf("the journal has %v, want %v at its end", kinds, want)
	}
}

func (b *bench) must1(r approvals.Request, err error) approvals.Request {
	b.Helper()
	b.must(err)
	return r
}

// The done requests of one group are sorted, but found by indexes alone.
func TestGrantedUsesIndexes(t *testing.T) {
	forEachPlanner(t, func(t *testing.T, plans planner) {
		for _, plan := range plans(t, holdersQuery, "group-7") {
			for _, index := range []string{"requests_done", "requests_grant", "journal_request"} {
				if !strings.Contains(plan.text, index) {
					t.Errorf("%s is not used:\n%s", index, plan.text)
				}
			}
			if plan.walks {
				t.Errorf("walks a table:\n%s", plan.text)
			}
		}
	})
}
