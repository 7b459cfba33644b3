package fakeslack

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"time"
)

// New starts a Slack on a free port of 127.0.0.1, or on the port of Config.Saved.
func New(cfg Config) (*Server, error) {
	saved := savedWorkspace{Address: "127.0.0.1:0"}
	if cfg.Saved != nil {
		var err error
		if saved, err = parseSaved(cfg.Saved); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", saved.Address)
	if err != nil {
		return nil, fmt.Errorf("fakeslack: %w", err)
	}
	s := newServer(cfg.withDefaults(), listener.Addr().String())
	if cfg.Saved != nil {
		s.restore(saved)
	}
	s.startServing(listener)
	return s, nil
}

// newServer is an empty workspace.
func newServer(cfg Config, addr string) *Server {
	s := &Server{
		cfg:     cfg,
		base:    "http://" + addr,
		quit:    make(chan struct{}),
		ids:     newIdentities(),
		changed: make(chan struct{}), late: newLateCalls(),
		random:   mathrand.New(mathrand.NewPCG(cfg.Seed, cfg.Seed)),
		users:    map[string]*User{},
		channels: map[string]*conversation{},
		groups:   map[string][]string{},
		used:     map[string]bool{},

		showsGlobal: map[Surface]bool{},

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
	return s
}

func (s *Server) startServing(listener net.Listener) {
	ctx, cancel := context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", s.serveAPI)
	mux.HandleFunc("/link/", s.serveLink)
	mux.HandleFunc("/commands/", s.serveResponseURL)
	mux.HandleFunc("/actions/", s.serveResponseURL)
	s.server = &http.Server{
		Addr:              listener.Addr().String(),
		Handler:           s.countRequests(mux),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
	}
	s.work.Go(func() {
		defer cancel()
		_ = s.server.Serve(listener) // always ends with ErrServerClosed
	})
}

// countRequests lets Close wait for the handlers. http.Server.Close does not
// wait.
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

// Close stops the server, cuts every socket, and returns when everything of
// this Server has ended. Further calls do nothing.
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
