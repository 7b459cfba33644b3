package fakeslack

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// maxAckFrame is the size from which Slack silently drops what a client
// writes to its socket.
const maxAckFrame = 20 << 10

// envelope is one envelope, with the copies that were sent of it.
type envelope struct {
	id      string
	kind    string // events_api, slash_commands, interactive
	accepts bool   // accepts_response_payload
	sockets []int  // that got a copy, one entry a copy
	acked   bool
	expired bool // an ack comes too late
	sentAt  time.Time
	ackedAt time.Time
	payload json.RawMessage // of the ack
	done    chan struct{}   // closed by the honoured ack
}

// sendEnvelope sends an envelope to any of the live sockets, as often as copies
// says. Callers hold s.lock.
func (s *Server) sendEnvelope(kind string, payload map[string]any, attempt, copies int) *envelope {
	env := &envelope{
		id: newUUID(), kind: kind, accepts: kind != "events_api", sentAt: time.Now(), done: make(chan struct{}),
	}
	s.envelopes[env.id] = env
	frame := map[string]any{
		"envelope_id": env.id, "type": kind, "accepts_response_payload": env.accepts, "payload": payload,
	}
	if kind == "events_api" {
		frame["retry_attempt"] = attempt
		frame["retry_reason"] = map[bool]string{true: "timeout"}[attempt > 0]
	}
	raw, err := json.Marshal(frame)
	if err != nil {
		panic("fakeslack: " + err.Error()) // a test handed in what is no JSON
	}
	live := s.liveSockets()
	if len(live) == 0 {
		s.addEntry(Entry{Kind: EntryUndeliverable, Envelope: env.id, Type: kind, Attempt: attempt, Detail: "no live socket"})
		return env
	}
	for range copies {
		socket := live[s.random.IntN(len(live))]
		socket.queueFrame(raw)
		env.sockets = append(env.sockets, socket.id)
		s.addEntry(Entry{Kind: EntryEnvelope, Socket: socket.id, Envelope: env.id, Type: kind, Attempt: attempt, Payload: raw})
	}
	return env
}

// receiveFrame takes a frame from the app, which can only be an ack. Callers hold
// s.lock.
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

// ackProblem tells why an ack has no effect, "" when it has one.
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

// hasContent tells a payload that says something from the {} and null that
// some clients always send.
func hasContent(payload json.RawMessage) bool {
	trimmed := bytes.TrimSpace(payload)
	return len(trimmed) > 0 && !bytes.Equal(trimmed, []byte("{}")) && !bytes.Equal(trimmed, []byte("null"))
}

// expireEnvelope ends the time for the ack, and tells whether there was none. Callers
// hold s.lock.
func (s *Server) expireEnvelope(env *envelope, attempt int) bool {
	if env.acked {
		return false
	}
	env.expired = true
	if len(env.sockets) > 0 {
		s.addEntry(Entry{Kind: EntryTimeout, Envelope: env.id, Type: env.kind, Attempt: attempt})
	}
	return true
}

// Unacked is the number of events, commands and interactions that still
// await their ack or a redelivery.
func (s *Server) Unacked() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.events) + s.waiting
}
