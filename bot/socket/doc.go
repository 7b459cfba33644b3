// Package socket receives Slack's envelopes over Socket Mode and acknowledges
// them.
//
// A [Socket] keeps several connections open. The goroutine that reads one of them
// never works and never waits: it queues each [Envelope] for a few workers. A
// worker gives it to the [Handler], and acknowledges it with what the handler
// returns. So nothing is acknowledged before the handler has stored it.
//
// Slack waits three seconds for the answer to a command. A command whose turn
// comes too late is declined by the handler, which can say so in words.
//
// The package knows the frame of an envelope and nothing of what is inside.
package socket
