// Package bot is licensebot's side of Slack: envelopes in, Block Kit out. It
// owns every word a person reads.
//
// # In
//
// [Socket] keeps two Socket Mode connections open and hands every envelope to
// an [Intake], which never works on the goroutine that reads the socket. The
// intake decodes an envelope, has it made durable and acknowledges it, in that
// order. Slash commands are understood by [ParseCommand]. Reactions are only
// recorded: what they are worth is weighed later, as owed work.
//
// # Out
//
// [Speaker] posts cards, replies and private notices at a pace that Slack
// bears, and looks for its own earlier posts. [Directory] asks Slack who
// somebody is. Both turn Slack's errors into what package approvals
// understands: a refusal, a delay, or an unknown outcome.
//
// # Rules of the words
//
// One plain sentence says what happened, to whom, and what to do next. No
// success word before UiPath confirmed. Whatever comes from outside (names,
// reasons, UiPath's own words) is escaped and bounded where it is shown.
package bot
