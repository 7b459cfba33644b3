// Package pgtest gives tests a PostgreSQL: a temporary cluster of their own if
// initdb is installed, or the server of LICENSEBOT_TEST_POSTGRES_URL. Each test
// gets a fresh schema:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
//	func TestStore(t *testing.T) {
//		db, err := sql.Open("pgx", pgtest.URL(t))
//		...
//	}
//
// Without a PostgreSQL such tests are skipped, unless LICENSEBOT_TEST_REQUIRE
// is 1: then they fail.
//
// A test that breaks PostgreSQL starts a [Cluster] of its own with [New] and
// kills it, or cuts connections in their COMMIT with a [Proxy].
package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver named "pgx"
)

// New starts a cluster for one test. The test may kill it.
func New(t testing.TB) *Cluster {
	t.Helper()
	c, err := Start(false)
	Need(t, err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// shared is the cluster of one test process. The first test that wants it
// starts it, and Main closes it.
var shared struct {
	sync.Once
	cluster *Cluster
	err     error
}

// Main runs a package's tests and then stops their shared cluster: func
// TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }.
func Main(m *testing.M) int {
	code := m.Run()
	if shared.cluster != nil {
		if err := shared.cluster.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// URL gives the test a fresh schema in the PostgreSQL of its process. The
// schema is dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	base := serverURL(t)
	schema := "t" + uuid.NewString()[:8]
	Exec(t, base, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { Exec(t, base, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func serverURL(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("LICENSEBOT_TEST_POSTGRES_URL"); given != "" {
		return given
	}
	shared.Do(func() { shared.cluster, shared.err = Start(false) })
	Need(t, shared.err)
	return shared.cluster.URL()
}

// Need skips a test on ErrNone, unless a PostgreSQL is required. Then, and on
// any other error, it fails the test.
func Need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrNone) && os.Getenv("LICENSEBOT_TEST_REQUIRE") != "1":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// Exec runs one statement.
func Exec(t testing.TB, url, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}
