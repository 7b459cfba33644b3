package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
)

// The place of the second act.
const (
	auditGroupID = "group-02"
	auditGroup   = "Audit Robots"
)

// storyPolicy is the policy file of the story.
const storyPolicy = `version: 1
rules:
  - name: auditors
    groups: [` + auditGroup + `]
    approvers: [` + approverID + `, ` + auditorID + `, ` + managerID + `]
    quorum: 2
  - name: everybody else
    approvers: [` + approverID + `]
`

// secondAct plays what takes more than one vote, and more than a day.
func (s *stage) secondAct(ctx context.Context) error {
	s.tell("\n\nThe second act. The policy wants two of Alex, Kim and Lee to agree for the group Audit\n" +
		"Robots. Robin asks for thirty days, which pass between two lines.\n")
	for _, scene := range []func(context.Context) error{
		s.askForAWhile, s.changeOfMind, s.quorum, s.denial, s.dayBefore, s.ending,
	} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return s.ruleIs(auditGroupID, "after it ended", []string{"ATTUNU"})
}

func (s *stage) askForAWhile(ctx context.Context) error {
	s.heading("Robin asks for licences that end by themselves")
	if err := s.types(ctx, `"`+auditGroup+`" IDU for 30d because year-end audit`); err != nil {
		return err
	}
	return s.newCard(ctx, 2)
}

// changeOfMind is a vote that is taken back before the quorum.
func (s *stage) changeOfMind(ctx context.Context) error {
	s.heading("Alex agrees, and takes it back")
	if err := s.votes(ctx, approverID, "white_check_mark", "1 of 2"); err != nil {
		return err
	}
	if err := s.slack.Unreact(approverID, channelID, s.theCard().TS, "white_check_mark"); err != nil {
		return err
	}
	s.said("Alex", "takes :white_check_mark: back")
	return s.cardSays(ctx, "0 of 2")
}

func (s *stage) quorum(ctx context.Context) error {
	s.heading("Kim and Lee agree")
	if err := s.votes(ctx, auditorID, "white_check_mark", "1 of 2"); err != nil {
		return err
	}
	if err := s.votes(ctx, managerID, "white_check_mark", "*Done*"); err != nil {
		return err
	}
	if err := s.threadTells(ctx, s.theCard(), "allocation_done"); err != nil {
		return err
	}
	return s.ruleIs(auditGroupID, "now", []string{"ATTUNU", "IDU"})
}

func (s *stage) denial(ctx context.Context) error {
	s.heading("Robin asks for more, and Kim says no")
	if err := s.types(ctx, `"`+auditGroup+`" RPADEVPRONU`); err != nil {
		return err
	}
	seeded := func() bool { return len(s.slack.Messages(channelID)) == 3 && len(s.theCard().Reactions) == 2 }
	if err := s.until(ctx, "no third card appeared", seeded); err != nil {
		return err
	}
	if err := s.votes(ctx, auditorID, "x", "*Denied*"); err != nil {
		return err
	}
	return s.threadTells(ctx, s.theCard(), "allocation_denied")
}

func (s *stage) dayBefore(ctx context.Context) error {
	s.heading("Twenty-nine days later")
	s.clock.Jump(29*24*time.Hour + time.Minute)
	return s.threadTells(ctx, s.timedCard(), "allocation_ending")
}

func (s *stage) ending(ctx context.Context) error {
	s.heading("On the thirtieth day")
	before := len(s.uipath.Writes())
	s.clock.Jump(24 * time.Hour)
	if err := s.threadTells(ctx, s.timedCard(), "allocation_ended"); err != nil {
		return err
	}
	if n := len(s.uipath.Writes()); n != before+1 {
		return fmt.Errorf("the end of the grant wrote %d times to UiPath instead of once", n-before)
	}
	s.said("the card's state", statusOf(s.timedCard().Blocks))
	return nil
}

// timedCard is the card of the request that is for a while.
func (s *stage) timedCard() fakeslack.Message { return s.slack.Messages(channelID)[1] }

// votes has somebody react on the newest card and waits until it shows that.
func (s *stage) votes(ctx context.Context, user, emoji, want string) error {
	if err := s.slack.React(user, channelID, s.theCard().TS, emoji); err != nil {
		return err
	}
	s.said(s.names[user], "reacts with :"+emoji+":")
	return s.cardSays(ctx, want)
}

// cardSays waits until the newest card's state says something, and shows it.
func (s *stage) cardSays(ctx context.Context, want string) error {
	said := func() bool { return strings.Contains(s.theCard().Text, want) }
	if err := s.until(ctx, "the card never said "+want, said); err != nil {
		return err
	}
	s.said("the card's state", statusOf(s.theCard().Blocks))
	return nil
}

// threadTells waits for a reply of one kind in a card's thread, and shows it.
func (s *stage) threadTells(ctx context.Context, card fakeslack.Message, kind string) error {
	reply := func() (fakeslack.Message, bool) {
		thread := s.slack.Thread(channelID, card.TS)
		at := slices.IndexFunc(thread, func(m fakeslack.Message) bool { return m.Metadata != nil && m.Metadata.EventType == kind })
		if at < 0 {
			return fakeslack.Message{}, false
		}
		return thread[at], true
	}
	told := func() bool { _, there := reply(); return there }
	if err := s.until(ctx, "the thread never told "+kind, told); err != nil {
		return err
	}
	answer, _ := reply()
	s.said("licensebot, in the thread", answer.Text)
	return nil
}
