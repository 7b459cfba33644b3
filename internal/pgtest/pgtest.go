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
// kills it, or cuts connections in their COMMIT with a [Proxy]. [NewBouncer] puts a
// PgBouncer before a server.
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

// shared is the server of one test process. The first test that wants it opens it,
// and Main closes it.
var shared struct {
	sync.Once
	url     string
	cluster *Cluster // nil if the server is a given one
	db      *sql.DB
	err     error
}

// Main runs a package's tests and then stops their shared cluster: func
// TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }.
func Main(m *testing.M) int {
	code := m.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// closeShared stops the shared cluster, or leaves a given server without the schemas
// of ReusedURL.
func closeShared() (err error) {
	if shared.db == nil {
		return nil
	}
	if shared.cluster != nil {
		return errors.Join(shared.db.Close(), shared.cluster.Close())
	}
	for schema := takeEmptied(); schema != ""; schema = takeEmptied() {
		err = errors.Join(err, runShared("DROP SCHEMA "+schema+" CASCADE"))
	}
	return errors.Join(err, shared.db.Close())
}

// URL gives the test a fresh schema in the PostgreSQL of its process. The
// schema is dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	schema := createSchema(t)
	t.Cleanup(func() {
		if err := runShared("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			t.Fatal(err)
		}
	})
	return schemaURL(t, schema)
}

// createSchema makes a schema in the shared server and returns its name.
func createSchema(t testing.TB) string {
	t.Helper()
	shared.Do(func() { shared.err = openShared() })
	Need(t, shared.err)
	schema := "t" + uuid.NewString()[:8]
	if err := runShared("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// schemaURL is the shared server's URL for one schema.
func schemaURL(t testing.TB, schema string) string {
	t.Helper()
	u, err := url.Parse(shared.url)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func openShared() (err error) {
	shared.url = os.Getenv("LICENSEBOT_TEST_POSTGRES_URL")
	if shared.url == "" {
		if shared.cluster, err = Start(false); err != nil {
			return err
		}
		shared.url = shared.cluster.URL()
	}
	shared.db, err = sql.Open("pgx", shared.url)
	return err
}

// runShared runs one statement in the shared server.
func runShared(statement string) error {
	_, err := shared.db.ExecContext(context.Background(), statement)
	return err
}

// Need skips a test on ErrNone or ErrNoBouncer, unless they are required. Then, and on
// any other error, it fails the test.
func Need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case (errors.Is(err, ErrNone) || errors.Is(err, ErrNoBouncer)) && os.Getenv("LICENSEBOT_TEST_REQUIRE") != "1":
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
