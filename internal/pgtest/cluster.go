package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// ErrNone says that this machine has no PostgreSQL to start.
var ErrNone = errors.New("no PostgreSQL here: install one with initdb, or set LICENSEBOT_TEST_POSTGRES_URL")

// startLimit bounds how long a cluster may take to start.
const startLimit = 30 * time.Second

// A Cluster is a PostgreSQL server on loopback with a folder of its own.
type Cluster struct {
	bin, dir string
	port     int
	creds    *syscall.Credential
	durable  bool

	mu     sync.Mutex
	server *exec.Cmd
	exited chan struct{}
	log    bytes.Buffer
}

// Start makes a cluster and starts it. With durable false the server does not
// wait for the disk; its data then survives a kill of the server, but not a
// power loss.
func Start(durable bool) (*Cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, dir: dir, durable: durable}
	if c.creds, err = unprivilegedUser(dir); err == nil {
		err = c.initCluster()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.Up(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Available returns ErrNone if Start would find no PostgreSQL.
func Available() error {
	_, err := findBinaries()
	return err
}

// findBinaries finds the folder of initdb and postgres.
func findBinaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian keeps it out of PATH
	if len(found) == 0 {
		return "", ErrNone
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// unprivilegedUser gives a folder to a user that is not root, because PostgreSQL refuses
// to run as root. It returns nil if this process is no root.
func unprivilegedUser(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(who.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}

// freePort finds a port of loopback that nothing listens on.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

func (c *Cluster) newCommand(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.creds, Setpgid: true}
	return cmd
}

func (c *Cluster) dataFolder() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) initCluster() error {
	out, err := c.newCommand("initdb", "--no-sync", "--auth=trust", "--username=licensebot",
		"--encoding=UTF8", "--locale=C.UTF-8", "--pgdata="+c.dataFolder()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	c.port, err = freePort()
	return err
}

// Up starts the server and waits until it answers.
func (c *Cluster) Up() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	fsync := "off"
	if c.durable {
		fsync = "on"
	}
	c.log.Reset()
	cmd := c.newCommand("postgres", "-D", c.dataFolder(), "-p", strconv.Itoa(c.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync="+fsync, "-c", "shared_buffers=32MB", "-c", "max_connections=120")
	cmd.Stderr = &c.log
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	c.server, c.exited = cmd, exited
	return c.awaitAnswer()
}

func (c *Cluster) awaitAnswer() error {
	if err := awaitAnswer(c.URL(), c.exited); err != nil {
		return fmt.Errorf("postgres: %w\n%s", err, c.log.String())
	}
	return nil
}

// awaitAnswer waits until a server answers or ends.
func awaitAnswer(address string, exited <-chan struct{}) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if db.PingContext(ctx) == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-exited:
			return errors.New("the server ended")
		case <-ctx.Done():
			return errors.New("the server does not answer")
		}
	}
}

// Kill ends the server at once, as a crash does. Up starts it again.
func (c *Cluster) Kill() { c.stopServer(syscall.SIGQUIT) }

// Crash kills one of the server's processes. The server then ends every
// session, recovers, and goes on.
func (c *Cluster) Crash() error {
	db, err := sql.Open("pgx", c.URL())
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	victim, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = victim.Close() }()
	witness, err := db.Conn(ctx) // its session ends when the server has noticed
	if err != nil {
		return err
	}
	defer func() { _ = witness.Close() }()
	var pid int
	if err := victim.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	for witness.PingContext(ctx) == nil {
	}
	return c.awaitAnswer()
}

// Close stops the server and removes its folder.
func (c *Cluster) Close() error {
	c.stopServer(syscall.SIGINT)
	return os.RemoveAll(c.dir)
}

// stopServer signals the server and waits for its end. SIGQUIT is PostgreSQL's
// immediate shutdown: like a crash, but without orphaned backends.
func (c *Cluster) stopServer(sig syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return
	}
	_ = c.server.Process.Signal(sig)
	<-c.exited
	c.server = nil
}

// Dump returns all that is stored, as SQL.
func (c *Cluster) Dump() ([]byte, error) {
	return c.newCommand("pg_dump", "--dbname="+c.URL()).Output()
}

// URL is the cluster's database, in the form of LICENSEBOT_DATABASE_URL.
func (c *Cluster) URL() string {
	return fmt.Sprintf("postgres://licensebot@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}
