package policyfile

import (
	"fmt"
	"regexp"
	"time"

	"github.com/goccy/go-yaml/ast"

	"licensebot/approvals"
)

// Bounds of what a rule may say.
const (
	maxName    = 60 // characters
	maxMessage = 300
	maxHint    = 150
	maxQuorum  = 20
	maxStages  = 10
	maxCodes   = 1000
	maxSeats   = 1_000_000

	minWait, maxWait   = time.Minute, 90 * 24 * time.Hour // of a pending request, as without a policy file
	minGrant, maxGrant = time.Hour, 3650 * 24 * time.Hour
)

func (l *loader) rule(n ast.Node) {
	before := len(l.problems)
	m, ok := l.mapping(n, lineOf(n), "a rule", ruleKeys...)
	if !ok {
		return
	}
	rule := placed{from: m}
	rule.Line = m.line
	rule.Name = l.text(m, "name", maxName, "finance")
	if !m.has("name") {
		l.report(m.line, "the rule has no name", "give it one, such as name: finance: the card shows it")
	}
	rule.Match = approvals.Match{Groups: l.groups(m), Codes: l.codes(m), Requesters: l.people(m, "requesters", l.lists)}
	if m.has("deny") {
		l.deny(&rule, m)
	} else {
		l.grant(&rule, m)
	}
	rule.sound = len(l.problems) == before
	l.rules = append(l.rules, rule)
}

func (l *loader) deny(rule *placed, m mapping) {
	rule.Deny = true
	rule.Message = l.text(m, "deny", maxMessage, "Ask for your own team's group instead.")
	l.useless(m, "deny refuses every request", "deny", aboutAsking...)
	l.useless(m, "deny refuses every request", "deny", aboutGranting...)
}

// useless reports keys that can mean nothing beside another.
func (l *loader) useless(m mapping, because, other string, keys ...string) {
	for _, key := range keys {
		if m.has(key) {
			l.report(m.lineOf(key), fmt.Sprintf("%s, so %s says nothing", because, key), fmt.Sprintf("remove %s, or remove %s", key, other))
		}
	}
}

func (l *loader) grant(rule *placed, m mapping) {
	all := m.over(l.defaults, defaultKeys...)
	if rule.AutoApprove = l.flag(m, "auto_approve"); rule.AutoApprove {
		l.useless(m, "auto_approve asks nobody", "auto_approve", aboutAsking...)
	} else {
		l.stages(rule, m, all)
		rule.SelfApproval = l.flag(all, "self_approval")
	}
	l.limits(rule, m, all)
}

// stages reads who has to agree: one list of approvers, or several stages.
func (l *loader) stages(rule *placed, m, all mapping) {
	switch {
	case m.has("stages"):
		l.useless(m, "stages name their approvers themselves", "stages", "approvers", "quorum")
		for i, n := range l.sequence(m, "stages", maxStages, "name the approvers of each stage") {
			l.stage(rule, i, n)
		}
	case all.has("approvers"):
		l.addStage(rule, all, "")
	default:
		l.report(m.lineOf("quorum"), "the rule does not say who approves", "add approvers or stages, or auto_approve: true, or deny with a reason")
	}
}

func (l *loader) stage(rule *placed, i int, n ast.Node) {
	m, ok := l.mapping(n, lineOf(n), "a stage", stageKeys...)
	if !ok {
		return
	}
	name := l.text(m, "name", maxName, "business")
	for _, earlier := range rule.Stages {
		if name != "" && earlier.Name == name {
			l.report(m.lineOf("name"), fmt.Sprintf("a stage is called %s already", quote(name)), "give each stage a name of its own")
		}
	}
	if !m.has("approvers") {
		l.report(m.lineOf("quorum"), fmt.Sprintf("stage %d does not say who approves", i+1), "add approvers")
		return
	}
	l.addStage(rule, m.over(l.defaults, "quorum"), name)
}

func (l *loader) addStage(rule *placed, m mapping, name string) {
	stage := approvals.Stage{Name: name, Approvers: l.people(m, "approvers", l.lists), Quorum: max(1, l.number(m, "quorum", maxQuorum))}
	rule.Stages = append(rule.Stages, stage)
	rule.stageLines = append(rule.stageLines, max(m.line, m.lineOf("approvers")))
}

// limits reads what a request has to be like. own is what the rule says
// itself, all is that with the defaults.
func (l *loader) limits(rule *placed, own, all mapping) {
	rule.TTL = l.duration(all, "expires_after", minWait, maxWait)
	rule.Reason = l.reason(all)
	rule.MaxCodes = l.number(all, "most_codes", maxCodes)
	rule.MaxSeats = l.number(all, "most_seats", maxSeats)
	rule.MustEnd = l.flag(all, "must_end")
	if f, ok := all.fields["longest_grant"]; ok {
		if s, _ := scalar(f.value); s != "unlimited" {
			rule.MaxDuration = l.duration(all, "longest_grant", minGrant, maxGrant)
		}
	}
	if rule.MaxDuration == 0 {
		return
	}
	if own.has("must_end") && !rule.MustEnd {
		l.report(own.lineOf("must_end"), "a longest_grant means that every grant ends", "remove must_end: false, or say longest_grant: unlimited")
	}
	rule.MustEnd = true
}

func (l *loader) reason(m mapping) approvals.ReasonRule {
	f, ok := m.fields["reason"]
	if !ok {
		return approvals.ReasonRule{}
	}
	switch s, _ := scalar(f.value); s {
	case "required":
		return approvals.ReasonRule{Required: true}
	case "optional":
		return approvals.ReasonRule{}
	}
	if _, ok := f.value.(ast.MapNode); !ok {
		l.report(f.line, "reason is neither required nor optional nor a pattern with a hint", "write reason: required, or pattern and hint indented under it")
		return approvals.ReasonRule{}
	}
	shape, _ := l.mapping(f.value, f.line, "reason", reasonKeys...)
	return l.reasonPattern(shape)
}

func (l *loader) reasonPattern(m mapping) approvals.ReasonRule {
	rule := approvals.ReasonRule{
		Required: true,
		Pattern:  l.text(m, "pattern", maxPattern, `'INC\d{7}.*'`),
		Hint:     l.text(m, "hint", maxHint, "begin with an incident, such as INC0012345"),
	}
	if _, err := regexp.Compile(rule.Pattern); err != nil {
		l.report(m.lineOf("pattern"), "pattern is no regular expression: "+err.Error(), `write for example 'INC\d{7}.*', in single quotes`)
	}
	for _, key := range reasonKeys {
		if !m.has(key) {
			l.report(m.line, "reason has no "+key, "say both: the pattern is checked, the hint tells people what to write")
		}
	}
	return rule
}
