package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBadURLsAreNamed(t *testing.T) {
	folder := t.TempDir()
	certificate := filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(certificate, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ url, want string }{
		{"", "use sqlite://FILE"},
		{"licensebot.db", "not supported"},
		{"sqlite:licensebot.db", "not supported"},
		{"sqlite://", "not supported"},
		{"mysql://bot:hunter2@h/db", "not supported"},
		{"sqlite://" + folder + "/q.db?_busy_timeout=9000&mode=rwc", "has parameters"},
		{"sqlite://" + folder + "/q.db?", "has parameters"},
		{"sqlite://" + folder + "/q.db#fragment", "has a #"},
		{"sqlite://q.db#", "has a #"},
		{`sqlite://C:\licensebot\q.db`, "write the path of a SQLite file with / alone"},
		{"sqlite://" + folder + "/my%20data/q.db", "percent-encoded"},
		{"sqlite://file:" + folder + "/q.db", "file:"},
		{"sqlite://:memory:", ":memory:"},
		{"sqlite:///:memory:", ":memory:"},
		{"sqlite://" + folder + "/:memory:", ":memory:"},
		{"sqlite://" + folder, "is the folder"},
		{"sqlite://" + folder + "/new/", "is the folder"},
		{"postgres://bot:hunter2@h/db?sslmode=verify-full&sslrootcert=/nonexistent/ca.pem", "open /nonexistent/ca.pem: no such file"},
		{"postgres://bot:hunter2@h/db?sslmode=verify-full&sslrootcert=" + certificate, "CA"},
		{"postgres://bot:hunter2@h/db?sslmode=require&sslcert=/nonexistent/c.pem", "sslkey"},
		{"postgres://bot:hunter2%@h/db", "percent"},
		{"postgres://bot:50%off-hunter2@h/db", "%25"},
		{"postgres://bot:hunter2@h/db?password=hunter2%zz", "percent"},
		{"postgres://bot:hunter2@h:port/db", "invalid port"},
		{"postgres://bot:hunter2@h/db?connect_timeout=soon", "connect_timeout"},
		{"postgres://bot:hunter2@h/db?sslmode=strict", "sslmode is invalid"},
		{"postgres://bot:hunter2@h/db?target_session_attrs=best", "target_session_attrs"},
		{"postgres://bot:hunter2@[::1/db", `matching "]"`},
		{"postgres://bot:1/hunter2@h/db", "as %2F"},
		{"postgres://bot:1@hunter2@h/db", "as %40"},
	} {
		err := CheckURL(c.url)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("CheckURL(%q): %v, want %q in it and no password", c.url, err, c.want)
		}
		if _, opened := Open(t.Context(), c.url, Options{}); opened == nil || !strings.Contains(opened.Error(), err.Error()) {
			t.Errorf("Open(%q): %v", c.url, opened)
		}
	}
	for _, url := range []string{"sqlite://licensebot.db", "sqlite:///x y/100% #1.db", "sqlite:///x.y#1/bot", "sqlite:///x/bot#1", "postgres://bot:p%25w@h/db", "postgresql://h/db?search_path=a"} {
		if err := CheckURL(url); err != nil {
			t.Errorf("CheckURL(%q): %v", url, err)
		}
	}
}

// A password with any character in it, as people paste one, is understood or is named, and
// no error repeats a piece of it.
func TestNoErrorRepeatsAPassword(t *testing.T) {
	for character := rune(' '); character <= '~'; character++ {
		url := "postgres://bot:hun" + string(character) + "ter2@127.0.0.1:1/db?sslmode=disable"
		_, err := Open(t.Context(), url, Options{})
		if err == nil || strings.Contains(err.Error(), "hun") || strings.Contains(err.Error(), "ter2") {
			t.Errorf("a password with %q: %v", character, err)
		}
	}
}
