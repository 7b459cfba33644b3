// Package worker carries out the jobs that package approvals makes due: it reads
// and writes allocations at UiPath, posts in Slack and looks people up. It
// decides nothing. What it reads becomes a value, and a pure function of
// approvals turns that value into the next event.
//
// # How it works
//
// [Runner.Run] starts one pool of workers per [approvals.Pool]. A worker leases
// a job from the [Store], runs it outside any transaction ([runners] has the
// function of each kind), and applies an event that completes the job in the
// same transaction. An error gives the job back for later. A worker with
// nothing to do offers itself, and the transaction that makes a job due leases
// it in passing and hands it over.
//
// Three rules make a crash between any two lines harmless:
//
//   - A worker acts only under a lease, and every effect is over before the
//     lease is (jobLimit is shorter than leaseTime).
//   - MarkTried records an attempt before an effect that must not happen twice.
//     The next attempt looks for the effect first: apply reads the allocation,
//     a post is looked for in the thread.
//   - Writes to one group share a lane, so that two never overlap.
//
// Beside the pools, [Runner.CatchUp] looks at all cards after each reconnect
// and on a timer, because Slack does not repeat what the bot missed. Before the
// pools start, the channel is read once, because the database may be an older copy.
package worker
