// Package socket receives Slack's envelopes over Socket Mode and acknowledges
// them.
//
// A [Socket] keeps several connections open. The goroutine that reads a connection
// only queues each [Envelope] for a few workers, because a slow reader loses
// envelopes. A worker gives the envelope to the [Handler] and acknowledges it with
// the payload that the handler returns. So the handler has stored a request before
// Slack is told.
//
// Slack waits three seconds for the answer to a command. If a command's turn comes
// too late, the handler declines it in words.
//
// The package reads the frame of an envelope and leaves its payload to the handler.
package socket
