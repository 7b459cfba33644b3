package slackapi

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"licensebot/approvals"
	"licensebot/internal/outside"
	"licensebot/internal/sleep"
)

// An Archive reads what the bot said, for an audit. It only reads, and it takes its time: the bot
// that runs needs the same limits of Slack.
type Archive struct {
	// PageSize is how many messages one call asks for.
	PageSize int
	// Sleep waits until ctx ends, and reports whether the whole time has passed.
	Sleep func(ctx context.Context, d time.Duration) bool

	api      *slack.Client
	identity Identity
	pace     *rate.Limiter
	people   *rate.Limiter
}

// ArchiveRate is how often an archive calls Slack. It is about half of the fifty calls a minute
// that Slack allows.
const ArchiveRate = rate.Limit(0.45)

// TimeToRead is how long an archive takes for so many threads.
func TimeToRead(threads int) time.Duration {
	return time.Duration(float64(threads) / float64(ArchiveRate) * float64(time.Second))
}

// archiveBurst lets an archive of a few threads be read at once.
const archiveBurst = 20

// NewArchive makes the archive of the bot with this identity.
func NewArchive(client *Client, identity Identity, calls rate.Limit) *Archive {
	return &Archive{
		PageSize: readPageSize, Sleep: sleep.For, api: client.api, identity: identity,
		pace: rate.NewLimiter(calls, archiveBurst), people: rate.NewLimiter(2*calls, archiveBurst),
	}
}

// A Said is a message of the bot.
type Said struct {
	TS       string
	Text     string
	Metadata slack.SlackMetadata
	Edited   bool

	Replies     int    // of anyone
	LatestReply string // its timestamp; empty: there are no replies
}

// A SaidPage is a part of a channel.
type SaidPage struct {
	Said []Said // the newest first
	// Reached is the timestamp of the oldest message of anyone in it. Empty: the page goes to
	// the beginning.
	Reached string
	Next    string // where to go on; empty at the end
}

// ReadPage reads what the bot said in a channel, outside threads, from the newest message down to
// oldest. The cursor is empty for the first page.
func (a *Archive) ReadPage(ctx context.Context, channel, oldest, cursor string) (page SaidPage, err error) {
	var h *slack.GetConversationHistoryResponse
	err = a.patiently(ctx, a.pace, "conversations.history", func() (err error) {
		h, err = a.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: channel, Oldest: oldest, Inclusive: true, Cursor: cursor, Limit: a.PageSize, IncludeAllMetadata: true,
		})
		return err
	})
	if err != nil {
		return SaidPage{}, err
	}
	page.Next = h.ResponseMetaData.NextCursor
	for _, m := range h.Messages {
		if page.Next != "" {
			page.Reached = m.Timestamp
		}
		if a.isSaid(m) {
			page.Said = append(page.Said, newSaid(m))
		}
	}
	return page, nil
}

// ReadThread reads what the bot said in the thread of a message, the message itself first. Of a
// message that is gone there may be replies.
func (a *Archive) ReadThread(ctx context.Context, channel, ts string) (said []Said, err error) {
	for cursor := ""; ; {
		var page []slack.Message
		var next string
		err := a.patiently(ctx, a.pace, "conversations.replies", func() (err error) {
			page, _, next, err = a.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
				ChannelID: channel, Timestamp: ts, Cursor: cursor, Limit: a.PageSize, IncludeAllMetadata: true,
			})
			return err
		})
		if isAnswer(err, "thread_not_found") {
			return said, nil
		}
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			if a.isSaid(m) {
				said = append(said, newSaid(m))
			}
		}
		if next == "" {
			return said, nil
		}
		cursor = next
	}
}

// isSaid leaves out what Slack says in the name of the bot, such as that it joined.
func (a *Archive) isSaid(m slack.Message) bool {
	return a.identity.isAuthor(m) && (m.SubType == "" || m.SubType == slack.MsgSubTypeBotMessage)
}

func newSaid(m slack.Message) Said {
	return Said{
		TS: m.Timestamp, Text: m.Text, Metadata: m.Metadata, Edited: m.Edited != nil,
		Replies: m.ReplyCount, LatestReply: m.LatestReply,
	}
}

// MessageLink is the address of a message.
func (a *Archive) MessageLink(channel, ts string) string { return a.identity.MessageLink(channel, ts) }

// FindName asks Slack for the name of a person; empty if Slack does not tell it.
func (a *Archive) FindName(ctx context.Context, user string) (name string, err error) {
	err = a.patiently(ctx, a.people, "users.info", func() error {
		info, err := a.api.GetUserInfoContext(ctx, user)
		if isAnswer(err, "user_not_found") || isAnswer(err, "user_not_visible") {
			return nil
		}
		if err == nil {
			name = nameOf(info)
		}
		return err
	})
	return name, err
}

// maxPersonName is the room for a name in a report.
const maxPersonName = 80

// nameOf is what people call a user.
func nameOf(u *slack.User) string {
	return outside.OneLine(cmp.Or(u.RealName, u.Profile.DisplayName, u.Name), maxPersonName)
}

// Bounds of a call's repetition.
const (
	archiveFailures = 3 // besides the pauses that Slack asks for
	archivePause    = 3 * time.Second
)

// patiently makes a call at a pace. It repeats the call while Slack asks for a pause,
// and a few times after another failure.
func (a *Archive) patiently(ctx context.Context, pace *rate.Limiter, method string, call func() error) error {
	for failures := 0; ; {
		if err := pace.Wait(ctx); err != nil {
			return err
		}
		err := call()
		if err == nil || isAnswer(err, "thread_not_found") {
			return err
		}
		err = ClassifyError(method, err)
		pause := archivePause
		delay, isDelay := errors.AsType[*approvals.DelayError](err)
		switch {
		case isDelay && delay.Closed, approvals.IsRefused(err):
			return err
		case isDelay && delay.After > 0:
			pause = delay.After
		default:
			failures++
		}
		if failures == archiveFailures || !a.Sleep(ctx, pause) {
			return err
		}
	}
}
