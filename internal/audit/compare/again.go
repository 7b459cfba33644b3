package compare

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/internal/store"
)

// movePause is the wait before another look at a request that moves.
const movePause = 2 * time.Second

// lookAgain looks at suspects after a pause, and reports what still differs. Slack may show late
// what was posted.
func (c *Channels) lookAgain(ctx context.Context, channel string, suspects []suspect) error {
	if len(suspects) == 0 {
		return nil
	}
	c.progress("differences in the channel %s: %d; looking again", channel, len(suspects))
	if !c.Sleep(ctx, approvals.PostSettles) {
		return ctx.Err()
	}
	slices.SortFunc(suspects, func(a, b suspect) int { return strings.Compare(a.ts, b.ts) })
	for _, s := range suspects {
		s.channel = channel
		if err := c.settle(ctx, channel, s); err != nil {
			return err
		}
	}
	return nil
}

// settle looks at one suspect until nothing moves between two states of the database.
func (c *Channels) settle(ctx context.Context, channel string, s suspect) error {
	for range maxLooks {
		before, err := c.recall(ctx, s)
		if err != nil {
			return err
		}
		thread, err := c.Slack.ReadThread(ctx, channel, s.ts)
		if err != nil {
			return &slackError{err}
		}
		after, err := c.recall(ctx, s)
		if err != nil {
			return err
		}
		if before.isSame(after) {
			c.report(after.compare(s, thread))
			if s.wasRead {
				return nil
			}
			return c.checkHeads(ctx, thread)
		}
		if !c.Sleep(ctx, movePause) {
			return ctx.Err()
		}
	}
	c.summary.Unchecked = append(c.summary.Unchecked,
		fmt.Sprintf("request %s: it moves all the time; run verify again", s.request))
	return nil
}

// A memory is all that the database has about a suspect.
type memory struct {
	record
	change  approvals.UntoldChange
	known   bool
	foreign bool
}

// isSame reports whether nothing moved between two states.
func (m memory) isSame(other memory) bool {
	sameJobs := slices.EqualFunc(m.jobs, other.jobs, func(a, b approvals.Job) bool {
		return a.Kind == b.Kind && a.Key() == b.Key()
	})
	return sameJobs && m.last == other.last && m.known == other.known && m.change.TS == other.change.TS
}

// recall reads what the database has about a suspect.
func (c *Channels) recall(ctx context.Context, s suspect) (m memory, err error) {
	err = c.Open.read(ctx, func(db *store.Reader) (err error) {
		if id := s.changeID(); id != "" {
			m.change, err = db.OutsideChange(ctx, id)
			m.known = err == nil
			return ignoreNotFound(err)
		}
		m.request, err = db.Request(ctx, s.request)
		m.known = err == nil
		if err := ignoreNotFound(err); err != nil {
			return err
		}
		if m.jobs, err = db.OpenJobs(ctx, s.request); err != nil {
			return err
		}
		if m.replies, err = db.Replies(ctx, s.request); err != nil {
			return err
		}
		if m.last, err = db.JournalEnd(ctx, s.request); err != nil {
			return err
		}
		m.foreign, err = db.IsForeign(ctx, s.request)
		return err
	})
	return m, err
}

// changeID is the id of the change outside that a suspect is about, or says that it is.
func (s suspect) changeID() string {
	if s.stranger != nil && s.stranger.Metadata.EventType == message.OutsideEventType {
		id, _ := s.stranger.Metadata.EventPayload["change_id"].(string)
		return id
	}
	return s.change
}

func ignoreNotFound(err error) error {
	if errors.Is(err, approvals.ErrNotFound) {
		return nil
	}
	return err
}

// compare lists what differs between the database and the second look.
func (m memory) compare(s suspect, thread []slackapi.Said) []finding {
	shown := newSight(s.ts, thread)
	switch {
	case s.stranger == nil && m.known:
		return m.compareKnown(shown)
	case s.stranger == nil: // its rows were deleted since, as the chain shows
		return nil
	case shown.card == nil: // it was deleted since
		return nil
	case m.known && m.request.CardTS == s.ts && m.request.Channel != s.channel:
		return []finding{newFinding(byDatabase, "request %s: its card %s is in the channel %s, and the database has it in %s",
			s.request, s.ts, s.channel, m.request.Channel)}
	case m.known && (m.request.CardTS == s.ts || m.change.TS == s.ts):
		return m.compareKnown(shown)
	}
	return m.explainStranger(s)
}

// compareKnown compares what the database knows, maybe only since the first look.
func (m memory) compareKnown(shown sight) []finding {
	if m.change.ID != "" {
		return compareOutside(m.change, shown.card)
	}
	return compareThread(m.record, shown)
}

// explainStranger says what is wrong with a message that the database does not have.
func (m memory) explainStranger(s suspect) []finding {
	switch s.stranger.Metadata.EventType {
	case approvals.CardEventType:
		return m.explainCard(s)
	case message.OutsideEventType:
		if m.known && m.change.TS == "" {
			return nil // the bot is about to record that the message stands
		}
		return []finding{newFinding(byDatabase, "the change %s outside of the bot is in the channel, and not in the database",
			s.changeID())}
	}
	return []finding{newFinding(byToken, "the channel has the message %s, which is none that the bot posts there", s.ts)}
}

// explainCard says what is wrong with a card that the database does not have.
func (m memory) explainCard(s suspect) []finding {
	isAwaited := m.waits(approvals.JobPostCard, 0) || isMending(m.record) || slices.Contains(m.request.Doubles, s.ts)
	isOlderCopy := isFromChannel(m.request) && m.request.CardTS == "" // which did not have the card
	switch {
	case m.known && (isAwaited || isOlderCopy):
		return nil
	case m.known:
		return []finding{newFinding(byToken, "request %s: the channel has another card of it, %s", s.request, s.ts)}
	case m.foreign:
		return []finding{newFinding(byDatabase, "request %s is in the channel, and the database knows it from there alone",
			s.request)}
	}
	return []finding{newFinding(byDatabase, "request %s is in the channel, and not in the database", s.request)}
}
