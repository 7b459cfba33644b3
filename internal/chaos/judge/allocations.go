package judge

import (
	"slices"
	"time"
)

// A state is what a group's allocation was for a while.
type state struct {
	from, until time.Time
	codes       []string
}

// statesOf is the history of a group's allocation, from its writes and edits.
func (h *History) statesOf(group string) []state {
	var all []state
	for _, c := range h.changesOf(group) {
		if len(all) == 0 {
			all = append(all, state{codes: c.Before})
		}
		all[len(all)-1].until = c.At
		all = append(all, state{from: c.At, until: c.At.Add(1000 * time.Hour), codes: c.After})
	}
	return all
}

// changesOf are the writes that took effect and the edits of a group, in order.
func (h *History) changesOf(group string) []Edit {
	var all []Edit
	for _, w := range h.Writes {
		if w.Group == group && !w.Took.IsZero() {
			all = append(all, Edit{At: w.Took, Before: w.Before, After: w.After})
		}
	}
	for _, e := range h.Edits {
		if e.Group == group {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b Edit) int { return a.At.Compare(b.At) })
	return all
}

func (e Edit) added() []string   { return without(e.After, e.Before) }
func (e Edit) removed() []string { return without(e.Before, e.After) }

// everAllocated reports whether a group's allocation was exactly codes at some
// time. UiPath may show a while later what was so.
func (h *History) everAllocated(group string, codes []string, from, to time.Time) bool {
	return slices.ContainsFunc(h.statesOf(group), func(s state) bool {
		return !s.until.Before(from.Add(-MaxLag)) && !s.from.After(to) && sameSet(s.codes, codes)
	})
}

// MaxLag is how long a read of the fakes shows what was so before, at most.
const MaxLag = 8 * time.Second

// everLacked reports whether a group was without a code at some time.
func (h *History) everLacked(group, code string, from, to time.Time) bool {
	return slices.ContainsFunc(h.statesOf(group), func(s state) bool {
		return s.until.After(from) && !s.from.After(to) && !slices.Contains(s.codes, code)
	})
}

// removedBetween reports whether any of some codes was taken from a group.
func (h *History) removedBetween(group string, codes []string, from, to time.Time) bool {
	return slices.ContainsFunc(h.changesOf(group), func(e Edit) bool {
		return e.At.After(from) && e.At.Before(to) && len(common(codes, e.removed())) > 0
	})
}

// revertedBetween reports whether a part of a change was changed back.
func (h *History) revertedBetween(group string, change Edit, from, to time.Time) bool {
	return slices.ContainsFunc(h.changesOf(group), func(e Edit) bool {
		back := union(common(change.added(), e.removed()), common(change.removed(), e.added()))
		return e.At.After(from) && e.At.Before(to) && len(back) > 0
	})
}

func (h *History) editedBetween(group string, from, to time.Time) bool {
	return slices.ContainsFunc(h.Edits, func(e Edit) bool {
		return e.Group == group && !e.At.Before(from) &&
			!e.At.After(to)
	})
}

// mayHaveRead reports whether the allocation was such, at the write or before an edit
// by hand that came between the read for it and the write. The bot's own writes come
// one after another, so what was so before an earlier one does not count, unless UiPath
// refused that one, or its answer was lost, and it was made all the same.
func (h *History) mayHaveRead(w *Write, such func(codes []string) bool) bool {
	from, at := h.readFor(w), w.Took
	if at.IsZero() {
		at = w.Arrived
	}
	for _, other := range h.Writes {
		isAgain := sameSet(other.Asked, w.Asked) // made again, because a kill lost the answer
		isKnown := other.Changed && other.Status/100 == 2 && !other.Spoilt && !isAgain
		if other != w && other.Group == w.Group && isKnown && other.Took.Before(at) && other.Took.After(from) {
			from = other.Took
		}
	}
	return such(w.Before) || slices.ContainsFunc(h.statesOf(w.Group), func(s state) bool {
		return s.until.After(from) && s.from.Before(at) && such(s.codes)
	})
}

// readFor is when the allocation was read for a write, at the earliest. The bot
// reads it by two calls right before. The journal does not tell the reader of a
// call, so a few more calls are allowed for.
func (h *History) readFor(w *Write) time.Time {
	const calls = 2 + 8
	earliest := w.Arrived.Add(-lookLimit)
	reads := h.Reads[w.Group]
	before, _ := slices.BinarySearchFunc(reads, w.Arrived, time.Time.Compare)
	if before < calls || reads[before-calls].Before(earliest) {
		return earliest
	}
	from := reads[before-calls]
	for _, late := range h.LateReads[w.Group] {
		shown := late.From.Add(-late.Lag)
		if late.From.Before(w.Arrived) && w.Arrived.Sub(late.From) < MaxLag && shown.Before(from) {
			from = shown // a late one may be the last one
		}
	}
	return from
}
