//go:build linux

package mutant

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// Apply copies the module's tracked sources to dir, with the defect in them.
func (m Mutant) Apply(ctx context.Context, source, dir string) error {
	patched, err := m.patchedFiles(source)
	if err != nil {
		return err
	}
	if err := copyTracked(ctx, source, dir); err != nil {
		return err
	}
	for name, text := range patched {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// copyTracked copies what git tracks, as it stands in the working tree.
func copyTracked(ctx context.Context, source, dir string) error {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z")
	list.Dir = source
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if err := copyFile(filepath.Join(source, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if os.IsNotExist(err) {
		return nil // deleted and not yet committed
	}
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}
