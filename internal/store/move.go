package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// moveBatch is how many rows one statement inserts. SQLite takes 32,766 values in a
// statement, PostgreSQL 65,535.
const moveBatch = 200

// A MoveProgress is how far the move of one table is.
type MoveProgress struct {
	Table    string
	Rows, Of int64
}

// A moveDialect is the SQL of a move that the databases do not share.
type moveDialect struct {
	listTables string   // the names of all tables but the migrations', in the order of their creation
	freeze     []string // what the transaction begins with; %s stands for all tables
	insertIDs  string   // allows values for a column that numbers its rows
	lastIDs    string   // the tables that number their rows, and the last number given out
	setLastID  []string // the same for one table, $1, and its number, $2
}

// Move copies everything from one database to another one, which must be empty. No bot
// may run on either. It reads the copy again and compares each table before it commits,
// in one transaction: after an error, or when ctx ends, the target is still empty.
func Move(ctx context.Context, from, to string, report func(MoveProgress)) (err error) {
	if file, isFile := strings.CutPrefix(from, "sqlite://"); isFile {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("the source: %w", err)
		}
	}
	source, err := openAlone(ctx, from)
	if err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := openAlone(ctx, to)
	if err != nil {
		return fmt.Errorf("the target: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	return moveBetween(ctx, source, target, report)
}

// openAlone opens a database on which no bot runs, and keeps bots away until it is
// closed.
func openAlone(ctx context.Context, url string) (*Store, error) {
	if err := CheckURL(url); err != nil {
		return nil, fmt.Errorf("database URL %s %w", redactURL(url), err)
	}
	if strings.HasPrefix(url, "sqlite://") {
		return Open(ctx, url, Options{}) // its lock excludes every other process
	}
	return openPostgresAlone(ctx, url)
}

// moveBetween copies all tables in one transaction of the target.
func moveBetween(ctx context.Context, source, target *Store, report func(MoveProgress)) error {
	reading, err := beginMove(ctx, source, source.read.DB)
	if err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	defer func() { _ = reading.Rollback() }()
	writing, err := beginMove(ctx, target, target.write)
	if err != nil {
		return fmt.Errorf("write the target: %w", err)
	}
	defer func() { _ = writing.Rollback() }()
	if !slices.Equal(reading.tables, writing.tables) {
		return fmt.Errorf("the source has the tables %v, the target %v", reading.tables, writing.tables)
	}
	if err := writing.mustBeEmpty(ctx); err != nil {
		return err
	}
	moved := int64(0)
	for _, table := range reading.tables {
		rows, err := moveTable(ctx, reading, writing, table, report)
		if err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
		moved += rows
	}
	if moved == 0 {
		return errors.New("the source is empty: there is nothing to move")
	}
	if err := moveLastIDs(ctx, reading, writing); err != nil {
		return err
	}
	if err := writing.Commit(); err != nil {
		return fmt.Errorf("commit to the target: %w", err)
	}
	return nil
}

// A moveTx is one side of a move: a transaction that sees one state of all tables.
type moveTx struct {
	*sql.Tx
	moveDialect
	tables []string
}

func beginMove(ctx context.Context, s *Store, db *sql.DB) (_ *moveTx, err error) {
	m := &moveTx{moveDialect: dialectOf(s.engine)}
	if m.Tx, err = db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted}); err != nil {
		return nil, err
	}
	m.tables, err = m.readTables(ctx)
	for _, statement := range m.freeze {
		if err == nil {
			_, err = m.ExecContext(ctx, strings.ReplaceAll(statement, "%s", strings.Join(m.tables, ", ")))
		}
	}
	if err != nil {
		return nil, errors.Join(err, ignoreTxDone(m.Rollback()))
	}
	return m, nil
}

func (m *moveTx) readTables(ctx context.Context) (tables []string, err error) {
	err = m.eachRow(ctx, m.listTables, func(row []any) error {
		tables = append(tables, fmt.Sprint(row[0]))
		return nil
	})
	return tables, err
}

// mustBeEmpty refuses a target that a bot has used.
func (m *moveTx) mustBeEmpty(ctx context.Context) error {
	for _, table := range m.tables {
		n, err := m.countRows(ctx, table)
		if err != nil {
			return fmt.Errorf("the target's table %s: %w", table, err)
		}
		if n > 0 {
			return fmt.Errorf("the target is not empty: its table %s has rows (%d); name a database without any", table, n)
		}
	}
	return nil
}

func (m *moveTx) countRows(ctx context.Context, table string) (n int64, err error) {
	err = m.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n)
	return n, err
}

// moveTable copies one table, and reads the copy again. It returns how many rows the
// table has.
func moveTable(
	ctx context.Context, from, to *moveTx, table string, report func(MoveProgress),
) (int64, error) {
	total, err := from.countRows(ctx, table)
	if err != nil {
		return 0, err
	}
	columns, err := from.readColumns(ctx, table)
	if err != nil {
		return 0, err
	}
	query := `SELECT ` + columns + ` FROM ` + table
	var sent tableDigest
	batch := &insertBatch{to: to, into: table + ` (` + columns + `) ` + to.insertIDs}
	err = from.eachRow(ctx, query, func(row []any) error {
		sent.add(row)
		if !batch.add(row) {
			return nil
		}
		report(MoveProgress{table, sent.rows, total})
		return batch.insert(ctx)
	})
	if err == nil {
		err = batch.insert(ctx)
	}
	if err != nil {
		return 0, err
	}
	var kept tableDigest
	err = to.eachRow(ctx, query, func(row []any) error { kept.add(row); return nil })
	switch {
	case err != nil:
		return 0, err
	case kept != sent || sent.rows != total:
		return 0, fmt.Errorf("the copy differs: %d rows were read of %d, and %d are in the copy", sent.rows, total, kept.rows)
	}
	report(MoveProgress{table, total, total})
	return total, nil
}

// readColumns lists the columns of a table, quoted: their order may differ between two
// databases.
func (m *moveTx) readColumns(ctx context.Context, table string) (string, error) {
	rows, err := m.QueryContext(ctx, `SELECT * FROM `+table+` LIMIT 0`)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	return `"` + strings.Join(names, `", "`) + `"`, errors.Join(err, rows.Err())
}

// eachRow reads all rows of a query. Texts arrive as strings.
func (m *moveTx) eachRow(ctx context.Context, query string, use func(row []any) error) error {
	rows, err := m.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		row, places := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			places[i] = &row[i]
		}
		if err := rows.Scan(places...); err != nil {
			return err
		}
		for i, value := range row {
			if text, isBytes := value.([]byte); isBytes {
				row[i] = string(text)
			}
		}
		if err := use(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// An insertBatch collects rows for one INSERT.
type insertBatch struct {
	to     *moveTx
	into   string
	values []any
	rows   int
}

// add reports whether the batch is full now.
func (b *insertBatch) add(row []any) bool {
	b.values = append(b.values, row...)
	b.rows++
	return b.rows == moveBatch
}

func (b *insertBatch) insert(ctx context.Context) error {
	if b.rows == 0 {
		return nil
	}
	var text strings.Builder
	text.WriteString(`INSERT INTO ` + b.into + ` VALUES `)
	width := len(b.values) / b.rows
	for i := range b.values {
		switch {
		case i == 0:
			text.WriteString(`(`)
		case i%width == 0:
			text.WriteString(`), (`)
		default:
			text.WriteString(`, `)
		}
		fmt.Fprintf(&text, `$%d`, i+1)
	}
	text.WriteString(`)`)
	_, err := b.to.ExecContext(ctx, text.String(), b.values...)
	b.values, b.rows = b.values[:0], 0
	return err
}

// A tableDigest tells two tables apart, in whatever order their rows are read.
type tableDigest struct {
	rows int64
	sum  uint64
}

func (d *tableDigest) add(row []any) {
	hash := sha256.New()
	for _, value := range row {
		_, _ = fmt.Fprintf(hash, "%T %v\x00", value, value)
	}
	d.rows++
	d.sum += binary.BigEndian.Uint64(hash.Sum(nil))
}

// moveLastIDs lets the target go on numbering where the source stopped, because the
// number of a job that is gone is never used again.
func moveLastIDs(ctx context.Context, from, to *moveTx) error {
	last := map[string]any{}
	err := from.eachRow(ctx, from.lastIDs, func(row []any) error {
		last[fmt.Sprint(row[0])] = row[1]
		return nil
	})
	for table, id := range last {
		for _, statement := range to.setLastID {
			if err == nil && id != nil {
				_, err = to.ExecContext(ctx, statement, table, id)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("the numbers of rows: %w", err)
	}
	return nil
}
