package bot

import (
	"net/http"
	"time"

	"github.com/slack-go/slack"
)

// callLimit bounds one call of Slack's Web API. It is well below the lease of
// owed work, so that nobody acts after their lease is over.
const callLimit = 12 * time.Second

// NewClient makes the Web API client. It repeats nothing by itself: repeating a
// post because its answer was lost would post it twice.
func NewClient(apiURL, botToken string) (*slack.Client, *http.Client) {
	hc := &http.Client{Timeout: callLimit}
	return slack.New(botToken, slack.OptionAPIURL(apiURL), slack.OptionHTTPClient(hc)), hc
}
