package policyfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// A Case is one question to a policy, with the answer that is expected.
type Case struct {
	Name  string
	Line  int
	Input approvals.PolicyInput
	want  []answer
}

// What a policy answers: it asks people, approves by itself, or refuses.
const (
	verdictAsk  = "ask"
	verdictAuto = "auto"
	verdictDeny = "deny"
)

// LoadCases reads cases. Problems name the file as file; the error is [Problems].
func LoadCases(file string, content []byte) ([]Case, error) {
	r := reader{file: file}
	var cases []Case
	if root := r.parseFile(content); root != nil {
		if top, ok := r.readMapping(root, 1, "the file of cases", caseFileKeys...); ok {
			r.checkVersion(top)
			for _, n := range r.readSequence(top, "cases", maxCases, "list at least one case") {
				cases = append(cases, r.readCase(n))
			}
		}
	}
	if err := r.problems.asError(); err != nil {
		return nil, err
	}
	return cases, nil
}

func (r *reader) readCase(n ast.Node) Case {
	m, ok := r.readMapping(n, lineOf(n), "a case", caseKeys...)
	if !ok {
		return Case{}
	}
	r.requireKey(m, "name", "say in a few words what the case is about")
	r.requireKey(m, "requester", "say who asks, such as requester: U0123ABCD")
	if !m.has("removed") {
		r.requireKey(m, "codes", "say which codes are asked for")
	}
	if !m.has("group") && !m.has("group_id") {
		r.report(m.line,
			"the case has no group",
			"say which group is asked about: its name in group, its id in group_id, or both")
	}
	c := Case{Name: r.readText(m, "name", maxMessageLength, "a developer asks"), Line: m.line, Input: r.readInput(m)}
	if f, ok := m.fields["expect"]; ok {
		c.want = r.readExpectations(f)
	} else {
		r.report(m.line, "the case expects nothing", "add expect, with a verdict under it")
	}
	return c
}

func (r *reader) requireKey(m mapping, key, remedy string) {
	if !m.has(key) {
		r.report(m.line, "the case has no "+key, remedy)
	}
}

func (r *reader) readInput(m mapping) approvals.PolicyInput {
	id := r.readText(m, "group_id", maxPatternLength, "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f")
	name := r.readText(m, "group", maxPatternLength, "Finance Robots")
	x := approvals.PolicyInput{
		Requester: r.readText(m, "requester", maxNameLength, "U0123ABCD"),
		MemberOf:  r.readPeopleIDs(m, "member_of", nil),
		Group:     groupname.Group(id, name),
		Seats:     r.readNumber(m, "seats", maxSeats),
		Duration:  r.readDuration(m, "duration", minWait, maxGrant),
		Reason:    r.readText(m, "reason", maxMessageLength, "new project"),
	}
	if m.has("action") {
		x.Action = approvals.Action(r.readWord(m, "action", ruleActions...))
	}
	x.Change = r.readChange(m, x.Action, x.Seats)
	x.Unlimited = x.Seats == 0 && len(x.Change.GrantedCodes()) > 0
	for _, code := range r.readCaseCodes(m, "full") {
		x.Shortages = append(x.Shortages, approvals.SeatShortage{
			Kind: approvals.NoSeatFree, Seats: approvals.Seats{Code: code, Allocated: 1, Total: 1},
		})
	}
	if held := r.readDuration(m, "held", minWait, maxGrant); held > 0 {
		for _, code := range x.Change.GrantedCodes() {
			x.Held = append(x.Held, approvals.GrantSpan{Code: code, From: x.Now.Add(-held), To: x.Now})
		}
	}
	if x.Requester != "" && !personID.MatchString(x.Requester) {
		r.report(m.lineOf("requester"),
			quoteShort(x.Requester)+" is not a user id",
			"use the id, such as U0123ABCD")
	}
	return x
}

// readChange reads what a case does to the group's codes.
func (r *reader) readChange(m mapping, action approvals.Action, seats int) approvals.Change {
	codes, removed := r.readCaseCodes(m, "codes"), r.readCaseCodes(m, "removed")
	if action != approvals.Set && m.has("removed") {
		r.report(m.lineOf("removed"), "removed goes with action: set only", "write action: remove, with the codes in codes")
	}
	change := approvals.Change{Remove: removed}
	switch action {
	case approvals.Remove:
		change.Remove = codes
	case approvals.ActionQuota:
	default:
		change.Add = codes
	}
	if action == approvals.ActionQuota && seats == 0 {
		r.report(m.line, "a case with action: quota changes a seat limit and has none", "add seats")
	}
	if seats > 0 && action != approvals.Remove {
		for _, code := range codes {
			change.Quotas = append(change.Quotas, approvals.QuotaChange{Code: code, To: seats})
		}
	}
	return change
}

// readCaseCodes reads codes, and no patterns.
func (r *reader) readCaseCodes(m mapping, key string) []string {
	codes := r.readCodes(m, key)
	for _, code := range codes {
		if strings.Contains(code, "*") {
			r.report(m.lineOf(key),
				"a case asks for codes, not for patterns such as "+code,
				"write one code that the pattern matches")
		}
	}
	return codes
}

func (r *reader) readExpectations(f field) []answer {
	m, ok := r.readMapping(f.value, f.line, "expect", answerKeys...)
	if !ok {
		return nil
	}
	var want []answer
	expect := func(key, value string) {
		if m.has(key) {
			want = append(want, answer{key, value})
		}
	}
	expect("verdict", r.readWord(m, "verdict", verdictAsk, verdictAuto, verdictDeny))
	expect("refusal", r.readWord(m, "refusal", violationKinds()...))
	expect("rule", r.readText(m, "rule", maxNameLength, "finance"))
	expect("approvers", strings.Join(approvals.Union(r.readPeopleIDs(m, "approvers", nil), nil), " "))
	expect("quorum", strconv.Itoa(r.readNumber(m, "quorum", maxQuorum*maxStages)))
	expect("stages", r.readExpectedStages(m))
	expect("self_approval", strconv.FormatBool(r.readFlag(m, "self_approval")))
	expect("expires_after", shortDuration(r.readDuration(m, "expires_after", minWait, maxWait)))
	if !slices.ContainsFunc(want, func(a answer) bool { return a.what == "verdict" || a.what == "refusal" }) {
		r.report(m.line, "the case expects neither a verdict nor a refusal", "add verdict: ask, auto or deny")
	}
	return want
}

func violationKinds() []string {
	var kinds []string
	for _, kind := range approvals.ViolationKinds() {
		kinds = append(kinds, string(kind))
	}
	return kinds
}

func (r *reader) readWord(m mapping, key string, words ...string) string {
	s := r.readText(m, key, maxNameLength, words[0])
	if s != "" && !slices.Contains(words, s) {
		r.report(m.lineOf(key), fmt.Sprintf("%s cannot be %s", key, quoteShort(s)), suggestWord(s, words))
	}
	return s
}

func (r *reader) readExpectedStages(m mapping) string {
	if !m.has("stages") {
		return ""
	}
	var stages []approvals.Stage
	for _, n := range r.readSequence(m, "stages", maxStages, "name the approvers of each stage") {
		if s, ok := r.readMapping(n, lineOf(n), "a stage", stageKeys...); ok {
			stages = append(stages, approvals.Stage{
				Name:      r.readText(s, "name", maxNameLength, "business"),
				Approvers: r.readPeopleIDs(s, "approvers", nil),
				Quorum:    max(1, r.readNumber(s, "quorum", maxQuorum)),
			})
		}
	}
	return stagesInWords(stages)
}
