package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
)

const (
	clockLayout = "15:04:05.000"
	maxExcerpt  = 120 // lines
	maxLine     = 240
)

// A line is one line of an excerpt.
type line struct {
	at   time.Time
	text string
}

func compareLines(a, b line) int { return a.at.Compare(b.at) }

// excerpt picks the lines of both journals about a request: those with its id
// or its card's timestamp, the writes and edits of its group, and what the
// suite did to the processes meanwhile. If they are too many it keeps those
// nearest to around, or the first and the last if around is zero.
func (j *judge) excerpt(id string, around time.Time, also []string) []string {
	words, group := j.searchWords(id, also)
	lines := j.h.matchingLines(words, group)
	if len(lines) > 0 {
		lines = append(lines, j.h.suiteLines(lines[0].at, last(lines).at)...)
	}
	slices.SortStableFunc(lines, compareLines)
	text := make([]string, len(lines))
	for i, l := range lines {
		text[i] = l.at.Format(clockLayout) + " " + shorten(l.text)
	}
	extra := len(text) - maxExcerpt
	if extra <= 0 {
		return text
	}
	more := func(n int) []string { return []string{fmt.Sprintf("… %d more …", n)} }
	if around.IsZero() {
		return slices.Concat(text[:maxExcerpt/2], more(extra), text[len(text)-maxExcerpt/2:])
	}
	at, _ := slices.BinarySearchFunc(lines, around, func(l line, when time.Time) int { return l.at.Compare(when) })
	from := min(max(0, at-maxExcerpt/2), extra)
	return slices.Concat(more(from), text[from:from+maxExcerpt], more(extra-from))
}

// searchWords are the words that find the lines about a request, and the group
// whose writes belong to it.
func (j *judge) searchWords(id string, also []string) (words []string, group string) {
	words = slices.Clone(also)
	if r := j.requests[id]; id != "" && r != nil {
		words = append(words, id)
		if r.command != nil {
			words = append(words, r.command.Envelope)
		}
		for _, c := range r.cards {
			words = append(words, c.TS)
			group = c.Group
		}
	}
	if group == "" && len(also) > 0 {
		group = also[0]
	}
	return words, group
}

// matchingLines are the lines of Slack's journal with any of the words, and
// those of UiPath's about the group.
func (h *History) matchingLines(words []string, group string) []line {
	var lines []line
	sent := map[string]bool{}
	for _, e := range h.slack {
		if e.Kind == fakeslack.EntryMark || e.Kind == fakeslack.EntryEnvelope && sent[e.Envelope] {
			continue
		}
		sent[e.Envelope] = sent[e.Envelope] || e.Kind == fakeslack.EntryEnvelope
		text := fmt.Sprintf("slack  #%d %s %s %s %s %s %s %s", e.Seq, e.Kind, e.Type, e.User, e.TS, e.Envelope, e.Detail,
			e.Payload)
		if slices.ContainsFunc(words, func(word string) bool { return word != "" && strings.Contains(text, word) }) {
			lines = append(lines, line{e.At, text})
		}
	}
	for _, c := range h.uipath {
		if group == "" || !strings.Contains(c.Path, group) {
			continue
		}
		path := c.Path[strings.LastIndex(c.Path, "group"):]
		text := fmt.Sprintf("uipath #%d %s %s %s → %d in %v", c.Seq, c.Operation, path, c.Body, c.Status,
			c.Dur.Round(time.Millisecond))
		if c.Took {
			text += fmt.Sprintf(", took effect %s: %v became %v", c.TookAt.Format(clockLayout), c.Before, c.After)
		}
		lines = append(lines, line{c.At, text})
	}
	slices.SortStableFunc(lines, compareLines)
	return lines
}

// suiteLines are what the suite did to the replicas between two times.
func (h *History) suiteLines(from, to time.Time) []line {
	var lines []line
	for _, e := range h.slack {
		if e.Kind == fakeslack.EntryMark && !e.At.Before(from) && !e.At.After(to) &&
			strings.Contains(e.Detail, "replica") && !strings.HasSuffix(e.Detail, "starts") {
			lines = append(lines, line{e.At, "suite  " + e.Detail})
		}
	}
	return lines
}

func shorten(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxLine {
		return string(runes[:maxLine]) + "…"
	}
	return text
}
