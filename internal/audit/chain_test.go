package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A history is a journal with its seals.
type history struct {
	seals []SealedRow
	open  []Row
}

func drawHistory(t *rapid.T) history {
	var h history
	head := ""
	for i := range rapid.Int64Range(2, 12).Draw(t, "rows") {
		row := Row{
			ID: i + 1, RequestID: fmt.Sprint("R-", i%3), At: i, Kind: "voted", Before: "pending", After: "pending",
			RequestDigest: fmt.Sprint("digest ", i), Actor: FirstWord, Event: `{"why":{"word":2}}`,
		}
		if i < 3 { // the first row of its request
			row.Before = ""
		}
		words := []Word{NewPerson(fmt.Sprint("U-", i%2), fmt.Sprint("Name ", i)), NewText("a reason")}
		row.Words, _ = EncodeWords(words)
		row.Commitment, _, _ = row.Commit()
		head = row.Seal(i+1, head)
		h.seals = append(h.seals, SealedRow{Seq: i + 1, JournalID: row.ID, Hash: head, Row: &row})
	}
	return h
}

// editWord edits the last word of a row.
func (h *history) editWord(i int, edit func(*Word)) {
	row := h.seals[i].Row
	words, _ := DecodeWords(row.Words)
	edit(&words[len(words)-1])
	row.Words, _ = EncodeWords(words)
}

// findings verifies a history an hour after its last row.
func (h history) findings() (found []string) {
	c := Chain{Report: func(finding string) { found = append(found, finding) }}
	for _, s := range h.seals {
		c.Check(s)
	}
	for _, r := range h.open {
		c.CheckUnsealed(r, true, time.UnixMicro(0).Add(time.Hour))
	}
	return found
}

// edits change one thing about the row at i. Each is named by the row's id in a finding.
var edits = map[string]func(h *history, i int){
	"request":    func(h *history, i int) { h.seals[i].Row.RequestID += "x" },
	"time":       func(h *history, i int) { h.seals[i].Row.At++ },
	"kind":       func(h *history, i int) { h.seals[i].Row.Kind += "x" },
	"before":     func(h *history, i int) { h.seals[i].Row.Before = "approved" },
	"after":      func(h *history, i int) { h.seals[i].Row.After = "approved" },
	"digest":     func(h *history, i int) { h.seals[i].Row.RequestDigest += "x" },
	"commitment": func(h *history, i int) { h.seals[i].Row.Commitment += "x" },
	"salt":       func(h *history, i int) { h.editWord(i, func(w *Word) { w.Salt += "x" }) },
	"text":       func(h *history, i int) { h.editWord(i, func(w *Word) { w.Text += "x" }) },
	"name":       func(h *history, i int) { h.editWord(i, func(w *Word) { w.Name += "x" }) },
	"text made a person": func(h *history, i int) {
		h.editWord(i, func(w *Word) { w.Person, w.Text = w.Text, "" })
	},
	"hash of an erased word": func(h *history, i int) {
		h.editWord(i, func(w *Word) { *w = w.Erase(); w.Hash += "x" })
	},
	"words deleted": func(h *history, i int) { h.seals[i].Row.Words = "" },
	"words exchanged": func(h *history, i int) {
		other := (i + 1) % len(h.seals)
		h.seals[i].Row.Words, h.seals[other].Row.Words = h.seals[other].Row.Words, h.seals[i].Row.Words
	},
	"actor": func(h *history, i int) { h.seals[i].Row.Actor = "U-OTHER" },
	"event": func(h *history, i int) { h.seals[i].Row.Event = `{"by":"U-OTHER"}` },
	"event moved to the actor": func(h *history, i int) {
		h.seals[i].Row.Actor, h.seals[i].Row.Event = h.seals[i].Row.Actor+"{", "}"
	},
	"words with a new commitment": func(h *history, i int) {
		h.seals[i].Row.Actor = "U-OTHER"
		h.seals[i].Row.Commitment, _, _ = h.seals[i].Row.Commit()
	},
	"hash of the seal": func(h *history, i int) { h.seals[i].Hash += "x" },
	"row deleted":      func(h *history, i int) { h.seals[i].Row = nil },
	"seal deleted": func(h *history, i int) {
		h.open = append(h.open, *h.seals[i].Row)
		h.seals = slices.Delete(h.seals, i, i+1)
	},
	"row inserted and sealed": func(h *history, i int) {
		row := *h.seals[i].Row
		row.ID, row.Before = row.ID+100, "denied"
		last := h.seals[len(h.seals)-1]
		h.seals = append(h.seals, SealedRow{
			Seq: last.Seq + 1, JournalID: row.ID, Hash: row.Seal(last.Seq+1, last.Hash), Row: &row,
		})
	},
	"row inserted": func(h *history, i int) {
		row := *h.seals[i].Row
		row.ID += 100
		h.open = append(h.open, row)
	},
	"rows reordered": func(h *history, i int) {
		other := (i + 1) % len(h.seals)
		h.seals[i].Row, h.seals[other].Row = h.seals[other].Row, h.seals[i].Row
	},
}

// TestChainNamesEachEdit makes one edit in a random history.
func TestChainNamesEachEdit(t *testing.T) {
	t.Parallel()
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				h := drawHistory(t)
				if found := h.findings(); len(found) > 0 {
					t.Fatalf("an unchanged history has findings: %q", found)
				}
				i := rapid.IntRange(0, len(h.seals)-1).Draw(t, "edited")
				id := h.seals[i].Row.ID
				edit(&h, i)
				found := h.findings()
				if !slices.ContainsFunc(found, func(f string) bool {
					return strings.Contains(f, fmt.Sprintf("journal row %d ", id)) ||
						strings.Contains(f, fmt.Sprintf("journal row %d ", id+100))
				}) {
					t.Errorf("the edit of row %d is not named: %q", id, found)
				}
				if len(found) > 4 {
					t.Errorf("one edit has %d findings: %q", len(found), found)
				}
			})
		})
	}
}

// TestChainNamesADeletedPair deletes a row with its seal: the gap in the seals is named. The
// end of the chain has no gap, so requests and the channel have to show it.
func TestChainNamesADeletedPair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		i := rapid.IntRange(0, len(h.seals)-2).Draw(t, "deleted")
		seq := h.seals[i].Seq
		h.seals = slices.Delete(h.seals, i, i+1)
		want := fmt.Sprintf("seals %d to %d are missing: rows were deleted with their seals", seq, seq)
		if found := h.findings(); !slices.Equal(found, []string{want}) {
			t.Errorf("got %q, want %q", found, want)
		}
	})
}

// TestFreshRowsMayWaitForTheirSeal has rows of both sides of the bound.
func TestFreshRowsMayWaitForTheirSeal(t *testing.T) {
	t.Parallel()
	row := Row{ID: 7}
	row.Commitment, _, _ = row.Commit()
	for age, want := range map[time.Duration]int{0: 0, sealedWithin - 1: 0, sealedWithin: 1, time.Hour: 1} {
		found := 0
		c := Chain{Report: func(string) { found++ }}
		if c.CheckUnsealed(row, true, time.UnixMicro(0).Add(age)); found != want {
			t.Errorf("after %s: %d findings, want %d", age, found, want)
		}
		if c.CheckUnsealed(row, false, time.UnixMicro(0).Add(age)); found != want+1 {
			t.Errorf("after %s a row that nothing will seal is not found", age)
		}
	}
}
