package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentedLogLinesExist looks in the sources for each message that
// docs/operations.md tells operators to act on.
func TestDocumentedLogLinesExist(t *testing.T) {
	_, table, found := strings.Cut(readDoc(t, "operations.md"), "| message | what to do |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1)
	if !found || len(rows) < 10 {
		t.Fatalf("the table of messages has %d rows", len(rows))
	}
	source := readSources(t, "../../cmd", "../../bot", "../../approvals", "../../internal/store")
	for _, row := range rows {
		if message := strings.TrimRight(row[1], "… "); !strings.Contains(source, `"`+message) {
			t.Errorf("no source logs %q", message)
		}
	}
}

// readSources returns the Go sources under these folders, without tests.
func readSources(t *testing.T, folders ...string) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path)
			all.Write(content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
