package checkup

import (
	"context"
	"fmt"
	"slices"
	"time"

	"licensebot/approvals"
	"licensebot/bot/slackapi"
)

// policyFault says because of which variable the policy is not known.
func (s Subject) policyFault() (because string, faulty bool) {
	return s.isFaulty("LICENSEBOT_APPROVERS", "LICENSEBOT_QUORUM", "LICENSEBOT_POLICY_FILE")
}

// namedIDs are the people and user groups that the policy names.
func (s Subject) namedIDs() []string {
	if _, faulty := s.policyFault(); faulty || s.Policy == nil {
		return nil
	}
	policy := s.Policy()
	return approvals.Union(approversOf(policy), policy.Requesters())
}

// approversOf are the people and user groups that may approve, now or after a while.
func approversOf(policy approvals.Policy) []string {
	ids := policy.Approvers()
	for _, rule := range policy.Rules {
		ids = approvals.Union(ids, rule.Escalation.Approvers)
	}
	return ids
}

// An electorate looks up who can vote. It asks Slack about each person once.
type electorate struct {
	directory *slackapi.Directory
	audience  approvals.Audience // who sees the channel
}

// peopleMaxAge lets one run ask about a person once.
const peopleMaxAge = 5 * time.Minute

// checkApprovers wants people who exist, can vote and see the channel, and enough of
// them for each rule, for any requester.
func (s Subject) checkApprovers(
	ctx context.Context, f *findings, client *slackapi.Client, bot slackapi.Identity,
	channel slackapi.ChannelInfo, channelKnown bool,
) {
	if because, faulty := s.policyFault(); faulty {
		f.skipAll(because, CheckApprovers, CheckRules)
		return
	}
	e := &electorate{directory: slackapi.NewDirectory(client, bot)}
	if channelKnown && channel.Private && channel.Member {
		audience, err := e.directory.ListAudience(ctx, s.Channel, peopleMaxAge)
		if err != nil {
			failure := explainSlack(err)
			failure.Found = "who sees the private channel cannot be told: " + failure.Found
			f.add(CheckApprovers, failure)
		}
		e.audience = audience
	}
	policy := s.Policy()
	approvers := approversOf(policy)
	for _, id := range s.namedIDs() {
		s.checkID(ctx, f, e, id, slices.Contains(approvers, id))
	}
	if !f.has(CheckApprovers) {
		f.ok(CheckApprovers, describeIDs(approvers)+" can vote")
	}
	s.checkRules(ctx, f, e, policy)
}

func describeIDs(ids []string) string {
	groups := 0
	for _, id := range ids {
		if approvals.IsUserGroup(id) {
			groups++
		}
	}
	people := fmt.Sprintf("%d people", len(ids)-groups)
	if len(ids)-groups == 1 {
		people = "1 person"
	}
	if groups == 0 {
		return people
	}
	return people + " and " + count(groups, "user group")
}

// checkID checks one person or user group that the policy names.
func (s Subject) checkID(ctx context.Context, f *findings, e *electorate, id string, isApprover bool) {
	if approvals.IsUserGroup(id) {
		s.checkUserGroup(ctx, f, e, id)
		return
	}
	person, err := e.directory.FindPerson(ctx, id, peopleMaxAge)
	switch {
	case err != nil:
		f.addLookup(id, err)
	case isApprover:
		if why := e.unfitness(person); why != "" {
			f.problem(CheckApprovers, fmt.Sprintf("%s is named as an approver and %s", id, why),
				"name another person, or mend that in Slack")
		}
	}
}

func (s Subject) checkUserGroup(ctx context.Context, f *findings, e *electorate, id string) {
	members, err := e.directory.ListMembers(ctx, []string{id}, peopleMaxAge)
	switch {
	case err != nil:
		f.addLookup(id, err)
	case len(members) == 0:
		f.problem(CheckApprovers, "the user group "+id+" has no members", "add people to it, or name others")
	}
}

// addLookup records that Slack does not tell about a person or a user group.
func (f *findings) addLookup(id string, err error) {
	kind, refusal := slackapi.AnswerOf(err)
	failure := explainSlack(err)
	switch {
	case kind != slackapi.Refused:
	case refusal == "missing_scope":
		failure = Result{State: NotChecked, Found: id + " is not checked, because of " + CheckScopes}
	case refusal == "plan_upgrade_required":
		failure.Found = "this Slack plan has no user groups, and " + id + " is named"
		failure.Do = "name the approvers one by one"
	default:
		kind := "person"
		if approvals.IsUserGroup(id) {
			kind = "user group"
		}
		failure.Found = fmt.Sprintf("Slack knows no %s %s (%s)", kind, id, refusal)
		failure.Do = "correct the id in LICENSEBOT_APPROVERS or the policy file"
	}
	f.add(CheckApprovers, failure)
}

// reasons say why a person has no vote.
var reasons = map[approvals.Eligibility]string{
	approvals.IsBot: "is a bot", approvals.Deactivated: "is deactivated", approvals.IsGuest: "is a guest",
	approvals.IsExternal: "is from another organization",
}

// unfitness says why a person could not vote on any request, or "".
func (e *electorate) unfitness(person approvals.Person) string {
	eligibility := approvals.EligibilityOf(approvals.Request{}, person, []int{0})
	switch {
	case eligibility != approvals.Counts && reasons[eligibility] != "":
		return reasons[eligibility]
	case eligibility != approvals.Counts:
		return "cannot vote"
	case !e.audience.Sees(person):
		return "is not in the private approvals channel"
	}
	return ""
}

// checkRules wants enough voters for each rule and each requester.
func (s Subject) checkRules(ctx context.Context, f *findings, e *electorate, policy approvals.Policy) {
	for _, rule := range policy.Rules {
		if rule.Deny || rule.AutoApprove {
			continue
		}
		live, err := e.listVoters(ctx, rule.Stages)
		if err != nil {
			failure := explainSlack(err)
			failure.State, failure.Found = NotChecked, nameRule(rule)+" is not checked: "+failure.Found
			f.add(CheckRules, failure)
			continue
		}
		if short, found := rule.Shortfall(live); found {
			f.problem(CheckRules, describeShortfall(short), "name more approvers, or lower the quorum")
		}
	}
	if !f.has(CheckRules) {
		f.ok(CheckRules, "enough approvers in "+count(len(policy.Rules), "rule")+", whoever asks")
	}
}

// listVoters lists the people of each stage who can vote. It stops looking where a stage
// has enough of them whatever the other stages take. People and user groups of whom Slack
// refuses to tell cannot vote.
func (e *electorate) listVoters(ctx context.Context, stages []approvals.Stage) ([][]string, error) {
	enough := approvals.Terms{Stages: stages}.Quorum() + 1
	voters := make([][]string, len(stages))
	for i, stage := range stages {
		members, err := e.directory.ListMembers(ctx, stage.Approvers, peopleMaxAge)
		if err != nil && !approvals.IsRefused(err) {
			return nil, err
		}
		for _, user := range members {
			if len(voters[i]) == enough {
				break
			}
			person, err := e.directory.FindPerson(ctx, user, peopleMaxAge)
			switch {
			case approvals.IsRefused(err):
			case err != nil:
				return nil, err
			case e.unfitness(person) == "":
				voters[i] = approvals.Union(voters[i], []string{person.ID}) // each person once
			}
		}
	}
	return voters, nil
}

func describeShortfall(short approvals.Shortfall) string {
	missing := 0
	for _, n := range short.Missing {
		missing += n
	}
	when := "who can vote"
	if short.Requester != "" {
		when = "when " + short.Requester + " asks"
	}
	return fmt.Sprintf("%s has too few approvers %s: %d more needed", nameRule(short.Rule), when, missing)
}
