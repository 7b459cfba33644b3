package policyfile

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"golang.org/x/text/unicode/norm"

	"licensebot/approvals"
)

// An entry is one text of a list.
type entry struct {
	text string
	line int
}

// reportType reports a value of the wrong type.
func (r *reader) reportType(f field, what, example string) {
	r.report(f.line,
		fmt.Sprintf("%s has to be %s and is %s", f.key, what, describeNode(f.value)),
		"write for example "+f.key+": "+example)
}

// readText reads a line of text. It is empty if the key is missing or wrong.
func (r *reader) readText(m mapping, key string, most int, example string) string {
	f, ok := m.fields[key]
	if !ok {
		return ""
	}
	s, ok := scalarText(f.value)
	s = strings.TrimSpace(norm.NFC.String(s))
	switch {
	case !ok:
		r.reportType(f, "text", example)
	case s == "":
		r.report(f.line, key+" is empty", "write for example "+key+": "+example)
	case utf8.RuneCountInString(s) > most:
		r.report(f.line, fmt.Sprintf("%s is longer than %d characters", key, most), "shorten it")
	case strings.ContainsFunc(s, unicode.IsControl):
		r.report(f.line, key+" has a line break or a control character in it", "write it in one line")
	default:
		return s
	}
	return ""
}

func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

var digits = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)

// readNumber reads a number from 1 on. It is zero if the key is missing or wrong.
func (r *reader) readNumber(m mapping, key string, most int) int {
	f, ok := m.fields[key]
	if !ok {
		return 0
	}
	if _, ok := f.value.(*ast.IntegerNode); !ok {
		r.reportType(f, fmt.Sprintf("a number from 1 to %d", most), "2")
		return 0
	}
	text := f.value.GetToken().Value
	n, err := strconv.Atoi(text)
	if !digits.MatchString(text) || err != nil || n > most {
		r.report(f.line,
			fmt.Sprintf("%s is %s, which is not a number from 1 to %d", key, quoteShort(text), most),
			"write for example "+key+": 2")
		return 0
	}
	return n
}

func (r *reader) readFlag(m mapping, key string) bool {
	f, ok := m.fields[key]
	if !ok {
		return false
	}
	b, ok := f.value.(*ast.BoolNode)
	if !ok {
		r.reportType(f, "true or false", "true")
		return false
	}
	return b.Value
}

// readDuration reads a duration within bounds. It is zero if the key is missing or
// wrong.
func (r *reader) readDuration(m mapping, key string, least, most time.Duration) time.Duration {
	f, ok := m.fields[key]
	if !ok {
		return 0
	}
	s, ok := scalarText(f.value)
	if !ok {
		r.reportType(f, "a duration", "30d")
		return 0
	}
	d, err := approvals.ParseDuration(strings.TrimSpace(s))
	switch {
	case err != nil:
		r.report(f.line,
			fmt.Sprintf("%s is %s, which is not a duration", key, quoteShort(s)),
			"write for example 90m, 24h, 30d or 2w")
		return 0
	case d < least || d > most:
		r.report(f.line,
			fmt.Sprintf("%s is %s, which is not between %s and %s",
				key, quoteShort(s), shortDuration(least), shortDuration(most)),
			"choose one in between")
		return 0
	}
	return d
}

// shortDuration writes a duration as people do.
func shortDuration(d time.Duration) string {
	if d > 0 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// readList reads one text or a list of them. It is empty if the key is missing. An
// empty list is a problem, because it could mean no people as well as all.
func (r *reader) readList(m mapping, key, example string) []entry {
	f, ok := m.fields[key]
	if !ok {
		return nil
	}
	nodes := []ast.Node{f.value}
	if seq, ok := f.value.(*ast.SequenceNode); ok {
		nodes = seq.Values
	}
	if len(nodes) == 0 || len(nodes) > maxEntries {
		r.report(f.line,
			fmt.Sprintf("%s lists %d entries, which is not 1 to %d", key, len(nodes), maxEntries),
			"leave it out if it should not matter")
		return nil
	}
	var entries []entry
	for _, n := range nodes {
		s, ok := scalarText(n)
		if s = strings.TrimSpace(norm.NFC.String(s)); !ok || s == "" {
			at := field{key: key, line: max(f.line, lineOf(n)), value: n}
			r.reportType(at, "a text or a list of texts", example)
			continue
		}
		entries = append(entries, entry{s, max(f.line, lineOf(n))})
	}
	return r.dropRepeated(key, entries)
}

// dropRepeated reports what a list says twice. Upper and lower case are the same
// wherever lists are matched.
func (r *reader) dropRepeated(key string, entries []entry) []entry {
	var once []entry
	for _, e := range entries {
		if slices.ContainsFunc(once, func(o entry) bool { return strings.EqualFold(o.text, e.text) }) {
			r.report(e.line, fmt.Sprintf("%s lists %s twice", key, quoteShort(e.text)), "remove one of them")
			continue
		}
		once = append(once, e)
	}
	return once
}
