package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/gofrs/flock"
	_ "modernc.org/sqlite" // the driver named "sqlite", without cgo
)

// readers is how many connections read beside the one that writes.
const readers = 4

// openSQLite opens the file for this process alone. The lock lets Open take
// every lease back at once: nobody else can be holding one.
func openSQLite(path string, opts Options) (*Store, error) {
	lock := flock.New(path + ".lock")
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock database %s: %w (does its folder exist, and may this user write there?)", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("database %s is in use by another licensebot: stop that one first, or give this one a file of its own", path)
	}
	// Created here because SQLite would let others read it.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), lock.Unlock())
	}
	_ = file.Close()

	write, err := sql.Open("sqlite", dsn(path, "immediate"))
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn(path, "deferred")+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close(), lock.Unlock())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &Store{write: write, read: read, now: opts.Now, unlock: lock.Unlock}, nil
}

// dsn sets what every connection needs: a commit is on the disk when it
// returns (WAL with synchronous FULL), references hold, and deleted rows are
// overwritten.
func dsn(path, txlock string) string {
	q := url.Values{"_txlock": {txlock}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "secure_delete(1)",
	}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}
