package approvals

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Standings of those whose consent counted and does so no more, besides what
// they may stand as now.
const (
	Withdrawn Standing = "withdrawn"  // the reaction is not there any more
	LostStage Standing = "lost_stage" // still an approver, but not for all the stages as before
)

// Lost is a consent that does not count any more, and why.
type Lost struct {
	User string
	Why  Standing
}

// lossesOf compares the votes that carried a request with what is on its card.
func lossesOf(votes []Vote, ballots []Ballot) []Lost {
	var lost []Lost
	for _, v := range votes {
		if why := lossOf(v, ballots); why != Counts {
			lost = append(lost, Lost{User: v.User, Why: why})
		}
	}
	return lost
}

func lossOf(v Vote, ballots []Ballot) Standing {
	why := Withdrawn
	for _, b := range ballots {
		switch {
		case b.User != v.User || b.Deny:
		case b.Standing == Counts && covers(b.Stages, v.Stages):
			return Counts
		case b.Standing == Counts:
			why = LostStage
		default:
			why = b.Standing
		}
	}
	return why
}

func covers(now, before []int) bool {
	return !slices.ContainsFunc(before, func(stage int) bool { return !slices.Contains(now, stage) })
}

// holdUp numbers the word that the write is held up, from the second approval
// on, so that it is not taken for the word after an earlier one.
func (r Request) holdUp() string {
	if r.Reopened == 0 {
		return ""
	}
	return strconv.Itoa(r.Reopened + 1)
}

// reopening owes the thread a word about who does not count any more.
func reopening(r Request, lost []Lost) Owed {
	notes := make([]string, len(lost))
	for i, l := range lost {
		notes[i] = l.User + "=" + string(l.Why)
	}
	return Owed{Kind: Reopen, Subject: strconv.Itoa(r.Reopened), Note: strings.Join(notes, " ")}
}

// Lost lists whose consent was lost, of work of the kind Reopen.
func (o Owed) Lost() []Lost {
	var lost []Lost
	for _, note := range strings.Fields(o.Note) {
		user, why, _ := strings.Cut(note, "=")
		lost = append(lost, Lost{User: user, Why: Standing(why)})
	}
	return lost
}

// reopen says that an approved request waits again, while it does: once it is
// approved anew a write may be made at any moment, of which it would be said
// that there was none.
func (w *Workers) reopen(ctx context.Context, t Task, r Request) error {
	if r.State != Pending {
		return nil // true no more, whether it was said or not
	}
	return w.sayInThread(ctx, t, r, t.Owed)
}
