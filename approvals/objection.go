package approvals

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// An Objection is why a policy does not let a petition be put before anyone.
// It carries what the words for people need; the words are the bot's.
type Objection struct {
	Kind        ObjectionKind
	Rule        string   // the rule's name; empty where no rule, or more than one, governs
	Message     string   // denied: the rule's own words
	Codes       []string // the codes it is about
	Parts       []Part   // mixed_rules: the codes by rule, in the rules' order
	Pattern     string   // reason_shape
	Hint        string   // reason_missing, reason_shape: what the reason has to be
	MaxDuration time.Duration
	MaxCodes    int
	MaxSeats    int
}

// A Part is those codes of a petition that one rule governs.
type Part struct {
	Rule  string
	Codes []string
}

// An ObjectionKind tells objections apart.
type ObjectionKind string

// The kinds of objections, in the order in which they are looked for.
const (
	ObjectionUnnamedGroup   ObjectionKind = "unnamed_group"   // a rule goes by the group's name, or grants by itself, and the name is not known
	ObjectionNotAllowed     ObjectionKind = "not_allowed"     // no rule matches Codes
	ObjectionDenied         ObjectionKind = "denied"          // the rule denies
	ObjectionProtectedGroup ObjectionKind = "protected_group" // everybody's or the administrators' group, which the rule does not name
	ObjectionMixedRules     ObjectionKind = "mixed_rules"     // several rules govern: ask separately
	ObjectionReasonMissing  ObjectionKind = "reason_missing"
	ObjectionReasonShape    ObjectionKind = "reason_shape"   // the reason is not what Hint says
	ObjectionTooManyCodes   ObjectionKind = "too_many_codes" // more than MaxCodes
	ObjectionMustEnd        ObjectionKind = "must_end"       // not for good; MaxDuration, if not zero, is the longest
	ObjectionTooLong        ObjectionKind = "too_long"       // longer than MaxDuration
	ObjectionQuotaMissing   ObjectionKind = "quota_missing"  // without a seat quota, where MaxSeats are the most
	ObjectionTooManySeats   ObjectionKind = "too_many_seats" // more than MaxSeats
)

// ObjectionKinds lists every kind.
func ObjectionKinds() []ObjectionKind {
	return []ObjectionKind{
		ObjectionUnnamedGroup, ObjectionNotAllowed, ObjectionDenied, ObjectionProtectedGroup, ObjectionMixedRules,
		ObjectionReasonMissing, ObjectionReasonShape, ObjectionTooManyCodes,
		ObjectionMustEnd, ObjectionTooLong, ObjectionQuotaMissing, ObjectionTooManySeats,
	}
}

func (o *Objection) Error() string {
	if o.Rule == "" {
		return fmt.Sprintf("the policy objects: %s", o.Kind)
	}
	return fmt.Sprintf("the policy objects: %s (rule %q)", o.Kind, o.Rule)
}

// objection is what the rule that governs a petition has against it.
func (r *PolicyRule) objection(x Petition) *Objection {
	kind, found := r.reasonObjection(x)
	if !found {
		kind, found = r.limitObjection(x)
	}
	if !found {
		return nil
	}
	return &Objection{
		Kind: kind, Rule: r.Name, Codes: Union(x.Codes, nil), Pattern: r.Reason.Pattern, Hint: r.Reason.Hint,
		MaxDuration: r.MaxDuration, MaxCodes: r.MaxCodes, MaxSeats: r.MaxSeats,
	}
}

func (r *PolicyRule) reasonObjection(x Petition) (ObjectionKind, bool) {
	why := strings.TrimSpace(x.Why)
	switch {
	case why == "":
		return ObjectionReasonMissing, r.Reason.Required || r.Reason.Pattern != ""
	case r.Reason.Pattern != "":
		return ObjectionReasonShape, !r.Reason.fits(why)
	}
	return "", false
}

// fits reports whether the whole reason is what the pattern says. Nothing fits
// a pattern that is none.
func (r ReasonRule) fits(why string) bool {
	whole, err := regexp.Compile(`^(?:` + r.Pattern + `)$`)
	return err == nil && whole.MatchString(why)
}

func (r *PolicyRule) limitObjection(x Petition) (ObjectionKind, bool) {
	switch {
	case r.MaxCodes > 0 && len(Union(x.Codes, nil)) > r.MaxCodes:
		return ObjectionTooManyCodes, true
	case x.Removal:
		return "", false
	case (r.MustEnd || r.MaxDuration > 0) && x.Duration <= 0:
		return ObjectionMustEnd, true
	case r.MaxDuration > 0 && x.Duration > r.MaxDuration:
		return ObjectionTooLong, true
	case r.MaxSeats > 0 && x.Unlimited:
		return ObjectionQuotaMissing, true
	case r.MaxSeats > 0 && x.Seats > r.MaxSeats:
		return ObjectionTooManySeats, true
	}
	return "", false
}
