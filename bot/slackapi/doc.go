// Package slackapi makes the bot's calls of Slack's Web API.
//
//   - [Client] holds the connection: who the bot is, and whether its channel can
//     be used.
//   - [Messenger] posts, updates and finds messages, at a pace that Slack allows.
//   - [Directory] tells who a person is, who is in a user group, and who reacted
//     on a message.
//   - [Views] opens modals and publishes Home tabs.
//
// Texts, blocks and metadata come from the caller; this package reads none of
// them. [ClassifyError] turns a failed call into what package approvals
// understands: refused for good, not now, or an unknown outcome.
package slackapi
