package approvals

import (
	"slices"
	"time"
)

// A Policy is ordered rules. Each code of a petition is governed by the first
// rule that matches it; what no rule matches is not allowed.
type Policy struct{ Rules []PolicyRule }

// A PolicyRule says under which conditions what it matches is granted. It
// either denies, or grants by itself, or asks the people of its stages.
type PolicyRule struct {
	Name  string // unique; the card shows it
	Line  int    // where it stands in its file; 0 if it is in none
	Match Match

	Deny    bool
	Message string // with Deny: why, for people

	AutoApprove  bool          // granted without asking anybody
	Stages       []Stage       // each to be met by different people
	SelfApproval bool          // the requester may be one of the approvers
	TTL          time.Duration // life of a pending request; zero: as configured

	Reason      ReasonRule
	MustEnd     bool          // no grant for good
	MaxDuration time.Duration // longest grant; implies MustEnd; zero: any
	MaxCodes    int           // most codes in one petition; zero: any
	MaxSeats    int           // most seats in one petition; zero: any
}

// A ReasonRule says what a petition's reason has to be.
type ReasonRule struct {
	Required bool
	Pattern  string // a regular expression for the whole reason; implies Required
	Hint     string // the pattern in words, for people
}

// A Petition is what a policy is asked about.
type PolicyInput struct {
	Requester   string
	MemberOf    []string // the user groups the requester is in, of Policy.UserGroups
	Group       Group
	Codes       []string // added, removed and renewed
	OnlyRemoves bool     // only takes codes out: limits of time and seats say nothing about it
	Seats       int      // sum of the seat quotas asked for
	Unlimited   bool     // a code is asked for without a seat quota
	Duration    time.Duration
	Reason      string
}

// Simple is the policy of a configuration without a policy file: anybody may
// ask for any code for any group but the protected ones, which no rule names
// here, and one list of approvers decides.
func SimplePolicy(approvers []string, quorum int, ttl time.Duration) Policy {
	stage := Stage{Approvers: approvers, Quorum: quorum}
	return Policy{Rules: []PolicyRule{{Stages: []Stage{stage}, TTL: ttl}}}
}

// Decide returns what the policy asks for before the petition is granted, or
// why it cannot be granted at all.
func (p Policy) Decide(x PolicyInput) (Terms, *Violation) {
	rule, objection := p.governingRule(x)
	if objection == nil {
		objection = rule.violation(x)
	}
	if objection != nil {
		return Terms{}, objection
	}
	return Terms{Rule: rule.Name, Stages: rule.Stages, SelfApproval: rule.SelfApproval, AutoApprove: rule.AutoApprove, TTL: rule.TTL}, nil
}

// A share is those codes of a petition that one rule governs.
type ruleShare struct {
	rule  *PolicyRule
	codes []string
}

// govern finds the one rule that governs all codes. That one code is refused
// is said before that the codes are mixed: asking for it alone would not help.
// A group without a name might be a protected one, which approvers can find out
// and a rule that grants by itself cannot.
func (p Policy) governingRule(x PolicyInput) (*PolicyRule, *Violation) {
	shares, objection := p.splitByRule(x)
	if objection != nil {
		return nil, objection
	}
	for _, s := range shares {
		switch {
		case s.rule.Deny:
			return nil, &Violation{Kind: ViolationDenied, Rule: s.rule.Name, Message: s.rule.Message, Codes: s.codes}
		case x.Group.isProtected() && !s.rule.Match.namesGroup(x.Group):
			return nil, &Violation{Kind: ViolationProtectedGroup, Rule: s.rule.Name, Codes: s.codes}
		case s.rule.needsNameOf(x.Group) && !s.rule.Match.namesGroup(x.Group):
			return nil, &Violation{Kind: ViolationUnnamedGroup, Rule: s.rule.Name, Codes: s.codes}
		}
	}
	if len(shares) > 1 {
		return nil, mixedRules(shares)
	}
	return shares[0].rule, nil
}

// shares sorts the codes by the rules that govern them, in the rules' order.
func (p Policy) splitByRule(x PolicyInput) ([]ruleShare, *Violation) {
	byRule := make([][]string, len(p.Rules))
	var ungoverned []string
	for _, code := range Union(x.Codes, nil) {
		i, how := p.firstMatch(x, code)
		switch how {
		case matches:
			byRule[i] = append(byRule[i], code)
		case unknownMatch:
			return nil, &Violation{Kind: ViolationUnnamedGroup, Rule: p.Rules[i].Name, Codes: []string{code}}
		default:
			ungoverned = append(ungoverned, code)
		}
	}
	if len(ungoverned) > 0 || len(x.Codes) == 0 {
		return nil, &Violation{Kind: ViolationNotAllowed, Codes: ungoverned}
	}
	var shares []ruleShare
	for i, codes := range byRule {
		if len(codes) > 0 {
			shares = append(shares, ruleShare{&p.Rules[i], codes})
		}
	}
	return shares, nil
}

// first finds the first rule that matches one code of the petition, or that
// might: what a rule about names makes of a nameless group cannot be told, and
// to pass over it could pass over a stricter rule.
func (p Policy) firstMatch(x PolicyInput, code string) (int, matchResult) {
	for i, rule := range p.Rules {
		if how := rule.Match.matchCode(x, code); how != noMatch {
			return i, how
		}
	}
	return 0, noMatch
}

func mixedRules(shares []ruleShare) *Violation {
	o := &Violation{Kind: ViolationMixedRules}
	for _, s := range shares {
		o.Codes = append(o.Codes, s.codes...)
		o.Parts = append(o.Parts, Part{Rule: s.rule.Name, Codes: s.codes})
	}
	slices.Sort(o.Codes)
	return o
}

// UserGroups lists the user groups whose members the policy has to know to
// tell who may ask what.
func (p Policy) UserGroups() []string {
	var ids []string
	for _, rule := range p.Rules {
		ids = Union(ids, slices.DeleteFunc(slices.Clone(rule.Match.Requesters), isUser))
	}
	return ids
}

// Approvers lists the users and user groups whom any rule asks, each once.
func (p Policy) Approvers() []string {
	var ids []string
	for _, rule := range p.Rules {
		ids = append(ids, Without(Terms{Stages: rule.Stages}.Approvers(), ids)...)
	}
	return ids
}

func isUser(id string) bool { return !IsUserGroup(id) }
