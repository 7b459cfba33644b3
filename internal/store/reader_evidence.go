package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// Evidence is what the journal has about a request beside its row.
type Evidence struct {
	Written    *approvals.WriteEntry // the last body that was about to be written for the change; nil: none was
	EndWritten *approvals.WriteEntry // the same, for the end of its grant
	Names      map[string]string     // of people by id, as they were; those that the bot knew then
}

// A Proven is a request with its evidence.
type Proven struct {
	approvals.Request
	Evidence
}

// evidenceAtOnce is how many requests share one look into the journal.
const evidenceAtOnce = 200

// ProvenUntil reads the requests filed before a time, in the order of their filing, each with
// its evidence. It leaves out those that are not wanted. It holds the ids of all, and few requests.
func (r *Reader) ProvenUntil(
	ctx context.Context, until time.Time, wanted func(approvals.Request) bool,
) iter.Seq2[Proven, error] {
	return func(yield func(Proven, error) bool) {
		ids, err := collect(readRows(ctx, r.tx, scanValue[string],
			`SELECT id FROM requests WHERE filed_at < $1 ORDER BY filed_at, id`, toMicros(until)))
		for batch := range slices.Chunk(ids, evidenceAtOnce) {
			var proven []Proven
			if err == nil {
				proven, err = r.prove(ctx, batch, wanted)
			}
			for _, p := range proven {
				if !yield(p, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(Proven{}, err)
		}
	}
}

// prove reads the wanted ones among some requests, in the order of their filing.
func (r *Reader) prove(
	ctx context.Context, ids []string, wanted func(approvals.Request) bool,
) ([]Proven, error) {
	proven := make([]Proven, 0, len(ids))
	places := make(map[string]*Proven, len(ids))
	listed, args := listText(ids)
	requests := readRows(ctx, r.tx, scanRequests,
		`SELECT `+requestColumns+` FROM requests WHERE id IN (`+listed+`) ORDER BY filed_at, id`, args...)
	for request, err := range requests {
		if err != nil {
			return nil, err
		}
		if wanted(request) {
			proven = append(proven, Proven{Request: request, Evidence: Evidence{Names: make(map[string]string)}})
			places[request.ID] = &proven[len(proven)-1]
		}
	}
	rows := readRows(ctx, r.tx, scanWordedRow, `SELECT `+journalColumns+`, coalesce(w.words, '')
		FROM journal j LEFT JOIN journal_words w ON w.journal_id = j.id
		WHERE j.request_id IN (`+listed+`) ORDER BY j.id`, args...)
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		if place := places[row.RequestID]; place != nil {
			if err := place.take(row); err != nil {
				return nil, err
			}
		}
	}
	return proven, nil
}

// listText returns the marks of texts in a statement, and the texts as its arguments.
func listText(texts []string) (marks string, args []any) {
	numbered := make([]string, len(texts))
	args = make([]any, len(texts))
	for i, text := range texts {
		numbered[i], args[i] = fmt.Sprintf("$%d", i+1), text
	}
	return strings.Join(numbered, ", "), args
}

// Prove reads one request with its evidence. ErrNotFound if it is missing.
func (r *Reader) Prove(ctx context.Context, id string) (Proven, error) {
	proven, err := r.prove(ctx, []string{id}, func(approvals.Request) bool { return true })
	if err != nil {
		return Proven{}, err
	}
	if len(proven) == 0 {
		return Proven{}, approvals.ErrNotFound
	}
	return proven[0], nil
}

// take reads one row about the request. The first name of a person counts.
func (e *Evidence) take(row audit.Row) error {
	words, err := audit.DecodeWords(row.Words)
	if err != nil {
		return fmt.Errorf("the words of journal row %d: %w", row.ID, err)
	}
	for _, word := range words {
		if word.Name != "" && e.Names[word.Person] == "" {
			e.Names[word.Person] = word.Name
		}
	}
	if row.Kind != approvals.KindWriteTried {
		return nil
	}
	var body approvals.WriteEntry
	if err := json.Unmarshal([]byte(row.Event), &body); err != nil {
		return fmt.Errorf("journal row %d: %w", row.ID, err)
	}
	if approvals.State(row.Before).Open() {
		e.Written = &body
	} else {
		e.EndWritten = &body
	}
	return nil
}
