package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// cluster is a server of this test's own, to do to it what others would mind.
func cluster(t *testing.T) *pgtest.Cluster {
	t.Helper()
	c, err := pgtest.Start(true)
	pgtest.Need(t, err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// A filer files requests, one after the other, and remembers which of them the
// store acknowledged.
type filer struct {
	*bench
	name  string
	acked []string
}

func (f *filer) run(ctx context.Context, acked *atomic.Int64) {
	for n := 0; ctx.Err() == nil; n++ {
		r := ask(n)
		r.ID, r.EnvelopeID = fmt.Sprintf("R-%s-%d", f.name, n), fmt.Sprintf("%s-%d", f.name, n)
		filed, again, err := f.FileRequest(f.ctx(), r)
		if again {
			f.Errorf("%s is said to have been filed before", r.ID)
		}
		if err == nil {
			f.acked = append(f.acked, filed.ID)
			acked.Add(1)
		}
	}
}

// What was acknowledged survives a server that is killed under load, and the
// stores carry on without being opened again.
func TestServerIsKilledUnderLoad(t *testing.T) {
	server := cluster(t)
	replicas := []*bench{
		{T: t, Conformant: openURL(t, server.URL(), nil)},
		{T: t, Conformant: openURL(t, server.URL(), nil)},
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var acked atomic.Int64
	var filers []*filer
	var running sync.WaitGroup
	for i := range 6 {
		f := &filer{bench: replicas[i%2], name: fmt.Sprint("F", i)}
		filers = append(filers, f)
		running.Go(func() { f.run(ctx, &acked) })
	}
	for range 4 {
		for want := acked.Load() + 100; acked.Load() < want; {
			if !waitToRetry(t.Context(), 1) {
				t.Fatal("the stores did not recover")
			}
		}
		server.Kill()
		if err := server.Up(); err != nil {
			t.Fatal(err)
		}
	}
	for want := acked.Load() + 100; acked.Load() < want; {
		waitToRetry(t.Context(), 1)
	}
	stop()
	running.Wait()

	stored := map[string]bool{}
	for _, row := range replicas[0].under().rows(t, `SELECT r.id FROM requests r
		WHERE (SELECT count(*) FROM journal j WHERE j.request_id = r.id) = 1
		AND (SELECT count(*) FROM jobs o WHERE o.request_id = r.id) = 2`) {
		stored[strings.TrimPrefix(row, "id=")] = true
	}
	for _, f := range filers {
		for _, id := range f.acked {
			if !stored[id] {
				t.Errorf("%s was acknowledged and is not stored whole", id)
			}
		}
	}
	wake, stopListening := replicas[1].Subscribe(approvals.JobPrepare)
	defer stopListening()
	replicas[1].until("both listen again", `SELECT count(*) / 2 FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`)
	rung(wake)
	replicas[0].file(1)
	replicas[1].awaitRing(wake, "the other replica filed a request after the server came back")
}

// A database that takes no writes is told clearly, its requests can be read,
// and all is well once it takes them again.
func TestDatabaseIsReadOnly(t *testing.T) {
	server := cluster(t)
	admin := with(t, server.URL(), "default_transaction_read_only", "off")
	b := &bench{T: t, Conformant: openURL(t, server.URL(), nil)}
	r := b.file(1)
	pgtest.Exec(t, admin, `ALTER DATABASE postgres SET default_transaction_read_only = on`)
	pgtest.Exec(t, admin, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'licensebot'`)

	_, _, filing := b.FileRequest(t.Context(), ask(2))
	_, stepping := b.ApplyEvent(t.Context(), r.ID, approvals.Cancel{By: r.Requester}, nil)
	_, _, claiming := b.ClaimJob(t.Context(), lease, approvals.JobPrepare)
	for name, err := range map[string]error{
		"File": filing, "Step": stepping, "Claim": claiming, "React": b.RecordReaction(t.Context(), thumb(r, "U-ANNA", "1.1", true)), "Ping": b.Ping(t.Context()),
	} {
		if err == nil || !strings.Contains(err.Error(), "read-only transaction") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if read, err := b.Request(t.Context(), r.ID); err != nil || read.State != approvals.Filed {
		t.Errorf("read %s: %v", read.State, err)
	}

	pgtest.Exec(t, admin, `ALTER DATABASE postgres RESET default_transaction_read_only`)
	b.must(b.Ping(t.Context()))
	b.file(2)
	b.step(r, approvals.Cancel{By: r.Requester})
}

// A server that crashed gives the numbers of transactions that it lost to
// others. What became of those says nothing of the lost ones.
func TestServerCrashesInCommit(t *testing.T) {
	server := cluster(t)
	proxy := pgtest.NewProxy(t, server.URL())
	b := &bench{T: t, Conformant: openURL(t, proxy.URL(), nil)}
	other := &bench{T: t, Conformant: openURL(t, server.URL(), nil)}
	restart := func() error {
		server.Kill()
		return server.Up()
	}
	for n, c := range []struct {
		name   string
		crash  func() error
		where  pgtest.Cut
		stored bool
	}{
		{"restarted, before it saw the commit", restart, pgtest.StallCommit, false},
		{"restarted, after it committed", restart, pgtest.MuteCommit, true},
		{"recovered, before it saw the commit", server.Crash, pgtest.StallCommit, false},
		{"recovered, after it committed", server.Crash, pgtest.MuteCommit, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			reached, cancel := proxy.AtCommit(t.Context())
			defer cancel()
			proxy.CutNext(1, c.where)
			filed := make(chan error)
			go func() {
				_, again, err := b.FileRequest(t.Context(), ask(n))
				if again {
					t.Error("said to have been filed before")
				}
				filed <- err
			}()
			<-reached.Done()
			if err := c.crash(); err != nil {
				t.Fatal(err)
			}
			for i := range 20 { // these use up the numbers
				other.file(100*(n+1) + i)
			}
			proxy.Reset()
			if err := <-filed; (err == nil) != c.stored {
				t.Errorf("told %v", err)
			}
			if _, err := other.Request(t.Context(), ask(n).ID); (err == nil) != c.stored {
				t.Errorf("reading it: %v", err)
			}
		})
	}
}
