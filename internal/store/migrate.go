package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// migrateSchema brings the schema up to date from the SQL files in a folder. It
// refuses a newer schema, because this version would misread it and then write to
// it. It compares the versions last, because a newer replica may be migrating at the
// same time. Up leaves a newer schema alone.
func (s *Store) migrateSchema(
	ctx context.Context, dialect goose.Dialect, folder string, opts ...goose.ProviderOption,
) error {
	if s.isPreRelease(ctx) {
		return errPreRelease
	}
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	opts = append(opts, goose.WithLogger(goose.NopLogger()))
	provider, err := goose.NewProvider(dialect, s.write, files, opts...)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		if isForbidden(err) {
			return fmt.Errorf("migrate the schema: %w; run licensebot grant as the owner of the tables", err)
		}
		return fmt.Errorf("migrate the schema: %w", err)
	}
	found, known, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the schema's version: %w", err)
	case found > known:
		return fmt.Errorf("a newer licensebot has upgraded it to schema %d, and this version knows only schema %d: "+
			"start that version, or restore a backup made before the upgrade", found, known)
	}
	return nil
}

// isForbidden reports whether PostgreSQL refused a statement because the role lacks the right.
func isForbidden(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return ok && failure.Code == "42501"
}

// errPreRelease refuses a database with tables from before the first release.
var errPreRelease = errors.New("it was made by a pre-release of licensebot, which this version cannot read: " +
	"move it away and start with a new one")

// isPreRelease reports whether the database has a table of the pre-releases.
func (s *Store) isPreRelease(ctx context.Context) bool {
	_, err := s.write.ExecContext(ctx, `SELECT 1 FROM owed`)
	return err == nil
}
