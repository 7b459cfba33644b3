package store

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
	"licensebot/internal/sweep"
)

// transactionCases are transactions of every sort. prepare sets the store up for
// run. The tests compare what run returns.
func transactionCases() []transactionCase {
	claimCount := func(b *bench) any {
		r := b.postedCard(1, group)
		b.mustSucceed(b.RecordReaction(b.context(), reactionBy(r, "U-ANNA", "1.1", true)))
		return b.claimJob(approvals.JobCountVotes)
	}
	return []transactionCase{
		{"FileRequest", func(*bench) any { return nil }, func(b *bench, _ any) (any, error) {
			r, receipt, err := b.FileRequest(b.context(), sampleRequest(1))
			return []any{r, receipt}, err
		}},
		{"ApplyEvent", func(b *bench) any { return b.postedCard(1, group) }, func(b *bench, r any) (any, error) {
			return b.ApplyEvent(b.context(), r.(approvals.Request).ID, votesOf("U-ANNA"), nil)
		}},
		{"ApplyEvent with its job", claimCount, func(b *bench, job any) (any, error) {
			held := job.(approvals.LeasedJob)
			return b.ApplyEvent(b.context(), held.RequestID, votesOf("U-ANNA"), &held)
		}},
		{"ClaimJob", func(b *bench) any { return b.postedCard(1, group) }, func(b *bench, _ any) (any, error) {
			job, r, err := b.ClaimJob(b.context(), lease, approvals.JobCountVotes)
			job.ID = 0 // an attempt that was rolled back uses up an id
			return []any{job, r}, err
		}},
		{"MarkTried", claimCount, func(b *bench, job any) (any, error) {
			return nil, b.MarkTried(b.context(), job.(approvals.LeasedJob))
		}},
		{"CompleteJob", claimCount, func(b *bench, job any) (any, error) {
			return nil, b.CompleteJob(b.context(), job.(approvals.LeasedJob))
		}},
		{"RetryJob", claimCount, func(b *bench, job any) (any, error) {
			return nil, b.RetryJob(b.context(), job.(approvals.LeasedJob), time.Hour, false)
		}},
		{"RecordReaction", func(b *bench) any { return b.postedCard(1, group) }, func(b *bench, r any) (any, error) {
			return nil, b.RecordReaction(b.context(), reactionBy(r.(approvals.Request), "U-ANNA", "1.1", true))
		}},
		{"ReplaceReactions", func(b *bench) any { return b.postedCard(1, group) }, func(b *bench, r any) (any, error) {
			card := r.(approvals.Request)
			return nil, b.ReplaceReactions(b.context(), card.Channel, card.CardTS, b.clock.now(), []approvals.Reaction{reactionBy(card, "U-ANNA", "", true)})
		}},
	}
}

type transactionCase struct {
	name    string
	prepare func(*bench) any
	run     func(*bench, any) (any, error)
}

// votesOf is a vote count with a consent of each of these people.
func votesOf(users ...string) approvals.VotesCounted {
	var w approvals.VotesCounted
	for _, user := range users {
		w.Ballots = append(w.Ballots, approvals.Ballot{User: user, Eligibility: approvals.Counts, Stages: []int{0}})
	}
	return w
}

// If the answer to a commit is lost, the commit has happened or not. Either way the
// store finds out, and returns and stores the same as without the cut.
func TestCommitIsCut(t *testing.T) {
	cuts := []struct {
		name  string
		where pgtest.Cut
		times int
	}{
		{"before the server saw it", pgtest.BeforeCommit, 1},
		{"before the server saw it, three times", pgtest.BeforeCommit, 3},
		{"after the server committed", pgtest.AfterCommit, 1},
		{"and the server does not notice", pgtest.HoldCommit, 1},
	}
	for i, a := range transactionCases() {
		undisturbed := openProxied(t)
		prepared := a.prepare(undisturbed.bench)
		want, err := a.run(undisturbed.bench, prepared)
		undisturbed.mustSucceed(err)
		for j, c := range cuts {
			t.Run(a.name+", "+c.name, func(t *testing.T) {
				sweep.InSample(t, i%len(cuts) == j)
				b := openProxied(t)
				prepared := a.prepare(b.bench)
				b.proxy.CutNext(c.times, c.where)
				got, err := a.run(b.bench, prepared)
				b.mustSucceed(err)
				if left := b.proxy.Left(); left != 0 {
					t.Fatalf("%d cuts were not made", left)
				}
				if got, want := encodeJSON(t, got), encodeJSON(t, want); got != want {
					t.Errorf("returned\n%s, want as without the cut\n%s", got, want)
				}
				wantSameTables(t, b.dumpComparable(), undisturbed.dumpComparable())
			})
		}
	}
}

// If every attempt fails, the caller gets an error and nothing has changed.
func TestCommitIsAlwaysCut(t *testing.T) {
	for _, a := range transactionCases() {
		t.Run(a.name, func(t *testing.T) {
			b := openProxied(t)
			prepared := a.prepare(b.bench)
			b.wantUnchanged(func() {
				b.proxy.CutNext(maxAttempts, pgtest.BeforeCommit)
				if got, err := a.run(b.bench, prepared); err == nil {
					t.Errorf("no error, but %s", encodeJSON(t, got))
				}
			})
			if _, err := a.run(b.bench, prepared); err != nil {
				t.Errorf("the store did not recover: %v", err)
			}
		})
	}
}

// A caller that gives up while its commit is under way must not get an error if the
// commit happened.
func TestCommitOutlivesTheCaller(t *testing.T) {
	b := openProxied(t)
	r := b.postedCard(1, group)
	ctx, cancel := b.proxy.AtCommit(t.Context())
	defer cancel()
	b.proxy.CutNext(1, pgtest.MuteCommit)
	after, err := b.ApplyEvent(ctx, r.ID, votesOf("U-ANNA"), nil)
	if err != nil || after.State != approvals.Approved {
		t.Errorf("ApplyEvent returned %s, %v", after.State, err)
	}
	b.wantEqual("approvals", b.countTransitions(r, approvals.Approved), 1)
}

// A caller waits at most half a second after its time is over. Package bot leaves
// room for that before Slack gives up. FileRequest may look twice.
func TestOutcomeIsFoundInTheCallersTime(t *testing.T) {
	if longest := 2 * outcomeMinimum; longest > 500*time.Millisecond {
		t.Errorf("a caller may wait for %v after its time, want at most 500ms", longest)
	}
	for left, most := range map[time.Duration]time.Duration{
		-time.Second: outcomeMinimum, 0: outcomeMinimum, time.Second: time.Second, time.Hour: outcomeLimit,
	} {
		caller, cancel := context.WithTimeout(t.Context(), left)
		defer cancel()
		ctx, cancel := withOutcomeTime(caller)
		defer cancel()
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > most || ctx.Err() != nil {
			t.Errorf("with %v left the store takes %v, want at most %v", left, time.Until(end), most)
		}
	}
}

// A proxiedBench is a bench with a store that reaches PostgreSQL through a proxy.
type proxiedBench struct {
	*bench
	proxy *pgtest.Proxy
}

func openProxied(t *testing.T) proxiedBench {
	t.Helper()
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	proxy := pgtest.NewProxy(t, pgtest.ReusedURL(t))
	return proxiedBench{&bench{T: t, clock: clock, Conformant: openURL(t, proxy.URL(), clock.now)}, proxy}
}

// perRun are the values that differ from run to run: the ids of rows, because an attempt
// that was rolled back uses some up, and what a random salt makes unguessable.
var perRun = regexp.MustCompile(`^id=\d+ | commitment=\S+`)

// dumpComparable reads every table without the values that differ from run to run.
func (b proxiedBench) dumpComparable() map[string][]string {
	tables := b.Dump(b.T)
	for _, rows := range tables {
		for i := range rows {
			rows[i] = perRun.ReplaceAllString(rows[i], "")
		}
	}
	return tables
}

func wantSameTables(t *testing.T, got, want map[string][]string) {
	t.Helper()
	for table := range want {
		if !slices.Equal(got[table], want[table]) {
			t.Errorf("table %s has\n%s, want\n%s", table, indentJSON(got[table]), indentJSON(want[table]))
		}
	}
}

func indentJSON(rows []string) string {
	text, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		return fmt.Sprint(rows)
	}
	return string(text)
}
