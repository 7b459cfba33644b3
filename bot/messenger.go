package bot

import (
	"context"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
)

// A Messenger posts what jobs say about requests. Each method is one effect and
// attempts it once. Errors are those of package approvals, or have an unknown
// effect.
type Messenger struct {
	posts        *slackapi.Messenger
	phrases      message.Phrases
	responseURLs *slackapi.ResponseURLs
}

// AwaitPace waits until Slack's limits allow one more call of this pace.
func (m *Messenger) AwaitPace(ctx context.Context, pace approvals.Pace) error {
	return m.posts.AwaitPace(ctx, pace)
}

// TakePace reports whether one more call of this pace fits Slack's limits now, and counts it.
func (m *Messenger) TakePace(pace approvals.Pace) bool { return m.posts.TakePace(pace) }

// PostCard posts the card and returns its timestamp.
func (m *Messenger) PostCard(ctx context.Context, r approvals.Request) (ts string, err error) {
	return m.posts.PostMessage(ctx, m.renderCard(r, approvals.JobPostCard))
}

// UpdateCard brings the card's status up to date.
func (m *Messenger) UpdateCard(ctx context.Context, r approvals.Request) error {
	return m.posts.UpdateMessage(ctx, r.CardTS, m.renderCard(r, approvals.JobUpdateCard))
}

// CheckPostable is an error while the bot cannot post in a channel.
func (m *Messenger) CheckPostable(ctx context.Context, channel string) error {
	return m.posts.CheckPostable(ctx, channel)
}

func (m *Messenger) renderCard(r approvals.Request, kind approvals.JobKind) slackapi.Post {
	card := m.phrases.RenderCard(r)
	return slackapi.Post{
		Channel: r.Channel, Text: card.Text, Blocks: card.Blocks,
		Metadata: message.RenderMetadata(r, approvals.Job{Kind: kind}),
	}
}

// PostInThread posts in the card's thread what a job says.
func (m *Messenger) PostInThread(ctx context.Context, r approvals.Request, job approvals.Job) (ts string, err error) {
	return m.posts.PostReply(ctx, slackapi.Post{
		Channel: r.Channel, ThreadTS: r.CardTS,
		Text: m.phrases.ThreadReply(r, job), Blocks: m.phrases.ReplyBlocks(r, job),
		Metadata: message.RenderMetadata(r, job),
	})
}

// FindPost looks for the message that the last attempt of a job posted, so long ago, or one
// shortly before: the posts of older attempts were looked for already. Of several it finds
// the oldest.
func (m *Messenger) FindPost(
	ctx context.Context, r approvals.Request, job approvals.LeasedJob, age time.Duration,
) (ts string, found bool, err error) {
	search := slackapi.Search{
		Channel: r.Channel, ThreadTS: r.CardTS, Age: age,
		Matches: func(m slack.SlackMetadata) bool { return message.MatchesMetadata(m, r, job.Job) },
	}
	if job.Kind == approvals.JobPostCard {
		search.ThreadTS = ""
	}
	posts, err := m.posts.FindPosts(ctx, search)
	if err != nil || len(posts) == 0 {
		return "", false, err
	}
	return posts[0].TS, true, nil
}

// ListPosts lists the messages about a request, in the channel and in the card's
// thread. None is older than age.
func (m *Messenger) ListPosts(
	ctx context.Context, r approvals.Request, age time.Duration,
) ([]approvals.Post, error) {
	search := slackapi.Search{
		Channel: r.Channel, Age: age,
		Matches: func(m slack.SlackMetadata) bool { return message.RequestIDOf(m) == r.ID },
	}
	found, err := m.posts.FindPosts(ctx, search)
	if err != nil {
		return nil, err
	}
	posts := postsOf(found, true)
	if r.CardTS != "" {
		search.ThreadTS = r.CardTS
		replies, err := m.posts.FindPosts(ctx, search)
		if err != nil && !approvals.IsRefused(err) { // refused: the thread is gone
			return nil, err
		}
		for _, reply := range postsOf(replies, false) {
			if reply.TS != r.CardTS { // Slack shows the card in its thread as well
				posts = append(posts, reply)
			}
		}
	}
	return posts, nil
}

func postsOf(found []slackapi.Found, inChannel bool) []approvals.Post {
	var posts []approvals.Post
	for _, f := range found {
		posts = append(posts, approvals.Post{
			TS: f.TS, EventType: f.Metadata.EventType, Number: message.NumberOf(f.Metadata), InChannel: inChannel,
		})
	}
	return posts
}

// ReadCards reads the bot's cards in a channel down to oldest, the newest first, as many
// as one call shows.
func (m *Messenger) ReadCards(
	ctx context.Context, channel, oldest, cursor string,
) (cards []approvals.ToldCard, next string, err error) {
	page, next, err := m.posts.ReadPosts(ctx, channel, oldest, cursor)
	for _, found := range page {
		if found.Metadata.EventType == approvals.CardEventType {
			told := message.ReadMetadata(found.TS, found.Metadata)
			cards = append(cards, approvals.ToldCard{Told: told, LatestReply: found.LatestReply})
		}
	}
	return cards, next, err
}

// ReadThread reads what the bot said in a card's thread, the oldest first.
func (m *Messenger) ReadThread(ctx context.Context, channel, ts string) ([]approvals.Told, error) {
	found, err := m.posts.FindPosts(ctx, slackapi.Search{
		Channel: channel, ThreadTS: ts, Matches: func(slack.SlackMetadata) bool { return true },
	})
	var thread []approvals.Told
	for _, f := range found {
		thread = append(thread, message.ReadMetadata(f.TS, f.Metadata))
	}
	return thread, err
}

// RemoveDouble deletes a message that has to go. If Slack refuses that, the message says why
// it counts for nothing.
func (m *Messenger) RemoveDouble(ctx context.Context, r approvals.Request, d approvals.Double) error {
	text := message.DescribeDouble(r, d.Why, m.posts.MessageLink(r.Channel, d.Kept))
	return m.posts.RemoveMessage(ctx, d.TS, slackapi.Post{
		Channel: r.Channel, Text: text, Blocks: message.PlainBlocks(text),
		Metadata: message.RenderMetadata(r, approvals.Job{Kind: approvals.JobRemoveDoubles}),
	})
}

// AddReactions puts the two emoji on the card, so that a vote is one tap.
func (m *Messenger) AddReactions(ctx context.Context, r approvals.Request) error {
	emoji := r.Terms.Emoji
	return m.posts.AddReactions(ctx, r.Channel, r.CardTS, emoji.Approve[0], emoji.Deny[0])
}

// TellVoter tells a person privately that their vote counts, or why it does not. A person who
// reacted without being in the channel is told in a direct message.
func (m *Messenger) TellVoter(ctx context.Context, r approvals.Request, user string, why approvals.Eligibility) error {
	return m.posts.TellWaiting(ctx, r.Channel, user, m.phrases.TellVoter(r, why))
}

// TellRequester tells the requester privately what a job says: by the
// response_url of their command while Slack takes it, otherwise as a direct
// message. A private text in a channel is the last resort, because Slack does not
// keep it until the requester is back.
func (m *Messenger) TellRequester(ctx context.Context, r approvals.Request, job approvals.Job) error {
	text := m.phrases.PrivateNotice(r, job)
	blocks := m.phrases.NoticeBlocks(r, text)
	if text == "" || m.posts.Respond(ctx, m.responseURLs.Take(r.ID, time.Now()), r.Requester, text, blocks...) {
		return nil
	}
	return m.posts.TellLasting(ctx, r.OriginChannel, r.Requester, text, blocks...)
}

// PostOutsideChange posts about a change of an allocation outside of the bot.
func (m *Messenger) PostOutsideChange(ctx context.Context, c approvals.UntoldChange) (ts string, err error) {
	return m.posts.PostMessage(ctx, slackapi.Post{
		Channel: c.Channel, Text: m.phrases.DescribeOutsideChange(c.OutsideChange),
		Blocks: m.phrases.OutsideBlocks(c), Metadata: message.OutsideMetadata(c.OutsideChange),
	})
}

// FindOutsideChange looks for the message that an earlier attempt posted, so long ago.
func (m *Messenger) FindOutsideChange(
	ctx context.Context, c approvals.UntoldChange, age time.Duration,
) (ts string, found bool, err error) {
	posts, err := m.posts.FindPosts(ctx, slackapi.Search{
		Channel: c.Channel, Age: age,
		Matches: func(meta slack.SlackMetadata) bool { return message.IsAboutChange(meta, c.ID) },
	})
	if err != nil || len(posts) == 0 {
		return "", false, err
	}
	return posts[0].TS, true, nil
}
