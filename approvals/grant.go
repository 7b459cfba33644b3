package approvals

import (
	"slices"
	"time"
)

// When people are warned before a grant ends, in hours.
const (
	firstWarning = 24
	lastWarning  = 1
)

// A Grant is what a done request holds in a group's allocation for a time. Its
// end takes the codes out again, unless another request holds them by then.
type Grant struct {
	Codes       []string    `json:"codes"` // added or extended by the request
	Until       time.Time   `json:"until"`
	EndedBy     string      `json:"ended_by,omitempty" words:"person"` // the person who ended it before its time
	DelayReason string      `json:"delay_reason,omitempty"`            // why its end takes longer
	Mismatches  int         `json:"mismatches,omitempty"`              // answers to its end that were not what was asked
	Revocation  *Revocation `json:"revocation,omitempty"`              // what its end did
	Attempts    int         `json:"attempts,omitempty"`                // how often its end was tried again with news
	Retries     int         `json:"retries,omitempty"`                 // how often the bot tried it again by itself
	Retrying    bool        `json:"retrying,omitempty"`                // it does so now; Revocation is of the last attempt

	RefusedAt  time.Time `json:"refused_at,omitzero"`  // when UiPath first refused to show the group at its end
	AnsweredAt time.Time `json:"answered_at,omitzero"` // when UiPath said yes to an end that no read shows yet
	Taken      []string  `json:"taken,omitempty"`      // the codes that this yes is about

	WriteAttempted bool `json:"write_attempted,omitempty"` // an attempt before those of the job may have taken codes out
}

// A Revocation is what became of each code of a grant, as far as UiPath showed.
type Revocation struct {
	At        time.Time  `json:"at"`
	Removed   []string   `json:"removed,omitempty"`   // taken out, as UiPath confirmed
	Absent    []string   `json:"absent,omitempty"`    // not in the allocation when it was read
	Kept      []KeptCode `json:"kept,omitempty"`      // still there, and why
	Remaining []string   `json:"remaining,omitempty"` // should be taken out, and still there
	Answer    string     `json:"answer,omitempty"`    // UiPath's words about what remains
	ReadBack  bool       `json:"read_back,omitempty"` // an answer was lost, so some of Absent was taken out by this end

	// codes remain because UiPath does not show the seat limits that have to stay
	QuotasUnknown bool `json:"quotas_unknown,omitempty"`
	// codes remain because UiPath does not show whether the group uses external licenses
	ExternalUnknown bool `json:"external_unknown,omitempty"`
	NotPreserved    bool `json:"not_preserved,omitempty"` // the allocation lost a setting that should have stayed
	// what remains may be out: an answer was lost, and the allocation cannot be read
	Uncertain  bool     `json:"uncertain,omitempty"`
	Allocation []string `json:"allocation,omitempty"` // the group's codes as last read or answered
}

// HidesSetting reports whether codes remain because a write would reset what UiPath does
// not show.
func (v Revocation) HidesSetting() bool { return v.QuotasUnknown || v.ExternalUnknown }

// leavesSame reports whether two ends left the same codes for the same reason.
func (v Revocation) leavesSame(other Revocation) bool {
	return SameSet(v.Remaining, other.Remaining) && v.Answer == other.Answer && v.QuotasUnknown == other.QuotasUnknown &&
		v.ExternalUnknown == other.ExternalUnknown && v.Uncertain == other.Uncertain
}

// A KeptCode says which request keeps a code. Request is empty where no request
// added it; Until is zero where it stays for good.
type KeptCode struct {
	Code    string    `json:"code"`
	Request string    `json:"request,omitempty"`
	Until   time.Time `json:"until,omitzero"`
	Foreign bool      `json:"foreign,omitempty"` // the channel tells of the request, and the database does not know it
}

// attemptNumber tells apart what the thread is told about each attempt to end
// the grant.
func (g Grant) attemptNumber() int { return g.Attempts + 1 }

// IsOver reports whether the grant ended and left nothing behind.
func (g Grant) IsOver() bool { return g.Revocation != nil && len(g.Revocation.Remaining) == 0 }

// HoldsGrant reports whether the request holds codes for a time: its change is in
// effect, and its grant is not over.
func (r Request) HoldsGrant() bool { return r.IsInEffect() && r.Grant != nil && !r.Grant.IsOver() }

// FindExtension finds an approved request that extends codes of the grant and is still to be
// carried out. writes are the requests with a write to the group in the queue. The end of the
// grant's time waits for it: an approval in time counts, however long UiPath takes. An end
// asked for by a person waits for none.
func (r Request) FindExtension(writes []Request) (extending Request, found bool) {
	at := slices.IndexFunc(writes, func(w Request) bool {
		return w.State == Approved && len(Common(w.Proposal.Change.Extend, r.Grant.Codes)) > 0
	})
	if at < 0 || r.Grant.EndedBy != "" {
		return Request{}, false
	}
	return writes[at], true
}

// AwaitsRevocation reports whether the end of the request's grant is still to
// come.
func (r Request) AwaitsRevocation() bool {
	return r.HoldsGrant() && (r.Grant.Revocation == nil || r.Grant.Retrying)
}
