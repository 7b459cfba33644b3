package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"licensebot/approvals"
)

// sampleMetrics has a value of everything.
func sampleMetrics(stats func(context.Context) (approvals.Stats, error)) *Metrics {
	m := New("v1.2.3")
	m.BeginReasons("silent")
	m.NoteEnvelope("slash_commands", "acknowledged", true, 4*time.Millisecond)
	m.NoteEnvelope("telepathy", "unsent", false, time.Second)
	m.NoteConnectionEnded("silent")
	m.NoteCanary(approvals.Canary{ArrivedAt: time.Now()}, approvals.CanaryArrived)
	filed := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	m.NoteTransition(approvals.Transition{
		Before: approvals.Request{State: approvals.Pending, Votes: []approvals.Vote{{User: "U1"}}},
		After:  approvals.Request{State: approvals.Approved, Votes: []approvals.Vote{{User: "U1"}, {User: "U2"}}},
	})
	m.NoteTransition(approvals.Transition{
		Before: approvals.Request{State: approvals.Pending},
		After:  approvals.Request{State: approvals.Denied, FiledAt: filed, ClosedAt: filed.Add(time.Minute)},
	})
	m.Read(Sources{
		Connections: func() int { return 2 }, LostLines: func() uint64 { return 5 }, Stats: stats,
		PolicyHash: func() string { return "abc" }, TokenExpiry: func() time.Time { return time.Unix(1e9, 0) },
		FailingChecks: func() ([]string, bool) { return []string{"slack.channel", "uipath.account"}, true },
		Transactions:  func() (uint64, uint64) { return 8, 9 },
	})
	return m
}

func fullStats(context.Context) (approvals.Stats, error) {
	return approvals.Stats{
		Jobs: []approvals.JobStats{{Kind: approvals.JobApply, Count: 2, Attempts: 7, Overdue: time.Minute}},
		Open: map[approvals.State]int{approvals.Pending: 4}, RunningGrants: 6, OverdueGrants: 1, OldestOverdue: time.Hour,
	}, nil
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func TestWhatIsCounted(t *testing.T) {
	got := scrape(t, sampleMetrics(fullStats))
	for _, want := range []string{
		`licensebot_build_info{goversion="go`, `version="v1.2.3"} 1`,
		`licensebot_envelopes_total{result="acknowledged",type="slash_commands"} 1`,
		`licensebot_envelopes_total{result="unsent",type="other"} 1`,
		`licensebot_ack_duration_seconds_count{type="slash_commands"} 1`,
		`licensebot_slack_connections_ended_total{reason="silent"} 1`,
		`licensebot_votes_total{vote="approve"} 1`, `licensebot_votes_total{vote="deny"} 1`,
		`licensebot_requests_ended_total{state="denied"} 1`, `licensebot_requests_ended_total{state="done"} 0`,
		`licensebot_request_duration_seconds_sum{state="denied"} 60`,
		`licensebot_canary_total{result="arrived"} 1`, `licensebot_canary_round_trip_seconds_count 1`,
		"licensebot_slack_connections 2", "licensebot_log_lines_lost_total 5", "licensebot_database_up 1",
		`licensebot_jobs{kind="apply"} 2`, `licensebot_jobs{kind="expire"} 0`, `licensebot_job_attempts{kind="apply"} 7`,
		`licensebot_job_overdue_seconds{kind="apply"} 60`, `licensebot_requests_open{state="pending"} 4`,
		"licensebot_grants_running 6", "licensebot_grants_overdue 1", "licensebot_grant_overdue_seconds 3600",
		`licensebot_policy_info{hash="abc"} 1`, "licensebot_uipath_token_expiry_timestamp_seconds 1e+09",
		"licensebot_checks_failing 2", `licensebot_check_failing{check="slack.channel"} 1`,
		`licensebot_database_transactions_total{kind="write"} 8`, `licensebot_database_transactions_total{kind="read"} 9`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// TestADatabaseThatIsAwayHidesNothingElse: the scrape tells that it is away.
func TestADatabaseThatIsAwayHidesNothingElse(t *testing.T) {
	got := scrape(t, sampleMetrics(func(ctx context.Context) (approvals.Stats, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a scrape may wait for ever")
		}
		return approvals.Stats{}, errors.New("away")
	}))
	if !strings.Contains(got, "licensebot_database_up 0") || !strings.Contains(got, "licensebot_slack_connections 2") ||
		strings.Contains(got, "licensebot_jobs{") {
		t.Error(got)
	}
}

// TestConventions holds names and help to those of Prometheus.
func TestConventions(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(scrape(t, sampleMetrics(fullStats)))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "licensebot_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestEveryMetricIsDocumented holds docs/metrics.md and the registry together.
func TestEveryMetricIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	table := "| metric | labels | |\n| --- | --- | --- |\n"
	for _, d := range sampleMetrics(fullStats).Describe() {
		labels := ""
		if len(d.Labels) > 0 {
			labels = "`" + strings.Join(d.Labels, "`, `") + "`"
		}
		table += fmt.Sprintf("| `%s` | %s | %s |\n", d.Name, labels, d.Help)
	}
	if !strings.Contains(string(page), "\n"+table+"\n") {
		t.Errorf("docs/metrics.md needs this table:\n%s", table)
	}
}

// answering is a peer without a network.
type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestCallsAreJudged checks the labels of calls. None of them tells an id or a secret.
func TestCallsAreJudged(t *testing.T) {
	for _, c := range []struct {
		call, url string
		status    int // 0: no answer
		body      string
		want      string
	}{
		{"POST", "https://slack.com/api/chat.postMessage", 200, `{"ok":true}`, `slack_call_duration_seconds_count{method="chat.postMessage",result="ok"}`},
		{"POST", "https://slack.com/api/chat.update", 200, `{"ok": false, "error":"x"}`, `slack_call_duration_seconds_count{method="chat.update",result="refused"}`},
		{"POST", "https://slack.com/api/chat.update", 429, ``, `slack_call_duration_seconds_count{method="chat.update",result="rate_limited"}`},
		{"POST", "https://slack.com/api/users.info", 503, ``, `slack_call_duration_seconds_count{method="users.info",result="server_error"}`},
		{"POST", "https://slack.com/api/users.info", 0, ``, `slack_call_duration_seconds_count{method="users.info",result="no_answer"}`},
		{"POST", "https://hooks.slack.com/commands/T1/secret", 200, `ok`, `slack_call_duration_seconds_count{method="response_url",result="ok"}`},
		{"PUT", "https://cloud.uipath.com/acme/lease_/api/account/GUID/user-license/group/SECRET", 200, `{}`, `uipath_call_duration_seconds_count{operation="put_allocation",result="ok"}`},
		{"GET", "https://cloud.uipath.com/acme/lease_/api/account/GUID/user-license/group/SECRET", 404, `{}`, `uipath_call_duration_seconds_count{operation="allocation",result="refused"}`},
		{"GET", "https://cloud.uipath.com/acme/identity_/api/Group/GUID/SECRET", 302, ``, `uipath_call_duration_seconds_count{operation="groups",result="redirect"}`},
		{"POST", "https://cloud.uipath.com/acme/identity_/connect/token", 401, ``, `uipath_call_duration_seconds_count{operation="token",result="refused"}`},
		{"GET", "https://cloud.uipath.com/SECRET", 200, ``, `uipath_call_duration_seconds_count{operation="other",result="ok"}`},
	} {
		m := New("v1")
		next := answering(func(*http.Request) (*http.Response, error) {
			if c.status == 0 {
				return nil, errors.New("no way")
			}
			return &http.Response{StatusCode: c.status, Body: io.NopCloser(strings.NewReader(c.body))}, nil
		})
		watch := m.WatchSlack
		if strings.Contains(c.url, "uipath") {
			watch = m.WatchUiPath
		}
		call := httptest.NewRequestWithContext(t.Context(), c.call, c.url, nil)
		answer, err := watch(next).RoundTrip(call)
		if (err == nil) != (c.status != 0) {
			t.Fatal(err)
		}
		if err == nil {
			body, _ := io.ReadAll(answer.Body)
			if _ = answer.Body.Close(); string(body) != c.body {
				t.Errorf("%s: its body became %q", c.url, body)
			}
		}
		if got := scrape(t, m); !strings.Contains(got, c.want+" 1") || strings.Contains(strings.ToLower(got), "secret") {
			t.Errorf("%s: no %s", c.url, c.want)
		}
	}
}
