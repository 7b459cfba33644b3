package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// Cost must not grow with pending requests: no statement that the store sends
// walks a table, or sorts what grows. The statements are those that it really
// sends, taken down while it does one of everything.

// A log takes down distinct statements in the order in which they come, each
// with the values that it came with.
type log struct {
	mu   sync.Mutex
	sent []sent
}

type sent struct {
	statement string
	values    [][]any
}

func (l *log) add(statement string, values []any) {
	verb, _, _ := strings.Cut(strings.TrimSpace(statement), " ")
	if !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, verb) {
		return // it has no plan
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.sent, func(s sent) bool { return s.statement == statement })
	if i < 0 {
		i, l.sent = len(l.sent), append(l.sent, sent{statement: statement})
	}
	l.sent[i].values = append(l.sent[i].values, values)
}

// everything has the store send each of its statements.
func everything(b *bench) {
	card := b.card(1, group)
	_, again, err := b.FileRequest(b.ctx(), ask(1))
	b.must(err)
	if !again {
		b.Fatal("filed again")
	}
	b.must(b.RecordReaction(b.ctx(), thumb(card, "U-ANNA", "1.1", true)))
	b.must(b.ReplaceReactions(b.ctx(), card.Channel, card.CardTS, b.clock.now(), []approvals.Reaction{thumb(card, "U-ANNA", "", true)}))
	b.present(card, "U-ANNA")
	weigh := b.claim(approvals.JobCountVotes)
	b.must(b.MarkTried(b.ctx(), weigh))
	b.must(b.RecordReaction(b.ctx(), thumb(card, "U-BEN", "1.2", true)))
	b.must(b.CompleteJob(b.ctx(), weigh)) // owed once more
	b.must(b.RetryJob(b.ctx(), b.claim(approvals.JobCountVotes), 0, true))
	b.must(b.CompleteJob(b.ctx(), b.claim(approvals.JobCountVotes)))
	_, _, err = b.NextDue(b.ctx(), approvals.JobExpire, approvals.JobUpdateCard)
	b.must(err)
	b.claim(approvals.JobUpdateCard)
	_, err = b.Now(b.ctx())
	b.must(err)
	cards, err := b.ListPendingCards(b.ctx())
	b.must(err)
	if len(cards) == 0 {
		b.Error("no card waits")
	}
	_, err = b.ListUnsettledWrites(b.ctx(), group)
	b.must(err)
	_, err = b.CountUnposted(b.ctx(), 10)
	b.must(err)
	b.step(card, approvals.Cancel{By: card.Requester}) // drops
	b.must(b.DeadLetter(b.ctx(), "envelope", "why", nil))
	b.must(b.Ping(b.ctx()))
	_, err = b.Request(b.ctx(), card.ID)
	b.must(err)
}

// run has a store do everything, and returns what it sent for that.
func (l *log) run(b *bench) []sent {
	everything(b)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.sent) < atLeast {
		b.Fatalf("took down %d statements only: %v", len(l.sent), l.sent)
	}
	return l.sent
}

// atLeast is how many statements everything sends: fewer would mean that they
// are not taken down.
const atLeast = 20

func TestPlansOfSQLite(t *testing.T) {
	b, s := sqliteBench(t)
	s.load(t, loaded)
	var said log
	takeDown(t, s.Store, &said)
	for _, sent := range said.run(b) {
		plan := explainSQLite(t, s.write, sent.statement)
		for line := range strings.Lines(plan) {
			if readsAllThatWaits(sent.statement) || strings.HasPrefix(line, "SCAN waiting") { // of which there is a limit
				continue
			}
			if walksInSQLite(line) || strings.Contains(line, "TEMP B-TREE") && !sortsOneCard(sent.statement) {
				t.Errorf("%s\nwalks or sorts:\n%s", sent.statement, plan)
			}
		}
	}
}

// walksInSQLite reports whether a line of a plan reads a table or an index as far
// as it goes, or makes an index for this one query.
func walksInSQLite(line string) bool {
	return strings.HasPrefix(line, "SCAN") && !strings.HasPrefix(line, "SCAN CONSTANT ROW") ||
		strings.HasPrefix(line, "SEARCH") && !strings.Contains(line, "=?") || // all before or after something
		strings.Contains(line, "AUTOMATIC")
}

// sortsOneCard is true of the one statement that may sort: the reactions on
// one card do not grow with requests.
func sortsOneCard(statement string) bool {
	return strings.Contains(statement, "FROM reactions") && strings.Contains(statement, "channel = $1 AND ts = $2")
}

// readsAllThatWaits is true of the one statement that is for every card.
func readsAllThatWaits(statement string) bool {
	return strings.Contains(statement, "LEFT JOIN reactions")
}

// takeDown has a store of SQLite open its file by a driver that logs.
func takeDown(t *testing.T, s *Store, said *log) {
	t.Helper()
	var path string
	if err := s.read.QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	name := "logged " + t.Name()
	sql.Register(name, loggedDriver{s.write.Driver(), said})
	for _, pool := range []struct {
		db     **sql.DB
		txlock string
	}{{&s.write, "immediate"}, {&s.read, "deferred"}} {
		if err := (*pool.db).Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if *pool.db, err = sql.Open(name, dsn(path, pool.txlock)); err != nil {
			t.Fatal(err)
		}
		(*pool.db).SetMaxOpenConns(1)
	}
}

// A loggedDriver logs what is prepared. Its connections offer no shortcut
// around that.
type loggedDriver struct {
	driver.Driver
	said *log
}

func (d loggedDriver) Open(name string) (driver.Conn, error) {
	conn, err := d.Driver.Open(name)
	return loggedConn{conn, d.said}, err
}

type loggedConn struct {
	driver.Conn
	said *log
}

func (c loggedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.said.add(query, nil) // which do not matter to its plans
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c loggedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

func explainSQLite(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, parameters(query))...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	return plan.String()
}

// literals writes values as SQL does.
func literals(values []any) []string {
	var all []string
	for _, v := range values {
		if v == nil {
			all = append(all, "NULL")
			continue
		}
		all = append(all, "'"+strings.ReplaceAll(fmt.Sprint(v), "'", "''")+"'")
	}
	return all
}

// parameters counts the placeholders $1 to $n.
func parameters(query string) int {
	n := 0
	for strings.Contains(query, fmt.Sprintf("$%d", n+1)) {
		n++
	}
	return n
}

func TestPlansOfPostgres(t *testing.T) {
	base := pgtest.URL(t)
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s := openURL(t, base, clock.now)
	s.load(t, loaded)
	var said log
	config, err := pgx.ParseConfig(base)
	if err != nil {
		t.Fatal(err)
	}
	config.Tracer = &said
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = db.Close() })
	logged := underTest{&Store{engine: &postgres{db: db, now: clock.now}, write: db, read: db}}
	for _, sent := range said.run(&bench{T: t, Conformant: logged, clock: clock}) {
		if readsAllThatWaits(sent.statement) {
			continue // where all that there is waits, to walk is the best plan
		}
		for i, values := range sent.values {
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				if mode == "force_generic_plan" && i > 0 {
					continue // the same for any values
				}
				plan := explainPostgres(t, s.write, mode, sent.statement, values)
				if walks(plan) || strings.Contains(plan, "Sort") && !sortsOneCard(sent.statement) {
					t.Errorf("%s: %s\nwith %v walks or sorts:\n%s", mode, sent.statement, values, plan)
				}
			}
		}
	}
}

// walks reports whether a plan reads a table or an index as far as it goes:
// then there is a scan that is not for something equal. jobs_lane_leased may be
// walked: it holds what runs at the moment.
func walks(plan string) bool {
	lines := strings.Split(plan, "\n")
	for i, line := range lines {
		if strings.Contains(line, "Seq Scan") {
			return true
		}
		if !strings.Contains(line, "Index Scan ") && !strings.Contains(line, "Index Only Scan ") || strings.Contains(line, " jobs_lane_leased ") {
			continue
		}
		if next := lines[i+1]; !strings.Contains(next, "Index Cond: ") || !strings.Contains(next, " = ") {
			return true
		}
	}
	return false
}

// TraceQueryStart takes down what is sent to PostgreSQL.
func (l *log) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	l.add(q.SQL, q.Args)
	return ctx
}

// TraceQueryEnd has nothing to take down.
func (*log) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// explainPostgres shows the plan of a prepared statement, for values that
// exist or, generic, for any.
func explainPostgres(t *testing.T, db *sql.DB, mode, query string, values []any) string {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, statement := range []string{"DEALLOCATE ALL", "SET plan_cache_mode = " + mode, "PREPARE planned AS " + query} {
		if _, err := conn.ExecContext(t.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
	}
	execute := "EXPLAIN EXECUTE planned"
	if n := parameters(query); n > 0 {
		execute += "(" + strings.Join(literals(values[len(values)-n:]), ", ") + ")"
	}
	rows, err := conn.QueryContext(t.Context(), execute, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	return plan.String()
}

// A planner tells how a store that holds much that is over would carry out a
// query: each plan that it may come to, and whether that walks or sorts.
type planner func(t *testing.T, query string, values ...any) []queryPlan

type queryPlan struct {
	text         string
	walks, sorts bool
}

// forEachPlanner runs a test with a planner of each kind of store. Of what they
// hold, loadOver put in the most by far.
func forEachPlanner(t *testing.T, test func(t *testing.T, plans planner)) {
	fill := func(t *testing.T, s underTest, n int) underTest {
		s.loadOver(t, n)
		s.load(t, n/100)
		return s
	}
	t.Run("sqlite", func(t *testing.T) {
		_, s := sqliteBench(t)
		fill(t, s, loaded)
		test(t, func(t *testing.T, query string, _ ...any) []queryPlan {
			plan := explainSQLite(t, s.write, query)
			return []queryPlan{{
				text:  plan,
				walks: slices.ContainsFunc(slices.Collect(strings.Lines(plan)), walksInSQLite),
				sorts: strings.Contains(plan, "TEMP B-TREE"),
			}}
		})
	})
	t.Run("postgres", func(t *testing.T) {
		s := fill(t, openURL(t, pgtest.URL(t), nil), 10_000) // fewer are quicker to sort than to follow an index
		s.exec(t, "VACUUM ANALYZE")                          // so that an index suffices where it has all that is asked
		test(t, func(t *testing.T, query string, values ...any) []queryPlan {
			var all []queryPlan
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				plan := explainPostgres(t, s.write, mode, query, values)
				all = append(all, queryPlan{text: mode + "\n" + plan, walks: walks(plan), sorts: strings.Contains(plan, "Sort")})
			}
			return all
		})
	})
}
