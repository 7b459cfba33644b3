package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"licensebot/bot"
	"licensebot/internal/store"
)

// pingLimit bounds how long a health check waits for the database.
const pingLimit = 2 * time.Second

// connections counts the connections to Slack that have said hello. There are
// none until the bot knows who it is.
type connections struct{ bot atomic.Pointer[bot.Bot] }

func (c *connections) live() int {
	if b := c.bot.Load(); b != nil {
		return b.LiveConnections()
	}
	return 0
}

// routes are /healthz (the process works and its database takes writes),
// /readyz (and Slack has said hello) and /metrics.
func routes(db *store.Store, slack *connections) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		answer(w, databaseProblem(r.Context(), db))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		problem := databaseProblem(r.Context(), db)
		if problem == "" && slack.live() == 0 {
			problem = "no connection to Slack has said hello"
		}
		answer(w, problem)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics(slack), promhttp.HandlerOpts{}))
	return mux
}

func databaseProblem(ctx context.Context, db *store.Store) string {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	if db.Ping(ctx) != nil {
		return "the database does not take writes"
	}
	return ""
}

func answer(w http.ResponseWriter, problem string) {
	if problem != "" {
		http.Error(w, problem, http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func metrics(slack *connections) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "licensebot_slack_connections",
			Help: "Socket Mode connections that have said hello and are open.",
		}, func() float64 { return float64(slack.live()) }),
	)
	return registry
}
