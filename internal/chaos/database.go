//go:build linux

package chaos

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"licensebot/internal/pgtest"
)

// mendLimit is how long a database may take to come back, crash recovery
// included.
const mendLimit = 30 * time.Second

// A database is the store of the replicas of one world, with the ways to harm it.
type database interface {
	harmable
	// attachReplica tells a replica, before its first start, how to reach it.
	attachReplica(r *replica) error
	// mend undoes every harm and returns when the database takes writes.
	mend(ctx context.Context) error
	// keep copies all that is stored to a folder.
	keep(folder string) error
	close()
}

// harmable is what can be harmed. A harm reports whether it is possible here at all, and whether it
// was done.
type harmable interface {
	// fillUp leaves no room for writes, until mend.
	fillUp() (possible, done bool)
	// makeReadOnly refuses every write, until mend.
	makeReadOnly() (possible, done bool)
	// crashServer ends the database's own process, if it has one; it is back at the
	// latest after mend.
	crashServer(hard bool) bool
	// cutCommits cuts the connections on which the next n commits come.
	cutCommits(n int, where pgtest.Cut) bool
}

func openDatabase(store, dir string) (database, error) {
	if store == Postgres {
		return startPostgres()
	}
	return newSQLite(filepath.Join(dir, "sqlite"))
}

// A sqlite is a file, on a small disk of its own where this system lets the
// suite have one.
type sqlite struct {
	dir  string
	disk *disk // nil: on the common disk
}

func newSQLite(dir string) (*sqlite, error) {
	disk, err := mountDisk(dir)
	return &sqlite{dir: dir, disk: disk}, err
}

func (s *sqlite) attachReplica(r *replica) error {
	r.env["LICENSEBOT_DATABASE_URL"] = "sqlite://" + filepath.Join(s.dir, "licensebot.db")
	if s.disk != nil {
		r.command = s.disk.joinCommand(r.command)
	}
	return nil
}

func (s *sqlite) fillUp() (possible, done bool) {
	return s.disk != nil, s.disk != nil && s.disk.fillUp() == nil
}

func (s *sqlite) makeReadOnly() (possible, done bool) {
	return s.disk != nil, s.disk != nil && s.disk.remount("ro") == nil
}

func (s *sqlite) crashServer(bool) bool           { return false }
func (s *sqlite) cutCommits(int, pgtest.Cut) bool { return false }
func (s *sqlite) mend(context.Context) error      { return s.disk.mendDisk() }
func (s *sqlite) keep(folder string) error        { return os.CopyFS(folder, os.DirFS(s.disk.pathOf(s.dir))) }
func (s *sqlite) close()                          { s.disk.unmount() }
