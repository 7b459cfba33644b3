package demo

import (
	"fmt"
	"time"

	"licensebot/internal/fault"
)

// A weather is one thing that goes wrong for as long as it is on.
type weather struct {
	name, title, detail, side string
	// faults harm calls of each of the methods.
	methods []string
	fault   fault.Fault
	// begin and end do the rest. Both may be nil.
	begin, end func(*Sandbox)
}

var (
	slackReads = []string{"conversations.history", "conversations.replies", "reactions.get"}
	slackCalls = append([]string{
		"apps.connections.open", "auth.test", "bots.info", "chat.delete", "chat.getPermalink", "chat.postEphemeral",
		"chat.postMessage", "chat.update", "conversations.info", "conversations.join", "conversations.members",
		"emoji.list", "reactions.add", "reactions.remove", "usergroups.users.list", "users.info", "views.open",
		"views.publish", "views.update", "response_url",
	}, slackReads...)
	uipathReads = []string{
		"GET group", "GET group with-quota", "GET groups with-quota", "POST groups", "GET identity groups",
		"GET identity group",
	}
	uipathWrites = []string{"PUT group", "PUT group with-quota"}
	uipathCalls  = append(append([]string{"GET account"}, uipathReads...), uipathWrites...)
	uipathAll    = append([]string{"token"}, uipathCalls...)
)

// late is how old an answer is while reads are late.
const late = 30 * time.Second

// weathers are in the order of their severity: of two that harm the same call, the
// first does.
func weathers() []weather {
	return []weather{
		{
			name: "slack-down", title: "Slack is down", side: "slack",
			detail:  "Every call answers 503, and no socket stays open.",
			methods: append([]string{"link"}, slackCalls...), fault: fault.Fault{Status: 503}, begin: cutSockets,
		},
		{
			name: "slack-cut", title: "Sockets are cut", side: "slack",
			detail:  "Socket Mode is cut off, again and again. Calls work.",
			methods: []string{"link"}, fault: fault.Fault{Cut: true}, begin: cutSockets,
		},
		{
			name: "slack-silent", title: "Sockets are silent", side: "slack",
			detail: "The open sockets stay open, and nothing passes.",
			begin:  func(s *Sandbox) { s.slack.Silence(true) }, end: func(s *Sandbox) { s.slack.Silence(false) },
		},
		{
			name: "slack-limited", title: "Slack limits the rate", side: "slack",
			detail:  "Every call answers 429 and asks for ten seconds of patience.",
			methods: slackCalls, fault: fault.Fault{Status: 429, Error: "ratelimited", RetryAfter: "10"},
		},
		{
			name: "slack-late", title: "History is late", side: "slack",
			detail:  "Reads of messages and reactions show what was so 30 seconds ago.",
			methods: slackReads, fault: fault.Fault{Lag: late},
		},
		{
			name: "slack-slow", title: "Slack is slow", side: "slack",
			detail:  "Every call takes two seconds longer.",
			methods: slackCalls, fault: fault.Fault{Latency: 2 * time.Second},
		},
		{
			name: "uipath-secret", title: "The secret has expired", side: "uipath",
			detail:  "UiPath refuses the client secret, and every token it gave.",
			methods: []string{"token"}, fault: fault.Fault{Status: 400, Error: "invalid_client"},
			begin: func(s *Sandbox) { s.uipath.RevokeTokens() },
		},
		{
			name: "uipath-401", title: "UiPath answers 401", side: "uipath",
			detail:  "UiPath accepts no token, fresh ones included.",
			methods: uipathCalls, fault: fault.Fault{Status: 401, Error: "Unauthorized"},
		},
		{
			name: "uipath-403", title: "UiPath answers 403", side: "uipath",
			detail:  "The app lacks a permission.",
			methods: uipathCalls, fault: fault.Fault{Status: 403, Error: "Forbidden"},
		},
		{
			name: "uipath-503", title: "UiPath is down", side: "uipath",
			detail:  "Every call answers 503.",
			methods: uipathAll, fault: fault.Fault{Status: 503, Error: "Service Unavailable"},
		},
		{
			name: "uipath-429", title: "UiPath limits the rate", side: "uipath",
			detail:  "Every call answers 429 and asks for ten seconds of patience.",
			methods: uipathCalls, fault: fault.Fault{Status: 429, Error: "Too Many Requests", RetryAfter: "10"},
		},
		{
			name: "uipath-cut", title: "Answers to writes are lost", side: "uipath",
			detail:  "UiPath makes each change and cuts the connection before it answers.",
			methods: uipathWrites, fault: fault.Fault{Cut: true, AfterEffect: true},
		},
		{
			name: "uipath-slow", title: "UiPath is slow", side: "uipath",
			detail:  "Every call takes three seconds longer.",
			methods: uipathAll, fault: fault.Fault{Latency: 3 * time.Second},
		},
		{
			name: "uipath-late", title: "UiPath's reads are late", side: "uipath",
			detail: "Reads show what was so 30 seconds ago. Writes take effect at once.",
			begin:  func(s *Sandbox) { s.lagUiPath(late) }, end: func(s *Sandbox) { s.lagUiPath(0) },
		},
	}
}

func cutSockets(s *Sandbox) { s.slack.CutSockets() }

func (s *Sandbox) lagUiPath(lag time.Duration) {
	for _, operation := range uipathReads {
		s.uipath.SetLag(operation, lag)
	}
}

// setWeather switches one thing on or off. The name "all" switches everything off.
func (s *Sandbox) setWeather(name string, on bool) error {
	s.mu.Lock()
	known := name == "all" && !on
	var edges []func(*Sandbox)
	for _, w := range weathers() {
		if w.name != name && name != "all" {
			continue
		}
		known = known || name != "all"
		if s.weather[w.name] == on {
			continue
		}
		s.weather[w.name] = on
		edge := w.end
		if on {
			edge = w.begin
		}
		if edge != nil {
			edges = append(edges, edge)
		}
	}
	if known {
		s.injectFaults()
	}
	s.mu.Unlock()
	if !known {
		return fmt.Errorf("there is no weather %q", name)
	}
	for _, edge := range edges {
		edge(s)
	}
	s.events.note("weather")
	return nil
}

// injectFaults plans the faults of the weather that is on. Callers hold s.mu.
func (s *Sandbox) injectFaults() {
	s.slack.Clear()
	s.uipath.Clear()
	for _, w := range weathers() {
		if !s.weather[w.name] {
			continue
		}
		inject := s.slack.Inject
		if w.side == "uipath" {
			inject = s.uipath.Inject
		}
		for _, method := range w.methods {
			inject(method, w.fault)
		}
	}
}
