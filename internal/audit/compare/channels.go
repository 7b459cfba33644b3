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
	Report   func(finding string) // is given one line for each difference
	Progress func(line string)    // is told how far the reading is
	Sleep    Sleep

	summary Summary
}

// A Summary is what was compared.
type Summary struct {
	Messages  int
	Findings  int
	Unchecked []string // what could not be compared, and why
}

// Run compares each channel in which the bot ever spoke.
func (c *Channels) Run(ctx context.Context) (Summary, error) {
	var channels []string
	err := c.read(ctx, func(db *store.Reader) (err error) {
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

// read reads one state of the database. It is short, because the bot that runs has to wait for
// long ones.
func (c *Channels) read(ctx context.Context, work func(*store.Reader) error) error {
	db, err := c.Open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(work(db), db.Close())
}

func (c *Channels) report(found []finding) {
	for _, f := range found {
		c.summary.Findings++
		c.Report(f.String())
	}
}

// A suspect is something with a difference. It is looked at again.
type suspect struct {
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
		c.progress("%d messages of the channel %s compared", c.summary.Messages, channel)
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
		s := sight{card: shown[rec.request.CardTS]}
		delete(shown, rec.request.CardTS)
		if s.card.Replied {
			thread, err := c.Slack.ReadThread(ctx, page.channel, s.card.TS)
			if err != nil {
				return nil, &slackError{err}
			}
			s.replies = newSight(s.card.TS, thread).replies
			c.summary.Messages += len(s.replies)
			if err := c.checkHeads(ctx, s.replies); err != nil {
				return nil, err
			}
		}
		if len(compareThread(rec, s)) > 0 {
			suspects = append(suspects, suspect{ts: rec.request.CardTS, request: rec.request.ID, wasRead: s.card.Replied})
		}
		c.progress("%d messages of the channel %s compared", c.summary.Messages, page.channel)
	}
	for ts, said := range shown {
		if isStranger(*said) {
			suspects = append(suspects, suspect{ts: ts, request: message.RequestIDOf(said.Metadata), stranger: said})
		}
	}
	return suspects, nil
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
	err = c.read(ctx, func(db *store.Reader) error {
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
