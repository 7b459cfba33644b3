package slackapi

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/rs/zerolog"
	"github.com/slack-go/slack"
)

// An Identity is who the bot is in its workspace.
type Identity struct {
	UserID, BotID, TeamID, EnterpriseID string

	workspaceURL string // with a slash at the end
}

// MessageLink is the address of a message, as chat.getPermalink would answer.
func (i Identity) MessageLink(channel, ts string) string {
	return i.workspaceURL + "archives/" + url.PathEscape(channel) + "/p" + strings.ReplaceAll(ts, ".", "")
}

// isAuthor reports whether the bot wrote a message.
func (i Identity) isAuthor(m slack.Message) bool {
	return m.User == i.UserID || m.User == "" && i.BotID != "" && m.BotID == i.BotID
}

// Identify asks Slack who the bot is, until Slack answers or ctx ends. It is an
// error if Slack rejects the token, or if the answer lacks the user id by which the
// bot tells its own reactions from those of people.
func (c *Client) Identify(ctx context.Context, log zerolog.Logger) (Identity, error) {
	return backoff.Retry(ctx, func() (Identity, error) {
		who, err := c.api.AuthTestContext(ctx)
		switch {
		case err != nil && isRetryable(ctx, err):
			return Identity{}, ClassifyError("auth.test", err)
		case err != nil:
			return Identity{}, backoff.Permanent(ClassifyError("auth.test", err))
		case who.UserID == "" || who.TeamID == "":
			return Identity{}, backoff.Permanent(errors.New("Slack auth.test: the answer names no user and team; " +
				"SLACK_BOT_TOKEN has to be a bot token (xoxb-…)"))
		}
		return Identity{
			UserID: who.UserID, BotID: who.BotID, TeamID: who.TeamID, EnterpriseID: who.EnterpriseID,
			workspaceURL: who.URL,
		}, nil
	}, backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, wait time.Duration) {
		log.Warn().Err(err).Dur("retry_in", wait).Msg("Slack does not say who the bot is; trying again")
	}))
}
