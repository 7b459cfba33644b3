package approvals

import (
	"slices"
	"time"
)

// A Policy is ordered rules. The first rule that matches a code of a request
// governs it. A code that no rule matches is not allowed.
type Policy struct{ Rules []PolicyRule }

// A PolicyRule says on which conditions the requests that it matches are granted.
// It denies them, or grants them by itself, or asks the people of its stages.
type PolicyRule struct {
	Name  string // unique; the card shows it
	Line  int    // where it stands in its file; 0 if it is in none
	Match Match

	Deny    bool
	Message string // with Deny: why, for people

	AutoApprove  bool          // granted without an approver
	Stages       []Stage       // each is met by different people
	SelfApproval bool          // the requester may be one of the approvers
	TTL          time.Duration // life of a pending request; zero: as configured

	Reason      ReasonRule
	MustEnd     bool          // no grant for good
	MaxDuration time.Duration // longest grant; implies MustEnd; zero: any
	MaxCodes    int           // most codes in one request; zero: any
	MaxSeats    int           // most seats in one request; zero: any
}

// A ReasonRule says what the reason of a request has to be.
type ReasonRule struct {
	Required bool
	Pattern  string // a regular expression for the whole reason; implies Required
	Hint     string // the pattern in words, for people
}

// A PolicyInput is what a policy is asked about.
type PolicyInput struct {
	Requester   string
	MemberOf    []string // the user groups the requester is in, of Policy.UserGroups
	Group       Group
	Codes       []string // added, removed and extended
	OnlyRemoves bool     // only takes codes out, so limits of time and seats do not apply
	Seats       int      // sum of the seat quotas asked for
	Unlimited   bool     // a code is asked for without a seat quota
	Duration    time.Duration
	Reason      string
}

// SimplePolicy is the policy of a configuration without a policy file: a person
// may ask for any code and any group except the protected ones, and one list of
// approvers decides.
func SimplePolicy(approvers []string, quorum int, ttl time.Duration) Policy {
	stage := Stage{Approvers: approvers, Quorum: quorum}
	return Policy{Rules: []PolicyRule{{Stages: []Stage{stage}, TTL: ttl}}}
}

// Decide returns the terms on which a request is granted, or the violation for
// which it cannot be granted at all.
func (p Policy) Decide(x PolicyInput) (Terms, *Violation) {
	rule, violation := p.governingRule(x)
	if violation == nil {
		violation = rule.violation(x)
	}
	if violation != nil {
		return Terms{}, violation
	}
	return Terms{
		Rule: rule.Name, Stages: rule.Stages, TTL: rule.TTL,
		SelfApproval: rule.SelfApproval, AutoApprove: rule.AutoApprove,
	}, nil
}

// A ruleShare is the codes of a request that one rule governs.
type ruleShare struct {
	rule  *PolicyRule
	codes []string
}

// governingRule finds the one rule that governs all codes. A denied code is
// reported before mixed rules, because asking for it alone would not help.
func (p Policy) governingRule(x PolicyInput) (*PolicyRule, *Violation) {
	shares, violation := p.splitByRule(x)
	if violation != nil {
		return nil, violation
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

// splitByRule sorts the codes by the rules that govern them, in the rules' order.
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

// firstMatch finds the first rule that matches one code, or that may match it: a
// rule about names cannot be decided for a nameless group, and skipping it could
// skip a stricter rule.
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

// UserGroups lists the user groups that rules match requesters by.
func (p Policy) UserGroups() []string {
	var ids []string
	for _, rule := range p.Rules {
		ids = Union(ids, slices.DeleteFunc(slices.Clone(rule.Match.Requesters), isUser))
	}
	return ids
}

// Approvers lists the users and user groups that any rule asks, each once.
func (p Policy) Approvers() []string {
	var ids []string
	for _, rule := range p.Rules {
		ids = append(ids, Without(Terms{Stages: rule.Stages}.Approvers(), ids)...)
	}
	return ids
}

func isUser(id string) bool { return !IsUserGroup(id) }
