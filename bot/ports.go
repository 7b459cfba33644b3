package bot

import (
	"context"

	"licensebot/approvals"
)

// A Store keeps requests durably. What it says is recorded is on the disk. After
// an error nothing was recorded, unless the error is approvals.ErrCommitUnknown.
type Store interface {
	FilingStore
	ChangeStore
	QueryStore
	DeliveryStore
	DoubleStore
	GroupStore
	HomeStore
}

// A FilingStore records new requests.
type FilingStore interface {
	// FileRequest records a request, once for each envelope. For an envelope that
	// filed a request before, it returns that one. It sets the times.
	FileRequest(
		ctx context.Context, r approvals.Request,
	) (filed approvals.Request, receipt approvals.Receipt, err error)
}

// A ChangeStore applies what people decide about one request.
type ChangeStore interface {
	// Request reads one request. The error is approvals.ErrNotFound if there is
	// none.
	Request(ctx context.Context, id string) (approvals.Request, error)
	// ApplyEvent applies an event to a request. The job is nil here.
	ApplyEvent(ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob) (approvals.Request, error)
}

// A QueryStore reads what people ask about. A list returns one part, and the
// number of all.
type QueryStore interface {
	Request(ctx context.Context, id string) (approvals.Request, error)
	ListByRequester(ctx context.Context, requester string, limit, offset int) ([]approvals.Request, int, error)
	ListPending(ctx context.Context, limit, offset int) ([]approvals.Request, int, error)
	CountOpen(ctx context.Context) (map[approvals.State]int, error)
}

// A DeliveryStore records what deliveries tell of channels, and those that the bot does
// not understand.
type DeliveryStore interface {
	ChannelStore
	// DeadLetter keeps a delivery that was not understood, once for each envelope.
	// The caller has removed secrets from raw and bounded it.
	DeadLetter(ctx context.Context, envelope, why string, raw []byte) error
}

// A GroupStore lists the open requests about one group.
type GroupStore interface {
	ListByGroup(ctx context.Context, groupID string, limit int) ([]approvals.Request, error)
}

// A HomeStore lists what a Home tab shows.
type HomeStore interface {
	// ListOpenByRequester lists a person's open requests, the newest first.
	ListOpenByRequester(ctx context.Context, requester string, most int) ([]approvals.Request, error)
	// ListClosedByRequester lists a person's closed requests, the newest first.
	ListClosedByRequester(ctx context.Context, requester string, most int) ([]approvals.Request, error)
	// ListGrantsByRequester lists a person's requests that hold codes for a time, the
	// next end first.
	ListGrantsByRequester(ctx context.Context, requester string, most int) ([]approvals.Request, error)
	// ListUndecided lists the requests that wait for votes, the most urgent first.
	ListUndecided(ctx context.Context, most int) ([]approvals.Request, error)
	// Subscribe signals when jobs of these kinds may have become due, until stop is
	// called.
	Subscribe(kinds ...approvals.JobKind) (wake <-chan struct{}, stop func())
}

// UiPath answers what people ask about groups and licenses. An error is one of
// package approvals, or has an unknown cause.
type UiPath interface {
	Catalog
	GroupReader
	// Reachable is nil if UiPath answered lately.
	Reachable(ctx context.Context) error
}

// A Catalog tells what people can ask for. It answers from memory where it can,
// so that people who type need not wait for UiPath.
type Catalog interface {
	// Groups lists up to most groups that a query may mean, the best first.
	Groups(ctx context.Context, query string, most int) ([]approvals.Group, error)
	// Seats lists what the organization owns of each code.
	Seats(ctx context.Context) ([]approvals.Seats, error)
}

// A GroupReader reads groups and their allocations from UiPath.
type GroupReader interface {
	FindGroup(ctx context.Context, ref string) (approvals.Group, error)
	ReadAllocation(ctx context.Context, groupID string) (approvals.Allocation, error)
	// ListAllocations lists the groups with an allocation. The error is a
	// *approvals.RefusedError where UiPath does not show the list.
	ListAllocations(ctx context.Context) ([]approvals.GroupAllocation, error)
	// Owned lists what the organization owns of each code now. The list is empty if
	// it owns nothing.
	Owned(ctx context.Context) ([]approvals.Seats, error)
}
