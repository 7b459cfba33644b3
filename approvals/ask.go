package approvals

import "time"

// ends is when a grant that begins now would end; zero: never.
func (a Ask) endsAt(now time.Time) time.Time {
	if !a.IsTimed() {
		return time.Time{}
	}
	return now.Add(a.Duration(now))
}

// passed reports whether the time asked for is over already.
func (a Ask) hasPassed(now time.Time) bool { return a.IsTimed() && !a.endsAt(now).After(now) }

// An Action is what a request does to a group's allocation.
type Action string

// The actions.
const (
	Add    Action = "add"    // codes to what the group has
	Remove Action = "remove" // codes from it
	Set    Action = "set"    // the allocation to exactly these codes
)

// Preposition stands between the codes and the group: add IDU to it, remove IDU from it.
func (a Action) Preposition() string {
	switch a {
	case Add:
		return "to"
	case Remove:
		return "from"
	}
	return "in"
}

// An Ask is what the requester typed, understood but not yet resolved.
type Ask struct {
	Action   Action        `json:"action,omitempty"`              // empty: Add
	Group    string        `json:"group"`                         // an id or an exact name
	Codes    []string      `json:"codes"`                         // user bundle codes, upper case, each once, as typed
	Quotas   []Quota       `json:"quotas,omitempty"`              // seat limits for some of the codes
	For      time.Duration `json:"for,omitempty"`                 // how long, from success on; zero: for good, or Until
	Until    time.Time     `json:"until,omitzero"`                // the end of a timed grant; zero: for good, or For
	MayEmpty bool          `json:"may_empty,omitempty"`           // the requester said that it may become empty
	Reason   string        `json:"reason,omitempty" words:"text"` // the requester's reason, in their own words
	Packs    []string      `json:"packs,omitempty"`               // the packs by which some of the codes were asked for

	Command string `json:"command,omitempty"` // the name of the command as typed, for suggestions
}

// IsTimed reports whether the grant ends by itself.
func (a Ask) IsTimed() bool { return a.For > 0 || !a.Until.IsZero() }

// Duration is how long a grant that begins now would last; zero: for good.
func (a Ask) Duration(now time.Time) time.Duration {
	if a.Until.IsZero() {
		return a.For
	}
	return a.Until.Sub(now)
}
