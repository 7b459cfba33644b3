package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// A databaseFile is the file of a database under its one true name. SQLite keeps its
// log beside the name under which it opened the file, so two names of one file would
// be two databases in one.
type databaseFile struct {
	name string      // as the operator wrote it
	path string      // absolute and without symbolic links
	info os.FileInfo // tells the file from another one of the same name
}

// findFile finds the file, or creates it. SQLite would create it for other users to
// read.
func findFile(name string) (databaseFile, error) {
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
		created, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return databaseFile{}, err
		}
		_ = created.Close()
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return databaseFile{}, err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return databaseFile{}, err
	}
	info, err := os.Stat(path)
	return databaseFile{name: name, path: path, info: info}, err
}

// lock keeps other processes from opening the database until unlock is called. The
// lock file tells them which process that is.
func (f databaseFile) lock() (unlock func() error, err error) {
	lock := flock.New(f.path + ".lock")
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock database %s: %w (does its folder exist, and may this user write there?)", f.name, err)
	}
	if !locked {
		holder, _ := os.ReadFile(lock.Path())
		return nil, fmt.Errorf("database %s is in use by another licensebot%s: stop that one first, "+
			"or give this one a file of its own", f.name, nameHolder(string(holder)))
	}
	if err := f.refuseLinks(); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	note := fmt.Sprintf("process %d, as %s", os.Getpid(), f.name)
	_ = os.WriteFile(lock.Path(), []byte(note), 0o600) // only the other's error reads it
	return lock.Unlock, nil
}

// nameHolder is what a lock file says of its holder, in brackets.
func nameHolder(note string) string {
	if line, _, _ := strings.Cut(note, "\n"); line != "" {
		return " (" + line + ")"
	}
	return ""
}

// refuseLinks refuses a file with hard links: a lock beside one name does not keep
// away a process that uses another.
func (f databaseFile) refuseLinks() error {
	if countLinks(f.info) < 2 {
		return nil
	}
	return fmt.Errorf("database %s has another name%s, a hard link: two licensebots could open it at once; "+
		"remove the other name, or make it a copy", f.name, f.otherName())
}

// otherName finds another name of the file in its folder.
func (f databaseFile) otherName() string {
	entries, _ := os.ReadDir(filepath.Dir(f.path))
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && entry.Name() != filepath.Base(f.path) && os.SameFile(info, f.info) {
			return ", " + filepath.Join(filepath.Dir(f.path), entry.Name())
		}
	}
	return ""
}

// checkUnchanged finds out whether the name still means the file under lock, now that
// it is open.
func (f databaseFile) checkUnchanged() error {
	info, err := os.Stat(f.name)
	if err == nil && !os.SameFile(info, f.info) {
		err = errors.New("the file was replaced by another while it was opened: start licensebot again")
	}
	return err
}
