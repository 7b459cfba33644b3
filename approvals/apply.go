package approvals

import (
	"errors"
	"slices"
	"time"
)

// MismatchLimit is how many answers with another allocation than the one asked
// for end a write.
const MismatchLimit = 3

// A ConsentLook is what the last look at a card before a write found.
type ConsentLook struct {
	Ballots     []Ballot
	Guard       VoteGuard
	CardDeleted bool
	NotMetToday bool // the policy of today asks for more than the people who consent
}

// UnderPolicy judges a look by the terms of today, too: an approval counts only if
// both name its giver. members has the people of each stage of today; unread means a
// user group of them was unreadable.
func (l ConsentLook) UnderPolicy(r Request, today Terms, members [][]string, unread bool) ConsentLook {
	l.Ballots = slices.Clone(l.Ballots)
	var onToday []Vote
	for i, b := range l.Ballots {
		if b.Deny || b.Eligibility != Counts {
			continue
		}
		stages := StagesNaming(members, b.User)
		if why := eligibilityToday(r, today, b, stages, unread); why != Counts {
			l.Ballots[i].Eligibility = why
			continue
		}
		onToday = append(onToday, Vote{User: b.User, Stages: stages})
	}
	l.NotMetToday = l.Carries(r) && !MetByBoth(r.Terms, today, consents(nil, l.Ballots, time.Time{}), onToday)
	return l
}

// LookAt makes what a look found of its votes and their ballots. members has the
// people of each stage; unread says that a user group of them could not be read.
func LookAt(votes []Reaction, ballots []Ballot, members [][]string, unread bool) ConsentLook {
	return ConsentLook{Ballots: ballots, Guard: newVoteGuard(votes, ballots, members, unread)}
}

// Weighed is the guard of what closes a request for want of votes: any other vote stops it.
func (l ConsentLook) Weighed() *VoteGuard {
	guard := l.Guard
	guard.Whole = true
	return &guard
}

// GuardOfDenial is the guard of what a no closes: it must still stand. nil if none counts.
func (l ConsentLook) GuardOfDenial() *VoteGuard {
	isVoid := func(no Reaction) bool {
		return !slices.ContainsFunc(l.Ballots, func(b Ballot) bool {
			return b.Deny && b.User == no.User && b.Name == no.Name && b.Eligibility == Counts
		})
	}
	standing := slices.DeleteFunc(slices.Clone(l.Guard.Denials), isVoid)
	if len(standing) == 0 {
		return nil
	}
	return &VoteGuard{Carrying: standing}
}

// eligibilityToday says whether an approval counts by the terms of today.
func eligibilityToday(r Request, today Terms, b Ballot, stages []int, unread bool) Eligibility {
	switch {
	case today.AutoApprove:
		return Counts
	case b.User == r.Requester && !today.SelfApproval:
		return IsRequester
	case len(stages) > 0:
		return Counts
	case unread:
		return Uncheckable // the unread group may name the person
	}
	return NotToday
}

// MayApprove reports whether an approval of a person would count by the terms of today. people
// are those of each of their stages.
func (t Terms) MayApprove(r Request, user string, people [][]string) bool {
	return eligibilityToday(r, t, Ballot{User: user}, StagesNaming(people, user), false) == Counts
}

// IsUndecided reports whether an unread user group of today may decide about the
// request.
func (l ConsentLook) IsUndecided(r Request) bool { return l.NotMetToday || !IsDecided(r, l.Ballots) }

// Carries reports whether consent still carries the request.
func (l ConsentLook) Carries(r Request) bool { return !l.CardDeleted && hasConsent(r, l.Ballots) }

// Withdrawal is the event of a look without enough consent.
func (l ConsentLook) Withdrawal(tried bool) Event {
	if l.CardDeleted {
		return CardDeleted{WriteAttempted: tried}
	}
	return ConsentLost{Ballots: l.Ballots, WriteAttempted: tried}
}

// ApproversDiffer reports whether other people carry the request now than
// the voters that it records.
func (l ConsentLook) ApproversDiffer(r Request) bool {
	return len(lostConsents(r.Votes, l.Ballots)) > 0
}

// WriteFacts are what decides whether an approved change is written now.
type WriteFacts struct {
	Consent    ConsentLook
	Allocation Allocation // as UiPath has it now
	Group      Group      // as UiPath has it now
	Recheck    Recheck    // what the policy of today says
	Now        time.Time
	Tried      bool // an earlier attempt may have changed the allocation
}

// IsSettled reports whether the allocation shows what an earlier attempt did.
func (f WriteFacts) IsSettled(r Request) bool {
	return f.Tried && r.Proposal.Change.IsShownBy(f.Allocation)
}

// DecideWrite says what becomes of an approved request before its write. The
// event ends the request or takes its approval back. No event means: write.
func DecideWrite(r Request, f WriteFacts) Event {
	shown, now := r.Proposal.Change, f.Allocation.Codes
	remaining := shown.Remaining(f.Allocation)
	switch {
	case f.IsSettled(r):
		return ReadBack(r, f.Allocation, nil)
	case f.Recheck.Result != StillAsks:
		return f.Recheck.Event(f)
	case !f.Consent.Carries(r):
		return f.Consent.Withdrawal(f.Tried)
	case f.Consent.NotMetToday:
		return finished(Superseded, Outcome{Reason: ReasonStricterNow, Allocation: now, Uncertain: f.Tried})
	case r.Mismatches >= MismatchLimit:
		return finished(Failed, Outcome{Reason: ReasonIncomplete, ConcernedCodes: remaining.AllCodes(), Allocation: now})
	case isAnotherChange(r, f, remaining):
		return finished(Superseded, Outcome{Reason: ReasonAllocationChanged, Allocation: now, Uncertain: f.Tried})
	case r.HasLapsed(f.Now):
		return finished(Failed, Outcome{Reason: ReasonUnconfirmed, Answer: "the approval lapsed first", Uncertain: f.Tried})
	case r.Ask.hasPassed(f.Now):
		return finished(Failed, Outcome{Reason: ReasonEndPassed, Allocation: now, Uncertain: f.Tried})
	case remaining.IsEmpty():
		return finished(Done, Outcome{Reason: ReasonExtended, Allocation: now})
	}
	return nil
}

// IsSuccess reports whether an event ends a request as done.
func IsSuccess(e Event) bool {
	finished, ok := e.(WriteFinished)
	return ok && finished.State == Done
}

// isAnotherChange reports whether a write would make another change than the card
// shows.
func isAnotherChange(r Request, f WriteFacts, remaining Change) bool {
	shown := r.Proposal.Change
	return !shown.extendedPresent(f.Allocation) ||
		shown.Exact && !SameSet(shown.ApplyTo(f.Allocation).Codes, shown.Result()) ||
		!remaining.quotasAsShown(shown) ||
		!f.Tried && !remaining.WritesSame(shown) ||
		shown.leavesEmpty(f.Allocation) && !r.Ask.MayEmpty
}

// A WriteFailure is why an approved request could not be carried out now.
type WriteFailure struct {
	Err    error
	Reason string // for people, in one clause
	Tried  bool   // an attempt may have changed the allocation

	// A refused write ends the request. A refused read ends it only if a second,
	// later one is refused too, and no write was tried before.
	OfWrite, OfRead bool

	Shown []string // the codes that a read after the refused write showed; nil without one
}

// SecondLookAfter is how long after a first look without the group a second one is
// believed.
const SecondLookAfter = 10 * time.Second

// mayBeSecondLook reports whether a look belongs to a first one: long after it, or after a clock
// was put back, two looks say nothing together. Zero: there was none.
func mayBeSecondLook(first, now time.Time) bool {
	age := now.Sub(first)
	return !first.IsZero() && age >= 0 && age <= time.Hour
}

// FailedWrite is the failure of a write unseen by any read. A refusal ends the
// request; its effect stays unknown where an earlier attempt may have had one.
func FailedWrite(err error, triedBefore bool) WriteFailure {
	tried := triedBefore || EffectIsUnknown(err) && !IsRefused(err)
	return WriteFailure{Err: err, Reason: DelayReason(err), Tried: tried, OfWrite: true}
}

// UnreadWrite is the failure of an unsettled write after its read failed as well.
// Whatever its causes were, they end nothing.
func UnreadWrite(err error) WriteFailure {
	failure := WriteFailure{Err: errors.New(err.Error()), Reason: DelayReason(err), Tried: true}
	if fault, ok := NeedsOperator(err); ok {
		unsettled := *fault
		unsettled.EffectUnknown = true
		failure.Err = &unsettled
	}
	return failure
}

// DecideFailure says what becomes of an approved request after a failure. No
// event means: try later. That ends when the approval lapses: an approval holds
// for as long as a request may wait for one.
func DecideFailure(r Request, f WriteFailure, now time.Time) Event {
	refusal, refused := asRefusal(f.Err)
	switch {
	case refused && f.OfRead && !f.Tried && !mayBeSecondLook(r.RefusedAt, now):
		return ReadRefused{}
	case refused && f.OfRead && !f.Tried && now.Sub(r.RefusedAt) < SecondLookAfter, isOperators(f.Err):
		return nil
	case refused && (f.OfWrite || f.OfRead && !f.Tried):
		return finished(Failed, Outcome{
			Reason: ReasonUiPathRefused, Answer: refusal.Answer, Uncertain: f.Tried, Allocation: f.Shown,
		})
	case !r.HasLapsed(now):
		return nil
	}
	return finished(Failed, Outcome{Reason: ReasonUnconfirmed, Answer: f.Reason, Uncertain: f.Tried})
}

// ReadBack ends a request after a write was tried: a read shows the whole change. asked is
// what was written, settings to keep included; nil if that is unknown.
func ReadBack(r Request, now Allocation, asked *Allocation) Event {
	reason := ReasonReadBack
	switch {
	case now.lost(asked):
		reason = ReasonNotPreserved
	case !r.AnsweredAt.IsZero():
		reason = ReasonConfirmed
	}
	return doneWith(r, reason, now)
}

// doneWith tells what a read or an answer shows after the change.
func doneWith(r Request, reason Reason, now Allocation) Event {
	return finished(Done, Outcome{Reason: reason, Allocation: now.Codes, Seats: r.Proposal.Change.seatsOf(now.Owned)})
}

// AwaitShown is how long reads may still show what was so before a moment; zero once that
// time is over.
func AwaitShown(since, now time.Time) time.Duration {
	if !mayBeLate(since, now) {
		return 0
	}
	return min(ReadLag, ReadLag-now.Sub(since))
}

// Confirmed ends a request after UiPath said yes to its write and a read shows the change.
// preserved says that the other settings stayed as they were.
func Confirmed(r Request, answer Allocation, preserved bool) Event {
	reason := ReasonConfirmed
	if !preserved {
		reason = ReasonNotPreserved
	}
	return doneWith(r, reason, answer)
}
