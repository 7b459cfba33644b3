package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/rs/zerolog"
	"github.com/slack-go/slack"
)

// Self is who the bot is in the workspace.
type Identity struct {
	UserID, BotID, TeamID, EnterpriseID string
	URL                                 string // of the workspace, with a slash at the end
}

// link is where a message is read, as chat.getPermalink would tell.
func (s Identity) MessageLink(channel, ts string) string {
	return s.URL + "archives/" + sanitizeID(channel) + "/p" + strings.ReplaceAll(ts, ".", "")
}

func (s Identity) isAuthor(m slack.Message) bool {
	return m.User == s.UserID || m.User == "" && s.BotID != "" && m.BotID == s.BotID
}

// Introduce asks Slack who the bot is, for as long as Slack cannot be reached.
// A token that Slack does not accept, and an answer without a user id (with
// which the bot could not tell its own reactions from people's) are errors.
func Introduce(ctx context.Context, api *slack.Client, log zerolog.Logger) (Identity, error) {
	return backoff.Retry(ctx, func() (Identity, error) {
		who, err := api.AuthTestContext(ctx)
		switch {
		case err != nil && isRetryable(ctx, err):
			return Identity{}, ClassifyError("auth.test", err)
		case err != nil:
			return Identity{}, backoff.Permanent(ClassifyError("auth.test", err))
		case who.UserID == "" || who.TeamID == "":
			return Identity{}, backoff.Permanent(errors.New("Slack auth.test: the answer names no user and team; SLACK_BOT_TOKEN has to be a bot token (xoxb-…)"))
		}
		return Identity{UserID: who.UserID, BotID: who.BotID, TeamID: who.TeamID, EnterpriseID: who.EnterpriseID, URL: who.URL}, nil
	}, backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, wait time.Duration) {
		log.Warn().Err(err).Dur("retry_in", wait).Msg("Slack does not say who the bot is; trying again")
	}))
}

// CheckChannel tells what is wrong with the approvals channel, what to do and
// what happens meanwhile, in words for the operator; nil if nothing is wrong.
func CheckChannel(ctx context.Context, api *slack.Client, channel string) error {
	info, err := api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
	switch {
	case isAnswer(err, "channel_not_found"):
		return fmt.Errorf("channel %s: %w; requests are kept until then", channel, ClassifyError("conversations.info", err))
	case err != nil:
		return fmt.Errorf("channel %s: it cannot be told whether it can be used: %w", channel, ClassifyError("conversations.info", err))
	case info.IsArchived:
		return fmt.Errorf("channel %s: %s; requests are kept until then", channel, remedies["is_archived"])
	case !info.IsMember:
		return fmt.Errorf("channel %s: %s; requests are kept until then", channel, remedies["not_in_channel"])
	case info.IsExtShared || info.IsPendingExtShared:
		return fmt.Errorf("channel %s is shared with another organisation, or about to be; use a channel of your own, "+
			"because everybody in it reads who gets which licences; cards are posted in it all the same, and votes from elsewhere do not count", channel)
	}
	return nil
}
