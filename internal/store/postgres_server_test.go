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
	"licensebot/internal/sweep"
)

// startCluster starts a server for this test alone, so that it may be killed.
func startCluster(t *testing.T) *pgtest.Cluster {
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

// A filer files requests, one after the other, and remembers the ones that the store
// acknowledged.
type filer struct {
	*bench
	name  string
	acked []string
}

func (f *filer) fileUntilDone(ctx context.Context, acked *atomic.Int64) {
	for n := 0; ctx.Err() == nil; n++ {
		r := sampleRequest(n)
		r.ID, r.EnvelopeID = fmt.Sprintf("R-%s-%d", f.name, n), fmt.Sprintf("%s-%d", f.name, n)
		filed, receipt, err := f.FileRequest(f.context(), r)
		if receipt.Again {
			f.Errorf("again is true for %s, which was not filed before", r.ID)
		}
		if err == nil {
			f.acked = append(f.acked, filed.ID)
			acked.Add(1)
		}
	}
}

// Acknowledged requests survive a server that is killed under load. The stores
// recover without being opened again.
func TestServerIsKilledUnderLoad(t *testing.T) {
	server := startCluster(t)
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
		running.Go(func() { f.fileUntilDone(ctx, &acked) })
	}
	kills := 2
	if sweep.Whole() {
		kills = 4
	}
	for range kills {
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
	for _, row := range replicas[0].underTest().readRows(t, `SELECT r.id FROM requests r
		WHERE (SELECT count(*) FROM journal j WHERE j.request_id = r.id) = 1
		AND (SELECT count(*) FROM jobs o WHERE o.request_id = r.id) = 2`) {
		stored[strings.TrimPrefix(row, "id=")] = true
	}
	for _, f := range filers {
		for _, id := range f.acked {
			if !stored[id] {
				t.Errorf("%s was acknowledged and is not stored completely", id)
			}
		}
	}
	wake, stopListening := replicas[1].Subscribe(approvals.JobPrepare)
	defer stopListening()
	replicas[1].awaitCondition("both listen again", `SELECT count(*) / 2 FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`)
	wasSignaled(wake)
	replicas[0].fileRequest(1)
	replicas[1].awaitSignal(wake, "the other replica filed a request after the server came back")
}

// A read-only database is named in the error, its requests can be read, and the
// store recovers when the database accepts writes again.
func TestDatabaseIsReadOnly(t *testing.T) {
	server := startCluster(t)
	admin := withParameter(t, server.URL(), "default_transaction_read_only", "off")
	b := &bench{T: t, Conformant: openURL(t, server.URL(), nil)}
	r := b.fileRequest(1)
	pgtest.Exec(t, admin, `ALTER DATABASE postgres SET default_transaction_read_only = on`)
	pgtest.Exec(t, admin, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'licensebot'`)

	_, _, filing := b.FileRequest(t.Context(), sampleRequest(2))
	_, applying := b.ApplyEvent(t.Context(), r.ID, approvals.Cancel{By: r.Requester}, nil)
	_, _, claiming := b.ClaimJob(t.Context(), lease, approvals.JobPrepare)
	for name, err := range map[string]error{
		"FileRequest": filing, "ApplyEvent": applying, "ClaimJob": claiming, "Ping": b.Ping(t.Context()),
		"RecordReaction": b.RecordReaction(t.Context(), reactionBy(r, "U-ANNA", "1.1", true)),
	} {
		if err == nil || !strings.Contains(err.Error(), "read-only transaction") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if read, err := b.Request(t.Context(), r.ID); err != nil || read.State != approvals.Filed {
		t.Errorf("read %s: %v", read.State, err)
	}

	pgtest.Exec(t, admin, `ALTER DATABASE postgres RESET default_transaction_read_only`)
	b.mustSucceed(b.Ping(t.Context()))
	b.fileRequest(2)
	b.applyEvent(r, approvals.Cancel{By: r.Requester})
}

// A server that crashed reuses the numbers of the transactions that it lost. The
// outcome of the later ones says nothing about the lost ones.
func TestServerCrashesInCommit(t *testing.T) {
	server := startCluster(t)
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
				_, receipt, err := b.FileRequest(t.Context(), sampleRequest(n))
				if receipt.Again {
					t.Error("again is true for a first delivery")
				}
				filed <- err
			}()
			<-reached.Done()
			if err := c.crash(); err != nil {
				t.Fatal(err)
			}
			for i := range 20 { // these reuse the numbers
				other.fileRequest(100*(n+1) + i)
			}
			proxy.Reset()
			if err := <-filed; (err == nil) != c.stored {
				t.Errorf("FileRequest returned %v", err)
			}
			if _, err := other.Request(t.Context(), sampleRequest(n).ID); (err == nil) != c.stored {
				t.Errorf("Request returned %v", err)
			}
		})
	}
}
