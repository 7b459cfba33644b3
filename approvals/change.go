package approvals

import (
	"slices"
	"strconv"
)

// AnswerShows reports whether UiPath's answer to a write is exactly the
// allocation asked for, as far as the change is concerned.
func (c Change) AnswerShows(answer, asked Allocation) bool {
	return SameSet(answer.Codes, asked.Codes) && len(c.Remaining(answer).Quotas) == 0
}

// A Change is the difference that a request makes to a group's allocation. What
// it keeps is shown, and is part of the consent only if the change is exact.
type Change struct {
	Add    []string      `json:"add,omitempty"`
	Remove []string      `json:"remove,omitempty"`
	Extend []string      `json:"extend,omitempty"` // the group has them for a time; they stay for longer
	Quotas []QuotaChange `json:"quotas,omitempty"`
	Keep   []string      `json:"keep,omitempty"`
	Exact  bool          `json:"exact,omitempty"` // the allocation will be the Result and nothing else
}

// Result lists the codes that the group will have, as the card shows them.
func (c Change) Result() []string { return Union(c.Keep, c.Add) }

// A QuotaChange moves the seat limit of one code. From is zero where there was no
// limit.
type QuotaChange struct {
	Code string `json:"code"`
	From int    `json:"from,omitempty"`
	To   int    `json:"to"`
}

// String writes the limit as it is typed: CODE=10.
func (q QuotaChange) String() string { return q.Code + "=" + strconv.Itoa(q.To) }

// ApplyTo is the allocation that makes the change on top of what the group has
// now. Everything else stays as it was read. Quotas of removed codes stay in the
// list, so that the writer knows that there were some.
func (c Change) ApplyTo(now Allocation) Allocation {
	target := now
	target.Codes = Union(Without(now.Codes, c.Remove), c.Add)
	target.Quotas = slices.Clone(now.Quotas)
	for _, q := range c.Quotas {
		target.Quotas = slices.DeleteFunc(target.Quotas, func(old Quota) bool { return old.Code == q.Code })
		target.Quotas = append(target.Quotas, Quota{Code: q.Code, Limit: q.To})
	}
	return target
}

// leavesEmpty reports whether the change leaves no code. It may do so where the
// codes that it keeps were taken out since.
func (c Change) leavesEmpty(now Allocation) bool { return len(c.ApplyTo(now).Codes) == 0 }

// Remaining is the part of the change that the allocation does not show yet.
// Extending a code writes nothing.
func (c Change) Remaining(now Allocation) Change {
	left := Change{Add: Without(c.Add, now.Codes), Remove: Common(c.Remove, now.Codes)}
	for _, q := range c.Quotas {
		if at := now.limitOf(q.Code); at != q.To {
			left.Quotas = append(left.Quotas, QuotaChange{Code: q.Code, From: at, To: q.To})
		}
	}
	return left
}

// extendedPresent reports whether the group has all codes to extend.
func (c Change) extendedPresent(now Allocation) bool { return len(Without(c.Extend, now.Codes)) == 0 }

// IsShownBy reports whether the allocation shows the whole change.
func (c Change) IsShownBy(now Allocation) bool {
	return c.extendedPresent(now) && c.Remaining(now).IsEmpty() && (!c.Exact || SameSet(now.Codes, c.Result()))
}

// isShownBeside reports whether the allocation shows the whole change, of which none is about
// the codes of others. What these do with their codes says nothing about it.
func (c Change) isShownBeside(theirs []string, now Allocation) bool {
	if len(Common(c.AllCodes(), theirs)) > 0 {
		return false
	}
	c.Keep, now.Codes = Without(c.Keep, theirs), Without(now.Codes, theirs)
	return c.IsShownBy(now)
}

// ShownPart is the part of the change to which codes an allocation with these codes
// corresponds.
func (c Change) ShownPart(codes []string) Change {
	return Change{Add: Common(c.Add, codes), Remove: Without(c.Remove, codes)}
}

// AllCodes lists every code that the change is about, sorted.
func (c Change) AllCodes() []string {
	codes := Union(c.GrantedCodes(), c.Remove)
	for _, q := range c.Quotas {
		codes = Union(codes, []string{q.Code})
	}
	return codes
}

// GrantedCodes lists the codes that the change adds or extends, sorted.
func (c Change) GrantedCodes() []string { return Union(c.Add, c.Extend) }

// IsEmpty reports whether the change changes nothing.
func (c Change) IsEmpty() bool {
	return len(c.Add) == 0 && len(c.Remove) == 0 && len(c.Extend) == 0 && len(c.Quotas) == 0
}

// quotasAsShown reports whether the limits that remain to be changed are still as
// they were shown: a UiPath admin may have moved one.
func (c Change) quotasAsShown(shown Change) bool {
	return !slices.ContainsFunc(c.Quotas, func(q QuotaChange) bool { return !slices.Contains(shown.Quotas, q) })
}

// WritesSame reports whether two changes write the same.
func (c Change) WritesSame(d Change) bool {
	return SameSet(c.Add, d.Add) && SameSet(c.Remove, d.Remove) && slices.Equal(c.Quotas, d.Quotas)
}
