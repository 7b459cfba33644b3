// Package approvals holds the rules of licensebot: what a request for licenses
// is, which people may approve it, what each event makes of it, and which jobs
// follow. It is pure: no I/O, no clock, and the standard library only. Packages
// bot, licensing and internal/store import it and never each other; package
// worker, below, carries its jobs out.
//
// # A request's life
//
// A request is filed, then pending, then approved, and ends as refused, denied,
// cancelled, expired, done, failed or superseded. The figure of all moves is in
// docs/ARCHITECTURE.md, and approvals/next_test.go walks it.
//
// A retry is not a move, and a lease is not a state. A done request that holds
// codes for a time stays done: that is its [Grant]. [Next] is the figure as a
// pure function, and the store makes its result atomic.
//
// # Who decides
//
// Nothing outside this package decides. A worker reads, and a function here turns
// what was read into the next event: [Propose] before a card, [NewBallot] and
// [VotesCounted] for reactions, [DecideWrite] before a write, [DecideFailure]
// after a failure, [PlanRevocation] at the end of a grant.
//
// # Who holds a code
//
// The end of a grant takes out what its request added, and only codes that no
// other request holds then. That follows from the done requests of the group in
// their order. A request that adds a code found it missing, so earlier holders
// hold it no more. A request that extends a code holds it along with the others.
// A request that removes it ends all their claims. If a UiPath admin takes a code
// out and puts it back while a grant holds it, the code cannot be told from the
// grant's own, and goes at its end.
//
// # From event to effect
//
// The store runs [Next] inside one transaction and keeps the request, a journal
// line and the jobs ([Job]) together. Workers lease jobs and carry them out
// outside any transaction. A job that cannot be repeated safely is marked as
// tried first, so that the worker that takes it over looks before it acts.
//
//	step, err := approvals.Next(request, approvals.VotesCounted{Ballots: ballots}, now)
//	// step.Request is the request as it stands now, step.Enqueue what is due.
package approvals
