package approvals

import "slices"

// A SeatShortage is what the organization's seats say against a change to one code.
// UiPath makes such a change all the same: an allocation takes no seat by itself.
type SeatShortage struct {
	Kind  ShortageKind `json:"kind"`
	Seats Seats        `json:"seats"`
	Limit int          `json:"limit,omitempty"` // LimitAboveOwned: the seat limit asked for
}

// A ShortageKind tells shortages apart.
type ShortageKind string

// The kinds of shortages.
const (
	NoSeatFree      ShortageKind = "no_seat_free"      // every seat that is owned is allocated
	OverAllocated   ShortageKind = "over_allocated"    // more seats are allocated than are owned
	LimitAboveOwned ShortageKind = "limit_above_owned" // the seat limit is more than is owned
)

// Shortages lists what these seats say against the codes that a change adds and the
// limits that it sets. Unknown numbers say nothing.
func (c Change) Shortages(owned []Seats) []SeatShortage {
	var short []SeatShortage
	for _, s := range owned {
		if !s.IsKnown() {
			continue
		}
		isAdded := slices.Contains(c.Add, s.Code)
		switch {
		case isAdded && s.Allocated > s.Total:
			short = append(short, SeatShortage{Kind: OverAllocated, Seats: s})
		case isAdded && s.Free() == 0:
			short = append(short, SeatShortage{Kind: NoSeatFree, Seats: s})
		}
		for _, q := range c.Quotas {
			if q.Code == s.Code && q.To > s.Total {
				short = append(short, SeatShortage{Kind: LimitAboveOwned, Seats: s, Limit: q.To})
			}
		}
	}
	return short
}

// Shortages lists what these seats say against an ask, as far as that is known before
// the group's allocation is read.
func (a Ask) Shortages(owned []Seats) []SeatShortage {
	if a.Action == Remove {
		return nil
	}
	possible := Change{Add: a.Codes}
	for _, q := range a.Quotas {
		possible.Quotas = append(possible.Quotas, QuotaChange{Code: q.Code, To: q.Limit})
	}
	return possible.Shortages(owned)
}

// seatsOf are the seats of the codes that a change concerns.
func (c Change) seatsOf(owned []Seats) []Seats {
	codes := c.AllCodes()
	return slices.DeleteFunc(slices.Clone(owned), func(s Seats) bool { return !slices.Contains(codes, s.Code) })
}
