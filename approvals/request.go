package approvals

import (
	"slices"
	"strconv"
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
	Cancelled  State = "cancelled"  // the requester took it back, an approver called it off, or its card was deleted
	Expired    State = "expired"    // the deadline passed without a quorum, or the quorum was lost after it
	Done       State = "done"       // UiPath confirmed exactly the change shown
	Failed     State = "failed"     // UiPath refused it, or never confirmed it, or its end had passed before the write
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
	ID             string // "R-" and eight characters; what people type and read
	EnvelopeID     string // the delivery that filed it; a second delivery finds it again
	State          State
	Requester      string // Slack user id
	OriginChannel  string // channel in which it was typed
	Channel        string // the approvals channel, where the card is
	CardTS         string // the card's message timestamp; empty until it is posted
	Ask            Ask
	Terms          Terms
	Proposal       *Proposal // what the card shows; fixed when the request becomes pending
	DedupKey       string    // what no other open request may ask; set with the proposal
	Votes          []Vote    // the consents that count at present
	Outcome        *Outcome  // how it ended
	Grant          *Grant    // what it holds for a time; nil while it is not done, and for good
	DelayReason    string    // why an owed effect is held up; empty when it is not
	Notified       []string  // "user:standing" of reactors who were told why they do not count
	Mismatches     int       // answers of UiPath that were not what was asked
	RemindersSent  int       // how often its approvers were reminded
	ConsentLosses  int       // how often consent was lost before the write
	WriteAttempted bool      // a write was tried whose effect, or a part of it, may be there
	FiledAt        time.Time
	Deadline       time.Time // an open request without a quorum expires then
	DecidedAt      time.Time // when the quorum was met; zero before
	ClosedAt       time.Time // zero while open
}

// An Action is what a request does to a group's rule.
type Action string

// The actions.
const (
	Add    Action = "add"    // codes to what the rule has
	Remove Action = "remove" // codes from it
	Set    Action = "set"    // the rule to exactly these codes
)

// An Ask is what the requester typed, understood but not yet resolved.
type Ask struct {
	Action   Action        `json:"action,omitempty"` // empty: Add
	Group    string        `json:"group"`            // an id or an exact name
	Codes    []string      `json:"codes"`            // user bundle codes, upper case, each once, in typed order
	Quotas   []Quota       `json:"quotas,omitempty"` // seat limits for some of the codes
	For      time.Duration `json:"for,omitempty"`    // how long, counted from success; zero: for good, or Until
	Until    time.Time     `json:"until,omitzero"`   // the end of a timed grant; zero: for good, or For
	MayEmpty bool          `json:"empty,omitempty"`  // the word was said that lets a rule become empty
	Reason   string        `json:"why,omitempty"`    // the requester's reason, in their own words

	Command string `json:"command,omitempty"` // the name of the command as typed, for what is suggested instead
}

// Timed reports whether the grant is to end by itself.
func (a Ask) IsTimed() bool { return a.For > 0 || !a.Until.IsZero() }

// Duration is how long a grant that begins now would last; zero: for good.
func (a Ask) Duration(now time.Time) time.Duration {
	if a.Until.IsZero() {
		return a.For
	}
	return a.Until.Sub(now)
}

// Terms say who has to agree before a request is granted. They are those in
// force when its card was made: changing the policy never changes what an
// approver was shown. A request that has no card yet has nothing but a TTL.
type Terms struct {
	Rule         string        `json:"rule,omitempty"` // the policy rule's name; empty without a policy file
	Stages       []Stage       `json:"stages,omitempty"`
	SelfApproval bool          `json:"self_approval,omitempty"` // the requester may be one of the approvers
	AutoApprove  bool          `json:"auto,omitempty"`          // granted without asking anybody
	TTL          time.Duration `json:"ttl"`                     // life of a pending request, and of an approval
}

// Approvers lists everybody whom any stage names, each once.
func (t Terms) Approvers() []string {
	var all []string
	for _, stage := range t.Stages {
		all = append(all, Without(stage.Approvers, all)...)
	}
	return all
}

// Quorum is how many people have to agree, all stages together.
func (t Terms) Quorum() int {
	n := 0
	for _, stage := range t.Stages {
		n += stage.needs()
	}
	return n
}

// Met reports whether the votes carry the request. Nobody serves two stages.
func (t Terms) Met(votes []Vote) bool {
	return t.AutoApprove || Met(t.Stages, votersOf(votes))
}

// Missing tells how many more people each stage needs.
func (t Terms) MissingVotes(votes []Vote) []int { return Missing(t.Stages, votersOf(votes)) }

// Served tells whose votes each stage has.
func (t Terms) AssignVoters(votes []Vote) [][]string { return Assign(t.Stages, votersOf(votes)) }

func votersOf(votes []Vote) func(stage int) []string {
	return func(stage int) []string {
		var users []string
		for _, v := range votes {
			if slices.Contains(v.Stages, stage) {
				users = append(users, v.User)
			}
		}
		return users
	}
}

// A Group is a UiPath group, spelled as UiPath spells it. Name is empty when no
// list of groups shows it.
//
// Policies compare Canonical. It is not stored, because a later version may
// make another one of the same name: a policy decides about a group just read.
type Group struct {
	ID        string    `json:"id"`
	Name      string    `json:"name,omitempty"`
	Canonical GroupName `json:"-"`
}

// Seats are what the organisation owns of one code, as UiPath reports it.
type Seats struct {
	Code      string `json:"code"`
	Allocated int    `json:"allocated"`
	Total     int    `json:"total"`
}

// Free is how many seats nobody has taken, never less than 0.
func (s Seats) Free() int { return max(0, s.Total-s.Allocated) }

// A Quota caps how many seats of one code a group may use.
type Quota struct {
	Code  string `json:"code"`
	Limit int    `json:"limit"`
	Used  int    `json:"used,omitempty"` // seats in use when the rule was read
}

// A Rule is a group's allocation rule as UiPath holds it. UiPath replaces the
// whole rule on every write, so whatever is not to change travels along.
type Allocation struct {
	Codes              []string
	UseExternalLicense bool // useExternalLicense, preserved as read
	Quotas             []Quota
	Owned              []Seats // what the organisation owns, where the answer tells
}

// A Change is the difference a request makes to a group's rule. What it keeps
// is shown but not part of the consent.
type Change struct {
	Add    []string      `json:"add,omitempty"`
	Remove []string      `json:"remove,omitempty"`
	Extend []string      `json:"renew,omitempty"` // in the rule for a time already; to stay for longer
	Quotas []QuotaChange `json:"quotas,omitempty"`
	Keep   []string      `json:"keep,omitempty"`
}

// A QuotaChange moves the seat limit of one code. From is zero where there was
// none.
type QuotaChange struct {
	Code string `json:"code"`
	From int    `json:"from,omitempty"`
	To   int    `json:"to"`
}

// String writes the limit as it is typed: CODE=10.
func (q QuotaChange) String() string { return q.Code + "=" + strconv.Itoa(q.To) }

// A Proposal is what the card shows and what consent is given to.
type Proposal struct {
	Group  Group     `json:"group"`
	Change Change    `json:"change"`
	Quotas []Quota   `json:"quotas,omitempty"`
	Seats  []Seats   `json:"seats,omitempty"` // of the codes concerned
	ReadAt time.Time `json:"read_at"`

	QuotasKnown bool `json:"limits_told,omitempty"` // UiPath told the limits of seats, be there any or not

	Ends map[string]time.Time `json:"ends,omitempty"` // when the codes to renew would go otherwise
}

// An Outcome tells how a request ended. Every field but Reason may be empty.
type Outcome struct {
	Reason         Reason   `json:"reason"`
	By             string   `json:"by,omitempty"`        // the person who ended it
	Comment        string   `json:"why,omitempty"`       // the reason that person gave
	Answer         string   `json:"said,omitempty"`      // UiPath's or Slack's own words, bounded
	ConcernedCodes []string `json:"subject,omitempty"`   // the codes the reason is about
	Suggestions    []string `json:"nearest,omitempty"`   // candidates to offer instead
	Allocation     []string `json:"codes,omitempty"`     // the group's rule as last read or answered
	Uncertain      bool     `json:"uncertain,omitempty"` // a write may have taken effect unseen

	Violation *Violation `json:"objection,omitempty"` // of the policy
}

// A Reason is why a request ended as it did; the words for it are the bot's.
type Reason string

// The reasons a request can end with.
const (
	ReasonConfirmed           Reason = "confirmed"       // done: the answer matched
	ReasonReadBack            Reason = "read_back"       // done: the answer was lost, a read showed the change
	ReasonNotPreserved        Reason = "unkept"          // done: the change is there, but UiPath did not keep what was to stay besides
	ReasonExtended            Reason = "extended"        // done: the codes are in the rule and stay for longer; nothing had to be written
	ReasonDeniedByVote        Reason = "voted"           // denied
	ReasonWithdrawn           Reason = "withdrawn"       // cancelled by the requester
	ReasonCancelledByApprover Reason = "called_off"      // cancelled by an approver
	ReasonCardDeleted         Reason = "card_deleted"    // cancelled: the card, and consent with it, is gone
	ReasonDeadline            Reason = "deadline"        // expired
	ReasonNoSuchGroup         Reason = "no_such_group"   // refused: Nearest has candidates
	ReasonAmbiguousGroup      Reason = "ambiguous_group" // refused: Nearest has candidates
	ReasonNotOwned            Reason = "not_owned"       // refused: Subject has the codes, Nearest one each
	ReasonNothingToDo         Reason = "nothing_to_do"   // refused: the rule already has the codes
	ReasonWouldEmpty          Reason = "would_empty"     // refused: the rule would become empty, and the word for that is missing
	ReasonQuotaTooLow         Reason = "quota_too_low"   // refused: more seats of Subject are in use than the limit asked for; Nearest is the least for each, as CODE=10
	ReasonQuotaWithoutCode    Reason = "quota_alone"     // refused: a limit for a code that the rule would not have
	ReasonNothingToTime       Reason = "nothing_to_end"  // refused: a time for a change that puts no code in
	ReasonEndPassed           Reason = "end_passed"      // refused or failed: the time asked for is over before it began
	ReasonDuplicate           Reason = "duplicate"       // refused: Nearest has the open request that asks the same
	ReasonPolicy              Reason = "policy"          // refused: Objection says what the policy has against it
	ReasonUncheckable         Reason = "uncheckable"     // refused: Slack does not tell whether the policy allows it
	ReasonUiPathRefused       Reason = "uipath_refused"  // refused or failed: Said has UiPath's words
	ReasonIncomplete          Reason = "incomplete"      // failed: UiPath answered yes but left Subject out
	ReasonUnconfirmed         Reason = "unconfirmed"     // failed: no answer within the approval's life
	ReasonAllocationChanged   Reason = "rule_changed"    // superseded
)

// OpenUntil is when an approval lapses if UiPath has not answered by then: as
// long after the decision as a request may wait for one.
func (r Request) ApprovalExpires() time.Time { return r.DecidedAt.Add(r.Terms.TTL) }

// Target is the rule that makes the change on top of what the group has now:
// everything else in the rule stays as it was read. Quotas of codes that go
// stay in the list, so that whoever writes it knows that there were some.
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

// empties reports whether the change leaves nothing of the rule, as it may
// where what it was to keep was taken out since.
func (c Change) LeavesEmpty(now Allocation) bool { return len(c.ApplyTo(now).Codes) == 0 }

// Remaining is the part of the change that is to be written: what the rule
// does not show yet. Renewing a code writes nothing.
func (c Change) Remaining(now Allocation) Change {
	left := Change{Add: Without(c.Add, now.Codes), Remove: Common(c.Remove, now.Codes)}
	for _, q := range c.Quotas {
		if at := now.limitOf(q.Code); at != q.To {
			left.Quotas = append(left.Quotas, QuotaChange{Code: q.Code, From: at, To: q.To})
		}
	}
	return left
}

// stays reports whether the rule has all that is to stay for longer.
func (c Change) ExtendedPresent(now Allocation) bool { return len(Without(c.Extend, now.Codes)) == 0 }

// shownBy reports whether the rule shows the whole change.
func (c Change) IsShownBy(now Allocation) bool {
	return c.ExtendedPresent(now) && c.Remaining(now).IsEmpty()
}

// limit is the rule's quota of a code; zero: none.
func (r Allocation) limitOf(code string) int {
	for _, q := range r.Quotas {
		if q.Code == code {
			return q.Limit
		}
	}
	return 0
}

// Codes lists every code that the change is about, sorted.
func (c Change) AllCodes() []string {
	codes := Union(c.GrantedCodes(), c.Remove)
	for _, q := range c.Quotas {
		codes = Union(codes, []string{q.Code})
	}
	return codes
}

// Granted lists the codes that the change puts in or lets stay, sorted.
func (c Change) GrantedCodes() []string { return Union(c.Add, c.Extend) }

// Empty reports whether the change changes nothing.
func (c Change) IsEmpty() bool {
	return len(c.Add) == 0 && len(c.Remove) == 0 && len(c.Extend) == 0 && len(c.Quotas) == 0
}

// partOf reports whether what remains of a change is still as it was shown. Of
// codes it always is; a limit may have been moved by somebody else.
func (c Change) QuotasAsShown(shown Change) bool {
	return !slices.ContainsFunc(c.Quotas, func(q QuotaChange) bool { return !slices.Contains(shown.Quotas, q) })
}

// Same reports whether two changes write the same.
func (c Change) WritesSame(d Change) bool {
	return SameSet(c.Add, d.Add) && SameSet(c.Remove, d.Remove) && slices.Equal(c.Quotas, d.Quotas)
}
