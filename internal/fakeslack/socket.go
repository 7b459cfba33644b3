package fakeslack

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// maxSockets is how many sockets one app may have open.
const maxSockets = 10

// appSocket is one WebSocket of the app. Server.lock guards all fields except
// conn, out and quit.
type appSocket struct {
	id     int
	conn   *websocket.Conn
	out    chan textFrame // on their way
	quit   chan struct{}
	wrote  chan struct{} // closed when the writer has ended
	once   sync.Once
	live   bool // greeted with hello and not told to disconnect
	silent bool // half-open: nothing passes in either direction
	mute   bool // it lives, but envelopes get lost on the way to it
}

// A textFrame is a frame that a socket writes.
type textFrame struct {
	text []byte
	last bool // the closing frame instead
}

// closeSoon makes the socket close its TCP connection.
func (k *appSocket) closeSoon() { k.once.Do(func() { close(k.quit) }) }

// queueFrame queues a text frame, and queue any frame. They cut off a peer so slow that the queue is
// full. Callers hold Server.lock.
func (k *appSocket) queueFrame(frame []byte) { k.queue(textFrame{text: frame}) }

func (k *appSocket) queue(frame textFrame) {
	if k.silent {
		return
	}
	select {
	case k.out <- frame:
	default:
		k.closeSoon()
	}
}

const hostName = "applink-sandbox"

// Connections is the number of live sockets: open, greeted with hello, and not
// told to disconnect.
func (s *Server) Connections() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.liveSockets())
}

func (s *Server) liveSockets() []*appSocket {
	var live []*appSocket
	for _, socket := range s.sockets {
		if socket.live {
			live = append(live, socket)
		}
	}
	return live
}

// disconnectSocket sends a disconnect frame. Unless that is only a warning, the
// socket closes a little later, because Slack gives the client some seconds.
func (s *Server) disconnectSocket(socket *appSocket, reason string) {
	frame := map[string]any{
		"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": hostName},
	}
	if reason == "too_many_websockets" {
		frame["num_connections"] = len(s.sockets)
		frame["connection_info"] = map[string]any{"app_id": s.ids.app}
	}
	raw, _ := json.Marshal(frame)
	socket.queueFrame(raw)
	s.addEntry(Entry{Kind: EntryDisconnect, Socket: socket.id, Detail: reason})
	if reason == "warning" {
		return
	}
	socket.live = false
	s.runUntilClose(func() {
		defer socket.closeSoon()
		timer := time.NewTimer(s.cfg.Linger)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-socket.quit:
		case <-s.quit:
		}
	})
}
