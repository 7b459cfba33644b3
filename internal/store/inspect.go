package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/sys/unix"
)

// An Aspect is one thing that the bot relies on in its database.
type Aspect string

// The aspects, in the order in which one rests on another.
const (
	Reachable Aspect = "reachable"
	Migrated  Aspect = "migrated"
	Writable  Aspect = "writable"
	Durable   Aspect = "durable"
)

// A Fault is what is wrong with one aspect, and what to do.
type Fault struct {
	Aspect        Aspect
	Found, Remedy string
}

// An Inspection is what a look at a database found. Nothing was changed for it.
type Inspection struct {
	Place   string // the file, or the database and its host; no password
	Absent  bool   // the file is not there; the first start makes it
	Missing bool   // the tables are not there; the first start makes them
	Schema  int64  // zero: none yet
	Known   int64  // the newest schema that this version knows
	Faults  []Fault

	// Clock is how far the database's own clock is ahead of this machine's; it has
	// one only where HasClock.
	Clock    time.Duration
	HasClock bool
}

func (i *Inspection) add(a Aspect, found, remedy string) {
	i.Faults = append(i.Faults, Fault{Aspect: a, Found: found, Remedy: remedy})
}

// is reports whether nothing was found that is against an aspect.
func (i *Inspection) is(a Aspect) bool {
	return !slices.ContainsFunc(i.Faults, func(f Fault) bool { return f.Aspect == a })
}

// Inspect looks at the database of a URL. It makes no file and no table, and writes
// nothing.
func Inspect(ctx context.Context, url string) Inspection {
	if err := CheckURL(url); err != nil {
		return Inspection{Faults: []Fault{{Reachable, "LICENSEBOT_DATABASE_URL " + err.Error(), "correct it"}}}
	}
	if file, isFile := strings.CutPrefix(url, "sqlite://"); isFile {
		return inspectFile(ctx, file)
	}
	return inspectServer(ctx, url)
}

// Inspect looks at the open database, through a connection that the store has.
func (s *Store) Inspect(ctx context.Context) Inspection {
	i := Inspection{Place: s.place}
	if _, isFile := s.engine.(sqlite); isFile {
		i.inspectFiles(s.place)
		i.readSchema(ctx, s.read, sqliteTables, "sqlite")
		return i
	}
	i.inspectSession(ctx, s.read.DB)
	return i
}

// inspectServer looks at a PostgreSQL database through connections of its own: two of
// them show whether a pooler shares sessions.
func inspectServer(ctx context.Context, url string) Inspection {
	config, err := parsePostgresURL(url)
	if err != nil {
		return Inspection{Faults: []Fault{{Reachable, "LICENSEBOT_DATABASE_URL " + err.Error(), "correct it"}}}
	}
	i := Inspection{Place: config.Database + " on " + config.Host}
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	i.inspectSession(ctx, db)
	if i.is(Reachable) {
		if err := checkPool(ctx, db, 2); err != nil {
			i.add(Reachable, err.Error(), "correct the pooler or its limits")
		}
	}
	return i
}

// minServer is the oldest PostgreSQL that has what the store uses.
const minServer = 13

// inspectSession asks a PostgreSQL server what it would do with a write.
func (i *Inspection) inspectSession(ctx context.Context, db *sql.DB) {
	var version int
	var readOnly, fsync, fullPages, commit string
	var schema sql.NullString
	var clock int64
	var mayCreate sql.NullBool
	asked := time.Now()
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int / 10000,
		current_setting('transaction_read_only'), current_setting('fsync'), current_setting('full_page_writes'),
		current_setting('synchronous_commit'), current_schema(), has_schema_privilege(current_schema(), 'CREATE'),
		(extract(epoch FROM clock_timestamp()) * 1000000)::bigint`,
	).Scan(&version, &readOnly, &fsync, &fullPages, &commit, &schema, &mayCreate, &clock)
	if err != nil {
		i.add(Reachable, fmt.Sprintf("the database %s cannot be reached: %v", i.Place, explainPooler(lastLine(err))),
			"check LICENSEBOT_DATABASE_URL, the network, and that the server takes this user")
		return
	}
	i.Clock, i.HasClock = fromMicros(clock).Sub(asked.Add(time.Since(asked)/2)), true
	if version < minServer {
		i.add(Reachable, fmt.Sprintf("the server is PostgreSQL %d", version),
			fmt.Sprintf("use PostgreSQL %d or later", minServer))
	}
	if !schema.Valid {
		i.add(Reachable, "there is no schema for the tables: search_path names none that is there and that this user may use",
			"correct search_path, make the schema, or grant it: GRANT USAGE, CREATE ON SCHEMA")
		return
	}
	if readOnly == "on" {
		i.add(Writable, "the server takes no writes: it is a standby, or its sessions are read-only",
			"name the primary server in LICENSEBOT_DATABASE_URL")
	}
	settings := map[string]string{"fsync": fsync, "full_page_writes": fullPages, "synchronous_commit": commit}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		value := settings[name]
		if value == "off" {
			i.add(Durable, name+" is off: a power cut loses what people were told is recorded", "switch "+name+" on")
		}
	}
	if !i.checkRights(ctx, db, schema.String) {
		return
	}
	i.readSchema(ctx, db, postgresTables, "postgres")
	if i.Schema < i.Known && !mayCreate.Bool {
		i.add(Writable, "the user may not make tables in the schema "+schema.String,
			"run licensebot grant as their owner, or let this user make them: GRANT USAGE, CREATE ON SCHEMA "+schema.String)
	}
}

// lastLine is what became of the last attempt to connect; the driver names all.
func lastLine(err error) error {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return errors.New(strings.TrimSpace(lines[len(lines)-1]))
}

// checkRights wants the rights to work on those of the store's tables that are there. A role
// that only works for the bot may not change the journal (GrantBot).
func (i *Inspection) checkRights(ctx context.Context, db *sql.DB, schema string) bool {
	var locked sql.NullString
	err := db.QueryRowContext(ctx, `SELECT string_agg(DISTINCT tablename, ', ' ORDER BY tablename) FROM pg_tables
		JOIN (VALUES ('goose_db_version', 'SELECT'), ('requests', 'SELECT'), ('requests', 'INSERT'), ('requests', 'UPDATE'),
			('reactions', 'UPDATE'), ('journal', 'SELECT'), ('journal', 'INSERT'), ('journal_words', 'INSERT'),
			('jobs', 'DELETE')) AS needed (tbl, privilege) ON tbl = tablename
		WHERE schemaname = $1 AND NOT has_table_privilege(format('%I.%I', schemaname, tablename), privilege)`, schema).
		Scan(&locked)
	switch {
	case err != nil:
		i.add(Writable, fmt.Sprintf("the user's rights cannot be read: %v", err), "check the database")
	case locked.Valid:
		i.add(Writable, "the user may not read and write the tables "+locked.String,
			"run licensebot grant as their owner, or make the user in LICENSEBOT_DATABASE_URL their owner")
	}
	return err == nil && !locked.Valid
}

// Whether the database has a table, for a name.
const (
	sqliteTables   = `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1`
	postgresTables = `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1`
)

// readSchema compares the version of the tables with those that this version knows.
func (i *Inspection) readSchema(ctx context.Context, db querier, tables, folder string) {
	i.Known = newestSchema(folder)
	count := func(table string) (n int, err error) {
		err = db.QueryRowContext(ctx, tables, table).Scan(&n)
		return n, err
	}
	versions := 0
	old, err := count("owed")
	if err == nil {
		versions, err = count("goose_db_version")
	}
	if err == nil && versions > 0 {
		err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&i.Schema)
	}
	i.Missing = err == nil && i.Schema == 0
	switch {
	case err != nil:
		i.add(Reachable, fmt.Sprintf("the database %s cannot be read: %v", i.Place, err),
			"is it a database of licensebot, and whole? Otherwise restore a backup")
	case old > 0:
		i.add(Migrated, "it was made by a pre-release of licensebot, which this version cannot read",
			"move it away; the first start makes a new one")
	case i.Schema > i.Known:
		i.add(Migrated, fmt.Sprintf("a newer licensebot has upgraded it to schema %d, and this version knows only schema %d",
			i.Schema, i.Known), "start that version, or restore a backup made before the upgrade")
	}
}

// newestSchema is the highest number of the migrations in a folder.
func newestSchema(folder string) (newest int64) {
	entries, _ := fs.ReadDir(migrations, "migrations/"+folder) // embedded, so that it cannot fail
	for _, entry := range entries {
		number, _, _ := strings.Cut(entry.Name(), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
	return newest
}

// inspectFile looks at a SQLite file, or at the folder where the first start makes it.
func inspectFile(ctx context.Context, name string) Inspection {
	i := Inspection{Place: name, Known: newestSchema("sqlite")}
	info, err := os.Stat(name)
	if errors.Is(err, os.ErrNotExist) {
		i.Absent, i.Missing = true, true
		i.inspectFolder(filepath.Dir(name))
		return i
	}
	path, linkErr := filepath.EvalSymlinks(name)
	if err = errors.Join(err, linkErr); err != nil {
		i.add(Reachable, fmt.Sprintf("the file %s cannot be found: %v", name, err), "check LICENSEBOT_DATABASE_URL")
		return i
	}
	if err := (databaseFile{name: name, path: path, info: info}).refuseLinks(); err != nil {
		i.add(Reachable, err.Error(), "remove the other name")
	}
	if !i.inspectFiles(path) {
		return i
	}
	open := readOnlyName
	if !hasLog(path) {
		open = frozenName // a normal opening would make files beside it
	}
	db, err := sql.Open("sqlite", "file:"+open(path))
	if err != nil {
		i.add(Reachable, err.Error(), "check LICENSEBOT_DATABASE_URL")
		return i
	}
	defer func() { _ = db.Close() }()
	if info.Size() > 0 {
		i.readSchema(ctx, db, sqliteTables, "sqlite")
	} else {
		i.Missing = true
	}
	return i
}

// inspectFiles looks at a file, those that SQLite keeps beside it, and their folder.
// It reports whether the file can be read.
func (i *Inspection) inspectFiles(path string) bool {
	i.inspectFolder(filepath.Dir(path))
	if err := mayOpen(path, unix.R_OK); err != nil {
		i.add(Reachable, fmt.Sprintf("the file cannot be read: %v", err), "give the user that runs licensebot the file")
		return false
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", path + ".lock"} {
		if err := mayOpen(name, unix.W_OK); err != nil && !errors.Is(err, os.ErrNotExist) {
			i.add(Writable, fmt.Sprintf("the file cannot be written: %v", err), "give the user that runs licensebot the file")
		}
	}
	return true
}

// lowSpace is how much free space a volume needs: below it, a request may be the last.
const lowSpace = 64 << 20

// inspectFolder looks at the folder of a SQLite file and the volume that it is on.
func (i *Inspection) inspectFolder(folder string) {
	info, err := os.Stat(folder)
	switch {
	case err != nil:
		i.add(Reachable, fmt.Sprintf("the folder of the database is not there: %v", err),
			"make it, and give it to the user that runs licensebot")
		return
	case !info.IsDir():
		i.add(Reachable, folder+" is no folder", "check LICENSEBOT_DATABASE_URL")
		return
	}
	if err := checkWritableFolder(folder); err != nil {
		i.add(Writable, fmt.Sprintf("no file can be made in the folder %s: %v", folder, err),
			"give it to the user that runs licensebot, on a volume that takes writes")
	}
	v, known := lookAtVolume(folder)
	switch {
	case !known:
	case v.volatile:
		i.add(Durable, fmt.Sprintf("the folder %s is in memory (%s): a restart of the machine empties it", folder, v.kind),
			"put the database on a disk")
	case v.remote:
		i.add(Durable, fmt.Sprintf("the folder %s is on a network file system (%s), where SQLite loses data", folder, v.kind),
			"put the database on a local disk, or use PostgreSQL")
	}
	if known && v.free < lowSpace {
		i.add(Writable, fmt.Sprintf("the volume of the folder %s has %d MB left", folder, v.free>>20), "make room on it")
	}
}

// A volume is what is known of where a folder is.
type volume struct {
	kind             string
	volatile, remote bool
	free             uint64 // bytes that the user may fill
}
