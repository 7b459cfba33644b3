package approvals

import (
	"slices"
	"time"
)

// escalate adds the people of the escalation to every stage.
func (t Terms) escalate() Terms {
	stages := slices.Clone(t.Stages)
	for i := range stages {
		added := Without(t.Escalation.Approvers, stages[i].Approvers)
		stages[i].Approvers = append(slices.Clone(stages[i].Approvers), added...)
	}
	t.Stages, t.Escalated = stages, true
	return t
}

// escalationJob is due when more people are asked, unless the request expires first.
func (r Request) escalationJob(now time.Time) []Job {
	due := now.Add(r.Terms.Escalation.After)
	if len(r.Terms.Escalation.Approvers) == 0 || r.Terms.Escalated || !due.Before(r.Deadline) {
		return nil
	}
	return []Job{{Kind: JobEscalate, Due: due}}
}

// Escalated means that a request has waited so long that more people are asked.
type Escalated struct{}

func (Escalated) Kind() string  { return "escalated" }
func (Escalated) Actor() string { return Bot }

// The card and the thread say that more people may approve. Whoever was told before
// that their vote does not count votes anew.
func (Escalated) move(r Request, now time.Time) (Step, error) {
	if r.State != Pending || r.Terms.Escalated || !now.Before(r.Deadline) {
		return Step{}, ErrNoTransition
	}
	r.Terms = r.Terms.escalate()
	return Step{Request: r, Enqueue: []Job{
		{Kind: JobPostEscalation, Payload: Payload{Mention: r.Terms.Escalation.Approvers}},
		{Kind: JobUpdateCard}, {Kind: JobCountVotes},
	}}, nil
}
