// Package report writes what auditors read: a report of a period, the story of one request,
// and an export that can be checked with tools of their own.
//
// A [Source] is one state of the database. [Build] reads it once for what has to stand first,
// which is the totals and the groups; [Write] reads the requests again and writes them one by
// one, so that a long period needs no more memory than a short one.
package report

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
)

// A Period is from its beginning to before its end.
type Period struct{ Since, Until time.Time }

func (p Period) has(t time.Time) bool { return !t.IsZero() && !t.Before(p.Since) && t.Before(p.Until) }

// concerns reports whether something happened to a request in the period, or it was open.
func (p Period) concerns(r approvals.Request) bool {
	revoked := r.Grant != nil && r.Grant.Revocation != nil && p.has(r.Grant.Revocation.At)
	open := r.ClosedAt.IsZero() || !r.ClosedAt.Before(p.Until)
	return p.has(r.FiledAt) || p.has(r.DecidedAt) || p.has(r.ClosedAt) || revoked || open && r.FiledAt.Before(p.Until)
}

// A Line is one request as a report has it. Lists of people and codes are in their order.
type Line struct {
	Record    string     `json:"record"`
	ID        string     `json:"request_id"`
	FiledAt   time.Time  `json:"filed_at"`
	Requester string     `json:"requester"`
	AskedBy   string     `json:"requester_name,omitempty"`
	GroupID   string     `json:"group_id"`
	GroupName string     `json:"group_name"`
	Action    string     `json:"action"`
	Added     []string   `json:"added"`
	Removed   []string   `json:"removed"`
	Extended  []string   `json:"extended"`
	Limits    []string   `json:"limits"`
	Until     string     `json:"until"`
	Reason    string     `json:"reason"`
	Rule      string     `json:"rule"`
	Policy    string     `json:"policy_sha256"` // of the text of the policy that had the rule
	Terms     string     `json:"terms_sha256"`
	Approvals []Approval `json:"approvals"`
	DecidedAt time.Time  `json:"decided_at,omitzero"`
	State     string     `json:"state"`
	Result    string     `json:"result"`
	ClosedBy  string     `json:"closed_by"`
	Closer    string     `json:"closed_by_name,omitempty"`
	ClosedAt  time.Time  `json:"closed_at,omitzero"`
	InEffect  bool       `json:"in_effect"`
	Written   []string   `json:"written"` // the whole allocation that was written last, with limits
	Confirmed []string   `json:"confirmed"`
	EndedAt   time.Time  `json:"ended_at,omitzero"`
	EndTook   []string   `json:"end_removed"`
	EndWrote  []string   `json:"end_written"`
	Permalink string     `json:"permalink"`
}

// An Approval is the consent of one person.
type Approval struct {
	By   string    `json:"by"`
	Name string    `json:"name,omitempty"`
	At   time.Time `json:"at"`
}

// person is the name with the id, or the id alone.
func (a Approval) person() string {
	if a.Name == "" {
		return a.By
	}
	return a.Name + " (" + a.By + ")"
}

// body lists what was written as codes, and limits as CODE=10.
func body(w *approvals.WriteEntry) []string {
	if w == nil {
		return nil
	}
	return approvals.AllocationItems(approvals.Allocation{Codes: w.Codes, Quotas: w.Quotas})
}

// newLine is the line of a request.
func newLine(r approvals.Request) Line {
	l := Line{
		Record: "request", ID: r.ID, FiledAt: r.FiledAt, Requester: r.Requester, GroupName: r.Ask.Group,
		Action: string(r.Ask.Action), Reason: r.Ask.Reason, Rule: r.Terms.Rule, Policy: r.Terms.PolicySHA256,
		DecidedAt: r.DecidedAt, State: string(r.State), ClosedAt: r.ClosedAt, InEffect: r.IsInEffect(),
	}
	if l.Action == "" {
		l.Action = string(approvals.Add)
	}
	for _, v := range r.Votes {
		l.Approvals = append(l.Approvals, Approval{By: v.User, At: v.At})
	}
	if r.Proposal == nil {
		l.Added = r.Ask.Codes
	} else {
		l.addProposal(r)
	}
	if r.Outcome != nil {
		l.Result, l.ClosedBy = string(r.Outcome.Reason), r.Outcome.By
	}
	if l.InEffect && r.Outcome != nil {
		l.Confirmed = r.Outcome.Allocation
	}
	if r.Grant != nil && r.Grant.Revocation != nil {
		l.EndedAt, l.EndTook = r.Grant.Revocation.At, r.Grant.Revocation.Removed
	}
	return l
}

func (l *Line) addProposal(r approvals.Request) {
	change := r.Proposal.Change
	l.GroupID, l.GroupName = r.Proposal.Group.ID, r.Proposal.Group.Name
	l.Added, l.Removed, l.Extended = change.Add, change.Remove, change.Extend
	for _, q := range change.Quotas {
		l.Limits = append(l.Limits, q.String())
	}
	l.Terms = termsHash(r.Terms)
	switch {
	case r.Grant != nil:
		l.Until = r.Grant.Until.Format(time.RFC3339)
	case !r.Ask.Until.IsZero():
		l.Until = r.Ask.Until.Format(time.RFC3339)
	case r.Ask.For > 0:
		l.Until = r.Ask.For.String() + " from success on"
	}
	if r.CardTS != "" {
		l.Permalink = permalink(r.Channel, r.CardTS)
	}
}

// permalink opens a message in Slack, whatever the workspace is called.
func permalink(channel, ts string) string {
	return "https://slack.com/app_redirect?channel=" + channel + "&message_ts=" + ts
}

// termsHash identifies what the card showed of the rule: who had to approve, and how.
func termsHash(t approvals.Terms) string {
	t.PolicySHA256 = "" // the same terms may stand in many policies
	text, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// Totals are what an auditor asks for first.
type Totals struct {
	Requests     int // that the report has
	Open         int
	ByState      []StateCount
	InEffect     int // changes made
	SelfApproved int // the requester is among the approvers
	AutoApproved int // made without an approver
	Unapproved   int // made without an approver, where the rule wanted one
	Refused      int // by the policy
	RefusedDays  int // the same, counted once a person, group and day
	Running      int // grants for a time that still run
	Outside      int // changes outside of the bot
	Erased       int `json:",omitempty"` // requests of which words were erased
	Unexplained  int // groups with a difference that nothing explains
}

// A StateCount is how many requests are in a state.
type StateCount struct {
	State string
	Count int
}

func (t *Totals) add(r approvals.Request) {
	t.Requests++
	if r.State.Open() {
		t.Open++
	}
	if r.State == approvals.Refused && r.Outcome.Violation != nil {
		t.Refused++
	}
	if r.Requester == approvals.Erased || r.Ask.Reason == approvals.Erased {
		t.Erased++
	}
	at := slices.IndexFunc(t.ByState, func(c StateCount) bool { return c.State == string(r.State) })
	t.ByState[at].Count++
	if !r.IsInEffect() {
		return
	}
	t.InEffect++
	switch {
	case r.Terms.AutoApprove:
		t.AutoApproved++
	case len(r.Votes) == 0:
		t.Unapproved++
	}
	isOwn := func(v approvals.Vote) bool { return v.User == r.Requester && v.User != approvals.Erased }
	if slices.ContainsFunc(r.Votes, isOwn) {
		t.SelfApproved++
	}
	if r.HoldsGrant() {
		t.Running++
	}
}

func newTotals() Totals {
	var t Totals
	for _, s := range approvals.States() {
		t.ByState = append(t.ByState, StateCount{State: string(s)})
	}
	return t
}

// sentence is the totals in words, one a line.
func (t Totals) sentences() []string {
	var states []string
	for _, c := range t.ByState {
		if c.Count > 0 {
			states = append(states, fmt.Sprintf("%d %s", c.Count, c.State))
		}
	}
	if len(states) == 0 {
		return []string{"Nothing happened in this period."}
	}
	lines := []string{
		fmt.Sprintf("Requests: %d (%s).", t.Requests, strings.Join(states, ", ")),
		fmt.Sprintf("Changes made at UiPath: %d, %d of them without an approver because a rule allows it.",
			t.InEffect, t.AutoApproved),
		fmt.Sprintf("Changes made without a recorded approver: %d.", t.Unapproved),
		fmt.Sprintf("Changes approved by their own requester among others: %d.", t.SelfApproved),
		fmt.Sprintf("Requests that the policy refused: %d; counted once a person, group and day: %d.",
			t.Refused, t.RefusedDays),
		fmt.Sprintf("Grants for a time that still run: %d.", t.Running),
	}
	if t.Erased > 0 {
		lines = append(lines, fmt.Sprintf("Requests of which names or reasons were erased later: %d.", t.Erased))
	}
	return lines
}
