package checkup

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"licensebot/internal/emoji"
	"licensebot/internal/outbound"
)

func TestSkewCountsWhatIsCertain(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		date          time.Time
		asked, took   time.Duration // before and after noon
		ahead         time.Duration
		isWithinBound bool
	}{
		{date: noon, ahead: 0, isWithinBound: true},
		{date: noon.Add(-time.Second), ahead: 0, isWithinBound: true}, // the header has whole seconds
		{date: noon.Add(30 * time.Second), ahead: 30 * time.Second},
		{date: noon.Add(-31 * time.Second), ahead: -30 * time.Second},
		{date: noon.Add(-20 * time.Second), asked: 25 * time.Second, ahead: 0, isWithinBound: true}, // a slow answer
		{date: noon.Add(20 * time.Second), took: 15 * time.Second, ahead: 5 * time.Second, isWithinBound: true},
	} {
		ahead, ok := readSkew(c.date.Format(http.TimeFormat), noon.Add(-c.asked), noon.Add(c.took))
		if !ok || ahead != c.ahead {
			t.Errorf("%v: %v", c, ahead)
		}
		var f findings
		f.addClock(CheckSlackClock, "Slack", ahead, ok)
		if (f.results[0].State == OK) != c.isWithinBound {
			t.Errorf("%v: %+v", c, f.results)
		}
	}
	if _, ok := readSkew("", noon, noon); ok {
		t.Error("no date tells a time")
	}
}

func TestProxiesThatGoTakes(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"http://proxy:3128": true, "https://u:p@proxy": true, "socks5://proxy:1080": true, "proxy:3128": true, "10.0.0.1:3128": true,
		"http://u:pw%&#@proxy:3128": false, "ftp://proxy": false, "://proxy": false,
	} {
		getenv := func(name string) string { return map[string]string{"HTTPS_PROXY": value}[name] }
		if got := len(outbound.CheckProxies(getenv)) == 0; got != want {
			t.Errorf("%s: %v", value, got)
		}
	}
}

func TestStandardEmoji(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"white_check_mark", "x", "+1", "thumbsup", "hand", "raised_hand", "no_entry_sign"} {
		if !emoji.IsStandard(name) {
			t.Errorf("%s is missing", name)
		}
	}
	if n := len(emoji.Names()); n < 1800 || emoji.IsStandard("#") {
		t.Errorf("%d names", n)
	}
	for name, want := range map[string]string{"white_checkmark": " (is white_check_mark meant?)", "our_own_stamp": "", "y": ""} {
		if got := suggestEmoji(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestManifestScopes holds the scopes that the fakes and the set-up page have, too.
func TestManifestScopes(t *testing.T) {
	t.Parallel()
	if scopes := manifestScopes(); len(scopes) != 10 || !slices.Contains(scopes, "reactions:read") {
		t.Errorf("%v", scopes)
	}
}

func TestAReportsState(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		states []State
		want   State
	}{
		{nil, OK},
		{[]State{OK, OK}, OK},
		{[]State{NotChecked, OK}, NotChecked},
		{[]State{NotChecked, Problem, OK}, Problem},
	} {
		var report Report
		for _, state := range c.states {
			report.Results = append(report.Results, Result{State: state})
		}
		if got := report.State(); got != c.want {
			t.Errorf("%v: %s", c.states, got)
		}
	}
}

// TestAPanicIsNoGoodReport breaks a check itself. The others go on.
func TestAPanicIsNoGoodReport(t *testing.T) {
	t.Parallel()
	s := Subject{Getenv: func(string) string { return "" }, Faults: []Fault{
		{Variable: "SLACK_BOT_TOKEN"}, {Variable: "SLACK_APP_TOKEN"}, {Variable: "UIPATH_URL"},
	}}
	report := s.Run(t.Context()) // without Inspect
	at := slices.IndexFunc(report.Results, func(r Result) bool { return r.Check == CheckDatabase })
	if at < 0 || report.Results[at].State != NotChecked || len(report.Results) < 10 {
		t.Errorf("%+v", report.Results)
	}
}
