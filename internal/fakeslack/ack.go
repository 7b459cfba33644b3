package fakeslack

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// maxAckFrame is the size from which Slack silently drops a frame of a client.
const maxAckFrame = 20 << 10

// receiveFrame takes a frame from the app, which can only be an ack. Callers
// hold s.lock.
func (s *Server) receiveFrame(socket *appSocket, frame []byte) {
	var ack struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	err := json.Unmarshal(frame, &ack)
	entry := Entry{Kind: EntryAckRefused, Socket: socket.id, Envelope: ack.EnvelopeID, Payload: slices.Clone(frame)}
	if err != nil || ack.EnvelopeID == "" {
		s.addEntry(Entry{Kind: EntryFrame, Socket: socket.id, Type: "received", Detail: string(frame)})
		return
	}
	env := s.envelopes[ack.EnvelopeID]
	if env != nil {
		entry.Type = env.kind
	}
	entry.Detail = s.ackProblem(socket, env, frame)
	if entry.Detail != "" {
		s.addEntry(entry)
		return
	}
	env.acked, env.ackedAt = true, time.Now()
	entry.Kind = EntryAck
	if given := hasContent(ack.Payload); given && env.accepts {
		env.payload = ack.Payload
	} else if given {
		entry.Detail = "payload ignored: the envelope accepts none"
	}
	s.addEntry(entry)
	close(env.done)
}

// ackProblem tells why an ack has no effect, or "".
func (s *Server) ackProblem(socket *appSocket, env *envelope, frame []byte) string {
	switch {
	case socket.silent:
		return "lost: the socket is half-open"
	case len(frame) >= maxAckFrame:
		return "dropped: 20 KB or more"
	case s.deaf:
		return "ignored"
	case env == nil:
		return "unknown envelope"
	case !slices.Contains(env.sockets, socket.id):
		return "sent on another socket than the envelope"
	case env.acked:
		return "acked before"
	case env.expired:
		return "too late"
	}
	return ""
}

// hasContent tells a real payload from the {} and null that some clients always
// send.
func hasContent(payload json.RawMessage) bool {
	trimmed := bytes.TrimSpace(payload)
	return len(trimmed) > 0 && !bytes.Equal(trimmed, []byte("{}")) && !bytes.Equal(trimmed, []byte("null"))
}
