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

	"github.com/rs/zerolog"

	"licensebot/bot"
	"licensebot/internal/checkup"
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

// nameOf is what Slack called a person when it was last asked.
func (c *connections) nameOf(person string) string {
	if b := c.bot.Load(); b != nil {
		return b.Directory().KnownName(person)
	}
	return ""
}

// deafness says what Slack does not deliver, although connections are open.
func (c *connections) deafness() string {
	if b := c.bot.Load(); b != nil {
		return b.Deafness()
	}
	return ""
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

// A slackProbe tells about the connections to Slack.
type slackProbe interface {
	countLive() int
	deafness() string
}

// A probes answers whether the bot works.
type probes struct {
	database *databaseProbe
	slack    slackProbe
	report   func() *checkup.Report // of the last checks of the setup; nil: none yet
}

// newHealthRoutes answers /healthz (the process works), /readyz (the database takes
// writes, and Slack is heard) and /metrics. /readyz?verbose lists the checks of the
// setup below its first line.
func newHealthRoutes(p probes, metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answerProbe(w, "")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		problem := p.findProblem(r.Context())
		if !r.URL.Query().Has("verbose") {
			answerProbe(w, problem)
			return
		}
		answerVerbose(w, problem, p.report())
	})
	mux.Handle("GET /metrics", metrics)
	return mux
}

// findProblem returns why the bot is not ready, or "".
func (p probes) findProblem(ctx context.Context) string {
	problem := p.database.findProblem(ctx)
	switch {
	case problem != "":
		return problem
	case p.slack.countLive() == 0:
		return "no connection to Slack has said hello and is alive"
	}
	return p.slack.deafness()
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

// answerVerbose adds the last report of the checks to the answer. A check of the setup
// makes the bot no less ready: what it found may concern one rule alone.
func answerVerbose(w http.ResponseWriter, problem string, report *checkup.Report) {
	first, status := "ok", http.StatusOK
	if problem != "" {
		first, status = problem, http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "%s\n\n", first)
	if report == nil {
		_, _ = io.WriteString(w, "the setup was not checked yet\n")
		return
	}
	_, _ = fmt.Fprintf(w, "checked at %s\n", report.At.UTC().Format(time.RFC3339))
	_ = writeReport(w, *report, false)
}
