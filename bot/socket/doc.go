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
// A connection shows that it is alive: it is pinged every few seconds, and replaced
// once it is silent. While Slack replaces one, its successor is opened before it ends.
// A stop closes one after another, each when nothing of it is in flight.
//
// slack-go opens the connections and calls the API. Its own reader of Socket Mode is
// not used: it neither pings nor tells why a connection ended, drops what Slack sends
// after announcing the end, and does not tell whether an acknowledgment was written.
//
// The package reads the frame of an envelope and leaves its payload to the handler.
package socket
