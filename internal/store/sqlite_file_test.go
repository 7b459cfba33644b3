package store

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// However a second process names the file, it is refused, and its error says which
// process has it.
func TestTwoNamesAreOneDatabase(t *testing.T) {
	symlink := func(from, to string) error { return os.Symlink(from, to) }
	hardLink := func(from, to string) error { return os.Link(from, to) }
	for name, c := range map[string]struct {
		link   func(from, to string) error // of the file, as other.db
		first  string
		second string
		want   string
	}{
		"a symbolic link":             {symlink, "licensebot.db", "other.db", "in use by another licensebot"},
		"a symbolic link comes first": {symlink, "other.db", "licensebot.db", "in use by another licensebot"},
		"a hard link":                 {hardLink, "licensebot.db", "other.db", "licensebot.db, a hard link"},
		"a relative path":             {nil, "licensebot.db", "./folder/../licensebot.db", "in use by another licensebot"},
		"a link to the folder":        {nil, "licensebot.db", "self/licensebot.db", "in use by another licensebot"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			t.Chdir(folder)
			for _, err := range []error{
				os.Mkdir("folder", 0o700), os.Symlink(folder, "self"), os.WriteFile("licensebot.db", nil, 0o600),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			link := func() {
				if c.link == nil {
					return
				}
				if err := c.link(filepath.Join(folder, "licensebot.db"), "other.db"); err != nil {
					t.Fatal(err)
				}
			}
			if c.first == "other.db" {
				link()
			}
			first := openFile(t, c.first, time.Now)
			if c.first != "other.db" {
				link()
			}
			for _, second := range []string{c.second, filepath.Join(folder, c.second)} {
				_, err := Open(t.Context(), "sqlite://"+second, Options{})
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("opening it as %s: %v, want %q", second, err, c.want)
				}
				holder := "process " + strconv.Itoa(os.Getpid()) + ", as " + c.first
				if err != nil && strings.Contains(c.want, "in use") && !strings.Contains(err.Error(), holder) {
					t.Errorf("%v does not name %q", err, holder)
				}
			}
			if err := first.Ping(t.Context()); err != nil {
				t.Errorf("the first process cannot write any more: %v", err)
			}
		})
	}
}

// A copy that was put in the place of the file between its lock and its opening is
// another database.
func TestAReplacedFileIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "licensebot.db")
	file, err := findFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.checkUnchanged(); err != nil {
		t.Errorf("the same file: %v", err)
	}
	if err := os.WriteFile(path+".copy", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".copy", path); err != nil {
		t.Fatal(err)
	}
	if err := file.checkUnchanged(); err == nil {
		t.Error("another file of the same name is taken for it")
	}
}

// A symbolic link that points to no file yet names the file to create.
func TestDanglingLink(t *testing.T) {
	folder := t.TempDir()
	link := filepath.Join(folder, "link.db")
	if err := os.Symlink(filepath.Join(folder, "licensebot.db"), link); err != nil {
		t.Fatal(err)
	}
	openFile(t, link, time.Now)
	for _, beside := range []string{"", "-wal", ".lock"} {
		if info, err := os.Stat(filepath.Join(folder, "licensebot.db"+beside)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("licensebot.db%s: %v, %v", beside, info, err)
		}
	}
}
