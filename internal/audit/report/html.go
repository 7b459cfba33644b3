package report

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed report.html
var pageText string

// page has three parts, so that requests can be written one by one between them.
var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"time": func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2006-01-02 15:04:05")
	},
	"list": func(all []string) string { return strings.Join(all, ", ") },
}).Parse(pageText))

// An htmlWriter writes one page without any script.
type htmlWriter struct{ out io.Writer }

func (w *htmlWriter) begin(r Report) error {
	outside := make([]outsideLine, len(r.Outside))
	for i, c := range r.Outside {
		outside[i] = r.outsideLine(c)
	}
	return page.ExecuteTemplate(w.out, "begin", struct {
		Report
		Sentences []string
		Outside   []outsideLine
	}{r, r.Totals.sentences(), outside})
}

func (w *htmlWriter) request(l Line) error { return page.ExecuteTemplate(w.out, "request", l) }

func (w *htmlWriter) end(r Report) error { return page.ExecuteTemplate(w.out, "end", r) }

// By is for the page.
func (l outsideLine) By() string { return l.by() }
