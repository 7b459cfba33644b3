package fakeslack

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// The kinds of journal entries.
const (
	EntryCall            = "call"          // a call of the Web API or of a response URL arrived
	EntryAnswer          = "answer"        // ... and was answered; Detail: ok, or the error
	EntryOddity          = "oddity"        // harmless to Slack, suspicious to a test
	EntrySocketOpened    = "socket opened" // WebSocket handshake done
	EntryHello           = "hello"         // the socket is ready
	EntryDisconnect      = "disconnect"    // Detail: the reason
	EntrySocketClosed    = "socket closed"
	EntryEnvelope        = "envelope sent"        // Attempt: retry_attempt
	EntryUndeliverable   = "envelope undelivered" // no live socket
	EntryTimeout         = "envelope timed out"   // no ack within AckTimeout
	EntryGivenUp         = "event given up"       // the last retry failed
	EntryAck             = "ack"                  // accepted
	EntryAckRefused      = "ack refused"          // had no effect; Detail: why
	EntryFrame           = "frame"                // a frame other than an ack arrived, or SendRaw wrote one
	EntryPosted          = "message posted"
	EntryUpdated         = "message updated"
	EntryDeleted         = "message deleted"
	EntryEphemeral       = "ephemeral" // for User only; Type: via
	EntryReactionAdded   = "reaction added"
	EntryReactionRemoved = "reaction removed"
	EntryView            = "view"      // opened, published, updated or closed
	EntryWorkspace       = "workspace" // people, channels, groups and tokens
	EntryMark            = "mark"      // a test wrote it; Type and Detail are the test's own
)

// Entry is one line of the journal. The journal keeps everything in one order.
type Entry struct {
	Seq      int       // from 1, over all kinds
	At       time.Time // by the clock of the workspace
	Kind     string    // one of the Entry constants
	Socket   int       // number of the WebSocket, from 1
	Envelope string    // envelope_id
	Type     string    // of the envelope, call, event or change
	Attempt  int       // retry_attempt of an envelope
	Channel  string
	TS       string // of the message
	User     string
	Detail   string          // for people: a reason, a name, a text
	Payload  json.RawMessage // of an envelope, ack or frame
}

// Call is one request to the Web API or to a response URL ("response_url").
type Call struct {
	Seq     int       // its place in the journal
	At      time.Time // by the clock of the workspace
	Method  string
	Args    map[string]string // without tokens
	Status  int               // HTTP status of the answer, 0 before it
	Error   string            // "" for ok; "cut" or "hang" if a fault left the call without an answer
	Dur     time.Duration     // real time
	Faulted bool              // a planned fault hit it
	Lag     time.Duration     // the answer showed what was so this long before
}

// addEntry adds an entry and wakes every Wait. Callers hold s.lock, so a woken
// Wait sees the whole change behind the entry.
func (s *Server) addEntry(e Entry) int {
	e.Seq = len(s.journal) + 1
	e.At = s.cfg.Now()
	s.journal = append(s.journal, e)
	s.wakeWaiters()
	return e.Seq
}

// wakeWaiters makes every Wait check again. Callers hold s.lock.
func (s *Server) wakeWaiters() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Journal is everything that happened so far.
func (s *Server) Journal() []Entry {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Clone(s.journal)
}

// Calls are the requests of one method in order of arrival. Method "" means
// all.
func (s *Server) Calls(method string) []Call {
	s.lock.Lock()
	defer s.lock.Unlock()
	var found []Call
	for _, call := range s.calls {
		if method == "" || call.Method == method {
			clone := *call
			clone.Args = maps.Clone(call.Args)
			found = append(found, clone)
		}
	}
	return found
}

// recordCall records a call before it is served, so that a hanging call is
// visible.
func (s *Server) recordCall(method string, args map[string]string) *Call {
	s.lock.Lock()
	defer s.lock.Unlock()
	call := &Call{Method: method, Args: args, At: s.cfg.Now()}
	s.calls = append(s.calls, call)
	call.Seq = s.addEntry(Entry{Kind: EntryCall, Type: method, Channel: args["channel"]})
	return call
}

// completeCall adds what the caller saw of the answer.
func (s *Server) completeCall(call *Call, status int, problem string, dur time.Duration) {
	s.lock.Lock()
	defer s.lock.Unlock()
	call.Status, call.Error, call.Dur = status, problem, dur
	detail := problem
	if detail == "" {
		detail = "ok"
	}
	s.addEntry(Entry{Kind: EntryAnswer, Type: call.Method, Channel: call.Args["channel"], Detail: detail})
}

// Mark writes a line into the journal. What a test did to the bot then stands
// in one order with what the bot did.
func (s *Server) Mark(kind, detail string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.addEntry(Entry{Kind: EntryMark, Type: kind, Detail: detail})
}

// Length is the number of journal entries so far.
func (s *Server) Length() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.journal)
}
