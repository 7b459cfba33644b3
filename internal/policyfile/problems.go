package policyfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one thing that is wrong in a file, and what to do about it.
type Problem struct {
	File   string
	Line   int
	Wrong  string
	Remedy string
}

// Error gives the file and the line first, as compilers do.
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d: %s; %s", p.File, p.Line, p.Wrong, p.Remedy)
}

// Problems are all that is wrong in a file, by line.
type Problems []Problem

// Error has one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// asError returns the problems as an error, by line and each once: a mistake in
// the defaults is found again in each rule.
func (p Problems) asError() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	var once Problems
	for _, problem := range p {
		if !slices.Contains(once, problem) {
			once = append(once, problem)
		}
	}
	return once
}

// A reader reads one file and collects its problems.
type reader struct {
	file     string
	problems Problems
}

func (r *reader) report(line int, wrong, remedy string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: max(1, line), Wrong: wrong, Remedy: remedy})
}

// quoteShort quotes what the file says, up to 60 characters.
func quoteShort(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		s = string(runes[:60]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
