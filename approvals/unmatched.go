package approvals

import (
	"slices"
	"strings"
)

// An Unmatched is what a rule says about groups or codes while nothing is so called.
// A typo in a strict rule leaves its group to a milder one.
type Unmatched struct {
	Rule PolicyRule
	Text string // as the rule compares it
	IsID bool   // it has the shape of a group's id
	Star bool   // it is a pattern
}

// UnmatchedGroups lists what the rules say about groups that none of these groups is.
func (p Policy) UnmatchedGroups(groups []Group) []Unmatched {
	var all []Unmatched
	for _, rule := range p.Rules {
		for _, pattern := range rule.Match.Groups {
			isMeant := func(g Group) bool { return pattern.namesGroup(g) || pattern.matchesName(g) }
			if pattern.text != "*" && !slices.ContainsFunc(groups, isMeant) {
				all = append(all, Unmatched{Rule: rule, Text: pattern.text, IsID: pattern.onlyID, Star: pattern.hasStar()})
			}
		}
	}
	return all
}

// An UnmatchedPackCode is a code of a pack that is none of the codes there are.
type UnmatchedPackCode struct {
	Pack Pack
	Code string
}

// UnmatchedPackCodes lists the codes of the packs that none of these codes is.
func (p Policy) UnmatchedPackCodes(codes []string) []UnmatchedPackCode {
	var all []UnmatchedPackCode
	for _, pack := range p.Packs {
		for _, code := range Without(pack.Codes, codes) {
			all = append(all, UnmatchedPackCode{Pack: pack, Code: code})
		}
	}
	return all
}

// UnmatchedCodes lists what the rules say about codes that none of these codes is.
func (p Policy) UnmatchedCodes(codes []string) []Unmatched {
	var all []Unmatched
	for _, rule := range p.Rules {
		for _, pattern := range rule.Match.Codes {
			isMeant := func(code string) bool { return coversCode(pattern, code) }
			if pattern != "*" && !slices.ContainsFunc(codes, isMeant) {
				all = append(all, Unmatched{Rule: rule, Text: pattern, Star: strings.Contains(pattern, "*")})
			}
		}
	}
	return all
}
