package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"licensebot/approvals"
)

// A closeness is how closely it is looked who reacted: how old an answer about a
// person and about a user group may be, and whether it matters who those are
// whom nobody named.
type freshness struct {
	person, group time.Duration
	everybody     bool
}

// At the vote a minute is fine, because everything is asked again right before
// the write. There, user groups may be three seconds old: Slack allows twenty
// such calls a minute. Once consent was found gone there, the same holds for the
// votes: an older answer, which each replica has of its own, might find it again
// and again. Whoever has no vote is told why when they react; after that nothing
// depends on who they are, and a hundred of them would keep Slack from telling
// who the others are.
const ageAtVote = time.Minute

var (
	atVote      = freshness{person: ageAtVote, group: ageAtVote, everybody: true}
	atVoteAgain = freshness{group: 3 * time.Second, everybody: true}
	lastLook    = freshness{group: 3 * time.Second}
)

// weigh looks up who reacted on a pending card and hands the ballots to Next.
func (w *Workers) countVotes(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Pending || r.CardTS == "" {
		return nil
	}
	reactions, err := w.Store.ListReactions(ctx, r.Channel, r.CardTS)
	if err != nil {
		return err
	}
	look := atVote
	if r.ConsentLosses > 0 {
		look = atVoteAgain
	}
	ballots, err := w.countBallots(ctx, r, reactions, look)
	var refusal *approvals.RefusedError
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	if err != nil {
		// The check cannot be made, so nobody's vote counts and they are told;
		// it is tried again, because an operator may mend it.
		return errors.Join(err, w.applyEvent(ctx, r, approvals.VotesCounted{Ballots: ballots}, t.KeepLeased()))
	}
	return w.applyEvent(ctx, r, approvals.VotesCounted{Ballots: ballots}, &t)
}

// ballots decides what each reaction is worth. Where a check cannot be made
// for good the ballot is Uncheckable and the refusal is returned as well. Those
// whom nobody named are left out where it does not matter who they are.
func (w *Workers) countBallots(ctx context.Context, r approvals.Request, reactions []approvals.Reaction, look freshness) ([]approvals.Ballot, error) {
	if len(reactions) == 0 {
		return nil, nil
	}
	members, unread := w.listStageMembers(ctx, r.Terms.Stages, look.group)
	if unread != nil && !approvals.IsRefused(unread) {
		return nil, unread
	}
	refusal, silent := unread, false
	var ballots []approvals.Ballot
	for _, reaction := range reactions {
		ballot := approvals.Ballot{User: reaction.User, Deny: reaction.Deny, Eligibility: approvals.Uncheckable, Stages: approvals.StagesNaming(members, reaction.User)}
		if unread == nil && len(ballot.Stages) == 0 {
			if look.everybody || slices.Contains(approvals.Voters(r.Votes), reaction.User) {
				ballot.Eligibility = w.explainBystander(ctx, r, reaction.User, &silent)
				ballots = append(ballots, ballot)
			}
			continue
		}
		person, err := w.Directory.FindPerson(ctx, reaction.User, look.person)
		switch {
		case err == nil:
			ballot.Eligibility = approvals.EligibilityOf(r, person, ballot.Stages)
		case approvals.IsRefused(err):
			refusal = err
		default:
			return nil, err
		}
		switch {
		case unread != nil && ballot.Eligibility == approvals.NotApprover:
			ballot.Eligibility = approvals.Uncheckable // perhaps named by the group that could not be read
		case ballot.Eligibility == approvals.Counts && r.IsLate(reaction):
			ballot.Eligibility = approvals.IsLate
		}
		ballots = append(ballots, ballot)
	}
	return ballots, refusal
}

// bystander tells why somebody has no vote whom nobody named. It decides
// nothing who they are, so that where Slack does not answer about one, which it
// sets silent, it is asked about no more of them: there may be a hundred.
func (w *Workers) explainBystander(ctx context.Context, r approvals.Request, user string, silent *bool) approvals.Eligibility {
	if *silent {
		return approvals.NotApprover
	}
	person, err := w.Directory.FindPerson(ctx, user, ageAtVote)
	if err != nil {
		*silent = !approvals.IsRefused(err)
		return approvals.NotApprover
	}
	return approvals.EligibilityOf(r, person, nil)
}

// members lists the people of each stage, user groups resolved. A refusal to
// tell one group comes with what the others told.
func (w *Workers) listStageMembers(ctx context.Context, stages []approvals.Stage, maxAge time.Duration) ([][]string, error) {
	members := make([][]string, len(stages))
	var refused error
	for i, stage := range stages {
		people, err := w.Directory.ListMembers(ctx, stage.Approvers, maxAge)
		var refusal *approvals.RefusedError
		switch {
		case errors.As(err, &refusal):
			refused = err
		case err != nil:
			return nil, err
		}
		members[i] = people
	}
	return members, refused
}

// recheck asks Slack itself, right before a write and at the deadline, who
// consents. What Slack shows replaces what was heard: an event may have been
// missed. ErrGone if the card was deleted. That somebody could not be checked
// is an error only where they may decide.
func (w *Workers) lookAgain(ctx context.Context, r approvals.Request) ([]approvals.Ballot, error) {
	asOf, err := w.Store.Now(ctx)
	if err != nil {
		return nil, err
	}
	shown, err := w.Directory.CardReactions(ctx, r.Channel, r.CardTS)
	if err != nil {
		return nil, err
	}
	if err := w.Store.ReplaceReactions(ctx, r.Channel, r.CardTS, asOf, shown); err != nil {
		return nil, err
	}
	heard, err := w.Store.ListReactions(ctx, r.Channel, r.CardTS)
	if err != nil {
		return nil, err
	}
	ballots, err := w.countBallots(ctx, r, approvals.WithEventTimes(shown, heard), lastLook)
	if approvals.IsRefused(err) && approvals.IsDecided(r, ballots) {
		return ballots, nil
	}
	return ballots, err
}
