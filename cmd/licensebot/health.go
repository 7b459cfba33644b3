package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"licensebot/bot"
	"licensebot/internal/store"
)

// pingLimit bounds how long a health check waits for the database.
const pingLimit = 2 * time.Second

// connections counts the connections on which Slack has said hello. The count is
// zero until the bot knows who it is.
type connections struct{ bot atomic.Pointer[bot.Bot] }

func (c *connections) countLive() int {
	if b := c.bot.Load(); b != nil {
		return b.LiveConnections()
	}
	return 0
}

// httpGrace is how long a stop waits for the requests that are being answered.
const httpGrace = 2 * time.Second

// A healthServer answers probes and serves metrics.
type healthServer struct{ server *http.Server }

// serveHTTP starts to answer at addr.
func serveHTTP(ctx context.Context, addr string, routes http.Handler, log zerolog.Logger) (*healthServer, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("LICENSEBOT_HTTP_ADDR: %w", err)
	}
	server := newHTTPServer(routes)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error().Err(err).Msg("the HTTP server ended")
		}
	}()
	log.Info().Str("addr", listener.Addr().String()).Msg("health and metrics are served")
	return &healthServer{server: server}, nil
}

// newHTTPServer bounds what a slow or hostile reader can hold. An answer takes no
// longer than a look at the database.
func newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
}

// shutDown waits a moment for the requests in progress, then cuts them off. A
// hanging reader is the reader's own error.
func (h *healthServer) shutDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), httpGrace)
	defer cancel()
	_ = h.server.Shutdown(ctx)
	return nil
}

// newHealthRoutes answers /healthz (the process works and its database takes
// writes), /readyz (the same, and Slack has said hello) and /metrics.
func newHealthRoutes(
	db *store.Store, slack *connections, lostLines func() uint64, log zerolog.Logger,
) http.Handler {
	mux := http.NewServeMux()
	database := &databaseProbe{db: db, log: log}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		answerProbe(w, database.findProblem(r.Context()))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		problem := database.findProblem(r.Context())
		if problem == "" && slack.countLive() == 0 {
			problem = "no connection to Slack has said hello"
		}
		answerProbe(w, problem)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(newMetrics(slack, lostLines), promhttp.HandlerOpts{}))
	return mux
}

// A databaseProbe asks the database whether it takes writes, and logs when that
// changes.
type databaseProbe struct {
	db     *store.Store
	log    zerolog.Logger
	failed atomic.Bool
}

// findProblem returns why the database is unusable now, or "".
func (p *databaseProbe) findProblem(parent context.Context) string {
	ctx, cancel := context.WithTimeout(parent, pingLimit)
	defer cancel()
	err := p.db.Ping(ctx)
	switch {
	case parent.Err() != nil: // the one who asked has left
	case err != nil && !p.failed.Swap(true):
		p.log.Error().Err(err).Msg("the database does not take writes, so that nothing can be asked or approved")
	case err == nil && p.failed.Swap(false):
		p.log.Info().Msg("the database takes writes again")
	}
	switch {
	case store.IsDiskFull(err):
		return "the database does not take writes: its disk is full"
	case err != nil:
		return "the database does not take writes"
	}
	return ""
}

// answerProbe answers 200 if there is no problem, else 503 with the problem.
func answerProbe(w http.ResponseWriter, problem string) {
	if problem != "" {
		http.Error(w, problem, http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n") // a probe that left needs no answer
}

func newMetrics(slack *connections, lostLines func() uint64) *prometheus.Registry {
	if lostLines == nil {
		lostLines = func() uint64 { return 0 }
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "licensebot_slack_connections",
			Help: "Socket Mode connections that have said hello and are open.",
		}, func() float64 { return float64(slack.countLive()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "licensebot_log_lines_lost_total",
			Help: "Lines of the log that could not be written, because their reader left or stands still.",
		}, func() float64 { return float64(lostLines()) }),
	)
	return registry
}
