package fakeslack

import (
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"time"

	"licensebot/internal/fault"
)

// A Config shapes a Server. The zero value of every field means its default.
type Config struct {
	// Now is the workspace's clock. Message timestamps, event times, rate
	// limits and the life of trigger ids and response URLs follow it.
	// Timestamps stay unique and increasing even while it stands still. Default
	// time.Now.
	Now func() time.Time
	// AckTimeout is how long, in real time, an envelope may wait for its ack.
	// Then a command shows operation_timeout, and an event counts as failed.
	// Default 3s.
	AckTimeout time.Duration
	// EventTimeout is AckTimeout for events. Default AckTimeout.
	EventTimeout time.Duration
	// RetryDelays are the pauses before each redelivery of a failed event.
	// Default 0 (immediately), 1m, 5m. Slack's "Delayed Events" switch would
	// append 24 times 1h.
	RetryDelays []time.Duration
	// PingInterval is the time between WebSocket pings. Default 10s.
	PingInterval time.Duration
	// Linger is how long a socket stays open after a disconnect frame. Slack
	// takes seconds. Default 50ms.
	Linger time.Duration
	// ConnectionLife is approximate_connection_time in hello, in seconds.
	// Default 18060.
	ConnectionLife int
	// Scopes are those of the bot token. Default: DefaultScopes.
	Scopes []string
	// ChannelPace enforces about one message a second per channel, with a burst
	// of five.
	ChannelPace bool
	// EnforceTiers enforces the per-minute limits of the method tiers.
	EnforceTiers bool
	// Saved is what Save of an earlier Server returned. The workspace goes on with it,
	// at the same address and with the same ids and tokens.
	Saved []byte
	// Seed decides which of the open sockets gets which envelope. Default 1.
	Seed uint64
}

// A Server is a workspace with one installed app: the Web API and Socket Mode
// on loopback, and the people who use them. It is strict: it refuses what Slack
// would refuse, with Slack's error names. It is safe for concurrent use.
type Server struct {
	// Faults harm calls by method name, "response_url" or "link" (the WebSocket
	// handshake). The type of an event, such as "reaction_added", loses events. Reads
	// of messages (conversations.history, conversations.replies, reactions.get) can
	// lag.
	fault.Faults

	cfg    Config
	base   string // http://127.0.0.1:PORT
	server *http.Server
	quit   chan struct{}
	work   sync.WaitGroup
	ids    identities

	lock    sync.Mutex // guards everything below
	closed  bool
	changed chan struct{} // closed and replaced at every change
	late    *lateCalls
	random  *mathrand.Rand
	lastTS  int64
	revoked bool

	journal  []Entry
	calls    []*Call
	users    map[string]*User
	channels map[string]*conversation
	groups   map[string][]string
	noGroups bool
	emoji    []string      // custom ones
	ahead    time.Duration // of the Date header before this machine's clock

	enterprise  string // of an Enterprise Grid
	showsGlobal map[Surface]bool
	deliverFrom *Origin

	used      map[string]bool // scopes
	private   []Ephemeral     // for one person each
	views     []*View
	triggers  map[string]*viewTrigger
	answers   map[string]*responseURL
	answersAt string // where response_urls lead; empty: here
	pace      map[string]*paceBucket
	tiers     map[string]*tierWindow

	tickets   map[string]bool // true: unused
	sockets   []*appSocket
	opened    int
	envelopes map[string]*envelope
	events    map[*pendingEvent]bool
	waiting   int // commands and interactions without an ack
	copies    int
	deaf      bool   // acks are ignored
	refusal   string // reason for every new socket, instead of hello
}

func (cfg Config) withDefaults() Config {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.AckTimeout == 0 {
		cfg.AckTimeout = 3 * time.Second
	}
	if cfg.EventTimeout == 0 {
		cfg.EventTimeout = cfg.AckTimeout
	}
	if cfg.RetryDelays == nil {
		cfg.RetryDelays = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if cfg.PingInterval == 0 {
		cfg.PingInterval = 10 * time.Second
	}
	if cfg.Linger == 0 {
		cfg.Linger = 50 * time.Millisecond
	}
	if cfg.ConnectionLife == 0 {
		cfg.ConnectionLife = 18060
	}
	if cfg.Scopes == nil {
		cfg.Scopes = DefaultScopes()
	}
	if cfg.Seed == 0 {
		cfg.Seed = 1
	}
	return cfg
}

// runUntilClose runs f until Close at the latest: f must return when s.quit
// closes. Callers hold s.lock.
func (s *Server) runUntilClose(f func()) {
	if !s.closed {
		s.work.Go(f)
	}
}

// APIURL is what slack.OptionAPIURL takes.
func (s *Server) APIURL() string { return s.base + "/api/" }

// BotToken is the xoxb token of the installed app.
func (s *Server) BotToken() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.ids.botToken
}

// AppToken is the app-level xapp token with the scope connections:write.
func (s *Server) AppToken() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.ids.appToken
}

// BotUserID is the user id of the bot.
func (s *Server) BotUserID() string { return s.ids.botUser }

// BotID is the bot_id of the bot's messages.
func (s *Server) BotID() string { return s.ids.bot }

// AppID is the id of the installed app.
func (s *Server) AppID() string { return s.ids.app }

// TeamID is the id of the workspace.
func (s *Server) TeamID() string { return s.ids.team }

var errClosed = errors.New("fakeslack: closed")

// Wait returns nil as soon as cond holds, or the error of ctx. It checks cond
// at the start and after every change of this Server. cond may call any of its
// methods.
func (s *Server) Wait(ctx context.Context, cond func() bool) error {
	for {
		s.lock.Lock()
		changed := s.changed
		s.lock.Unlock()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.quit:
			return errClosed
		}
	}
}

// nextTimestamp makes the timestamp of the next message. Callers hold s.lock.
func (s *Server) nextTimestamp() string {
	now := s.cfg.Now().UnixMicro()
	s.lastTS = max(now, s.lastTS+1)
	return fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6)
}
