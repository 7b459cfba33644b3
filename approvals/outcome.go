package approvals

// An Outcome tells how a request closed. Every field but Reason may be empty.
type Outcome struct {
	Reason         Reason   `json:"reason"`
	By             string   `json:"by,omitempty" words:"person"`      // the person who closed it
	Comment        string   `json:"why,omitempty" words:"text"`       // the reason that person gave
	Answer         string   `json:"answer,omitempty"`                 // UiPath's or Slack's own words, bounded
	ConcernedCodes []string `json:"concerned_codes,omitempty"`        // the codes the reason is about
	Suggestions    []string `json:"suggestions,omitempty"`            // candidates to offer instead
	Allocation     []string `json:"allocation,omitzero"`              // the group's codes as last read; nil: none
	Seats          []Seats  `json:"seats,omitempty"`                  // done: of the codes concerned, after the change
	Uncertain      bool     `json:"uncertain,omitempty"`              // a write may have had an unseen effect
	Undated        []string `json:"undated,omitempty" words:"person"` // people with an undated approval

	Channel string `json:"channel,omitempty"` // where approvers decide instead

	Violation *Violation `json:"violation,omitempty"` // of the policy

	Lacking *LackOfApproversError `json:"lacking,omitempty"`
}

// A Reason is why a request closed as it did; the words for it are in bot/message.
type Reason string

// The reasons of a closed request, by its state.
const (
	// Refused. Suggestions has what to offer instead.
	ReasonNoSuchGroup      Reason = "no_such_group"
	ReasonAmbiguousGroup   Reason = "ambiguous_group"
	ReasonNotOwned         Reason = "not_owned"          // ConcernedCodes has the codes, Suggestions one for each
	ReasonNothingToDo      Reason = "nothing_to_do"      // the group has the codes already
	ReasonWouldEmpty       Reason = "would_empty"        // the requester left open whether the allocation may become empty
	ReasonQuotaTooLow      Reason = "quota_too_low"      // fewer than are in use; Suggestions has the least as CODE=10
	ReasonQuotaWithoutCode Reason = "quota_without_code" // a limit for a code outside the allocation
	ReasonTooLarge         Reason = "too_large"          // for its card; Suggestions has the codes that fit
	ReasonNothingToTime    Reason = "nothing_to_time"    // a time for a change without a new code
	ReasonDuplicate        Reason = "duplicate"          // Suggestions has the open request that asks the same
	ReasonPolicy           Reason = "policy"             // Violation says what the policy forbids
	ReasonNoApprovers      Reason = "no_approvers"       // Lacking says what no person can give
	ReasonUncheckable      Reason = "uncheckable"        // Slack does not show whether the policy allows it

	// Any state, of a request that ended after its database was copied.
	ReasonFromChannel Reason = "from_channel"

	// Refused or failed.
	ReasonEndPassed     Reason = "end_passed"     // the end asked for had passed already
	ReasonUiPathRefused Reason = "uipath_refused" // Answer has UiPath's words

	// Denied, cancelled, expired.
	ReasonDeniedByVote        Reason = "denied_by_vote"
	ReasonWithdrawn           Reason = "withdrawn" // by the requester
	ReasonCancelledByApprover Reason = "cancelled_by_approver"
	ReasonCardDeleted         Reason = "card_deleted" // and consent with it
	ReasonDeadline            Reason = "deadline"

	// Done.
	ReasonConfirmed    Reason = "confirmed"     // UiPath said yes, and a read showed the change
	ReasonReadBack     Reason = "read_back"     // the answer was lost, and a read showed the change
	ReasonNotPreserved Reason = "not_preserved" // UiPath dropped a setting that should have stayed
	ReasonExtended     Reason = "extended"      // the group had the codes; they stay for longer, and nothing was written

	// Failed.
	ReasonIncomplete  Reason = "incomplete"  // UiPath answered yes and left ConcernedCodes out
	ReasonUnconfirmed Reason = "unconfirmed" // no confirmation before the approval lapsed

	// Superseded.
	ReasonAllocationChanged Reason = "allocation_changed"
	ReasonGroupRenamed      Reason = "group_renamed" // Suggestions has the name of now; empty: none
	ReasonForbiddenNow      Reason = "forbidden_now" // Violation says what the policy of today forbids
	ReasonStricterNow       Reason = "stricter_now"  // the policy of today asks for other or more approvals
	// Channel has the approvals channel of now, Suggestions the request that was filed anew.
	ReasonChannelReplaced Reason = "channel_replaced"
)
