package main

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/internal/fakeslack"
	"licensebot/internal/store"
)

// A shifted is a world whose bot runs in this process, by a clock that the
// test puts forward while the bot is down.
type shifted struct {
	*world
	ahead atomic.Int64 // of the real time
	log   logBuffer
	stop  func()
}

func (s *shifted) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

func newShifted(w *world) *shifted { return &shifted{world: w, stop: func() {}} }

// later stops the bot, lets time pass, and starts it again.
func (s *shifted) later(d time.Duration) {
	s.t.Helper()
	s.stop()
	s.ahead.Add(int64(d))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	cfg := benchConfig(s.env["LICENSEBOT_DATABASE_URL"], s.slack, s.uipath)
	go func() { ended <- Serve(ctx, cfg, Tuning{Rates: unpaced, Now: s.now}, zerolog.New(&s.log)) }()
	s.stop = func() {
		s.stop = func() {}
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	}
	s.t.Cleanup(func() { s.stop() })
	s.await("licensebot to connect", func() bool { return s.slack.Connections() > 0 })
}

// file has a request filed as the command does it.
func (s *shifted) file(ask approvals.Ask) approvals.Request {
	s.t.Helper()
	db, err := store.Open(context.Background(), s.env["LICENSEBOT_DATABASE_URL"], store.Options{Now: s.now})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	r, _, err := db.FileRequest(context.Background(), approvals.Request{
		ID: approvals.NewID(), EnvelopeID: approvals.NewID(), Requester: requester, OriginChannel: anyChannel, Channel: approvalsChannel,
		Ask: ask, Terms: benchTerms,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// thread lists the event types of all replies on the first card.
func (s *shifted) thread() []string {
	var types []string
	if cards := s.cards(); len(cards) > 0 {
		for _, reply := range s.slack.Thread(approvalsChannel, cards[0].TS) {
			types = append(types, reply.Metadata.EventType)
		}
	}
	return types
}

// reply waits for the first reply of an event type.
func (s *shifted) reply(eventType string) fakeslack.Message {
	s.t.Helper()
	s.await(eventType, func() bool { return slices.Contains(s.thread(), eventType) })
	return s.replies(eventType)[0]
}

func (s *shifted) says(reply fakeslack.Message, parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if !strings.Contains(reply.Text, part) {
			s.t.Errorf("%s does not say %q: %s", reply.Metadata.EventType, part, reply.Text)
		}
	}
}

// TestAGrantForTwoHours asks for a code for two hours, is warned before they
// are over, and has the code taken out again, and nothing else.
func TestAGrantForTwoHours(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if database == "postgres" {
				w.sharing()
			}
			s := newShifted(w)
			r := s.file(approvals.Ask{Group: groupID, Codes: []string{"IDU", "ATTUNU"}, For: 2 * time.Hour})
			s.later(0)
			s.says(s.card(), "Granted for: 2 hours")
			s.react(approver, "white_check_mark")
			s.says(s.reply("allocation_done"), "<@"+requester+">", "It ends ", "/allocate end "+r.ID)
			s.await("the card to say until when", func() bool { return strings.Contains(s.card().Text, "Granted until") })
			s.expectRule(1, "ATTUNU", "IDU")

			s.later(65 * time.Minute)
			s.says(s.reply("allocation_ending"), "<@"+requester+">", "/allocate group-01 IDU for 2h", "/allocate end "+r.ID)
			s.expectRule(1, "ATTUNU", "IDU")

			s.later(3 * time.Hour)
			s.says(s.reply("allocation_ended"), "<@"+requester+">", "UiPath confirmed that `IDU` was removed", "The group now has `ATTUNU`")
			s.await("the card to show the end", func() bool { return strings.Contains(s.card().Text, "*Ended*") })
			s.awaitNothingOwed()
			s.expectRule(2, "ATTUNU")
			if got, want := s.thread(), []string{"allocation_done", "allocation_ending", "allocation_ended"}; !slices.Equal(got, want) {
				t.Errorf("the thread has %v, want %v", got, want)
			}
		})
	}
}

// TestApproversAreReminded lets a request wait over a Monday.
func TestApproversAreReminded(t *testing.T) {
	t.Parallel()
	s := newShifted(newWorld(t))
	s.slack.UpdateUser(approver, func(u *fakeslack.User) { u.TZOffset = -2 * 3600 })
	today := time.Now().UTC()
	monday := time.Date(today.Year(), today.Month(), today.Day()+8-int(today.Weekday()), 7, 0, 0, 0, time.UTC)
	s.later(monday.Sub(today)) // 05:00 where the approver is
	s.ask("group-01 IDU")
	s.card()
	s.later(2*time.Hour + time.Minute) // 07:01 there: a reminder is due, but it is night
	s.awaitPutOff()
	s.later(time.Hour)
	s.says(s.reply("allocation_reminder"), "<@"+approver+">", "0 of 1 approval needed")
	s.react(approver, "white_check_mark")
	s.reply("allocation_done")
	if got, want := s.thread(), []string{"allocation_reminder", "allocation_done"}; !slices.Equal(got, want) {
		t.Errorf("the thread has %v, want %v", got, want)
	}
}

// awaitPutOff waits until a reminder was looked at and put off.
func (s *shifted) awaitPutOff() {
	s.t.Helper()
	db := s.database()
	defer func() { _ = db.Close() }()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for guard := s.guard(); ; {
		var n int
		if err := db.QueryRow(`SELECT count(*) FROM jobs WHERE kind = 'remind' AND attempt = 1 AND leased = 0`).Scan(&n); err != nil {
			s.t.Fatal(err)
		}
		if n == 1 {
			return
		}
		select {
		case <-look.C:
		case <-guard.Done():
			s.t.Fatal("no reminder was put off")
		}
	}
}
