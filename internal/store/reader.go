package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"licensebot/approvals"
)

// A Reader reads one state of a database, also while a bot runs on it. It changes nothing.
// Of its sequences one can be read at a time.
type Reader struct {
	db     *sql.DB
	tx     *sql.Tx
	frozen *frozenFile // nil: SQLite or PostgreSQL keeps writers apart from this reader
}

// OpenReader opens a database to read it. The caller closes the reader.
func OpenReader(ctx context.Context, url string) (*Reader, error) {
	if err := CheckURL(url); err != nil {
		return nil, fmt.Errorf("database URL %s %w", redactURL(url), err)
	}
	db, i, frozen, err := connectToRead(url)
	if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	tables, folder := postgresTables, "postgres"
	if strings.HasPrefix(url, "sqlite://") {
		tables, folder = sqliteTables, "sqlite"
	}
	i.readSchema(ctx, db, tables, folder)
	if len(i.Faults) == 0 && i.Schema < i.Known {
		i.add(Migrated, "it does not have the tables of this version", "start the bot, which makes them")
	}
	if len(i.Faults) > 0 {
		return nil, errors.Join(fmt.Errorf("the database: %s; %s", i.Faults[0].Found, i.Faults[0].Remedy), db.Close())
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: isolationToRead(url), ReadOnly: true})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the database: %w", err), db.Close())
	}
	return &Reader{db: db, tx: tx, frozen: frozen}, nil
}

// isolationToRead is the level at which a transaction sees one state.
func isolationToRead(url string) sql.IsolationLevel {
	if strings.HasPrefix(url, "sqlite://") {
		return sql.LevelDefault
	}
	return sql.LevelRepeatableRead
}

func connectToRead(url string) (*sql.DB, Inspection, *frozenFile, error) {
	name, isFile := strings.CutPrefix(url, "sqlite://")
	if !isFile {
		config, err := parsePostgresURL(url)
		if err != nil {
			return nil, Inspection{}, nil, err
		}
		return stdlib.OpenDB(*config), Inspection{Place: config.Database + " on " + config.Host}, nil, nil
	}
	if _, err := os.Stat(name); err != nil {
		return nil, Inspection{}, nil, err
	}
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, Inspection{}, nil, err
	}
	if isSharable(path) {
		db, err := sql.Open("sqlite", "file:"+readOnlyName(path))
		return db, Inspection{Place: name}, nil, err
	}
	frozen := freezeFile(path)
	db, err := sql.Open("sqlite", "file:"+frozenName(path))
	return db, Inspection{Place: name}, frozen, err
}

// Close ends the reading. ErrWrittenMeanwhile if what was read is no one state.
func (r *Reader) Close() error {
	return errors.Join(ignoreTxDone(r.tx.Rollback()), r.db.Close(), r.frozen.check())
}

// Request reads one request. ErrNotFound if it is missing.
func (r *Reader) Request(ctx context.Context, id string) (approvals.Request, error) {
	return scanRequest(r.tx.QueryRowContext(ctx, requestByID, id))
}

// RequestsUntil reads the requests filed before a time, in the order of their filing.
func (r *Reader) RequestsUntil(ctx context.Context, until time.Time) iter.Seq2[approvals.Request, error] {
	const query = `SELECT ` + requestColumns + ` FROM requests WHERE filed_at < $1 ORDER BY filed_at, id`
	return readRows(ctx, r.tx, scanRequests, query, toMicros(until))
}

func scanRequests(rows *sql.Rows) (approvals.Request, error) { return scanRequest(rows) }

// OutsideChangesUntil reads the changes outside that were seen before a time, in their order.
func (r *Reader) OutsideChangesUntil(
	ctx context.Context, until time.Time,
) iter.Seq2[approvals.UntoldChange, error] {
	const query = `SELECT ` + changeColumns + ` FROM outside_changes WHERE seen_at < $1 ORDER BY seen_at, id`
	return readRows(ctx, r.tx, scanOutsideChange, query, toMicros(until))
}

// WatchedGroups reads what the watch last saw of each group.
func (r *Reader) WatchedGroups(ctx context.Context) ([]approvals.WatchedGroup, error) {
	return listWatched(ctx, r.tx)
}

// CountRefusals counts the rows of a period that tell of refusals by the policy: one a person,
// group and day.
func (r *Reader) CountRefusals(ctx context.Context, since, until time.Time) (n int, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT count(*) FROM journal
		WHERE request_id IS NULL AND kind = $1 AND at >= $2 AND at < $3`,
		approvals.KindRefusal, toMicros(since), toMicros(until)).Scan(&n)
	return n, err
}

// A JournalRow is one line of the journal.
type JournalRow struct {
	ID            int64           `json:"id"`
	RequestID     string          `json:"request_id"`
	At            time.Time       `json:"at"`
	Kind          string          `json:"kind"`
	Actor         string          `json:"actor"`
	Before, After approvals.State `json:"-"`
	Event         json.RawMessage `json:"event"`
}

// Journal reads the lines about one request, in their order. Erased words are
// approvals.Erased.
func (r *Reader) Journal(ctx context.Context, requestID string) iter.Seq2[JournalRow, error] {
	return journalRows(ctx, r.tx, `WHERE j.request_id = $1`, requestID)
}

// journalRows reads lines of the journal, in their order.
func journalRows(ctx context.Context, q querier, where string, args ...any) iter.Seq2[JournalRow, error] {
	return readRows(ctx, q, scanJournal, `SELECT `+journalColumns+`, coalesce(w.words, '')
		FROM journal j LEFT JOIN journal_words w ON w.journal_id = j.id `+where+` ORDER BY j.id`, args...)
}

func scanJournal(rows *sql.Rows) (JournalRow, error) {
	row, err := scanWordedRow(rows)
	if err != nil {
		return JournalRow{}, err
	}
	j := JournalRow{
		ID: row.ID, RequestID: row.RequestID, At: fromMicros(row.At), Kind: row.Kind,
		Before: approvals.State(row.Before), After: approvals.State(row.After),
	}
	j.Actor, j.Event, err = row.Restore(approvals.Erased)
	return j, err
}

// readRows reads the rows of a query one by one. It ends at the first error.
func readRows[T any](
	ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any,
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := q.QueryContext(ctx, query, args...)
		if err != nil {
			yield(none, fmt.Errorf("read the database: %w", err))
			return
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			one, err := scan(rows)
			if !yield(one, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, fmt.Errorf("read the database: %w", err))
		}
	}
}

// collect reads a sequence of rows to its end. It returns nothing with an error.
func collect[T any](rows iter.Seq2[T, error]) (all []T, err error) {
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

// ExportTables are the tables with what an auditor needs, each with the order of its rows.
func ExportTables() []ExportTable {
	return []ExportTable{
		{"requests", "id"}, {"journal", "id"}, {"journal_words", "journal_id"}, {"journal_seals", "seq"},
		{"confirmations", "group_id"}, {"outside_changes", "seen_at, id"},
		{"watched_groups", "group_id"}, {"foreign_requests", "group_id, id"},
	}
}

// An ExportTable is a table and the order of its rows.
type ExportTable struct{ Name, order string }

// Rows reads all rows of a table as JSON objects, with the columns in their order.
func (r *Reader) Rows(ctx context.Context, table ExportTable) iter.Seq2[json.RawMessage, error] {
	return readRows(ctx, r.tx, scanObject, `SELECT * FROM `+table.Name+` ORDER BY `+table.order)
}

func scanObject(rows *sql.Rows) (json.RawMessage, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	if err := rows.Scan(values...); err != nil {
		return nil, fmt.Errorf("read the database: %w", err)
	}
	object := []byte("{")
	for i, column := range columns {
		value := *values[i].(*any)
		if raw, isBytes := value.([]byte); isBytes {
			value = string(raw)
		}
		name, _ := json.Marshal(column)
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			object = append(object, ',')
		}
		object = append(append(append(object, name...), ':'), text...)
	}
	return append(object, '}'), nil
}
