package approvals

import (
	"slices"
	"time"
)

// A Policy is ordered rules. The first rule that matches a code of a request governs
// it. A code outside all rules is refused.
type Policy struct {
	Rules  []PolicyRule
	Packs  []Pack
	Watch  WatchPolicy
	SHA256 string // of its text; empty if it has none
}

// A Pack is a name for codes that people ask for together. A request holds the codes,
// so a later change of the pack changes no request.
type Pack struct {
	Name  string // lower case letters, digits and hyphens
	Codes []string
}

// A PolicyRule says on which conditions its requests are granted. It denies them, or
// grants them by itself, or asks the people of its stages.
type PolicyRule struct {
	Name  string // unique; the card shows it
	Line  int    // where it stands in its file; 0 if it is in none
	Match Match

	Deny    bool
	Message string // with Deny: why, for people

	AutoApprove  bool          // granted without an approver
	Stages       []Stage       // each is met by different people
	SelfApproval bool          // the requester may be one of the approvers
	Escalation   Escalation    // who may approve as well after a while
	VotersUntold bool          // people who vote are not told that it counts
	TTL          time.Duration // life of a pending request; zero: as configured

	Reason      ReasonRule
	MustEnd     bool          // no grant for good
	MaxDuration time.Duration // longest grant, with AutoApprove also in a row; implies MustEnd; zero: any
	MaxCodes    int           // most codes in one request; zero: any
	MaxSeats    int           // most seats in one request; zero: any

	RefuseWhenFull bool // nothing is granted that the organization has too few seats for
}

// A ReasonRule says what the reason of a request has to be.
type ReasonRule struct {
	Required bool
	Pattern  string // a regular expression for the whole reason; implies Required
	Hint     string // the pattern in words, for people
}

// A PolicyInput is what a policy is asked about.
type PolicyInput struct {
	Requester string
	MemberOf  []string // those of Policy.Requesters that mean the requester: user groups, other ids
	Group     Group
	Action    Action // empty: Add
	Change    Change
	Seats     int  // sum of the seat quotas asked for
	Unlimited bool // a code is asked for without a seat quota
	Duration  time.Duration
	Reason    string
	Shortages []SeatShortage
	Held      []GrantSpan // when the bot's timed grants gave the group codes, up to Now
	Now       time.Time
}

// onlyRemoves reports whether the request only takes codes out. Limits of time
// and seats do not apply then.
func (x PolicyInput) onlyRemoves() bool {
	return len(x.Change.GrantedCodes()) == 0 && len(x.Change.Quotas) == 0
}

// SimplePolicy is the policy of a configuration without a policy file: a person
// may ask for any code and any group except the protected ones, and one list of
// approvers decides.
func SimplePolicy(approvers []string, quorum int, ttl time.Duration) Policy {
	stage := Stage{Approvers: approvers, Quorum: quorum}
	return Policy{Rules: []PolicyRule{{Stages: []Stage{stage}, TTL: ttl}}}
}

// Decide returns the terms of a request, or the violation against it.
func (p Policy) Decide(x PolicyInput) (Terms, *Violation) {
	rule, violation := p.governingRule(x)
	if violation == nil {
		violation = rule.violation(x)
	}
	if violation != nil {
		return Terms{}, violation
	}
	return Terms{
		Rule: rule.Name, PolicySHA256: p.SHA256, Stages: rule.Stages, TTL: rule.TTL,
		SelfApproval: rule.SelfApproval, AutoApprove: rule.AutoApprove,
		Escalation: rule.Escalation, VotersUntold: rule.VotersUntold,
	}, nil
}

// A ruleShare is the parts of a request that one rule governs.
type ruleShare struct {
	rule  *PolicyRule
	parts []changePart
}

func (s ruleShare) codes() []string { return codesOfParts(s.parts) }

// governingRule finds the one rule that governs all parts. A denied code is
// reported before mixed rules, because asking for it alone would not help.
func (p Policy) governingRule(x PolicyInput) (*PolicyRule, *Violation) {
	shares, violation := p.splitByRule(x)
	if violation != nil {
		return nil, violation
	}
	for _, s := range shares {
		switch {
		case s.rule.Deny:
			return nil, &Violation{Kind: ViolationDenied, Rule: s.rule.Name, Message: s.rule.Message, Codes: s.codes()}
		case x.Group.isProtected() && !s.rule.Match.namesGroup(x.Group):
			return nil, &Violation{Kind: ViolationProtectedGroup, Rule: s.rule.Name, Codes: s.codes()}
		case s.rule.needsNameOf(x.Group) && !s.rule.Match.namesGroup(x.Group):
			return nil, &Violation{Kind: ViolationUnnamedGroup, Rule: s.rule.Name, Codes: s.codes()}
		}
	}
	if len(shares) > 1 {
		return nil, mixedRules(shares)
	}
	return shares[0].rule, nil
}

// splitByRule sorts the parts by the rules that govern them, in the rules' order.
func (p Policy) splitByRule(x PolicyInput) ([]ruleShare, *Violation) {
	byRule := make([][]changePart, len(p.Rules))
	var ungoverned []changePart
	parts := x.parts()
	for _, part := range parts {
		i, how := p.firstMatch(x, part)
		switch how {
		case matches:
			byRule[i] = append(byRule[i], part)
		case unknownMatch:
			return nil, &Violation{Kind: ViolationUnnamedGroup, Rule: p.Rules[i].Name, Codes: []string{part.code}}
		default:
			ungoverned = append(ungoverned, part)
		}
	}
	if len(ungoverned) > 0 || len(parts) == 0 {
		return nil, p.notAllowed(x, ungoverned)
	}
	var shares []ruleShare
	for i, governed := range byRule {
		if len(governed) > 0 {
			shares = append(shares, ruleShare{&p.Rules[i], governed})
		}
	}
	return shares, nil
}

// firstMatch finds the first rule that matches one part, or that may match it: a rule
// about names cannot be decided for a nameless group, and skipping it could skip a
// stricter rule.
func (p Policy) firstMatch(x PolicyInput, part changePart) (int, matchResult) {
	for i := range p.Rules {
		rule := &p.Rules[i]
		if rule.isPassedOver(x) {
			continue
		}
		if how := rule.Match.matchPart(x, part); how != noMatch {
			return i, how
		}
	}
	return 0, noMatch
}

// isPassedOver reports whether the rule grants by itself and the request is more than it
// grants by itself. The next rules decide then. No person looks at what such a rule
// grants, so it covers the whole request or is passed over.
func (r *PolicyRule) isPassedOver(x PolicyInput) bool {
	return r.AutoApprove && !r.Deny && (!r.listsAllParts(x) || r.isHeldTooLong(x))
}

// listsAllParts reports whether the rule's actions cover the whole request.
func (r *PolicyRule) listsAllParts(x PolicyInput) bool {
	match := Match{Actions: r.actions()}
	return !slices.ContainsFunc(x.parts(), func(part changePart) bool { return !match.coversAction(part) })
}

// actions are what the rule lists, or else what it stands for: only adding where
// it grants by itself, and everything where it does not.
func (r *PolicyRule) actions() []Action {
	if len(r.Match.Actions) == 0 && r.AutoApprove {
		return []Action{Add}
	}
	return r.Match.Actions
}

// isHeldTooLong reports whether the group would hold a code for longer in a row
// than the rule grants by itself. A single grant that is too long is a violation,
// because the requester can shorten it.
func (r *PolicyRule) isHeldTooLong(x PolicyInput) bool {
	if r.MaxDuration <= 0 || x.Duration <= 0 || x.Duration > r.MaxDuration {
		return false
	}
	return slices.ContainsFunc(x.Change.GrantedCodes(), func(code string) bool {
		return HeldInARow(x.Held, code, x.Now, r.MaxDuration)+x.Duration > r.MaxDuration
	})
}

// notAllowed means these parts are outside all rules. It names the rule that would
// have granted them by itself, if there is one.
func (p Policy) notAllowed(x PolicyInput, ungoverned []changePart) *Violation {
	codes := codesOfParts(ungoverned)
	for i := range p.Rules {
		rule := &p.Rules[i]
		match := rule.Match
		match.Actions = nil
		matchesPart := func(part changePart) bool { return match.matchPart(x, part) == matches }
		if !rule.isPassedOver(x) || !slices.ContainsFunc(ungoverned, matchesPart) {
			continue
		}
		v := &Violation{Kind: ViolationNeedsPeople, Rule: rule.Name, Codes: codes}
		if rule.listsAllParts(x) {
			v.MaxDuration = rule.MaxDuration
		} else {
			v.Actions = rule.actions()
		}
		return v
	}
	return &Violation{Kind: ViolationNotAllowed, Codes: codes}
}

func mixedRules(shares []ruleShare) *Violation {
	o := &Violation{Kind: ViolationMixedRules}
	for _, s := range shares {
		o.Codes = Union(o.Codes, s.codes())
		o.Parts = append(o.Parts, Part{Rule: s.rule.Name, Codes: s.codes(), OnlyQuotas: onlyQuotas(s.parts)})
	}
	return o
}

// Requesters lists the people and user groups that rules match requesters by.
func (p Policy) Requesters() []string {
	var ids []string
	for _, rule := range p.Rules {
		ids = Union(ids, rule.Match.Requesters)
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

// A WatchPolicy says which changes outside are told.
type WatchPolicy struct {
	Off    bool           // the bot does not look
	Except []GroupPattern // groups whose changes are recorded and not told
}

// IsSilent reports whether the policy wants no message about a group.
func (p WatchPolicy) IsSilent(g Group) bool {
	return len(p.Except) > 0 && (Match{Groups: p.Except}).matchGroup(g) == matches
}
