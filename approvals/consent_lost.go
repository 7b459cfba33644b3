package approvals

import (
	"slices"
	"strconv"
	"strings"
)

// Standings of those whose consent counted and does so no more, besides what
// they may stand as now.
const (
	Withdrawn Eligibility = "withdrawn"  // the reaction is not there any more
	LostStage Eligibility = "lost_stage" // still an approver, but not for all the stages as before
)

// Lost is a consent that does not count any more, and why.
type LostConsent struct {
	User   string
	Reason Eligibility
}

// lossesOf compares the votes that carried a request with what is on its card.
func ConsentLosses(votes []Vote, ballots []Ballot) []LostConsent {
	var lost []LostConsent
	for _, v := range votes {
		if why := lossOf(v, ballots); why != Counts {
			lost = append(lost, LostConsent{User: v.User, Reason: why})
		}
	}
	return lost
}

func lossOf(v Vote, ballots []Ballot) Eligibility {
	why := Withdrawn
	for _, b := range ballots {
		switch {
		case b.User != v.User || b.Deny:
		case b.Eligibility == Counts && covers(b.Stages, v.Stages):
			return Counts
		case b.Eligibility == Counts:
			why = LostStage
		default:
			why = b.Eligibility
		}
	}
	return why
}

func covers(now, before []int) bool {
	return !slices.ContainsFunc(before, func(stage int) bool { return !slices.Contains(now, stage) })
}

// holdUp numbers the word that the write is held up, from the second approval
// on, so that it is not taken for the word after an earlier one.
func (r Request) DelayKey() string {
	if r.ConsentLosses == 0 {
		return ""
	}
	return strconv.Itoa(r.ConsentLosses + 1)
}

// reopening owes the thread a word about who does not count any more.
func reopening(r Request, lost []LostConsent) Job {
	notes := make([]string, len(lost))
	for i, l := range lost {
		notes[i] = l.User + "=" + string(l.Reason)
	}
	return Job{Kind: JobPostConsentLost, Key: strconv.Itoa(r.ConsentLosses), Note: strings.Join(notes, " ")}
}

// Lost lists whose consent was lost, of work of the kind Reopen.
func (o Job) Lost() []LostConsent {
	var lost []LostConsent
	for _, note := range strings.Fields(o.Note) {
		user, why, _ := strings.Cut(note, "=")
		lost = append(lost, LostConsent{User: user, Reason: Eligibility(why)})
	}
	return lost
}
