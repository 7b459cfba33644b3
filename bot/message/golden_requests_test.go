package message

import (
	"time"

	"licensebot/approvals"
	"licensebot/bot/command"
)

const goldenLink = "https://example.slack.com/archives/C0APPROVALS/p1000001"

// goldenRequest is Robin's request in a state. The changes make it the one that a
// message is about.
func goldenRequest(state approvals.State, changes ...func(*approvals.Request)) approvals.Request {
	r := approvals.Request{
		ID: command.ExampleID, State: state, Requester: "U0ROBIN", OriginChannel: "C0GENERAL",
		Channel: "C0APPROVALS", CardTS: "1.000001",
		Ask:     approvals.Ask{Action: approvals.Add, Group: "group-01", Codes: []string{"RPADEVPRONU", "IDU"}},
		Terms:   approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U0ALEX"}, Quorum: 1}}, TTL: 24 * time.Hour},
		FiledAt: testTime, Deadline: testTime.Add(24 * time.Hour),
		Proposal: &approvals.Proposal{
			Group:  approvals.Group{ID: "group-01", Name: "Finance Robots"},
			Change: approvals.Change{Add: []string{"RPADEVPRONU", "IDU"}, Keep: []string{"ATTUNU"}},
			Seats:  []approvals.Seats{{Code: "RPADEVPRONU", Allocated: 3, Total: 40}, {Code: "IDU", Allocated: 1, Total: 10}},
		},
	}
	if state == approvals.Filed || state == approvals.Refused {
		r.Proposal, r.CardTS = nil, ""
	}
	if state == approvals.Approved || state == approvals.Done || state == approvals.Failed || state == approvals.Superseded {
		r.Votes, r.DecidedAt = []approvals.Vote{{User: "U0ALEX", At: testTime, Stages: []int{0}}}, testTime
	}
	if !state.Open() {
		r.ClosedAt = testTime.Add(time.Hour)
		r.Outcome = &approvals.Outcome{By: "U0ALEX", Allocation: []string{"ATTUNU", "IDU", "RPADEVPRONU"}}
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

func withReason(reason approvals.Reason) func(*approvals.Request) {
	return func(r *approvals.Request) { r.Outcome.Reason = reason }
}

func withOutcome(o approvals.Outcome) func(*approvals.Request) {
	return func(r *approvals.Request) { r.Outcome = &o }
}

func withDelay(reason string) func(*approvals.Request) {
	return func(r *approvals.Request) { r.DelayReason = reason }
}

func withAsk(ask approvals.Ask) func(*approvals.Request) {
	return func(r *approvals.Request) { ask.Group = "group-01"; r.Ask = ask }
}

func withoutCard(r *approvals.Request) { r.CardTS = "" }

func uncertain(r *approvals.Request) { r.Outcome.Uncertain = true }

func automatic(r *approvals.Request) {
	r.Votes, r.Terms = nil, approvals.Terms{Rule: "free licenses", AutoApprove: true, TTL: 24 * time.Hour}
}

// withButtons has a card with buttons.
func withButtons(r *approvals.Request) { r.Terms.Buttons = true }

func buttoned(r approvals.Request) approvals.Request {
	withButtons(&r)
	return r
}

// escalated is a request that Kim may approve as well since it has waited for a day.
func escalated(r *approvals.Request) {
	r.Terms.Escalation = approvals.Escalation{After: 24 * time.Hour, Approvers: []string{"U0KIM"}}
	r.Terms.Stages = []approvals.Stage{{Approvers: append(r.Terms.Approvers(), "U0KIM"), Quorum: 1}}
	r.Terms.Escalated = true
}

// inStages needs one owner and two people of security. Kim is an owner and has
// approved.
func inStages(r *approvals.Request) {
	r.Terms.Rule = "costly licenses"
	r.Terms.Stages = []approvals.Stage{
		{Name: "owner", Approvers: []string{"U0ALEX", "U0KIM"}, Quorum: 1}, {Approvers: []string{"S0SECURITY"}, Quorum: 2},
	}
	r.Votes = []approvals.Vote{{User: "U0KIM", Stages: []int{0}}}
}

// timed is granted for thirty days from when the request is done.
func timed(r *approvals.Request) {
	r.Ask.For = 30 * 24 * time.Hour
	if r.State == approvals.Done {
		r.Grant = &approvals.Grant{Codes: []string{"RPADEVPRONU", "IDU"}, Until: testTime.Add(r.Ask.For)}
	}
}

// extending lets the group keep for longer what it has for a time.
func extending(r *approvals.Request) {
	r.Ask.For = 30 * 24 * time.Hour
	r.Proposal.Change = approvals.Change{Extend: []string{"IDU"}, Keep: []string{"ATTUNU"}}
	r.Proposal.Ends = map[string]time.Time{"IDU": testTime.Add(2 * 24 * time.Hour)}
	if r.State == approvals.Done {
		r.Grant = &approvals.Grant{Codes: []string{"IDU"}, Until: testTime.Add(r.Ask.For)}
	}
}

// exchanging sets the allocation: one code in, one with a seat limit out.
func exchanging(r *approvals.Request) {
	r.Ask.Action, r.Ask.Codes = approvals.Set, []string{"IDU", "ATTUNU"}
	r.Proposal.Change = approvals.Change{Add: []string{"IDU"}, Remove: []string{"PMD"}, Keep: []string{"ATTUNU"}}
	r.Proposal.Quotas = []approvals.Quota{{Code: "PMD", Limit: 5}, {Code: "ATTUNU", Limit: 20}}
}

// emptying leaves the group without codes.
func emptying(r *approvals.Request) {
	r.Ask.Action, r.Ask.Codes, r.Ask.MayEmpty = approvals.Remove, []string{"ATTUNU"}, true
	r.Proposal.Change = approvals.Change{Remove: []string{"ATTUNU"}}
}

// limiting changes one seat limit and sets another.
func limiting(r *approvals.Request) {
	r.Ask.Codes, r.Ask.Quotas = []string{"IDU", "ATTUNU"}, []approvals.Quota{{Code: "IDU", Limit: 10}, {Code: "ATTUNU", Limit: 8}}
	r.Proposal.Change = approvals.Change{
		Add: []string{"IDU"}, Keep: []string{"ATTUNU"},
		Quotas: []approvals.QuotaChange{{Code: "IDU", To: 10}, {Code: "ATTUNU", From: 5, To: 8}},
	}
}

// foundSince has the change found by a later look before the outcome was told.
func foundSince(r *approvals.Request) { r.EffectFound = true }

func inPart(r *approvals.Request) { r.EffectInPart = true }

// afterItsEnd has the words of a job made when the grant of a timed request is over.
func afterItsEnd(job approvals.Job) approvals.Job {
	job.SaidAt = testTime.AddDate(10, 0, 0)
	return job
}

// withRevocation is a done request after its grant has ended so.
func withRevocation(e approvals.Revocation) func(*approvals.Request) {
	return func(r *approvals.Request) {
		timed(r)
		e.At = r.Grant.Until
		r.Grant.Revocation = &e
	}
}
