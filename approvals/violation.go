package approvals

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// A Violation is why the policy forbids to put a request before approvers. It
// has what the words for people need; the words are in bot/message.
type Violation struct {
	Kind        ViolationKind
	Rule        string   // the rule's name; empty where no rule, or more than one, governs
	Message     string   // denied: the rule's own words
	Codes       []string // the codes it is about
	Parts       []Part   // mixed_rules: the codes by rule, in the rules' order
	Pattern     string   // reason_shape
	Hint        string   // reason_missing, reason_shape: what the reason has to be
	MaxDuration time.Duration
	MaxCodes    int
	MaxSeats    int
	Actions     []Action // needs_people: what the rule grants by itself, if the request does something else
	Shortages   []SeatShortage
}

// A Part is the codes of a request that one rule governs.
type Part struct {
	Rule       string
	Codes      []string
	OnlyQuotas bool // the rule governs only the seat limits of these codes
}

// A ViolationKind tells violations apart.
type ViolationKind string

// The kinds of violations, in the order in which they are looked for.
const (
	// a rule goes by the group's name, or grants by itself, and the name is not known
	ViolationUnnamedGroup ViolationKind = "unnamed_group"
	ViolationNotAllowed   ViolationKind = "not_allowed" // no rule matches Codes
	// no rule matches Codes but one that grants by itself, and this is more than it grants
	ViolationNeedsPeople ViolationKind = "needs_people"
	ViolationDenied      ViolationKind = "denied" // the rule denies
	// the group of all users or of the administrators, which the rule does not name
	ViolationProtectedGroup ViolationKind = "protected_group"
	ViolationMixedRules     ViolationKind = "mixed_rules" // several rules govern: ask separately
	ViolationReasonMissing  ViolationKind = "reason_missing"
	ViolationReasonShape    ViolationKind = "reason_shape"   // the reason is not what Hint says
	ViolationTooManyCodes   ViolationKind = "too_many_codes" // more than MaxCodes
	ViolationMustEnd        ViolationKind = "must_end"       // not for good; MaxDuration, if not zero, is the longest
	ViolationTooLong        ViolationKind = "too_long"       // longer than MaxDuration
	ViolationQuotaMissing   ViolationKind = "quota_missing"  // without a seat quota, where MaxSeats are the most
	ViolationTooManySeats   ViolationKind = "too_many_seats" // more than MaxSeats
	ViolationNoSeats        ViolationKind = "no_seats"       // Shortages, under a rule that refuses then
)

// ViolationKinds lists every kind.
func ViolationKinds() []ViolationKind {
	return []ViolationKind{
		ViolationUnnamedGroup, ViolationNotAllowed, ViolationNeedsPeople, ViolationDenied, ViolationProtectedGroup,
		ViolationMixedRules,
		ViolationReasonMissing, ViolationReasonShape, ViolationTooManyCodes,
		ViolationMustEnd, ViolationTooLong, ViolationQuotaMissing, ViolationTooManySeats, ViolationNoSeats,
	}
}

func (o *Violation) Error() string {
	if o.Rule == "" {
		return fmt.Sprintf("the policy objects: %s", o.Kind)
	}
	return fmt.Sprintf("the policy objects: %s (rule %q)", o.Kind, o.Rule)
}

// violation is what the rule that governs a request forbids about it.
func (r *PolicyRule) violation(x PolicyInput) *Violation {
	kind, found := r.reasonViolation(x)
	if !found {
		kind, found = r.limitViolation(x)
	}
	if !found {
		return nil
	}
	return &Violation{
		Kind: kind, Rule: r.Name, Codes: x.Change.AllCodes(), Pattern: r.Reason.Pattern, Hint: r.Reason.Hint,
		MaxDuration: r.MaxDuration, MaxCodes: r.MaxCodes, MaxSeats: r.MaxSeats,
		Shortages: x.Shortages,
	}
}

func (r *PolicyRule) reasonViolation(x PolicyInput) (ViolationKind, bool) {
	why := strings.TrimSpace(x.Reason)
	switch {
	case !HasVisibleText(why):
		return ViolationReasonMissing, r.Reason.Required || r.Reason.Pattern != ""
	case r.Reason.Pattern != "":
		return ViolationReasonShape, !r.Reason.isMetBy(why)
	}
	return "", false
}

// HasVisibleText reports whether people can read something: a letter or a digit.
// Marks, emoji and punctuation alone say nothing, and some letters are blank.
func HasVisibleText(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsNumber(r)) && !isBlankLetter(r)
	})
}

// isBlankLetter reports whether a letter is drawn as nothing: the fillers of
// Hangul, and the blanks of the Egyptian hieroglyphs.
func isBlankLetter(r rune) bool {
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || r == '\U00013441' || r == '\U00013442'
}

// isMetBy reports whether the pattern matches the whole reason. A broken pattern
// matches nothing.
func (r ReasonRule) isMetBy(why string) bool {
	whole, err := regexp.Compile(`^(?:` + r.Pattern + `)$`)
	return err == nil && whole.MatchString(why)
}

func (r *PolicyRule) limitViolation(x PolicyInput) (ViolationKind, bool) {
	switch {
	case r.MaxCodes > 0 && len(x.Change.AllCodes()) > r.MaxCodes:
		return ViolationTooManyCodes, true
	case x.onlyRemoves():
		return "", false
	case (r.MustEnd || r.MaxDuration > 0) && x.Duration <= 0:
		return ViolationMustEnd, true
	case r.MaxDuration > 0 && x.Duration > r.MaxDuration:
		return ViolationTooLong, true
	case r.MaxSeats > 0 && x.Unlimited:
		return ViolationQuotaMissing, true
	case r.MaxSeats > 0 && x.Seats > r.MaxSeats:
		return ViolationTooManySeats, true
	case r.RefuseWhenFull && len(x.Shortages) > 0:
		return ViolationNoSeats, true
	}
	return "", false
}
