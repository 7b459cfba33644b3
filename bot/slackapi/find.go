package slackapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"
)

// Bounds of a search for an earlier post. The margin covers the difference
// between the store's clock and Slack's.
const (
	findMargin   = 10 * time.Minute
	findPageSize = 200
	findPages    = 25
)

var errTooMuchHistory = errors.New("too many messages since the first attempt to look through")

// A Search describes an earlier post of the bot.
type Search struct {
	Channel  string
	ThreadTS string    // empty for a message in the channel itself
	Since    time.Time // when the post was first attempted
	Matches  func(slack.SlackMetadata) bool
}

// FindPost looks for a message by the bot with matching metadata. The author
// decides, because others can post the same metadata.
func (m *Messenger) FindPost(ctx context.Context, s Search) (ts string, found bool, err error) {
	cursor := ""
	for range findPages {
		page, next, err := m.readPage(ctx, s, cursor)
		if err != nil {
			return "", false, err
		}
		for _, message := range page {
			if m.identity.isAuthor(message) && s.Matches(message.Metadata) {
				return message.Timestamp, true, nil
			}
		}
		if next == "" {
			return "", false, nil
		}
		cursor = next
	}
	return "", false, errTooMuchHistory
}

// readPage reads one page of the channel, or of the thread.
func (m *Messenger) readPage(
	ctx context.Context, s Search, cursor string,
) (page []slack.Message, next string, err error) {
	if s.ThreadTS == "" {
		h, err := m.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: s.Channel, Oldest: fmt.Sprintf("%d.000000", s.Since.Add(-findMargin).Unix()),
			Cursor: cursor, Limit: findPageSize, IncludeAllMetadata: true,
		})
		if err != nil {
			return nil, "", ClassifyError("conversations.history", err)
		}
		return h.Messages, h.ResponseMetaData.NextCursor, nil
	}
	page, _, next, err = m.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: s.Channel, Timestamp: s.ThreadTS, Cursor: cursor, Limit: findPageSize, IncludeAllMetadata: true,
	})
	return page, next, ClassifyError("conversations.replies", err)
}
