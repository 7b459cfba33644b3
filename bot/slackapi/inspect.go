package slackapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"licensebot/internal/noredirect"
)

// TokenInfo is what Slack tells about the bot's token.
type TokenInfo struct {
	Identity

	Team   string   // the workspace's name
	IsBot  bool     // the token is a bot's, not a person's
	Scopes []string // nil if the answer does not tell them
	Date   string   // of the answer, as in its header
}

// InspectToken asks Slack once which bot the token belongs to and what it may do.
func (c *Client) InspectToken(ctx context.Context) (TokenInfo, error) {
	who, err := c.api.AuthTestContext(ctx)
	if err != nil {
		return TokenInfo{}, ClassifyError("auth.test", err)
	}
	info := TokenInfo{
		Team: who.Team, IsBot: who.BotID != "" && who.UserID != "" && who.TeamID != "", Date: who.Header.Get("Date"),
	}
	if told := who.Header.Get("X-OAuth-Scopes"); told != "" {
		info.Scopes = strings.FieldsFunc(told, func(r rune) bool { return r == ',' || r == ' ' })
	}
	info.Identity, err = c.withOtherID(ctx, newIdentity(who))
	return info, err
}

// FindAppID tells which app the bot token belongs to. It needs users:read.
func (c *Client) FindAppID(ctx context.Context, botID string) (string, error) {
	bot, err := c.api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: botID})
	if err != nil {
		return "", ClassifyError("bots.info", err)
	}
	return bot.AppID, nil
}

// RequestSocket asks Slack for the address of a socket, with an app-level token. It
// does not connect there: Slack would send a part of what people type to that socket.
func RequestSocket(ctx context.Context, apiURL, appToken string) error {
	hc := noredirect.Client(&http.Client{Timeout: callLimit, Transport: newTransport()})
	api := slack.New("", slack.OptionAPIURL(apiURL), slack.OptionAppLevelToken(appToken), slack.OptionHTTPClient(hc))
	_, url, err := api.StartSocketModeContext(ctx)
	switch {
	case err != nil:
		return ClassifyError("apps.connections.open", err)
	case !strings.HasPrefix(url, "ws"):
		return errors.New("Slack apps.connections.open: the answer has no address of a socket")
	}
	return nil
}

// ChannelInfo is what Slack shows of a channel.
type ChannelInfo struct {
	Name     string
	Channel  bool // not a direct message
	Private  bool
	Archived bool
	Member   bool // the bot is one
	Shared   bool // with another organization, or about to be
}

// InspectChannel asks Slack about a channel.
func (c *Client) InspectChannel(ctx context.Context, channel string) (ChannelInfo, error) {
	info, err := c.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
	if err != nil {
		return ChannelInfo{}, ClassifyError("conversations.info", err)
	}
	return ChannelInfo{
		Name: info.Name, Channel: !info.IsIM && !info.IsMpIM, Private: info.IsPrivate, Archived: info.IsArchived,
		Member: info.IsMember, Shared: info.IsExtShared || info.IsPendingExtShared,
	}, nil
}

// maxMemberPages bounds the reading of a channel's members: 20,000 of them.
const maxMemberPages = 20

// listChannelMembers lists the members of a channel, by the ids that Slack shows.
func (c *Client) listChannelMembers(ctx context.Context, channel string) ([]string, error) {
	var members []string
	params := slack.GetUsersInConversationParameters{ChannelID: channel, Limit: 1000}
	for range maxMemberPages {
		page, next, err := c.api.GetUsersInConversationContext(ctx, &params)
		if err != nil {
			return nil, ClassifyError("conversations.members", err)
		}
		members = append(members, page...)
		if next == "" {
			return members, nil
		}
		params.Cursor = next
	}
	return nil, errors.New("Slack conversations.members: the list does not end")
}

// ListCustomEmoji lists the short names of the workspace's own emoji. It needs
// emoji:read, which the bot does not ask for.
func (c *Client) ListCustomEmoji(ctx context.Context) ([]string, error) {
	all, err := c.api.GetEmojiContext(ctx)
	if err != nil {
		return nil, ClassifyError("emoji.list", err)
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// An Answer is how a failed call to Slack ended, for the operator.
type Answer int

// The ways in which a call fails.
const (
	Unclear     Answer = iota // Slack's own failure, or a limit: another try may tell
	Unreachable               // no answer came
	NotSlack                  // something else than Slack answered
	Refused                   // Slack refused the call by name
)

// AnswerOf tells how a failed call ended, and the name of Slack's refusal.
func AnswerOf(err error) (kind Answer, refusal string) {
	answer, answered := errors.AsType[slack.SlackErrorResponse](err)
	status, hasStatus := errors.AsType[slack.StatusCodeError](err)
	_, limited := errors.AsType[*slack.RateLimitedError](err)
	_, garbled := errors.AsType[*json.SyntaxError](err)
	_, misread := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case answered && !isRefusal(err), limited, hasStatus && status.Code >= http.StatusInternalServerError:
		return Unclear, answer.Err
	case answered:
		return Refused, answer.Err
	case hasStatus, garbled, misread:
		return NotSlack, ""
	}
	return Unreachable, ""
}
