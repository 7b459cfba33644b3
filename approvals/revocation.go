package approvals

import "time"

// RevocationFacts are what decides which codes the end of a grant takes out.
type RevocationFacts struct {
	Holders    []Request  // the requests in effect of the group, in the order in which they came into effect
	Allocation Allocation // as UiPath has it now
	Now        time.Time
	Tried      bool // an earlier attempt may have taken codes out
}

// A RevocationPlan is what the end of a grant does now.
type RevocationPlan struct {
	Take   []string   // codes to take out
	Result Revocation // what became of the others
}

// IsOver reports whether nothing more is to be written.
func (p RevocationPlan) IsOver() bool { return len(p.Take) == 0 }

// PlanRevocation sorts the codes of a grant after its time: only those are
// taken out that no other request holds.
func PlanRevocation(r Request, f RevocationFacts) RevocationPlan {
	take, result := claimsOf(f.Holders).split(r, f.Allocation, f.Now)
	if !r.Grant.AnsweredAt.IsZero() {
		result.Removed = Common(result.Absent, r.Grant.Taken)
		result.Absent = Without(result.Absent, result.Removed)
	}
	result.ReadBack = f.Tried && len(result.Absent) > 0
	if len(take) > 0 && r.Grant.Mismatches >= MismatchLimit {
		result.Remaining, take = take, nil
	}
	return RevocationPlan{Take: take, Result: result}
}

// DecideUnreadableRevocation says what becomes of the end of a grant when the
// allocation cannot be read. No event means: try later.
func DecideUnreadableRevocation(r Request, f RevocationFacts, err error) Event {
	f.Allocation = Allocation{Codes: r.Grant.Codes}
	take, result := claimsOf(f.Holders).split(r, f.Allocation, f.Now)
	result.Allocation, result.Uncertain = nil, f.Tried // the allocation is unknown
	result.QuotasUnknown, result.ExternalUnknown = quotasAreUnknown(err), externalIsUnknown(err)
	if result.HidesSetting() && !f.Now.Before(r.Grant.Until.Add(settingUnknownFor)) {
		result.Remaining = take
		return Revoked{Revocation: result}
	}
	if IsRefused(err) {
		switch {
		case !mayBeSecondLook(r.Grant.RefusedAt, f.Now):
			return ReadRefused{}
		case f.Now.Sub(r.Grant.RefusedAt) < SecondLookAfter:
			return nil
		}
	}
	return RevocationPlan{Take: take, Result: result}.AfterRefusal(err, nil)
}

// IsShownBy reports whether a read shows that the codes were taken out.
func (p RevocationPlan) IsShownBy(now Allocation) bool { return len(Common(p.Take, now.Codes)) == 0 }

// AfterReading is the event of a write that a later read shows. asked is what was written,
// settings to keep included; nil if that is unknown.
func (p RevocationPlan) AfterReading(now Allocation, asked *Allocation) Event {
	p.Result.Absent = Union(p.Result.Absent, p.Take)
	p.Result.ReadBack = len(p.Result.Absent) > 0
	p.Result.Allocation, p.Result.NotPreserved = now.Codes, now.lost(asked)
	return Revoked{Revocation: p.Result}
}

// AfterRefusal gives the end up when UiPath refuses it: people are told and can
// have it tried again. read is the allocation since; nil if it was refused as well, or is
// unknown. No event means: try later.
func (p RevocationPlan) AfterRefusal(err error, read *Allocation) Event {
	refusal, ok := asRefusal(err)
	if !ok {
		return nil
	}
	p.Result.Remaining, p.Result.Answer = p.Take, refusal.Answer
	if read != nil {
		p.Result.Remaining, p.Result.Allocation = Common(p.Take, read.Codes), read.Codes
		gone := Without(p.Take, read.Codes)
		p.Result.Absent = Union(p.Result.Absent, gone)
		p.Result.ReadBack = p.Result.ReadBack || len(gone) > 0
	}
	return Revoked{Revocation: p.Result}
}

// AfterWrite is the event of a write that UiPath said yes to and a read shows. preserved says
// that the other settings stayed.
func (p RevocationPlan) AfterWrite(answer Allocation, preserved bool) Event {
	p.Result.Removed, p.Result.Allocation, p.Result.NotPreserved = p.Take, answer.Codes, !preserved
	return Revoked{Revocation: p.Result}
}

// CodesToWarnOf lists the codes of a grant that will be taken out at its end, as
// far as is known now.
func CodesToWarnOf(r Request, holders []Request) []string {
	going, _ := claimsOf(holders).split(r, Allocation{Codes: r.Grant.Codes}, r.Grant.Until)
	return going
}

// WarningIsLate reports whether it is too late for a warning so many hours
// before the end: the last warning, or the end itself, says it then.
func (g Grant) WarningIsLate(hours int, now time.Time) bool {
	late := g.Until
	if hours == firstWarning {
		late = late.Add(-lastWarning * time.Hour)
	}
	return !now.Before(late)
}
