package approvals

import (
	"slices"
	"time"
)

// wouldHelp reports whether a vote would bring the request nearer to its quorum.
// It may free another voter for another stage.
func (t Terms) wouldHelp(votes []Vote, user string, stages []int) bool {
	if HasVoted(votes, user) {
		return false
	}
	with := append(slices.Clone(votes), Vote{User: user, Stages: stages})
	return sumOf(t.MissingVotes(with)) < sumOf(t.MissingVotes(votes))
}

func sumOf(all []int) int {
	total := 0
	for _, n := range all {
		total += n
	}
	return total
}

// Terms say which people have to approve a request. They are the terms in force
// when its card was made: a change of the policy never changes what an approver
// was shown. Before the card, a request has a TTL only.
type Terms struct {
	Rule         string        `json:"rule,omitempty"`          // the policy rule's name; empty without a policy file
	PolicySHA256 string        `json:"policy_sha256,omitempty"` // of the policy's text, as the journal has it
	Stages       []Stage       `json:"stages,omitempty"`
	SelfApproval bool          `json:"self_approval,omitempty"` // the requester may be one of the approvers
	AutoApprove  bool          `json:"auto_approve,omitempty"`  // granted without an approver
	VotersUntold bool          `json:"voters_untold,omitempty"` // voters are not told that their vote counts
	Escalation   Escalation    `json:"escalation,omitzero"`     // who may approve as well after a while
	Escalated    bool          `json:"escalated,omitempty"`     // they may now; the stages name them
	TTL          time.Duration `json:"ttl"`                     // life of a pending request, and of an approval
	Emoji        Emoji         `json:"emoji,omitzero"`          // the emoji that mean yes and no on the card
	Buttons      bool          `json:"buttons,omitempty"`       // the card has buttons besides
}

// Approvers lists the people and user groups that any stage names, each once.
func (t Terms) Approvers() []string {
	var all []string
	for _, stage := range t.Stages {
		all = append(all, Without(stage.Approvers, all)...)
	}
	return all
}

// Quorum is how many people have to approve, all stages together.
func (t Terms) Quorum() int {
	n := 0
	for _, stage := range t.Stages {
		n += stage.needs()
	}
	return n
}

// Met reports whether the votes carry the request. One person serves one stage.
func (t Terms) Met(votes []Vote) bool {
	return t.AutoApprove || Met(t.Stages, votersOf(votes))
}

// MissingVotes tells how many more people each stage needs.
func (t Terms) MissingVotes(votes []Vote) []int { return Missing(t.Stages, votersOf(votes)) }

// AssignVoters tells which votes each stage has.
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

// An Escalation names people who may approve as well, in every stage, once a request
// has waited for so long. Its zero value names none.
type Escalation struct {
	After     time.Duration `json:"after,omitempty"`
	Approvers []string      `json:"approvers,omitempty" words:"person"` // people and user groups
}
