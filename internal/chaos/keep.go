//go:build linux

package chaos

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
)

// keepEvidence copies the files of the world to a folder, with all that the simulated
// services saw, a line of JSON each, the logs of the replicas and the database.
func (w *world) keepEvidence(folder string) error {
	folder = filepath.Join(folder, filepath.Base(w.dir))
	if err := os.CopyFS(folder, os.DirFS(w.dir)); err != nil {
		return err
	}
	failed := []error{
		writeLines(filepath.Join(folder, "slack.jsonl"), w.slack.Journal()),
		writeLines(filepath.Join(folder, "uipath.jsonl"), w.uipath.Calls("")),
		w.database.keep(filepath.Join(folder, "database")),
	}
	for _, r := range w.replicas {
		failed = append(failed, os.WriteFile(filepath.Join(folder, r.name+".log"), r.log.all(), 0o600))
	}
	return errors.Join(failed...)
}

func writeLines[T any](path string, all []T) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(file)
	for _, one := range all {
		if err := lines.Encode(one); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return file.Close()
}
