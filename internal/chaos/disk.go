//go:build linux

package chaos

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// diskSize is enough for the database of one round.
const diskSize = "32m"

// A disk is a small file system in a mount namespace of its own. An idle process
// holds the namespace. The disk therefore outlives killed replicas and ends with
// the suite.
type disk struct {
	dir    string
	holder *exec.Cmd
	stdin  io.Closer
	join   []string // nsenter and its arguments
}

// mountDisk mounts a disk on dir. It returns nil, and dir is on the common
// disk, where this system does not let the suite mount anything.
func mountDisk(dir string) (*disk, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	unshare, join := []string{"unshare", "--mount", "--propagation", "private"}, []string{"nsenter", "--mount"}
	if os.Getuid() != 0 {
		unshare, join = append(unshare, "--map-root-user"), append(join, "--user", "--preserve-credentials")
	}
	mount := `mount -t tmpfs -o size=` + diskSize + ` chaos "$0" && echo mounted && exec cat`
	args := slices.Concat(unshare, []string{"sh", "-c", mount, dir})
	holder := exec.Command(args[0], args[1:]...)
	holder.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdin, err := holder.StdinPipe()
	stdout, err2 := holder.StdoutPipe()
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	if holder.Start() != nil {
		return nil, nil //nolint:nilerr // no unshare here
	}
	said, _ := bufio.NewReader(stdout).ReadString('\n')
	d := &disk{dir: dir, holder: holder, stdin: stdin, join: append(join, "--target", strconv.Itoa(holder.Process.Pid),
		"--")}
	if said != "mounted\n" || d.runInside("true") != nil {
		d.unmount()
		return nil, nil //nolint:nilerr // not permitted here
	}
	return d, nil
}

// joinCommand is the command to run another one inside the namespace of the disk.
// nsenter becomes the other command, so signals reach it.
func (d *disk) joinCommand(command []string) []string {
	return append(append([]string(nil), d.join...), command...)
}

func (d *disk) runInside(command ...string) error {
	args := d.joinCommand(command)
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", command, err, out)
	}
	return nil
}

// pathOf is where a path inside the namespace is seen from outside of it.
func (d *disk) pathOf(path string) string {
	if d == nil {
		return path
	}
	return filepath.Join("/proc", strconv.Itoa(d.holder.Process.Pid), "root", path)
}

func (d *disk) fillerPath() string { return d.pathOf(filepath.Join(d.dir, "filler")) }

// fillUp writes until there is no space left.
func (d *disk) fillUp() error {
	file, err := os.Create(d.fillerPath())
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	for size := 64 << 10; size >= 512; {
		if _, err := file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	return nil
}

// remount makes the disk read-only or writable. It fails while a replica has
// files on it open for writing.
func (d *disk) remount(mode string) error {
	return d.runInside("mount", "-o", "remount,"+mode, d.dir)
}

func (d *disk) mendDisk() error {
	if d == nil {
		return nil
	}
	if err := d.remount("rw"); err != nil {
		return err
	}
	if err := os.Remove(d.fillerPath()); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func (d *disk) unmount() {
	if d == nil {
		return
	}
	_ = d.stdin.Close()
	_ = d.holder.Process.Kill()
	_ = d.holder.Wait()
}
