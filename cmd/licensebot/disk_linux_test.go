package main

import (
	"licensebot/internal/sweep"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReadyzTellsOfAFullDisk fills the disk of an idle bot, and then makes room.
func TestReadyzTellsOfAFullDisk(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("this user may not mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	w := newWorld(t)
	w.env["LICENSEBOT_DATABASE_URL"] = "sqlite://" + filepath.Join(folder, "licensebot.db")
	w.startReplica()
	base := w.healthBase()
	w.pollUntil("readiness", func() bool { status, _ := getPage(t, base+"/readyz"); return status == 200 })
	filler := filepath.Join(folder, "filler")
	file, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for page := make([]byte, 4096); err == nil; _, err = file.Write(page) {
	}
	_ = file.Close()
	w.pollUntil("/readyz to tell of the full disk", func() bool {
		status, body := getPage(t, base+"/readyz")
		return status == 503 && body == "the database does not take writes: its disk is full"
	})
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if status, body := getPage(t, base+"/readyz"); status != 200 {
		t.Errorf("with room again /readyz is %d %s", status, body)
	}
	w.typeRequest("group-01 IDU")
}
