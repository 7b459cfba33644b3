package store

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// ownParameters are the settings of each session that PgBouncer does not know, as
// docs/operations.md has it ignore them.
const ownParameters = "synchronous_commit,lock_timeout,statement_timeout,idle_in_transaction_session_timeout"

// bounce starts a PgBouncer before a fresh schema. The role of its sessions has the
// settings of docs/operations.md.
func bounce(t *testing.T, how pgtest.Bouncing) string {
	t.Helper()
	address := pgtest.URL(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	schema := u.Query().Get("search_path")
	role := "bounced_" + schema
	for _, statement := range []string{
		"CREATE ROLE %s LOGIN", "GRANT ALL ON SCHEMA " + schema + " TO %s", "ALTER ROLE %s SET search_path = " + schema,
		"ALTER ROLE %s SET synchronous_commit = 'on'", "ALTER ROLE %s SET lock_timeout = '5s'",
		"ALTER ROLE %s SET statement_timeout = '10s'", "ALTER ROLE %s SET idle_in_transaction_session_timeout = '10s'",
	} {
		pgtest.Exec(t, address, fmt.Sprintf(statement, role))
	}
	t.Cleanup(func() { pgtest.Exec(t, address, "DROP OWNED BY "+role+"; DROP ROLE "+role) })
	u.User = url.User(role)
	return pgtest.NewBouncer(t, u.String(), how)
}

// TestThroughPgBouncer starts two replicas behind a PgBouncer in session mode.
func TestThroughPgBouncer(t *testing.T) {
	address := bounce(t, pgtest.Bouncing{Mode: "session", Size: 3 * DefaultConnections, Ignored: ownParameters})
	expectNotification(t, address, openURL(t, address, nil))
	if seen := Inspect(t.Context(), address); !seen.is(Reachable) {
		t.Errorf("the look at it found %v", seen.Faults)
	}
}

// TestPgBouncerIsRefused starts a replica, a move of the database and doctor's look behind
// other kinds of PgBouncer. The reason is in the error.
func TestPgBouncerIsRefused(t *testing.T) {
	const shared = "a pooler in transaction mode"
	for name, c := range map[string]struct {
		how        pgtest.Bouncing
		replica    string // how its start is refused
		refusesAll bool   // in the same words
	}{
		"too few sessions":      {pgtest.Bouncing{Mode: "session", Size: 3, Ignored: ownParameters}, "only 3 of the 4 connections", false},
		"transactions":          {pgtest.Bouncing{Mode: "transaction", Size: 8, Ignored: ownParameters}, shared, true},
		"one session for all":   {pgtest.Bouncing{Mode: "transaction", Size: 1, Ignored: ownParameters}, shared, true},
		"statements":            {pgtest.Bouncing{Mode: "statement", Size: 8, Ignored: ownParameters}, shared, true},
		"parameters refused":    {pgtest.Bouncing{Mode: "session", Size: 8}, "ignore_startup_parameters", true},
		"one parameter refused": {pgtest.Bouncing{Mode: "session", Size: 8, Ignored: "lock_timeout,synchronous_commit"}, "ignore_startup_parameters", true},
	} {
		t.Run(name, func(t *testing.T) {
			address := bounce(t, c.how)
			s, err := Open(t.Context(), address, Options{})
			wantRefusal(t, s, err, c.replica)
			if c.refusesAll {
				s, err = openPostgresAlone(t.Context(), address)
				wantRefusal(t, s, err, c.replica)
				seen := Inspect(t.Context(), address)
				if seen.is(Reachable) || !strings.Contains(fmt.Sprint(seen.Faults), c.replica) {
					t.Errorf("the look at it found %v, want %q", seen.Faults, c.replica)
				}
			}
		})
	}
}

func wantRefusal(t *testing.T, s *Store, err error, want string) {
	t.Helper()
	if s != nil {
		_ = s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// expectNotification opens a second replica, which has to hear of a request that the
// first one files, and checks the settings of its sessions.
func expectNotification(t *testing.T, address string, first underTest) {
	t.Helper()
	moment := &clock{at: time.Now()}
	one := &bench{T: t, Conformant: first, clock: moment}
	other := &bench{T: t, Conformant: openURL(t, address, nil), clock: moment}
	prepare, stop := other.Subscribe(approvals.JobPrepare)
	defer stop()
	one.fileRequest(1)
	other.awaitSignal(prepare, "the other replica filed a request")
	for name, want := range sessionDefaults {
		var got string
		err := first.write.QueryRowContext(t.Context(), "SELECT current_setting($1)", name).Scan(&got)
		if err != nil || got != want && name != "application_name" {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
}
