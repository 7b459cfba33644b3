// Package sandbox is a Slack and a UiPath that run on loopback: the demo of
// licensebot and its test bed.
//
// Both are strict: they refuse what the real servers would refuse, with the
// real error names, and keep a journal of everything that reached them, so
// that a test can judge the bot by what it did and not by what it says of
// itself. They speak HTTP and WebSocket only and share no code with the bot,
// so the bot that runs against them is the bot that runs against Slack.
package sandbox
