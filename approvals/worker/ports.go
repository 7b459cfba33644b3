package worker

import (
	"context"
	"time"

	"licensebot/approvals"
)

// A Store is where requests, votes and jobs are kept. Each method is one durable
// transaction, and all times are the store's own.
type Store interface {
	Requests
	Groups
	Jobs
	Reactions
	Restored
	Channels
}

// Channels is the part of the store that knows the approvals channel.
type Channels interface {
	// ClaimChannel says that a bot runs with a channel as its setting, and returns the
	// approvals channel of today.
	ClaimChannel(ctx context.Context, setting string) (approvals.ChannelInUse, error)

	// Channel is the approvals channel of today; empty if no bot has claimed one.
	Channel(ctx context.Context) (string, error)

	// MoveChannel records that Slack gave a channel another id.
	MoveChannel(ctx context.Context, move approvals.ChannelMove) error

	// ListLeftBehind lists the pending requests with a card in another channel than the
	// one of today.
	ListLeftBehind(ctx context.Context) ([]approvals.Request, error)
}

// Requests is the part of the store that keeps requests.
type Requests interface {
	// Now is the clock that decides leases and deadlines.
	Now(ctx context.Context) (time.Time, error)

	// Request reads one request. ErrNotFound if there is none.
	Request(ctx context.Context, id string) (approvals.Request, error)

	// ApplyEvent applies an event to a request by approvals.Next. It completes
	// the job done, if given, or keeps its lease where it is Unfinished. It
	// changes nothing and returns ErrNoTransition where Next does, ErrLeaseLost
	// where the lease is lost, and *DuplicateError where another open request
	// asks the same.
	ApplyEvent(ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob) (approvals.Request, error)

	// ListOrphaned lists open requests, and done ones with a running grant, that
	// have no job to carry them on.
	ListOrphaned(ctx context.Context) ([]string, error)
}

// Groups is the part of the store that tells what requests did to one group.
type Groups interface {
	// ListGrantHolders lists the requests in effect that tell which request holds a
	// code of the group, in the order in which they were done: all since the
	// oldest request with a running grant was filed. It lists none where the
	// group has no such grant.
	ListGrantHolders(ctx context.Context, groupID string) ([]approvals.Request, error)

	// ListTimedGrants lists the requests of the group that held codes for a
	// time, whether or not their grants are over.
	ListTimedGrants(ctx context.Context, groupID string) ([]approvals.Request, error)

	// ListInEffectSince lists the requests of the group that closed since a time and
	// whose change is in effect.
	ListInEffectSince(ctx context.Context, groupID string, since time.Time) ([]approvals.Request, error)

	// ListUnsettledWrites lists the requests with a write to a group's allocation
	// that is under way, or was tried with an unknown result.
	ListUnsettledWrites(ctx context.Context, groupID string) ([]approvals.Request, error)

	// LastConfirmed is the last change of a group's allocation that UiPath confirmed;
	// the zero Confirmation if there is none.
	LastConfirmed(ctx context.Context, groupID string) (approvals.Confirmation, error)
}

// Restored is the part of the store that learns from a channel what happened after the
// database was copied.
type Restored interface {
	// ListUnfinished lists the requests that are open, hold a grant or have a job.
	ListUnfinished(ctx context.Context) ([]approvals.Request, error)

	// NewestCard is the timestamp of the newest card in a channel that the store
	// knows; empty if it knows none.
	NewestCard(ctx context.Context, channel string) (string, error)

	// Adopt records all that a channel tells, in one transaction. It skips events of
	// which approvals.Next says ErrNoTransition, and returns the requests that changed.
	Adopt(ctx context.Context, told []approvals.Adoption) (adopted []string, err error)
}

// Jobs is the part of the store that keeps jobs.
type Jobs interface {
	// ClaimJob leases the most urgent due job of the first kind that has one, and
	// reads its request. ErrNoJob if there is none. If the request cannot be
	// decoded, the job is put off and the error comes with it.
	ClaimJob(
		ctx context.Context, lease time.Duration, kinds ...approvals.JobKind,
	) (approvals.LeasedJob, approvals.Request, error)

	// NextDue tells how long until the next job of these kinds may be due; false
	// if there is none.
	NextDue(ctx context.Context, kinds ...approvals.JobKind) (time.Duration, bool, error)

	// MarkTried records that the job's effect is about to be attempted. On
	// ErrLeaseLost the effect must not happen.
	MarkTried(ctx context.Context, t approvals.LeasedJob) error

	// MarkTriedUnlessVoted is MarkTried of a write that rests on votes: it returns
	// ErrVotedSince, and marks nothing, where the guard no longer holds.
	MarkTriedUnlessVoted(ctx context.Context, t approvals.LeasedJob, guard approvals.VoteGuard) error

	// CompleteJob ends a job that changed nothing.
	CompleteJob(ctx context.Context, t approvals.LeasedJob) error

	// RetryJob gives a job back until later. untry forgets that its effect was
	// attempted, for an attempt that certainly had none.
	RetryJob(ctx context.Context, t approvals.LeasedJob, after time.Duration, untry bool) error

	// Subscribe signals on the channel whenever a job of these kinds may have
	// become due, until stop is called.
	Subscribe(kinds ...approvals.JobKind) (wake <-chan struct{}, stop func())
}

// Reactions is the part of the store that keeps what people put on cards.
type Reactions interface {
	// ListReactions lists the reactions present on a message, oldest first.
	ListReactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error)

	// ListWithdrawn lists the reactions that people took back, as events told.
	ListWithdrawn(ctx context.Context, channel, ts string) ([]approvals.Reaction, error)

	// ReplaceReactions replaces what is known of a message's reactions by what
	// Slack showed, except for what was learned within ReadLag before asOf. If that
	// changes the card of a pending request, its votes are counted again.
	ReplaceReactions(ctx context.Context, channel, ts string, asOf time.Time, shown []approvals.Reaction) error

	// ListPendingCards lists the cards of all pending requests, oldest first.
	ListPendingCards(ctx context.Context) ([]approvals.PendingCard, error)
}

// Licenses is UiPath, as far as a request needs it. Errors are *RefusedError,
// *DelayError, *GroupError, *OperatorError for what only an operator can mend, or
// any other error for an unknown outcome.
type Licenses interface {
	// FindGroup finds the group that a reference means, by id or by exact name. It
	// never guesses: where no group has that name, or several have, the error is
	// *GroupError.
	FindGroup(ctx context.Context, reference string) (approvals.Group, error)

	// ReadGroup reads the group of an id, with the name that it has now. The name
	// is unknown where UiPath has no list with the group. approvals.IsNotFound is
	// true of the error where UiPath has no such group.
	ReadGroup(ctx context.Context, id string) (approvals.Group, error)

	// ReadAllocation reads a group's allocation from UiPath, never from memory.
	// Owned is nil where UiPath does not show what the organization owns. The error
	// is a *DelayError with approvals.ErrQuotasUnknown while seat limits that may
	// exist are not shown.
	ReadAllocation(ctx context.Context, groupID string) (approvals.Allocation, error)

	// WriteAllocation replaces a group's whole allocation, except for what the
	// organization owns, and returns the allocation that UiPath answers with. The
	// caller compares it with the one asked for: it may lack codes, and show no
	// quotas. After an error of which approvals.EffectIsUnknown is true, a refusal
	// included, only a read tells whether the allocation is the new one.
	WriteAllocation(ctx context.Context, groupID string, allocation approvals.Allocation) (approvals.Allocation, error)

	// NearestCode is the owned code that was probably meant by one that is not
	// owned; false if none comes near. It calls no server.
	NearestCode(code string, owned []string) (string, bool)
}

// A Directory knows people and what they put on a card. It tells each person by one
// id, whichever of theirs Slack shows. Answers may be as old as maxAge; zero asks
// anew. Errors are *RefusedError where asking again soon cannot help, and any other
// error where it may.
type Directory interface {
	// FindPerson tells who a user is. A *RefusedError says that Slack does not
	// show the person.
	FindPerson(ctx context.Context, user string, maxAge time.Duration) (approvals.Person, error)

	// ListMembers lists the users that approvers name, the members of user groups
	// included; one may be listed twice. Where Slack refuses to show a group or a
	// person, the others come with the *RefusedError.
	ListMembers(ctx context.Context, approvers []string, maxAge time.Duration) ([]string, error)

	// CardReactions reads all reactions on one card but the bot's own.
	// ErrCardDeleted if the card was deleted.
	CardReactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error)

	// ReadHistory reads the messages of a channel from latest down to oldest, as
	// many as one call shows.
	ReadHistory(ctx context.Context, channel, oldest, latest string) (approvals.HistoryPage, error)
}

// A Messenger speaks in Slack. Errors are *RefusedError where repeating cannot
// help, *DelayError where nothing happened, any other error for an unknown
// outcome.
type Messenger interface {
	Cards
	Posts
	Notices
	Memory

	// AwaitPace waits until one more call of this pace fits Slack's limits.
	AwaitPace(ctx context.Context, pace approvals.Pace) error
}

// Cards is the part of a Messenger that keeps a request's card.
type Cards interface {
	// PostCard posts the card and returns its timestamp.
	PostCard(ctx context.Context, r approvals.Request) (ts string, err error)
	// AddReactions puts the two emoji on the card. It may be repeated: an emoji
	// that is there already is no error.
	AddReactions(ctx context.Context, r approvals.Request) error
	// UpdateCard draws the card anew as the request stands. It may be repeated.
	UpdateCard(ctx context.Context, r approvals.Request) error
	// CheckPostable is an error while cards cannot be posted in a channel.
	CheckPostable(ctx context.Context, channel string) error
}

// Posts is the part of a Messenger that speaks in a card's thread.
type Posts interface {
	// PostInThread posts what the job says.
	PostInThread(ctx context.Context, r approvals.Request, said approvals.Job) error
	// FindPost looks for the post of an earlier attempt; of several, the oldest.
	FindPost(ctx context.Context, r approvals.Request, said approvals.LeasedJob) (ts string, found bool, err error)
	// ListPosts lists all that the channel shows of the bot about a request.
	ListPosts(ctx context.Context, r approvals.Request) ([]approvals.Post, error)
	// RemoveDouble deletes a post, or says in it that it is a double. It may be
	// repeated.
	RemoveDouble(ctx context.Context, r approvals.Request, d approvals.Double) error
}

// Memory is the part of a Messenger that reads what the bot said before.
type Memory interface {
	// ReadCards reads the bot's cards in a channel down to oldest, the newest first, as
	// many as one call shows. next is where to go on; empty at the end.
	ReadCards(ctx context.Context, channel, oldest, cursor string) (cards []approvals.ToldCard, next string, err error)
	// ReadThread reads what the bot said in a card's thread, the oldest first.
	ReadThread(ctx context.Context, channel, ts string) ([]approvals.Told, error)
}

// Notices is the part of a Messenger that only one person reads.
type Notices interface {
	// TellVoter tells a person why their vote does not count. A repeat tells it
	// twice: a private notice cannot be looked for.
	TellVoter(ctx context.Context, r approvals.Request, user string, why approvals.Eligibility) error
	// TellRequester tells the requester what the job says.
	TellRequester(ctx context.Context, r approvals.Request, said approvals.Job) error
}
