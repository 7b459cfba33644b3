package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"licensebot/internal/store"
)

// A look at an open database leaves SQLite's locks alone. Another process that finds none takes
// the files for unused and truncates the index of the log under the bot.
func TestInspectKeepsTheLocks(t *testing.T) {
	name := filepath.Join(t.TempDir(), "test.db")
	s, err := store.Open(t.Context(), "sqlite://"+name, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.Open(name + "-shm") // it stays open: to close it would end the locks
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		_ = index.Close()
	}()
	isLocked := func() bool {
		// The lock of whoever uses the index, https://www.sqlite.org/walformat.html, "WAL Locks".
		lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 120, Len: 16}
		if err := unix.FcntlFlock(index.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
			t.Fatal(err)
		}
		return lock.Type != unix.F_UNLCK
	}
	if !isLocked() {
		t.Fatal("an open database has no lock")
	}
	if found := s.Inspect(t.Context()); len(found.Faults) > 0 {
		t.Errorf("found %+v", found.Faults)
	}
	if !isLocked() {
		t.Error("a look at the open database ended its locks")
	}
	if found := store.Inspect(t.Context(), "sqlite://"+name); len(found.Faults) > 0 {
		t.Errorf("found %+v", found.Faults)
	}
	if !isLocked() {
		t.Error("a look at the database by its URL ended its locks")
	}
}
