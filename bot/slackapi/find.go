package slackapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// Bounds of a search. The margin covers a clock that was put back meanwhile, and pauses
// between Slack's clock and its answers.
const (
	findMargin   = time.Hour
	findPageSize = 200 // of the first page: most searches end in it
	findPages    = 25
	readPageSize = 999
)

var errTooMuchHistory = errors.New("too many messages to look through")

// A Search describes posts of the bot.
type Search struct {
	Channel  string
	ThreadTS string // empty for messages in the channel itself
	Matches  func(slack.SlackMetadata) bool

	// Age is how long ago the oldest post may have been made; of a thread all are read. It is
	// an age and not a moment, because the clock of the bot may be off Slack's by any time.
	Age time.Duration
}

// A Found is a message of the bot.
type Found struct {
	TS          string
	Metadata    slack.SlackMetadata
	LatestReply string // the timestamp of the newest message in its thread; only of ReadPosts
}

// FindPosts lists the messages by the bot with matching metadata, the oldest first.
// The author decides, because others can post the same metadata. It reads the newest messages
// first, down to the age before the newest of them, whose timestamp is Slack's own.
func (m *Messenger) FindPosts(ctx context.Context, s Search) ([]Found, error) {
	var found []Found
	cursor, oldest := "", ""
	for range findPages {
		page, next, err := m.readPage(ctx, s, cursor)
		if err != nil {
			return nil, err
		}
		if oldest == "" {
			oldest = s.findOldest(page)
		}
		for _, message := range page {
			if m.identity.isAuthor(message) && s.Matches(message.Metadata) {
				found = append(found, Found{TS: message.Timestamp, Metadata: message.Metadata})
			}
		}
		if next == "" || s.ThreadTS == "" && hasOlder(page, oldest) {
			slices.SortFunc(found, func(a, b Found) int { return strings.Compare(a.TS, b.TS) })
			return found, nil
		}
		cursor = next
	}
	return nil, errTooMuchHistory
}

// ReadPosts reads the messages by the bot in a channel down to oldest, the newest first,
// as many as one call shows. next is where to go on; empty at the end.
func (m *Messenger) ReadPosts(
	ctx context.Context, channel, oldest, cursor string,
) (posts []Found, next string, err error) {
	page, err := m.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: oldest, Inclusive: true, Cursor: cursor, Limit: readPageSize, IncludeAllMetadata: true,
	})
	if err != nil {
		return nil, "", ClassifyError("conversations.history", err)
	}
	for _, message := range page.Messages {
		if m.identity.isAuthor(message) {
			posts = append(posts, Found{
				TS: message.Timestamp, Metadata: message.Metadata, LatestReply: message.LatestReply,
			})
		}
	}
	return posts, page.ResponseMetaData.NextCursor, nil
}

// ReadPost reads one message, in a channel or in a thread. shown is false if Slack does
// not show it. Of a message by another author it tells nothing.
func (m *Messenger) ReadPost(ctx context.Context, channel, ts string) (post Found, shown bool, err error) {
	if !m.lookups.Allow() {
		return Found{}, false, delayByLimit("conversations.replies", 0, errManyLookups)
	}
	page, _, _, err := m.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: channel, Timestamp: ts, Oldest: ts, Latest: ts, Inclusive: true, // besides, the thread's first message
		Limit: 2, IncludeAllMetadata: true,
	})
	if err != nil && !isAnswer(err, "thread_not_found") {
		return Found{}, false, ClassifyError("conversations.replies", err)
	}
	at := slices.IndexFunc(page, func(message slack.Message) bool { return message.Timestamp == ts })
	switch {
	case at < 0:
		return Found{}, false, nil
	case !m.identity.isAuthor(page[at]):
		return Found{}, true, nil
	}
	return Found{TS: ts, Metadata: page[at].Metadata}, true, nil
}

var errManyLookups = errors.New("many messages were looked up at once")

// readMessage reads one message in a channel, outside threads.
func readMessage(ctx context.Context, api *slack.Client, channel, ts string) (slack.Message, bool, error) {
	page, err := api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: ts, Latest: ts, Inclusive: true, Limit: 1, IncludeAllMetadata: true,
	})
	if err != nil {
		return slack.Message{}, false, ClassifyError("conversations.history", err)
	}
	for _, message := range page.Messages {
		if message.Timestamp == ts {
			return message, true, nil
		}
	}
	return slack.Message{}, false, nil
}

// findOldest is the timestamp where a search of the channel ends, by its first page. The
// newest message is at most as old as the moment of the search.
func (s Search) findOldest(page []slack.Message) string {
	if len(page) == 0 {
		return ""
	}
	newest, ok := approvals.ParseTimestamp(page[0].Timestamp)
	if !ok {
		return ""
	}
	return approvals.TimestampAt(newest.Add(-s.Age - findMargin))
}

// hasOlder reports whether a page, the newest message first, reaches what is too old.
func hasOlder(page []slack.Message, oldest string) bool {
	return oldest != "" && len(page) > 0 && page[len(page)-1].Timestamp < oldest
}

// readPage reads one page of the channel, or of the thread.
func (m *Messenger) readPage(
	ctx context.Context, s Search, cursor string,
) (page []slack.Message, next string, err error) {
	size := readPageSize
	if cursor == "" {
		size = findPageSize
	}
	if s.ThreadTS == "" {
		h, err := m.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: s.Channel, Cursor: cursor, Limit: size, IncludeAllMetadata: true,
		})
		if err != nil {
			return nil, "", ClassifyError("conversations.history", err)
		}
		return h.Messages, h.ResponseMetaData.NextCursor, nil
	}
	page, _, next, err = m.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: s.Channel, Timestamp: s.ThreadTS, Cursor: cursor, Limit: size, IncludeAllMetadata: true,
	})
	return page, next, ClassifyError("conversations.replies", err)
}
