package socket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"licensebot/internal/outbound"
	"licensebot/internal/sleep"
)

// Bounds of one connection. A connection that is silent is replaced within ten
// seconds: silenceLimit, and the time to open another.
const (
	pingEvery    = 2 * time.Second
	silenceLimit = 6 * time.Second // since the last frame, be it the answer to a ping
	writeLimit   = 2 * time.Second // for a ping or a closing frame

	helloLimit     = 10 * time.Second
	slackPingLimit = time.Minute // Slack pings several times a minute; what is between may answer pings too

	// A stop closes the connections one after another, within ten seconds.
	idleLimit  = 4 * time.Second        // for what is in flight
	closeLimit = 750 * time.Millisecond // for Slack to answer the closing frame

	dialLimit = 10 * time.Second
	readLimit = 1 << 20  // bytes of one frame; a longer one is left aside
	maxAck    = 20 << 10 // bytes; Slack drops a longer acknowledgment without a word
)

// newDialer makes the dialer of connections. Slack does not put a frame together that
// arrives in parts, so the buffer holds the longest acknowledgment.
func newDialer() *websocket.Dialer {
	dialer := outbound.NewSocketDialer()
	dialer.HandshakeTimeout, dialer.WriteBufferSize = dialLimit, 32<<10
	return dialer
}

// An EndReason says why a connection ended: what Slack gave as its reason, or one of
// those below.
type EndReason string

// The reasons why a connection ends. The first four are Slack's.
const (
	EndWarning    EndReason = "warning"
	EndRefresh    EndReason = "refresh_requested"
	EndDisabled   EndReason = "link_disabled"
	EndTooMany    EndReason = "too_many_websockets"
	EndOther      EndReason = "other"  // another of Slack's reasons
	EndSilent     EndReason = "silent" // no frame came, not even the answer to a ping
	EndNoPing     EndReason = "no_ping"
	EndNoHello    EndReason = "no_hello"
	EndNoEvents   EndReason = "no_events" // it lives, and Slack delivers nothing by it
	EndClosed     EndReason = "closed"    // by Slack, with a closing frame
	EndCut        EndReason = "cut"
	EndBotStopped EndReason = "stopped" // by the bot
)

// EndReasons lists all reasons.
var EndReasons = []EndReason{
	EndWarning, EndRefresh, EndDisabled, EndTooMany, EndOther, EndSilent, EndNoPing, EndNoHello, EndNoEvents, EndClosed,
	EndCut, EndBotStopped,
}

// slackReason is the reason that a disconnect frame names.
func slackReason(reason string) EndReason {
	switch r := EndReason(reason); r {
	case EndWarning, EndRefresh, EndDisabled, EndTooMany:
		return r
	}
	return EndOther
}

// A connection is one WebSocket to Slack.
type connection struct {
	socket   *Socket
	ws       *websocket.Conn
	index    int
	writing  sync.Mutex
	inFlight inFlight

	pinged  atomic.Int64 // when Slack pinged last, in nanoseconds since opened
	opened  time.Time
	greeted bool // the reader's own
	isLive  atomic.Bool

	mu     sync.Mutex
	reason EndReason // of the end; the first counts

	leaving    chan struct{} // closed when it needs a replacement
	setLeaving func()
	said       chan struct{} // closed by hello
	ended      chan struct{} // closed when it is read no more
}

// newConnection reads a WebSocket until it ends.
func (s *Socket) newConnection(ws *websocket.Conn, index int) *connection {
	c := &connection{
		socket: s, ws: ws, index: index, opened: time.Now(),
		leaving: make(chan struct{}), said: make(chan struct{}), ended: make(chan struct{}),
	}
	c.setLeaving = sync.OnceFunc(func() { close(c.leaving) })
	ws.SetPongHandler(func(string) error { return c.extend() })
	ws.SetPingHandler(func(data string) error {
		c.pinged.Store(int64(time.Since(c.opened)))
		_ = ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeLimit))
		return c.extend()
	})
	s.open.Add(1)
	go c.ping()
	go c.read()
	return c
}

// extend notes that the connection is alive.
func (c *connection) extend() error { return c.ws.SetReadDeadline(time.Now().Add(silenceLimit)) }

// read takes frames until the connection ends. It never waits: a reader that stands
// still for five seconds loses half of what people type meanwhile, and in the end the
// connection.
func (c *connection) read() {
	defer c.finish()
	for {
		_ = c.extend() // a closed connection fails to be read
		raw, err := c.readFrame()
		if err != nil {
			c.setReason(readReason(err))
			return
		}
		c.receive(raw)
	}
}

// readFrame reads a frame up to the limit and one byte more. The next call skips its rest: a
// connection that ended at a long frame would lose what is under way on it, and Slack would
// send the frame again by the next one.
func (c *connection) readFrame() ([]byte, error) {
	_, frame, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(frame, readLimit+1))
}

// readReason is why a connection cannot be read any more.
func readReason(err error) EndReason {
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
		return EndSilent
	}
	if _, ok := errors.AsType[*websocket.CloseError](err); ok {
		return EndClosed
	}
	return EndCut
}

// finish ends a connection that cannot be read any more.
func (c *connection) finish() {
	c.setLive(false)
	_ = c.ws.Close()
	c.setLeaving()
	c.socket.open.Add(-1)
	close(c.ended)
	if ended := c.socket.cfg.Watch.Ended; ended != nil {
		ended(c.endReason())
	}
	c.socket.log.Debug().Int("connection", c.index).Str("why", string(c.endReason())).Msg("a connection to Slack ended")
}

func (c *connection) setLive(now bool) {
	if c.isLive.Swap(now) != now {
		c.socket.live.Add(map[bool]int32{true: 1, false: -1}[now])
	}
}

func (c *connection) setReason(reason EndReason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" {
		c.reason = reason
	}
}

func (c *connection) endReason() EndReason {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// receive takes one frame.
func (c *connection) receive(raw []byte) {
	f, err := decodeFrame(raw)
	switch {
	case len(raw) > readLimit:
		err = errLongFrame
	case err != nil:
	case f.Type == typeHello:
		c.noteHello(f)
		return
	case f.Type == typeDisconnect:
		c.noteDisconnect(f)
		return
	case f.ID == "":
		err = errNoEnvelope
	}
	if err != nil {
		c.socket.log.Warn().Err(err).Msg("Slack sent a frame that is no envelope")
		return
	}
	f.Connection = c.index
	c.socket.enqueue(delivery{env: f.Envelope, from: c, arrived: time.Now()})
}

func (c *connection) noteHello(f frame) {
	if !c.greeted {
		c.greeted = true
		close(c.said)
		c.setLive(true)
		c.socket.noteHello(c.index, f.NumConnections)
	}
}

// noteDisconnect asks for a replacement. Slack goes on to deliver for some seconds,
// and takes acknowledgments. A connection that never said hello ends at once.
func (c *connection) noteDisconnect(f frame) {
	c.setReason(slackReason(f.Reason))
	c.setLive(false)
	c.setLeaving()
	if !c.greeted {
		_ = c.ws.Close()
	}
}

// ping asks every few seconds whether the connection lives, until it ends.
func (c *connection) ping() {
	ticks := time.NewTicker(pingEvery)
	defer ticks.Stop()
	for {
		select {
		case <-c.ended:
			return
		case <-ticks.C:
		}
		if reason := c.findProblem(time.Since(c.opened)); reason != "" {
			c.setReason(reason)
			_ = c.ws.Close()
			return
		}
		// A connection that cannot be written is noticed by its silence.
		_ = c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeLimit))
	}
}

// findProblem tells what is wrong with a connection of this age that answers pings.
func (c *connection) findProblem(age time.Duration) EndReason {
	select {
	case <-c.said:
	default:
		if age > helloLimit {
			return EndNoHello
		}
	}
	if age-time.Duration(c.pinged.Load()) > slackPingLimit {
		return EndNoPing
	}
	return ""
}

// awaitEnd waits until the connection has ended, or a time has passed, or ctx ended.
func (c *connection) awaitEnd(ctx context.Context, limit time.Duration) {
	sleep.UntilWoken(ctx, limit, c.ended)
}

// retire closes the connection when nothing of it is in flight. What Slack sends until
// it has seen the closing frame is still handled, though not acknowledged.
func (c *connection) retire() {
	timer := time.NewTimer(idleLimit)
	defer timer.Stop()
	select {
	case <-c.inFlight.none():
	case <-timer.C:
	case <-c.ended:
		return
	}
	c.setReason(EndBotStopped)
	closing := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, closing, time.Now().Add(writeLimit))
	c.awaitEnd(context.Background(), closeLimit)
	_ = c.ws.Close()
	<-c.ended
}

// acknowledge writes the acknowledgment of an envelope.
func (c *connection) acknowledge(envelope string, payload any) error {
	ack, err := json.Marshal(struct {
		ID      string `json:"envelope_id"`
		Payload any    `json:"payload,omitempty"`
	}{envelope, payload})
	if err != nil {
		return fmt.Errorf("encode an acknowledgment: %w", err)
	}
	if len(ack) >= maxAck {
		return fmt.Errorf("an acknowledgment of %d bytes is more than Slack takes", len(ack))
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(ackLimit))
	if err := c.ws.WriteMessage(websocket.TextMessage, ack); err != nil {
		return fmt.Errorf("write an acknowledgment: %w", err)
	}
	return nil
}

// inFlight counts the envelopes of a connection that are not acknowledged yet.
type inFlight struct {
	mu    sync.Mutex
	count int
	empty chan struct{} // closed when the count reaches zero; nil unless waited for
}

func (f *inFlight) add() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
}

func (f *inFlight) remove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count--
	if f.count == 0 && f.empty != nil {
		close(f.empty)
		f.empty = nil
	}
}

// none is closed when nothing is in flight.
func (f *inFlight) none() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == 0 {
		none := make(chan struct{})
		close(none)
		return none
	}
	if f.empty == nil {
		f.empty = make(chan struct{})
	}
	return f.empty
}
