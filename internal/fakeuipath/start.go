package fakeuipath

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// New starts a UiPath on a free port of 127.0.0.1, or on the port of Config.Saved.
func New(cfg Config) (*Server, error) {
	if err := fillDefaults(&cfg); err != nil {
		return nil, err
	}
	saved := savedOrganization{Address: "127.0.0.1:0"}
	if cfg.Saved != nil {
		var err error
		if saved, err = parseSaved(cfg.Saved); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", saved.Address)
	if err != nil {
		return nil, fmt.Errorf("fakeuipath: listen: %w", err)
	}
	u := newServer(cfg)
	if cfg.Saved != nil {
		u.restore(saved)
	}
	u.url = "http://" + listener.Addr().String()
	u.startServing(listener)
	return u, nil
}

func newServer(cfg Config) *Server {
	u := &Server{
		cfg:          cfg,
		served:       make(chan struct{}),
		clientID:     uuid.NewString(),
		clientSecret: "cs_" + rand.Text(),
		username:     "admin",
		password:     "pw_" + rand.Text(),
		tenantID:     "DefaultTenant",
		changed:      make(chan struct{}),
		tokens:       make(map[string]issuedToken),
		appScopes:    defaultScopes(),
		owned:        make(map[string]seatCount),
		groups:       make(map[string]*storedGroup),
		drops:        make(map[string]int),
		pending:      make(map[string]int),
		lags:         make(map[string]time.Duration),
		past:         make(map[string][]pastGroup),
		after:        make(map[string][]func()),
		noQuotas:     cfg.NoQuotaRoutes,
	}
	u.newPersonalToken(defaultScopes())
	u.routes = u.routeTable()
	return u
}

func (u *Server) startServing(listener net.Listener) {
	ctx, stop := context.WithCancel(context.Background())
	u.stop = stop
	u.server = &http.Server{
		Addr:              listener.Addr().String(),
		Handler:           http.HandlerFunc(u.handleRequest),
		ReadHeaderTimeout: time.Minute,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         u.countConnection,
	}
	go func() {
		defer close(u.served)
		_ = u.server.Serve(listener)
	}()
}

// countConnection lets Close wait for the handlers. http.Server.Close does not
// wait.
func (u *Server) countConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		u.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		u.conns.Done()
	}
}

// Close cuts every connection and returns when the last handler has ended.
// Further calls do nothing.
func (u *Server) Close() {
	u.once.Do(func() {
		u.stop()
		_ = u.server.Close()
		<-u.served
		u.conns.Wait()
		u.changeState(func() { u.closed = true })
	})
}
