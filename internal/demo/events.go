package demo

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	eventPause = 50 * time.Millisecond // at least, between two events for one reader
	eventIdle  = 15 * time.Second      // then a comment shows that the server lives
)

// sections are the parts of the state.
var sections = []string{"slack", "uipath", "bot", "weather"}

// An eventHub counts the changes of each section of the state and wakes the readers
// of /api/events.
type eventHub struct {
	mu      sync.Mutex
	seq     int
	latest  map[string]int // the last change of each section
	changed chan struct{}  // closed and replaced at every change
}

func newEventHub() *eventHub {
	return &eventHub{seq: 1, latest: map[string]int{}, changed: make(chan struct{})}
}

// note records a change of a section.
func (h *eventHub) note(section string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	h.latest[section] = h.seq
	close(h.changed)
	h.changed = make(chan struct{})
}

// since lists the sections that changed after a sequence number.
func (h *eventHub) since(seen int) (seq int, changed []string, wake <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, section := range slices.Sorted(maps.Keys(h.latest)) {
		if h.latest[section] > seen {
			changed = append(changed, section)
		}
	}
	return h.seq, changed, h.changed
}

// serveEvents sends an event after each change, and the first at once, because a
// reader that reconnects cannot know what it missed.
func (s *Sandbox) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	stream := http.NewResponseController(w)
	seq, _, _ := s.events.since(0)
	if sendEvent(w, stream, seq, sections) != nil {
		return
	}
	for {
		now, changed, wake := s.events.since(seq)
		if len(changed) > 0 {
			if seq = now; sendEvent(w, stream, seq, changed) != nil {
				return
			}
			wake = nil
		}
		if !s.awaitEvent(w, stream, r, wake) {
			return
		}
	}
}

// awaitEvent waits for the next change, or the pause after an event where wake is nil.
// It returns false when the reader or the sandbox has ended.
func (s *Sandbox) awaitEvent(
	w http.ResponseWriter, stream *http.ResponseController, r *http.Request, wake <-chan struct{},
) bool {
	wait := eventIdle
	if wake == nil {
		wait = eventPause
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-s.quit.Done():
		return false
	case <-wake:
		return true
	case <-timer.C:
	}
	if wake == nil {
		return true
	}
	if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil {
		return false
	}
	return stream.Flush() == nil
}

func sendEvent(w http.ResponseWriter, stream *http.ResponseController, seq int, changed []string) error {
	data, err := json.Marshal(map[string]any{"seq": seq, "changed": changed})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "id: %d\ndata: %s\n\n", seq, data); err != nil {
		return err
	}
	return stream.Flush()
}
