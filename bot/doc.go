// Package bot is licensebot's side of Slack. It decides what to do with a
// command, a reaction, a click, a form and the Home tab.
//
// Its rooms do one thing each, and know little of one another:
//
//   - [licensebot/bot/command] reads what people type, and suggests what to type.
//   - [licensebot/bot/message] writes every word and block that people read.
//   - [licensebot/bot/socket] receives envelopes and acknowledges them.
//   - [licensebot/bot/slackapi] calls the Web API.
//
// # From an envelope to an acknowledgment
//
// The socket hands each envelope to the intake. The intake decodes it, has it
// stored, and returns what to acknowledge it with, in that order. A reaction is
// only recorded: a job counts the votes later. A question that only UiPath can
// answer is acknowledged first and answered after that.
//
// # From a job to a message
//
// [Messenger] is what the workers post by: it has package message render a
// request, and package slackapi post the result.
//
//	b, err := bot.New(ctx, bot.Deps{Slack: bot.SlackConfig{…}, Channel: "C0123ABCD", …})
//	…
//	defer b.Close()
//	err = b.Run(ctx)
package bot
