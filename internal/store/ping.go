package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// proofLife is how long a commit that wrote something proves that the disk takes
	// writes.
	proofLife = 5 * time.Second
	// bigProbe is the size of what Ping writes after a commit that failed, in bytes:
	// more than most commits, because a disk that is almost full may take a page.
	bigProbe = 16 << 10
)

// A diskWatch knows whether the disk of a SQLite file takes writes. The commits of
// the bot's work are the evidence. Nil watches nothing: a commit of PostgreSQL that
// changes nothing is written to its log all the same.
type diskWatch struct {
	mu     sync.Mutex
	begun  time.Time
	proven time.Duration // when a commit last wrote something, since begun: clocks may be set meanwhile
	failed bool          // the last commit failed for want of a working disk
}

// watchDisk begins without evidence.
func watchDisk() *diskWatch { return &diskWatch{begun: time.Now(), proven: -proofLife} }

// noteEnd notes how a transaction ended.
func (w *diskWatch) noteEnd(wrote bool, err error) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil && wrote:
		w.proven, w.failed = time.Since(w.begun), false
	case isDiskFailure(err):
		w.failed = true
	}
}

// probeSize is how much Ping has to write now. Zero: there is fresh evidence.
func (w *diskWatch) probeSize() int {
	if w == nil {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.failed:
		return bigProbe
	case time.Since(w.begun)-w.proven < proofLife:
		return 0
	}
	return 1
}

// Ping reports whether the store can still write. If nothing was written for some
// seconds, it writes something.
func (s *Store) Ping(ctx context.Context) error {
	return s.runInTx(ctx, func(tx *tx) error {
		size := s.disk.probeSize()
		if size == 0 {
			_, err := tx.ExecContext(ctx, `UPDATE jobs SET leased = leased WHERE id = -1`)
			return err
		}
		filler := make([]byte, size)
		_, _ = rand.Read(filler) // it never fails; equal content would not be written again
		_, err := tx.ExecContext(ctx, `UPDATE probe SET written_at = $1, filler = $2 WHERE id = 1`,
			time.Now().UnixMicro(), hex.EncodeToString(filler))
		return err
	})
}

// IsDiskFull reports whether an error of the store means a full disk.
func IsDiskFull(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code == "53100"
	}
	return sqliteCode(err) == sqlite3.SQLITE_FULL
}

// isDiskFailure reports whether SQLite's disk did not take a write.
func isDiskFailure(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return true
	}
	return false
}

// sqliteCode is the primary code of SQLite's error, or zero.
func sqliteCode(err error) int {
	if failed, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return failed.Code() & 0xff
	}
	return sqlite3.SQLITE_OK
}
