package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const deployed = "../../deploy/"

// An alertRule is one rule of alerts.yml.
type alertRule struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

func readAlerts(t *testing.T) []alertRule {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alertRule } }
	decodeYAML(t, deployed+"prometheus/alerts.yml", &file)
	var all []alertRule
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there are no alerts")
	}
	return all
}

func decodeYAML(t *testing.T, path string, into any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(content, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func namesOf(all []alertRule) []string {
	var names []string
	for _, a := range all {
		names = append(names, a.Alert)
	}
	return names
}

// TestEveryAlertHasAPage: docs/alerts.md has a section for each alert and no other, and
// the alert names it.
func TestEveryAlertHasAPage(t *testing.T) {
	alerts := readAlerts(t)
	page, err := os.ReadFile("../../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	for _, heading := range regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(string(page), -1) {
		sections = append(sections, heading[1])
	}
	if !slices.Equal(sections, namesOf(alerts)) {
		t.Errorf("docs/alerts.md has %v, alerts.yml has %v", sections, namesOf(alerts))
	}
	for _, a := range alerts {
		if want := "docs/alerts.md#" + strings.ToLower(a.Alert); a.Annotations["runbook"] != want || a.Annotations["summary"] == "" {
			t.Errorf("%s: %v", a.Alert, a.Annotations)
		}
		if !slices.Contains([]string{"critical", "warning"}, a.Labels["severity"]) {
			t.Errorf("%s: %v", a.Alert, a.Labels)
		}
	}
}

// TestEveryAlertIsFiredOnce: the tests of the rules let each alert fire, and have one
// bot that is well for which none does.
func TestEveryAlertIsFiredOnce(t *testing.T) {
	var file struct {
		Tests []struct {
			Cases []struct {
				Alertname string `yaml:"alertname"`
				Expected  []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	decodeYAML(t, deployed+"prometheus/alerts_test.yml", &file)
	var fired, quiet []string
	for _, test := range file.Tests {
		for _, c := range test.Cases {
			if len(c.Expected) > 0 {
				fired = append(fired, c.Alertname)
			} else {
				quiet = append(quiet, c.Alertname)
			}
		}
	}
	if names := namesOf(readAlerts(t)); !slices.Equal(fired, names) || !slices.Equal(quiet, names) {
		t.Errorf("fired %v\nquiet %v\nrules %v", fired, quiet, names)
	}
}

// dashboardQueries are the queries of the dashboard, by the panel's title and their letter.
func dashboardQueries(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile(deployed + "grafana/licensebot.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal(content, &board); err != nil {
		t.Fatal(err)
	}
	queries := make(map[string]string)
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			queries[p.Title+" "+target.RefID] = target.Expr
		}
	}
	return queries
}

// TestOnlyMetricsThatExistAreUsed holds alerts and dashboard to the registry. The
// dashboard shows every metric.
func TestOnlyMetricsThatExistAreUsed(t *testing.T) {
	known := make(map[string]bool)
	for _, d := range sampleMetrics(fullStats).Describe() {
		known[d.Name] = false
	}
	note := func(where, expr string, isShown bool) {
		for _, name := range regexp.MustCompile(`licensebot_\w+`).FindAllString(expr, -1) {
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if _, ok := known[strings.TrimSuffix(name, suffix)]; ok {
					name = strings.TrimSuffix(name, suffix)
				}
			}
			shown, ok := known[name]
			if !ok {
				t.Errorf("%s uses %s, which does not exist", where, name)
				continue
			}
			known[name] = shown || isShown
		}
	}
	for _, a := range readAlerts(t) {
		note(a.Alert, a.Expr, false)
	}
	for title, expr := range dashboardQueries(t) {
		note(title, expr, true)
	}
	for name, shown := range known {
		if !shown {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

// TestPromtoolAcceptsThem checks and tests the rules, and checks the dashboard's queries,
// by Prometheus' own tool.
func TestPromtoolAcceptsThem(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("LICENSEBOT_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip("promtool is not installed: it is in Debian's package prometheus")
	}
	rules := "groups:\n  - name: dashboard\n    rules:\n"
	n := 0
	for _, expr := range dashboardQueries(t) {
		n++
		rules += fmt.Sprintf("      - {record: 'dashboard:query:%d', expr: %q}\n", n, expr)
	}
	queries := filepath.Join(t.TempDir(), "queries.yml")
	if err := os.WriteFile(queries, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", "rules", deployed + "prometheus/alerts.yml"},
		{"test", "rules", deployed + "prometheus/alerts_test.yml"},
		{"check", "rules", queries},
	} {
		if said, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, said)
		}
	}
}
