package policyfile

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"licensebot/approvals"
)

// Bounds of what a rule may say.
const (
	maxNameLength    = 60 // characters
	maxMessageLength = 300
	maxHintLength    = 150
	maxQuorum        = 20
	maxStages        = 10
	maxCodes         = 1000
	maxSeats         = 1_000_000

	minWait, maxWait   = time.Minute, 90 * 24 * time.Hour // of a pending request, as without a policy file
	minGrant, maxGrant = time.Hour, 3650 * 24 * time.Hour
)

// What a rule does while the organization has too few seats.
const whenFullRefuse = "refuse"

var whenFull = []string{"warn", whenFullRefuse}

func (l *loader) readRule(n ast.Node) {
	before := len(l.problems)
	m, ok := l.readMapping(n, lineOf(n), "a rule", ruleKeys...)
	if !ok {
		return
	}
	rule := placedRule{source: m}
	rule.Line = m.line
	rule.Name = l.readText(m, "name", maxNameLength, "finance")
	if !m.has("name") {
		l.report(m.line, "the rule has no name", "give it one, such as name: finance: the card shows it")
	}
	rule.Match = approvals.Match{
		Groups: l.readGroups(m), Codes: l.readCodes(m, "codes"), Requesters: l.readPeopleIDs(m, "requesters", l.lists),
		Actions: l.readActions(m),
	}
	if m.has("deny") {
		l.readDeny(&rule, m)
	} else {
		l.readGrant(&rule, m)
	}
	rule.isSound = len(l.problems) == before
	l.rules = append(l.rules, rule)
}

func (l *loader) readDeny(rule *placedRule, m mapping) {
	rule.Deny = true
	rule.Message = l.readText(m, "deny", maxMessageLength, "Ask for your own team's group instead.")
	l.reportUseless(m, "deny refuses every request", "deny", keysForAsking...)
	l.reportUseless(m, "deny refuses every request", "deny", keysForGranting...)
}

// reportUseless reports keys that have no effect beside another.
func (l *loader) reportUseless(m mapping, because, other string, keys ...string) {
	for _, key := range keys {
		if m.has(key) {
			l.report(m.lineOf(key),
				fmt.Sprintf("%s, so %s has no effect", because, key),
				fmt.Sprintf("remove %s, or remove %s", key, other))
		}
	}
}

func (l *loader) readGrant(rule *placedRule, m mapping) {
	all := m.withDefaults(l.defaults, defaultKeys...)
	if rule.AutoApprove = l.readFlag(m, "auto_approve"); rule.AutoApprove {
		l.reportUseless(m, "auto_approve asks no approvers", "auto_approve", keysForAsking...)
		if len(rule.Match.Actions) == 0 && !m.has("actions") {
			rule.Match.Actions = []approvals.Action{approvals.Add} // so that it covers no rule about the others
		}
	} else {
		l.readStages(rule, m, all)
		rule.SelfApproval = l.readFlag(all, "self_approval")
		rule.VotersUntold = all.has("tell_voters") && !l.readFlag(all, "tell_voters")
		rule.Escalation = l.readEscalation(all)
	}
	l.readLimits(rule, m, all)
	if rule.TTL > 0 && rule.Escalation.After >= rule.TTL {
		l.report(max(m.line, all.lineOf("escalate_after")),
			"a request of this rule expires before more people are asked",
			"make escalate_after shorter than expires_after")
	}
	if rule.AutoApprove && rule.MaxSeats > 0 && !slices.Contains(rule.Match.Actions, approvals.ActionQuota) {
		l.report(max(m.line, all.lineOf("most_seats")),
			"most_seats asks for a seat limit, and auto_approve grants none without quota among its actions",
			"write actions: [add, quota], or remove most_seats")
	}
}

// readEscalation reads who may approve as well, and after what time. One without the
// other has no effect.
func (l *loader) readEscalation(m mapping) approvals.Escalation {
	e := approvals.Escalation{
		After: l.readDuration(m, "escalate_after", minWait, maxWait), Approvers: l.readPeopleIDs(m, "escalate_to", l.lists),
	}
	if m.has("escalate_after") != m.has("escalate_to") {
		l.report(max(m.lineOf("escalate_after"), m.lineOf("escalate_to")),
			"escalate_after and escalate_to need each other",
			"say after what time which people may approve as well")
	}
	return e
}

// readStages reads who must agree: one list of approvers, or several stages.
func (l *loader) readStages(rule *placedRule, m, all mapping) {
	switch {
	case m.has("stages"):
		l.reportUseless(m, "stages name their approvers themselves", "stages", "approvers", "quorum")
		for i, n := range l.readSequence(m, "stages", maxStages, "name the approvers of each stage") {
			l.readStage(rule, i, n)
		}
	case all.has("approvers"):
		l.addStage(rule, all, "")
	default:
		l.report(m.lineOf("quorum"),
			"the rule does not say who approves",
			"add approvers or stages, or auto_approve: true, or deny with a reason")
	}
}

func (l *loader) readStage(rule *placedRule, i int, n ast.Node) {
	m, ok := l.readMapping(n, lineOf(n), "a stage", stageKeys...)
	if !ok {
		return
	}
	name := l.readText(m, "name", maxNameLength, "business")
	for _, earlier := range rule.Stages {
		if name != "" && earlier.Name == name {
			l.report(m.lineOf("name"),
				fmt.Sprintf("a stage is called %s already", quoteShort(name)),
				"give each stage a name of its own")
		}
	}
	if !m.has("approvers") {
		l.report(m.lineOf("quorum"), fmt.Sprintf("stage %d does not say who approves", i+1), "add approvers")
		return
	}
	l.addStage(rule, m.withDefaults(l.defaults, "quorum"), name)
}

func (l *loader) addStage(rule *placedRule, m mapping, name string) {
	stage := approvals.Stage{
		Name: name, Approvers: l.readPeopleIDs(m, "approvers", l.lists), Quorum: max(1, l.readNumber(m, "quorum", maxQuorum)),
	}
	rule.Stages = append(rule.Stages, stage)
	rule.stageLines = append(rule.stageLines, max(m.line, m.lineOf("approvers")))
}

// readLimits reads what a request must be like. own is what the rule itself says,
// all is that with the defaults.
func (l *loader) readLimits(rule *placedRule, own, all mapping) {
	rule.TTL = l.readDuration(all, "expires_after", minWait, maxWait)
	rule.Reason = l.readReason(all)
	rule.MaxCodes = l.readNumber(all, "most_codes", maxCodes)
	rule.MaxSeats = l.readNumber(all, "most_seats", maxSeats)
	rule.RefuseWhenFull = all.has("when_full") && l.readWord(all, "when_full", whenFull...) == whenFullRefuse
	rule.MustEnd = l.readFlag(all, "must_end")
	if f, ok := all.fields["longest_grant"]; ok {
		if s, _ := scalarText(f.value); s != "unlimited" {
			rule.MaxDuration = l.readDuration(all, "longest_grant", minGrant, maxGrant)
		}
	}
	if rule.MaxDuration == 0 {
		return
	}
	if own.has("must_end") && !rule.MustEnd {
		l.report(own.lineOf("must_end"),
			"a longest_grant means that every grant ends",
			"remove must_end: false, or write longest_grant: unlimited")
	}
	rule.MustEnd = true
}

func (l *loader) readReason(m mapping) approvals.ReasonRule {
	f, ok := m.fields["reason"]
	if !ok {
		return approvals.ReasonRule{}
	}
	switch s, _ := scalarText(f.value); s {
	case "required":
		return approvals.ReasonRule{Required: true}
	case "optional":
		return approvals.ReasonRule{}
	}
	if _, ok := f.value.(ast.MapNode); !ok {
		l.report(f.line,
			"reason is neither required nor optional nor a pattern with a hint",
			"write reason: required, or pattern and hint indented under it")
		return approvals.ReasonRule{}
	}
	shape, _ := l.readMapping(f.value, f.line, "reason", reasonKeys...)
	return l.readReasonPattern(shape)
}

func (l *loader) readReasonPattern(m mapping) approvals.ReasonRule {
	rule := approvals.ReasonRule{
		Required: true,
		Pattern:  l.readText(m, "pattern", maxPatternLength, `'INC\d{7}.*'`),
		Hint:     l.readText(m, "hint", maxHintLength, "begin with an incident, such as INC0012345"),
	}
	if _, err := regexp.Compile(rule.Pattern); err != nil {
		l.report(m.lineOf("pattern"),
			"pattern is not a regular expression: "+err.Error(),
			`write for example 'INC\d{7}.*', in single quotes`)
	}
	for _, key := range reasonKeys {
		if !m.has(key) {
			l.report(m.line,
				"reason has no "+key,
				"give both: the pattern is checked, the hint tells people what to write")
		}
	}
	return rule
}
