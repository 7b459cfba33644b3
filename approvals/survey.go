package approvals

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Sighting is what one message showed when a part of the channel was read.
type Sighting struct {
	TS        string
	RequestID string // the request of a card by the bot; empty for any other message
	Shown     []Reaction
	Cut       []string // emoji of more people than Slack named
	Replied   bool     // it has a thread
}

// A HistoryPage is a part of a channel, as one call showed it.
type HistoryPage struct {
	Sightings []Sighting
	Reached   string // every message from here to the newest one asked for is shown
}

// A Survey is a walk over the pending cards of one channel, the newest first. Each
// page begins at the first card that is still to be looked at, so the length of the
// channel between the cards costs nothing.
type Survey struct {
	todo []PendingCard
}

// NewSurvey begins below the card at which an earlier walk stopped, and ends with it:
// a walk that Slack interrupts after each page still comes to every card. An empty
// position begins at the newest card.
func NewSurvey(cards []PendingCard, position string) *Survey {
	todo := slices.SortedFunc(slices.Values(cards), func(a, b PendingCard) int { return strings.Compare(b.TS, a.TS) })
	first := slices.IndexFunc(todo, func(c PendingCard) bool { return position != "" && c.TS < position })
	if first > 0 {
		todo = slices.Concat(todo[first:], todo[:first])
	}
	return &Survey{todo: todo}
}

// NextPage is the part of the channel to read next, by its timestamps; false once all
// cards were looked at.
func (s *Survey) NextPage() (oldest, latest string, more bool) {
	if len(s.todo) == 0 {
		return "", "", false
	}
	return s.todo[s.runLength("")-1].TS, s.todo[0].TS, true
}

// TakeShown takes from the walk the cards in the part that a page shows. The first one
// always is: it is where the page begins.
func (s *Survey) TakeShown(page HistoryPage) []PendingCard {
	n := max(s.runLength(page.Reached), 1)
	shown := s.todo[:n]
	s.todo = s.todo[n:]
	return shown
}

// runLength counts the next cards of falling timestamps that are not below reached.
func (s *Survey) runLength(reached string) int {
	n := 0
	for n < len(s.todo) && s.todo[n].TS >= reached && (n == 0 || s.todo[n].TS < s.todo[n-1].TS) {
		n++
	}
	return n
}

// Find is what the page shows of a message, if it shows it.
func (p HistoryPage) Find(ts string) (s Sighting, found bool) {
	at := slices.IndexFunc(p.Sightings, func(s Sighting) bool { return s.TS == ts })
	if at < 0 {
		return Sighting{}, false
	}
	return p.Sightings[at], true
}

// TimestampAt is what a message or an event of a moment would have as its timestamp.
func TimestampAt(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }
