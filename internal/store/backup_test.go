package store

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"licensebot/internal/pgtest"
)

// A copy that is made while a bot writes is one state of all tables: each request in
// it has its journal line and its job. It opens like any other database.
func TestBackupWhileTheBotWrites(t *testing.T) {
	url := moveURLs["sqlite"](t)
	b := openBench(t, url)
	fillAllTables(b)
	file := filepath.Join(t.TempDir(), "it's a copy.db")
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	started := make(chan struct{})
	writing.Go(func() {
		for n := 7000; ctx.Err() == nil; n++ {
			_, _, _ = b.FileRequest(t.Context(), sampleRequest(n))
			if n == 7000 {
				close(started)
			}
		}
	})
	<-started
	err := Backup(t.Context(), url, file)
	stop()
	writing.Wait()
	b.mustSucceed(err)
	b.mustSucceed(b.Close())

	info, err := os.Stat(file)
	b.mustSucceed(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the copy has mode %v", info.Mode())
	}
	if files, _ := filepath.Glob(filepath.Dir(file) + "/*"); len(files) != 1 {
		t.Errorf("the copy left %v", files)
	}
	restored := openBench(t, "sqlite://"+file)
	t.Cleanup(func() { restored.mustSucceed(restored.Close()) })
	if halves := restored.readInt(`SELECT count(*) FROM requests r WHERE r.envelope_id LIKE 'envelope-7%' AND (
		NOT EXISTS (SELECT 1 FROM journal j WHERE j.request_id = r.id) OR
		NOT EXISTS (SELECT 1 FROM jobs j WHERE j.request_id = r.id))`); halves > 0 {
		t.Errorf("%d requests are there by half", halves)
	}
	if restored.readInt(`SELECT count(*) FROM requests WHERE id = 'R-00007000'`) != 1 {
		t.Error("a request that was filed before the copy is not in it")
	}
	restored.fileRequest(9999)
}

func TestBackupRefuses(t *testing.T) {
	url := moveURLs["sqlite"](t)
	b := openBench(t, url)
	b.fileRequest(1)
	t.Cleanup(func() { b.mustSucceed(b.Close()) })
	taken := filepath.Join(t.TempDir(), "taken")
	b.mustSucceed(os.WriteFile(taken, []byte("older copy"), 0o600))
	if err := Backup(t.Context(), url, taken); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("got %v", err)
	}
	if content, _ := os.ReadFile(taken); string(content) != "older copy" {
		t.Errorf("the older copy is %q now", content)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	if err := Backup(t.Context(), "postgres://host/database", fresh); !errors.Is(err, ErrNotSQLite) {
		t.Errorf("got %v", err)
	}
	if err := Backup(t.Context(), moveURLs["sqlite"](t), fresh); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := Backup(ctx, url, fresh); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(fresh); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what failed left a file: %v", err)
	}
}

// PostgreSQL's own tools make the copy that the documentation describes, while a bot
// runs, and bring it back into an empty database.
func TestPostgresBackupAndRestore(t *testing.T) {
	for _, tool := range []string{"pg_dump", "pg_restore"} {
		if _, err := exec.LookPath(tool); err != nil {
			pgtest.Need(t, pgtest.ErrNone)
		}
	}
	server := pgtest.New(t)
	b := openBench(t, server.URL())
	fillAllTables(b)
	file := filepath.Join(t.TempDir(), "licensebot.dump")
	runTool(t, "pg_dump", "-Fc", "-f", file, "-d", server.URL())
	b.mustSucceed(b.Close())
	want := wholeDump(t, server.URL())

	pgtest.Exec(t, server.URL(), `CREATE DATABASE restored`)
	restored := strings.Replace(server.URL(), "/postgres", "/restored", 1)
	if restored == server.URL() {
		t.Fatal("the test restores into the database it copied")
	}
	runTool(t, "pg_restore", "-d", restored, "--no-owner", "--exit-on-error", file)
	wantSameDump(t, wholeDump(t, restored), want)
	again := openBench(t, restored)
	t.Cleanup(func() { again.mustSucceed(again.Close()) })
	again.fileRequest(9999)
}

func runTool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
