package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/sweep"
)

// A listeningProxy hears what would leave for other hosts, and lets nothing through.
type listeningProxy struct {
	mu    sync.Mutex
	heard []string
}

func (p *listeningProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	words, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	p.heard = append(p.heard, r.Method+" "+r.Host+" "+string(words))
	p.mu.Unlock()
	http.Error(w, "no way there", http.StatusBadGateway)
}

// TestAResponseURLElsewhere has commands name a response_url that does not lead to the Slack
// of the configuration. No word leaves for it, and the person reads the answers all the same.
func TestAResponseURLElsewhere(t *testing.T) {
	t.Parallel()
	for name, base := range map[string]string{
		"GovSlack, for a workspace of slack.com": "https://hooks.slack-gov.com",
		"in the open":                            "http://hooks.slack.com",
		"a name that begins like Slack's":        "https://hooks.slack.com.example",
		"a user that is called like Slack":       "https://hooks.slack.com@example.org",
		"another name of this machine":           "http://localhost:{port}",
	} {
		t.Run(name, func(t *testing.T) {
			sweep.InSample(t, strings.HasPrefix(name, "GovSlack"))
			t.Parallel()
			w := newWorld(t)
			proxy := new(listeningProxy)
			server := httptest.NewServer(proxy)
			t.Cleanup(server.Close)
			t.Cleanup(w.killReplicas)
			w.env["HTTPS_PROXY"], w.env["HTTP_PROXY"] = server.URL, server.URL // loopback goes past it
			_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
			w.slack.AnswerAt(strings.ReplaceAll(base, "{port}", port))
			w.startReplica()
			w.answerTo(requester, "show group-01")
			w.awaitTold(requester, "`ATTUNU`")
			w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Archived = true })
			w.typeRequest("group-01 IDU")
			w.awaitTold(requester, "its card could not be posted")
			w.awaitLog("a response_url does not lead to the Slack of SLACK_API_URL")
			proxy.mu.Lock()
			defer proxy.mu.Unlock()
			if len(proxy.heard) != 0 {
				t.Errorf("left for elsewhere: %s", proxy.heard)
			}
		})
	}
}
