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
	lists    peopleLists
	defaults mapping
	watch    approvals.WatchPolicy
	packs    []approvals.Pack
	rules    []placedRule

	meaningOf MeaningOf
}

// A MeaningOf says what people who ask for licenses mean by a word already, such as the
// code IDU. It is empty for a word without a meaning.
type MeaningOf func(word string) string

// A placedRule remembers where it was read from.
type placedRule struct {
	approvals.PolicyRule
	source     mapping
	stageLines []int
	isSound    bool // read without problems, so the checks can judge it
}

// Load reads a policy. Problems name the file as file; the error is [Problems]. A pack
// cannot have a name that has a meaning; with nil, no word has one.
func Load(file string, content []byte, meaningOf MeaningOf) (approvals.Policy, error) {
	l := loader{reader: reader{file: file}, meaningOf: meaningOf}
	if root := l.parseFile(content); root != nil {
		l.readPolicy(root)
	}
	if err := l.problems.asError(); err != nil {
		return approvals.Policy{}, err
	}
	policy := approvals.Policy{Watch: l.watch, Packs: l.packs}
	for _, rule := range l.rules {
		policy.Rules = append(policy.Rules, rule.PolicyRule)
	}
	return policy, nil
}

func (l *loader) readPolicy(root ast.Node) {
	top, ok := l.readMapping(root, 1, "the policy", topKeys...)
	if !ok {
		return
	}
	l.checkVersion(top)
	l.readPeople(top)
	l.readPacks(top)
	l.readDefaults(top)
	l.readWatch(top)
	const advice = "list at least one rule; what no rule matches is not allowed"
	for _, n := range l.readSequence(top, "rules", maxRules, advice) {
		l.readRule(n)
	}
	l.checkNames()
	l.checkReachable()
	for _, rule := range l.rules {
		l.checkDeadEnds(rule)
	}
}

func (r *reader) checkVersion(top mapping) {
	f, ok := top.fields["version"]
	switch {
	case !ok:
		r.report(1, "version is missing", "begin the file with version: 1")
	case f.value.GetToken().Value != "1" || describeNode(f.value) != "a number":
		r.report(f.line, "this version of licensebot reads version: 1 only", "write version: 1")
	}
}

// readWatch reads which changes of allocations outside of the bot are told.
func (l *loader) readWatch(top mapping) {
	if f, ok := top.fields["watch"]; ok {
		switch f.value.GetToken().Value {
		case "off":
			l.watch.Off = true
		case "on":
		default:
			l.reportType(f, "on or off", "off")
		}
	}
	l.watch.Except = l.readGroupList(top, "watch_except")
	if l.watch.Off && top.has("watch_except") {
		l.report(top.lineOf("watch_except"), "watch is off, so watch_except has no effect",
			"remove watch_except, or remove watch")
	}
}

// readSequence reads the nodes of a list that must be there.
func (r *reader) readSequence(m mapping, key string, most int, remedy string) []ast.Node {
	f, ok := m.fields[key]
	if !ok {
		r.report(m.line, key+" is missing", remedy)
		return nil
	}
	seq, ok := f.value.(*ast.SequenceNode)
	switch {
	case !ok:
		r.report(f.line,
			fmt.Sprintf("%s has to be a list and is %s", key, describeNode(f.value)),
			"begin each entry with a dash")
	case len(seq.Values) == 0:
		r.report(f.line, key+" is an empty list", remedy)
	case len(seq.Values) > most:
		r.report(f.line,
			fmt.Sprintf("%s has %d entries, more than %d", key, len(seq.Values), most),
			"merge those that say the same")
	default:
		return seq.Values
	}
	return nil
}

// readPeople reads the section people. Its lists cannot name each other.
func (l *loader) readPeople(top mapping) {
	f, ok := top.fields["people"]
	if !ok {
		return
	}
	section, _ := l.readMapping(f.value, f.line, "people")
	lists := peopleLists{}
	for _, list := range section.sortedFields() {
		if !listName.MatchString(list.key) {
			l.report(list.line,
				fmt.Sprintf("%s is not a name for a list of people", quoteShort(list.key)),
				"use lower case letters, digits and hyphens, such as finance-leads")
		}
		lists[list.key] = l.readPeopleIDs(section, list.key, nil)
	}
	l.lists = lists
}

// readDefaults reads the defaults to find their problems even if no rule uses them.
func (l *loader) readDefaults(top mapping) {
	f, ok := top.fields["defaults"]
	if !ok {
		return
	}
	m, ok := l.readMapping(f.value, f.line, "defaults", defaultKeys...)
	if !ok {
		return
	}
	l.defaults = m
	var rule placedRule
	l.readPeopleIDs(m, "approvers", l.lists)
	l.readNumber(m, "quorum", maxQuorum)
	l.readFlag(m, "self_approval")
	l.readFlag(m, "tell_voters")
	l.readEscalation(m)
	l.readLimits(&rule, mapping{}, m)
}

// checkNames reports names that two rules have.
func (l *loader) checkNames() {
	seen := make(map[string]int)
	for _, rule := range l.rules {
		key := strings.ToLower(rule.Name)
		if line, twice := seen[key]; twice && key != "" {
			l.report(rule.source.lineOf("name"),
				fmt.Sprintf("a rule is called %s already, in line %d", quoteShort(rule.Name), line),
				"give each rule a name of its own: the card shows it")
			continue
		}
		seen[key] = rule.source.lineOf("name")
	}
}
