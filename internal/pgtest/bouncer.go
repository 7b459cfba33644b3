package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// ErrNoBouncer says that this machine has no PgBouncer to start.
var ErrNoBouncer = errors.New("no PgBouncer here: install pgbouncer")

// A Bouncing says how a PgBouncer shares the server's sessions among its clients.
type Bouncing struct {
	Mode    string // session, transaction or statement
	Size    int    // sessions of the server
	Ignored string // startup parameters that it ignores; it refuses others that it does not know
}

// NewBouncer starts a PgBouncer for one test, before the server of a URL. It returns the
// URL by way of it. The role's settings hold in each session, as those of the URL do
// without a pooler.
func NewBouncer(t testing.TB, serverURL string, how Bouncing) string {
	t.Helper()
	path, err := findBouncer()
	Need(t, err)
	u, err := url.Parse(serverURL)
	if err != nil {
		t.Fatal(err)
	}
	b, err := startBouncer(path, u, how)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.stop(); err != nil {
			t.Error(err)
		}
	})
	return b.address
}

// findBouncer finds the program, which Debian keeps out of the PATH of a user.
func findBouncer() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoBouncer
}

// A bouncer is a running PgBouncer.
type bouncer struct {
	address string // URL
	dir     string
	server  *exec.Cmd
	exited  chan struct{}
	log     bytes.Buffer
}

func startBouncer(path string, server *url.URL, how Bouncing) (*bouncer, error) {
	dir, err := os.MkdirTemp("", "pgbouncer-")
	if err != nil {
		return nil, err
	}
	b := &bouncer{dir: dir}
	if err := b.launch(path, server, how); err != nil {
		return nil, errors.Join(err, b.stop())
	}
	return b, nil
}

func (b *bouncer) launch(path string, server *url.URL, how Bouncing) error {
	creds, err := unprivilegedUser(b.dir) // PgBouncer refuses to run as root, too
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	config := filepath.Join(b.dir, "pgbouncer.ini")
	text := bouncerConfig(server, port, how)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil { //nolint:gosec // another user reads it
		return err
	}
	b.server = exec.Command(path, config)
	b.server.Dir, b.server.Stderr = b.dir, &b.log
	b.server.SysProcAttr = &syscall.SysProcAttr{Credential: creds, Setpgid: true}
	if err := b.server.Start(); err != nil {
		b.server = nil
		return err
	}
	b.exited = make(chan struct{})
	go func() {
		_ = b.server.Wait()
		close(b.exited)
	}()
	b.address = fmt.Sprintf("postgres://%s@127.0.0.1:%d%s?sslmode=disable", server.User.Username(), port, server.Path)
	if err := awaitAnswer(b.address, b.exited); err != nil {
		return fmt.Errorf("pgbouncer: %w\n%s", err, b.log.String())
	}
	return nil
}

// bouncerConfig lets in every client, as the role of the server's URL.
func bouncerConfig(server *url.URL, port int, how Bouncing) string {
	database := strings.TrimPrefix(server.Path, "/")
	return fmt.Sprintf(`[databases]
%[1]s = host=%[2]s port=%[3]s dbname=%[1]s user=%[4]s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %[5]d
unix_socket_dir =
auth_type = any
pool_mode = %[6]s
default_pool_size = %[7]d
ignore_startup_parameters = %[8]s
`, database, server.Hostname(), server.Port(), server.User.Username(), port, how.Mode, how.Size, how.Ignored)
}

// stop ends the process and removes its folder.
func (b *bouncer) stop() error {
	if b.server != nil {
		_ = b.server.Process.Signal(syscall.SIGTERM)
		<-b.exited
	}
	return os.RemoveAll(b.dir)
}
