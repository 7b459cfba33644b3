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
	Watch
}

// Watch is the store's part about changes of allocations outside of the bot. What changes
// something returns approvals.ErrLeaseLost after the lease was lost.
type Watch interface {
	WatchedGroups
	OutsideChanges

	// BeginWatch leases the look at groups if one is due and no replica has it. The first
	// is due a while after the first call. again says that second looks and messages begin one too.
	BeginWatch(
		ctx context.Context, lease, first time.Duration, again bool,
	) (l approvals.WatchLease, begun bool, err error)

	// EndWatch gives the lease back. After a look at all groups the next is due later.
	EndWatch(ctx context.Context, l approvals.WatchLease, next time.Duration) error

	// ForgetWatch makes the next look a new beginning.
	ForgetWatch(ctx context.Context) error
}

// WatchedGroups is the store's part about what the watch knows.
type WatchedGroups interface {
	// ListWatched lists what is known of each group, sorted by id.
	ListWatched(ctx context.Context) ([]approvals.WatchedGroup, error)

	// ListConfirmed lists the last confirmed change of each group, by id.
	ListConfirmed(ctx context.Context) (map[string]approvals.Confirmation, error)

	// ListMaybeWritten lists the requests of a group that are open, or in effect, or closed
	// since a time.
	ListMaybeWritten(ctx context.Context, groupID string, since time.Time) ([]approvals.Request, error)

	// SaveLook keeps what is known of a group, and the change that was found, if any.
	SaveLook(ctx context.Context, l approvals.WatchLease, known approvals.WatchedGroup, c *approvals.OutsideChange) error

	// ConfirmLooks notes that the look showed nothing new of all settled groups.
	ConfirmLooks(ctx context.Context, l approvals.WatchLease) error
}

// OutsideChanges is the store's part about the messages of the watch.
type OutsideChanges interface {
	// ListUntold lists the changes without their message, the oldest first.
	ListUntold(ctx context.Context) ([]approvals.UntoldChange, error)

	// MarkTelling records an attempt to post about a change, just before it.
	MarkTelling(ctx context.Context, l approvals.WatchLease, id, channel string) error

	// MarkTold records the message about a change, also after the lease was lost.
	MarkTold(ctx context.Context, id, ts string) error
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

// Requests is the store's part about requests.
type Requests interface {
	// Now is the clock of leases and deadlines.
	Now(ctx context.Context) (time.Time, error)

	// NowSince is that clock as far as the time since a moment has passed for certain: it
	// may have been put ahead meanwhile.
	NowSince(ctx context.Context, since time.Time) (time.Time, error)

	// Request reads one request. ErrNotFound if it is missing.
	Request(ctx context.Context, id string) (approvals.Request, error)

	// ApplyEvent applies an event to a request by approvals.Next. It completes
	// the job done, if given, or keeps its lease where it is Unfinished. It
	// changes nothing and returns ErrNoTransition where Next does, ErrLeaseLost
	// where the lease is lost, ErrVotedSince where a vote fails the job's guard, and
	// *DuplicateError where another open request asks the same.
	ApplyEvent(ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob) (approvals.Request, error)

	// ListQueuedWrites lists the requests with a write to a group's allocation to come or
	// under way.
	ListQueuedWrites(ctx context.Context, groupID string) ([]approvals.Request, error)

	// ListOrphaned lists open requests, and done ones with a running grant, if they lack
	// a job to carry them on.
	ListOrphaned(ctx context.Context) ([]string, error)
}

// Groups is the store's part about what requests did to one group.
type Groups interface {
	KnownAllocations

	// ListGrantHolders lists the requests in effect for a group, in the order of their
	// writes, back to when the oldest request with a running grant was filed. They tell
	// the holders of its codes. The list is empty for a group without such a grant.
	ListGrantHolders(ctx context.Context, groupID string) ([]approvals.Request, error)

	// ListTimedGrants lists the requests of the group with a timed grant, running or
	// over.
	ListTimedGrants(ctx context.Context, groupID string) ([]approvals.Request, error)

	// ListInEffectSince lists the requests of the group with their change in effect,
	// closed since a time.
	ListInEffectSince(ctx context.Context, groupID string, since time.Time) ([]approvals.Request, error)

	// ListLateEffects lists the closed requests of the group that may have changed its
	// allocation nevertheless, as a later look will tell.
	ListLateEffects(ctx context.Context, groupID string) ([]approvals.Request, error)

	// ListUnsettledWrites lists the requests with a write to a group's allocation under
	// way, or tried with an unknown result.
	ListUnsettledWrites(ctx context.Context, groupID string) ([]approvals.Request, error)
}

// KnownAllocations is the store's part about what a group had, or was to have.
type KnownAllocations interface {
	// ShownBefore tells which settings of the group UiPath has shown to one of its requests that
	// are open or in effect.
	ShownBefore(ctx context.Context, groupID string) (approvals.ShownBefore, error)

	// LastWrite is what the last write of a request asked UiPath for. It is nil without one, and
	// if UiPath has confirmed another change of the group since.
	LastWrite(ctx context.Context, r approvals.Request) (*approvals.Allocation, error)

	// LastConfirmed is the last change of a group's allocation confirmed by UiPath;
	// otherwise the zero Confirmation.
	LastConfirmed(ctx context.Context, groupID string) (approvals.Confirmation, error)
}

// Restored is the store's part about a restored copy: it learns from a channel what
// happened since.
type Restored interface {
	// ListUnfinished lists the open requests, and those with a grant or a job.
	ListUnfinished(ctx context.Context) ([]approvals.Request, error)

	// NewestCard is the timestamp of the newest known card in a channel, or empty.
	NewestCard(ctx context.Context, channel string) (string, error)

	// Adopt records the news of a channel in one transaction. It skips events on
	// approvals.ErrNoTransition, and returns the changed requests.
	Adopt(ctx context.Context, told []approvals.Adoption) (adopted []string, err error)
}

// Jobs is the store's part about jobs.
type Jobs interface {
	Signals

	// ClaimJob leases the most urgent due job of the first kind with one, and reads its
	// request; else ErrNoJob. If the request cannot be decoded, the job is put off and
	// the error comes with it.
	ClaimJob(
		ctx context.Context, lease time.Duration, kinds ...approvals.JobKind,
	) (approvals.LeasedJob, approvals.Request, error)

	// NextDue tells how long until the next job of these kinds may be due; false if they
	// have none.
	NextDue(ctx context.Context, kinds ...approvals.JobKind) (time.Duration, bool, error)

	// MarkTried records an attempt at the job's effect just before it. On ErrLeaseLost
	// the effect must not happen.
	MarkTried(ctx context.Context, t approvals.LeasedJob) error

	// MarkTriedUnlessVoted is MarkTried for a write on votes: it changes nothing and
	// returns ErrVotedSince if a vote fails the guard.
	MarkTriedUnlessVoted(ctx context.Context, t approvals.LeasedJob, guard approvals.VoteGuard) error

	// CompleteJob ends a job without an event.
	CompleteJob(ctx context.Context, t approvals.LeasedJob) error

	// RetryJob gives a job back until later. untry takes back the mark of an attempt if
	// it certainly had no effect.
	RetryJob(ctx context.Context, t approvals.LeasedJob, after time.Duration, untry bool) error
}

// Signals is the store's part about workers that wait for jobs.
type Signals interface {
	// Subscribe signals on the channel whenever a job of these kinds may have
	// become due, until stop is called.
	Subscribe(kinds ...approvals.JobKind) (wake <-chan struct{}, stop func())

	// Offer lends a free worker of the subscriber of a channel: the next transaction that
	// makes a job of its kinds due leases it for take, if ready. With an error the job is
	// to be given back. For a job due after until, the worker is not woken, because it looks by
	// itself then. take is not called after withdraw.
	Offer(
		wake <-chan struct{}, until time.Time, lease time.Duration, ready func() bool,
		take func(job approvals.LeasedJob, r approvals.Request, begun time.Time, err error),
	) (withdraw func())
}

// Reactions is the store's part about people's emoji on cards.
type Reactions interface {
	// ListReactions lists the reactions present on a message, oldest first.
	ListReactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error)

	// ListWithdrawn lists the withdrawn reactions, as events told.
	ListWithdrawn(ctx context.Context, channel, ts string) ([]approvals.Reaction, error)

	// ReplaceReactions replaces a message's known reactions by those of a look, except
	// for news within ReadLag before asOf. If it changes the card of a pending request,
	// its votes are counted again.
	ReplaceReactions(ctx context.Context, channel, ts string, asOf time.Time, shown []approvals.Reaction) error

	// ListPendingCards lists the cards of all pending requests, oldest first.
	ListPendingCards(ctx context.Context) ([]approvals.PendingCard, error)
}

// Licenses is UiPath, as far as a request needs it. Errors are *RefusedError,
// *DelayError, *GroupError, *OperatorError for an operator's task, or any other error
// for an unknown outcome.
type Licenses interface {
	// FindGroup finds the group of a reference, by id or by exact name. It never
	// guesses: if several groups have the name, or none, the error is *GroupError.
	FindGroup(ctx context.Context, reference string) (approvals.Group, error)

	// ReadGroup reads a group that UiPath has shown, with its name of now. The name is
	// unknown if UiPath lacks a list with the group. If the group was shown with a name, that
	// is an error until a second, later look at all lists agrees. approvals.IsNotFound is true
	// of the error if UiPath lacks the group.
	ReadGroup(ctx context.Context, shown approvals.Group) (approvals.Group, error)

	// ReadAllocation reads a group's allocation from UiPath, never from memory. Owned is
	// nil if UiPath hides what the organization owns. The error is a *DelayError with
	// approvals.ErrQuotasUnknown while seat limits may be hidden.
	ReadAllocation(ctx context.Context, groupID string) (approvals.Allocation, error)

	// ExpectLimits says that UiPath showed seat limits of these codes before. A reading of the
	// group that lacks one is approvals.ErrQuotasUnknown, until another one at least
	// approvals.SecondLookAfter later agrees.
	ExpectLimits(groupID string, codes []string)

	// WriteAllocation replaces a group's whole allocation, except for what the
	// organization owns, and returns the allocation in UiPath's answer. The caller
	// compares it with the one asked for: it may lack codes and quotas. If
	// approvals.EffectIsUnknown is true of the error, only a read tells the result.
	WriteAllocation(ctx context.Context, groupID string, allocation approvals.Allocation) (approvals.Allocation, error)

	// NearestCode is the owned code probably meant by an unknown one; false if all are
	// too far. It works from memory.
	NearestCode(code string, owned []string) (string, bool)

	Portal
}

// A Portal shows the watch what was done outside of the bot.
type Portal interface {
	// ListAllocations lists the groups with an allocation. The error is a *RefusedError
	// where UiPath does not show the list to the bot.
	ListAllocations(ctx context.Context) ([]approvals.GroupAllocation, error)

	// FindEdits lists entries of UiPath's audit log about a group; none where UiPath does not
	// show the log.
	FindEdits(ctx context.Context, group approvals.Group, since, until time.Time) ([]approvals.PortalEdit, error)
}

// A Directory knows people and what they put on a card. It tells each person by one
// id, whichever of theirs Slack shows. Answers may be as old as maxAge; zero asks
// anew. An error is a *RefusedError if asking again soon is in vain.
type Directory interface {
	// FindPerson tells who a user is. A *RefusedError means Slack hides the person.
	FindPerson(ctx context.Context, user string, maxAge time.Duration) (approvals.Person, error)

	// ListMembers lists the users behind a list of approvers, the members of user groups
	// included; one may be listed twice. Where Slack refuses to show a group or a
	// person, the others come with the *RefusedError.
	ListMembers(ctx context.Context, approvers []string, maxAge time.Duration) ([]string, error)

	// ListAudience lists who sees a channel.
	ListAudience(ctx context.Context, channel string, maxAge time.Duration) (approvals.Audience, error)

	// Now is Slack's own clock, or a little more; zero if its answer has no date.
	Now(ctx context.Context) (time.Time, error)

	// CardReactions reads all reactions on one card but the bot's own. cut are the emoji of
	// which Slack does not tell all people. ErrCardDeleted if the card was deleted.
	CardReactions(ctx context.Context, channel, ts string) (shown []approvals.Reaction, cut []string, err error)

	// ReplyReactions reads the reactions on the bot's replies to one card, but its own. cut
	// is as of CardReactions.
	ReplyReactions(ctx context.Context, channel, cardTS string) (shown []approvals.Reaction, cut []string, err error)

	// ReadHistory reads the messages of a channel from latest down to oldest, as
	// many as one call shows.
	ReadHistory(ctx context.Context, channel, oldest, latest string) (approvals.HistoryPage, error)
}

// A Messenger speaks in Slack. An error is a *RefusedError if repeating is in vain, a
// *DelayError if the call had no effect, and any other for an unknown outcome.
type Messenger interface {
	Cards
	Posts
	Notices
	Memory
	Alerts

	// AwaitPace waits until one more call of this pace fits Slack's limits.
	AwaitPace(ctx context.Context, pace approvals.Pace) error

	// TakePace is AwaitPace for calls that do not wait: it reports whether one more fits.
	TakePace(pace approvals.Pace) bool
}

// Cards is the Messenger's part about a request's card.
type Cards interface {
	// PostCard posts the card and returns its timestamp.
	PostCard(ctx context.Context, r approvals.Request) (ts string, err error)
	// AddReactions puts the two emoji on the card. It may be repeated.
	AddReactions(ctx context.Context, r approvals.Request) error
	// UpdateCard draws the card anew as the request stands. It may be repeated.
	UpdateCard(ctx context.Context, r approvals.Request) error
	// CheckPostable is an error while cards cannot be posted in a channel.
	CheckPostable(ctx context.Context, channel string) error
}

// Posts is the Messenger's part about a card's thread.
type Posts interface {
	// PostInThread posts what the job says, and returns the timestamp.
	PostInThread(ctx context.Context, r approvals.Request, said approvals.Job) (ts string, err error)
	// FindPost looks for the post of an earlier attempt, of an age; of several, the oldest.
	FindPost(ctx context.Context, r approvals.Request, said approvals.LeasedJob, age time.Duration) (
		ts string, found bool, err error)
	// ListPosts lists the bot's messages in the channel about a request, up to an age.
	ListPosts(ctx context.Context, r approvals.Request, age time.Duration) ([]approvals.Post, error)
	// RemoveDouble deletes a post, or marks it as a double. It may be repeated.
	RemoveDouble(ctx context.Context, r approvals.Request, d approvals.Double) error
}

// Memory is the Messenger's part about the bot's earlier words.
type Memory interface {
	// ReadCards reads the bot's cards in a channel down to oldest, the newest first, as
	// many as one call shows. next is where to go on; empty at the end.
	ReadCards(ctx context.Context, channel, oldest, cursor string) (cards []approvals.ToldCard, next string, err error)
	// ReadThread reads what the bot said in a card's thread, the oldest first.
	ReadThread(ctx context.Context, channel, ts string) ([]approvals.Told, error)
}

// Alerts is the Messenger's part about changes outside of the bot.
type Alerts interface {
	// PostOutsideChange posts about a change in its channel.
	PostOutsideChange(ctx context.Context, c approvals.UntoldChange) (ts string, err error)
	// FindOutsideChange looks for the post of an earlier attempt, of an age.
	FindOutsideChange(ctx context.Context, c approvals.UntoldChange, age time.Duration) (
		ts string, found bool, err error)
}

// Notices is the Messenger's part for one person alone.
type Notices interface {
	// TellVoter tells a person why their vote is void. A repeat tells it twice: a
	// private notice cannot be looked for.
	TellVoter(ctx context.Context, r approvals.Request, user string, why approvals.Eligibility) error
	// TellRequester tells the requester what the job says.
	TellRequester(ctx context.Context, r approvals.Request, said approvals.Job) error
}
