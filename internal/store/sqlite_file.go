package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
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

// checkAccess wants to write the file and those beside it. Another user may have left
// them: the bot once ran as root, or a shell of the administrator opened the file.
func (f databaseFile) checkAccess() error {
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		path := f.path + suffix
		if err := mayOpen(path, unix.R_OK|unix.W_OK); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("open database %s: %w%s: give %s* to the user of licensebot", f.name, err, nameOwner(path), f.path)
		}
	}
	return nil
}

// mayOpen is why this user may not open a file in a mode. It asks and does not open the file:
// to close it would end all locks that SQLite has on it in this process, and another process
// would then write to files in use (https://www.sqlite.org/howtocorrupt.html, section 2.2).
func mayOpen(path string, mode uint32) error {
	if err := unix.Faccessat(unix.AT_FDCWD, path, mode, unix.AT_EACCESS); err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}

// refuseMount refuses a file that is mounted by itself, as a volume of one file. Its
// -wal, which has the newest commits, would stay in the container and be lost with it.
func (f databaseFile) refuseMount() error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || !isMountPoint(string(mounts), f.path) { // other systems lack the file
		return nil //nolint:nilerr // nothing is known then
	}
	return fmt.Errorf("database %s is mounted by itself, so that %s-wal, which has the newest commits, would be lost: "+
		"mount its folder %s instead", f.name, filepath.Base(f.path), filepath.Dir(f.path))
}

// isMountPoint looks a path up in the text of /proc/self/mountinfo. The fifth field is
// the mount point, in which blanks and backslashes are octal.
func isMountPoint(mountinfo, path string) bool {
	escaped := strings.NewReplacer(`\`, `\134`, " ", `\040`, "\t", `\011`, "\n", `\012`).Replace(path)
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == escaped {
			return true
		}
	}
	return false
}
