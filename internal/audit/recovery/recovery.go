// Package recovery lists from the approvals channel alone what became of each request, for the
// time after the database was lost.
//
// The channel is read page by page, the newest card first:
//
//	list := recovery.List{Slack: archive, Channel: channel, Now: time.Now, Each: print}
//	summary, err := list.Run(ctx)
package recovery

import (
	"context"
	"fmt"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
)

// A Standing is what became of a request, as far as the channel tells.
type Standing string

// The standings.
const (
	Pending Standing = "pending" // it waits for approvers
	Done    Standing = "done"    // its change was made for good
	Granted Standing = "granted" // its change was made for a time, which is not over
	Ended   Standing = "ended"   // the end of its grant took its codes out
	Closed  Standing = "closed"  // it closed without a change
	Unknown Standing = "unknown" // UiPath has to be looked at
)

// Standings lists all standings, those first that need a person.
func Standings() []Standing { return []Standing{Unknown, Pending, Granted, Done, Ended, Closed} }

// An Entry is what the channel tells of one request.
type Entry struct {
	Standing  Standing  `json:"standing"`
	Why       string    `json:"why,omitempty"` // of Unknown
	RequestID string    `json:"request_id"`
	PostedAt  time.Time `json:"posted_at"`
	Requester string    `json:"requester"`
	GroupID   string    `json:"group_id"`
	Action    string    `json:"action"`
	Codes     []string  `json:"codes"`
	Cut       bool      `json:"cut,omitempty"` // there was no room for all codes in the metadata; the card has them
	Reason    string    `json:"reason,omitempty"`
	State     string    `json:"state,omitempty"` // in which it closed
	ClosedAt  time.Time `json:"closed_at,omitzero"`
	By        string    `json:"by,omitempty"`
	Approvers []string  `json:"approvers,omitempty"`
	Until     time.Time `json:"until,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	Removed   []string  `json:"removed_at_end,omitempty"`
	Group     []string  `json:"group_had,omitempty"` // the group's codes, as the last reply tells
	Permalink string    `json:"permalink"`
}

// A List reads one channel.
type List struct {
	Slack    *slackapi.Archive
	Channel  string
	Since    time.Time // older cards are left out; zero: none are
	Now      func() time.Time
	Each     func(Entry) error // is given the requests, the newest first
	Progress func(line string) // is told how far the reading is
}

// A Summary is what the channel told.
type Summary struct {
	Counts map[Standing]int `json:"counts"`
	Head   string           `json:"journal_head,omitempty"` // the newest one that a message carries
	HeadAt time.Time        `json:"journal_head_at,omitzero"`
}

// Run lists the requests of the channel.
func (l *List) Run(ctx context.Context) (Summary, error) {
	summary := Summary{Counts: make(map[Standing]int)}
	oldest := ""
	if !l.Since.IsZero() {
		oldest = approvals.TimestampAt(l.Since)
	}
	read := 0
	for cursor := ""; ; {
		page, err := l.Slack.ReadPage(ctx, l.Channel, oldest, cursor)
		if err != nil {
			return summary, err
		}
		for _, said := range page.Said {
			if said.Metadata.EventType != approvals.CardEventType {
				continue
			}
			if err := l.readCard(ctx, said, &summary); err != nil {
				return summary, err
			}
			if read++; l.Progress != nil {
				l.Progress(fmt.Sprintf("cards read: %d, back to %s", read, toldOf(said).At().Format(time.DateOnly)))
			}
		}
		if page.Next == "" {
			return summary, nil
		}
		cursor = page.Next
	}
}

// readCard reads one card with its thread.
func (l *List) readCard(ctx context.Context, card slackapi.Said, summary *Summary) error {
	var replies []slackapi.Said
	if card.LatestReply != "" {
		thread, err := l.Slack.ReadThread(ctx, l.Channel, card.TS)
		if err != nil {
			return err
		}
		for _, said := range thread {
			if said.TS != card.TS {
				replies = append(replies, said)
			}
		}
	}
	for _, reply := range replies {
		if head := message.JournalHeadOf(reply.Metadata); head != "" && toldOf(reply).At().After(summary.HeadAt) {
			summary.Head, summary.HeadAt = head, toldOf(reply).At()
		}
	}
	entry := newEntry(card, replies, l.Now())
	entry.Permalink = l.Slack.MessageLink(l.Channel, card.TS)
	summary.Counts[entry.Standing]++
	return l.Each(entry)
}

func toldOf(said slackapi.Said) approvals.Told { return message.ReadMetadata(said.TS, said.Metadata) }

// newEntry is what a card and its thread tell at a time.
func newEntry(card slackapi.Said, replies []slackapi.Said, now time.Time) Entry {
	told := toldOf(card)
	thread := make([]approvals.Told, len(replies))
	for i, reply := range replies {
		thread[i] = toldOf(reply)
	}
	end := approvals.Adopt(card.TS, thread)
	e := Entry{
		RequestID: told.RequestID, PostedAt: told.At(), Requester: told.Actor, GroupID: told.GroupID,
		Codes: told.Codes, Cut: told.Cut, State: string(end.State), By: end.By, Approvers: end.Approvers,
		Until: end.Until, Group: end.Allocation, ClosedAt: end.At,
	}
	e.Action, _ = card.Metadata.EventPayload["action"].(string)
	e.Reason, _ = card.Metadata.EventPayload["reason"].(string)
	if end.EffectFound {
		e.Codes = end.Found
	}
	if end.Revocation != nil {
		e.EndedAt, e.Removed, e.Group = end.Revocation.At, end.Revocation.Removed, end.Revocation.Allocation
	}
	e.Standing, e.Why = judge(told, thread, end, now)
	return e
}

// judge says how a request stands.
func judge(card approvals.Told, thread []approvals.Told, end approvals.Adopted, now time.Time) (Standing, string) {
	isInEffect := end.State == approvals.Done || end.EffectFound
	switch {
	case card.RequestID == "":
		return Unknown, "the card does not tell its request"
	case end.Revocation != nil && end.Revocation.Uncertain:
		return Unknown, "the end of the grant was not confirmed"
	case end.Revocation != nil:
		return Ended, ""
	case isInEffect && end.Until.IsZero():
		return Done, ""
	case isInEffect && now.Before(end.Until):
		return Granted, ""
	case isInEffect:
		return Unknown, "the time of the grant is over, and the thread does not tell its end"
	case end.State != "":
		return Closed, ""
	case wasApproved(thread):
		return Unknown, "it was approved, and the thread does not tell whether the change was made"
	}
	return Pending, ""
}

// wasApproved reports whether the last word of a thread is that an approved change is held up.
func wasApproved(thread []approvals.Told) bool {
	approved := false
	for _, told := range thread {
		switch told.EventType {
		case approvals.JobPostDelay.Spec().EventType, "allocation_" + string(approvals.Approved):
			approved = true
		case approvals.JobPostConsentLost.Spec().EventType:
			approved = false
		}
	}
	return approved
}

// String tells an entry in one line.
func (e Entry) String() string {
	const minute = "2006-01-02 15:04 UTC"
	text := fmt.Sprintf("%-8s %s  %s %s %s the group %s, asked by %s on %s", e.Standing, orUnknown(e.RequestID),
		e.Action, strings.Join(e.Codes, " "), approvals.Action(e.Action).Preposition(), orUnknown(e.GroupID),
		orUnknown(e.Requester), e.PostedAt.Format(minute))
	if e.Cut {
		text += "; the card has all codes"
	}
	if e.State != "" {
		text += fmt.Sprintf("; %s on %s", e.State, e.ClosedAt.Format(minute))
	}
	if len(e.Approvers) > 0 {
		text += "; approved by " + strings.Join(e.Approvers, " ")
	}
	if !e.Until.IsZero() {
		text += "; granted until " + e.Until.UTC().Format(minute)
	}
	if !e.EndedAt.IsZero() {
		text += "; ended on " + e.EndedAt.Format(minute)
	}
	if e.Why != "" {
		text += "; " + e.Why
	}
	return text + "; " + e.Permalink
}

func orUnknown(text string) string {
	if text == "" {
		return "(unknown)"
	}
	return text
}
