package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// tamperedTables are the tables that a check covers, each with its key.
var tamperedTables = []struct{ name, key string }{
	{"requests", "id"}, {"journal", "id"}, {"journal_words", "journal_id"}, {"journal_seals", "seq"}, {"outside_changes", "id"},
	{"foreign_requests", "id"},
}

// uncovered are the columns that the journal alone does not cover: a request follows the approvals
// channel of today, the message about a change is compared in the channel, and requests from the channel
// are in the order of its replies.
var uncovered = []string{
	"requests.channel", "outside_changes.at", "outside_changes.tried_at", "outside_changes.closed_at",
	"outside_changes.channel", "outside_changes.ts", "foreign_requests.after_id",
}

// TestEachSingleEditOfARowIsNamed edits, deletes, copies or exchanges rows of random histories, one at
// a time, as the owner of the tables can with all constraints off.
func TestEachSingleEditOfARowIsNamed(t *testing.T) {
	t.Parallel()
	const histories = 6
	var templates [histories][]byte
	for seed := range histories {
		templates[seed] = playHistory(t, uint64(seed))
	}
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, "tampered.db")
		for _, old := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(path + old)
		}
		if err := os.WriteFile(path, templates[rapid.IntRange(0, histories-1).Draw(t, "history")], 0o600); err != nil {
			t.Fatal(err)
		}
		if found := verifyFile(t, path); len(found) > 0 {
			t.Fatalf("an unchanged history has findings: %q", found)
		}
		what, names := tamper(t, path)
		found := verifyFile(t, path)
		isNamed := slices.ContainsFunc(found, func(f string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(f, name) })
		})
		if !isNamed {
			t.Errorf("%s: named none of %q: %q", what, names, found)
		}
		if len(found) > 6 {
			t.Errorf("%s has %d findings: %q", what, len(found), found)
		}
	})
}

// playHistory returns a file with a random history, all of it sealed.
func playHistory(t *testing.T, seed uint64) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	path := filepath.Join(t.TempDir(), "licensebot.db")
	b := openBench(t, "sqlite://"+path)
	b.mustSucceed(b.store().RecordPolicy(b.context(), approvals.PolicyEntry{Text: fmt.Sprint("rules: ", seed), Loader: "ada@host"}))
	for n := range 3 + random.IntN(3) {
		b.clock.advance(time.Minute)
		if random.IntN(4) == 0 {
			r := b.fileRequest(n + 1)
			b.applyEvent(r, approvals.Rejected{Group: approvals.Group{ID: "g"}, Outcome: approvals.Outcome{
				Reason: approvals.ReasonPolicy, Violation: &approvals.Violation{Kind: approvals.ViolationDenied},
			}})
			b.completeNext(approvals.JobTellRequester)
			continue
		}
		r := b.postedCard(n+1, fmt.Sprint("group-", n))
		b.mustSucceed(b.RecordReaction(b.context(), approvals.Reaction{
			Channel: r.Channel, TS: r.CardTS, User: "U-ANNA", Name: "white_check_mark", EventTS: "1772400001.000001", Present: true,
		}))
		switch random.IntN(3) {
		case 0:
			b.applyEvent(r, approvals.Cancel{By: r.Requester, Reason: "no", Authorized: true})
			b.underTest().execSQL(t, `DELETE FROM jobs WHERE request_id = '`+r.ID+`'`)
		case 1:
			b.approveRequest(r)
			write := b.claimJob(approvals.JobApply)
			write.Writing = &approvals.Allocation{Codes: []string{"IDU"}}
			b.mustSucceed(b.store().MarkTried(b.context(), write))
			_, err := b.ApplyEvent(b.context(), r.ID, approvals.WriteFinished{State: approvals.Done}, &write)
			b.mustSucceed(err)
		}
	}
	for n := range 2 {
		at := b.clock.now()
		b.mustSucceed(b.store().runInTx(b.context(), func(tx *tx) error {
			return tx.insertOutsideChange(b.context(), approvals.OutsideChange{
				ID: fmt.Sprint("C-", n), Group: approvals.Group{ID: fmt.Sprint("g-", n)}, Gained: []string{"IDU"}, Items: []string{"IDU"},
				Since: at.Add(-time.Hour), SeenAt: at.Add(-time.Duration(n) * time.Minute), Silent: n == 0,
				Edits: []approvals.PortalEdit{{By: "@admin", What: "edited"}},
			})
		}))
	}
	var foreign []approvals.Adoption
	for n := range 2 {
		r := approvals.Request{ID: fmt.Sprint("R-FOREIGN", n), FiledAt: b.clock.now(), ClosedAt: b.clock.now(), Proposal: &approvals.Proposal{Group: approvals.Group{ID: fmt.Sprint("g-", n)}}}
		foreign = append(foreign, approvals.Adoption{RequestID: r.ID, Foreign: []approvals.Request{r}})
	}
	_, err := b.store().Adopt(b.context(), foreign)
	b.mustSucceed(err)
	if seed%2 == 1 {
		_, err := b.store().Erase(t.Context(), Erasure{Until: b.clock.now().Add(time.Hour), By: "retention"})
		b.mustSucceed(err)
	}
	b.mustSucceed(sealAll(t.Context(), b))
	b.mustSucceed(b.Close())
	content, err := os.ReadFile(path)
	b.mustSucceed(err)
	return content
}

// verifyFile is what a check finds an hour after the history.
func verifyFile(t rapid.TB, path string) (found []string) {
	t.Helper()
	reader, err := OpenReader(context.Background(), "sqlite://"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	chain := &audit.Chain{Report: func(finding string) { found = append(found, finding) }}
	if _, _, err := reader.VerifyJournal(context.Background(), chain, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	return found
}

// A tamperer changes one thing in a file.
type tamperer struct {
	*rapid.T
	db      *sql.DB
	table   string
	key     string
	columns []string
	keys    []string
}

// tamper makes one change, and returns what a finding may call the changed row.
func tamper(t *rapid.T, path string) (what string, names []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(0)&_pragma=ignore_check_constraints(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	table := rapid.SampledFrom(tamperedTables).Draw(t, "table")
	x := tamperer{T: t, db: db, table: table.name, key: table.key}
	x.exec(`DROP TRIGGER journal_no_update`)
	x.exec(`DROP TRIGGER journal_no_delete`)
	x.exec(`DROP TRIGGER journal_seals_no_update`)
	x.exec(`DROP TRIGGER journal_seals_no_delete`)
	x.columns = x.list(`SELECT name FROM pragma_table_info('` + x.table + `')`)
	x.keys = x.list(`SELECT ` + x.key + ` FROM ` + x.table)
	if x.table == "journal_seals" {
		x.keys = x.keys[:len(x.keys)-1] // the end of the chain is what heads elsewhere tell
	}
	at := rapid.SampledFrom(x.keys).Draw(t, "row")
	names = x.names(at)
	switch rapid.SampledFrom([]string{"edit", "delete", "copy", "exchange"}).Draw(t, "change") {
	case "delete":
		x.exec(`DELETE FROM `+x.table+` WHERE `+x.key+` = ?`, at)
		return "deletion of " + x.table + " " + at, names
	case "copy":
		return "copy of " + x.table + " " + at, x.names(x.copyRow(at))
	case "exchange":
		other := rapid.SampledFrom(x.keys).Draw(t, "other row")
		column := x.drawColumn()
		if x.value(column, at) == x.value(column, other) {
			t.Skip("they are the same")
		}
		x.exchange(column, at, other)
		return "exchange of " + column + " of " + x.table + " " + at + " and " + other, append(names, x.names(other)...)
	}
	column := x.drawColumn()
	x.exec(`UPDATE `+x.table+` SET `+column+` = CASE typeof(`+column+`) WHEN 'integer' THEN `+column+` + 1000
		ELSE coalesce(`+column+`, '1') || 'x' END WHERE `+x.key+` = ?`, at)
	return "edit of " + column + " of " + x.table + " " + at, names
}

func (x tamperer) exec(statement string, args ...any) {
	x.Helper()
	if _, err := x.db.Exec(statement, args...); err != nil {
		x.Fatalf("%v: %s", err, statement)
	}
}

func (x tamperer) list(query string, args ...any) (all []string) {
	x.Helper()
	rows, err := x.db.Query(query, args...)
	if err != nil {
		x.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			x.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}

func (x tamperer) value(column, at string) string {
	return x.list(`SELECT coalesce(`+column+`, 'null') FROM `+x.table+` WHERE `+x.key+` = ?`, at)[0]
}

func (x tamperer) drawColumn() string {
	return rapid.SampledFrom(slices.DeleteFunc(slices.Clone(x.columns), func(column string) bool {
		return slices.Contains(uncovered, x.table+"."+column)
	})).Draw(x.T, "column")
}

// names is what a finding may call a row.
func (x tamperer) names(at string) []string {
	switch x.table {
	case "requests":
		return []string{"request " + at + " "}
	case "foreign_requests":
		return []string{"request " + at + ", known from the channel alone"}
	case "outside_changes":
		return []string{"change " + at + " "}
	case "journal_seals":
		return []string{"seal " + at + " ", "seal " + at + ":", "seals " + at + " ", "journal row " + x.value("journal_id", at) + " "}
	}
	return []string{"journal row " + at + " "}
}

// copyRow inserts a row once more, under the next key.
func (x tamperer) copyRow(at string) (key string) {
	next := `(SELECT max(` + x.key + `) + 1 FROM ` + x.table + `)`
	unique := map[string]string{x.key: next}
	switch x.table {
	case "requests":
		unique = map[string]string{"id": `'R-FORGED'`, "envelope_id": `'forged'`, "card_ts": `'9.9'`, "dedup_key": `'forged'`}
	case "outside_changes":
		unique["id"] = `'C-FORGED'`
	case "foreign_requests":
		unique["id"] = `'R-FORGED'`
	case "journal_seals":
		unique["journal_id"] = `(SELECT max(id) + 1 FROM journal)`
	}
	values := make([]string, len(x.columns))
	for i, column := range x.columns {
		if values[i] = unique[column]; values[i] == "" {
			values[i] = column
		}
	}
	x.exec(`INSERT INTO `+x.table+` SELECT `+strings.Join(values, ", ")+` FROM `+x.table+` WHERE `+x.key+` = ?`, at)
	switch x.table {
	case "requests", "foreign_requests":
		return "R-FORGED"
	case "outside_changes":
		return "C-FORGED"
	}
	return x.list(`SELECT max(` + x.key + `) FROM ` + x.table)[0]
}

// exchange exchanges a value of two rows.
func (x tamperer) exchange(column, at, other string) {
	if column == x.key || column == "journal_id" || column == "envelope_id" || column == "card_ts" || column == "dedup_key" {
		x.exec(`UPDATE `+x.table+` SET `+column+` = '-1' WHERE `+x.key+` = ?`, at) // both are unique
		x.Skip("a plain edit")
	}
	x.exec(`UPDATE `+x.table+` SET `+column+` = CASE `+x.key+` WHEN ?1 THEN (SELECT `+column+` FROM `+x.table+` WHERE `+x.key+` = ?2)
		ELSE (SELECT `+column+` FROM `+x.table+` WHERE `+x.key+` = ?1) END WHERE `+x.key+` IN (?1, ?2)`, at, other)
}

// TestAChangeOutsideThatIsClosedWithoutItsMessageIsNamed keeps an alert from being told, by hand.
func TestAChangeOutsideThatIsClosedWithoutItsMessageIsNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tampered.db")
	if err := os.WriteFile(path, playHistory(t, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(`UPDATE outside_changes SET closed_at = 1`); err != nil {
		t.Fatal(err)
	}
	found := verifyFile(t, path)
	if len(found) != 1 || !strings.Contains(found[0], "change C-1 outside of the bot is closed without its message") {
		t.Errorf("found %q", found)
	}
}
