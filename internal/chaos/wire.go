//go:build linux

package chaos

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// A wire is the network between one replica and one of its peers: a TCP
// forwarder that knows whether an answer is due and can be cut.
type wire struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu     sync.Mutex
	links  map[*link]bool
	closed bool
	down   bool // refuses new connections
}

// A link is one connection through a wire.
type link struct {
	near, far net.Conn
	due       atomic.Bool // what went out last has not been answered
}

func newWire(target string) (*wire, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{listener: listener, target: target, links: map[*link]bool{}}
	w.running.Go(w.acceptLinks)
	return w, nil
}

func (w *wire) addr() string { return w.listener.Addr().String() }

func (w *wire) acceptLinks() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.running.Go(func() { w.joinPeers(near) })
	}
}

// joinPeers forwards both ways until either side ends.
func (w *wire) joinPeers(near net.Conn) {
	defer func() { _ = near.Close() }()
	far, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	l := &link{near: near, far: far}
	defer l.cutNow()
	if !w.addLink(l) {
		return
	}
	defer w.removeLink(l)
	var both sync.WaitGroup
	both.Go(func() { l.copyOneWay(far, near, true) })
	both.Go(func() { l.copyOneWay(near, far, false) })
	both.Wait()
}

func (w *wire) addLink(l *link) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.down {
		return false
	}
	w.links[l] = true
	return true
}

func (w *wire) removeLink(l *link) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.links, l)
}

// copyOneWay copies one direction; asking says that it is the replica's.
func (l *link) copyOneWay(to, from net.Conn, asking bool) {
	defer l.cutNow()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			l.due.Store(asking)
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if err != io.EOF {
				resetOnClose(to)
			}
			return
		}
	}
}

// cutNow ends a link at once, in both directions.
func (l *link) cutNow() {
	_ = l.near.Close()
	_ = l.far.Close()
}

// resetOnClose makes the next Close of a connection an abrupt one.
func resetOnClose(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// awaitsAnswer reports whether the replica waits for an answer on this wire.
func (w *wire) awaitsAnswer() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.links {
		if l.due.Load() {
			return true
		}
	}
	return false
}

// cutLinks ends every connection that is open.
func (w *wire) cutLinks() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.links {
		resetOnClose(l.near)
		l.cutNow()
	}
}

// setDown cuts the wire and keeps it so until mended.
func (w *wire) setDown(down bool) {
	w.mu.Lock()
	w.down = down
	w.mu.Unlock()
	if down {
		w.cutLinks()
	}
}

func (w *wire) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	_ = w.listener.Close()
	w.cutLinks()
	w.running.Wait()
}
