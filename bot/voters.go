package bot

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
	"licensebot/bot/slackapi"
)

// voters looks people up as voters on requests. Answers may be as old as maxAge.
type voters struct {
	directory *slackapi.Directory
}

// findVoter looks a person up as a voter on a request. It is an error if Slack
// did not tell enough: the person may be in a user group that could not be read.
func (v voters) findVoter(
	ctx context.Context, r approvals.Request, user string, maxAge time.Duration,
) (approvals.Voter, error) {
	person, err := v.directory.FindPerson(ctx, user, maxAge)
	if err != nil {
		return approvals.Voter{}, err
	}
	stages, err := v.findStages(ctx, r.Terms.Stages, person.ID, maxAge)
	voter := approvals.Voter{Person: person, Stages: stages}
	if err != nil && voter.Eligibility(r) == approvals.NotApprover {
		return voter, err
	}
	return voter, nil
}

// findStages lists the stages that name a person. With an error it lists those
// that are known to.
func (v voters) findStages(
	ctx context.Context, stages []approvals.Stage, user string, maxAge time.Duration,
) ([]int, error) {
	members := make([][]string, len(stages))
	var failed error
	for i, stage := range stages {
		var err error
		members[i], err = v.directory.ListMembers(ctx, stage.Approvers, maxAge)
		failed = errors.Join(failed, err)
	}
	return approvals.StagesNaming(members, user), failed
}
