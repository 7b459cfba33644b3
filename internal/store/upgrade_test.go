package store

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"licensebot/approvals"
)

var recordRows = flag.Bool("record", false, "write the rows of the newest schema to testdata/upgrade")

// upgradeFile has rows in all tables of a schema, as the version that made the schema
// wrote them. Record the file of a new migration with its code:
//
//	go test ./internal/store -run UpgradeFromEverySchema -record
func upgradeFile(version int64) string {
	return filepath.Join("testdata", "upgrade", fmt.Sprintf("%05d.sql", version))
}

// newSchemas lists the migrations of one kind of database on an empty one.
func newSchemas(t *testing.T, kind, url string) (*Store, *goose.Provider) {
	t.Helper()
	var s *Store
	dialect := goose.DialectPostgres
	if path, isFile := strings.CutPrefix(url, "sqlite://"); isFile {
		s = connectSQLite(path, sqlite{unlock: func() error { return nil }})
		dialect = goose.DialectSQLite3
	} else {
		config, err := parsePostgresURL(url)
		if err != nil {
			t.Fatal(err)
		}
		s, _ = connectPostgres(config, Options{})
	}
	files, err := fs.Sub(migrations, "migrations/"+kind)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(dialect, s.write, files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	return s, provider
}

// A database at any schema that a release had is brought up to date at the start: no
// row is lost, every request is read, and its jobs go on.
func TestUpgradeFromEverySchema(t *testing.T) {
	for kind, url := range moveURLs {
		s, provider := newSchemas(t, kind, url(t))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		versions := provider.ListSources()
		if *recordRows && kind == "sqlite" {
			recordUpgrade(t, versions[len(versions)-1].Version)
		}
		for _, source := range versions {
			t.Run(fmt.Sprintf("%s %d", kind, source.Version), func(t *testing.T) {
				checkUpgrade(t, kind, url(t), source.Version)
			})
		}
	}
}

func checkUpgrade(t *testing.T, kind, url string, version int64) {
	t.Helper()
	rows, err := os.ReadFile(upgradeFile(version))
	if err != nil {
		t.Fatalf("each migration needs rows that its version wrote: %v", err)
	}
	s, provider := newSchemas(t, kind, url)
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	for statement := range strings.SplitSeq(strings.TrimSpace(string(rows)), "\n") {
		statement = strings.Replace(statement, ") VALUES", ") "+dialectOf(s.engine).insertIDs+" VALUES", 1)
		if _, err := s.write.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	fillEmptyTables(t, s)
	before := countAll(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	b := openBench(t, url)
	t.Cleanup(func() { b.mustSucceed(b.Close()) })
	if kind == "postgres" { // its row numbers were given, so its sequences have not moved
		for _, table := range []string{"journal", "jobs", "dead_letters"} {
			b.readInt(`SELECT setval(pg_get_serial_sequence($1, 'id'), (SELECT max(id) FROM `+table+`))`, table)
		}
	}
	after := countAll(t, b.store())
	for table, n := range before {
		if after[table] < n {
			t.Errorf("table %s has %d rows, and had %d", table, after[table], n)
		}
	}
	checkGoesOn(b)
}

// checkGoesOn reads every request and carries on one of each state.
func checkGoesOn(b *bench) {
	b.Helper()
	for _, row := range b.underTest().readRows(b.T, `SELECT id FROM requests`) {
		id := strings.TrimPrefix(row, "id=")
		r, err := b.store().Request(b.context(), id)
		if err != nil || r.ID != id || r.Requester == "" || !slices.Contains(approvals.States(), r.State) {
			b.Errorf("request %s is read as %+v, %v", id, r, err)
		}
	}
	unfinished, err := b.store().ListUnfinished(b.context())
	b.mustSucceed(err)
	if len(unfinished) == 0 {
		b.Error("no request is open")
	}
	b.completeNext(approvals.JobPrepare)
	b.fileRequest(9999)
}

// countAll counts the rows of each table.
func countAll(t *testing.T, s *Store) map[string]int64 {
	t.Helper()
	m, err := beginMove(t.Context(), s, s.read.DB)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Rollback() }()
	counts := map[string]int64{}
	for _, table := range m.tables {
		if counts[table], err = m.countRows(t.Context(), table); err != nil {
			t.Fatal(err)
		}
	}
	return counts
}

// recordUpgrade writes the rows of a database that this version filled, one INSERT a
// line.
func recordUpgrade(t *testing.T, version int64) {
	t.Helper()
	url := moveURLs["sqlite"](t)
	b := openBench(t, url)
	adoptsOnce(b)
	open := b.postedCard(30, "group-30")
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(open, "U-ANNA", "1.1", true)))
	b.mustSucceed(b.DeadLetter(b.context(), "envelope-odd", "unknown type", []byte(`{"type":"news"}`)))
	b.fileRequest(31)
	defer func() { b.mustSucceed(b.Close()) }()
	m, err := beginMove(t.Context(), b.store(), b.store().read.DB)
	b.mustSucceed(err)
	defer func() { _ = m.Rollback() }()
	var text strings.Builder
	for _, table := range m.tables {
		columns, err := m.readColumns(t.Context(), table)
		b.mustSucceed(err)
		b.mustSucceed(m.eachRow(t.Context(), `SELECT `+columns+` FROM `+table+` ORDER BY `+columns, func(row []any) error {
			values := make([]string, len(row))
			for i, value := range row {
				values[i] = quoteSQL(value)
			}
			fmt.Fprintf(&text, "INSERT INTO %s (%s) VALUES (%s);\n", table, columns, strings.Join(values, ", "))
			return nil
		}))
	}
	b.mustSucceed(os.WriteFile(upgradeFile(version), []byte(text.String()), 0o600))
}

func quoteSQL(value any) string {
	switch v := value.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	return fmt.Sprint(value)
}
