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

// Cost must not grow with pending requests: no statement of the store scans a
// table or sorts a growing result. The tests log the statements that the store
// really sends while it makes each of its calls.

// A statementLog keeps distinct statements in their order, each with its values.
type statementLog struct {
	mu   sync.Mutex
	sent []loggedStatement
}

type loggedStatement struct {
	statement string
	values    [][]any
}

func (l *statementLog) addStatement(statement string, values []any) {
	verb, _, _ := strings.Cut(strings.TrimSpace(statement), " ")
	if !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, verb) {
		return // other statements have no plan
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.sent, func(s loggedStatement) bool { return s.statement == statement })
	if i < 0 {
		i, l.sent = len(l.sent), append(l.sent, loggedStatement{statement: statement})
	}
	l.sent[i].values = append(l.sent[i].values, values)
}

// sendEverything makes the store send each of its statements.
func sendEverything(b *bench) {
	card := b.postedCard(1, group)
	_, receipt, err := b.FileRequest(b.context(), sampleRequest(1))
	b.mustSucceed(err)
	if !receipt.Again {
		b.Fatal("a second delivery filed a request")
	}
	free := b.offerWorker(approvals.JobPrepare)
	b.fileRequest(2)
	b.mustSucceed(b.CompleteJob(b.context(), free.wantJob(approvals.JobPrepare)))
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(card, "U-ANNA", "1.1", true)))
	b.mustSucceed(b.ReplaceReactions(b.context(), card.Channel, card.CardTS, b.clock.now(), []approvals.Reaction{reactionBy(card, "U-ANNA", "", true)}))
	b.wantPresent(card, "U-ANNA")
	counting := b.claimJob(approvals.JobCountVotes)
	b.mustSucceed(b.MarkTried(b.context(), counting))
	b.mustSucceed(b.RecordReaction(b.context(), reactionBy(card, "U-BEN", "1.2", true)))
	b.mustSucceed(b.CompleteJob(b.context(), counting)) // it was enqueued again
	b.mustSucceed(b.RetryJob(b.context(), b.claimJob(approvals.JobCountVotes), 0, true))
	b.mustSucceed(b.CompleteJob(b.context(), b.claimJob(approvals.JobCountVotes)))
	_, _, err = b.NextDue(b.context(), approvals.JobExpire, approvals.JobUpdateCard)
	b.mustSucceed(err)
	b.claimJob(approvals.JobUpdateCard)
	_, err = b.Now(b.context())
	b.mustSucceed(err)
	cards, err := b.ListPendingCards(b.context())
	b.mustSucceed(err)
	if len(cards) == 0 {
		b.Error("no card is pending")
	}
	_, err = b.ListUnsettledWrites(b.context(), group)
	b.mustSucceed(err)
	_, err = b.ShownBefore(b.context(), group)
	b.mustSucceed(err)
	_, err = b.LastWrite(b.context(), card)
	b.mustSucceed(err)
	_, err = b.ListLateEffects(b.context(), group)
	b.mustSucceed(err)
	_, err = b.NewestCard(b.context(), channel)
	b.mustSucceed(err)
	b.applyEvent(card, approvals.Cancel{By: card.Requester}) // drops
	b.mustSucceed(b.DeadLetter(b.context(), "envelope", "why", nil))
	b.mustSucceed(b.Ping(b.context()))
	_, err = b.Request(b.context(), card.ID)
	b.mustSucceed(err)
}

// recordEverything makes the store send everything and returns the statements.
func (l *statementLog) recordEverything(b *bench) []loggedStatement {
	sendEverything(b)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.sent) < minStatements {
		b.Fatalf("logged only %d statements: %v", len(l.sent), l.sent)
	}
	return l.sent
}

// minStatements is how many statements sendEverything sends at least. Fewer would
// mean that the log misses some.
const minStatements = 20

func TestPlansOfSQLite(t *testing.T) {
	b, s := sqliteBench(t)
	s.loadPending(t, loadedRequests)
	var log statementLog
	logStatements(t, s.Store, &log)
	for _, sent := range log.recordEverything(b) {
		plan := explainSQLite(t, s.write, sent.statement)
		for line := range strings.Lines(plan) {
			if mayWalk(sent.statement) || strings.HasPrefix(line, "SCAN waiting") { // that one has a limit
				continue
			}
			if walksInSQLite(line) || strings.Contains(line, "TEMP B-TREE") && !sortsOneCard(sent.statement) {
				t.Errorf("%s\nscans or sorts:\n%s", sent.statement, plan)
			}
		}
	}
}

// walksInSQLite reports whether a line of a plan scans a whole table or index, or
// builds an index for this one query. holders is what a part of a query found, and no
// table. jobs_lane_leased holds only the running jobs.
func walksInSQLite(line string) bool {
	if strings.Contains(line, "USING COVERING INDEX jobs_lane_leased") {
		return false
	}
	scans := strings.HasPrefix(line, "SCAN") && !strings.HasPrefix(line, "SCAN CONSTANT ROW") &&
		strings.TrimSpace(line) != "SCAN holders"
	return scans ||
		strings.HasPrefix(line, "SEARCH") && !strings.Contains(line, "=?") || // a range without a lower or an upper end
		strings.Contains(line, "AUTOMATIC")
}

// sortsOneCard is true of the one statement that may sort: the reactions on one
// card do not grow with requests.
func sortsOneCard(statement string) bool {
	return strings.Contains(statement, "FROM reactions") && strings.Contains(statement, "channel = $1 AND ts = $2")
}

// mayWalk reports whether a statement has to walk, or stops after one row.
func mayWalk(statement string) bool {
	return readsAllCards(statement) || readsChannels(statement) || readsHead(statement)
}

// readsHead is true of the look at the newest seal: one row at the end of the primary key.
func readsHead(statement string) bool {
	return strings.Contains(statement, "FROM journal_seals ORDER BY seq DESC LIMIT 1")
}

// readsChannels is true of statements about channels: there are as many as operators have
// set or Slack has given another id.
func readsChannels(statement string) bool {
	return strings.Contains(statement, "FROM channels") || strings.Contains(statement, "FROM channel_moves")
}

// readsAllCards is true of the one statement that reads every pending card.
func readsAllCards(statement string) bool {
	return strings.Contains(statement, "LEFT JOIN reactions")
}

// logStatements makes a SQLite store reopen its file with a driver that logs.
func logStatements(t *testing.T, s *Store, log *statementLog) {
	t.Helper()
	var path string
	if err := s.read.QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	name := "logged " + t.Name()
	sql.Register(name, loggedDriver{s.write.Driver(), log})
	for _, pool := range []struct {
		db     **sql.DB
		txlock string
	}{{&s.write, "immediate"}, {&s.read.DB, "deferred"}} {
		if err := (*pool.db).Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if *pool.db, err = sql.Open(name, dataSourceName(path, pool.txlock)); err != nil {
			t.Fatal(err)
		}
		(*pool.db).SetMaxOpenConns(1)
	}
}

// A loggedDriver logs the statements that it prepares. Its connections prepare
// every statement.
type loggedDriver struct {
	driver.Driver
	log *statementLog
}

func (d loggedDriver) Open(name string) (driver.Conn, error) {
	conn, err := d.Driver.Open(name)
	return loggedConn{conn, d.log}, err
}

type loggedConn struct {
	driver.Conn
	log *statementLog
}

func (c loggedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.log.addStatement(query, nil) // SQLite's plans do not depend on the values
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c loggedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

func explainSQLite(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, countParameters(query))...)
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

// sqlLiterals writes values as SQL text.
func sqlLiterals(values []any) []string {
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

// countParameters counts the placeholders $1 to $n.
func countParameters(query string) int {
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
	s.loadPending(t, loadedRequests)
	var log statementLog
	config, err := pgx.ParseConfig(base)
	if err != nil {
		t.Fatal(err)
	}
	config.Tracer = &log
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = db.Close() })
	logged := underTest{&Store{
		engine: &postgres{db: db, now: clock.now}, begin: beginPostgres, write: db, read: &readPool{DB: db},
	}}
	for _, sent := range log.recordEverything(&bench{T: t, Conformant: logged, clock: clock}) {
		if mayWalk(sent.statement) {
			continue // it reads all pending cards, so a scan is the best plan
		}
		for i, values := range sent.values {
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				if mode == "force_generic_plan" && i > 0 {
					continue // a generic plan is the same for all values
				}
				plan := explainPostgres(t, s.write, mode, sent.statement, values)
				if walksInPostgres(plan) || strings.Contains(plan, "Sort") && !sortsOneCard(sent.statement) {
					t.Errorf("%s: %s\nwith %v scans or sorts:\n%s", mode, sent.statement, values, plan)
				}
			}
		}
	}
}

// walksInPostgres reports whether a plan scans a whole table or index: a scan
// without a condition of equality. It allows that for jobs_lane_leased, which
// holds only the running jobs.
func walksInPostgres(plan string) bool {
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

// TraceQueryStart logs a statement that is sent to PostgreSQL.
func (l *statementLog) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	l.addStatement(q.SQL, q.Args)
	return ctx
}

// TraceQueryEnd has nothing to log.
func (*statementLog) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// explainPostgres shows the plan of a prepared statement, for the given values
// or, in the generic mode, for any.
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
	if n := countParameters(query); n > 0 {
		execute += "(" + strings.Join(sqlLiterals(values[len(values)-n:]), ", ") + ")"
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

// A planner shows the plans that a store with many closed requests may use for a
// query, and whether they scan or sort.
type planner func(t *testing.T, query string, values ...any) []queryPlan

type queryPlan struct {
	text         string
	walks, sorts bool
}

// forEachPlanner runs a test with a planner of each kind of store. Most of their
// rows come from loadDone.
func forEachPlanner(t *testing.T, test func(t *testing.T, plans planner)) {
	fill := func(t *testing.T, s underTest, n int) underTest {
		s.loadDone(t, n)
		s.loadPending(t, n/100)
		return s
	}
	t.Run("sqlite", func(t *testing.T) {
		_, s := sqliteBench(t)
		fill(t, s, loadedRequests)
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
		s := fill(t, openURL(t, pgtest.URL(t), nil), 10_000) // with fewer rows, PostgreSQL would rather sort than use an index
		s.execSQL(t, "VACUUM ANALYZE")                       // so that an index with all the columns suffices
		test(t, func(t *testing.T, query string, values ...any) []queryPlan {
			var all []queryPlan
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				plan := explainPostgres(t, s.write, mode, query, values)
				all = append(all, queryPlan{text: mode + "\n" + plan, walks: walksInPostgres(plan), sorts: strings.Contains(plan, "Sort")})
			}
			return all
		})
	})
}
