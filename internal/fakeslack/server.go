package fakeslack

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"licensebot/internal/fault"
)

// A Config shapes a Server. The zero value of every field means its default.
type Config struct {
	// Now is the workspace's clock: message timestamps, event times, the life
	// of trigger ids and response URLs, and rate limits come from it. Timestamps
	// stay unique and increasing even when it stands still. Default time.Now.
	Now func() time.Time
	// AckTimeout is how long, in real time, an envelope may stay unacknowledged
	// before a command shows operation_timeout and an event counts as failed.
	// Default 3s.
	AckTimeout time.Duration
	// RetryDelays are the pauses before each redelivery of a failed event.
	// Default 0 (immediately), 1m, 5m; Slack's "Delayed Events" switch would
	// append 24 times 1h.
	RetryDelays []time.Duration
	// PingInterval is the time between WebSocket pings. Default 10s.
	PingInterval time.Duration
	// Linger is how long a socket stays open after a disconnect frame that
	// announces its end. Slack takes seconds. Default 50ms.
	Linger time.Duration
	// ConnectionLife is approximate_connection_time in hello, in seconds.
	// Default 18060.
	ConnectionLife int
	// Scopes are those of the bot token. Default: what licensebot asks for.
	Scopes []string
	// ChannelPace enforces about one message a second and channel, with a burst
	// of five.
	ChannelPace bool
	// EnforceTiers enforces the per-minute limits of the method tiers.
	EnforceTiers bool
	// Seed decides which of the open sockets gets which envelope. Default 1.
	Seed uint64
}

// DefaultScopes are the bot scopes of a Server that was given none.
func DefaultScopes() []string {
	return strings.Fields("commands chat:write reactions:read reactions:write channels:read " +
		"groups:read channels:history groups:history users:read usergroups:read")
}

// A Server is a workspace with one installed app: the Web API and Socket Mode on
// loopback, and the people who use them. It is strict: what the real Slack
// would refuse is refused, under the same name. Safe for concurrent use.
type Server struct {
	// Faults harm calls by method name, "response_url" or "link" (the WebSocket
	// handshake).
	fault.Faults

	cfg    Config
	base   string // http://127.0.0.1:PORT
	server *http.Server
	quit   chan struct{}
	work   sync.WaitGroup
	ids    identities

	lock    sync.Mutex // guards everything below
	closed  bool
	changed chan struct{} // closed and replaced upon every change
	random  *mathrand.Rand
	lastTS  int64
	revoked bool

	journal  []Entry
	calls    []*Call
	users    map[string]*User
	channels map[string]*conversation
	groups   map[string][]string
	noGroups bool
	used     map[string]bool // scopes
	private  []Ephemeral     // what only one person sees
	views    []*View
	triggers map[string]*viewTrigger
	answers  map[string]*responseURL
	pace     map[string]*paceBucket
	tiers    map[string]*tierWindow

	tickets   map[string]bool // true: still unused
	sockets   []*appSocket
	opened    int
	envelopes map[string]*envelope
	events    map[*pendingEvent]bool
	waiting   int // commands and interactions that await their ack
	copies    int
	deaf      bool   // acks are ignored
	refusal   string // reason given to every new socket instead of hello
}

// identities are the identities of one workspace.
type identities struct {
	bot, botUser, team, app, botToken, appToken, verification string
}

// New starts a Slack on a free port of 127.0.0.1.
func New(cfg Config) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("fakeslack: %w", err)
	}
	cfg = cfg.withDefaults()
	s := &Server{
		cfg:       cfg,
		base:      "http://" + listener.Addr().String(),
		quit:      make(chan struct{}),
		ids:       newIdentities(),
		changed:   make(chan struct{}),
		random:    mathrand.New(mathrand.NewPCG(cfg.Seed, cfg.Seed)),
		users:     map[string]*User{},
		channels:  map[string]*conversation{},
		groups:    map[string][]string{},
		used:      map[string]bool{},
		triggers:  map[string]*viewTrigger{},
		answers:   map[string]*responseURL{},
		pace:      map[string]*paceBucket{},
		tiers:     map[string]*tierWindow{},
		tickets:   map[string]bool{},
		envelopes: map[string]*envelope{},
		events:    map[*pendingEvent]bool{},
		copies:    1,
	}
	s.users[s.ids.botUser] = &User{
		ID: s.ids.botUser, Name: "licensebot", RealName: "licensebot", Bot: true, TeamID: s.ids.team,
	}
	s.startServing(listener)
	return s, nil
}

func (cfg Config) withDefaults() Config {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.AckTimeout == 0 {
		cfg.AckTimeout = 3 * time.Second
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

// newIdentities makes identities that differ between instances, so that a token
// or an id written into the code of the bot cannot work by accident.
func newIdentities() identities {
	ids := identities{
		bot:          newID("B"),
		botUser:      newID("U"),
		team:         newID("T"),
		app:          newID("A"),
		verification: randomHex(12),
	}
	ids.botToken = "xoxb-" + randomDigits(12) + "-" + randomDigits(13) + "-" + randomHex(12)
	ids.appToken = "xapp-1-" + ids.app + "-" + randomDigits(13) + "-" + randomHex(32)
	return ids
}

// newID is a prefix followed by ten characters of Slack's id alphabet.
func newID(prefix string) string {
	return prefix + strings.ToUpper(randomHex(5))
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails: crypto/rand aborts the program instead
	return hex.EncodeToString(b)
}

func randomDigits(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = '1' + b[i]%9
	}
	return string(b)
}

func (s *Server) startServing(listener net.Listener) {
	ctx, cancel := context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", s.serveAPI)
	mux.HandleFunc("/link/", s.serveLink)
	mux.HandleFunc("/commands/", s.serveResponseURL)
	mux.HandleFunc("/actions/", s.serveResponseURL)
	s.server = &http.Server{
		Handler:           s.countRequests(mux),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
	}
	s.work.Go(func() {
		defer cancel()
		_ = s.server.Serve(listener) // always ends with ErrServerClosed
	})
}

// countRequests lets Close wait for the handlers, which http.Server.Close does not.
func (s *Server) countRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.lock.Lock()
		if s.closed {
			s.lock.Unlock()
			panic(http.ErrAbortHandler)
		}
		s.work.Add(1)
		s.lock.Unlock()
		defer s.work.Done()
		next.ServeHTTP(w, r)
	})
}

// Close stops the server, cuts every socket and waits until nothing of this
// Server runs any more. Further calls do nothing.
func (s *Server) Close() {
	s.lock.Lock()
	if !s.closed {
		s.closed = true
		close(s.quit)
		for _, socket := range s.sockets {
			socket.closeSoon()
		}
	}
	s.lock.Unlock()
	_ = s.server.Close()
	s.work.Wait()
}

// runUntilClose runs f until Close at the latest; f must heed s.quit. Callers hold
// s.lock.
func (s *Server) runUntilClose(f func()) {
	if !s.closed {
		s.work.Go(f)
	}
}

// APIURL is what slack.OptionAPIURL takes.
func (s *Server) APIURL() string { return s.base + "/api/" }

// BotToken is the xoxb token of the installed app.
func (s *Server) BotToken() string { return s.ids.botToken }

// AppToken is the app-level xapp token, with connections:write.
func (s *Server) AppToken() string { return s.ids.appToken }

// BotUserID is the user that the bot acts as.
func (s *Server) BotUserID() string { return s.ids.botUser }

// BotID is the bot_id of the bot's messages.
func (s *Server) BotID() string { return s.ids.bot }

// AppID is the id of the installed app.
func (s *Server) AppID() string { return s.ids.app }

// TeamID is the id of the workspace.
func (s *Server) TeamID() string { return s.ids.team }

// RevokeBotToken makes every call with the bot token fail with token_revoked.
// The tokens_revoked event is not sent; SendEvent does that.
func (s *Server) RevokeBotToken() { s.setRevoked(true) }

// RestoreBotToken undoes RevokeBotToken.
func (s *Server) RestoreBotToken() { s.setRevoked(false) }

func (s *Server) setRevoked(on bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.revoked = on
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "bot token", Detail: fmt.Sprintf("revoked: %t", on)})
}

var errClosed = errors.New("fakeslack: closed")

// Wait returns nil as soon as cond holds, the error of ctx otherwise. It asks
// again upon every change of this Server, and upon those only; cond may call
// any method of it.
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

// nextTimestamp makes the next message timestamp. Callers hold s.lock.
func (s *Server) nextTimestamp() string {
	now := s.cfg.Now().UnixMicro()
	s.lastTS = max(now, s.lastTS+1)
	return fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6)
}

func newUUID() string { return uuid.NewString() }
