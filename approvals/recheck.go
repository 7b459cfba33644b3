package approvals

import "slices"

// A Recheck is what the policy of today says about a posted request.
type Recheck struct {
	Result    RecheckResult
	Today     Terms      // StillAsks: what has to be met besides the terms shown
	Violation *Violation // NowForbidden
}

// A RecheckResult says what becomes of a request under the policy of today. Only
// StillAsks lets it go on.
type RecheckResult string

// The results, in the order in which they are looked for.
const (
	GroupRenamed RecheckResult = "group_renamed" // the group's name differs from the card's
	NowForbidden RecheckResult = "now_forbidden" // the policy of today does not allow it at all
	NeedsPeople  RecheckResult = "needs_people"  // shown as granted by itself; people have to approve it today
	StillAsks    RecheckResult = "still_asks"    // goes on if the terms shown and those of today are met
)

// Event supersedes a request against the policy of today; nil if it may go on.
func (c Recheck) Event(f WriteFacts) Event {
	outcome := Outcome{Allocation: f.Allocation.Codes, Uncertain: f.Tried}
	switch c.Result {
	case GroupRenamed:
		outcome.Reason, outcome.Suggestions = ReasonGroupRenamed, []string{f.Group.Name}
	case NowForbidden:
		outcome.Reason, outcome.Violation = ReasonForbiddenNow, c.Violation
	case NeedsPeople:
		outcome.Reason = ReasonStricterNow
	default:
		return nil
	}
	return finished(Superseded, outcome)
}

// Recheck asks the policy of today about a request. shown and on are the terms and
// the group as the card shows them. x has the group as it was just read.
//
// What got stricter holds, and what got easier does not help: see [MetByBoth]. A
// group is compared by the name that people read, because the card shows it. A
// name that is unknown then and now is unchanged. One that is unknown only now is
// gone: UiPath's answers are read as that only after a second look.
func (p Policy) Recheck(shown Terms, on Group, x PolicyInput) Recheck {
	if x.Group.Name != on.Name {
		return Recheck{Result: GroupRenamed}
	}
	today, violation := p.Decide(x)
	if shown.Escalated {
		today = today.escalate()
	}
	switch {
	case violation != nil:
		return Recheck{Result: NowForbidden, Violation: violation}
	case shown.AutoApprove && !today.AutoApprove:
		return Recheck{Result: NeedsPeople, Today: today}
	}
	return Recheck{Result: StillAsks, Today: today}
}

// VotesOnBoth leaves the votes of people who have one under the terms shown and
// under those of today. The stages of each list are those of its own terms.
func VotesOnBoth(onShown, onToday []Vote) (shown, today []Vote) {
	without := func(votes, others []Vote) []Vote {
		return slices.DeleteFunc(slices.Clone(votes), func(v Vote) bool { return !HasVoted(others, v.User) })
	}
	return without(onShown, onToday), without(onToday, onShown)
}

// MetByBoth reports whether the votes meet the terms shown and those of today. A
// person counts only under both. Where one of the two asks no person, today's
// policy got easier, which does not help, or stricter, and then no person was asked.
func MetByBoth(shown, today Terms, onShown, onToday []Vote) bool {
	switch {
	case shown.AutoApprove:
		return today.AutoApprove
	case today.AutoApprove:
		return shown.Met(onShown)
	}
	onShown, onToday = VotesOnBoth(onShown, onToday)
	return shown.Met(onShown) && today.Met(onToday)
}
