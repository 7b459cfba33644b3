package slackapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/slack-go/slack"

	"licensebot/internal/noredirect"
	"licensebot/internal/slacktoken"
)

// callLimit bounds one call. It is well below the lease of a job, so that no
// worker acts after its lease is over.
const callLimit = 12 * time.Second

// A Client calls the Web API. It repeats no call by itself: if the answer to a
// post was lost, a second call would post it twice.
type Client struct {
	api       *slack.Client
	http      *http.Client
	apiURL    url.URL
	transport *transport
	token     *slacktoken.Token
}

// NewClient makes a client for the API at a URL, with a bot token.
func NewClient(apiURL, botToken string) *Client {
	t, token := newTransport(), slacktoken.New(botToken)
	hc := noredirect.Client(&http.Client{Timeout: callLimit, Transport: token.Transport(t)})
	api := slack.New(botToken, slack.OptionAPIURL(apiURL), slack.OptionHTTPClient(hc))
	c := &Client{api: api, http: hc, transport: t, token: token}
	if u, err := url.Parse(apiURL); err == nil {
		c.apiURL = *u
	}
	return c
}

// Watch has every call carried out by what wrap makes of the client's transport. It is
// called before the first call.
func (c *Client) Watch(wrap func(http.RoundTripper) http.RoundTripper) {
	if wrap != nil {
		c.http.Transport = wrap(c.http.Transport)
	}
}

// FollowDates hands the Date of each answer of Slack to follow, from now on.
func (c *Client) FollowDates(follow func(header string)) { c.transport.follow.Store(&follow) }

// ReplaceToken makes all later calls with another bot token.
func (c *Client) ReplaceToken(botToken string) { c.token.Replace(botToken) }

// CloseIdleConnections is for a client that is needed no more.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// CheckChannel looks for problems of the approvals channel. The error says, in
// words for the operator, what is wrong, what to do and what happens until then.
func (c *Client) CheckChannel(ctx context.Context, channel string) error {
	info, err := c.InspectChannel(ctx, channel)
	const kept = "requests are kept until then"
	switch {
	case isAnswer(err, "channel_not_found"):
		return fmt.Errorf("channel %s: %w; %s", channel, err, kept)
	case err != nil:
		return fmt.Errorf("channel %s: it cannot be told whether it can be used: %w", channel, err)
	case info.Archived:
		return fmt.Errorf("channel %s: %s; %s", channel, remedies["is_archived"], kept)
	case !info.Member:
		return fmt.Errorf("channel %s: %s; %s", channel, remedies["not_in_channel"], kept)
	case info.Shared:
		return fmt.Errorf("channel %s is shared with another organization, or about to be; "+
			"use a channel of your own, "+
			"because everybody in it reads who gets which licenses; cards are posted in it all the same, "+
			"and votes from elsewhere do not count", channel)
	}
	return nil
}
