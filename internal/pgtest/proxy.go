package pgtest

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A Cut is where a Proxy ends a connection.
type Cut int

// The cuts. The client sees the same in each: its COMMIT is not answered.
const (
	BeforeCommit Cut = iota // the server never sees the COMMIT, only the end of the connection
	AfterCommit             // the server has committed
	HoldCommit              // the server sees neither the COMMIT nor the end: it waits
	MuteCommit              // the server has committed, and the client waits
	StallCommit             // the server sees nothing, and the client waits, whatever becomes of the server
)

// A Proxy stands between a client and PostgreSQL, and cuts connections in
// their COMMIT when told to.
type Proxy struct {
	url, upstream string
	listener      net.Listener

	mu      sync.Mutex
	next    Cut
	left    int
	reached []context.CancelFunc
	conns   []net.Conn
}

// NewProxy starts a proxy for one test.
func NewProxy(t testing.TB, serverURL string) *Proxy {
	t.Helper()
	p, err := StartProxy(serverURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// StartProxy starts a proxy before the server of a URL. It reads what passes,
// so the client is told to use no TLS.
func StartProxy(serverURL string) (*Proxy, error) {
	u, err := url.Parse(serverURL)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{upstream: u.Host, listener: listener}
	u.Host = listener.Addr().String()
	q := u.Query()
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
	p.url = u.String()
	go p.accept()
	return p, nil
}

// URL is the database by way of the proxy.
func (p *Proxy) URL() string { return p.url }

// CutNext cuts each of the next so many COMMITs, whichever connection they
// come by.
func (p *Proxy) CutNext(times int, where Cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.next = times, where
}

// Left is how many of the cuts are still to come.
func (p *Proxy) Left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left
}

// AtCommit returns a context that ends once a COMMIT was cut.
func (p *Proxy) AtCommit(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reached = append(p.reached, cancel)
	return ctx, cancel
}

// take uses up one cut.
func (p *Proxy) take() (where Cut, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		return 0, false
	}
	p.left--
	return p.next, true
}

// done tells those who wait for a cut.
func (p *Proxy) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cancel := range p.reached {
		cancel()
	}
}

// Reset ends every connection so that the next write to it fails.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
	p.conns = nil
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.upstream)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		l := &link{proxy: p, client: client, server: server}
		go l.backend()
		go l.frontend()
	}
}

// Close ends every connection and takes no more.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
}

// A link is one client's connection to the server.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	committing     atomic.Pointer[Cut] // set once the client is not to hear of it any more
}

func (l *link) end() {
	_ = l.client.Close()
	_ = l.server.Close()
}

// frontend passes on what the client says: a start-up message without a type,
// then messages with one.
func (l *link) frontend() {
	in := bufio.NewReader(l.client)
	for typed := false; ; typed = true {
		message, err := readMessage(in, typed)
		if err != nil {
			break
		}
		if typed && isCommit(message) && l.cut() {
			return
		}
		if _, err := l.server.Write(message); err != nil {
			break
		}
	}
	if l.committing.Load() == nil {
		l.end()
	}
}

// cut reports whether the server must not see a COMMIT.
func (l *link) cut() bool {
	where, cut := l.proxy.take()
	if !cut {
		return false
	}
	switch where {
	case BeforeCommit:
		l.end()
	case HoldCommit:
		_ = l.client.Close()
	case StallCommit:
		l.committing.Store(&where)
	default:
		l.committing.Store(&where)
		return false
	}
	l.proxy.done()
	return true
}

// backend passes on what the server says. After a COMMIT that was cut it waits
// until the server is ready for the next command, and says nothing.
func (l *link) backend() {
	in := bufio.NewReader(l.server)
	for {
		message, err := readMessage(in, true)
		where := l.committing.Load()
		switch {
		case err != nil && where == nil:
			_ = l.client.Close()
			return
		case err != nil:
			return
		case where == nil:
			if _, err := l.client.Write(message); err != nil {
				return
			}
		case message[0] == 'Z':
			if *where == AfterCommit {
				l.end()
			}
			l.proxy.done()
			return
		}
	}
}

// isCommit recognises COMMIT in a simple query.
func isCommit(message []byte) bool {
	return message[0] == 'Q' && strings.EqualFold(strings.TrimRight(string(message[5:]), "\x00; "), "commit")
}

// readMessage reads one whole message of the protocol: its type, where it has
// one, a length that counts itself, and the rest.
func readMessage(in *bufio.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4, 5)
	if typed {
		head = head[:5]
	}
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[len(head)-4:])
	message := append(head, make([]byte, max(int(length)-4, 0))...)
	_, err := io.ReadFull(in, message[len(head):])
	return message, err
}
