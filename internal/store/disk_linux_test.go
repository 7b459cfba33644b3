package store

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mountOrSkip mounts something for the test. Only root may.
func mountOrSkip(t *testing.T, source, target, kind string, flags uintptr, data string) {
	t.Helper()
	if err := syscall.Mount(source, target, kind, flags, data); err != nil {
		t.Skipf("this user may not mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(target, 0); err != nil {
			t.Error(err)
		}
	})
}

// fillDisk writes until the disk of a folder is full.
func fillDisk(t *testing.T, folder string) (filler string) {
	t.Helper()
	filler = filepath.Join(folder, "filler")
	file, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for page := make([]byte, 4096); err == nil; _, err = file.Write(page) {
	}
	_ = file.Close()
	return filler
}

func TestPingNoticesAFullDisk(t *testing.T) {
	for name, first := range map[string]func(b *bench) error{
		"idle": func(*bench) error { return nil },
		"busy": func(b *bench) error { _, _, err := b.FileRequest(b.context(), sampleRequest(2)); return err },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			mountOrSkip(t, "tmpfs", folder, "tmpfs", 0, "size=1m")
			s, err := Open(t.Context(), "sqlite://"+filepath.Join(folder, "licensebot.db"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			b := &bench{T: t, Conformant: underTest{s}}
			b.fileRequest(1)
			b.mustSucceed(b.Ping(b.context()))
			filler := fillDisk(t, folder)
			if err := first(b); name == "busy" && !IsDiskFull(err) {
				t.Fatalf("the request on a full disk: %v", err)
			}
			if name == "idle" {
				s.disk.proven -= proofLife
			}
			for range 3 {
				if err := b.Ping(b.context()); !IsDiskFull(err) {
					t.Errorf("Ping on a full disk: %v", err)
				}
			}
			b.mustSucceed(os.Remove(filler))
			b.mustSucceed(b.Ping(b.context()))
			b.fileRequest(3)
		})
	}
}

// Where a page still fits and a commit does not, the failure of the commit counts.
func TestPingAfterAFailedCommitNeedsRoomForOne(t *testing.T) {
	folder := t.TempDir()
	mountOrSkip(t, "tmpfs", folder, "tmpfs", 0, "size=1m")
	s, err := Open(t.Context(), "sqlite://"+filepath.Join(folder, "licensebot.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b := &bench{T: t, Conformant: underTest{s}}
	filler := fillDisk(t, folder)
	if _, _, err := b.FileRequest(b.context(), sampleRequest(1)); !IsDiskFull(err) {
		t.Fatalf("the request on a full disk: %v", err)
	}
	info, err := os.Stat(filler)
	b.mustSucceed(err)
	b.mustSucceed(os.Truncate(filler, info.Size()-3*4096))
	if err := b.Ping(b.context()); !IsDiskFull(err) {
		t.Errorf("Ping with three pages left: %v", err)
	}
}

// While the bot's own work is written, Ping writes nothing.
func TestPingWritesOnlyWhenIdle(t *testing.T) {
	b, s := sqliteBench(t)
	written := func() int { return b.readInt(`SELECT written_at FROM probe`) }
	b.fileRequest(1)
	b.mustSucceed(b.Ping(b.context()))
	if at := written(); at != 0 {
		t.Errorf("it wrote at %d, although a request was written just now", at)
	}
	s.disk.proven -= proofLife
	b.mustSucceed(b.Ping(b.context()))
	first := written()
	b.mustSucceed(b.Ping(b.context()))
	if first == 0 || written() != first {
		t.Errorf("it wrote at %d and at %d", first, written())
	}
}

func TestASingleFileMountIsRefused(t *testing.T) {
	outside, inside := filepath.Join(t.TempDir(), "volume.db"), filepath.Join(t.TempDir(), "my data.db")
	for _, path := range []string{outside, inside} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mountOrSkip(t, outside, inside, "", syscall.MS_BIND, "")
	_, err := Open(t.Context(), "sqlite://"+inside, Options{})
	if err == nil || !strings.Contains(err.Error(), "is mounted by itself") || !strings.Contains(err.Error(), "mount its folder "+filepath.Dir(inside)) {
		t.Errorf("it says %v", err)
	}
}

func TestMountPoints(t *testing.T) {
	const text = "26 1 254:0 / / rw - ext4 /dev/vda rw\n" +
		"41 26 254:0 /var/lib/docker/x.db /data/licensebot.db rw,relatime - ext4 /dev/vda rw\n" +
		`42 26 254:0 /y /my\040data\134x/a.db rw - ext4 /dev/vda rw` + "\n"
	for path, want := range map[string]bool{
		"/data/licensebot.db": true, `/my data\x/a.db`: true, "/data": false, "/data/licensebot.db-wal": false, "/var/lib/docker/x.db": false,
	} {
		if got := isMountPoint(text, path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// openAs makes this test binary open a database in a process of its own.
const openAs = "STORE_TEST_OPEN"

func TestOpenInAChild(t *testing.T) {
	url := os.Getenv(openAs)
	if url == "" {
		t.Skip("run by TestFilesOfAnotherUserAreNamed")
	}
	_, err := Open(t.Context(), url, Options{})
	fmt.Fprintln(os.Stderr, "opened:", err)
}

// TestFilesOfAnotherUserAreNamed leaves one file of a database to root and opens the
// database as another user.
func TestFilesOfAnotherUserAreNamed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	const uid = 65534
	bin, err := os.MkdirTemp("", "store-test") // the folders of t.TempDir are closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(bin) })
	program := filepath.Join(bin, "store.test")
	if err := os.Chmod(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, os.Args[0], program)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		folder, err := os.MkdirTemp(bin, "data")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, "licensebot.db")
		for _, err := range []error{
			os.WriteFile(path, nil, 0o600), os.Chown(path, uid, uid), os.Chown(folder, uid, uid), os.WriteFile(path+suffix, nil, 0o600),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(path+suffix, 0, 0); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, "-test.run", "^TestOpenInAChild$")
		cmd.Dir, cmd.Env = bin, append(os.Environ(), openAs+"=sqlite://"+path)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := cmd.CombinedOutput()
		want := path + suffix + ": permission denied (it belongs to user 0, and licensebot runs as user 65534)"
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%q: %v %s, want %q", suffix, err, out, want)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(target, source); err != nil {
		t.Fatal(err)
	}
	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
}
