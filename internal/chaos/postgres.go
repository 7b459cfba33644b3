//go:build linux

package chaos

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"licensebot/internal/pgtest"
)

// A postgres is a cluster of one world's own. Every replica reaches it by a wire of
// its own. Behind the wires, a proxy recognizes each COMMIT.
type postgres struct {
	cluster *pgtest.Cluster
	proxy   *pgtest.Proxy
	wires   []*wire
	down    bool
}

// startPostgres makes and starts a cluster. It skips the wait for the disk: the
// suite kills processes, but the machine goes on.
func startPostgres() (*postgres, error) {
	cluster, err := pgtest.Start(false)
	if err != nil {
		return nil, err
	}
	p := &postgres{cluster: cluster}
	if p.proxy, err = pgtest.StartProxy(cluster.URL()); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *postgres) attachReplica(r *replica) error {
	u, err := url.Parse(p.proxy.URL())
	if err != nil {
		return err
	}
	w, err := newWire(u.Host)
	if err != nil {
		return err
	}
	p.wires = append(p.wires, w)
	r.wires = append(r.wires, w)
	u.Host = w.Addr()
	r.env["LICENSEBOT_DATABASE_URL"] = u.String()
	return nil
}

func (p *postgres) fillUp() (possible, done bool) { return false, false }

// makeReadOnly makes every transaction of every session read-only from now on.
func (p *postgres) makeReadOnly() (possible, done bool) {
	return true, !p.down && p.alterSystem(context.Background(),
		"ALTER SYSTEM SET default_transaction_read_only = on") == nil
}

// alterSystem changes how the server is set up, and has it read that.
func (p *postgres) alterSystem(ctx context.Context, statement string) error {
	db, err := sql.Open("pgx", p.cluster.URL())
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, s := range []string{statement, "SELECT pg_reload_conf()"} {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// crashServer ends the server, or kills one of its processes: then it ends every
// session and recovers by itself.
func (p *postgres) crashServer(hard bool) bool {
	switch {
	case p.down:
		return false
	case hard:
		return p.cluster.Crash() == nil
	}
	p.cluster.Kill()
	p.down = true
	return true
}

func (p *postgres) cutCommits(n int, where pgtest.Cut) bool {
	p.proxy.CutNext(n, where)
	return true
}

func (p *postgres) mend(ctx context.Context) error {
	p.proxy.CutNext(0, 0)
	if p.down {
		if err := p.cluster.Up(); err != nil {
			return err
		}
		p.down = false
	}
	return p.alterSystem(ctx, "ALTER SYSTEM RESET default_transaction_read_only")
}

func (p *postgres) keep(folder string) error {
	dump, err := p.cluster.Dump()
	return errors.Join(err, os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, "dump.sql"), dump, 0o600))
}

func (p *postgres) close() {
	for _, w := range p.wires {
		w.Close()
	}
	if p.proxy != nil {
		p.proxy.Close()
	}
	_ = p.cluster.Close()
}
