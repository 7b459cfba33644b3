package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"licensebot/approvals"
)

// readLimit bounds how long a scrape waits for the database.
const readLimit = 2 * time.Second

// Sources are asked at each scrape. Each may be nil.
type Sources struct {
	Connections   func() int    // to Slack, that are alive
	LostLines     func() uint64 // of the log
	Stats         func(context.Context) (approvals.Stats, error)
	PolicyHash    func() string    // of the policy in force
	TokenExpiry   func() time.Time // of UiPath's token; zero: none, or it does not tell
	FailingChecks func() (failing []string, known bool)
	Transactions  func() (begun, reads uint64) // of the database, and reads outside of them
}

// The metrics that are read at each scrape.
var (
	connections = Description{
		"licensebot_slack_connections", "Socket Mode connections that have said hello and are alive.", nil,
	}
	lostLines = Description{
		"licensebot_log_lines_lost_total",
		"Lines of the log that could not be written, because their reader left or stands still.", nil,
	}
	databaseUp = Description{
		"licensebot_database_up",
		"Whether the database answered this scrape. If it is 0, what is read from it is missing.", nil,
	}
	jobs        = Description{"licensebot_jobs", "Jobs that wait or run, by kind.", []string{"kind"}}
	jobAttempts = Description{
		"licensebot_job_attempts", "Attempts of the job that had most of them, by kind.", []string{"kind"},
	}
	jobOverdue = Description{
		"licensebot_job_overdue_seconds", "How long the oldest job that is due waits for a worker, by kind.",
		[]string{"kind"},
	}
	requestsOpen  = Description{"licensebot_requests_open", "Open requests, by state.", []string{"state"}}
	grantsRunning = Description{"licensebot_grants_running", "Grants for a time that run.", nil}
	grantsOverdue = Description{
		"licensebot_grants_overdue", "Grants that still run although their time is over.", nil,
	}
	grantOverdue = Description{
		"licensebot_grant_overdue_seconds", "How long ago the time of the grant ended that is overdue for longest.", nil,
	}
	policyInfo = Description{
		"licensebot_policy_info", "Always 1. The label is a hash of the policy in force.", []string{"hash"},
	}
	tokenExpiry = Description{
		"licensebot_uipath_token_expiry_timestamp_seconds",
		"When the token for UiPath ends, in seconds since 1970. The bot renews it before. Missing if it does not tell.", nil,
	}
	transactions = Description{
		"licensebot_database_transactions_total",
		"Transactions that the bot began in its database: write, or read for a single query.", []string{"kind"},
	}
	checksFailing = Description{
		"licensebot_checks_failing", "Checks of the installation that failed when they last ran.", nil,
	}
	checkFailing = Description{
		"licensebot_check_failing", "Always 1. The label names a check that failed when it last ran.", []string{"check"},
	}
)

var atScrape = []Description{
	connections, lostLines, databaseUp, jobs, jobAttempts, jobOverdue, requestsOpen, grantsRunning, grantsOverdue,
	grantOverdue, policyInfo, tokenExpiry, checksFailing, checkFailing, transactions,
}

// Read reads the sources at each scrape from now on. It may be called once.
func (m *Metrics) Read(s Sources) {
	r := reader{sources: s, descs: make(map[string]*prometheus.Desc)}
	for _, d := range atScrape {
		r.descs[d.Name] = prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
	}
	m.registry.MustRegister(r)
	m.described = append(m.described, atScrape...)
}

// A reader collects what the sources tell.
type reader struct {
	sources Sources
	descs   map[string]*prometheus.Desc
}

// Describe lists what the reader collects.
func (r reader) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range r.descs {
		descs <- d
	}
}

// Collect asks the sources.
func (r reader) Collect(out chan<- prometheus.Metric) {
	gauge := func(d Description, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(r.descs[d.Name], prometheus.GaugeValue, value, labels...)
	}
	counter := func(d Description, value uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(r.descs[d.Name], prometheus.CounterValue, float64(value), labels...)
	}
	s := r.sources
	if s.Connections != nil {
		gauge(connections, float64(s.Connections()))
	}
	if s.LostLines != nil {
		counter(lostLines, s.LostLines())
	}
	if s.Transactions != nil {
		begun, reads := s.Transactions()
		counter(transactions, begun, "write")
		counter(transactions, reads, "read")
	}
	if s.PolicyHash != nil {
		gauge(policyInfo, 1, s.PolicyHash())
	}
	if s.TokenExpiry != nil {
		if end := s.TokenExpiry(); !end.IsZero() {
			gauge(tokenExpiry, float64(end.Unix()))
		}
	}
	if s.FailingChecks != nil {
		if failing, known := s.FailingChecks(); known {
			gauge(checksFailing, float64(len(failing)))
			for _, name := range failing {
				gauge(checkFailing, 1, name)
			}
		}
	}
	if s.Stats != nil {
		r.collectStats(gauge)
	}
}

func (r reader) collectStats(gauge func(d Description, value float64, labels ...string)) {
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	stats, err := r.sources.Stats(ctx)
	if err != nil {
		gauge(databaseUp, 0)
		return
	}
	gauge(databaseUp, 1)
	for _, state := range approvals.States() {
		if state.Open() {
			gauge(requestsOpen, float64(stats.Open[state]), string(state))
		}
	}
	byKind := make(map[approvals.JobKind]approvals.JobStats)
	for _, j := range stats.Jobs {
		byKind[j.Kind] = j
	}
	for _, spec := range approvals.JobKinds() {
		j, kind := byKind[spec.Kind], string(spec.Kind)
		gauge(jobs, float64(j.Count), kind)
		gauge(jobAttempts, float64(j.Attempts), kind)
		gauge(jobOverdue, j.Overdue.Seconds(), kind)
	}
	gauge(grantsRunning, float64(stats.RunningGrants))
	gauge(grantsOverdue, float64(stats.OverdueGrants))
	gauge(grantOverdue, stats.OldestOverdue.Seconds())
}
