package bot

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// A Speaker says what is owed, in Slack. It carries out package approvals'
// Announcer: each method is one effect, attempted once.
type Messenger struct {
	api      *slack.Client
	http     *http.Client
	self     Identity
	words    Phrases
	receipts *ResponseURLs
	log      zerolog.Logger

	posts, updates, seeds, ephemerals *pacer
}

// NewSpeaker makes a speaker for the bot that self describes.
func NewMessenger(api *slack.Client, client *http.Client, self Identity, words Phrases, receipts *ResponseURLs, pace Pace, log zerolog.Logger) *Messenger {
	return &Messenger{
		api: api, http: client, self: self, words: words, receipts: receipts, log: log,
		posts:      newPacer(pace.Posts, pace.Burst),
		updates:    newPacer(pace.Updates, pace.Burst),
		seeds:      newPacer(pace.Reactions, pace.Burst),
		ephemerals: newPacer(pace.Ephemerals, pace.Burst),
	}
}

// Ready waits until one more call for this kind of work fits Slack's pace.
func (s *Messenger) AwaitPace(ctx context.Context, kind approvals.JobKind) error {
	return s.pacer(kind).awaitTurn(ctx)
}

func (s *Messenger) pacer(kind approvals.JobKind) *pacer {
	switch kind {
	case approvals.JobUpdateCard:
		return s.updates
	case approvals.JobAddReactions:
		return s.seeds
	case approvals.JobTellVoter, approvals.JobTellRequester:
		return s.ephemerals
	}
	return s.posts
}

// settle classifies a call's error and slows the kind of work down if Slack
// asked for it.
func (s *Messenger) finishCall(kind approvals.JobKind, method string, err error) error {
	err = ClassifyError(method, err)
	s.pacer(kind).heedDelay(err)
	return err
}

// Announce posts the card.
func (s *Messenger) PostCard(ctx context.Context, r approvals.Request) (string, error) {
	card := s.words.RenderCard(r)
	_, ts, err := s.api.PostMessageContext(ctx, r.Channel,
		slack.MsgOptionText(card.Text, false),
		slack.MsgOptionBlocks(card.Blocks...),
		slack.MsgOptionMetadata(RenderMetadata(r, approvals.Job{Kind: approvals.JobPostCard})),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	return ts, s.finishCall(approvals.JobPostCard, "chat.postMessage", err)
}

// Render brings the card's status up to date.
func (s *Messenger) UpdateCard(ctx context.Context, r approvals.Request) error {
	card := s.words.RenderCard(r)
	_, _, _, err := s.api.UpdateMessageContext(ctx, r.Channel, r.CardTS,
		slack.MsgOptionText(card.Text, false),
		slack.MsgOptionBlocks(card.Blocks...),
		slack.MsgOptionMetadata(RenderMetadata(r, approvals.Job{Kind: approvals.JobUpdateCard})))
	return s.finishCall(approvals.JobUpdateCard, "chat.update", err)
}

// Reply posts in the card's thread what a kind of work says.
func (s *Messenger) PostInThread(ctx context.Context, r approvals.Request, said approvals.Job) error {
	_, _, err := s.api.PostMessageContext(ctx, r.Channel,
		slack.MsgOptionTS(r.CardTS),
		slack.MsgOptionText(s.words.ThreadReply(r, said), false),
		slack.MsgOptionMetadata(RenderMetadata(r, said)),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	return s.finishCall(said.Kind, "chat.postMessage", err)
}

// Seed puts the two emoji on the card, so that a vote is one tap.
func (s *Messenger) AddReactions(ctx context.Context, r approvals.Request) error {
	for _, name := range []string{s.words.Approve[0], s.words.Deny[0]} {
		err := s.api.AddReactionContext(ctx, name, slack.NewRefToMessage(r.Channel, r.CardTS))
		if err == nil || isAnswer(err, "already_reacted") {
			continue
		}
		if isAnswer(err, "invalid_name") {
			s.log.Error().Str("emoji", name).Msg("Slack knows no such emoji; correct LICENSEBOT_APPROVE_EMOJI or LICENSEBOT_DENY_EMOJI")
			continue
		}
		return s.finishCall(approvals.JobAddReactions, "reactions.add", err)
	}
	return nil
}

// Tell tells a reactor, and nobody else, why their reaction does not count. Not
// in the card's thread: Slack shows private notices only in threads that have
// replies, and this one gets its first when the request ends.
func (s *Messenger) TellVoter(ctx context.Context, r approvals.Request, user string, why approvals.Eligibility) error {
	_, err := s.api.PostEphemeralContext(ctx, r.Channel, user, slack.MsgOptionText(ExplainVoteIgnored(r, why), false))
	return asRefusal(s.finishCall(approvals.JobTellVoter, "chat.postEphemeral", err), unreachableAnswers...)
}

// unreachable are the answers when a private notice cannot reach its reader.
var unreachableAnswers = []string{"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived", "messages_tab_disabled"}

// Notify tells the requester privately where the request stands: by the
// response_url of what they typed while there is one, and as a direct message
// otherwise. They may be gone by then, and of what Slack shows in a channel to
// one person alone nothing is left for when they are back: that is done only
// where Slack refuses the direct message.
func (s *Messenger) TellRequester(ctx context.Context, r approvals.Request, said approvals.Job) error {
	text := s.words.PrivateNotice(r, said)
	if text == "" || s.Respond(ctx, s.receipts.Take(r.ID, time.Now()), r.Requester, text) {
		return nil
	}
	return tryBothWays(s.directWay(ctx, r.Requester, text), s.ephemeralWay(ctx, r.OriginChannel, r.Requester, text))
}

// whisper tells one person something: by the response_url of what they typed
// if there is one, and like tell otherwise.
func (s *Messenger) whisper(ctx context.Context, url, channel, user, text string) error {
	if s.Respond(ctx, url, user, text) {
		return nil
	}
	return s.tell(ctx, channel, user, text)
}

// respond answers by a response_url, and reports whether Slack took it.
func (s *Messenger) Respond(ctx context.Context, url, user, text string) bool {
	if url == "" {
		return false
	}
	err := slack.PostWebhookCustomHTTPContext(ctx, url, s.http, &slack.WebhookMessage{Text: text, ResponseType: slack.ResponseTypeEphemeral})
	if err != nil {
		s.log.Warn().Str("user", user).Err(dropURL(err)).Msg("the response_url did not take the answer; trying another way")
	}
	return err == nil
}

// Whisper is tell at Slack's pace.
func (s *Messenger) Whisper(ctx context.Context, channel, user, text string) error {
	if err := s.AwaitPace(ctx, approvals.JobTellRequester); err != nil {
		return err
	}
	return s.tell(ctx, channel, user, text)
}

// tell tells a person something that only they see, who waits for it: in the
// channel where they asked if Slack lets the bot speak there, and as a direct
// message otherwise, or if channel is empty.
func (s *Messenger) tell(ctx context.Context, channel, user, text string) error {
	return tryBothWays(s.ephemeralWay(ctx, channel, user, text), s.directWay(ctx, user, text))
}

// A way is one of those to reach a person; nil: there is none.
type way func() error

// direct is the bot's direct messages with a person.
func (s *Messenger) directWay(ctx context.Context, user, text string) way {
	return func() error {
		_, _, err := s.api.PostMessageContext(ctx, user, slack.MsgOptionText(text, false))
		return asRefusal(s.finishCall(approvals.JobTellRequester, "chat.postMessage", err), unreachableAnswers...)
	}
}

// besides is a channel, in which nobody else sees it.
func (s *Messenger) ephemeralWay(ctx context.Context, channel, user, text string) way {
	if channel == "" {
		return nil
	}
	return func() error {
		_, err := s.api.PostEphemeralContext(ctx, channel, user, slack.MsgOptionText(text, false))
		return asRefusal(s.finishCall(approvals.JobTellRequester, "chat.postEphemeral", err), unreachableAnswers...)
	}
}

// either goes the first way, and the second where Slack says no to the first.
// It is refused only where both are.
func tryBothWays(first, second way) error {
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
	var refusal *approvals.RefusedError
	if again := second(); !errors.As(again, &refusal) {
		return again
	}
	return err
}

// answered reports whether err is Slack's answer by one of these names.
func isAnswer(err error, names ...string) bool {
	var answer slack.SlackErrorResponse
	if !errors.As(err, &answer) {
		return false
	}
	for _, name := range names {
		if answer.Err == name {
			return true
		}
	}
	return false
}
