//go:build linux

package mutant

import (
	"fmt"
	"os"
	"path/filepath"
)

// Check reports whether a mutant still applies to the sources. Otherwise the error
// names the file and the first line of difference.
func (m Mutant) Check(source string) error {
	_, err := m.patchedFiles(source)
	return err
}

// patchedFiles are the texts of the files with the defect in them, by path.
func (m Mutant) patchedFiles(source string) (map[string]string, error) {
	patched := map[string]string{}
	for _, f := range m.files {
		text, err := os.ReadFile(filepath.Join(source, f.path))
		if err != nil {
			return nil, fmt.Errorf("mutant %q: %w", m.Name, err)
		}
		if patched[f.path], err = f.apply(string(text)); err != nil {
			return nil, fmt.Errorf("mutant %q: %w", m.Name, err)
		}
	}
	return patched, nil
}
