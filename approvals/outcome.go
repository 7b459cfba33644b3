package approvals

// An Outcome tells how a request closed. Every field but Reason may be empty.
type Outcome struct {
	Reason         Reason   `json:"reason"`
	By             string   `json:"by,omitempty"`              // the person who closed it
	Comment        string   `json:"why,omitempty"`             // the reason that person gave
	Answer         string   `json:"answer,omitempty"`          // UiPath's or Slack's own words, bounded
	ConcernedCodes []string `json:"concerned_codes,omitempty"` // the codes the reason is about
	Suggestions    []string `json:"suggestions,omitempty"`     // candidates to offer instead
	Allocation     []string `json:"allocation,omitempty"`      // the group's codes as last read or answered
	Uncertain      bool     `json:"uncertain,omitempty"`       // a write may have had an effect that was not seen

	Violation *Violation `json:"violation,omitempty"` // of the policy
}

// A Reason is why a request closed as it did; the words for it are in bot/message.
type Reason string

// The reasons that a request can close with.
const (
	ReasonConfirmed           Reason = "confirmed"             // done: the answer matched
	ReasonReadBack            Reason = "read_back"             // done: the answer was lost, and a read showed the change
	ReasonNotPreserved        Reason = "not_preserved"         // done: UiPath made the change and dropped a setting that should have stayed
	ReasonExtended            Reason = "extended"              // done: the group has the codes, and they stay for longer; nothing had to be written
	ReasonDeniedByVote        Reason = "denied_by_vote"        // denied
	ReasonWithdrawn           Reason = "withdrawn"             // cancelled by the requester
	ReasonCancelledByApprover Reason = "cancelled_by_approver" // cancelled by an approver
	ReasonCardDeleted         Reason = "card_deleted"          // cancelled: the card was deleted, and consent with it
	ReasonDeadline            Reason = "deadline"              // expired
	ReasonNoSuchGroup         Reason = "no_such_group"         // refused: Nearest has candidates
	ReasonAmbiguousGroup      Reason = "ambiguous_group"       // refused: Nearest has candidates
	ReasonNotOwned            Reason = "not_owned"             // refused: Subject has the codes, Nearest one each
	ReasonNothingToDo         Reason = "nothing_to_do"         // refused: the group has the codes already
	ReasonWouldEmpty          Reason = "would_empty"           // refused: the allocation would become empty, and the requester did not say so
	ReasonQuotaTooLow         Reason = "quota_too_low"         // refused: more seats are in use than the limit asked for; Suggestions has the least for each, as CODE=10
	ReasonQuotaWithoutCode    Reason = "quota_without_code"    // refused: a limit for a code that the group would not have
	ReasonNothingToTime       Reason = "nothing_to_time"       // refused: a time for a change that adds no code
	ReasonEndPassed           Reason = "end_passed"            // refused or failed: the end asked for had passed already
	ReasonDuplicate           Reason = "duplicate"             // refused: Suggestions has the open request that asks the same
	ReasonPolicy              Reason = "policy"                // refused: Violation says what the policy forbids
	ReasonUncheckable         Reason = "uncheckable"           // refused: Slack does not show whether the policy allows it
	ReasonUiPathRefused       Reason = "uipath_refused"        // refused or failed: Answer has UiPath's words
	ReasonIncomplete          Reason = "incomplete"            // failed: UiPath answered yes and left ConcernedCodes out
	ReasonUnconfirmed         Reason = "unconfirmed"           // failed: no confirmation before the approval lapsed
	ReasonAllocationChanged   Reason = "allocation_changed"    // superseded
)
