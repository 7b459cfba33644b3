package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// rowsOf reads the rows about no request of a kind, as JSON.
func (b *bench) rowsOf(kind string) (events []string) {
	b.Helper()
	for row, err := range journalRows(b.context(), b.store().read, `WHERE j.request_id IS NULL AND j.kind = $1`, kind) {
		b.mustSucceed(err)
		events = append(events, string(row.Event))
	}
	return events
}

// TestAPolicyIsARowWhenItChanges records the same text twice, another one, and the first again.
func TestAPolicyIsARowWhenItChanges(t *testing.T) {
	t.Parallel()
	for kind, url := range moveURLs {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			b := openBench(t, url)
			t.Cleanup(func() { b.mustSucceed(b.Close()) })
			for _, text := range []string{"rules: []", "rules: []", "rules: [x]", "rules: []"} {
				b.mustSucceed(b.store().RecordPolicy(b.context(), approvals.PolicyEntry{
					Text: text, From: "/etc/policy.yaml", Loader: "ada@host",
				}))
			}
			rows := b.rowsOf(approvals.KindPolicy)
			if len(rows) != 3 || !strings.Contains(rows[0], `"Text":"rules: []"`) || !strings.Contains(rows[1], "[x]") {
				t.Errorf("the journal has %q", rows)
			}
			b.mustSucceed(sealAll(t.Context(), b))
			if findings, chain, _ := verify(t, url); len(findings) > 0 || chain.Sealed != 3 {
				t.Errorf("%d sealed, findings %q", chain.Sealed, findings)
			}
		})
	}
}

// TestTheJournalHasEachVoteWriteAndMessage plays a request from its card to its outcome.
func TestTheJournalHasEachVoteWriteAndMessage(t *testing.T) {
	t.Parallel()
	b, s := sqliteBench(t)
	r := b.postedCard(1, group)
	for i, present := range []bool{true, false, true} {
		b.mustSucceed(b.RecordReaction(b.context(), approvals.Reaction{
			Channel: r.Channel, TS: r.CardTS, User: "U-ANNA", Name: "white_check_mark", Present: present,
			EventTS: "177240000" + string(rune('1'+i)) + ".000001",
		}))
	}
	b.approveRequest(r)
	write := b.claimJob(approvals.JobApply)
	write.Writing = &approvals.Allocation{Codes: []string{"IDU"}, Quotas: []approvals.Quota{{Code: "IDU", Limit: 3}}}
	b.mustSucceed(b.MarkTriedUnlessVoted(b.context(), write, approvals.VoteGuard{}))
	post := b.claimJob(approvals.JobAddReactions)
	post.Carried = true
	b.mustSucceed(b.CompleteJob(b.context(), post)) // an emoji is no message
	b.mustSucceed(b.store().CompleteJob(b.context(), write))
	var got []string
	for row, err := range journalRows(b.context(), s.read, `WHERE j.kind IN ('reacted', 'write_tried', 'told')`) {
		b.mustSucceed(err)
		got = append(got, row.Kind+" "+row.Actor+" "+string(row.Event))
	}
	want := []string{
		`reacted U-ANNA {"EventTS":"1772400001.000001","Name":"white_check_mark","User":"U-ANNA"}`,
		`reacted U-ANNA {"EventTS":"1772400002.000001","Name":"white_check_mark","Taken":true,"User":"U-ANNA"}`,
		`reacted U-ANNA {"EventTS":"1772400003.000001","Name":"white_check_mark","User":"U-ANNA"}`,
		`write_tried licensebot {"Codes":["IDU"],"Quotas":[{"code":"IDU","limit":3}]}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestAMessageIsARowOnceItWentOut completes a post that was tried, and one that was pointless.
func TestAMessageIsARowOnceItWentOut(t *testing.T) {
	t.Parallel()
	b, s := sqliteBench(t)
	r := b.approveRequest(b.postedCard(1, group))
	b.applyEvent(r, approvals.WriteFinished{State: approvals.Failed, Outcome: approvals.Outcome{Reason: approvals.ReasonUnconfirmed}})
	post := b.claimJob(approvals.JobPostOutcome)
	post.Carried = true
	b.mustSucceed(b.MarkTried(b.context(), post))
	b.mustSucceed(b.CompleteJob(b.context(), post))
	if told := s.readColumn(t, `SELECT event FROM journal WHERE kind = 'told'`); !slices.Equal(told, []string{`{"Post":"post_outcome"}`}) {
		t.Errorf("the journal has %q", told)
	}
}

// TestARestoredCopySaysWhereItsChainEnds adopts news from the channel, once.
func TestARestoredCopySaysWhereItsChainEnds(t *testing.T) {
	t.Parallel()
	url := moveURLs["sqlite"](t)
	b := openBench(t, url)
	t.Cleanup(func() { b.mustSucceed(b.Close()) })
	r := b.postedCard(1, group)
	b.mustSucceed(sealAll(t.Context(), b))
	_, before, _ := verify(t, url)
	at, later := b.clock.now().Add(time.Hour), audit.FormatHead(9, strings.Repeat("ab", 32))
	news := []approvals.Adoption{{
		RequestID: r.ID, At: at, Head: later,
		Event: approvals.Adopted{CardTS: r.CardTS, State: approvals.Denied, By: "U-ANNA", At: at},
	}}
	for range 2 {
		_, err := b.store().Adopt(b.context(), news)
		b.mustSucceed(err)
	}
	b.mustSucceed(sealAll(t.Context(), b))
	findings, chain, _ := verify(t, url)
	if len(findings) > 0 || len(chain.Restored) != 1 || chain.Restored[0].ID != before.Last()+1 {
		t.Fatalf("findings %q, restored %+v, want one row right after row %d", findings, chain.Restored, before.Last())
	}
	for _, want := range []string{before.Head, `"Lost":"` + later + `"`, at.UTC().Format(time.RFC3339)} {
		if !strings.Contains(chain.Restored[0].Event, want) {
			t.Errorf("%s lacks %s", chain.Restored[0].Event, want)
		}
	}
}
