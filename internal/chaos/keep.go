//go:build linux

package chaos

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
)

// keepEvidence copies the files of the world to a folder, with all that the simulated
// services saw, a line of JSON each.
func (w *world) keepEvidence(folder string) error {
	folder = filepath.Join(folder, filepath.Base(w.dir))
	if err := os.CopyFS(folder, os.DirFS(w.dir)); err != nil {
		return err
	}
	return errors.Join(
		writeLines(filepath.Join(folder, "slack.jsonl"), w.slack.Journal()),
		writeLines(filepath.Join(folder, "uipath.jsonl"), w.uipath.Calls("")),
	)
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
