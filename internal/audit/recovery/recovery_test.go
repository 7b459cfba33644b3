package recovery

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
)

var posted = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// A told is a card with its replies, as a bot posts them minute by minute.
type told struct {
	card    slackapi.Said
	replies []slackapi.Said
}

func tell(r approvals.Request, jobs ...approvals.Job) told {
	at := func(minutes int) string {
		return approvals.TimestampAt(posted.Add(time.Duration(minutes) * time.Minute))
	}
	card := r
	card.State = approvals.Pending
	t := told{card: slackapi.Said{TS: at(0), Metadata: message.RenderMetadata(card, approvals.Job{Kind: approvals.JobPostCard})}}
	for i, job := range jobs {
		t.replies = append(t.replies, slackapi.Said{TS: at(i + 1), Metadata: message.RenderMetadata(r, job)})
	}
	return t
}

func request(state approvals.State, changes ...func(*approvals.Request)) approvals.Request {
	r := approvals.Request{
		ID: "R-AAAAAAAA", State: state, Requester: "U0ROBIN", Ask: approvals.Ask{Reason: "month's end"},
		Proposal: &approvals.Proposal{
			Group: approvals.Group{ID: "group-01"}, Change: approvals.Change{Add: []string{"IDU"}, Keep: []string{"ATTUNU"}},
		},
		Votes: []approvals.Vote{{User: "U0ALEX"}}, Outcome: &approvals.Outcome{Allocation: []string{"ATTUNU", "IDU"}},
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

func until(d time.Duration) func(*approvals.Request) {
	return func(r *approvals.Request) { r.Grant = &approvals.Grant{Codes: []string{"IDU"}, Until: posted.Add(d)} }
}

func revoked(allocation ...string) func(*approvals.Request) {
	return func(r *approvals.Request) {
		r.Grant.Revocation = &approvals.Revocation{
			Removed: []string{"IDU"}, Allocation: allocation, Uncertain: len(allocation) == 0,
		}
	}
}

// TestStandings has each way in which a request can stand an hour after its card.
func TestStandings(t *testing.T) {
	t.Parallel()
	outcome, ended := approvals.Job{Kind: approvals.JobPostOutcome}, approvals.Job{Kind: approvals.JobPostRevocation, Number: 1}
	delay, lost := approvals.Job{Kind: approvals.JobPostDelay}, approvals.Job{Kind: approvals.JobPostConsentLost, Number: 1}
	effect, reminder := approvals.Job{Kind: approvals.JobPostEffect}, approvals.Job{Kind: approvals.JobRemind, Number: 1}
	inEffect := func(r *approvals.Request) { r.EffectFound = true }
	anonymous := tell(request(approvals.Pending))
	anonymous.card.Metadata = slack.SlackMetadata{EventType: approvals.CardEventType}
	for name, c := range map[string]struct {
		told told
		want Standing
		says string
	}{
		"a card":                 {tell(request(approvals.Pending)), Pending, "add IDU to the group group-01, asked by U0ROBIN on 2026-01-05 09:00 UTC"},
		"reminded":               {tell(request(approvals.Pending), reminder), Pending, "R-AAAAAAAA"},
		"done":                   {tell(request(approvals.Done), outcome), Done, "done on 2026-01-05 09:01 UTC; approved by U0ALEX"},
		"done for a time":        {tell(request(approvals.Done, until(2*time.Hour)), outcome), Granted, "granted until 2026-01-05 11:00 UTC"},
		"its time is over":       {tell(request(approvals.Done, until(time.Minute)), outcome), Unknown, "does not tell its end"},
		"ended":                  {tell(request(approvals.Done, until(time.Minute), revoked("ATTUNU")), outcome, ended), Ended, "ended on 2026-01-05 09:02 UTC"},
		"ended, not confirmed":   {tell(request(approvals.Done, until(time.Minute), revoked()), outcome, ended), Unknown, "not confirmed"},
		"denied":                 {tell(request(approvals.Denied), outcome), Closed, "denied on"},
		"failed":                 {tell(request(approvals.Failed), outcome), Closed, "failed on"},
		"failed, and in effect":  {tell(request(approvals.Failed, inEffect), outcome, effect), Done, "failed on"},
		"in effect for a time":   {tell(request(approvals.Failed, inEffect, until(2*time.Hour)), outcome, effect), Granted, "granted until"},
		"held up":                {tell(request(approvals.Approved), delay), Unknown, "it was approved"},
		"held up, and lost":      {tell(request(approvals.Approved), delay, lost), Pending, ""},
		"a card without request": {anonymous, Unknown, "(unknown)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEntry(c.told.card, c.told.replies, posted.Add(time.Hour))
			if text := e.String(); e.Standing != c.want || !strings.Contains(text, c.says) || !strings.HasPrefix(text, string(c.want)) {
				t.Errorf("%s, want %s with %q: %s", e.Standing, c.want, c.says, text)
			}
		})
	}
}

// TestCutCodesAreOnTheCard has more codes than metadata has room for.
func TestCutCodesAreOnTheCard(t *testing.T) {
	t.Parallel()
	many := tell(request(approvals.Pending, func(r *approvals.Request) {
		for i := range 99 {
			r.Proposal.Change.Add = append(r.Proposal.Change.Add, fmt.Sprintf("LICENSE%03dCODE", i))
		}
	}))
	if e := newEntry(many.card, nil, posted); !e.Cut || !strings.Contains(e.String(), "the card has all codes") {
		t.Errorf("%+v", e)
	}
}
