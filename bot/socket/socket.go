package socket

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"
	"github.com/slack-go/slack"

	"licensebot/internal/noredirect"
	"licensebot/internal/outbound"
	"licensebot/internal/slacktoken"
)

// Connections is how many sockets one process keeps open, so that Slack may
// refresh one without a gap. Slack allows ten for an app.
const Connections = 2

// Bounds of the way from the socket to the handler and back.
const (
	workerCount   = 32               // envelopes handled at a time
	queueLength   = 2048             // envelopes that wait for a worker
	busyLength    = 4096             // envelopes that wait to be declined
	ackLimit      = 2 * time.Second  // for an acknowledgment to be written
	responseLimit = 12 * time.Second // for Slack to answer apps.connections.open

	// Slack gives up on a command after three seconds. If a command is older than
	// startLimit when its turn comes, it is declined while there is still time to
	// say so. A command that is begun has until answerLimit. After that the store
	// may take half a second more to find out what became of it.
	startLimit  = 1500 * time.Millisecond
	answerLimit = 2250 * time.Millisecond

	// FlushTime is how long an acknowledgment that was written may take to reach
	// Slack.
	FlushTime = 150 * time.Millisecond
)

// A Handler decides what becomes of envelopes. Its methods are called by several
// goroutines.
type Handler interface {
	// Handle deals with one envelope, and returns the payload to acknowledge it
	// with, or nil for an empty acknowledgment. ok is false if Slack has to deliver
	// the envelope again.
	Handle(ctx context.Context, env Envelope) (payload any, ok bool)
	// DeclineBusy returns the payload for an envelope that is declined because too
	// many others wait.
	DeclineBusy(env Envelope) (payload any)
	// Unacknowledged is called with a payload that could not be sent, because its
	// connection was closed or lost. Slack takes it on no other connection, so a
	// person has to be told in another way. It must not block.
	Unacknowledged(env Envelope, payload any)
}

// A Socket receives envelopes and acknowledges them.
type Socket struct {
	cfg     Config
	handler Handler
	api     *slack.Client
	dialer  *websocket.Dialer
	opener  *opener
	token   *slacktoken.Token
	log     zerolog.Logger
	queue   chan delivery
	busy    chan delivery
	current [Connections]atomic.Pointer[connection]
	live    atomic.Int32
	open    atomic.Int32 // connections, also those that are about to end
	clock   *clockWatch

	tokenWorked atomic.Bool // Slack accepted an app-level token
	counts      chan int    // connections of the app, as Slack tells them

	countPause time.Duration
}

// A delivery is an envelope and the connection that it came by.
type delivery struct {
	env     Envelope
	from    *connection
	arrived time.Time
}

// Config is what a Socket needs to connect.
type Config struct {
	APIURL, BotToken, AppToken string
	// FollowsAppToken says that ReplaceAppToken is called once the token's file changes.
	// A token that worked and that Slack rejects is waited for then.
	FollowsAppToken bool
	// AllowHTTP lets a connection go unencrypted to another machine.
	AllowHTTP bool
	// OnHello is called after every hello: while no connection was open, something
	// may have been missed. It must not block. May be nil.
	OnHello func()
	// Replicas counts the processes of this installation. Connections of the app
	// beyond theirs belong to another installation. Nil: that is not known.
	Replicas func(context.Context) (int, error)
	// Explain says in the operator's words why a connection could not be opened.
	// May be nil.
	Explain func(error) error
	// Watch is told what happens.
	Watch Watch
	// Now is the clock of this host. Nil: time.Now.
	Now func() time.Time
}

// A Watch counts what happens on the connections. Its functions must not block, and
// each may be nil.
type Watch struct {
	// Handled is called once for each envelope, with what became of it and how long
	// that took since it arrived.
	Handled func(env Envelope, result Result, took time.Duration)
	// Ended is called once for each connection, with the reason.
	Ended func(EndReason)
	// Calls carries out calls of Slack's Web API, by the transport that it is given.
	Calls func(http.RoundTripper) http.RoundTripper
}

// A Result is what became of an envelope.
type Result string

// The results of envelopes.
const (
	Acknowledged Result = "acknowledged"
	Busy         Result = "busy"          // declined, because too many others waited
	LeftToRetry  Result = "left_to_retry" // not acknowledged, so that Slack delivers it again
	Unsent       Result = "unsent"        // the acknowledgment could not be sent
)

// IsAcknowledged reports whether the acknowledgment was written.
func (r Result) IsAcknowledged() bool { return r == Acknowledged || r == Busy }

// New makes a socket. Run connects it.
func New(cfg Config, handler Handler, logger zerolog.Logger) *Socket {
	transport := outbound.NewTransport()
	transport.ResponseHeaderTimeout = responseLimit
	calls := http.RoundTripper(transport)
	if cfg.Watch.Calls != nil {
		calls = cfg.Watch.Calls(transport)
	}
	s := &Socket{
		cfg: cfg, handler: handler, opener: newOpener(calls), dialer: newDialer(),
		token: slacktoken.New(cfg.AppToken), log: logger,
		queue: make(chan delivery, queueLength), busy: make(chan delivery, busyLength),
		clock: newClockWatch(cfg.Now, logger), counts: make(chan int, 1), countPause: countPause,
	}
	s.opener.onDate = s.NoteDate
	// No timeout over the whole call: the opener may hold it back for longer.
	s.api = slack.New(cfg.BotToken, slack.OptionAppLevelToken(cfg.AppToken),
		slack.OptionAPIURL(cfg.APIURL),
		slack.OptionHTTPClient(noredirect.Client(&http.Client{Transport: s.token.Transport(s.opener)})))
	return s
}

// NoteDate compares the host's clock with the Date of an answer of Slack that has just
// come.
func (s *Socket) NoteDate(header string) { s.clock.note(header) }

// ReplaceAppToken opens all later connections with another app-level token.
func (s *Socket) ReplaceAppToken(token string) { s.token.Replace(token) }

// ReplaceConnections opens new connections in place of those that live and deliver
// nothing. The old ones are read until the new ones are there.
func (s *Socket) ReplaceConnections() {
	for i := range s.current {
		if c := s.current[i].Load(); c != nil {
			c.setReason(EndNoEvents)
			c.setLive(false)
			c.setLeaving()
		}
	}
}

// LiveConnections tells how many connections have said hello, are open, and have
// shown within the last seconds that they are alive.
func (s *Socket) LiveConnections() int { return int(s.live.Load()) }

// IsBusy reports whether envelopes wait for a worker.
func (s *Socket) IsBusy() bool { return len(s.queue) > 0 }

// Run receives until ctx ends. Then it closes one connection after another, each when
// it has nothing in flight, while the others go on. It returns early, with an error
// for the operator, if Slack rejects an app-level token that nothing will replace.
func (s *Socket) Run(ctx context.Context) error {
	receiving, stopReceiving := context.WithCancel(ctx)
	defer stopReceiving()
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorking()
	var workers sync.WaitGroup
	workers.Go(func() { s.watchCounts(working) })
	for range workerCount {
		workers.Go(func() { drain(working, s.queue, s.handleDelivery) })
	}
	workers.Go(func() { drain(working, s.busy, s.declineBusy) })

	lanes := make([]*lane, Connections)
	for i := range lanes {
		lanes[i] = s.startLane(ctx, i, stopReceiving)
	}
	<-receiving.Done()
	var failed error
	for _, l := range lanes {
		if err := l.stop(); failed == nil {
			failed = err
		}
	}
	stopWorking()
	workers.Wait()
	return failed
}

// enqueue queues an envelope for the workers. If too many wait, a command is
// queued to be declined, and Slack delivers an event again.
func (s *Socket) enqueue(d delivery) {
	d.from.inFlight.add()
	select {
	case s.queue <- d:
		return
	default:
	}
	if d.env.IsDeliveredOnce() {
		select {
		case s.busy <- d:
			return
		default: // the person sees Slack's own time-out; nothing was recorded
		}
	}
	s.finish(d, LeftToRetry)
}

// finish ends the way of an envelope.
func (s *Socket) finish(d delivery, result Result) {
	d.from.inFlight.remove()
	if s.cfg.Watch.Handled != nil {
		s.cfg.Watch.Handled(d.env, result, time.Since(d.arrived))
	}
}

// drain handles deliveries until ctx ends, and then those that wait.
func drain(ctx context.Context, queue <-chan delivery, handle func(context.Context, delivery)) {
	for {
		select {
		case d := <-queue:
			handle(ctx, d)
		case <-ctx.Done():
			select {
			case d := <-queue:
				handle(ctx, d)
				continue
			default:
				return
			}
		}
	}
}

// handleDelivery handles one envelope, or declines it if it waited too long.
func (s *Socket) handleDelivery(ctx context.Context, d delivery) {
	begun := time.Now() // a late event is worth as much as one in time
	if d.env.IsDeliveredOnce() {
		begun = d.arrived
	}
	if time.Since(begun) > startLimit {
		s.declineBusy(ctx, d)
		return
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), begun.Add(answerLimit))
	defer cancel()
	payload, ok := s.handler.Handle(ctx, d.env)
	if !ok {
		s.finish(d, LeftToRetry)
		return
	}
	s.acknowledge(d, payload, Acknowledged)
}

// declineBusy answers a person whose envelope waited too long, or found the queue full.
func (s *Socket) declineBusy(_ context.Context, d delivery) {
	s.acknowledge(d, s.handler.DeclineBusy(d.env), Busy)
}

// acknowledge answers an envelope on the connection it came by. Slack accepts the
// answer only there.
func (s *Socket) acknowledge(d delivery, payload any, result Result) {
	if err := d.from.acknowledge(d.env.ID, payload); err != nil {
		s.log.Warn().Str("envelope", d.env.ID).Err(err).Msg("could not acknowledge an envelope")
		s.handler.Unacknowledged(d.env, payload)
		result = Unsent
	}
	s.finish(d, result)
}
