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

// A Case is one question to a policy and what is expected of the answer.
type Case struct {
	Name     string
	Line     int
	Petition approvals.PolicyInput
	want     []answer
}

// An answer is one thing that a policy says, in words.
type answer struct{ what, value string }

// A Mismatch is one thing that a policy says differently than a case expects.
type Mismatch struct{ What, Expected, Got string }

func (m Mismatch) String() string {
	return fmt.Sprintf("%s: expected %s, got %s", m.What, m.Expected, m.Got)
}

// What a policy answers: it asks people, grants by itself, or does neither.
const (
	verdictAsk  = "ask"
	verdictAuto = "auto"
	verdictDeny = "deny"
)

// Check asks the policy. It returns where the answer differs from what the
// case expects, and the rule that decided.
func (c Case) Check(p approvals.Policy) (mismatches []Mismatch, rule string) {
	got := answers(p.Decide(c.Petition))
	for _, want := range c.want {
		if value := got[want.what]; value != want.value {
			mismatches = append(mismatches, Mismatch{want.what, want.value, describeAnswer(got, want.what)})
		}
	}
	return mismatches, got["rule"]
}

// describeAnswer tells, of something that was not said, what was said instead.
func describeAnswer(got map[string]string, what string) string {
	switch value, said := got[what]; {
	case what == "verdict" && value == verdictDeny:
		return fmt.Sprintf("%s (%s)", value, got["refusal"])
	case said:
		return value
	case got["refusal"] != "":
		return fmt.Sprintf("none (%s)", got["refusal"])
	}
	return "none"
}

func answers(v approvals.Terms, o *approvals.Violation) map[string]string {
	if o != nil {
		got := map[string]string{"verdict": verdictDeny, "refusal": string(o.Kind)}
		if o.Rule != "" {
			got["rule"] = o.Rule
		}
		return got
	}
	got := map[string]string{"rule": v.Rule, "verdict": verdictAsk}
	if v.TTL > 0 {
		got["expires_after"] = short(v.TTL)
	}
	if v.AutoApprove {
		got["verdict"] = verdictAuto
		return got
	}
	quorum, approvers := 0, []string{}
	for _, stage := range v.Stages {
		quorum += stage.Quorum
		approvers = approvals.Union(approvers, stage.Approvers)
	}
	got["quorum"], got["approvers"] = strconv.Itoa(quorum), strings.Join(approvers, " ")
	got["stages"], got["self_approval"] = stagesInWords(v.Stages), strconv.FormatBool(v.SelfApproval)
	return got
}

func stagesInWords(stages []approvals.Stage) string {
	var words []string
	for i, s := range stages {
		name := s.Name
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		words = append(words, fmt.Sprintf("%s: %d of %s", name, s.Quorum, strings.Join(approvals.Union(s.Approvers, nil), " ")))
	}
	return strings.Join(words, ", ")
}

// LoadCases reads cases. file is its name in problems; the error is Problems.
func LoadCases(file string, content []byte) ([]Case, error) {
	r := reader{file: file}
	var cases []Case
	if root := r.tree(content); root != nil {
		if top, ok := r.mapping(root, 1, "the file of cases", caseFileKeys...); ok {
			r.version(top)
			for _, n := range r.sequence(top, "cases", maxCases, "list at least one case") {
				cases = append(cases, r.testCase(n))
			}
		}
	}
	if err := r.problems.err(); err != nil {
		return nil, err
	}
	return cases, nil
}

func (r *reader) testCase(n ast.Node) Case {
	m, ok := r.mapping(n, lineOf(n), "a case", caseKeys...)
	if !ok {
		return Case{}
	}
	r.need(m, "name", "say in a few words what the case is about")
	r.need(m, "requester", "say who asks, such as requester: U0123ABCD")
	r.need(m, "codes", "say which codes are asked for")
	if !m.has("group") && !m.has("group_id") {
		r.report(m.line, "the case has no group", "say which group is asked about: its name in group, its id in group_id, or both")
	}
	c := Case{Name: r.text(m, "name", maxMessage, "a developer asks"), Line: m.line, Petition: r.petition(m)}
	if f, ok := m.fields["expect"]; ok {
		c.want = r.expectations(f)
	} else {
		r.report(m.line, "the case expects nothing", "add expect, with a verdict under it")
	}
	return c
}

func (r *reader) need(m mapping, key, remedy string) {
	if !m.has(key) {
		r.report(m.line, "the case has no "+key, remedy)
	}
}

func (r *reader) petition(m mapping) approvals.PolicyInput {
	x := approvals.PolicyInput{
		Requester:   r.text(m, "requester", maxName, "U0123ABCD"),
		MemberOf:    r.people(m, "member_of", nil),
		Group:       groupname.Group(r.text(m, "group_id", maxPattern, "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f"), r.text(m, "group", maxPattern, "Finance Robots")),
		Codes:       r.codes(m),
		OnlyRemoves: r.flag(m, "removal"),
		Seats:       r.number(m, "seats", maxSeats),
		Duration:    r.duration(m, "duration", minWait, maxGrant),
		Reason:      r.text(m, "reason", maxMessage, "new project"),
	}
	x.Unlimited = !m.has("seats") && !x.OnlyRemoves
	if x.Requester != "" && !personID.MatchString(x.Requester) {
		r.report(m.lineOf("requester"), quote(x.Requester)+" is no user id", "use the id, such as U0123ABCD")
	}
	for _, code := range x.Codes {
		if strings.Contains(code, "*") {
			r.report(m.lineOf("codes"), "a case asks for codes, not for patterns such as "+code, "write one code that the pattern matches")
		}
	}
	return x
}

func (r *reader) expectations(f field) []answer {
	m, ok := r.mapping(f.value, f.line, "expect", answerKeys...)
	if !ok {
		return nil
	}
	var want []answer
	expect := func(key, value string) {
		if m.has(key) {
			want = append(want, answer{key, value})
		}
	}
	expect("verdict", r.oneOf(m, "verdict", verdictAsk, verdictAuto, verdictDeny))
	expect("refusal", r.oneOf(m, "refusal", refusals()...))
	expect("rule", r.text(m, "rule", maxName, "finance"))
	expect("approvers", strings.Join(approvals.Union(r.people(m, "approvers", nil), nil), " "))
	expect("quorum", strconv.Itoa(r.number(m, "quorum", maxQuorum*maxStages)))
	expect("stages", r.expectedStages(m))
	expect("self_approval", strconv.FormatBool(r.flag(m, "self_approval")))
	expect("expires_after", short(r.duration(m, "expires_after", minWait, maxWait)))
	if !slices.ContainsFunc(want, func(a answer) bool { return a.what == "verdict" || a.what == "refusal" }) {
		r.report(m.line, "the case expects neither a verdict nor a refusal", "add verdict: ask, auto or deny")
	}
	return want
}

func refusals() []string {
	var kinds []string
	for _, kind := range approvals.ViolationKinds() {
		kinds = append(kinds, string(kind))
	}
	return kinds
}

func (r *reader) oneOf(m mapping, key string, words ...string) string {
	s := r.text(m, key, maxName, words[0])
	if s != "" && !slices.Contains(words, s) {
		r.report(m.lineOf(key), fmt.Sprintf("%s cannot be %s", key, quote(s)), suggest(s, words))
	}
	return s
}

func (r *reader) expectedStages(m mapping) string {
	if !m.has("stages") {
		return ""
	}
	var stages []approvals.Stage
	for _, n := range r.sequence(m, "stages", maxStages, "name the approvers of each stage") {
		if s, ok := r.mapping(n, lineOf(n), "a stage", stageKeys...); ok {
			stages = append(stages, approvals.Stage{
				Name: r.text(s, "name", maxName, "business"), Approvers: r.people(s, "approvers", nil), Quorum: max(1, r.number(s, "quorum", maxQuorum)),
			})
		}
	}
	return stagesInWords(stages)
}
