// Package tcpproxy puts a TCP proxy between a client and a server, so that a
// test can watch the connection, cut it, or keep it down.
//
// [Start] listens on loopback and opens one [Link] to the target for each
// client. A [Carrier] passes on what both ends say; [Link.Forward] passes on
// everything. A carrier that knows the protocol can withhold a message:
//
//	proxy, err := tcpproxy.Start("127.0.0.1:5432", (*tcpproxy.Link).Forward)
//	if err != nil {
//		t.Fatal(err)
//	}
//	defer proxy.Close()
//	// Connect the client to proxy.Addr().
//	proxy.Cut()        // every connection breaks
//	proxy.Refuse(true) // and no new one is served
package tcpproxy

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// A Carrier passes on what the two ends of a link say until the link ends. A
// link stays open until one of them, or the Proxy, closes it.
type Carrier func(*Link)

// A Proxy is a TCP proxy before one target. It is safe for concurrent use.
type Proxy struct {
	target   string
	carry    Carrier
	listener net.Listener
	dialing  context.Context // ends at Close
	stop     context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex
	links   map[*Link]bool
	refuses bool
	closed  bool
}

// Start starts a proxy before a target, an address such as "127.0.0.1:5432".
func Start(target string, carry Carrier) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: target, carry: carry, listener: listener, links: make(map[*Link]bool)}
	p.dialing, p.stop = context.WithCancel(context.Background())
	p.running.Go(p.acceptClients)
	return p, nil
}

// Addr is where clients connect.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Cut ends every open link so abruptly that the next write of either end
// fails.
func (p *Proxy) Cut() {
	for _, link := range p.openLinks() {
		resetOnClose(link.Client)
		resetOnClose(link.Server)
		link.Close()
	}
}

// Refuse makes the proxy close new connections at once. Open links stay.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = on
}

// AnswerDue tells whether a client waits for an answer on an open link with
// the carrier [Link.Forward].
func (p *Proxy) AnswerDue() bool {
	for _, link := range p.openLinks() {
		if link.answerDue.Load() {
			return true
		}
	}
	return false
}

// Close ends every link and returns when every carrier has returned.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.stop()
	_ = p.listener.Close()
	for _, link := range p.openLinks() {
		link.Close()
	}
	p.running.Wait()
}

func (p *Proxy) acceptClients() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serveClient(client) })
	}
}

func (p *Proxy) serveClient(client net.Conn) {
	var dialer net.Dialer
	server, err := dialer.DialContext(p.dialing, "tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	link := &Link{Client: client, Server: server, proxy: p}
	if p.addLink(link) {
		p.carry(link)
	} else {
		link.Close()
	}
}

func (p *Proxy) addLink(link *Link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.refuses {
		return false
	}
	p.links[link] = true
	return true
}

func (p *Proxy) removeLink(link *Link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, link)
}

func (p *Proxy) openLinks() []*Link {
	p.mu.Lock()
	defer p.mu.Unlock()
	links := make([]*Link, 0, len(p.links))
	for link := range p.links {
		links = append(links, link)
	}
	return links
}

// A Link is one client's connection by way of the proxy.
type Link struct {
	Client, Server net.Conn

	proxy     *Proxy
	answerDue atomic.Bool // the client spoke last
}

// Close ends both connections of the link.
func (l *Link) Close() {
	_ = l.Client.Close()
	_ = l.Server.Close()
	l.proxy.removeLink(l)
}

// Forward passes everything on, both ways, until either end closes. It is the
// plain [Carrier].
func (l *Link) Forward() {
	var both sync.WaitGroup
	both.Go(func() { l.passOn(l.Server, l.Client, true) })
	both.Go(func() { l.passOn(l.Client, l.Server, false) })
	both.Wait()
}

// passOn copies one direction. An end that breaks off breaks off the other.
func (l *Link) passOn(to, from net.Conn, fromClient bool) {
	defer l.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			l.answerDue.Store(fromClient)
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				resetOnClose(to)
			}
			return
		}
	}
}

// resetOnClose makes the Close of a connection an abrupt one.
func resetOnClose(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}
