package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/internal/fakeslack"
	"licensebot/internal/store"
)

// A clockedWorld is a world with a bot in this process. The test can put its clock
// forward while the bot is down.
type clockedWorld struct {
	*world
	ahead   atomic.Int64 // of the real time
	log     bottest.Log
	stop    func()
	channel string // as the operator set it; empty: the usual one
}

func (s *clockedWorld) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

func newClockedWorld(w *world) *clockedWorld { return &clockedWorld{world: w, stop: func() {}} }

// restartAfter stops the bot, lets time pass, and starts the bot again.
func (s *clockedWorld) restartAfter(d time.Duration) {
	s.t.Helper()
	s.stop()
	s.ahead.Add(int64(d))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	cfg := benchConfig(s.env["LICENSEBOT_DATABASE_URL"], s.slack, s.uipath)
	cfg.Channel = cmp.Or(s.channel, cfg.Channel)
	go func() { ended <- Serve(ctx, cfg, Tuning{Rates: unpaced, Now: s.now}, zerolog.New(&s.log)) }()
	s.stop = func() {
		s.stop = func() {}
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	}
	s.t.Cleanup(func() { s.stop() })
	s.awaitCondition("licensebot to connect", func() bool { return s.slack.Connections() > 0 })
}

// fileRequest files a request as the command does.
func (s *clockedWorld) fileRequest(ask approvals.Ask) approvals.Request {
	s.t.Helper()
	db, err := store.Open(context.Background(), s.env["LICENSEBOT_DATABASE_URL"], store.Options{Now: s.now})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	r, _, err := db.FileRequest(context.Background(), approvals.Request{
		ID: approvals.NewID(), EnvelopeID: approvals.NewID(), Requester: requester, OriginChannel: anyChannel, Channel: approvalsChannel,
		Target: targetOf(s.uipath), Ask: ask, Terms: benchTerms,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// threadEvents lists the event types of all replies on the first card.
func (s *clockedWorld) threadEvents() []string {
	var types []string
	if cards := s.listCards(); len(cards) > 0 {
		for _, reply := range s.slack.Thread(approvalsChannel, cards[0].TS) {
			types = append(types, reply.Metadata.EventType)
		}
	}
	return types
}

// awaitReply waits for the first reply with an event type.
func (s *clockedWorld) awaitReply(eventType string) fakeslack.Message {
	s.t.Helper()
	s.awaitCondition(eventType, func() bool { return slices.Contains(s.threadEvents(), eventType) })
	return s.listReplies(eventType)[0]
}

func (s *clockedWorld) wantPhrasesIn(reply fakeslack.Message, parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if !strings.Contains(reply.Text, part) {
			s.t.Errorf("%s does not say %q: %s", reply.Metadata.EventType, part, reply.Text)
		}
	}
}

// TestAGrantForTwoHours asks for a code for two hours. The requester is warned
// before the end, and at the end the bot takes out that code alone.
func TestAGrantForTwoHours(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if database == "postgres" {
				w.usePostgres()
			}
			s := newClockedWorld(w)
			r := s.fileRequest(approvals.Ask{Group: groupID, Codes: []string{"IDU", "ATTUNU"}, For: 2 * time.Hour})
			s.restartAfter(0)
			s.wantPhrasesIn(s.awaitCard(), "Granted for: 2 hours")
			s.reactToCard(approver, "white_check_mark")
			s.wantPhrasesIn(s.awaitReply("allocation_done"), "<@"+requester+">", "Granted until ", "/allocate end "+r.ID)
			s.awaitCondition("the card to say until when", func() bool { return strings.Contains(s.awaitCard().Text, "Granted until") })
			s.wantAllocation(1, "ATTUNU", "IDU")

			s.restartAfter(65 * time.Minute)
			s.wantPhrasesIn(s.awaitReply("allocation_ending"), "<@"+requester+">", "/allocate group-01 IDU for 2h", "/allocate end "+r.ID)
			s.wantAllocation(1, "ATTUNU", "IDU")

			s.restartAfter(3 * time.Hour)
			s.wantPhrasesIn(s.awaitReply("allocation_ended"), "<@"+requester+">", "UiPath confirmed that `IDU` was removed", "The group now has `ATTUNU`")
			s.awaitCondition("the card to show the end", func() bool { return strings.Contains(s.awaitCard().Text, "*Ended*") })
			s.awaitNoJobs()
			s.wantAllocation(2, "ATTUNU")
			if got, want := s.threadEvents(), []string{"allocation_done", "allocation_ending", "allocation_ended"}; !slices.Equal(got, want) {
				t.Errorf("the thread has %v, want %v", got, want)
			}
		})
	}
}

// TestApproversAreReminded lets a request wait over a Monday morning.
func TestApproversAreReminded(t *testing.T) {
	t.Parallel()
	s := newClockedWorld(newWorld(t))
	s.slack.UpdateUser(approver, func(u *fakeslack.User) { u.TZOffset = -2 * 3600 })
	today := time.Now().UTC()
	monday := time.Date(today.Year(), today.Month(), today.Day()+8-int(today.Weekday()), 7, 0, 0, 0, time.UTC)
	s.restartAfter(monday.Sub(today)) // 05:00 where the approver is
	s.typeRequest("group-01 IDU")
	s.awaitCard()
	s.restartAfter(2*time.Hour + time.Minute) // 07:01 there: a reminder is due, but it is night
	s.awaitReminderDelayed()
	s.restartAfter(time.Hour)
	s.wantPhrasesIn(s.awaitReply("allocation_reminder"), "<@"+approver+">", "0 of 1 approval needed")
	s.reactToCard(approver, "white_check_mark")
	s.awaitReply("allocation_done")
	if got, want := s.threadEvents(), []string{"allocation_reminder", "allocation_done"}; !slices.Equal(got, want) {
		t.Errorf("the thread has %v, want %v", got, want)
	}
}

// awaitReminderDelayed waits until a worker looked at a reminder and put it off.
func (s *clockedWorld) awaitReminderDelayed() {
	s.t.Helper()
	s.awaitJobs("a reminder to be put off", `kind = 'remind' AND attempt = 1 AND leased = 0`, 1)
}
