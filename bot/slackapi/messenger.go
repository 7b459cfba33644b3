package slackapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"licensebot/approvals"
	"licensebot/internal/outside"
)

// A Messenger posts messages in Slack. Each method is one effect and attempts it
// once.
type Messenger struct {
	api      *slack.Client
	http     *http.Client
	apiURL   url.URL
	identity Identity
	log      zerolog.Logger
	pacers   map[approvals.Pace]*pacer
	lookups  *rate.Limiter // of single messages
}

// Single messages are looked up when people deny on a message that is no card.
// Slack's limit of fifty such calls a minute is shared with more important ones.
const (
	lookupEvery = 3 * time.Second
	lookupBurst = 5
)

// NewMessenger makes the messenger of the bot with this identity.
func NewMessenger(client *Client, identity Identity, rates Rates, log zerolog.Logger) *Messenger {
	return &Messenger{
		api: client.api, http: client.http, apiURL: client.apiURL, identity: identity, log: log, pacers: newPacers(rates),
		lookups: rate.NewLimiter(rate.Every(lookupEvery), lookupBurst),
	}
}

// A Post is a message as it is to be shown.
type Post struct {
	Channel  string
	ThreadTS string // empty for a message in the channel itself
	Text     string
	Blocks   []slack.Block // may be empty
	Metadata slack.SlackMetadata
}

// textOptions show a text, or blocks that say the same.
func textOptions(text string, blocks []slack.Block) []slack.MsgOption {
	options := []slack.MsgOption{slack.MsgOptionText(text, false)}
	if len(blocks) > 0 {
		options = append(options, slack.MsgOptionBlocks(blocks...))
	}
	return options
}

func (p Post) options() []slack.MsgOption {
	options := append(textOptions(p.Text, p.Blocks), slack.MsgOptionMetadata(p.Metadata))
	if p.ThreadTS != "" {
		options = append(options, slack.MsgOptionTS(p.ThreadTS))
	}
	return options
}

// AwaitPace waits until Slack's limits allow one more call of this kind.
func (m *Messenger) AwaitPace(ctx context.Context, pace approvals.Pace) error {
	return m.pacers[pace].awaitTurn(ctx)
}

// TakePace reports whether one more call of this pace fits Slack's limits now, and counts it.
func (m *Messenger) TakePace(pace approvals.Pace) bool { return m.pacers[pace].takeTurn() }

// finishCall classifies a call's error. If Slack asked for a pause, it holds
// back further calls of the same kind.
func (m *Messenger) finishCall(pace approvals.Pace, method string, err error) error {
	err = ClassifyError(method, err)
	m.pacers[pace].heedDelay(err)
	return err
}

var errNoTimestamp = errors.New("the answer is ok and names no message")

// PostMessage posts a message and returns its timestamp. An answer without one leaves
// the effect unknown.
func (m *Messenger) PostMessage(ctx context.Context, p Post) (ts string, err error) {
	posted, err := m.post(ctx, p)
	return posted.Timestamp, err
}

// post posts a message and returns what Slack made of it.
func (m *Messenger) post(ctx context.Context, p Post) (slack.Message, error) {
	options := append(p.options(), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	_, ts, posted, err := m.api.PostMessageWithResponseContext(ctx, p.Channel, options...)
	if err = wantTimestamp(ts, err); err != nil {
		return slack.Message{}, m.finishCall(approvals.PacePosts, "chat.postMessage", err)
	}
	posted.Timestamp = ts
	return posted, nil
}

// wantTimestamp is an error if Slack's yes to a message names none. Whether it was posted
// is unknown then, to one person as to all.
func wantTimestamp(ts string, err error) error {
	if err == nil && ts == "" {
		return errNoTimestamp
	}
	return err
}

// PostReply posts in a thread. Slack takes a reply to a message that was deleted, and
// shows it in the channel as a message of its own. Such a stray is deleted again, and
// the error is a *RefusedError, because the thread is gone.
func (m *Messenger) PostReply(ctx context.Context, p Post) (ts string, err error) {
	posted, err := m.post(ctx, p)
	isStray := posted.Type != "" && posted.ThreadTimestamp == "" // an answer without the message tells nothing
	if err != nil || !isStray {
		return posted.Timestamp, err
	}
	if _, _, err := m.api.DeleteMessageContext(ctx, p.Channel, posted.Timestamp); err != nil {
		m.log.Warn().Str("ts", posted.Timestamp).Err(ClassifyError("chat.delete", err)).
			Msg("a reply to a deleted card stands in the channel, and Slack did not delete it")
	}
	return "", &approvals.RefusedError{Answer: "thread_not_found", Err: errStrayReply}
}

var errStrayReply = errors.New("Slack chat.postMessage: the thread is gone; the reply became a message of its own")

// CheckPostable is an error while the bot cannot post in a channel.
func (m *Messenger) CheckPostable(ctx context.Context, channel string) error {
	info, err := m.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
	switch {
	case err != nil:
		return ClassifyError("conversations.info", err)
	case info.IsArchived:
		return &approvals.DelayError{Reason: remedies["is_archived"], Closed: true}
	case !info.IsMember:
		return &approvals.DelayError{Reason: remedies["not_in_channel"], Closed: true}
	}
	return nil
}

// UpdateMessage replaces the message with this timestamp. It may be repeated.
func (m *Messenger) UpdateMessage(ctx context.Context, ts string, p Post) error {
	_, _, _, err := m.api.UpdateMessageContext(ctx, p.Channel, ts, p.options()...)
	return m.finishCall(approvals.PaceUpdates, "chat.update", err)
}

// RemoveMessage deletes a message of the bot. If Slack refuses that, it shows the
// given post in its place. It may be repeated.
func (m *Messenger) RemoveMessage(ctx context.Context, ts string, otherwise Post) error {
	_, _, err := m.api.DeleteMessageContext(ctx, otherwise.Channel, ts)
	switch {
	case err == nil || isAnswer(err, "message_not_found"):
		return nil
	case isRefusal(err):
		return m.UpdateMessage(ctx, ts, otherwise)
	}
	return m.finishCall(approvals.PaceUpdates, "chat.delete", err)
}

// MessageLink is the address of a message.
func (m *Messenger) MessageLink(channel, ts string) string {
	return m.identity.MessageLink(channel, ts)
}

// AddReactions puts emoji on a message, so that a vote is one tap. It may be
// repeated. An emoji that Slack does not know is skipped, and logged.
func (m *Messenger) AddReactions(ctx context.Context, channel, ts string, names ...string) error {
	for _, name := range names {
		err := m.api.AddReactionContext(ctx, name, slack.NewRefToMessage(channel, ts))
		if err == nil || isAnswer(err, "already_reacted") {
			continue
		}
		if isAnswer(err, "invalid_name") {
			m.log.Error().Str("emoji", name).
				Msg("Slack knows no such emoji; correct LICENSEBOT_APPROVE_EMOJI or LICENSEBOT_DENY_EMOJI")
			continue
		}
		return m.finishCall(approvals.PaceEmoji, "reactions.add", err)
	}
	return nil
}

// SetReaction gives an emoji to a message or takes it back. The error is a refusal if
// the message is gone. It is an error if the emoji is there, or not there, already.
func (m *Messenger) SetReaction(ctx context.Context, channel, ts, name string, isGiven bool) error {
	message := slack.NewRefToMessage(channel, ts)
	if isGiven {
		return m.finishCall(approvals.PaceEmoji, "reactions.add", m.api.AddReactionContext(ctx, name, message))
	}
	return m.finishCall(approvals.PaceEmoji, "reactions.remove", m.api.RemoveReactionContext(ctx, name, message))
}

// PostEphemeral shows a text in a channel to one person alone. It is never in a
// thread: Slack shows such texts only in threads that have replies, and a card
// gets its first reply when its request is closed.
func (m *Messenger) PostEphemeral(ctx context.Context, channel, user, text string, blocks ...slack.Block) error {
	ts, err := m.api.PostEphemeralContext(ctx, channel, user, textOptions(text, blocks)...)
	err = m.finishCall(approvals.PacePrivate, "chat.postEphemeral", wantTimestamp(ts, err))
	return asRefusal(err, unreachableAnswers...)
}

// PostDirect sends a person a direct message.
func (m *Messenger) PostDirect(ctx context.Context, user, text string, blocks ...slack.Block) error {
	_, ts, err := m.api.PostMessageContext(ctx, user, textOptions(text, blocks)...)
	err = m.finishCall(approvals.PacePrivate, "chat.postMessage", wantTimestamp(ts, err))
	return asRefusal(err, unreachableAnswers...)
}

// unreachableAnswers say that a private text cannot reach its reader.
var unreachableAnswers = []string{
	"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived", "messages_tab_disabled",
}

// TellLasting tells one person something that must still be there later: as a
// direct message, or in a channel if Slack refuses that. The channel may be
// empty.
func (m *Messenger) TellLasting(ctx context.Context, channel, user, text string, blocks ...slack.Block) error {
	return trySecondIfRefused(m.directly(ctx, user, text, blocks), m.inChannel(ctx, channel, user, text, blocks))
}

// TellWaiting tells something to a person who waits for it: in the channel where
// they asked, or as a direct message if the bot may not speak there. The channel
// may be empty.
func (m *Messenger) TellWaiting(ctx context.Context, channel, user, text string, blocks ...slack.Block) error {
	return trySecondIfRefused(m.inChannel(ctx, channel, user, text, blocks), m.directly(ctx, user, text, blocks))
}

// Respond answers by a response_url, and reports whether Slack took the answer.
// The url may be empty. Words for a person go to the Slack of the configuration only,
// whatever a delivery says.
func (m *Messenger) Respond(ctx context.Context, responseURL, user, text string, blocks ...slack.Block) bool {
	if responseURL == "" {
		return false
	}
	target, err := url.Parse(responseURL)
	if err != nil || !m.leadsToSlack(target) {
		m.log.Warn().Str("user", user).Str("host", hostOf(target)).
			Msg("a response_url does not lead to the Slack of SLACK_API_URL; trying another way")
		return false
	}
	answer := &slack.WebhookMessage{Text: text, ResponseType: slack.ResponseTypeEphemeral}
	if len(blocks) > 0 {
		answer.Blocks = &slack.Blocks{BlockSet: blocks}
	}
	err = slack.PostWebhookCustomHTTPContext(ctx, responseURL, m.http, answer)
	if err != nil {
		m.log.Warn().Str("user", user).Err(withoutEcho(outside.DropURL(err))).
			Msg("the response_url did not take the answer; trying another way")
	}
	return err == nil
}

// A way is one way to reach a person. It is nil if there is none.
type way func() error

func (m *Messenger) directly(ctx context.Context, user, text string, blocks []slack.Block) way {
	return func() error { return m.PostDirect(ctx, user, text, blocks...) }
}

func (m *Messenger) inChannel(ctx context.Context, channel, user, text string, blocks []slack.Block) way {
	if channel == "" {
		return nil
	}
	return func() error { return m.PostEphemeral(ctx, channel, user, text, blocks...) }
}

// trySecondIfRefused takes the first way, and the second if Slack says no to the
// first. The error is a refusal only if both ways are refused.
func trySecondIfRefused(first, second way) error {
	switch {
	case first == nil:
		return second()
	case second == nil:
		return first()
	}
	err := first()
	if !isRefusal(err) {
		return err
	}
	if again := second(); !approvals.IsRefused(again) {
		return again
	}
	return err
}
