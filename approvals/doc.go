// Package approvals holds the rules of licensebot: what a request for licenses
// is, which people may approve it, what each event makes of it, and which jobs
// follow. It is pure: no I/O, no clock, and the standard library only. Packages
// bot, licensing and internal/store import it and never each other; package
// worker, below, carries its jobs out.
//
// # A request's life
//
//	filed ──┬─ cannot be asked for ────────────▶ refused
//	        ├─ requester cancels ─────────────▶ cancelled
//	        ├─ deadline passes ───────────────▶ expired
//	        └─ UiPath read, change fixed ──▶ pending
//
//	pending ──┬─ one ❌ from an approver ─────▶ denied
//	          ├─ requester cancels ───────────▶ cancelled
//	          ├─ an approver cancels and says why ▶ cancelled
//	          ├─ the card is deleted ─────────▶ cancelled
//	          ├─ deadline passes ─────────────▶ expired
//	          ├─ quorum of ✅ ────────────▶ approved
//	          └─ card posted, and the policy
//	             grants it by itself ─────▶ approved
//
//	approved ──┬─ applied and confirmed ──────▶ done
//	           ├─ refused by UiPath ──────────▶ failed
//	           ├─ approval lapsed unconfirmed ──▶ failed
//	           ├─ the end asked for has passed ▶ failed
//	           ├─ the change shown is no longer
//	           │  the change made ────────────▶ superseded
//	           ├─ card deleted before the write ▶ cancelled
//	           ├─ ❌ found before the write ──▶ denied
//	           ├─ consent gone before the write,
//	           │  after the deadline ─────────▶ expired
//	           └─ the same before the deadline ──▶ pending
//
//	done, for a time ──┬─ its time is over ───▶ revocation is due
//	                   ├─ ended early ────────▶ revocation is due
//	                   ├─ revocation carried out ─▶ done, over
//	                   └─ UiPath keeps a code ──▶ done, with something left
//
// A retry is not a move, and a lease is not a state. A done request that holds
// codes for a time stays done: that is its [Grant]. [Next] is this figure as a
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
