package worker

import (
	"context"
	"time"

	"licensebot/approvals"
)

// A Store is what the workers need of the place where requests and owed work
// are kept. Each method is one durable transaction; all times are the store's
// own.
type Store interface {
	// Now is the clock that decides leases and deadlines.
	Now(ctx context.Context) (time.Time, error)

	// Step applies Next(e) to a request and settles done, if given, or leaves it
	// owed where it is Kept. It changes nothing and returns ErrNoMove where Next
	// does, ErrLost where done's lease is lost, and *Taken where another open
	// request has the same Sole.
	ApplyEvent(ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob) (approvals.Request, error)

	// Claim takes the most urgent due task of the first kind that has one, and
	// reads its request. ErrNothing if there is none. A task whose request is not
	// understood is put off, and the error comes with it.
	ClaimJob(ctx context.Context, lease time.Duration, kinds ...approvals.JobKind) (approvals.LeasedJob, approvals.Request, error)

	// Wait tells how long until the next task of these kinds may be due; false
	// if none is owed.
	NextDue(ctx context.Context, kinds ...approvals.JobKind) (time.Duration, bool, error)

	// Try records that the task's effect is about to be attempted. ErrLost if
	// the lease is lost, and then the effect must not happen.
	MarkTried(ctx context.Context, t approvals.LeasedJob) error

	// Settle ends a task that changed nothing.
	CompleteJob(ctx context.Context, t approvals.LeasedJob) error

	// Defer gives a task back until later. untry forgets that its effect was
	// attempted, for an attempt that certainly had none.
	RetryJob(ctx context.Context, t approvals.LeasedJob, after time.Duration, untry bool) error

	// Reactions lists the reactions present on a message, oldest first.
	ListReactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error)

	// Seen replaces what is known of a message's reactions by what Slack
	// showed, except for what was heard since asOf. If that changes anything on
	// the card of a pending request, a weighing is owed.
	ReplaceReactions(ctx context.Context, channel, ts string, asOf time.Time, shown []approvals.Reaction) error

	// Granted lists the done requests that tell who holds the codes that a
	// group has for a time, in the order in which they were done: all since
	// the oldest request was filed whose grant is not over. None where there is
	// no such grant.
	ListGrantHolders(ctx context.Context, groupID string) ([]approvals.Request, error)

	// Changing lists the requests for which a group's rule is being changed: the
	// change is under way, or what became of an attempt is not known.
	ListUnsettledWrites(ctx context.Context, groupID string) ([]approvals.Request, error)

	// Cards lists the cards of all pending requests, oldest first.
	ListPendingCards(ctx context.Context) ([]approvals.PendingCard, error)

	// Forgotten lists open requests, and done ones that hold codes for a time,
	// that nothing owed carries on.
	ListOrphaned(ctx context.Context) ([]string, error)

	// Listen signals on the channel whenever work of these kinds may have
	// become due, until stop is called.
	Subscribe(kinds ...approvals.JobKind) (wake <-chan struct{}, stop func())
}

// Licences is UiPath, as far as a request needs it. Errors are *Refusal,
// *Delay, *NoGroup, or anything else for an unknown outcome.
type Licenses interface {
	// Group finds the group that ref means, by its id or by its exact name,
	// whatever the case. It never guesses: where none has that name, or several
	// have, the error is *NoGroup.
	FindGroup(ctx context.Context, ref string) (approvals.Group, error)
	// Rule reads a group's rule from UiPath, never from memory. Owned is nil
	// where UiPath does not tell what the organisation owns.
	ReadAllocation(ctx context.Context, groupID string) (approvals.Allocation, error)
	// SetRule replaces a group's whole rule, except for what the organisation
	// owns, and returns the rule that UiPath answers with. That is not compared
	// with the one asked for: it may lack codes, and tell no quotas. A *Refusal
	// or a *Delay says that nothing was changed; after any other error the rule
	// may be the new one.
	WriteAllocation(ctx context.Context, groupID string, rule approvals.Allocation) (approvals.Allocation, error)
	// Nearest is the owned code that was probably meant by one that is not owned;
	// false if none comes near. It asks nobody.
	NearestCode(code string, owned []string) (string, bool)
}

// A Directory knows people and what they put on a card. Answers may be as old
// as maxAge; zero asks anew. Errors are *Refusal where asking again soon cannot
// help, and anything else where it may.
type Directory interface {
	// Person tells who a user is. A *Refusal says that Slack does not tell.
	FindPerson(ctx context.Context, user string, maxAge time.Duration) (approvals.Person, error)
	// Members lists the users that approvers name, those of user groups
	// included; one may be listed twice. Where Slack refuses to tell a group, the
	// members of the others come with the *Refusal; with any other error none do.
	ListMembers(ctx context.Context, approvers []string, maxAge time.Duration) ([]string, error)
	// OnCard reads all reactions on one card that mean something. ErrGone if
	// the card was deleted.
	CardReactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error)
	// Survey calls visit for every message of a channel from a timestamp on.
	// whole is false where Slack did not show all who reacted.
	SurveyChannel(ctx context.Context, channel, oldest string, visit func(ts string, shown []approvals.Reaction, whole bool)) error
}

// An Announcer speaks in Slack. Errors are *Refusal where repeating cannot
// help, *Delay where nothing happened, anything else where it is unknown.
type Messenger interface {
	// Ready waits until one more call for this kind of work fits Slack's pace.
	AwaitPace(ctx context.Context, kind approvals.JobKind) error
	// Find looks for the post of an earlier attempt.
	FindPost(ctx context.Context, r approvals.Request, said approvals.Job, since time.Time) (ts string, found bool, err error)
	// Announce posts the card and returns its timestamp.
	PostCard(ctx context.Context, r approvals.Request) (ts string, err error)
	// Reply posts in the card's thread what this kind of work says.
	PostInThread(ctx context.Context, r approvals.Request, said approvals.Job) error
	// Seed puts the two emoji on the card. It may be repeated: one that is there
	// already is no error.
	AddReactions(ctx context.Context, r approvals.Request) error
	// Render draws the card anew as the request stands. It may be repeated.
	UpdateCard(ctx context.Context, r approvals.Request) error
	// Tell tells a reactor privately, once, why their vote does not count. Who
	// repeats it tells it twice: there is no looking for it.
	TellVoter(ctx context.Context, r approvals.Request, user string, why approvals.Eligibility) error
	// Notify tells the requester privately what this kind of work says.
	TellRequester(ctx context.Context, r approvals.Request, said approvals.Job) error
}
