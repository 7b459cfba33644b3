package bot

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
)

// Connections is how many sockets one process keeps open, so that Slack may
// refresh one without a gap. Slack allows ten for an app.
const Connections = 2

// Bounds of the way from the socket to the store.
const (
	workerCount = 8               // envelopes handled at a time
	queueLength = 2048            // envelopes waiting; a command is told so where its turn comes too late
	busyLength  = 4096            // commands and forms waiting to be told that the bot is busy
	ackLimit    = 2 * time.Second // slack-go queues acknowledgements, and blocks when 20 wait

	// Slack gives up on a command after three seconds. One that is older than
	// startLimit when its turn comes is told that the bot is busy, while there
	// still is time to say so; one that is begun has until answerLimit, after which
	// the store may take half a second more to find out what became of it.
	startLimit  = 1500 * time.Millisecond
	answerLimit = 2250 * time.Millisecond

	FlushTime = 150 * time.Millisecond
	readLimit = 1 << 20 // bytes of one frame
)

// A Socket receives envelopes and acknowledges them.
type Socket struct {
	intake  *Intake
	clients []*socketmode.Client
	opener  *opener
	api     string // its URL
	log     zerolog.Logger
	jobs    chan job
	busy    chan job
	live    atomic.Int32
	greeted func()
}

type job struct {
	env     Envelope
	client  *socketmode.Client
	arrived time.Time
}

// SocketConfig is what a Socket needs to connect.
type SocketConfig struct {
	APIURL, BotToken, AppToken string
	// Greeted is called after every hello: something may have been missed
	// while no connection was open. It must not block. May be nil.
	Greeted func()
}

// NewSocket makes a socket; Run connects it.
func NewSocket(cfg SocketConfig, intake *Intake, logger zerolog.Logger) *Socket {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = callLimit
	s := &Socket{
		intake: intake, opener: newOpener(transport), api: cfg.APIURL, log: logger,
		jobs: make(chan job, queueLength), busy: make(chan job, busyLength), greeted: cfg.Greeted,
	}
	// No timeout over the whole call: the opener may hold it back for longer.
	api := slack.New(cfg.BotToken, slack.OptionAppLevelToken(cfg.AppToken),
		slack.OptionAPIURL(cfg.APIURL), slack.OptionHTTPClient(&http.Client{Transport: s.opener}))
	for range Connections {
		s.clients = append(s.clients, socketmode.New(api,
			socketmode.OptionReadLimit(readLimit),
			socketmode.OptionLog(log.New(io.Discard, "", 0))))
	}
	return s
}

// Live tells how many connections have said hello and are still open.
func (s *Socket) LiveConnections() int { return int(s.live.Load()) }

// Run receives until ctx ends. Then it stops taking envelopes in, finishes
// those it has, lets their acknowledgements out, and closes the connections.
// It returns early, with an error for the operator, if Slack will not accept
// the app's token.
func (s *Socket) Run(ctx context.Context) error {
	connections, disconnect := context.WithCancel(context.WithoutCancel(ctx))
	defer disconnect()
	intake, stopIntake := context.WithCancel(ctx)
	defer stopIntake()

	var sockets errgroup.Group
	for i, client := range s.clients {
		sockets.Go(func() error { return s.keepConnected(connections, stopIntake, client) })
		sockets.Go(func() error { s.readEvents(intake, connections, i, client); return nil })
	}
	var working sync.WaitGroup
	for range workerCount {
		working.Go(func() { s.handleQueued(intake) })
	}
	working.Go(func() { s.declineBusy(intake) })

	working.Wait() // ends after intake does
	if s.LiveConnections() > 0 {
		time.Sleep(FlushTime) // slack-go does not tell when an acknowledgement is written
	}
	disconnect()
	return sockets.Wait()
}

// connect keeps one connection open. slack-go returns when ctx ends, when
// Slack will not have the token, and at any 404, which Slack never answers a
// token with: that comes from a proxy, or from where a mistyped URL leads.
func (s *Socket) keepConnected(ctx context.Context, giveUp func(), client *socketmode.Client) error {
	for failures := 0; ; failures++ {
		err := client.RunContext(ctx)
		var status slack.StatusCodeError
		switch {
		case ctx.Err() != nil:
			return nil
		case !errors.As(err, &status):
			giveUp()
			return fmt.Errorf("Slack does not accept SLACK_APP_TOKEN (%w): create a new app-level token with the scope connections:write and restart with it", dropURL(err))
		}
		pause := backoffAfter(failures)
		s.log.Error().Str("url", s.api).Int("status", status.Code).Dur("retry_in", pause).
			Msg("what answers at SLACK_API_URL is not Slack: is the URL right, and does a proxy let the bot through? Trying again")
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// receive reads one client's events. It must never wait for anything: a reader
// that stands still for five seconds loses half of what is typed meanwhile,
// and in the end the connection.
func (s *Socket) readEvents(intake, connections context.Context, index int, client *socketmode.Client) {
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
				s.enqueue(intake, client, evt)
			}
		}
	}
}

func (s *Socket) noteHello(index int, evt socketmode.Event) {
	s.opener.resetSilent()
	s.log.Info().Int("connection", index).Int("of_app", evt.Request.NumConnections).Msg("connected to Slack")
	if s.greeted != nil {
		s.greeted()
	}
}

func (s *Socket) noteConnecting(index int) {
	if n := s.opener.countSilent(); n >= Connections {
		s.log.Error().Int("connection", index).Int("opened", n).
			Msg("Slack opens connections but never says hello: is Socket Mode switched on for the app, and are fewer than ten connections open?")
	}
}

func (s *Socket) logConnectionError(index int, evt socketmode.Event) {
	failed, ok := evt.Data.(*slack.ConnectionErrorEvent)
	if !ok {
		return
	}
	s.log.Warn().Int("connection", index).Err(ClassifyError("apps.connections.open", failed.ErrorObj)).
		Dur("retry_in", failed.Backoff).Msg("cannot connect to Slack; trying again")
}

// take queues an envelope for the handlers. If too many wait, a command is
// queued to be told so, and an event is left for Slack to deliver again.
func (s *Socket) enqueue(intake context.Context, client *socketmode.Client, evt socketmode.Event) {
	env, ok := s.extractEnvelope(evt)
	if !ok || intake.Err() != nil {
		return
	}
	j := job{env: env, client: client, arrived: time.Now()}
	select {
	case s.jobs <- j:
		return
	default:
	}
	if env.IsDeliveredOnce() {
		select {
		case s.busy <- j:
		default: // the person sees Slack's own time-out; nothing was recorded
		}
	}
}

// envelope finds the delivery in slack-go's event, also where slack-go could
// not decode it.
func (s *Socket) extractEnvelope(evt socketmode.Event) (Envelope, bool) {
	if evt.Request != nil {
		r := evt.Request
		return Envelope{ID: r.EnvelopeID, Type: r.Type, Payload: r.Payload, AcceptsPayload: r.AcceptsResponsePayload, RetryAttempt: r.RetryAttempt}, r.EnvelopeID != ""
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

// work handles envelopes until ctx ends, and then those that already wait.
func (s *Socket) handleQueued(ctx context.Context) {
	for {
		select {
		case j := <-s.jobs:
			s.handleJob(ctx, j)
		case <-ctx.Done():
			select {
			case j := <-s.jobs:
				s.handleJob(ctx, j)
				continue
			default:
				return
			}
		}
	}
}

func (s *Socket) handleJob(ctx context.Context, j job) {
	begun := time.Now() // a late event is worth as much as one in time
	if j.env.IsDeliveredOnce() {
		begun = j.arrived
	}
	if time.Since(begun) > startLimit {
		s.acknowledge(j, s.intake.DeclineBusy(j.env))
		return
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), begun.Add(answerLimit))
	defer cancel()
	if payload, ok := s.intake.Handle(ctx, j.env); ok {
		s.acknowledge(j, payload)
	}
}

// excuse tells people whose command found the queue full.
func (s *Socket) declineBusy(ctx context.Context) {
	for {
		select {
		case j := <-s.busy:
			s.acknowledge(j, s.intake.DeclineBusy(j.env))
		case <-ctx.Done():
			return
		}
	}
}

func (s *Socket) acknowledge(j job, payload any) {
	ctx, cancel := context.WithTimeout(context.Background(), ackLimit)
	defer cancel()
	if err := j.client.AckCtx(ctx, j.env.ID, payload); err != nil && !errors.Is(err, context.Canceled) {
		s.log.Warn().Str("envelope", j.env.ID).Err(err).Msg("could not acknowledge an envelope")
	}
}
