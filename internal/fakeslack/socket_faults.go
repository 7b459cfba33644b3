package fakeslack

import (
	"errors"
)

// Disconnect sends a disconnect frame to every live socket. After the reason
// "warning" a socket lives on. After "refresh_requested", "link_disabled" and
// "too_many_websockets" it gets no more envelopes, and it closes after
// Config.Linger.
func (s *Server) Disconnect(reason string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, socket := range s.liveSockets() {
		s.disconnectSocket(socket, reason)
	}
}

// DisconnectOne is Disconnect for the oldest live socket.
func (s *Server) DisconnectOne(reason string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if live := s.liveSockets(); len(live) > 0 {
		s.disconnectSocket(live[0], reason)
	}
}

// CutSockets closes the TCP connection of every socket without a word.
func (s *Server) CutSockets() {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, socket := range s.sockets {
		socket.live = false
		socket.closeSoon()
	}
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "sockets", Detail: "cut"})
}

// Silence makes the open sockets half-open: TCP stays up and they still get
// their share of the envelopes, but no frame, ping or ack passes. Sockets
// opened later work. Silence(false) revives the silent sockets; what they
// missed stays missed.
func (s *Server) Silence(on bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	detail := "heard again"
	if on {
		detail = "silent"
	}
	for _, socket := range s.sockets {
		socket.silent = on
	}
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "sockets", Detail: detail})
}

// Mute makes the open sockets live and deliver nothing: they answer pings and get their
// share of the envelopes, which get lost. Sockets opened later work.
func (s *Server) Mute() {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, socket := range s.sockets {
		socket.mute = true
	}
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "sockets", Detail: "mute"})
}

// IgnoreAcks makes acks have no effect: commands time out, and events are
// redelivered.
func (s *Server) IgnoreAcks(on bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.deaf = on
}

// RefuseSockets greets every new socket with disconnect and this reason instead
// of hello. RefuseSockets("") ends that. Slack sends "link_disabled" when
// Socket Mode is switched off.
func (s *Server) RefuseSockets(reason string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.refusal = reason
}

// SetCopies delivers every envelope n times, each time on any of the sockets.
func (s *Server) SetCopies(n int) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.copies = max(1, n)
}

// SendRaw writes a text frame to one live socket, byte for byte.
func (s *Server) SendRaw(frame []byte) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	live := s.liveSockets()
	if len(live) == 0 {
		return errors.New("fakeslack: no live socket")
	}
	socket := live[s.random.IntN(len(live))]
	socket.queueFrame(append([]byte(nil), frame...))
	s.addEntry(Entry{Kind: EntryFrame, Socket: socket.id, Type: "sent", Detail: string(frame)})
	return nil
}
