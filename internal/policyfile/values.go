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

// expected reports a value of the wrong type.
func (r *reader) expected(f field, what, example string) {
	r.report(f.line, fmt.Sprintf("%s has to be %s and is %s", f.key, what, describe(f.value)), "write for example "+f.key+": "+example)
}

// text reads a line of text. It is empty if the key is not there or is wrong.
func (r *reader) text(m mapping, key string, most int, example string) string {
	f, ok := m.fields[key]
	if !ok {
		return ""
	}
	s, ok := scalar(f.value)
	s = strings.TrimSpace(norm.NFC.String(s))
	switch {
	case !ok:
		r.expected(f, "text", example)
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

func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

var digits = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)

// number reads a number from 1 on. It is zero if the key is not there or is wrong.
func (r *reader) number(m mapping, key string, most int) int {
	f, ok := m.fields[key]
	if !ok {
		return 0
	}
	if _, ok := f.value.(*ast.IntegerNode); !ok {
		r.expected(f, fmt.Sprintf("a number from 1 to %d", most), "2")
		return 0
	}
	text := f.value.GetToken().Value
	n, err := strconv.Atoi(text)
	if !digits.MatchString(text) || err != nil || n > most {
		r.report(f.line, fmt.Sprintf("%s is %s, which is no number from 1 to %d", key, quote(text), most), "write for example "+key+": 2")
		return 0
	}
	return n
}

func (r *reader) flag(m mapping, key string) bool {
	f, ok := m.fields[key]
	if !ok {
		return false
	}
	b, ok := f.value.(*ast.BoolNode)
	if !ok {
		r.expected(f, "true or false", "true")
		return false
	}
	return b.Value
}

// duration reads a duration within bounds; it is zero if the key is not there
// or is wrong.
func (r *reader) duration(m mapping, key string, least, most time.Duration) time.Duration {
	f, ok := m.fields[key]
	if !ok {
		return 0
	}
	s, ok := scalar(f.value)
	if !ok {
		r.expected(f, "a duration", "30d")
		return 0
	}
	d, err := approvals.ParseDuration(strings.TrimSpace(s))
	switch {
	case err != nil:
		r.report(f.line, fmt.Sprintf("%s is %s, which is no duration", key, quote(s)), "write for example 90m, 24h, 30d or 2w")
		return 0
	case d < least || d > most:
		r.report(f.line, fmt.Sprintf("%s is %s, which is not between %s and %s", key, quote(s), short(least), short(most)), "choose one in between")
		return 0
	}
	return d
}

// short writes a duration as people do.
func short(d time.Duration) string {
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

// list reads one text or a list of them. It is empty if the key is not there;
// an empty list is a problem, because it could mean nobody as well as anybody.
func (r *reader) list(m mapping, key, example string) []entry {
	f, ok := m.fields[key]
	if !ok {
		return nil
	}
	nodes := []ast.Node{f.value}
	if seq, ok := f.value.(*ast.SequenceNode); ok {
		nodes = seq.Values
	}
	if len(nodes) == 0 || len(nodes) > maxEntries {
		r.report(f.line, fmt.Sprintf("%s lists %d entries, which is not 1 to %d", key, len(nodes), maxEntries), "leave it out if it should not matter")
		return nil
	}
	var entries []entry
	for _, n := range nodes {
		s, ok := scalar(n)
		if s = strings.TrimSpace(norm.NFC.String(s)); !ok || s == "" {
			at := field{key: key, line: max(f.line, lineOf(n)), value: n}
			r.expected(at, "a text or a list of texts", example)
			continue
		}
		entries = append(entries, entry{s, max(f.line, lineOf(n))})
	}
	return r.distinct(key, entries)
}

// distinct reports what a list says twice. Upper and lower case are the same
// wherever lists are matched.
func (r *reader) distinct(key string, entries []entry) []entry {
	var once []entry
	for _, e := range entries {
		if slices.ContainsFunc(once, func(o entry) bool { return strings.EqualFold(o.text, e.text) }) {
			r.report(e.line, fmt.Sprintf("%s lists %s twice", key, quote(e.text)), "remove one of them")
			continue
		}
		once = append(once, e)
	}
	return once
}
