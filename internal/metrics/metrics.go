// Package metrics counts what the bot does, for Prometheus.
//
// All names and their help are in this package. It imports no part that it watches:
// the program hands its functions to them as hooks.
//
//	m := metrics.New("v1.2.3")
//	db, err := store.Open(ctx, url, store.Options{Observe: m.NoteTransition})
//	client := &http.Client{Transport: m.WatchSlack(http.DefaultTransport)}
//	m.Read(metrics.Sources{Connections: bot.LiveConnections, Stats: db.ReadStats})
//	mux.Handle("GET /metrics", m.Handler())
//
// No label has an unbounded number of values: none names a person, a group, a code or a
// request.
package metrics

import (
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"licensebot/approvals"
)

// A Description is what one metric is called and means.
type Description struct {
	Name, Help string
	Labels     []string
}

// The metrics that are counted while things happen.
var (
	buildInfo = Description{
		"licensebot_build_info", "Always 1. The labels name the version of licensebot and of Go.",
		[]string{"version", "goversion"},
	}
	envelopes = Description{
		"licensebot_envelopes_total", "Envelopes from Slack, by what became of them.", []string{"type", "result"},
	}
	ackDuration = Description{
		"licensebot_ack_duration_seconds", "Time from the arrival of an envelope until its acknowledgment was written.",
		[]string{"type"},
	}
	connectionsEnded = Description{
		"licensebot_slack_connections_ended_total", "Socket Mode connections that ended, by reason.", []string{"reason"},
	}
	votes = Description{
		"licensebot_votes_total", "Votes that count, approve or deny, as they were recorded.", []string{"vote"},
	}
	requestsEnded = Description{
		"licensebot_requests_ended_total", "Requests that ended, by their final state.", []string{"state"},
	}
	requestDuration = Description{
		"licensebot_request_duration_seconds", "Time from a request until its end.", []string{"state"},
	}
	slackCalls = Description{
		"licensebot_slack_call_duration_seconds",
		"Calls of Slack's Web API until their answer was read, by method and result.",
		[]string{"method", "result"},
	}
	uipathCalls = Description{
		"licensebot_uipath_call_duration_seconds", "Calls of UiPath until their answer began, by operation and result.",
		[]string{"operation", "result"},
	}
	canaryRoundTrip = Description{
		"licensebot_canary_round_trip_seconds", "Time from a reaction of the canary until its event arrived.", nil,
	}
	canaries = Description{
		"licensebot_canary_total", "Reactions of the canary, by how their event arrived.", []string{"result"},
	}
)

// finalStates are the states in which a request has ended.
var finalStates = []approvals.State{
	approvals.Refused, approvals.Denied, approvals.Cancelled, approvals.Expired, approvals.Done, approvals.Failed,
	approvals.Superseded,
}

// Metrics counts. It is safe for concurrent use.
type Metrics struct {
	registry  *prometheus.Registry
	described []Description

	envelopes        *prometheus.CounterVec
	ackDuration      *prometheus.HistogramVec
	connectionsEnded *prometheus.CounterVec
	votes            *prometheus.CounterVec
	requestsEnded    *prometheus.CounterVec
	requestDuration  *prometheus.HistogramVec
	slackCalls       *prometheus.HistogramVec
	uipathCalls      *prometheus.HistogramVec
	canaryRoundTrip  *prometheus.HistogramVec
	canaries         *prometheus.CounterVec
}

// New makes the metrics of one process. They begin at zero.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	callBuckets := []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 12}
	m.envelopes = m.counter(envelopes)
	m.ackDuration = m.histogram(ackDuration, []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3})
	m.connectionsEnded = m.counter(connectionsEnded)
	m.votes = m.counter(votes)
	m.requestsEnded = m.counter(requestsEnded)
	m.requestDuration = m.histogram(requestDuration, []float64{1, 10, 60, 600, 3600, 4 * 3600, 86400, 7 * 86400})
	m.slackCalls = m.histogram(slackCalls, callBuckets)
	m.uipathCalls = m.histogram(uipathCalls, callBuckets)
	m.canaryRoundTrip = m.histogram(canaryRoundTrip, []float64{.1, .25, .5, 1, 2.5, 5, 10, 30})
	m.canaries = m.counter(canaries)
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: buildInfo.Name, Help: buildInfo.Help}, buildInfo.Labels)
	m.add(buildInfo, info)
	info.WithLabelValues(version, runtime.Version()).Set(1)
	m.beginAtZero()
	return m
}

// beginAtZero makes rates right from the first event on.
func (m *Metrics) beginAtZero() {
	for _, state := range finalStates {
		m.requestsEnded.WithLabelValues(string(state))
	}
	for _, vote := range []string{"approve", "deny"} {
		m.votes.WithLabelValues(vote)
	}
	for _, result := range approvals.CanaryResults() {
		m.canaries.WithLabelValues(string(result))
	}
}

func (m *Metrics) add(d Description, c prometheus.Collector) {
	m.registry.MustRegister(c)
	m.described = append(m.described, d)
}

func (m *Metrics) counter(d Description) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels)
	m.add(d, c)
	return c
}

func (m *Metrics) histogram(d Description, buckets []float64) *prometheus.HistogramVec {
	c := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: buckets}, d.Labels)
	m.add(d, c)
	return c
}

// Describe lists the metrics of licensebot, without those of Go and the process.
func (m *Metrics) Describe() []Description { return m.described }

// Handler answers scrapes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// knownTypes are the types of envelopes that have a label of their own. Slack may send
// others.
var knownTypes = map[string]bool{"slash_commands": true, "events_api": true, "interactive": true}

// NoteEnvelope counts an envelope, and how long its acknowledgment took.
func (m *Metrics) NoteEnvelope(envelopeType, result string, isAcknowledged bool, took time.Duration) {
	if !knownTypes[envelopeType] {
		envelopeType = "other"
	}
	m.envelopes.WithLabelValues(envelopeType, result).Inc()
	if isAcknowledged {
		m.ackDuration.WithLabelValues(envelopeType).Observe(took.Seconds())
	}
}

// BeginReasons makes the reasons for the end of a connection begin at zero.
func (m *Metrics) BeginReasons(reasons ...string) {
	for _, reason := range reasons {
		m.connectionsEnded.WithLabelValues(reason)
	}
}

// NoteConnectionEnded counts the end of a connection to Slack.
func (m *Metrics) NoteConnectionEnded(reason string) {
	m.connectionsEnded.WithLabelValues(reason).Inc()
}

// NoteTransition counts votes, and the ends of requests.
func (m *Metrics) NoteTransition(t approvals.Transition) {
	for _, vote := range t.After.Votes {
		isOld := slices.ContainsFunc(t.Before.Votes, func(v approvals.Vote) bool { return v.User == vote.User })
		if !isOld {
			m.votes.WithLabelValues("approve").Inc()
		}
	}
	if !t.Before.State.Open() || t.After.State.Open() {
		return
	}
	if t.After.State == approvals.Denied {
		m.votes.WithLabelValues("deny").Inc()
	}
	m.requestsEnded.WithLabelValues(string(t.After.State)).Inc()
	m.requestDuration.WithLabelValues(string(t.After.State)).Observe(t.After.ClosedAt.Sub(t.After.FiledAt).Seconds())
}

// NoteCanary counts a round of the canary.
func (m *Metrics) NoteCanary(c approvals.Canary, result approvals.CanaryResult) {
	m.canaries.WithLabelValues(string(result)).Inc()
	if result == approvals.CanaryArrived {
		m.canaryRoundTrip.WithLabelValues().Observe(c.ArrivedAt.Sub(c.At).Seconds())
	}
}
