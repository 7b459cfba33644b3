package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Where the bot has its own role on PostgreSQL, another role owns the tables. The bot's can
// add rows to the journal, and neither change nor delete them, nor switch the triggers off.

// appendOnlyRights are the rights of the bot's role on tables that prove something. On all
// others it may read, insert, update and delete.
var appendOnlyRights = map[string]string{
	"journal":          "SELECT, INSERT",
	"journal_words":    "SELECT, INSERT",
	"journal_seals":    "SELECT, INSERT",
	"journal_unsealed": "SELECT, INSERT, DELETE",
	"requests":         "SELECT, INSERT, UPDATE",
	"goose_db_version": "SELECT",
}

// GrantBot brings the tables of a PostgreSQL database up to date, as their owner, and gives a
// role the rights that the bot needs and no others.
func GrantBot(ctx context.Context, url, role string) (err error) {
	s, err := Open(ctx, url, Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, isShared := s.engine.(*postgres); !isShared {
		return errors.New("only PostgreSQL has roles: a SQLite file is its owner's")
	}
	return s.runInTx(ctx, func(tx *tx) error {
		if err := tx.refuseMightyRole(ctx, role); err != nil {
			return err
		}
		return tx.grantBot(ctx, role)
	})
}

// refuseMightyRole refuses a role that could switch the triggers off all the same.
func (t *tx) refuseMightyRole(ctx context.Context, role string) error {
	var known, mighty bool
	err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1),
		EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1 AND rolsuper) OR EXISTS (SELECT 1 FROM pg_tables, pg_roles
			WHERE schemaname = current_schema() AND tablename = 'journal' AND rolname = $1
			AND pg_has_role(pg_roles.oid, tableowner::name, 'MEMBER'))`, role).Scan(&known, &mighty)
	switch {
	case err != nil:
		return fmt.Errorf("look for the role %s: %w", role, err)
	case !known:
		return fmt.Errorf("there is no role %s: make it, CREATE ROLE %s LOGIN PASSWORD '…'", role,
			pgx.Identifier{role}.Sanitize())
	case mighty:
		return fmt.Errorf("the role %s is a superuser, or owns the tables: name another one for the bot", role)
	}
	return nil
}

func (t *tx) grantBot(ctx context.Context, role string) error {
	var schema string
	if err := t.QueryRowContext(ctx, `SELECT current_schema()`).Scan(&schema); err != nil {
		return err
	}
	tables, err := t.listTables(ctx)
	if err != nil {
		return err
	}
	name, place := pgx.Identifier{role}.Sanitize(), pgx.Identifier{schema}.Sanitize()
	statements := []string{
		`REVOKE ALL ON ALL TABLES IN SCHEMA ` + place + ` FROM ` + name,
		`REVOKE ALL ON SCHEMA ` + place + ` FROM ` + name,
		`GRANT USAGE ON SCHEMA ` + place + ` TO ` + name,
	}
	for _, table := range tables {
		rights, isRestricted := appendOnlyRights[table]
		if !isRestricted {
			rights = "SELECT, INSERT, UPDATE, DELETE"
		}
		statements = append(statements, `GRANT `+rights+` ON `+pgx.Identifier{schema, table}.Sanitize()+` TO `+name)
	}
	for _, statement := range statements {
		if _, err := t.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func (t *tx) listTables(ctx context.Context) ([]string, error) {
	var all string
	err := t.QueryRowContext(ctx, `SELECT coalesce(string_agg(tablename, ' '), '') FROM pg_tables
		WHERE schemaname = current_schema()`).Scan(&all)
	tables := strings.Fields(all)
	slices.Sort(tables)
	return tables, err
}
