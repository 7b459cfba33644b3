package store

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
)

// doneRequest is a done request that holds a code of its own, for length. Zero
// means for good.
func (b *bench) doneRequest(n int, group string, length time.Duration) approvals.Request {
	b.Helper()
	asked := sampleRequest(n)
	asked.Ask.For = length
	r, _, err := b.FileRequest(b.context(), asked)
	b.mustSucceed(err)
	change := sampleProposal(group)
	change.Proposal.Change = approvals.Change{Add: []string{"CODE" + r.ID}}
	b.applyEvent(r, change)
	b.applyEvent(r, approvals.CardPosted{TS: r.ID + ".1"})
	b.approveRequest(r)
	return b.applyEvent(r, approvals.WriteFinished{State: approvals.Done, Outcome: approvals.Outcome{Reason: approvals.ReasonConfirmed}})
}

func (b *bench) grantHolderIDs(group string) []string {
	b.Helper()
	requests, err := b.ListGrantHolders(b.context(), group)
	b.mustSucceed(err)
	var ids []string
	for _, r := range requests {
		ids = append(ids, r.ID)
	}
	return ids
}

func (b *bench) wantGrantHolders(group string, want ...approvals.Request) {
	b.Helper()
	var ids []string
	for _, r := range want {
		ids = append(ids, r.ID)
	}
	if got := b.grantHolderIDs(group); !slices.Equal(got, ids) {
		b.Errorf("grant holders of %s are %v, want %v", group, got, ids)
	}
}

func grantHoldersInOrder(b *bench) {
	b.doneRequest(9, group, 0)
	b.wantGrantHolders(group) // a code for good has no grant
	b.clock.advance(31 * time.Minute)
	first := b.doneRequest(8, group, time.Hour)
	second := b.doneRequest(7, group, 0) // at the same moment
	b.clock.advance(-14 * time.Minute)   // the clock is put back
	third := b.doneRequest(6, group, 2*time.Hour)
	b.doneRequest(5, "group-02", time.Hour)
	b.postedCard(4, group) // not done
	b.wantGrantHolders(group, first, second, third)
	listed, err := b.ListGrantHolders(b.context(), group)
	b.mustSucceed(err)
	if got, want := encodeJSON(b.T, listed[0]), encodeJSON(b.T, first); got != want {
		b.Errorf("listed\n%s, want\n%s", got, want)
	}
	if g := first.Grant; g == nil || !g.Until.Equal(first.ClosedAt.Add(time.Hour)) {
		b.Errorf("the grant is %+v", first.Grant)
	}
}

// revokeGrant waits for the end of a grant and revokes it.
func (b *bench) revokeGrant(r approvals.Request, e approvals.Revocation) {
	b.Helper()
	b.clock.advance(max(0, r.Grant.Until.Sub(b.clock.now())))
	b.applyEvent(r, approvals.Revoked{Revocation: e})
}

func timedGrants(b *bench) {
	b.doneRequest(9, group, 0) // for good
	over := b.doneRequest(8, group, time.Hour)
	b.revokeGrant(over, approvals.Revocation{Removed: over.Grant.Codes})
	b.clock.advance(time.Minute)
	running := b.doneRequest(7, group, time.Hour)
	b.doneRequest(6, "group-02", time.Hour)
	b.postedCard(5, group) // not done

	listed, err := b.ListTimedGrants(b.context(), group)
	b.mustSucceed(err)
	if len(listed) != 2 || listed[0].ID != over.ID || listed[1].ID != running.ID {
		b.Fatalf("timed grants are %+v, want %s and %s", listed, over.ID, running.ID)
	}
	if g := listed[0].Grant; g == nil || g.Revocation == nil || !g.Revocation.At.Equal(over.Grant.Until) {
		b.Errorf("the grant that is over is %+v", g)
	}
}

func grantHoldersAfterEnd(b *bench) {
	first := b.doneRequest(1, group, time.Hour)
	second := b.doneRequest(2, group, 2*time.Hour)
	b.revokeGrant(first, approvals.Revocation{Remaining: first.Grant.Codes})
	b.wantGrantHolders(group, first, second) // the codes that stayed are still held
	b.applyEvent(first, approvals.RevokeEarly{By: first.Requester})
	b.revokeGrant(first, approvals.Revocation{Removed: first.Grant.Codes})
	b.wantGrantHolders(group, first, second) // done since the second was filed
	b.revokeGrant(second, approvals.Revocation{Removed: second.Grant.Codes})
	b.wantGrantHolders(group)
	read, err := b.Request(b.context(), second.ID)
	b.mustSucceed(err)
	if !read.Grant.IsOver() || !read.Grant.Revocation.At.Equal(b.clock.now()) || read.Grant.Revocation.Removed[0] != second.Grant.Codes[0] {
		b.Errorf("read back %+v", read.Grant)
	}
}

func timersBlockNothing(b *bench) {
	r := b.doneRequest(1, group, 48*time.Hour)
	b.approveRequest(b.postedCard(2, group))
	b.completeNext(approvals.JobPostCard)
	b.completeNext(approvals.JobPostOutcome)
	b.completeNext(approvals.JobApply) // the job of the first request, not claimed before
	b.completeNext(approvals.JobApply)
	b.wantNoJob(approvals.JobWarnExpiry, approvals.JobGrantExpiry, approvals.JobRemind, approvals.JobRevoke)
	for kind, want := range map[approvals.JobKind]time.Duration{approvals.JobWarnExpiry: 24 * time.Hour, approvals.JobGrantExpiry: 48 * time.Hour} {
		if wait, found, err := b.NextDue(b.context(), kind); err != nil || !found || wait != want {
			b.Errorf("%s is due in %v (%v, %v), want %v", kind, wait, found, err, want)
		}
	}
	b.clock.advance(48 * time.Hour)
	expiry := b.claimJob(approvals.JobGrantExpiry)
	_, err := b.ApplyEvent(b.context(), r.ID, approvals.GrantExpired{}, &expiry)
	b.mustSucceed(err)
	b.wantNoJob(approvals.JobWarnExpiry, approvals.JobGrantExpiry)
	if end := b.claimJob(approvals.JobRevoke); end.RequestID != r.ID {
		b.Errorf("the job is %+v, want the revoke of %s", end, r.ID)
	}
}

func revokeExcludesApply(b *bench) {
	r := b.doneRequest(1, group, time.Hour)
	b.completeNext(approvals.JobApply)
	b.clock.advance(time.Hour)
	b.applyEvent(r, approvals.GrantExpired{})
	b.approveRequest(b.postedCard(2, group))
	end := b.claimJob(approvals.JobRevoke)
	b.wantNoJob(approvals.JobApply)
	wake, stop := b.Subscribe(approvals.JobApply)
	defer stop()
	b.mustSucceed(b.CompleteJob(b.context(), end))
	b.awaitSignal(wake, "the revoke before the apply was completed")
	b.claimJob(approvals.JobApply)
	b.applyEvent(r, approvals.GrantExpired{})
	b.wantNoJob(approvals.JobRevoke)
}

func settingsShown(b *bench) {
	want := func(what, inGroup string, want bool) {
		b.Helper()
		all := approvals.ShownBefore{Quotas: want, Limits: want, External: want}
		if shown, err := b.ShownBefore(b.context(), inGroup); err != nil || shown != all {
			b.Errorf("%s: of %s was shown: %+v (%v), want %t", what, inGroup, shown, err, want)
		}
	}
	r := b.fileRequest(1)
	want("filed", group, false)
	unknown := sampleProposal(group)
	unknown.Proposal.QuotasKnown, unknown.Proposal.UsesExternal, unknown.Proposal.Quotas = false, false, nil
	b.applyEvent(r, unknown)
	want("prepared without limits", group, false)
	open := b.postedCard(2, "group-02")
	want("prepared with limits", "group-02", true)
	b.applyEvent(open, approvals.CardDeleted{})
	want("closed without an effect", "group-02", false)
	b.doneRequest(3, "group-03", 0)
	want("done", "group-03", true)
	want("done in another group", group, false)
	asked := b.fileRequest(4)
	limit := sampleProposal("group-04")
	limit.Proposal.Quotas = []approvals.Quota{}
	limit.Proposal.Change.Quotas = []approvals.QuotaChange{{Code: "IDU", To: 3}}
	b.applyEvent(asked, limit)
	if shown, err := b.ShownBefore(b.context(), "group-04"); err != nil || shown.Limits || !shown.Quotas {
		b.Errorf("a limit that is only asked for was shown: %+v (%v)", shown, err)
	}
}

func lastWrite(b *bench) {
	r := b.approveRequest(b.postedCard(1, group))
	want := func(what string, want *approvals.Allocation) {
		b.Helper()
		if got, err := b.LastWrite(b.context(), r); err != nil || !reflect.DeepEqual(got, want) {
			b.Errorf("%s: wrote %+v, %v", what, got, err)
		}
	}
	want("before the write", nil)
	write := b.claimJob(approvals.JobApply)
	for _, limit := range []int{2, 3} {
		write.Writing = &approvals.Allocation{
			Codes: []string{"IDU"}, Quotas: []approvals.Quota{{Code: "IDU", Limit: limit}}, UseExternalLicense: true,
		}
		b.clock.advance(time.Second)
		b.mustSucceed(b.MarkTried(b.context(), write))
		want("tried", write.Writing)
	}
	b.doneRequest(2, "group-02", 0)
	want("another group was changed", write.Writing)
	b.doneRequest(3, group, 0)
	want("another request changed the group", nil)
}

func lateEffects(b *bench) {
	want := func(what, inGroup string, want ...string) {
		b.Helper()
		var got []string
		list, err := b.ListLateEffects(b.context(), inGroup)
		b.mustSucceed(err)
		for _, r := range list {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			b.Errorf("%s: the late effects are of %v, want %v", what, got, want)
		}
	}
	refused := b.approveRequest(b.postedCard(1, group))
	want("approved", group)
	b.applyEvent(refused, approvals.WriteFinished{
		State: approvals.Failed, Outcome: approvals.Outcome{Reason: approvals.ReasonUiPathRefused},
	})
	want("refused", group, refused.ID)
	want("refused", "group-02")
	b.clock.advance(approvals.ReadLag)
	b.mustSucceed(b.CompleteJob(b.context(), b.claimJob(approvals.JobFindEffect)))
	want("looked at again", group)
}

func unsettledWrites(b *bench) {
	want := func(what string, want ...approvals.Request) {
		b.Helper()
		got, err := b.ListUnsettledWrites(b.context(), group)
		b.mustSucceed(err)
		if len(got) != len(want) || len(want) > 0 && got[0].ID != want[0].ID {
			b.Errorf("%s: unsettled writes are %v", what, got)
		}
	}
	r := b.approveRequest(b.postedCard(1, group))
	b.approveRequest(b.postedCard(2, "group-02"))
	want("approved")
	job := b.claimJob(approvals.JobApply)
	want("under way", r)
	b.mustSucceed(b.RetryJob(b.context(), job, 0, true))
	want("postponed")
	job = b.claimJob(approvals.JobApply)
	b.mustSucceed(b.MarkTried(b.context(), job))
	b.mustSucceed(b.RetryJob(b.context(), job, 0, false))
	want("in doubt", r)
	b.mustSucceed(b.CompleteJob(b.context(), b.claimJob(approvals.JobApply)))
	want("completed")
}

// The journal of a request has every event of its grant.
func TestJournalHasTheGrant(t *testing.T) {
	b, s := sqliteBench(t)
	r := b.doneRequest(1, group, time.Hour)
	b.applyEvent(r, approvals.RevokeEarly{By: "U-ANNA", Authorized: true})
	b.revokeGrant(b.mustRead(b.Request(b.context(), r.ID)), approvals.Revocation{Removed: r.Grant.Codes})
	var kinds []string
	for row, err := range journalRows(t.Context(), s.read, `WHERE j.request_id = $1`, r.ID) {
		b.mustSucceed(err)
		kinds = append(kinds, "kind="+row.Kind+" actor="+row.Actor)
	}
	want := []string{"kind=revoke_early actor=U-ANNA", "kind=revoked actor=uipath"}
	if got := kinds[len(kinds)-2:]; !slices.Equal(got, want) {
		t.Errorf("the journal is %v, want %v at its end", kinds, want)
	}
}

func (b *bench) mustRead(r approvals.Request, err error) approvals.Request {
	b.Helper()
	b.mustSucceed(err)
	return r
}

// The query sorts the done requests of one group, but finds them by indexes alone.
func TestGrantHoldersUseIndexes(t *testing.T) {
	forEachPlanner(t, func(t *testing.T, plans planner) {
		for _, plan := range plans(t, grantHoldersQuery, "group-7") {
			for _, index := range []string{"requests_in_effect", "requests_grant", "journal_request"} {
				if !strings.Contains(plan.text, index) {
					t.Errorf("the plan does not use %s:\n%s", index, plan.text)
				}
			}
			if plan.walks {
				t.Errorf("the plan scans a table:\n%s", plan.text)
			}
		}
	})
}
