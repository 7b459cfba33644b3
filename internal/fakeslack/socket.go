package fakeslack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// slackMaxSockets is how many sockets one app may have open.
const slackMaxSockets = 10

// slackSocket is one WebSocket of the app. Its fields but out, quit and conn
// are guarded by Slack.lock.
type slackSocket struct {
	id     int
	conn   *websocket.Conn
	out    chan []byte // text frames on their way
	quit   chan struct{}
	once   sync.Once
	live   bool // got a hello and was not told to go
	silent bool // half-open: nothing passes in either direction
}

// end makes the socket close its TCP connection.
func (k *slackSocket) end() { k.once.Do(func() { close(k.quit) }) }

// send queues a text frame. A peer so slow that the queue is full is cut off.
// Callers hold Slack.lock.
func (k *slackSocket) send(frame []byte) {
	if k.silent {
		return
	}
	select {
	case k.out <- frame:
	default:
		k.end()
	}
}

// openConnection is apps.connections.open.
func (s *Server) openConnection(*slackCall) (slackReply, error) {
	ticket := newSlackUUID()
	s.tickets[ticket] = true
	url := strings.Replace(s.base, "http://", "ws://", 1)
	return slackReply{"url": fmt.Sprintf("%s/link/?ticket=%s&app_id=%s", url, ticket, s.ids.app)}, nil
}

var slackUpgrader = websocket.Upgrader{
	WriteBufferSize: 32 << 10, // Slack's clients do not reassemble continuation frames
	CheckOrigin:     func(*http.Request) bool { return true },
}

// serveLink is the WebSocket endpoint. The handler stays for as long as the
// socket is open, as its reader.
func (s *Server) serveLink(w http.ResponseWriter, r *http.Request) {
	if planned, ok := s.Take("link"); ok {
		planned.Serve(w, r, s.acceptLink, refuseSlackCall)
		return
	}
	s.acceptLink(w, r)
}

func (s *Server) acceptLink(w http.ResponseWriter, r *http.Request) {
	if !s.redeem(r.URL.Query().Get("ticket")) {
		http.Error(w, "invalid ticket", http.StatusForbidden)
		return
	}
	conn, err := slackUpgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	socket := &slackSocket{conn: conn, out: make(chan []byte, 4096), quit: make(chan struct{})}
	conn.SetPingHandler(func(data string) error { return s.pong(socket, data) })
	s.welcome(socket)
	s.read(socket)
}

// redeem uses a ticket up.
func (s *Server) redeem(ticket string) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	fresh := s.tickets[ticket]
	if !fresh {
		s.note(Entry{Kind: EntryOddity, Type: "link", Detail: "ticket unknown or used before"})
		return false
	}
	s.tickets[ticket] = false
	return true
}

// welcome starts a socket: hello, or the reason why not.
func (s *Server) welcome(socket *slackSocket) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.opened++
	socket.id = s.opened
	crowded := len(s.sockets) >= slackMaxSockets
	s.sockets = append(s.sockets, socket)
	s.note(Entry{Kind: EntrySocketOpened, Socket: socket.id})
	s.spawn(func() { s.write(socket) })
	switch {
	case s.closed:
		socket.end()
		_ = socket.conn.Close() // no writer was started to do it
	case s.refusal != "":
		s.dismiss(socket, s.refusal)
	case crowded:
		s.dismiss(socket, "too_many_websockets")
	default:
		socket.live = true
		socket.send(s.hello())
		s.note(Entry{Kind: EntryHello, Socket: socket.id})
	}
}

// hello counts the sockets that are open, this one included.
func (s *Server) hello() []byte {
	frame, _ := json.Marshal(map[string]any{
		"type": "hello", "num_connections": len(s.sockets),
		"connection_info": map[string]any{"app_id": s.ids.app},
		"debug_info": map[string]any{
			"host": slackHost, "build_number": 54, "approximate_connection_time": s.cfg.ConnectionLife,
		},
	})
	return frame
}

const slackHost = "applink-sandbox"

// read takes frames until the socket ends, then forgets the socket.
func (s *Server) read(socket *slackSocket) {
	for {
		_, frame, err := socket.conn.ReadMessage()
		if err != nil {
			break
		}
		s.lock.Lock()
		s.received(socket, frame)
		s.lock.Unlock()
	}
	socket.end()
	s.lock.Lock()
	defer s.lock.Unlock()
	socket.live = false
	s.sockets = slices.DeleteFunc(s.sockets, func(k *slackSocket) bool { return k == socket })
	s.note(Entry{Kind: EntrySocketClosed, Socket: socket.id})
}

// write is the one writer of text frames and pings of a socket.
func (s *Server) write(socket *slackSocket) {
	defer func() { _ = socket.conn.Close() }()
	defer socket.end()
	pings := time.NewTicker(s.cfg.PingInterval)
	defer pings.Stop()
	for {
		var err error
		select {
		case <-socket.quit:
			return
		case frame := <-socket.out:
			_ = socket.conn.SetWriteDeadline(time.Now().Add(slackWriteTimeout))
			err = socket.conn.WriteMessage(websocket.TextMessage, frame)
		case <-pings.C:
			err = s.ping(socket)
		}
		if err != nil {
			return
		}
	}
}

const slackWriteTimeout = 10 * time.Second

func (s *Server) ping(socket *slackSocket) error {
	if s.isSilent(socket) {
		return nil
	}
	deadline := time.Now().Add(slackWriteTimeout)
	return socket.conn.WriteControl(websocket.PingMessage, []byte("Ping from "+slackHost), deadline)
}

func (s *Server) pong(socket *slackSocket, data string) error {
	if !s.isSilent(socket) {
		deadline := time.Now().Add(slackWriteTimeout)
		_ = socket.conn.WriteControl(websocket.PongMessage, []byte(data), deadline)
	}
	return nil
}

func (s *Server) isSilent(socket *slackSocket) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return socket.silent
}

// Connections is the number of sockets that are open, got a hello and were
// not told to go.
func (s *Server) Connections() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.liveSockets())
}

func (s *Server) liveSockets() []*slackSocket {
	var live []*slackSocket
	for _, socket := range s.sockets {
		if socket.live {
			live = append(live, socket)
		}
	}
	return live
}
