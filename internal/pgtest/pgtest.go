// Package pgtest gives tests a PostgreSQL: a temporary cluster of their own
// where initdb is installed, or the server that LICENSEBOT_TEST_POSTGRES_URL
// names. Each test gets a fresh schema.
//
// Where there is neither, tests that need one are skipped by name, unless
// LICENSEBOT_TEST_REQUIRE is set to 1: then they fail.
package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver named "pgx"
)

// ErrNone says that this machine has no PostgreSQL to start.
var ErrNone = errors.New("no PostgreSQL here: install it (initdb has to be found), or set LICENSEBOT_TEST_POSTGRES_URL")

// startLimit bounds how long a cluster may take to come up.
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

// Start makes a cluster and starts it. With durable false it does not wait
// for the disk, which a kill of the server survives and a power loss would not.
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
	if err := errors.Join(c.useUnprivilegedUser(), c.initCluster()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.Up(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Available returns ErrNone where Start has nothing to start.
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

// useUnprivilegedUser gives the cluster's folder to a user that is not root, because
// PostgreSQL refuses to run as root.
func (c *Cluster) useUnprivilegedUser() error {
	if os.Geteuid() != 0 {
		return nil
	}
	who, err := user.Lookup("nobody")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(who.Gid)
	if err != nil {
		return err
	}
	c.creds = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(c.dir, uid, gid)
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.port = listener.Addr().(*net.TCPAddr).Port
	return listener.Close()
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
	db, err := sql.Open("pgx", c.URL())
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
		case <-c.exited:
			return fmt.Errorf("postgres ended:\n%s", c.log.String())
		case <-ctx.Done():
			return errors.New("postgres does not answer")
		}
	}
}

// Kill ends the server at once, as a crash does; Up starts it again.
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
	witness, err := db.Conn(ctx) // a session of its own, which ends when the server has noticed
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

// stopServer signals the server and waits for it. SIGQUIT is PostgreSQL's immediate
// shutdown, which leaves the same as a crash and no orphaned backends behind.
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

// URL is the cluster's database, as LICENSEBOT_DATABASE_URL takes it.
func (c *Cluster) URL() string {
	return fmt.Sprintf("postgres://licensebot@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}

// New starts a cluster for one test, which may kill it.
func New(t testing.TB) *Cluster {
	t.Helper()
	c, err := Start(false)
	Need(t, err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// shared is the cluster of one test process, started by the first test that
// wants it and closed by Main.
var shared struct {
	sync.Once
	cluster *Cluster
	err     error
}

// Main runs a package's tests and then stops the cluster they shared:
// func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }.
func Main(m *testing.M) int {
	code := m.Run()
	if shared.cluster != nil {
		if err := shared.cluster.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// URL gives the test a fresh schema in the PostgreSQL of its process, dropped
// when it ends.
func URL(t testing.TB) string {
	t.Helper()
	base := serverURL(t)
	schema := "t" + uuid.NewString()[:8]
	Exec(t, base, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { Exec(t, base, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func serverURL(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("LICENSEBOT_TEST_POSTGRES_URL"); given != "" {
		return given
	}
	shared.Do(func() { shared.cluster, shared.err = Start(false) })
	Need(t, shared.err)
	return shared.cluster.URL()
}

// Need skips a test that found no PostgreSQL, fails it where one is required,
// and on any other error.
func Need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrNone) && os.Getenv("LICENSEBOT_TEST_REQUIRE") != "1":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// Exec runs one statement.
func Exec(t testing.TB, url, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}
