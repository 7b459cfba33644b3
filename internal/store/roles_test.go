package store

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// asRole is the URL of another user of the same database and schema.
func asRole(url, role string) string { return strings.Replace(url, "licensebot@", role+"@", 1) }

// schemaOf is the schema of a test's URL.
func schemaOf(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("search_path")
}

// newRole makes a role that ends with the test.
func newRole(t *testing.T, url string) string {
	t.Helper()
	role := "bot_" + schemaOf(t, url)
	pgtest.Exec(t, url, `CREATE ROLE `+role+` LOGIN`)
	t.Cleanup(func() {
		pgtest.Exec(t, url, `DROP OWNED BY `+role)
		pgtest.Exec(t, url, `DROP ROLE `+role)
	})
	return role
}

// TestTheBotsRoleCanOnlyAddToTheJournal runs the bot's work as the bot's role, and tries to get
// around the journal.
func TestTheBotsRoleCanOnlyAddToTheJournal(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	role := newRole(t, url)
	if err := GrantBot(t.Context(), url, role); err != nil {
		t.Fatal(err)
	}
	bot := asRole(url, role)
	b := openBench(t, bot)
	r := b.approveRequest(b.postedCard(1, group))
	b.mustSucceed(sealAll(t.Context(), b))
	if findings, _, waiting := verify(t, bot); len(findings) > 0 || waiting > 0 {
		t.Errorf("findings %q, %d waiting", findings, waiting)
	}
	for _, fault := range b.store().Inspect(t.Context()).Faults {
		if fault.Aspect != Durable { // which the tests' server is not
			t.Errorf("doctor finds %+v", fault)
		}
	}
	for _, statement := range []string{
		`UPDATE journal SET kind = 'x'`, `DELETE FROM journal`, `TRUNCATE journal CASCADE`,
		`UPDATE journal_words SET words = '[]'`, `DELETE FROM journal_words`,
		`UPDATE journal_seals SET hash = 'x'`, `DELETE FROM journal_seals`,
		`DELETE FROM requests`, `UPDATE goose_db_version SET version_id = 9`,
		`ALTER TABLE journal DISABLE TRIGGER USER`, `DROP TRIGGER journal_append_only ON journal`,
		`ALTER TABLE journal_seals DISABLE TRIGGER ALL`, `SET session_replication_role = replica`,
		`CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
		`DROP TABLE journal`, `CREATE TABLE journal2 (id INT)`, `GRANT ALL ON journal TO ` + role,
	} {
		_, err := b.store().write.ExecContext(t.Context(), statement)
		var may bool
		if err == nil && strings.HasPrefix(statement, "GRANT") { // PostgreSQL only warns
			b.mustSucceed(b.store().write.QueryRowContext(t.Context(), `SELECT has_table_privilege('journal', 'UPDATE')`).Scan(&may))
			if !may {
				continue
			}
		}
		if err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	b.applyEvent(r, approvals.WriteFinished{
		State: approvals.Failed, Outcome: approvals.Outcome{Reason: approvals.ReasonUnconfirmed},
	})
	b.underTest().execSQL(t, `DELETE FROM jobs`)
	_, err := b.store().Erase(t.Context(), Erasure{Person: r.Requester, By: "the bot"})
	if err == nil || !strings.Contains(err.Error(), "42501") {
		t.Errorf("the bot's role erases: %v", err)
	}
	b.mustSucceed(b.Close())
	owner := openBench(t, url)
	done, err := owner.store().Erase(t.Context(), Erasure{Person: r.Requester, By: "the owner"})
	owner.mustSucceed(err)
	owner.mustSucceed(sealAll(t.Context(), owner))
	if findings, _, _ := verify(t, url); len(findings) > 0 || done.Requests != 1 {
		t.Errorf("the owner erased %+v; findings %q", done, findings)
	}
	owner.mustSucceed(owner.Close())
}

// TestGrantBotRefusesARoleThatIsTooMighty names the owner, a member of it and nobody.
func TestGrantBotRefusesARoleThatIsTooMighty(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	member := newRole(t, url)
	pgtest.Exec(t, url, `GRANT licensebot TO `+member)
	for role, want := range map[string]string{
		"licensebot": "superuser, or owns", member: "superuser, or owns", "nobody-of-this": "there is no role",
	} {
		if err := GrantBot(t.Context(), url, role); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", role, err, want)
		}
	}
	if err := GrantBot(t.Context(), moveURLs["sqlite"](t), "bot"); err == nil {
		t.Error("SQLite has no roles")
	}
}

// TestTheBotsRoleIsToldToUpgradeAsTheOwner starts the bot's role on a database without tables.
func TestTheBotsRoleIsToldToUpgradeAsTheOwner(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	role := newRole(t, url)
	pgtest.Exec(t, url, fmt.Sprintf(`GRANT USAGE ON SCHEMA %s TO %s`, schemaOf(t, url), role))
	s, err := Open(t.Context(), asRole(url, role), Options{})
	if err == nil {
		_ = s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "licensebot grant") {
		t.Errorf("got %v", err)
	}
}
