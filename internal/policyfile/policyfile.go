// Package policyfile reads a policy, and the cases that test it, from YAML.
//
// [LoadFile] reads a policy; [approvals.Policy.Decide] then says which rule governs
// a request and who must agree. [LoadCasesFile] reads questions with their expected
// answers, and [Case.Check] puts one to a policy. docs/policy.md explains every key.
//
// Reading is strict. If a policy silently ignored a key, people would find out while
// they wait for licenses. So these are problems too: unknown keys, rules that are
// never reached, contradictions, and quorums that cannot be met. A file's problems
// are reported all at once, each with its line and a remedy.
//
// How it works, from the bottom up: yaml.go parses a file into a syntax tree, because
// the YAML library's decoder stops at the first problem. mapping.go and values.go read
// the tree's parts, patterns.go what rules match, packs.go the packs. load.go and rule.go make the policy,
// and checks.go looks for rules that can never decide or never be met. cases.go and
// answers.go do the cases.
package policyfile

import (
	"io"
	"os"

	"licensebot/approvals"
)

// Bounds of one file.
const (
	MaxSize    = 256 << 10 // bytes
	maxRules   = 500
	maxCases   = 2000
	maxEntries = 200 // of one list
)

// LoadFile reads the policy in a file. Its error is [Problems], unless the file
// cannot be read.
func LoadFile(name string, meaningOf MeaningOf) (approvals.Policy, error) {
	content, err := ReadFile(name)
	if err != nil {
		return approvals.Policy{}, err
	}
	return Load(name, content, meaningOf)
}

// LoadCasesFile reads the cases in a file, as LoadFile does a policy.
func LoadCasesFile(name string) ([]Case, error) {
	content, err := ReadFile(name)
	if err != nil {
		return nil, err
	}
	return LoadCases(name, content)
}

// ReadFile reads a file, up to one byte more than [MaxSize]: enough to see that it
// is too long.
func ReadFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, MaxSize+1))
}
