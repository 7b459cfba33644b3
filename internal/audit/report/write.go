package report

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/internal/store"
)

// A Report is what stands first in a report of a period.
type Report struct {
	Period  Period
	MadeAt  time.Time
	Totals  Totals
	Groups  []GroupLine
	Outside []approvals.UntoldChange

	// FindName tells what a person is called today, where the journal does not know what the
	// person was called. Nil: no name is found.
	FindName func(id string) string
	// Link is the address of a message; nil: one that opens it in any workspace.
	Link func(channel, ts string) string
}

// Formats are those that Write knows.
func Formats() []string { return []string{"csv", "jsonl", "html"} }

// Build reads all that is needed before the first line is written.
func Build(ctx context.Context, from *store.Reader, p Period, now time.Time) (Report, error) {
	report := Report{Period: p, MadeAt: now, Totals: newTotals()}
	groups := make(ledger)
	for r, err := range from.RequestsUntil(ctx, p.Until) {
		if err != nil {
			return Report{}, err
		}
		groups.addRequest(r)
		if p.concerns(r) {
			report.Totals.add(r)
		}
	}
	for c, err := range from.OutsideChangesUntil(ctx, p.Until) {
		if err != nil {
			return Report{}, err
		}
		groups.addOutside(c.OutsideChange)
		if p.has(c.SeenAt) {
			report.Outside = append(report.Outside, c)
		}
	}
	var err error
	if report.Totals.RefusedDays, err = from.CountRefusals(ctx, p.Since, p.Until); err != nil {
		return Report{}, err
	}
	watched, err := from.WatchedGroups(ctx)
	if err != nil {
		return Report{}, err
	}
	for _, w := range watched {
		groups.of(w.Group).see(w.At, codesOf(w.Items))
	}
	report.Groups = groups.lines(p)
	report.Totals.Outside = len(report.Outside)
	for _, g := range report.Groups {
		if g.IsUnexplained() {
			report.Totals.Unexplained++
		}
	}
	return report, nil
}

// today follows a name that a person has on the day of the report.
const today = " (today)"

// line is the line of a request, with the names of people and the address of its card.
func (r Report) line(request store.Proven) Line {
	l := newLine(request.Request)
	l.Written, l.EndWrote = body(request.Written), body(request.EndWritten)
	l.AskedBy, l.Closer = r.name(request, l.Requester), r.name(request, l.ClosedBy)
	for i, a := range l.Approvals {
		l.Approvals[i].Name = r.name(request, a.By)
	}
	if request.CardTS != "" {
		l.Permalink = r.link(request.Channel, request.CardTS)
	}
	return l
}

// name is what a person was called, or else is called today.
func (r Report) name(request store.Proven, id string) string {
	known := request.Names[id]
	if known != "" || r.FindName == nil || id == "" || id == approvals.Bot || id == approvals.Erased {
		return known
	}
	if found := r.FindName(id); found != "" {
		return found + today
	}
	return ""
}

func (r Report) link(channel, ts string) string {
	if r.Link == nil {
		return permalink(channel, ts)
	}
	return r.Link(channel, ts)
}

// Write writes a report in a format. It reads the requests again, one by one.
func Write(ctx context.Context, out io.Writer, format string, report Report, from *store.Reader) error {
	var w lineWriter
	switch format {
	case "csv":
		w = &csvWriter{out: csv.NewWriter(out)}
	case "jsonl":
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		w = &jsonWriter{out: lines}
	default:
		w = &htmlWriter{out: out}
	}
	if err := w.begin(report); err != nil {
		return err
	}
	for r, err := range from.ProvenUntil(ctx, report.Period.Until, report.Period.concerns) {
		if err != nil {
			return err
		}
		if err := w.request(report.line(r)); err != nil {
			return err
		}
	}
	return w.end(report)
}

// A lineWriter writes one format.
type lineWriter interface {
	begin(r Report) error
	request(l Line) error
	end(r Report) error
}

// outsideLine is a change outside as JSON Lines have it.
type outsideLine struct {
	Record    string                 `json:"record"`
	ID        string                 `json:"change_id"`
	GroupID   string                 `json:"group_id"`
	GroupName string                 `json:"group_name"`
	Since     time.Time              `json:"since"`
	SeenAt    time.Time              `json:"seen_at"`
	Added     []string               `json:"added"`
	Removed   []string               `json:"removed"`
	Edits     []approvals.PortalEdit `json:"audit_log"`
	Unread    bool                   `json:"unread"` // a lost request may explain it
	Permalink string                 `json:"permalink"`
}

func (r Report) outsideLine(c approvals.UntoldChange) outsideLine {
	l := outsideLine{
		Record: "outside", ID: c.ID, GroupID: c.Group.ID, GroupName: c.Group.Name, Since: c.Since, SeenAt: c.SeenAt,
		Added: c.Gained, Removed: c.Lost, Edits: c.Edits, Unread: c.Unread,
	}
	if c.TS != "" {
		l.Permalink = r.link(c.Channel, c.TS)
	}
	return l
}

// by lists the people in the audit log's entries.
func (l outsideLine) by() string {
	var people []string
	for _, e := range l.Edits {
		if !slices.Contains(people, e.By) {
			people = append(people, e.By)
		}
	}
	return strings.Join(people, ", ")
}

type jsonWriter struct{ out *json.Encoder }

func (w *jsonWriter) begin(r Report) error {
	return w.out.Encode(struct {
		Record string    `json:"record"`
		Since  time.Time `json:"since"`
		Until  time.Time `json:"until"`
		MadeAt time.Time `json:"made_at"`
		Totals Totals    `json:"totals"`
	}{"report", r.Period.Since, r.Period.Until, r.MadeAt, r.Totals})
}

func (w *jsonWriter) request(l Line) error { return w.out.Encode(l) }

func (w *jsonWriter) end(r Report) error {
	for _, c := range r.Outside {
		if err := w.out.Encode(r.outsideLine(c)); err != nil {
			return err
		}
	}
	for _, g := range r.Groups {
		if err := w.out.Encode(g); err != nil {
			return err
		}
	}
	return nil
}

// csvWriter writes one table. Its first column says what a row is about.
type csvWriter struct{ out *csv.Writer }

var csvColumns = []string{
	"record", "id", "filed_at", "requester", "requester_name", "group_id", "group_name", "action", "added", "removed",
	"extended", "limits", "until", "reason", "rule", "policy_sha256", "terms_sha256", "approvals", "decided_at", "state",
	"result",
	"closed_by", "closed_by_name", "closed_at",
	"in_effect", "written", "confirmed", "ended_at", "end_removed", "end_written", "permalink",
	"since", "seen_at", "by", "start", "end", "unexplained_added", "unexplained_removed",
	"unread",
}

func (w *csvWriter) begin(Report) error { return w.out.Write(csvColumns) }

func (w *csvWriter) row(cells map[string]string) error {
	row := make([]string, len(csvColumns))
	for i, column := range csvColumns {
		row[i] = guardCell(cells[column])
	}
	return w.out.Write(row)
}

// guardCell keeps a spreadsheet from taking a text for a formula.
func guardCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(text[0])) {
		return "'" + text
	}
	return text
}

func (w *csvWriter) request(l Line) error {
	var approvers []string
	for _, a := range l.Approvals {
		approvers = append(approvers, a.person()+" at "+a.At.UTC().Format(time.RFC3339))
	}
	return w.row(map[string]string{
		"record": l.Record, "id": l.ID, "filed_at": formatTime(l.FiledAt), "requester": l.Requester,
		"requester_name": l.AskedBy, "closed_by_name": l.Closer,
		"group_id": l.GroupID, "group_name": l.GroupName, "action": l.Action,
		"added": join(l.Added), "removed": join(l.Removed), "extended": join(l.Extended), "limits": join(l.Limits),
		"until": l.Until, "reason": l.Reason, "rule": l.Rule, "policy_sha256": l.Policy, "terms_sha256": l.Terms,
		"approvals": strings.Join(approvers, "; "), "decided_at": formatTime(l.DecidedAt),
		"state": l.State, "result": l.Result, "closed_by": l.ClosedBy, "closed_at": formatTime(l.ClosedAt),
		"in_effect": fmt.Sprint(l.InEffect), "written": join(l.Written), "confirmed": join(l.Confirmed),
		"ended_at": formatTime(l.EndedAt), "end_removed": join(l.EndTook), "end_written": join(l.EndWrote),
		"permalink": l.Permalink,
	})
}

func (w *csvWriter) end(r Report) error {
	for _, c := range r.Outside {
		l := r.outsideLine(c)
		err := w.row(map[string]string{
			"record": l.Record, "id": l.ID, "group_id": l.GroupID, "group_name": l.GroupName,
			"since": formatTime(l.Since), "seen_at": formatTime(l.SeenAt), "by": l.by(), "unread": fmt.Sprint(l.Unread),
			"added": join(l.Added), "removed": join(l.Removed), "permalink": l.Permalink,
		})
		if err != nil {
			return err
		}
	}
	for _, g := range r.Groups {
		err := w.row(map[string]string{
			"record": g.Record, "group_id": g.GroupID, "group_name": g.Name,
			"start": join(g.Start.Codes), "end": join(g.End.Codes), "seen_at": formatTime(g.End.SeenAt),
			"since": formatTime(g.Start.SeenAt), "unexplained_added": join(g.UnexplainedGained),
			"unexplained_removed": join(g.UnexplainedLost),
		})
		if err != nil {
			return err
		}
	}
	w.out.Flush()
	return w.out.Error()
}

func join(all []string) string { return strings.Join(all, " ") }

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
