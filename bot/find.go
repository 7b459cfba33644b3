package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// How far and how long a search for an earlier post goes. The margin covers
// the difference between the store's clock and Slack's.
const (
	findMargin = 10 * time.Minute
	findPage   = 200
	findPages  = 25
)

var errTooMuchHistory = errors.New("too many messages since the first attempt to look through")

// Find looks for the post of an earlier attempt: a message of this very bot
// whose metadata names the request and the kind of message. Anybody can post
// the same metadata, so the author decides.
func (s *Messenger) FindPost(ctx context.Context, r approvals.Request, said approvals.Job, since time.Time) (string, bool, error) {
	oldest := fmt.Sprintf("%d.000000", since.Add(-findMargin).Unix())
	cursor := ""
	for range findPages {
		page, next, err := s.readPage(ctx, r, said.Kind, oldest, cursor)
		if err != nil {
			return "", false, err
		}
		for _, m := range page {
			if s.self.isAuthor(m) && MatchesMetadata(m.Metadata, r, said) {
				return m.Timestamp, true, nil
			}
		}
		if next == "" {
			return "", false, nil
		}
		cursor = next
	}
	return "", false, errTooMuchHistory
}

// page reads one page of the channel for a card, or of the thread for a reply.
func (s *Messenger) readPage(ctx context.Context, r approvals.Request, kind approvals.JobKind, oldest, cursor string) ([]slack.Message, string, error) {
	if kind == approvals.JobPostCard {
		h, err := s.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: r.Channel, Oldest: oldest, Cursor: cursor, Limit: findPage, IncludeAllMetadata: true,
		})
		if err != nil {
			return nil, "", ClassifyError("conversations.history", err)
		}
		return h.Messages, h.ResponseMetaData.NextCursor, nil
	}
	messages, _, next, err := s.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: r.Channel, Timestamp: r.CardTS, Cursor: cursor, Limit: findPage, IncludeAllMetadata: true,
	})
	return messages, next, ClassifyError("conversations.replies", err)
}
