package policyfile

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"licensebot/approvals"
)

// A loader reads a policy.
type loader struct {
	reader
	lists    directory
	defaults mapping
	rules    []placed
}

// A placed rule remembers where it was read from.
type placed struct {
	approvals.PolicyRule
	from       mapping
	stageLines []int
	sound      bool // read without problems, so that lint may judge it
}

// Load reads a policy. file is its name in problems; the error is Problems.
func Load(file string, content []byte) (approvals.Policy, error) {
	l := loader{reader: reader{file: file}}
	if root := l.tree(content); root != nil {
		l.policy(root)
	}
	if err := l.problems.err(); err != nil {
		return approvals.Policy{}, err
	}
	var policy approvals.Policy
	for _, rule := range l.rules {
		policy.Rules = append(policy.Rules, rule.PolicyRule)
	}
	return policy, nil
}

func (l *loader) policy(root ast.Node) {
	top, ok := l.mapping(root, 1, "the policy", topKeys...)
	if !ok {
		return
	}
	l.version(top)
	l.readLists(top)
	l.readDefaults(top)
	for _, n := range l.sequence(top, "rules", maxRules, "list at least one rule; what no rule matches is not allowed") {
		l.rule(n)
	}
	l.names()
	l.unreachable()
	for _, rule := range l.rules {
		l.deadEnds(rule)
	}
}

func (r *reader) version(top mapping) {
	f, ok := top.fields["version"]
	switch {
	case !ok:
		r.report(1, "version is missing", "begin the file with version: 1")
	case f.value.GetToken().Value != "1" || describe(f.value) != "a number":
		r.report(f.line, "this version of licensebot reads version: 1 only", "write version: 1")
	}
}

// sequence reads the nodes of a list that a file must have.
func (r *reader) sequence(m mapping, key string, most int, remedy string) []ast.Node {
	f, ok := m.fields[key]
	if !ok {
		r.report(m.line, key+" is missing", remedy)
		return nil
	}
	seq, ok := f.value.(*ast.SequenceNode)
	switch {
	case !ok:
		r.report(f.line, fmt.Sprintf("%s has to be a list and is %s", key, describe(f.value)), "begin each entry with a dash")
	case len(seq.Values) == 0:
		r.report(f.line, key+" is an empty list", remedy)
	case len(seq.Values) > most:
		r.report(f.line, fmt.Sprintf("%s has %d entries, more than %d", key, len(seq.Values), most), "merge those that say the same")
	default:
		return seq.Values
	}
	return nil
}

// readLists reads the section people, whose lists do not name each other.
func (l *loader) readLists(top mapping) {
	f, ok := top.fields["people"]
	if !ok {
		return
	}
	section, _ := l.mapping(f.value, f.line, "people")
	lists := directory{}
	for _, list := range section.inOrder() {
		if !listName.MatchString(list.key) {
			l.report(list.line, fmt.Sprintf("%s is no name for a list of people", quote(list.key)), "use lower case letters, digits and hyphens, such as finance-leads")
		}
		lists[list.key] = l.people(section, list.key, nil)
	}
	l.lists = lists
}

// readDefaults reads the defaults for their problems, as no rule may use them.
func (l *loader) readDefaults(top mapping) {
	f, ok := top.fields["defaults"]
	if !ok {
		return
	}
	m, ok := l.mapping(f.value, f.line, "defaults", defaultKeys...)
	if !ok {
		return
	}
	l.defaults = m
	var rule placed
	l.people(m, "approvers", l.lists)
	l.number(m, "quorum", maxQuorum)
	l.flag(m, "self_approval")
	l.limits(&rule, mapping{}, m)
}

// names reports names that two rules have.
func (l *loader) names() {
	seen := make(map[string]int)
	for _, rule := range l.rules {
		key := strings.ToLower(rule.Name)
		if line, twice := seen[key]; twice && key != "" {
			l.report(rule.from.lineOf("name"), fmt.Sprintf("a rule is called %s already, in line %d", quote(rule.Name), line), "give each rule a name of its own: the card shows it")
			continue
		}
		seen[key] = rule.from.lineOf("name")
	}
}
