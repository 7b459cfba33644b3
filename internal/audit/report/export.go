package report

import (
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"

	"licensebot/internal/store"
)

var (
	//go:embed export_readme.md
	exportReadme []byte

	//go:embed export_check.sh
	exportCheck []byte
)

// A Manifest names the files of an export with their hashes.
type Manifest struct {
	MadeAt  time.Time      `json:"made_at"`
	Program string         `json:"program"`
	Files   []ManifestFile `json:"files"`
}

// A ManifestFile is one file of an export.
type ManifestFile struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows,omitempty"`
	SHA256 string `json:"sha256"`
}

const (
	manifestName  = "manifest.json"
	signatureName = manifestName + ".sig"
	signerName    = "signer.pub"
)

// Export writes all rows that an auditor needs to a new folder, with a manifest of hashes. A
// signer signs the manifest; nil leaves that out.
func Export(
	ctx context.Context, dir string, from *store.Reader, signer ssh.Signer, program string, now time.Time,
) error {
	if err := makeFolder(dir); err != nil {
		return err
	}
	manifest := Manifest{MadeAt: now.UTC(), Program: program}
	for _, table := range store.ExportTables() {
		file, err := exportTable(ctx, dir, from, table)
		if err != nil {
			return fmt.Errorf("export %s: %w", table.Name, err)
		}
		manifest.Files = append(manifest.Files, file)
	}
	for name, content := range map[string][]byte{"README.md": exportReadme, "check.sh": exportCheck} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if err := os.WriteFile(filepath.Join(dir, manifestName), text, 0o600); err != nil {
		return err
	}
	return signManifest(dir, signer, text)
}

// makeFolder makes a folder, or takes one that is empty.
func makeFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.MkdirAll(dir, 0o700)
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty: name a new folder", dir)
	}
	return nil
}

func signManifest(dir string, signer ssh.Signer, manifest []byte) error {
	if signer == nil {
		return nil
	}
	signature, err := sign(signer, manifest)
	if err != nil {
		return err
	}
	public := append([]byte("licensebot "), ssh.MarshalAuthorizedKey(signer.PublicKey())...)
	return errors.Join(os.WriteFile(filepath.Join(dir, signatureName), signature, 0o600),
		os.WriteFile(filepath.Join(dir, signerName), public, 0o600))
}

// exportTable writes the rows of a table, one a line.
func exportTable(
	ctx context.Context, dir string, from *store.Reader, table store.ExportTable,
) (m ManifestFile, err error) {
	m.Name = table.Name + ".jsonl"
	file, err := os.OpenFile(filepath.Join(dir, m.Name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sum := sha256.New()
	out := bufio.NewWriter(io.MultiWriter(file, sum))
	for row, err := range from.Rows(ctx, table) {
		if err != nil {
			return m, err
		}
		m.Rows++
		if _, err := out.Write(append(row, '\n')); err != nil {
			return m, err
		}
	}
	if err := out.Flush(); err != nil {
		return m, err
	}
	m.SHA256 = fmt.Sprintf("%x", sum.Sum(nil))
	return m, file.Sync()
}
