package judge

import (
	"slices"
	"time"
)

// judgeProgress judges what a thread says before the outcome. It says each thing
// once, except a delay: an approved request may be delayed once after each approval.
// Both a delay and a loss of consent need an earlier consent.
func (j *judge) judgeProgress(r *request, c *Card) {
	seen := map[[2]string]int{}
	for _, reply := range c.Thread {
		if !slices.Contains(progressEvents, reply.Event) {
			continue
		}
		this, most := [2]string{reply.Event, reply.Number}, 1
		if reply.Event == approvedEvent {
			most += countReplies(c, reopenedEvent, reply.At)
		}
		if seen[this]++; seen[this] > most {
			j.reportAt(reply.At, progressTwice, r.id, reply.Text)
		}
		if reply.Event != reminderEvent && !j.h.approvedBy(c, reply.At) {
			j.reportAt(reply.At, consentUntrue, r.id, reply.Text)
		}
		if nothingChanged.MatchString(reply.Text) {
			said := reply.At // or earlier, if Slack stored it late
			if !reply.Asked.IsZero() {
				said = reply.Asked
			}
			j.judgeUnchanged(r, tookBefore(effectiveWrites(r.writes), said), reply.Text, said)
		}
	}
}

// countReplies is how many replies of a kind a thread had by then.
func countReplies(c *Card, event string, by time.Time) (n int) {
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
