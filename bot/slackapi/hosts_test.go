package slackapi

import (
	"net/url"
	"slices"
	"testing"

	"github.com/rs/zerolog"
)

// TestWordsStayAtTheConfiguredSlack tries addresses that a delivery may name. Words for a
// person leave for the Slack of the configuration alone.
func TestWordsStayAtTheConfiguredSlack(t *testing.T) {
	const (
		commercial = "https://hooks.slack.com/commands/T1/1/x"
		gov        = "https://hooks.slack-gov.com/commands/T1/1/x"
		loopback   = "http://127.0.0.1:1234/commands/T1/1/x"
	)
	all := []string{
		commercial, gov, loopback, "https://HOOKS.Slack.com:443/commands/T1/1/x",
		"http://hooks.slack.com/commands/T1/1/x", "http://hooks.slack-gov.com/commands/T1/1/x",
		"https://hooks.slack.com.example/x", "https://hooks.slack.com@example.org/x", "https://myslack.com/x",
		"https://notslack-gov.com/x", "https://example.org/hooks.slack.com", "//hooks.slack.com/x", "hooks.slack.com/x",
		"https:///x", "javascript:slack.com", "https://127.0.0.1:1234/x", "http://localhost:1234/x", "",
	}
	for _, c := range []struct {
		api, workspace string
		leads          []string
	}{
		{"https://slack.com/api/", "https://acme.slack.com/", []string{all[0], all[3]}},
		{"https://slack.com/api/", "", []string{all[0], all[3]}},
		{"https://slack-gov.com/api/", "https://acme.slack-gov.com/", []string{gov}},
		{"https://acme.slack-gov.com/api/", "https://acme.slack.com/", []string{gov}},
		{"https://slack.example.net/api/", "https://acme.enterprise.slack.com/", []string{all[0], all[3]}},
		{"https://slack.example.net/api/", "https://acme.slack-gov.com/", []string{gov}},
		{"https://slack.example.net/api/", "", nil},
		{"http://127.0.0.1:99/api/", "", []string{loopback}},
	} {
		client := NewClient(c.api, "xoxb-1")
		m := NewMessenger(client, Identity{workspaceURL: c.workspace}, Rates{}, zerolog.Nop())
		for _, address := range all {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			if got := m.leadsToSlack(u); got != slices.Contains(c.leads, address) {
				t.Errorf("%s %s: %s leads there: %t", c.api, c.workspace, address, got)
			}
		}
	}
}
