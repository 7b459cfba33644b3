package compare

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/internal/store"
)

// Channels compares the requests and the changes outside with the messages about them.
type Channels struct {
	Open     Open
	Slack    *slackapi.Archive
	Since    time.Time            // older messages are left out; zero: none are
	Quick    bool                 // threads are left out that have as many replies as the journal tells of
	Newest   int                  // the threads of so many newest cards are read all the same, for the heads in them
	Report   func(finding string) // is given one line for each difference
	Progress func(line string)    // is told how far the reading is
	Sleep    Sleep

	summary Summary
	cards   int // of the channel that is read
	seen    int // of these
	threads int // of the channel that were read
}

// A Summary is what was compared.
type Summary struct {
	Messages  int
	Unread    int // threads that were left out
	Findings  int
	Unchecked []string // what could not be compared, and why
}

// Run compares each channel in which the bot ever spoke.
func (c *Channels) Run(ctx context.Context) (Summary, error) {
	var channels []string
	err := c.Open.read(ctx, func(db *store.Reader) (err error) {
		channels, err = db.Channels(ctx)
		return err
	})
	if err != nil {
		return c.summary, err
	}
	for _, channel := range channels {
		err := c.compareChannel(ctx, channel)
		if ctx.Err() != nil {
			return c.summary, ctx.Err()
		}
		if refusal := (*slackError)(nil); errors.As(err, &refusal) {
			c.summary.Unchecked = append(c.summary.Unchecked, fmt.Sprintf("the channel %s: %s", channel, Explain(refusal.err)))
			continue
		}
		if err != nil {
			return c.summary, err
		}
	}
	return c.summary, nil
}

// A slackError is one of Slack, and not of the database.
type slackError struct{ err error }

func (e *slackError) Error() string { return e.err.Error() }

func (e *slackError) Unwrap() error { return e.err }

func (c *Channels) report(found []finding) {
	for _, f := range found {
		c.summary.Findings++
		c.Report(f.String())
	}
}

// A suspect is something with a difference. It is looked at again.
type suspect struct {
	channel  string
	ts       string
	request  string // the id of a request, or
	change   string // of a change outside
	stranger *slackapi.Said
	wasRead  bool // the first look read its thread
}

// oldest is the timestamp from which on messages are compared.
func (c *Channels) oldest() string {
	if c.Since.IsZero() {
		return ""
	}
	return approvals.TimestampAt(c.Since)
}

// compareChannel reads a channel page by page, and then looks again at what differs.
func (c *Channels) compareChannel(ctx context.Context, channel string) error {
	var suspects []suspect
	before, oldest := "", c.oldest()
	c.cards, c.seen, c.threads = 0, 0, 0
	err := c.Open.read(ctx, func(db *store.Reader) (err error) {
		c.cards, err = db.CountCards(ctx, channel, oldest)
		return err
	})
	if err != nil {
		return err
	}
	for cursor := ""; ; {
		page, err := c.Slack.ReadPage(ctx, channel, oldest, cursor)
		if err != nil {
			return &slackError{err}
		}
		from := oldest
		if page.Next != "" {
			from = max(page.Reached, oldest)
		}
		if page.Next == "" || page.Reached != "" { // else it is empty
			found, err := c.comparePage(ctx, pageOf{channel, from, before, page.Said})
			if err != nil {
				return err
			}
			suspects, before = append(suspects, found...), from
		}
		c.showProgress(channel)
		if page.Next == "" {
			return c.lookAgain(ctx, channel, suspects)
		}
		cursor = page.Next
	}
}

func (c *Channels) progress(format string, args ...any) {
	if c.Progress != nil {
		c.Progress(fmt.Sprintf(format, args...))
	}
}

// A pageOf is a part of a channel: from a timestamp to before another one, which may be empty.
type pageOf struct {
	channel, from, before string
	said                  []slackapi.Said
}

// comparePage compares a page with what the database has in the same part of the channel.
func (c *Channels) comparePage(ctx context.Context, page pageOf) ([]suspect, error) {
	shown := make(map[string]*slackapi.Said, len(page.said))
	for i := range page.said {
		shown[page.said[i].TS] = &page.said[i]
	}
	c.summary.Messages += len(page.said)
	known, suspects, err := c.readPage(ctx, page, shown)
	if err != nil {
		return nil, err
	}
	for _, rec := range known {
		card := shown[rec.request.CardTS]
		delete(shown, rec.request.CardTS)
		found, wasRead, err := c.compareRecord(ctx, page.channel, rec, card)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			suspects = append(suspects, suspect{ts: rec.request.CardTS, request: rec.request.ID, wasRead: wasRead})
		}
		c.seen++
		c.showProgress(page.channel)
	}
	for ts, said := range shown {
		if isStranger(*said) {
			suspects = append(suspects, suspect{ts: ts, request: message.RequestIDOf(said.Metadata), stranger: said})
		}
	}
	return suspects, nil
}

// compareRecord compares one request with its card and its thread.
func (c *Channels) compareRecord(
	ctx context.Context, channel string, rec record, card *slackapi.Said,
) (found []finding, wasRead bool, err error) {
	s := sight{card: card}
	switch {
	case card.LatestReply == "":
		return compareThread(rec, s), false, nil
	case c.Quick && c.threads >= c.Newest && rec.accountsFor(*card):
		c.summary.Unread++
		return compareCard(rec, card), false, nil
	}
	c.threads++
	thread, err := c.Slack.ReadThread(ctx, channel, card.TS)
	if err != nil {
		return nil, false, &slackError{err}
	}
	s.replies = newSight(card.TS, thread).replies
	c.summary.Messages += len(s.replies)
	return compareThread(rec, s), true, c.checkHeads(ctx, s.replies)
}

// showProgress tells how far the reading is, and for how long it goes on, as far as Slack's limits
// say that.
func (c *Channels) showProgress(channel string) {
	text := fmt.Sprintf("cards compared in the channel %s: %d of %d", channel, c.seen, c.cards)
	if left := c.cards - c.seen; left > 0 && !c.Quick {
		text += fmt.Sprintf("; about %s left", roundUp(slackapi.TimeToRead(left)))
	}
	c.progress("%s", text)
}

// roundUp is a time in whole minutes.
func roundUp(d time.Duration) string {
	if d <= time.Minute {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", int((d+time.Minute-1)/time.Minute))
}

// isStranger reports whether a message that no row names should have one.
func isStranger(said slackapi.Said) bool {
	event := said.Metadata.EventType
	return event != message.StatusEventType && event != approvals.DoubleEventType
}

// readPage reads what the database has in a part of a channel. What Slack does not show there is
// suspect.
func (c *Channels) readPage(
	ctx context.Context, page pageOf, shown map[string]*slackapi.Said,
) (known []record, suspects []suspect, err error) {
	err = c.Open.read(ctx, func(db *store.Reader) error {
		for r, err := range db.CardsBetween(ctx, page.channel, page.from, page.before) {
			if err != nil {
				return err
			}
			if shown[r.CardTS] != nil {
				known = append(known, record{request: r})
			} else if !isCardDeleted(r) {
				suspects = append(suspects, suspect{ts: r.CardTS, request: r.ID})
			}
		}
		for i := range known {
			if known[i].jobs, err = db.OpenJobs(ctx, known[i].request.ID); err != nil {
				return err
			}
			if known[i].replies, err = db.Replies(ctx, known[i].request.ID); err != nil {
				return err
			}
		}
		for change, err := range db.OutsideMessagesBetween(ctx, page.channel, page.from, page.before) {
			if err != nil {
				return err
			}
			if len(compareOutside(change, shown[change.TS])) > 0 {
				suspects = append(suspects, suspect{ts: change.TS, change: change.ID})
			}
			delete(shown, change.TS)
		}
		return nil
	})
	return known, suspects, err
}

// compareOutside compares the message about a change outside with the change.
func compareOutside(c approvals.UntoldChange, said *slackapi.Said) []finding {
	if said == nil {
		return []finding{newFinding(byDeletion, "change %s outside of the bot: its message %s is not in the channel %s",
			c.ID, c.TS, c.Channel)}
	}
	expected := message.OutsideMetadata(c.OutsideChange)
	var different []string
	for _, name := range []string{"change_id", "group_id", "added", "removed", "allocation", "since", "seen_at"} {
		if said.Metadata.EventPayload[name] != expected.EventPayload[name] {
			different = append(different, name)
		}
	}
	if len(different) == 0 && said.Metadata.EventType == message.OutsideEventType && !said.Edited {
		return nil
	}
	return []finding{newFinding(byToken, "change %s outside of the bot: its message %s was edited, or says otherwise "+
		"than the database in %s", c.ID, c.TS, strings.Join(different, ", "))}
}
