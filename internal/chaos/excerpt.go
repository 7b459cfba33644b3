//go:build linux

package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
)

const (
	clockLayout = "15:04:05.000"
	maxExcerpt  = 80 // lines
	maxLine     = 240
)

// excerpt picks the lines of both journals that are about a request: those
// with its id or its card's timestamp, the writes and edits of its group, and
// what the suite did to the processes meanwhile. Where they are too many it
// keeps those nearest to around; without that, the first and the last.
func (j *judge) excerpt(id string, around time.Time, also []string) []string {
	words := append([]string(nil), also...)
	group := ""
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
	lines := j.h.matching(words, group)
	var first, end time.Time
	for i, l := range lines {
		if i == 0 {
			first = l.at
		}
		end = l.at
	}
	lines = append(lines, j.h.marks(first, end)...)
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	var text []string
	for _, l := range lines {
		text = append(text, l.at.Format(clockLayout)+" "+short(l.text))
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

type line struct {
	at   time.Time
	text string
}

func (h *History) matching(words []string, group string) []line {
	var lines []line
	for _, e := range h.slack {
		if e.Kind == fakeslack.EntryMark {
			continue
		}
		text := fmt.Sprintf("slack  #%d %s %s %s %s %s %s %s", e.Seq, e.Kind, e.Type, e.User, e.TS, e.Envelope, e.Detail, e.Payload)
		if slices.ContainsFunc(words, func(word string) bool { return word != "" && strings.Contains(text, word) }) {
			lines = append(lines, line{e.At, text})
		}
	}
	for _, c := range h.uipath {
		if group == "" || !strings.Contains(c.Path, group) {
			continue
		}
		text := fmt.Sprintf("uipath #%d %s %s %s → %d in %v", c.Seq, c.Operation, c.Path[strings.LastIndex(c.Path, "group"):], c.Body, c.Status, c.Dur.Round(time.Millisecond))
		if c.Took {
			text += fmt.Sprintf(", took effect %s: %v became %v", c.TookAt.Format(clockLayout), c.Before, c.After)
		}
		lines = append(lines, line{c.At, text})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	return lines
}

// marks are what the suite did between two times.
func (h *History) marks(from, to time.Time) []line {
	var lines []line
	for _, e := range h.slack {
		if e.Kind == fakeslack.EntryMark && !e.At.Before(from) && !e.At.After(to) && strings.Contains(e.Detail, "replica") {
			lines = append(lines, line{e.At, "suite  " + e.Detail})
		}
	}
	return lines
}

func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxLine {
		return string(runes[:maxLine]) + "…"
	}
	return text
}

// Sets of codes.

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return slices.Contains(b, x) })
}

func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return !slices.Contains(b, x) })
}

func union(a, b []string) []string { return append(slices.Clone(a), without(b, a)...) }

func sameSet(a, b []string) bool { return len(without(a, b)) == 0 && len(without(b, a)) == 0 }

func last[T any](all []T) T { return all[len(all)-1] }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
