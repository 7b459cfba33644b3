package worker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"licensebot/approvals"
	"licensebot/internal/guard"
)

// A freshness limits the age of cached answers about people and groups when
// votes are counted.
type freshness struct {
	person, group time.Duration

	// bystanders means people without a vote are looked up as well, because they hear
	// why.
	bystanders bool

	people map[string]approvals.Person // those who were asked about for this look
}

// A minute is fine while people vote, because everything is asked again right before
// the write. There, user groups may be three seconds old: Slack allows twenty such
// calls a minute. Once consent was lost there, votes need the same freshness: each
// replica has a cache of its own, and an older answer might find the consent again
// and again. People without a vote are told why when they react. After that, who they
// are changes nothing, and looking up a hundred of them would use up the calls for
// others.
const (
	ageAtVote = time.Minute
	askedAnew = 3 * time.Second
)

var (
	atVote          = freshness{person: ageAtVote, group: ageAtVote, bystanders: true}
	afterLoss       = freshness{group: askedAnew, bystanders: true}
	beforeLastWrite = freshness{group: askedAnew}
)

// countVotes looks up the people who reacted on a pending card, and hands their
// ballots to Next.
func (w *Runner) countVotes(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Pending || r.CardTS == "" {
		return nil
	}
	reactions, err := w.Store.ListReactions(ctx, r.Channel, r.CardTS)
	if err != nil {
		return err
	}
	fresh := atVote
	if r.ConsentLosses > 0 {
		fresh = afterLoss
	}
	look, err := w.lookUpBallots(ctx, r, r.VotesAmong(reactions), fresh)
	ballots := look.Ballots
	if err != nil && !approvals.IsRefused(err) {
		return err
	}
	t.Guard = look.GuardOfDenial()
	if err != nil {
		// The check cannot be made, so the vote does not count and its giver is
		// told. It is tried again, because an operator may mend the cause.
		return errors.Join(err, w.applyLooked(ctx, r, approvals.VotesCounted{Ballots: ballots}, t.KeepLeased()))
	}
	strays, err := w.lookUpStrays(ctx, r, r.NearMissesAmong(reactions))
	if err != nil {
		return err
	}
	if ballots = append(ballots, strays...); r.NothingToCount(ballots) {
		return nil
	}
	return w.applyLooked(ctx, r, approvals.VotesCounted{Ballots: ballots}, &t)
}

// lookUpStrays are ballots that count for nothing: people who may vote gave an emoji
// that is no vote, and are told which ones are.
func (w *Runner) lookUpStrays(
	ctx context.Context, r approvals.Request, strays []approvals.Reaction,
) ([]approvals.Ballot, error) {
	if len(strays) == 0 {
		return nil, nil
	}
	look, err := w.lookUpBallots(ctx, r, strays, freshness{person: ageAtVote, group: ageAtVote})
	if err != nil && !approvals.IsRefused(err) {
		return nil, err
	}
	return approvals.StraysAmong(look.Ballots), nil
}

// lookUpBallots looks up the people behind the votes. A check that Slack refuses
// makes the ballot Uncheckable, and the refusal is returned as well.
func (w *Runner) lookUpBallots(
	ctx context.Context, r approvals.Request, votes []approvals.Reaction, fresh freshness,
) (approvals.ConsentLook, error) {
	members, unread := w.listStageMembers(ctx, r.Terms.Stages, fresh.group)
	if unread != nil && !approvals.IsRefused(unread) {
		return approvals.ConsentLook{}, unread
	}
	if fresh.group > askedAnew && approvals.HasNewBystander(r, votes, members) { // who may have joined a moment ago
		members, unread = w.listStageMembers(ctx, r.Terms.Stages, askedAnew)
		if unread != nil && !approvals.IsRefused(unread) {
			return approvals.ConsentLook{}, unread
		}
	}
	refusal, silent := unread, false
	var ballots []approvals.Ballot
	for _, vote := range votes {
		voter := approvals.Voter{
			Stages: approvals.StagesNaming(members, vote.User), GroupUnread: unread != nil, Unknown: true,
		}
		if len(voter.Stages) == 0 && !voter.GroupUnread {
			if fresh.bystanders || approvals.HasVoted(r.Votes, vote.User) {
				w.lookUpBystander(ctx, vote.User, &voter, &silent)
			}
			ballots = append(ballots, approvals.NewBallot(r, vote, voter))
			continue
		}
		var err error
		voter.Person, err = w.findPerson(ctx, vote.User, fresh)
		switch {
		case err == nil:
			voter.Unknown = voter.Person.ID != vote.User // the vote was recorded while Slack hid the voter
		case approvals.IsRefused(err):
			refusal = err
		default:
			return approvals.ConsentLook{}, err
		}
		ballots = append(ballots, approvals.NewBallot(r, vote, voter))
	}
	if err := w.dateLook(ctx, r, ballots); err != nil {
		return approvals.ConsentLook{}, err
	}
	return approvals.LookAt(votes, ballots, members, unread != nil), refusal
}

// dateLook asks for Slack's time if there are approvals that are judged for good, or that no
// event dated. What is found out about them lasts: an event that comes later tells, by Slack's
// own time, whether it is about a reaction given before or after that.
func (w *Runner) dateLook(ctx context.Context, r approvals.Request, ballots []approvals.Ballot) error {
	if !slices.ContainsFunc(ballots, func(b approvals.Ballot) bool { return b.LacksLook(r) }) {
		return nil
	}
	now, err := w.Directory.Now(ctx)
	if err != nil || now.IsZero() {
		return ignoreRefusal(err)
	}
	for i, b := range ballots {
		if b.LacksLook(r) {
			ballots[i].LookedTS = approvals.TimestampAt(now)
		}
	}
	return nil
}

// lookUpBystander looks up a person outside the approvers, for the explanation. The
// answer cannot change the result, so after one failed lookup, which sets silent, the
// rest are skipped: there may be a hundred.
func (w *Runner) lookUpBystander(ctx context.Context, user string, voter *approvals.Voter, silent *bool) {
	if *silent {
		return
	}
	person, err := w.Directory.FindPerson(ctx, user, ageAtVote)
	if err != nil {
		*silent = !approvals.IsRefused(err)
		return
	}
	voter.Person, voter.Unknown = person, person.ID != user
}

// listStageMembers lists the people of each stage, user groups resolved. Where
// Slack refuses to show a group, the members of the others come with the
// refusal.
func (w *Runner) listStageMembers(
	ctx context.Context, stages []approvals.Stage, maxAge time.Duration,
) ([][]string, error) {
	members := make([][]string, len(stages))
	var refused error
	for i, stage := range stages {
		people, err := w.Directory.ListMembers(ctx, stage.Approvers, maxAge)
		switch {
		case approvals.IsRefused(err):
			refused = err
		case err != nil:
			return nil, err
		}
		members[i] = people
	}
	return members, refused
}

var errVotesDiffer = &approvals.DelayError{Reason: "Slack's answers about the votes differ"}

// lookAgain asks Slack itself, right before a write and at the deadline, which people
// consent. Events may have been missed, and Slack may show what was so a moment ago:
// what both tell counts, and a difference that matters is a delay. ErrCardDeleted if
// the card was deleted. An unchecked person is an error only if their vote may
// decide.
func (w *Runner) lookAgain(ctx context.Context, r approvals.Request) (approvals.ConsentLook, error) {
	asOf, err := w.Store.Now(ctx)
	if err != nil {
		return approvals.ConsentLook{}, err
	}
	people := w.askVoters(ctx, r)
	r, inThread := w.lookAtThread(ctx, r)
	shown, err := w.readCard(ctx, r.ID, r.Channel, r.CardTS, !r.CardMissingSince.IsZero())
	fresh := people()
	if err = cmp.Or(err, inThread); err != nil {
		return approvals.ConsentLook{}, err
	}
	if err := w.Store.ReplaceReactions(ctx, r.Channel, r.CardTS, asOf, shown); err != nil {
		return approvals.ConsentLook{}, err
	}
	known, err := w.Store.ListReactions(ctx, r.Channel, r.CardTS)
	if err != nil {
		return approvals.ConsentLook{}, err
	}
	agreed, disputed := approvals.SplitByLook(r.VotesAmong(known), r.VotesAmong(approvals.DatedAs(known, shown)))
	look, err := w.lookUpBallots(ctx, r, agreed, fresh)
	if err != nil && (!approvals.IsRefused(err) || !approvals.IsDecided(r, look.Ballots)) {
		return look, err
	}
	look.Guard.All = r.VotesAmong(known)
	if len(disputed) == 0 {
		return look, nil
	}
	other, err := w.lookUpBallots(ctx, r, disputed, fresh)
	if err != nil && !approvals.IsRefused(err) {
		return look, err
	}
	if approvals.UnresolvedBy(r, look.Ballots, other.Ballots) {
		return look, errVotesDiffer
	}
	return look, nil
}

// askVoters asks Slack who the voters are, beside the look at their card.
func (w *Runner) askVoters(ctx context.Context, r approvals.Request) (wait func() freshness) {
	asked := guard.Begin(func() (map[string]approvals.Person, error) {
		people := make(map[string]approvals.Person)
		for _, vote := range r.Votes {
			person, err := w.Directory.FindPerson(ctx, vote.User, beforeLastWrite.person)
			if err == nil {
				people[vote.User] = person // after an error it is asked for again where it is needed
			}
		}
		return people, nil
	})
	return func() freshness {
		fresh := beforeLastWrite
		fresh.people, _ = asked()
		return fresh
	}
}

// findPerson tells who a voter is.
func (w *Runner) findPerson(ctx context.Context, user string, fresh freshness) (approvals.Person, error) {
	if person, ok := fresh.people[user]; ok {
		return person, nil
	}
	return w.Directory.FindPerson(ctx, user, fresh.person)
}
