package approvals

import (
	"slices"
	"time"
)

// A State is where a request stands in its life; see the package comment.
type State string

// The states of a request. Filed, pending and approved are open: something
// can still happen. The others are ends.
const (
	Filed      State = "filed"      // durable, acknowledged, not yet read against UiPath
	Pending    State = "pending"    // the change is fixed and waits for consent
	Approved   State = "approved"   // the quorum agreed; the write is owed
	Refused    State = "refused"    // not fit to ask anyone: unknown group, code not owned, ...
	Denied     State = "denied"     // an approver said no
	Cancelled  State = "cancelled"  // the requester took it back
	Expired    State = "expired"    // the deadline passed without a quorum
	Done       State = "done"       // UiPath confirmed exactly the change shown
	Failed     State = "failed"     // UiPath refused it, or never confirmed it
	Superseded State = "superseded" // the group changed: the change shown is no longer the change made
)

// States lists every state, open ones first.
func States() []State {
	return []State{Filed, Pending, Approved, Refused, Denied, Cancelled, Expired, Done, Failed, Superseded}
}

// Open reports whether something can still happen to a request in this state.
func (s State) Open() bool { return s == Filed || s == Pending || s == Approved }

// A Request is one person's wish to change one group's allocation rule.
type Request struct {
	ID        string // "R-" and eight characters; what people type and read
	Envelope  string // the delivery that filed it; a second delivery finds it again
	State     State
	Requester string // Slack user id
	Origin    string // channel in which it was typed
	Channel   string // the approvals channel, where the card is
	CardTS    string // the card's message timestamp; empty until it is posted
	Ask       Ask
	Terms     Terms
	Proposal  *Proposal // what the card shows; fixed when the request becomes pending
	Votes     []Vote    // the consents that count at present
	Outcome   *Outcome  // how it ended
	Stalled   string    // why an owed effect is held up; empty when it is not
	Told      []string  // "user:standing" of reactors who were told why they do not count
	Misses    int       // answers of UiPath that were not what was asked
	Filed     time.Time
	Deadline  time.Time // an open request without a quorum expires then
	Decided   time.Time // when the quorum was met; zero before
	Ended     time.Time // zero while open
}

// An Ask is what the requester typed, understood but not yet resolved.
type Ask struct {
	Group string   `json:"group"`         // an id or an exact name
	Codes []string `json:"codes"`         // user bundle codes to add, upper case, each once, in typed order
	Why   string   `json:"why,omitempty"` // the requester's reason, in their own words
}

// Terms say under which conditions a request is granted. They are those in
// force when it was filed: changing the configuration never changes what an
// approver was shown.
type Terms struct {
	Approvers []string      `json:"approvers"` // user ids (U…, W…) and user group ids (S…)
	Quorum    int           `json:"quorum"`    // distinct approvers needed
	TTL       time.Duration `json:"ttl"`       // life of a pending request, and of an approval
}

// A Group is a UiPath group. Name is empty when no list of groups shows it.
type Group struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Seats are what the organisation owns of one code, as UiPath reports it.
type Seats struct {
	Code      string `json:"code"`
	Allocated int    `json:"allocated"`
	Total     int    `json:"total"`
}

// A Quota caps how many seats of one code a group may use.
type Quota struct {
	Code  string `json:"code"`
	Limit int    `json:"limit"`
}

// A Rule is a group's allocation rule as UiPath holds it. UiPath replaces the
// whole rule on every write, so whatever is not to change travels along.
type Rule struct {
	Codes    []string
	External bool // useExternalLicense, preserved as read
	Quotas   []Quota
	Owned    []Seats // what the organisation owns, where the answer tells
}

// A Change is the difference a request makes to a group's rule. What it keeps
// is shown but not part of the consent: only Add and Remove are.
type Change struct {
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
	Keep   []string `json:"keep,omitempty"`
}

// A Proposal is what the card shows and what consent is given to.
type Proposal struct {
	Group  Group     `json:"group"`
	Change Change    `json:"change"`
	Quotas []Quota   `json:"quotas,omitempty"`
	Seats  []Seats   `json:"seats,omitempty"` // of the codes concerned
	ReadAt time.Time `json:"read_at"`
}

// An Outcome tells how a request ended. Every field but Reason may be empty.
type Outcome struct {
	Reason    Reason   `json:"reason"`
	By        string   `json:"by,omitempty"`        // the person who ended it
	Said      string   `json:"said,omitempty"`      // UiPath's or Slack's own words, bounded
	Subject   []string `json:"subject,omitempty"`   // the codes the reason is about
	Nearest   []string `json:"nearest,omitempty"`   // candidates to offer instead
	Codes     []string `json:"codes,omitempty"`     // the group's rule as last read or answered
	Uncertain bool     `json:"uncertain,omitempty"` // a write may have taken effect unseen
}

// A Reason is why a request ended as it did; the words for it are the bot's.
type Reason string

// The reasons a request can end with.
const (
	ReasonConfirmed      Reason = "confirmed"       // done: the answer matched
	ReasonReadBack       Reason = "read_back"       // done: the answer was lost, a read showed the change
	ReasonVoted          Reason = "voted"           // denied
	ReasonWithdrawn      Reason = "withdrawn"       // cancelled by the requester
	ReasonCardDeleted    Reason = "card_deleted"    // cancelled: the card, and consent with it, is gone
	ReasonDeadline       Reason = "deadline"        // expired
	ReasonNoSuchGroup    Reason = "no_such_group"   // refused: Nearest has candidates
	ReasonAmbiguousGroup Reason = "ambiguous_group" // refused: Nearest has candidates
	ReasonNotOwned       Reason = "not_owned"       // refused: Subject has the codes, Nearest one each
	ReasonNothingToDo    Reason = "nothing_to_do"   // refused: the rule already has the codes
	ReasonUiPathRefused  Reason = "uipath_refused"  // refused or failed: Said has UiPath's words
	ReasonIncomplete     Reason = "incomplete"      // failed: UiPath answered yes but left Subject out
	ReasonUnconfirmed    Reason = "unconfirmed"     // failed: no answer within the approval's life
	ReasonRuleChanged    Reason = "rule_changed"    // superseded
)

// OpenUntil is when an approval lapses if UiPath has not answered by then: as
// long after the decision as a request may wait for one.
func (r Request) OpenUntil() time.Time { return r.Decided.Add(r.Terms.TTL) }

// Target is the rule that makes the change on top of what the group has now:
// everything else in the rule stays as it was read.
func (c Change) Target(now Rule) Rule {
	target := now
	target.Codes = Union(Without(now.Codes, c.Remove), c.Add)
	target.Quotas = slices.DeleteFunc(slices.Clone(now.Quotas), func(q Quota) bool {
		return !slices.Contains(target.Codes, q.Code)
	})
	return target
}

// Remaining is the part of the change that the rule does not show yet.
func (c Change) Remaining(now Rule) Change {
	return Change{Add: Without(c.Add, now.Codes), Remove: Common(c.Remove, now.Codes)}
}

// Empty reports whether the change changes nothing.
func (c Change) Empty() bool { return len(c.Add) == 0 && len(c.Remove) == 0 }

// Same reports whether two changes add and remove the same codes.
func (c Change) Same(d Change) bool {
	return SameSet(c.Add, d.Add) && SameSet(c.Remove, d.Remove)
}
