package socket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"

	"licensebot/internal/noredirect"
	"licensebot/internal/outbound"
	"licensebot/internal/outside"
	"licensebot/internal/sleep"
)

// Connections is how many sockets one process keeps open, so that Slack may
// refresh one without a gap. Slack allows ten for an app.
const Connections = 2

// Bounds of the way from the socket to the handler and back.
const (
	workerCount   = 8                // envelopes handled at a time
	queueLength   = 2048             // envelopes that wait for a worker
	busyLength    = 4096             // envelopes that wait to be declined
	ackLimit      = 2 * time.Second  // slack-go queues acknowledgments, and blocks when 20 wait
	responseLimit = 12 * time.Second // for Slack to answer apps.connections.open

	// Slack gives up on a command after three seconds. If a command is older than
	// startLimit when its turn comes, it is declined while there is still time to
	// say so. A command that is begun has until answerLimit. After that the store
	// may take half a second more to find out what became of it.
	startLimit  = 1500 * time.Millisecond
	answerLimit = 2250 * time.Millisecond

	// FlushTime is how long an acknowledgment may take to be written: slack-go does
	// not tell when it is.
	FlushTime = 150 * time.Millisecond

	readLimit = 1 << 20 // bytes of one frame
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
}

// A Socket receives envelopes and acknowledges them.
type Socket struct {
	cfg     Config
	handler Handler
	clients []*socketmode.Client
	opener  *opener
	log     zerolog.Logger
	queue   chan delivery
	busy    chan delivery
	live    atomic.Int32
	clock   *clockWatch
	counts  chan int // connections of the app, as Slack tells them

	countPause time.Duration
}

// A delivery is an envelope and the connection that it came by.
type delivery struct {
	env     Envelope
	client  *socketmode.Client
	arrived time.Time
}

// Config is what a Socket needs to connect.
type Config struct {
	APIURL, BotToken, AppToken string
	// OnHello is called after every hello: while no connection was open, something
	// may have been missed. It must not block. May be nil.
	OnHello func()
	// Replicas counts the processes of this installation. Connections of the app
	// beyond theirs belong to another installation. Nil: that is not known.
	Replicas func(context.Context) (int, error)
	// Explain says in the operator's words why a connection could not be opened.
	// May be nil.
	Explain func(error) error
}

// New makes a socket. Run connects it.
func New(cfg Config, handler Handler, logger zerolog.Logger) *Socket {
	transport := outbound.NewTransport()
	transport.ResponseHeaderTimeout = responseLimit
	s := &Socket{
		cfg: cfg, handler: handler, opener: newOpener(transport), log: logger,
		queue: make(chan delivery, queueLength), busy: make(chan delivery, busyLength),
		clock: newClockWatch(logger), counts: make(chan int, 1), countPause: countPause,
	}
	s.opener.onDate = s.NoteDate
	// No timeout over the whole call: the opener may hold it back for longer.
	api := slack.New(cfg.BotToken, slack.OptionAppLevelToken(cfg.AppToken),
		slack.OptionAPIURL(cfg.APIURL), slack.OptionHTTPClient(noredirect.Client(&http.Client{Transport: s.opener})))
	for range Connections {
		s.clients = append(s.clients, socketmode.New(api,
			socketmode.OptionReadLimit(readLimit), socketmode.OptionDialer(outbound.NewSocketDialer()),
			socketmode.OptionLog(log.New(io.Discard, "", 0))))
	}
	return s
}

// NoteDate compares the host's clock with the Date of an answer of Slack that has just
// come.
func (s *Socket) NoteDate(header string) { s.clock.note(header) }

// LiveConnections tells how many connections have said hello and are open.
func (s *Socket) LiveConnections() int { return int(s.live.Load()) }

// Run receives until ctx ends. Then it finishes the envelopes it has, lets their
// acknowledgments out, and closes the connections. It returns early, with an error
// for the operator, if Slack rejects the app's token.
func (s *Socket) Run(ctx context.Context) error {
	connections, disconnect := context.WithCancel(context.WithoutCancel(ctx))
	defer disconnect()
	receiving, stopReceiving := context.WithCancel(ctx)
	defer stopReceiving()

	var sockets errgroup.Group
	for i, client := range s.clients {
		sockets.Go(func() error { return s.keepConnected(connections, stopReceiving, client) })
		sockets.Go(func() error { s.readEvents(receiving, connections, i, client); return nil })
	}
	sockets.Go(func() error { s.watchCounts(connections); return nil })
	var working sync.WaitGroup
	for range workerCount {
		working.Go(func() { s.handleQueued(receiving) })
	}
	working.Go(func() { s.declineBusy(receiving) })

	working.Wait() // ends after receiving does
	if s.LiveConnections() > 0 {
		time.Sleep(FlushTime)
	}
	disconnect()
	return sockets.Wait()
}

// keepConnected keeps one connection open. slack-go returns when ctx ends, when
// Slack rejects the token, and after any 404. Slack never answers 404 to a token:
// it comes from a proxy, or from the wrong server if the URL is mistyped.
func (s *Socket) keepConnected(ctx context.Context, giveUp func(), client *socketmode.Client) error {
	for failures := 0; ; failures++ {
		err := client.RunContext(ctx)
		status, answered := errors.AsType[slack.StatusCodeError](err)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the bot was told to stop
		case !answered:
			giveUp()
			return fmt.Errorf("Slack does not accept SLACK_APP_TOKEN (%w): "+
				"create a new app-level token with the scope connections:write and restart with it", outside.DropURL(err))
		}
		pause := backoffAfter(failures)
		s.log.Error().Str("url", s.cfg.APIURL).Int("status", status.Code).Dur("retry_in", pause).
			Msg("what answers at SLACK_API_URL is not Slack: is the URL right, and does a proxy let the bot " +
				"through? Trying again")
		sleep.For(ctx, pause) // the next call notices that ctx ended
	}
}

// readEvents reads one client's events. It must never wait: a reader that stands
// still for five seconds loses half of what people type meanwhile, and in the end
// the connection.
func (s *Socket) readEvents(receiving, connections context.Context, index int, client *socketmode.Client) {
	up := false
	set := func(now bool) {
		if now != up {
			up = now
			s.live.Add(map[bool]int32{true: 1, false: -1}[now])
		}
	}
	defer set(false)
	for {
		select {
		case <-connections.Done():
			return
		case evt := <-client.Events:
			switch evt.Type {
			case socketmode.EventTypeConnected:
				s.opener.countConnected()
			case socketmode.EventTypeHello:
				set(true)
				s.noteHello(index, evt)
			case socketmode.EventTypeConnecting:
				set(false)
				s.noteConnecting(index)
			case socketmode.EventTypeConnectionError:
				s.logConnectionError(index, evt)
			default:
				s.enqueue(receiving, client, evt)
			}
		}
	}
}

// noteHello tells that a connection works.
func (s *Socket) noteHello(index int, evt socketmode.Event) {
	s.opener.resetSilent()
	s.log.Info().Int("connection", index).Int("of_app", evt.Request.NumConnections).Msg("connected to Slack")
	s.noteCount(evt.Request.NumConnections)
	if s.cfg.OnHello != nil {
		s.cfg.OnHello()
	}
}

// noteConnecting warns the operator if connections open but never say hello.
func (s *Socket) noteConnecting(index int) {
	if n := s.opener.countSilent(); n >= Connections {
		s.log.Error().Int("connection", index).Int("opened", n).
			Msg("Slack opens connections but never says hello: is Socket Mode switched on for the app, " +
				"and are fewer than ten connections open?")
	}
}

// logConnectionError tells the operator that Slack could not be reached.
func (s *Socket) logConnectionError(index int, evt socketmode.Event) {
	failed, ok := evt.Data.(*slack.ConnectionErrorEvent)
	if !ok {
		return
	}
	err := failed.ErrorObj
	if s.cfg.Explain != nil {
		err = s.cfg.Explain(err)
	}
	s.log.Warn().Int("connection", index).Err(err).
		Dur("retry_in", failed.Backoff).Msg("cannot connect to Slack; trying again")
}

// enqueue queues an envelope for the workers. If too many wait, a command is
// queued to be declined, and Slack delivers an event again.
func (s *Socket) enqueue(receiving context.Context, client *socketmode.Client, evt socketmode.Event) {
	env, ok := s.extractEnvelope(evt)
	if !ok || receiving.Err() != nil {
		return
	}
	d := delivery{env: env, client: client, arrived: time.Now()}
	select {
	case s.queue <- d:
		return
	default:
	}
	if env.IsDeliveredOnce() {
		select {
		case s.busy <- d:
		default: // the person sees Slack's own time-out; nothing was recorded
		}
	}
}

// extractEnvelope finds the envelope in an event of slack-go, also if slack-go
// could not decode its payload.
func (s *Socket) extractEnvelope(evt socketmode.Event) (Envelope, bool) {
	if r := evt.Request; r != nil {
		return Envelope{
			ID: r.EnvelopeID, Type: r.Type, Payload: r.Payload,
			AcceptsPayload: r.AcceptsResponsePayload, RetryAttempt: r.RetryAttempt,
		}, r.EnvelopeID != ""
	}
	bad, ok := evt.Data.(*socketmode.ErrorBadMessage)
	if !ok {
		return Envelope{}, false
	}
	env, err := decodeEnvelope(bad.Message)
	if err != nil {
		s.log.Warn().Err(err).Msg("Slack sent a frame that is no envelope")
		return Envelope{}, false
	}
	return env, true
}

// handleQueued handles envelopes until ctx ends, and then those that wait.
func (s *Socket) handleQueued(ctx context.Context) {
	for {
		select {
		case d := <-s.queue:
			s.handleDelivery(ctx, d)
		case <-ctx.Done():
			select {
			case d := <-s.queue:
				s.handleDelivery(ctx, d)
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
		s.acknowledge(d, s.handler.DeclineBusy(d.env))
		return
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), begun.Add(answerLimit))
	defer cancel()
	if payload, ok := s.handler.Handle(ctx, d.env); ok {
		s.acknowledge(d, payload)
	}
}

// declineBusy answers the people who found the queue full.
func (s *Socket) declineBusy(ctx context.Context) {
	for {
		select {
		case d := <-s.busy:
			s.acknowledge(d, s.handler.DeclineBusy(d.env))
		case <-ctx.Done():
			return
		}
	}
}

// acknowledge answers an envelope on the connection it came by. Slack accepts the
// answer only there.
func (s *Socket) acknowledge(d delivery, payload any) {
	ctx, cancel := context.WithTimeout(context.Background(), ackLimit)
	defer cancel()
	if err := d.client.AckCtx(ctx, d.env.ID, payload); err != nil && !errors.Is(err, context.Canceled) {
		s.log.Warn().Str("envelope", d.env.ID).Err(err).Msg("could not acknowledge an envelope")
	}
}
