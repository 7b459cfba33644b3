package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
)

// TestEraseTakesAPersonOut erases a requester: no table has the person or the reason any more,
// the others stay, and the chain still verifies.
func TestEraseTakesAPersonOut(t *testing.T) {
	t.Parallel()
	for kind, url := range moveURLs {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			b := openBench(t, url)
			t.Cleanup(func() { b.mustSucceed(b.Close()) })
			over, open := b.erasable(url)
			done, err := b.store().Erase(t.Context(), Erasure{Person: over.Requester, By: "Ada"})
			b.mustSucceed(err)
			b.mustSucceed(sealAll(t.Context(), b))
			if done.Requests != 1 || done.Words == 0 || len(done.Kept) != 1 || done.Kept[0] != open.ID {
				t.Errorf("erased %+v, want one request, and %s kept", done, open.ID)
			}
			all := b.dump(over.ID)
			for _, word := range []string{over.Requester, over.Ask.Reason, "a comment"} {
				if strings.Contains(all, word) {
					t.Errorf("%q is left:\n%s", word, all)
				}
			}
			if !strings.Contains(all, "U-ANNA") || !strings.Contains(all, "RPADEVPRONU") {
				t.Errorf("another person or the change is gone:\n%s", all)
			}
			findings, chain, _ := verify(t, url)
			if len(findings) > 0 || chain.Erased.Words != done.Words || chain.Erasures != 1 {
				t.Errorf("findings %q, erased %+v, want %d words", findings, chain.Erased, done.Words)
			}
			again, err := b.store().Erase(t.Context(), Erasure{Person: over.Requester, By: "Ada"})
			if b.mustSucceed(err); again.Words+int64(again.Requests) > 0 {
				t.Errorf("a second erasure erases %+v", again)
			}
		})
	}
}

// TestEraseTakesAPeriodOut erases what was closed in a period.
func TestEraseTakesAPeriodOut(t *testing.T) {
	t.Parallel()
	url := moveURLs["sqlite"](t)
	b := openBench(t, url)
	t.Cleanup(func() { b.mustSucceed(b.Close()) })
	over, open := b.erasable(url)
	before := Erasure{Until: over.ClosedAt, By: "retention"}
	if done, err := b.store().Erase(t.Context(), before); err != nil || done.Requests != 0 {
		t.Errorf("before the request was closed: %+v, %v", done, err)
	}
	done, err := b.store().Erase(t.Context(), Erasure{Until: b.clock.now().Add(time.Hour), By: "retention"})
	if err != nil || done.Requests != 1 || len(done.Kept) != 1 || done.Kept[0] != open.ID {
		t.Errorf("%+v, %v", done, err)
	}
	if all := b.dump(over.ID); strings.Contains(all, "U-") {
		t.Errorf("a person is left:\n%s", all)
	}
	b.mustSucceed(sealAll(t.Context(), b))
	if findings, _, _ := verify(t, url); len(findings) > 0 {
		t.Errorf("findings: %q", findings)
	}
}

// TestVerifyNamesAnErasureByHand takes a word out as an erasure would, and no row says so.
func TestVerifyNamesAnErasureByHand(t *testing.T) {
	t.Parallel()
	url := moveURLs["sqlite"](t)
	b := openBench(t, url)
	t.Cleanup(func() { b.mustSucceed(b.Close()) })
	b.fileRequest(1)
	b.mustSucceed(sealAll(t.Context(), b))
	words := b.underTest().readColumn(t, `SELECT words FROM journal_words WHERE journal_id = 1`)[0]
	left, n, err := Erasure{}.eraseFrom(words)
	b.mustSucceed(err)
	b.underTest().execSQL(t, `UPDATE journal_words SET words = $1 WHERE journal_id = 1`, left)
	findings, _, _ := verify(t, url)
	want := fmt.Sprintf("the count of erased words is %d, and the rows of erasures tell of 0", n)
	if len(findings) != 1 || !strings.HasPrefix(findings[0], want) {
		t.Errorf("got %q, want %q", findings, want)
	}
}

// erasable makes a closed request with words of three people, and an open one of the same
// requester.
func (b *bench) erasable(url string) (over, open approvals.Request) {
	b.Helper()
	r := b.postedCard(1, "group-01")
	b.mustSucceed(b.RecordReaction(b.context(), approvals.Reaction{
		Channel: r.Channel, TS: r.CardTS, User: "U-ANNA", Name: "white_check_mark", EventTS: "1772400001.000001", Present: true,
	}))
	r = b.applyEvent(r, approvals.VotesCounted{Ballots: []approvals.Ballot{{User: "U-ANNA", Eligibility: approvals.IsLate}}})
	over = b.applyEvent(r, approvals.Cancel{By: r.Requester, Reason: "a comment", Authorized: true})
	b.underTest().execSQL(b.T, `DELETE FROM jobs WHERE request_id = '`+r.ID+`'`)
	open = b.fileRequest(2)
	b.mustSucceed(sealAll(b.T.Context(), b))
	if findings, _, _ := verify(b.T, url); len(findings) > 0 {
		b.Fatalf("before the erasure: %q", findings)
	}
	return over, open
}

// dump is all that the database has of a request, as text.
func (b *bench) dump(id string) string {
	b.Helper()
	var all strings.Builder
	for _, query := range []string{
		`SELECT requester || body FROM requests WHERE id = '` + id + `'`,
		`SELECT actor || event || coalesce(words, '') FROM journal j LEFT JOIN journal_words ON journal_id = j.id
			WHERE j.request_id = '` + id + `'`,
		`SELECT user_id FROM reactions`,
	} {
		all.WriteString(strings.Join(b.underTest().readColumn(b.T, query), "\n"))
	}
	return all.String()
}
