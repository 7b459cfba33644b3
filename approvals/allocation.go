package approvals

// A Group is a UiPath group, spelled as UiPath spells it. Name is empty when no
// list of groups shows it.
//
// Policies compare Canonical. It is not stored, because a later version may make
// another one of the same name: a policy decides about a group that was just read.
type Group struct {
	ID        string    `json:"id"`
	Name      string    `json:"name,omitempty"`
	Canonical GroupName `json:"-"`
}

// Seats are what the organization owns of one code, as UiPath reports it. A number that
// UiPath does not tell is UnknownSeats.
type Seats struct {
	Code      string `json:"code"`
	Allocated int    `json:"allocated"`
	Total     int    `json:"total"`
}

// UnknownSeats stands for a number of seats that UiPath does not tell.
const UnknownSeats = -1

// IsKnown reports whether UiPath tells both numbers.
func (s Seats) IsKnown() bool { return s.Allocated >= 0 && s.Total >= 0 }

// Free is how many seats are not allocated, never less than 0. Of unknown numbers none
// is free.
func (s Seats) Free() int {
	if !s.IsKnown() {
		return 0
	}
	return max(0, s.Total-s.Allocated)
}

// A Quota caps how many seats of one code a group may use.
type Quota struct {
	Code  string `json:"code"`
	Limit int    `json:"limit"`
	Used  int    `json:"used,omitempty"` // seats in use when the allocation was read
}

// An Allocation is what UiPath allocates to a group. UiPath replaces all of it on
// every write, so the parts that stay are written again.
type Allocation struct {
	Codes              []string
	UseExternalLicense bool // useExternalLicense, preserved as read
	Quotas             []Quota
	Owned              []Seats // what the organization owns; nil where the answer does not show it

	// LimitsLeftOut says of a reading that Quotas are empty because UiPath left them out once.
	// ExternalLeftOut says that UseExternalLicense is false because UiPath left it out.
	LimitsLeftOut, ExternalLeftOut bool
}

// limitOf is the quota of a code; zero: none.
func (a Allocation) limitOf(code string) int {
	for _, q := range a.Quotas {
		if q.Code == code {
			return q.Limit
		}
	}
	return 0
}
