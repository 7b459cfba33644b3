//go:build linux

package chaos

import (
	"regexp"
	"slices"
	"time"
)

var nothingChanged = regexp.MustCompile(`Nothing (was|had been) changed at UiPath`)

const reopenedEvent = "allocation_reopened"

// progressEvents are replies that tell of no end.
var progressEvents = []string{approvedEvent, "allocation_reminder", reopenedEvent}

// judgeProgress judges what is said in a thread before the end: each once, that
// a request is approved and held up once for each time that it was, and neither
// that nor the loss of its consent where there was none.
func (j *judge) judgeProgress(r *request, c *Card) {
	seen := map[[2]string]int{}
	for _, reply := range c.Thread {
		if !slices.Contains(progressEvents, reply.Event) {
			continue
		}
		this, most := [2]string{reply.Event, reply.Number}, 1
		if reply.Event == approvedEvent {
			most += countOf(c, reopenedEvent, reply.At)
		}
		if seen[this]++; seen[this] > most {
			j.findAt(reply.At, Doubled, "told twice how it goes", r.id, reply.Text)
		}
		if reply.Event != "allocation_reminder" && !j.h.approved(c, reply.At) {
			j.findAt(reply.At, Untrue, "told of a consent that there never was", r.id, reply.Text)
		}
		if nothingChanged.MatchString(reply.Text) {
			j.judgeUnchanged(r, tookBefore(effectsOf(r.writes), reply.At), reply.Text, reply.At)
		}
	}
}

// countOf is how many replies of a kind a thread had by then.
func countOf(c *Card, event string, by time.Time) (n int) {
	for _, reply := range c.Thread {
		if reply.Event == event && reply.At.Before(by) {
			n++
		}
	}
	return n
}

func tookBefore(writes []*Write, when time.Time) []*Write {
	return slices.DeleteFunc(slices.Clone(writes), func(w *Write) bool { return !w.Took.Before(when) })
}
