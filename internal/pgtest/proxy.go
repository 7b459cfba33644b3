package pgtest

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"licensebot/internal/tcpproxy"
)

// A Cut is the moment at which a Proxy ends a connection.
type Cut int

// The cuts. The client sees the same in each: no answer to its COMMIT.
const (
	BeforeCommit Cut = iota // the server sees the end of the connection instead of the COMMIT
	AfterCommit             // the server has committed, and the connection ends
	HoldCommit              // the client sees the end; the server sees neither the end nor the COMMIT, and waits
	MuteCommit              // the server has committed, and the client waits
	StallCommit             // the server sees nothing, and the client waits even after the server's end
)

// A Proxy stands between a client and PostgreSQL, and can cut connections in
// their COMMIT.
type Proxy struct {
	url string
	tcp *tcpproxy.Proxy

	mu      sync.Mutex
	next    Cut
	left    int
	reached []context.CancelFunc
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

// StartProxy starts a proxy before the server of a URL. The proxy reads what
// passes, so it makes the client connect without TLS.
func StartProxy(serverURL string) (*Proxy, error) {
	u, err := url.Parse(serverURL)
	if err != nil {
		return nil, err
	}
	p := new(Proxy)
	if p.tcp, err = tcpproxy.Start(u.Host, p.carrySession); err != nil {
		return nil, err
	}
	u.Host = p.tcp.Addr()
	q := u.Query()
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
	p.url = u.String()
	return p, nil
}

// URL is the database by way of the proxy.
func (p *Proxy) URL() string { return p.url }

// CutNext cuts the next COMMITs, so many times, on any connection.
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

// AtCommit returns a context that ends at the next cut.
func (p *Proxy) AtCommit(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reached = append(p.reached, cancel)
	return ctx, cancel
}

// Reset ends every connection so abruptly that the next write to it fails.
func (p *Proxy) Reset() { p.tcp.Cut() }

// Close ends every connection and takes no more.
func (p *Proxy) Close() { p.tcp.Close() }

// takeCut uses up one cut.
func (p *Proxy) takeCut() (where Cut, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		return 0, false
	}
	p.left--
	return p.next, true
}

// reportCut ends the contexts of AtCommit.
func (p *Proxy) reportCut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cancel := range p.reached {
		cancel()
	}
}

func (p *Proxy) carrySession(link *tcpproxy.Link) {
	s := &session{Link: link, proxy: p}
	var both sync.WaitGroup
	both.Go(s.passToClient)
	both.Go(s.passToServer)
	both.Wait()
}

// A session is one client's connection to the server.
type session struct {
	*tcpproxy.Link
	proxy      *Proxy
	committing atomic.Pointer[Cut] // set once the client must hear no more
}

// passToServer passes on what the client says: a start-up message without a
// type, then messages with one.
func (s *session) passToServer() {
	in := bufio.NewReader(s.Client)
	for typed := false; ; typed = true {
		message, err := readMessage(in, typed)
		if err != nil {
			break
		}
		if typed && isCommit(message) && s.withholdCommit() {
			return
		}
		if _, err := s.Server.Write(message); err != nil {
			break
		}
	}
	if s.committing.Load() == nil {
		s.Close()
	}
}

// withholdCommit tells whether the server must not see a COMMIT.
func (s *session) withholdCommit() bool {
	where, cut := s.proxy.takeCut()
	if !cut {
		return false
	}
	switch where {
	case BeforeCommit:
		s.Close()
	case HoldCommit:
		_ = s.Client.Close()
	case StallCommit:
		s.committing.Store(&where)
	default:
		s.committing.Store(&where)
		return false
	}
	s.proxy.reportCut()
	return true
}

// passToClient passes on what the server says. After a cut COMMIT it is silent,
// and waits until the server is ready for the next command.
func (s *session) passToClient() {
	in := bufio.NewReader(s.Server)
	for {
		message, err := readMessage(in, true)
		where := s.committing.Load()
		switch {
		case err != nil && where == nil:
			_ = s.Client.Close()
			return
		case err != nil:
			return
		case where == nil:
			if _, err := s.Client.Write(message); err != nil {
				return
			}
		case message[0] == 'Z':
			if *where == AfterCommit {
				s.Close()
			}
			s.proxy.reportCut()
			return
		}
	}
}

// isCommit recognizes COMMIT in a simple query.
func isCommit(message []byte) bool {
	return message[0] == 'Q' && strings.EqualFold(strings.TrimRight(string(message[5:]), "\x00; "), "commit")
}

// readMessage reads one whole message of the protocol: its type if it has one,
// a length that counts itself, and the rest.
func readMessage(in *bufio.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4, 5)
	if typed {
		head = head[:5]
	}
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[len(head)-4:])
	message := slices.Concat(head, make([]byte, max(int(length)-4, 0)))
	_, err := io.ReadFull(in, message[len(head):])
	return message, err
}
