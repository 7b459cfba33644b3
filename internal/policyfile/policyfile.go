// Package policyfile reads a policy, and the cases that test it, from YAML.
//
// It is strict, because what a policy silently ignores, or can never do, is
// found out when somebody waits for licences: unknown keys, rules that are
// never reached, contradictions and quorums that nobody can meet are problems.
// All problems of a file are reported at once, each with its line and with
// what to do about it.
//
// The decoder of the YAML library stops at the first problem, so the syntax
// tree is read here instead.
package policyfile

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"licensebot/approvals"
)

// Bounds of one file.
const (
	MaxSize    = 256 << 10 // bytes
	maxRules   = 500
	maxCases   = 2000
	maxEntries = 200 // of one list
)

// A Problem is one thing that is wrong in a file, and what to do about it.
type Problem struct {
	File   string
	Line   int
	Wrong  string
	Remedy string
}

func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d: %s; %s", p.File, p.Line, p.Wrong, p.Remedy)
}

// Problems are everything that is wrong in a file, by line.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// err returns the problems as an error, in order and each once: what stands
// wrong in the defaults is met again in each rule.
func (p Problems) err() error {
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

// LoadFile reads the policy in a file. Its error is Problems, unless the file
// cannot be read.
func LoadFile(name string) (approvals.Policy, error) {
	content, err := Read(name)
	if err != nil {
		return approvals.Policy{}, err
	}
	return Load(name, content)
}

// LoadCasesFile reads the cases in a file, as LoadFile does a policy.
func LoadCasesFile(name string) ([]Case, error) {
	content, err := Read(name)
	if err != nil {
		return nil, err
	}
	return LoadCases(name, content)
}

// Read reads a file, but no more of it than tells that it is too long.
func Read(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, MaxSize+1))
}
