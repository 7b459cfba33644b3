package store

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// ErrWrittenMeanwhile says that a process wrote a SQLite file while it was read as one that
// stays as it is. What was read may mix two states.
var ErrWrittenMeanwhile = errors.New("a bot wrote to the database while it was read: do it again")

// readOnlyName opens a file together with other processes, and writes nothing to it. SQLite
// keeps two small files beside it, which tell the processes of each other.
func readOnlyName(path string) string {
	return escapePath(path) + "?mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(2000)"
}

// frozenName opens a file that stays as it is: SQLite makes no file and heeds no process.
func frozenName(path string) string { return readOnlyName(path) + "&immutable=1" }

// hasLog reports whether the newest changes are in a log beside the file.
func hasLog(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// isSharable reports whether SQLite can read a file beside a bot, also one that starts later.
// For that it may have to make files in the folder. It must not make them as another user
// than the bot's, because the bot could not open them.
func isSharable(path string) bool {
	_, noLog := os.Stat(path + "-wal")
	_, noIndex := os.Stat(path + "-shm")
	if noLog == nil && noIndex == nil || hasLog(path) {
		return true
	}
	return nameOwner(path) == "" && checkWritableFolder(filepath.Dir(path)) == nil
}

// A frozenFile is how a file and its log were before they were read.
type frozenFile struct {
	path      string
	file, log fileState
}

// A fileState tells two states of a file apart.
type fileState struct {
	size     int64
	modified time.Time
}

func freezeFile(path string) *frozenFile {
	return &frozenFile{path: path, file: stateOfFile(path), log: stateOfFile(path + "-wal")}
}

// check returns ErrWrittenMeanwhile if the file is not as it was.
func (f *frozenFile) check() error {
	if f == nil || *f == *freezeFile(f.path) {
		return nil
	}
	return ErrWrittenMeanwhile
}

// stateOfFile is zero for a file that is missing.
func stateOfFile(path string) fileState {
	info, err := os.Stat(path)
	if err != nil {
		return fileState{}
	}
	return fileState{size: info.Size(), modified: info.ModTime()}
}
