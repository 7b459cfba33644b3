package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"licensebot/internal/audit"
)

// TestAReaderKeepsItsStateWhenABotStarts starts a bot on a file that is being read.
func TestAReaderKeepsItsStateWhenABotStarts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	makeDatabase(t, "sqlite://"+path)
	reader := mustRead(t, path)
	if _, err := reader.WatchedGroups(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := openBench(t, "sqlite://"+path)
	for n := range 50 {
		b.fileRequest(n)
	}
	b.mustSucceed(sealAll(t.Context(), b))
	b.mustSucceed(b.Close())
	chain := &audit.Chain{Report: func(finding string) { t.Error(finding) }}
	// What was begun to be read is read to its end, whatever was written since.
	if _, n, err := reader.VerifyJournal(t.Context(), chain, time.Now()); err != nil || n != 0 {
		t.Errorf("%d requests, %v; want those of before", n, err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
}

// TestAReaderSaysThatABotWroteMeanwhile reads a file beside which it must make no others.
func TestAReaderSaysThatABotWroteMeanwhile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	makeDatabase(t, "sqlite://"+path)
	makeUnsharable(t, path)
	reader := mustRead(t, path)
	if err := reader.Close(); err != nil {
		t.Errorf("a file that nobody wrote: %v", err)
	}
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("the reader made a file")
	}
	reader = mustRead(t, path)
	makeSharable(t, path)
	b := openBench(t, "sqlite://"+path)
	b.fileRequest(1)
	b.mustSucceed(b.Close())
	if err := reader.Close(); !errors.Is(err, ErrWrittenMeanwhile) {
		t.Errorf("a bot wrote meanwhile, and the reader says %v", err)
	}
}

func mustRead(t *testing.T, path string) *Reader {
	t.Helper()
	reader, err := OpenReader(t.Context(), "sqlite://"+path)
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

// makeUnsharable gives a file to another user, or takes the right away to make files.
func makeUnsharable(t *testing.T, path string) {
	t.Helper()
	var err error
	if os.Getuid() == 0 {
		err = os.Chown(path, 1, 1)
	} else {
		err = os.Chmod(filepath.Dir(path), 0o500) //nolint:gosec // a folder
	}
	if err != nil {
		t.Fatal(err)
	}
}

func makeSharable(t *testing.T, path string) {
	t.Helper()
	err := os.Chmod(filepath.Dir(path), 0o700) //nolint:gosec // a folder
	if err := errors.Join(err, os.Chown(path, os.Getuid(), os.Getgid())); err != nil {
		t.Fatal(err)
	}
}
