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
)

// acts are transactions of every sort. prepare brings the store where act can
// run, and what act returns is compared.
func acts() []act {
	weigh := func(b *bench) any {
		r := b.card(1, group)
		b.must(b.RecordReaction(b.ctx(), thumb(r, "U-ANNA", "1.1", true)))
		return b.claim(approvals.JobCountVotes)
	}
	return []act{
		{"File", func(*bench) any { return nil }, func(b *bench, _ any) (any, error) {
			r, again, err := b.FileRequest(b.ctx(), ask(1))
			return []any{r, again}, err
		}},
		{"Step", func(b *bench) any { return b.card(1, group) }, func(b *bench, r any) (any, error) {
			return b.ApplyEvent(b.ctx(), r.(approvals.Request).ID, yes("U-ANNA"), nil)
		}},
		{"Step with its task", weigh, func(b *bench, task any) (any, error) {
			held := task.(approvals.LeasedJob)
			return b.ApplyEvent(b.ctx(), held.RequestID, yes("U-ANNA"), &held)
		}},
		{"Claim", func(b *bench) any { return b.card(1, group) }, func(b *bench, _ any) (any, error) {
			task, r, err := b.ClaimJob(b.ctx(), lease, approvals.JobCountVotes)
			task.ID = 0 // attempts that did not come to pass use up numbers
			return []any{task, r}, err
		}},
		{"Try", weigh, func(b *bench, task any) (any, error) { return nil, b.MarkTried(b.ctx(), task.(approvals.LeasedJob)) }},
		{"Settle", weigh, func(b *bench, task any) (any, error) { return nil, b.CompleteJob(b.ctx(), task.(approvals.LeasedJob)) }},
		{"Defer", weigh, func(b *bench, task any) (any, error) {
			return nil, b.RetryJob(b.ctx(), task.(approvals.LeasedJob), time.Hour, false)
		}},
		{"React", func(b *bench) any { return b.card(1, group) }, func(b *bench, r any) (any, error) {
			return nil, b.RecordReaction(b.ctx(), thumb(r.(approvals.Request), "U-ANNA", "1.1", true))
		}},
		{"Seen", func(b *bench) any { return b.card(1, group) }, func(b *bench, r any) (any, error) {
			card := r.(approvals.Request)
			return nil, b.ReplaceReactions(b.ctx(), card.Channel, card.CardTS, b.clock.now(), []approvals.Reaction{thumb(card, "U-ANNA", "", true)})
		}},
	}
}

type act struct {
	name    string
	prepare func(*bench) any
	run     func(*bench, any) (any, error)
}

// yes is a weighing with a consent of each of these people.
func yes(users ...string) approvals.VotesCounted {
	var w approvals.VotesCounted
	for _, user := range users {
		w.Ballots = append(w.Ballots, approvals.Ballot{User: user, Eligibility: approvals.Counts, Stages: []int{0}})
	}
	return w
}

// A commit whose answer is lost has happened or not. Either way the store
// finds out, says so, and leaves what an undisturbed one leaves.
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
	for _, a := range acts() {
		undisturbed := proxied(t)
		prepared := a.prepare(undisturbed.bench)
		want, err := a.run(undisturbed.bench, prepared)
		undisturbed.must(err)
		for _, c := range cuts {
			t.Run(a.name+", "+c.name, func(t *testing.T) {
				b := proxied(t)
				prepared := a.prepare(b.bench)
				b.proxy.CutNext(c.times, c.where)
				got, err := a.run(b.bench, prepared)
				b.must(err)
				if left := b.proxy.Left(); left != 0 {
					t.Fatalf("%d cuts are left", left)
				}
				if got, want := asJSON(t, got), asJSON(t, want); got != want {
					t.Errorf("returned\n%s, undisturbed\n%s", got, want)
				}
				sameTables(t, b.tables(), undisturbed.tables())
			})
		}
	}
}

// Where every attempt fails the caller hears of it, and nothing happened.
func TestCommitIsCutAgainAndAgain(t *testing.T) {
	for _, a := range acts() {
		t.Run(a.name, func(t *testing.T) {
			b := proxied(t)
			prepared := a.prepare(b.bench)
			b.unchanged(func() {
				b.proxy.CutNext(maxTries, pgtest.BeforeCommit)
				if got, err := a.run(b.bench, prepared); err == nil {
					t.Errorf("said to have happened: %s", asJSON(t, got))
				}
			})
			if _, err := a.run(b.bench, prepared); err != nil {
				t.Errorf("the store did not recover: %v", err)
			}
		})
	}
}

// A caller that gives up while its commit is under way must not be told that
// nothing happened when it did.
func TestCommitOutlivesItsCaller(t *testing.T) {
	b := proxied(t)
	r := b.card(1, group)
	ctx, cancel := b.proxy.AtCommit(t.Context())
	defer cancel()
	b.proxy.CutNext(1, pgtest.MuteCommit)
	after, err := b.ApplyEvent(ctx, r.ID, yes("U-ANNA"), nil)
	if err != nil || after.State != approvals.Approved {
		t.Errorf("told %s, %v", after.State, err)
	}
	b.equal("approvals", b.moves(r, approvals.Approved), 1)
}

// Whoever waits for a command's answer does not wait for long after its time:
// half a second, for which package bot leaves room before Slack gives up. File
// may be in doubt twice.
func TestDoubtIsSettledInTheCallersTime(t *testing.T) {
	if longest := 2 * fateMoment; longest > 500*time.Millisecond {
		t.Errorf("after its time a caller may wait for %v", longest)
	}
	for left, most := range map[time.Duration]time.Duration{
		-time.Second: fateMoment, 0: fateMoment, time.Second: time.Second, time.Hour: fateLimit,
	} {
		caller, cancel := context.WithTimeout(t.Context(), left)
		defer cancel()
		ctx, cancel := afterwards(caller)
		defer cancel()
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > most || ctx.Err() != nil {
			t.Errorf("with %v left there are %v, want at most %v", left, time.Until(end), most)
		}
	}
}

// A proxiedBench is a bench whose store speaks to PostgreSQL by a proxy.
type proxiedBench struct {
	*bench
	proxy *pgtest.Proxy
}

func proxied(t *testing.T) proxiedBench {
	t.Helper()
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	proxy := pgtest.NewProxy(t, pgtest.URL(t))
	return proxiedBench{&bench{T: t, clock: clock, Conformant: openURL(t, proxy.URL(), clock.now)}, proxy}
}

var number = regexp.MustCompile(`^id=\d+ `)

// tables reads every table without the numbers of rows: attempts that did not
// come to pass use some up.
func (b proxiedBench) tables() map[string][]string {
	tables := b.Dump(b.T)
	for _, rows := range tables {
		for i := range rows {
			rows[i] = number.ReplaceAllString(rows[i], "")
		}
	}
	return tables
}

func sameTables(t *testing.T, got, want map[string][]string) {
	t.Helper()
	for table := range want {
		if !slices.Equal(got[table], want[table]) {
			t.Errorf("table %s has\n%s, want\n%s", table, lines(got[table]), lines(want[table]))
		}
	}
}

func lines(rows []string) string {
	text, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		return fmt.Sprint(rows)
	}
	return string(text)
}
