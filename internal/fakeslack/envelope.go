package fakeslack

import (
	"encoding/json"
	"time"
)

// envelope is one envelope and the copies that were sent of it.
type envelope struct {
	id      string
	kind    string // events_api, slash_commands, interactive
	accepts bool   // accepts_response_payload
	sockets []int  // one entry for each copy
	acked   bool
	expired bool // an ack now comes too late
	sentAt  time.Time
	ackedAt time.Time
	payload json.RawMessage // of the ack
	done    chan struct{}   // closed by the accepted ack
}

// sendEnvelope sends copies of an envelope, each to one of the live sockets at
// random. Callers hold s.lock.
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
		panic("fakeslack: " + err.Error()) // a test passed a value without a JSON form
	}
	live := s.liveSockets()
	if len(live) == 0 {
		s.addEntry(Entry{
			Kind: EntryUndeliverable, Envelope: env.id, Type: kind, Attempt: attempt, Detail: "no live socket",
		})
		return env
	}
	for range copies {
		socket := live[s.random.IntN(len(live))]
		if !socket.mute {
			socket.queueFrame(raw)
		}
		env.sockets = append(env.sockets, socket.id)
		s.addEntry(Entry{
			Kind: EntryEnvelope, Socket: socket.id, Envelope: env.id, Type: kind, Attempt: attempt, Payload: raw,
		})
	}
	return env
}

// expireEnvelope ends the time for the ack, and tells whether none came.
// Callers hold s.lock.
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

// Unacked is the number of events, commands and interactions that still wait
// for their ack or for a redelivery.
func (s *Server) Unacked() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.events) + s.waiting
}
