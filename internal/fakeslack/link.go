package fakeslack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// openConnection is apps.connections.open.
func (s *Server) openConnection(*apiCall) (jsonObject, error) {
	ticket := newUUID()
	s.tickets[ticket] = true
	url := strings.Replace(s.base, "http://", "ws://", 1)
	return jsonObject{"url": fmt.Sprintf("%s/link/?ticket=%s&app_id=%s", url, ticket, s.ids.app)}, nil
}

var upgrader = websocket.Upgrader{
	WriteBufferSize: 32 << 10, // Slack's clients do not reassemble continuation frames
	CheckOrigin:     func(*http.Request) bool { return true },
}

// serveLink is the WebSocket endpoint. The handler stays as the socket's reader
// while the socket is open.
func (s *Server) serveLink(w http.ResponseWriter, r *http.Request) {
	if planned, ok := s.Take("link"); ok {
		planned.Serve(w, r, s.acceptLink, refuseCall)
		return
	}
	s.acceptLink(w, r)
}

func (s *Server) acceptLink(w http.ResponseWriter, r *http.Request) {
	if !s.redeemTicket(r.URL.Query().Get("ticket")) {
		http.Error(w, "invalid ticket", http.StatusForbidden)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	socket := &appSocket{
		conn: conn, out: make(chan textFrame, 4096), quit: make(chan struct{}), wrote: make(chan struct{}),
	}
	conn.SetCloseHandler(func(int, string) error { s.answerClose(socket); return nil })
	conn.SetPingHandler(func(data string) error { return s.sendPong(socket, data) })
	s.welcomeSocket(socket)
	s.readFrames(socket)
}

// redeemTicket uses a ticket up.
func (s *Server) redeemTicket(ticket string) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	fresh := s.tickets[ticket]
	if !fresh {
		s.addEntry(Entry{Kind: EntryOddity, Type: "link", Detail: "ticket unknown or used before"})
		return false
	}
	s.tickets[ticket] = false
	return true
}

// welcomeSocket starts a socket with hello, or with the reason for a refusal.
func (s *Server) welcomeSocket(socket *appSocket) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.opened++
	socket.id = s.opened
	crowded := len(s.sockets) >= maxSockets
	s.sockets = append(s.sockets, socket)
	s.addEntry(Entry{Kind: EntrySocketOpened, Socket: socket.id})
	s.runUntilClose(func() { s.writeFrames(socket) })
	switch {
	case s.closed:
		socket.closeSoon()
		_ = socket.conn.Close() // no writer runs that could close it
		close(socket.wrote)
	case s.refusal != "":
		s.disconnectSocket(socket, s.refusal)
	case crowded:
		s.disconnectSocket(socket, "too_many_websockets")
	default:
		socket.live = true
		socket.queueFrame(s.helloFrame())
		s.addEntry(Entry{Kind: EntryHello, Socket: socket.id})
	}
}

// helloFrame counts the open sockets, the new one included.
func (s *Server) helloFrame() []byte {
	frame, _ := json.Marshal(map[string]any{
		"type": "hello", "num_connections": len(s.sockets),
		"connection_info": map[string]any{"app_id": s.ids.app},
		"debug_info": map[string]any{
			"host": hostName, "build_number": 54, "approximate_connection_time": s.cfg.ConnectionLife,
		},
	})
	return frame
}

// readFrames takes frames until the socket ends, and then forgets the socket.
func (s *Server) readFrames(socket *appSocket) {
	for {
		_, frame, err := socket.conn.ReadMessage()
		if err != nil {
			break
		}
		s.lock.Lock()
		s.receiveFrame(socket, frame)
		s.lock.Unlock()
	}
	socket.closeSoon()
	s.lock.Lock()
	defer s.lock.Unlock()
	socket.live = false
	s.sockets = slices.DeleteFunc(s.sockets, func(k *appSocket) bool { return k == socket })
	s.addEntry(Entry{Kind: EntrySocketClosed, Socket: socket.id})
}

// answerClose takes a socket that its client closes out of use, and answers the
// closing frame after everything that was sent before.
func (s *Server) answerClose(socket *appSocket) {
	s.lock.Lock()
	socket.live = false
	socket.queue(textFrame{last: true})
	silent := socket.silent
	s.lock.Unlock()
	if !silent {
		<-socket.wrote
	}
}

// writeFrames is the only writer of a socket's text frames and pings.
func (s *Server) writeFrames(socket *appSocket) {
	defer close(socket.wrote)
	defer func() { _ = socket.conn.Close() }()
	defer socket.closeSoon()
	pings := time.NewTicker(s.cfg.PingInterval)
	defer pings.Stop()
	for {
		var err error
		select {
		case <-socket.quit:
			return
		case frame := <-socket.out:
			if frame.last {
				closing := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
				_ = socket.conn.WriteControl(websocket.CloseMessage, closing, time.Now().Add(writeTimeout))
				return
			}
			_ = socket.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
			err = socket.conn.WriteMessage(websocket.TextMessage, frame.text)
		case <-pings.C:
			err = s.sendPing(socket)
		}
		if err != nil {
			return
		}
	}
}

const writeTimeout = 10 * time.Second

func (s *Server) sendPing(socket *appSocket) error {
	if s.isSilent(socket) {
		return nil
	}
	deadline := time.Now().Add(writeTimeout)
	return socket.conn.WriteControl(websocket.PingMessage, []byte("Ping from "+hostName), deadline)
}

func (s *Server) sendPong(socket *appSocket, data string) error {
	if !s.isSilent(socket) {
		deadline := time.Now().Add(writeTimeout)
		_ = socket.conn.WriteControl(websocket.PongMessage, []byte(data), deadline)
	}
	return nil
}

func (s *Server) isSilent(socket *appSocket) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return socket.silent
}
