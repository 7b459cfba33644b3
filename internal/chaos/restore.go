//go:build linux

package chaos

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"licensebot/internal/chaos/judge"
)

// restoreCopy puts a copy of the database in its place after people decided a card that
// the copy knows. The channel tells what was done since, and sometimes an admin undid it by
// hand. Requests that the copy never saw would be lost, so no other action may happen
// meanwhile: this one is for calm weather.
func (w *world) restoreCopy(ctx context.Context, d *rand.Rand) {
	copies, ok := w.database.(*sqlite)
	c, asked := w.askAndAwaitCard(ctx, d)
	if !ok || !asked {
		return
	}
	w.awaitKnown(ctx, c)
	w.killAll()
	files, err := copies.readFiles()
	w.reviveReplicas(ctx)
	w.awaitSocket(ctx)
	if err != nil {
		w.failure = err
		return
	}
	w.approveCard(d, c)
	if !w.awaitOutcome(ctx, c) {
		return
	}
	w.killAll()
	if d.IntN(2) == 0 {
		w.uipath.Edit(c.Group, func([]string) []string { return nil })
	}
	w.noteFault("a copy of the database is put back")
	if err := copies.writeFiles(files); err != nil {
		w.failure = err
	}
	w.reviveReplicas(ctx)
	w.awaitSocket(ctx)
	w.awaitWrite(ctx, 2*time.Second)
}

func (w *world) killAll() {
	for _, r := range w.replicas {
		w.killReplica(r)
	}
}

// awaitOutcome waits a little for the thread of a card to tell how it ended.
func (w *world) awaitOutcome(ctx context.Context, c openCard) bool {
	ctx, cancel := context.WithTimeout(ctx, 6*time.Second)
	defer cancel()
	return w.slack.Wait(ctx, func() bool {
		for _, reply := range w.slack.Thread(approvalsChannel, c.TS) {
			if reply.Metadata != nil && judge.IsOutcome(reply.Metadata.EventType) {
				return true
			}
		}
		return false
	}) == nil
}

// root is the directory of the database as this process sees it.
func (s *sqlite) root() string {
	if s.disk == nil {
		return s.dir
	}
	return filepath.Join("/proc", strconv.Itoa(s.disk.holder.Process.Pid), "root", s.dir)
}

// readFiles reads the database, which no process has open.
func (s *sqlite) readFiles() (map[string][]byte, error) {
	files := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(s.root(), "licensebot.db*"))
	for _, path := range paths {
		if err == nil {
			files[path], err = os.ReadFile(path)
		}
	}
	return files, err
}

// writeFiles puts files in the place of the database.
func (s *sqlite) writeFiles(files map[string][]byte) error {
	paths, err := filepath.Glob(filepath.Join(s.root(), "licensebot.db*"))
	for _, path := range paths {
		if err == nil {
			err = os.Remove(path)
		}
	}
	for path, content := range files {
		if err == nil {
			err = os.WriteFile(path, content, 0o600)
		}
	}
	return err
}
