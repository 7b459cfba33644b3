package store

import (
	"context"
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
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps, "rapid.nofailfile": "true"} {
		if err := commandline.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(pgtest.Main(m))
}

func TestPostgresConforms(t *testing.T) {
	conform(t, func(t *testing.T, now func() time.Time) Conformant {
		return openURL(t, pgtest.URL(t), now)
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

// with sets a parameter of a URL.
func with(t testing.TB, base, name, value string) string {
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

// replicas are benches on one schema and one clock. Their sessions carry the
// schema's name, so that a test finds them.
func replicas(t *testing.T, n int) []*bench {
	t.Helper()
	base := pgtest.URL(t)
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	var all []*bench
	for range n {
		s := openURL(t, with(t, base, "application_name", schemaOf(t, base)), clock.now)
		all = append(all, &bench{T: t, Conformant: s, clock: clock})
	}
	return all
}

func schemaOf(t testing.TB, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("search_path")
}

func (b *bench) under() underTest { return b.Conformant.(underTest) }

func (b *bench) store() *Store { return b.under().Store }

// value reads one value, about this bench's sessions say.
func (b *bench) value(query string, args ...any) (n int) {
	b.Helper()
	b.must(b.store().read.QueryRowContext(b.ctx(), query, args...).Scan(&n))
	return n
}

// mine are the sessions of the replicas of a test, but for the one that asks.
const mine = ` FROM pg_stat_activity WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()`

// until waits for a condition in the database.
func (b *bench) until(what, query string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx(), 10*time.Second)
	defer cancel()
	for try := 1; b.value(query) == 0; try = min(try+1, 4) {
		if !waitToRetry(ctx, try) {
			b.Fatalf("never came: %s", what)
		}
	}
}

// untilWaiting waits until so many sessions wait for locks of others.
func (b *bench) untilWaiting(n int) {
	b.Helper()
	b.until("sessions that wait for a lock", fmt.Sprintf(
		`SELECT CASE WHEN count(*) >= %d THEN 1 ELSE 0 END`+mine+` AND wait_event_type = 'Lock'`, n))
}

func TestReplicasWakeEachOther(t *testing.T) {
	both := replicas(t, 2)
	one, other := both[0], both[1]
	vet, stop := other.Subscribe(approvals.JobPrepare)
	defer stop()
	apply, stopApply := other.Subscribe(approvals.JobApply)
	defer stopApply()

	one.file(1)
	other.awaitRing(vet, "the other replica filed a request")
	if rung(apply) {
		t.Error("woken for another kind")
	}

	one.value(`SELECT count(pg_terminate_backend(pid, 5000))` + mine + ` AND query LIKE 'LISTEN%'`)
	one.file(2) // unheard
	other.awaitRing(vet, "it listens again, and may have missed something")
	other.until("both listen again", `SELECT count(*) / 2`+mine+` AND query LIKE 'LISTEN%'`)
	rung(vet)
	one.file(3)
	other.awaitRing(vet, "the other replica filed a request after the connection was lost")
}

// A word to many people at once is one notification within PostgreSQL's 8,000
// bytes.
func TestNotificationsAreBounded(t *testing.T) {
	b := replicas(t, 1)[0]
	r := b.card(1, group)
	var crowd approvals.VotesCounted
	for n := range 2000 {
		crowd.Ballots = append(crowd.Ballots, approvals.Ballot{User: fmt.Sprint("U-", n), Eligibility: approvals.NotApprover})
	}
	b.step(r, crowd)
	b.claim(approvals.JobTellVoter)
}

// A replica that starts must not take back what another one holds.
func TestLeasesOutliveTheStartOfAReplica(t *testing.T) {
	base := pgtest.URL(t)
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	first := &bench{T: t, Conformant: openURL(t, base, clock.now), clock: clock}
	first.file(1)
	held := first.claim(approvals.JobPrepare)
	second := &bench{T: t, Conformant: openURL(t, base, clock.now), clock: clock}
	second.nothing(approvals.JobPrepare)
	first.must(first.MarkTried(first.ctx(), held))
	clock.advance(lease)
	if taken := second.claim(approvals.JobPrepare); taken.ID != held.ID || taken.TriedAt.IsZero() {
		t.Errorf("taken over as %+v", taken)
	}
	first.want(first.CompleteJob(first.ctx(), held), approvals.ErrLeaseLost)
}

func TestReplicasMigrateAtOnce(t *testing.T) {
	base := pgtest.URL(t)
	opened := race(4, func(int) bool {
		s, err := Open(t.Context(), base, Options{})
		if err != nil {
			t.Error(err)
			return false
		}
		defer func() { _ = s.Close() }()
		return s.Ping(t.Context()) == nil
	})
	if opened != 4 {
		t.Errorf("%d of 4 replicas started", opened)
	}
	s := openURL(t, base, nil)
	twice := s.rows(t, `SELECT version_id FROM goose_db_version GROUP BY version_id HAVING count(*) > 1`)
	if len(twice) > 0 || len(s.rows(t, `SELECT version_id FROM goose_db_version WHERE version_id = 1`)) != 1 {
		t.Errorf("applied twice: %v", twice)
	}
}

// The clock of the database decides, whatever the clock of a replica says:
// here the two are minutes apart.
func TestTheDatabaseClockDecides(t *testing.T) {
	for _, apart := range []time.Duration{7 * time.Minute, -7 * time.Minute} {
		t.Run(apart.String(), func(t *testing.T) {
			base := pgtest.URL(t)
			schema := schemaOf(t, base)
			pgtest.Exec(t, base, fmt.Sprintf(`CREATE FUNCTION %s.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
				AS $$ SELECT pg_catalog.clock_timestamp() + interval '%d seconds' $$`, schema, int(apart.Seconds())))
			b := &bench{T: t, Conformant: openURL(t, with(t, base, "search_path", schema+",pg_catalog"), nil)}
			near := func(what string, got, want time.Time) {
				t.Helper()
				if off := got.Sub(want).Abs(); off > 2*time.Minute {
					t.Errorf("%s is %v off the database's clock", what, off)
				}
			}
			now, err := b.Now(t.Context())
			b.must(err)
			near("now", now, time.Now().Add(apart))
			r := b.file(1)
			near("the filing", r.FiledAt, now)
			near("the deadline", r.Deadline, now.Add(ttl))
			task := b.claim(approvals.JobPrepare)
			for kind, want := range map[approvals.JobKind]time.Duration{approvals.JobPrepare: lease, approvals.JobExpire: ttl} {
				wait, owed, err := b.NextDue(t.Context(), kind)
				b.must(err)
				if !owed || wait > want || wait < want-time.Minute/2 {
					t.Errorf("%s is due in %v (%v), want %v", kind, wait, owed, want)
				}
			}
			b.must(b.MarkTried(t.Context(), task)) // the lease holds
			due := b.under().rows(t, `SELECT due_at FROM jobs WHERE kind = 'prepare'`)[0]
			near("the end of the lease", micro(t, due), now.Add(lease))
			near("the attempt", micro(t, b.under().rows(t, `SELECT tried_at FROM jobs WHERE kind = 'prepare'`)[0]), now)
		})
	}
}

// micro reads a row of one column as a time.
func micro(t *testing.T, row string) time.Time {
	t.Helper()
	var us int64
	if _, err := fmt.Sscan(row[strings.Index(row, "=")+1:], &us); err != nil {
		t.Fatal(err)
	}
	return fromMicros(us)
}

// A replica that stands still inside a transaction loses it, so that others go
// on; when it wakes it runs its work again on what it finds then.
func TestStandingStillBlocksNobody(t *testing.T) {
	base := pgtest.URL(t)
	still := &bench{T: t, Conformant: openURL(t, with(t, base, "idle_in_transaction_session_timeout", "200ms"), nil)}
	other := &bench{T: t, Conformant: openURL(t, base, nil)}
	r := other.card(1, group)

	var seen []approvals.State
	standing, wake := make(chan struct{}), make(chan struct{})
	ended := make(chan error)
	go func() {
		ended <- still.store().inTx(t.Context(), func(tx *tx) error {
			before, err := tx.lock(t.Context(), `id = $1`, r.ID)
			if err != nil {
				return err
			}
			seen = append(seen, before.State)
			if len(seen) == 1 {
				close(standing)
				<-wake
			}
			return tx.enqueue(t.Context(), before, approvals.Job{Kind: approvals.JobUpdateCard})
		})
	}()
	<-standing
	if after := other.step(r, approvals.Cancel{By: r.Requester}); after.State != approvals.Cancelled {
		t.Errorf("the other replica got to %s", after.State)
	}
	close(wake)
	if err := <-ended; err != nil {
		t.Errorf("it did not recover: %v", err)
	}
	if len(seen) != 2 || seen[1] != approvals.Cancelled {
		t.Errorf("it ran on %v, want what the other replica left", seen)
	}
}

// A connection that ends between two statements costs nobody anything, whether
// the server says so, or the network resets it.
func TestConnectionLostInsideATransaction(t *testing.T) {
	b := proxied(t)
	killer := openURL(t, with(t, b.proxy.URL(), "application_name", "killer"), nil)
	for name, lose := range map[string]func(pid int){
		"the server ends it": func(pid int) { killer.rows(t, `SELECT pg_terminate_backend($1, 5000)`, pid) },
		"it is reset":        func(int) { b.proxy.Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			err := b.store().inTx(t.Context(), func(tx *tx) error {
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
				t.Errorf("after %d tries: %v", tries, err)
			}
		})
	}
}

// A commit is on the disk when it returns, and nobody waits for ever, unless
// the URL says otherwise.
func TestSessionDefaults(t *testing.T) {
	s := openURL(t, with(t, pgtest.URL(t), "statement_timeout", "9s"), nil)
	want := map[string]string{
		"synchronous_commit": "on", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "10s", "statement_timeout": "9s",
	}
	for name, value := range want {
		if got := s.rows(t, "SHOW "+name)[0]; got != name+"="+value {
			t.Errorf("%s, want %s", got, value)
		}
	}
}

// Each statement has to see what others committed meanwhile, whatever the
// database's own default is.
func TestTransactionsReadCommitted(t *testing.T) {
	for _, level := range []string{"repeatable read", "serializable"} {
		s := openURL(t, with(t, pgtest.URL(t), "default_transaction_isolation", level), nil)
		err := s.inTx(t.Context(), func(tx *tx) error {
			var got string
			err := tx.QueryRowContext(t.Context(), `SHOW transaction_isolation`).Scan(&got)
			if got != "read committed" {
				t.Errorf("by default %s, transactions are %q", level, got)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A password never reaches an error, and one that makes the URL mean something
// else is recognised.
func TestPasswordsStayOutOfErrors(t *testing.T) {
	nobody := "127.0.0.1:1" // nothing listens there
	for _, c := range []struct{ url, want string }{
		{"postgres://bot:hunter2@" + nobody + "/licensebot", "prepare database licensebot on 127.0.0.1"},
		{"postgresql://bot:hunter2@" + nobody + "/licensebot?connect_timeout=1", "127.0.0.1"},
		{"postgres://" + nobody + "/licensebot?user=bot&password=hunter2", "127.0.0.1"},
		{"postgres://bot:hunter2%zz@" + nobody + "/licensebot", "cannot be understood"},
		{"postgres://bot:hunter2@" + nobody + ":x/licensebot", "cannot be understood"},
		{"postgres://bot:hunter2@" + nobody + "/licensebot?sslmode=hunter2", "cannot be understood"},
		{"postgres://bot:1/hunter2@" + nobody + "/licensebot", "percent"},
		{"postgres://bot:1?hunter2@" + nobody + "/licensebot", "127.0.0.1"},
		{"postgres://bot:1#hunter2@" + nobody + "/licensebot", "127.0.0.1"},
		{"postgres://bot:/hunter2@" + nobody + "/licensebot", "percent"},
	} {
		_, err := Open(t.Context(), c.url, Options{})
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Open(%q): %v, want %q in it and no password", c.url, err, c.want)
		}
	}
}

// holding runs statements in a transaction of its own and keeps its locks
// until release is called.
func (b *bench) holding(statements ...string) (release func()) {
	b.Helper()
	tx, err := b.store().write.BeginTx(b.ctx(), nil)
	b.must(err)
	for _, statement := range statements {
		_, err := tx.ExecContext(b.ctx(), statement)
		b.must(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
			b.Error(err)
		}
	}
}

func TestPostgresRefusesANewerDatabase(t *testing.T) { refusesNewer(t, pgtest.URL(t), true) }
