package slackapi

import (
	"net/url"
	"strings"

	"licensebot/internal/outside"
)

// slackDomains are those of Slack, the second for GovSlack.
var slackDomains = []string{"slack.com", "slack-gov.com"}

// DomainOf is the domain of Slack that a host belongs to; empty if it is not Slack's.
func DomainOf(host string) string {
	for _, domain := range slackDomains {
		if strings.HasSuffix("."+strings.ToLower(host), "."+domain) {
			return domain
		}
	}
	return ""
}

// hostOf is the host of an address for the log. The rest may be a secret.
func hostOf(u *url.URL) string {
	if u == nil {
		return ""
	}
	return outside.OneLine(u.Hostname(), 100)
}

// leadsToSlack reports whether a response_url leads to the Slack that the bot is set up
// for: to the API itself, or by https to a host of the same domain. If the API has an
// address that is not Slack's, such as a proxy's, the workspace tells the domain.
func (m *Messenger) leadsToSlack(responseURL *url.URL) bool {
	if responseURL.Scheme == m.apiURL.Scheme && strings.EqualFold(responseURL.Hostname(), m.apiURL.Hostname()) {
		return true
	}
	own := DomainOf(m.apiURL.Hostname())
	if workspace, err := url.Parse(m.identity.workspaceURL); err == nil && own == "" {
		own = DomainOf(workspace.Hostname())
	}
	return own != "" && responseURL.Scheme == "https" && DomainOf(responseURL.Hostname()) == own
}
