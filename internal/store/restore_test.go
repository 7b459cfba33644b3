package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// adoptsOnce adopts the end of a request, and what an unknown one did before and
// another one after it.
func adoptsOnce(b *bench) {
	holder := b.doneRequest(1, group, 2*time.Hour)
	known := b.postedCard(2, group)
	at := b.clock.now().UTC()
	foreign := func(id string) approvals.Request {
		return approvals.Request{
			ID: id, State: approvals.Done, FiledAt: at, ClosedAt: at, DecidedAt: at, Deadline: at,
			Outcome:  &approvals.Outcome{Reason: approvals.ReasonFromChannel},
			Proposal: &approvals.Proposal{Group: approvals.Group{ID: group}, Change: approvals.Change{Extend: []string{"IDU"}}},
			Grant:    &approvals.Grant{Codes: []string{"IDU"}, Until: at.Add(time.Hour)},
		}
	}
	before, after := foreign("R-BEFORE"), foreign("R-AFTER")
	told := []approvals.Adoption{
		{RequestID: before.ID, Foreign: []approvals.Request{before}},
		{RequestID: known.ID, Event: approvals.Adopted{CardTS: known.CardTS, State: approvals.Done, At: at}},
		{RequestID: after.ID, Foreign: []approvals.Request{after}},
	}
	adopted, err := b.Adopt(b.context(), told)
	b.mustSucceed(err)
	if want := []string{before.ID, known.ID, after.ID}; !slices.Equal(adopted, want) {
		b.Errorf("adopted %v, want %v", adopted, want)
	}
	b.wantGrantHolders(group, holder, before, known, after)
	listed, err := b.ListGrantHolders(b.context(), group)
	b.mustSucceed(err)
	if got, want := encodeJSON(b.T, listed[1]), encodeJSON(b.T, before); got != want {
		b.Errorf("listed\n%s, want\n%s", got, want)
	}
	b.wantGrantHolders("group-02")
	inEffect, err := b.ListInEffectSince(b.context(), group, at)
	b.mustSucceed(err)
	var ids []string
	for _, r := range inEffect {
		ids = append(ids, r.ID)
	}
	if !approvals.SameSet(ids, []string{holder.ID, before.ID, known.ID, after.ID}) {
		b.Errorf("in effect since then are %v", ids)
	}
	b.wantUnchanged(func() {
		if adopted, err := b.Adopt(b.context(), told); err != nil || len(adopted) > 0 {
			b.Errorf("adopted %v again (%v)", adopted, err)
		}
	})
}

// TestTheNewestLostHeadIsKept adopts news whose heads come in no order. One is of the copy itself.
func TestTheNewestLostHeadIsKept(t *testing.T) {
	t.Parallel()
	b, _ := sqliteBench(t)
	var told []approvals.Adoption
	for n, seq := range []int64{9, 12, 2, 0} {
		r := b.postedCard(n+1, fmt.Sprint("group-", n))
		told = append(told, approvals.Adoption{
			RequestID: r.ID, Event: approvals.Adopted{CardTS: r.CardTS, State: approvals.Denied, At: b.clock.now()},
			Head: audit.FormatHead(seq, strings.Repeat("ab", 32)),
		})
	}
	b.mustSucceed(sealAll(t.Context(), b)) // twelve rows
	_, err := b.Adopt(b.context(), told[:1])
	b.mustSucceed(err)
	b.mustSucceed(sealAll(t.Context(), b))
	told[2].Head = audit.FormatHead(41, strings.Repeat("cd", 32))
	told[3].Head = audit.FormatHead(17, strings.Repeat("ef", 32))
	_, err = b.Adopt(b.context(), told[1:])
	b.mustSucceed(err)
	rows := b.rowsOf(approvals.KindRestored)
	if len(rows) != 2 || strings.Contains(rows[0], "Lost") || !strings.Contains(rows[1], `"Lost":"41 cdcd`) {
		t.Errorf("the journal has %q", rows)
	}
}

// adoptsPosts adopts a request whose outcome is in the channel, while its job is not
// tried in the database.
func adoptsPosts(b *bench) {
	for n, eventType := range []string{"allocation_denied", "allocation_reminder"} {
		r := b.postedCard(n+1, group)
		b.applyEvent(r, approvals.VotesCounted{Ballots: []approvals.Ballot{{User: "U-ANNA", Eligibility: approvals.Counts, Deny: true}}})
		_, err := b.Adopt(b.context(), []approvals.Adoption{{RequestID: r.ID, Event: approvals.Adopted{}, Posts: []approvals.Post{{EventType: eventType}}}})
		b.mustSucceed(err)
		job := b.completeNext(approvals.JobPostOutcome)
		if isPosted := eventType == "allocation_denied"; job.WasTried() != isPosted || job.UntilSettled(b.clock.now()) > 0 {
			b.Errorf("with %s in the channel the job was tried at %v", eventType, job.TriedAt)
		}
	}
}

func unfinishedRequests(b *bench) {
	granted, done, open, denied := b.doneRequest(1, group, time.Hour), b.doneRequest(2, group, 0), b.postedCard(3, group), b.postedCard(4, group)
	b.applyEvent(denied, approvals.Cancel{By: denied.Requester})
	for b.completeAny(denied.ID, done.ID) {
		continue
	}
	list, err := b.ListUnfinished(b.context())
	b.mustSucceed(err)
	var ids []string
	for _, r := range list {
		ids = append(ids, r.ID)
	}
	if want := []string{granted.ID, open.ID}; !approvals.SameSet(ids, want) {
		b.Errorf("unfinished are %v, want %v", ids, want)
	}
	if ts, err := b.NewestCard(b.context(), channel); err != nil || ts != done.CardTS {
		b.Errorf("the newest card is %q (%v)", ts, err)
	}
	if ts, err := b.NewestCard(b.context(), "C-OTHER"); err != nil || ts != "" {
		b.Errorf("the newest card of another channel is %q (%v)", ts, err)
	}
}

// completeAny completes one due job of these requests, and gives others back.
func (b *bench) completeAny(ids ...string) bool {
	b.Helper()
	for _, spec := range approvals.JobKinds() {
		for {
			job, _, err := b.ClaimJob(b.context(), lease, spec.Kind)
			if err != nil {
				break
			}
			if slices.Contains(ids, job.RequestID) {
				b.mustSucceed(b.CompleteJob(b.context(), job))
				return true
			}
			b.mustSucceed(b.RetryJob(b.context(), job, time.Hour, true))
		}
	}
	return false
}

// TestUnreadableRequestStopsNoStart has a request that a newer version wrote.
func TestUnreadableRequestStopsNoStart(t *testing.T) {
	b, s := sqliteBench(t)
	first, second := b.fileRequest(1), b.fileRequest(2)
	if _, err := s.write.Exec(`UPDATE requests SET body = '{"newer": 1}' WHERE id = $1`, first.ID); err != nil {
		t.Fatal(err)
	}
	list, err := b.ListUnfinished(b.context())
	if err != nil || len(list) != 1 || list[0].ID != second.ID {
		t.Errorf("unfinished are %v (%v)", list, err)
	}
}
