package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	commandline "flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": rapidChecks, "rapid.steps": rapidSteps, "rapid.nofailfile": "true"} {
		if err := commandline.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(pgtest.Main(m))
}

func TestPostgresConforms(t *testing.T) {
	checkConformance(t, func(t *testing.T, now func() time.Time) Conformant {
		return openURL(t, pgtest.ReusedURL(t), now)
	})
}

func openURL(t testing.TB, url string, now func() time.Time) underTest {
	t.Helper()
	s, err := Open(t.Context(), url, Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return underTest{s}
}

// withParameter sets a parameter of a URL.
func withParameter(t testing.TB, base, name, value string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return u.String()
}

// openReplicas opens benches on one schema and one clock. Their sessions carry the
// schema's name, so that a test finds them.
func openReplicas(t *testing.T, n int) []*bench {
	t.Helper()
	base := pgtest.ReusedURL(t)
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	var all []*bench
	for range n {
		s := openURL(t, withParameter(t, base, "application_name", schemaName(t, base)), clock.now)
		all = append(all, &bench{T: t, Conformant: s, clock: clock})
	}
	return all
}

func schemaName(t testing.TB, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("search_path")
}

func (b *bench) underTest() underTest { return b.Conformant.(underTest) }

func (b *bench) store() *Store { return b.underTest().Store }

// readInt reads one number.
func (b *bench) readInt(query string, args ...any) (n int) {
	b.Helper()
	b.mustSucceed(b.store().read.QueryRowContext(b.context(), query, args...).Scan(&n))
	return n
}

// ownSessions are the sessions of a test's replicas, except the one that asks.
const ownSessions = ` FROM pg_stat_activity WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()`

// awaitCondition waits for a condition in the database.
func (b *bench) awaitCondition(what, query string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.context(), 10*time.Second)
	defer cancel()
	for try := 1; b.readInt(query) == 0; try = min(try+1, 4) {
		if !waitToRetry(ctx, try) {
			b.Fatalf("this never came: %s", what)
		}
	}
}

// awaitLockWaiters waits until n sessions wait for locks of others.
func (b *bench) awaitLockWaiters(n int) {
	b.Helper()
	b.awaitCondition("sessions that wait for a lock", fmt.Sprintf(
		`SELECT CASE WHEN count(*) >= %d THEN 1 ELSE 0 END`+ownSessions+` AND wait_event_type = 'Lock'`, n))
}

func TestReplicasWakeEachOther(t *testing.T) {
	both := openReplicas(t, 2)
	one, other := both[0], both[1]
	prepare, stop := other.Subscribe(approvals.JobPrepare)
	defer stop()
	apply, stopApply := other.Subscribe(approvals.JobApply)
	defer stopApply()

	one.fileRequest(1)
	other.awaitSignal(prepare, "the other replica filed a request")
	if wasSignaled(apply) {
		t.Error("a signal came for another kind")
	}

	one.readInt(`SELECT count(pg_terminate_backend(pid, 5000))` + ownSessions + ` AND query LIKE 'LISTEN%'`)
	one.fileRequest(2) // the other replica misses this signal
	other.awaitSignal(prepare, "it listens again, and may have missed something")
	other.awaitCondition("both listen again", `SELECT count(*) / 2`+ownSessions+` AND query LIKE 'LISTEN%'`)
	wasSignaled(prepare)
	one.fileRequest(3)
	other.awaitSignal(prepare, "the other replica filed a request after the connection was lost")
}

// Jobs for many people at once are one notification within PostgreSQL's 8,000 bytes.
func TestNotificationsAreBounded(t *testing.T) {
	b := openReplicas(t, 1)[0]
	r := b.postedCard(1, group)
	var crowd approvals.VotesCounted
	for n := range 2000 {
		crowd.Ballots = append(crowd.Ballots, approvals.Ballot{User: fmt.Sprint("U-", n), Eligibility: approvals.NotApprover})
	}
	b.applyEvent(r, crowd)
	b.claimJob(approvals.JobTellVoter)
}

// A replica that starts must not release the leases of another one.
func TestLeasesOutliveTheStartOfAReplica(t *testing.T) {
	base := pgtest.URL(t)
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	first := &bench{T: t, Conformant: openURL(t, base, clock.now), clock: clock}
	first.fileRequest(1)
	held := first.claimJob(approvals.JobPrepare)
	second := &bench{T: t, Conformant: openURL(t, base, clock.now), clock: clock}
	second.wantNoJob(approvals.JobPrepare)
	first.mustSucceed(first.MarkTried(first.context(), held))
	clock.advance(lease)
	if taken := second.claimJob(approvals.JobPrepare); taken.ID != held.ID || taken.TriedAt.IsZero() {
		t.Errorf("the job was taken over as %+v", taken)
	}
	first.wantError(first.CompleteJob(first.context(), held), approvals.ErrLeaseLost)
}

func TestReplicasMigrateAtOnce(t *testing.T) {
	base := pgtest.URL(t)
	opened := countWins(4, func(int) bool {
		s, err := Open(t.Context(), base, Options{})
		if err != nil {
			t.Error(err)
			return false
		}
		defer func() { _ = s.Close() }()
		return s.Ping(t.Context()) == nil
	})
	if opened != 4 {
		t.Errorf("%d of 4 replicas started, want all", opened)
	}
	s := openURL(t, base, nil)
	twice := s.readRows(t, `SELECT version_id FROM goose_db_version GROUP BY version_id HAVING count(*) > 1`)
	if len(twice) > 0 || len(s.readRows(t, `SELECT version_id FROM goose_db_version WHERE version_id = 1`)) != 1 {
		t.Errorf("migrations were applied twice: %v", twice)
	}
}

// The clock of the database decides, and not the clock of a replica. Here the two
// are minutes apart.
func TestDatabaseClockDecides(t *testing.T) {
	for _, apart := range []time.Duration{7 * time.Minute, -7 * time.Minute} {
		t.Run(apart.String(), func(t *testing.T) {
			base := pgtest.URL(t)
			schema := schemaName(t, base)
			pgtest.Exec(t, base, fmt.Sprintf(`CREATE FUNCTION %s.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
				AS $$ SELECT pg_catalog.clock_timestamp() + interval '%d seconds' $$`, schema, int(apart.Seconds())))
			b := &bench{T: t, Conformant: openURL(t, withParameter(t, base, "search_path", schema+",pg_catalog"), nil)}
			near := func(what string, got, want time.Time) {
				t.Helper()
				if off := got.Sub(want).Abs(); off > 2*time.Minute {
					t.Errorf("%s differs by %v from the database's clock", what, off)
				}
			}
			now, err := b.Now(t.Context())
			b.mustSucceed(err)
			near("now", now, time.Now().Add(apart))
			r := b.fileRequest(1)
			near("the filing", r.FiledAt, now)
			near("the deadline", r.Deadline, now.Add(ttl))
			job := b.claimJob(approvals.JobPrepare)
			for kind, want := range map[approvals.JobKind]time.Duration{approvals.JobPrepare: lease, approvals.JobExpire: ttl} {
				wait, found, err := b.NextDue(t.Context(), kind)
				b.mustSucceed(err)
				if !found || wait > want || wait < want-time.Minute/2 {
					t.Errorf("%s is due in %v (%v), want %v", kind, wait, found, want)
				}
			}
			b.mustSucceed(b.MarkTried(t.Context(), job)) // the lease is still running
			due := b.underTest().readRows(t, `SELECT due_at FROM jobs WHERE kind = 'prepare'`)[0]
			near("the end of the lease", parseMicros(t, due), now.Add(lease))
			near("the attempt", parseMicros(t, b.underTest().readRows(t, `SELECT tried_at FROM jobs WHERE kind = 'prepare'`)[0]), now)
		})
	}
}

// parseMicros reads a row of one column as a time.
func parseMicros(t *testing.T, row string) time.Time {
	t.Helper()
	var us int64
	if _, err := fmt.Sscan(row[strings.Index(row, "=")+1:], &us); err != nil {
		t.Fatal(err)
	}
	return fromMicros(us)
}

// A replica that stalls inside a transaction loses it, so that others go on. When it
// wakes, it runs its work again on the new state.
func TestStalledReplicaBlocksNoOther(t *testing.T) {
	base := pgtest.URL(t)
	stalling := &bench{T: t, Conformant: openURL(t, withParameter(t, base, "idle_in_transaction_session_timeout", "200ms"), nil)}
	other := &bench{T: t, Conformant: openURL(t, base, nil)}
	r := other.postedCard(1, group)

	var seen []approvals.State
	stalled, wake := make(chan struct{}), make(chan struct{})
	ended := make(chan error)
	go func() {
		ended <- stalling.store().runInTx(t.Context(), func(tx *tx) error {
			before, err := tx.lockRequest(t.Context(), `id = $1`, r.ID)
			if err != nil {
				return err
			}
			seen = append(seen, before.State)
			if len(seen) == 1 {
				close(stalled)
				<-wake
			}
			return tx.enqueueJob(t.Context(), before, approvals.Job{Kind: approvals.JobUpdateCard})
		})
	}()
	<-stalled
	if after := other.applyEvent(r, approvals.Cancel{By: r.Requester}); after.State != approvals.Cancelled {
		t.Errorf("the other replica reached %s, want cancelled", after.State)
	}
	close(wake)
	if err := <-ended; err != nil {
		t.Errorf("the stalled replica did not recover: %v", err)
	}
	if len(seen) != 2 || seen[1] != approvals.Cancelled {
		t.Errorf("it ran on %v, want the state from the other replica at last", seen)
	}
}

// A connection that is lost between two statements does no harm, whether the server
// ends it or the network resets it.
func TestConnectionLostInsideATransaction(t *testing.T) {
	b := openProxied(t)
	killer := openURL(t, withParameter(t, b.proxy.URL(), "application_name", "killer"), nil)
	for name, lose := range map[string]func(pid int){
		"the server ends it": func(pid int) { killer.readRows(t, `SELECT pg_terminate_backend($1, 5000)`, pid) },
		"it is reset":        func(int) { b.proxy.Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			err := b.store().runInTx(t.Context(), func(tx *tx) error {
				tries++
				var pid int
				if err := tx.QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
					return err
				}
				if tries <= 2 {
					lose(pid)
				}
				_, err := tx.ExecContext(t.Context(), `SELECT 1`)
				return err
			})
			if err != nil || tries != 3 {
				t.Errorf("after %d tries, want 3: %v", tries, err)
			}
		})
	}
}

// A commit is on the disk when it returns and every wait has a limit, unless the URL
// says otherwise.
func TestSessionDefaults(t *testing.T) {
	s := openURL(t, withParameter(t, pgtest.URL(t), "statement_timeout", "9s"), nil)
	want := map[string]string{
		"synchronous_commit": "on", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "10s", "statement_timeout": "9s",
	}
	for name, value := range want {
		if got := s.readRows(t, "SHOW "+name)[0]; got != name+"="+value {
			t.Errorf("%s, want %s", got, value)
		}
	}
}

// Each statement must see what others have committed before it, whatever the default
// of the database is.
func TestTransactionsReadCommitted(t *testing.T) {
	for _, level := range []string{"repeatable read", "serializable"} {
		s := openURL(t, withParameter(t, pgtest.URL(t), "default_transaction_isolation", level), nil)
		err := s.runInTx(t.Context(), func(tx *tx) error {
			var got string
			err := tx.QueryRowContext(t.Context(), `SHOW transaction_isolation`).Scan(&got)
			if got != "read committed" {
				t.Errorf("with the default %s, a transaction is %q", level, got)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A password never appears in an error. The store recognizes one that changes the
// meaning of the URL.
func TestPasswordsStayOutOfErrors(t *testing.T) {
	unreachable := "127.0.0.1:1" // no server listens there
	for _, c := range []struct{ url, want string }{
		{"postgres://bot:hunter2@" + unreachable + "/licensebot", "prepare database licensebot on 127.0.0.1"},
		{"postgresql://bot:hunter2@" + unreachable + "/licensebot?connect_timeout=1", "127.0.0.1"},
		{"postgres://" + unreachable + "/licensebot?user=bot&password=hunter2", "127.0.0.1"},
		{"postgres://bot:hunter2%zz@" + unreachable + "/licensebot", "cannot be understood"},
		{"postgres://bot:hunter2@" + unreachable + ":x/licensebot", "cannot be understood"},
		{"postgres://bot:hunter2@" + unreachable + "/licensebot?sslmode=hunter2", "cannot be understood"},
		{"postgres://bot:1/hunter2@" + unreachable + "/licensebot", "as %2F"},
		{"postgres://bot:1?hunter2@" + unreachable + "/licensebot", "127.0.0.1"},
		{"postgres://bot:1#hunter2@" + unreachable + "/licensebot", "127.0.0.1"},
		{"postgres://bot:/hunter2@" + unreachable + "/licensebot", "as %2F"},
	} {
		_, err := Open(t.Context(), c.url, Options{})
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Open(%q): %v, want %q in it and no password", c.url, err, c.want)
		}
	}
}

// holdLocks runs statements in a transaction of its own and keeps its locks until
// release is called.
func (b *bench) holdLocks(statements ...string) (release func()) {
	b.Helper()
	tx, err := b.store().write.BeginTx(b.context(), nil)
	b.mustSucceed(err)
	for _, statement := range statements {
		_, err := tx.ExecContext(b.context(), statement)
		b.mustSucceed(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
			b.Error(err)
		}
	}
}

func TestPostgresRefusesANewerDatabase(t *testing.T) { wantNewerRefused(t, pgtest.URL(t), true) }

// However much there is to do, a replica opens no more connections than it may, the
// listening one included, and the work gets done.
func TestConnectionsAreBounded(t *testing.T) {
	for _, c := range []struct{ asked, want int }{{0, DefaultConnections}, {MinConnections, MinConnections}, {1, MinConnections}, {6, 6}} {
		t.Run(fmt.Sprint(c.asked), func(t *testing.T) {
			url := pgtest.URL(t)
			name := fmt.Sprintf("bounded_%s_%d", strings.ToLower(rand.Text()), c.asked)
			s, err := Open(t.Context(), withParameter(t, url, "application_name", name), Options{Connections: c.asked})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			watch := &bench{T: t, Conformant: openURL(t, url, nil)}
			b := &bench{T: t, Conformant: underTest{s}}
			countWins(40, func(n int) bool {
				_, _, err := b.FileRequest(b.context(), sampleRequest(n))
				if err != nil {
					b.Error(err)
				}
				return err == nil
			})
			open := watch.readInt(`SELECT count(*) FROM pg_stat_activity WHERE application_name = $1`, name)
			if open != c.want {
				t.Errorf("%d connections, want %d", open, c.want)
			}
		})
	}
}
