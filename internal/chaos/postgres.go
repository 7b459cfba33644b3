//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// ErrNoPostgres means that this machine has no PostgreSQL to start.
var ErrNoPostgres = errors.New("no initdb and postgres found")

// startLimit is how long a cluster may take to answer, crash recovery included.
const startLimit = 30 * time.Second

// A postgres is a temporary cluster.
type postgres struct {
	bin        string
	data       string
	addr       string
	credential *syscall.Credential // of an unprivileged user, when root
	cmd        *exec.Cmd
	exited     chan struct{}
	wires      []*wire
}

// FindPostgres returns the directory of initdb and postgres.
func FindPostgres() (string, error) {
	candidates, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			candidates = append(candidates, filepath.Dir(path))
		}
	}
	for _, dir := range slices.Backward(candidates) {
		missing := slices.ContainsFunc([]string{"initdb", "postgres", "pg_isready"}, func(name string) bool {
			_, err := os.Stat(filepath.Join(dir, name))
			return err != nil
		})
		if !missing {
			return dir, nil
		}
	}
	return "", ErrNoPostgres
}

// startPostgres makes a cluster in dir and starts it on a free port.
func startPostgres(ctx context.Context, dir string) (*postgres, error) {
	bin, err := FindPostgres()
	if err != nil {
		return nil, err
	}
	p := &postgres{bin: bin, data: filepath.Join(dir, "data")}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := p.unprivileged(dir); err != nil {
		return nil, err
	}
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", p.data, "-U", "chaos", "-A", "trust", "-E", "UTF8", "--no-sync")
	p.as(initdb)
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if p.addr, err = freeAddr(); err != nil {
		return nil, err
	}
	return p, p.mend(ctx)
}

// unprivileged chooses whom the server runs as: PostgreSQL refuses root.
func (p *postgres) unprivileged(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		return fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err1 := strconv.Atoi(who.Uid)
	gid, err2 := strconv.Atoi(who.Gid)
	p.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return errors.Join(err1, err2, os.Chown(dir, uid, gid))
}

func (p *postgres) as(cmd *exec.Cmd) {
	cmd.Dir = filepath.Dir(p.data)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.credential, Pdeathsig: syscall.SIGKILL}
}

func freeAddr() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String(), nil
}

func (p *postgres) attach(r *replica) error {
	w, err := newWire(p.addr)
	if err != nil {
		return err
	}
	p.wires = append(p.wires, w)
	r.wires = append(r.wires, w)
	r.env["LICENSEBOT_DATABASE_URL"] = "postgres://chaos@" + w.addr() + "/postgres?sslmode=disable"
	return nil
}

func (p *postgres) launch() error {
	host, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(filepath.Dir(p.data), "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	p.cmd = exec.Command(filepath.Join(p.bin, "postgres"), "-D", p.data, "-h", host, "-p", port, "-k", "")
	p.as(p.cmd)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	exited := make(chan struct{})
	p.exited = exited
	go func(cmd *exec.Cmd) {
		defer close(exited)
		_ = cmd.Wait()
	}(p.cmd)
	return nil
}

func (p *postgres) gone() bool {
	if p.cmd == nil {
		return true
	}
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func (p *postgres) full() (possible, done bool) { return false, false }

// readOnly makes every transaction of every session read-only from now on.
func (p *postgres) readOnly() (possible, done bool) {
	return true, p.configure("default_transaction_read_only = on\n") == nil
}

// configure replaces what ALTER SYSTEM would write, and has it read.
func (p *postgres) configure(text string) error {
	file := filepath.Join(p.data, "postgresql.auto.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	if p.gone() {
		return nil
	}
	return p.cmd.Process.Signal(syscall.SIGHUP)
}

// crash ends the server: at once but in its own way (SIGQUIT), or by SIGKILL.
func (p *postgres) crash(hard bool) bool {
	if p.gone() {
		return false
	}
	signal := syscall.SIGQUIT
	if hard {
		signal = syscall.SIGKILL
	}
	_ = p.cmd.Process.Signal(signal)
	<-p.exited
	return true
}

// mend starts the server again if it is gone. After SIGKILL its old children
// may still hold the memory, so it is tried until it works.
func (p *postgres) mend(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := p.configure(""); err != nil {
		return err
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		if p.gone() {
			if err := p.launch(); err != nil {
				return err
			}
		}
		host, port, _ := net.SplitHostPort(p.addr)
		if exec.CommandContext(ctx, filepath.Join(p.bin, "pg_isready"), "-q", "-h", host, "-p", port).Run() == nil {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not start; see %s", filepath.Join(filepath.Dir(p.data), "log"))
		}
	}
}

func (p *postgres) close() {
	for _, w := range p.wires {
		w.close()
	}
	p.crash(false)
}
