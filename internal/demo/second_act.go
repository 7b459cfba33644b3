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

// playSecondAct plays what takes more than one vote, and more than a day.
func (s *stage) playSecondAct(ctx context.Context) error {
	s.printText("\n\nThe second act. The policy wants two of Alex, Kim and Lee to agree for the group Audit\n" +
		"Robots. Robin asks for thirty days, which pass between two lines.\n")
	for _, scene := range []func(context.Context) error{
		s.askForThirtyDays, s.takeVoteBack, s.reachQuorum, s.denyRequest, s.passToWarning, s.passToEnd,
	} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return s.expectAllocation(auditGroupID, "after it ended", []string{"ATTUNU"})
}

func (s *stage) askForThirtyDays(ctx context.Context) error {
	s.printHeading("Robin asks for licences that end by themselves")
	if err := s.typeCommand(ctx, `"`+auditGroup+`" IDU for 30d because year-end audit`); err != nil {
		return err
	}
	return s.awaitCard(ctx, 2)
}

// takeVoteBack is a vote that is taken back before the quorum.
func (s *stage) takeVoteBack(ctx context.Context) error {
	s.printHeading("Alex agrees, and takes it back")
	if err := s.reactAndWait(ctx, approverID, "white_check_mark", "1 of 2"); err != nil {
		return err
	}
	if err := s.slack.Unreact(approverID, channelID, s.newestCard().TS, "white_check_mark"); err != nil {
		return err
	}
	s.printSpeech("Alex", "takes :white_check_mark: back")
	return s.awaitCardText(ctx, "0 of 2")
}

func (s *stage) reachQuorum(ctx context.Context) error {
	s.printHeading("Kim and Lee agree")
	if err := s.reactAndWait(ctx, auditorID, "white_check_mark", "1 of 2"); err != nil {
		return err
	}
	if err := s.reactAndWait(ctx, managerID, "white_check_mark", "*Done*"); err != nil {
		return err
	}
	if err := s.awaitThreadReply(ctx, s.newestCard(), "allocation_done"); err != nil {
		return err
	}
	return s.expectAllocation(auditGroupID, "now", []string{"ATTUNU", "IDU"})
}

func (s *stage) denyRequest(ctx context.Context) error {
	s.printHeading("Robin asks for more, and Kim says no")
	if err := s.typeCommand(ctx, `"`+auditGroup+`" RPADEVPRONU`); err != nil {
		return err
	}
	seeded := func() bool { return len(s.slack.Messages(channelID)) == 3 && len(s.newestCard().Reactions) == 2 }
	if err := s.waitUntil(ctx, "no third card appeared", seeded); err != nil {
		return err
	}
	if err := s.reactAndWait(ctx, auditorID, "x", "*Denied*"); err != nil {
		return err
	}
	return s.awaitThreadReply(ctx, s.newestCard(), "allocation_denied")
}

func (s *stage) passToWarning(ctx context.Context) error {
	s.printHeading("Twenty-nine days later")
	s.clock.Jump(29*24*time.Hour + time.Minute)
	return s.awaitThreadReply(ctx, s.timedCard(), "allocation_ending")
}

func (s *stage) passToEnd(ctx context.Context) error {
	s.printHeading("On the thirtieth day")
	before := len(s.uipath.Writes())
	s.clock.Jump(24 * time.Hour)
	if err := s.awaitThreadReply(ctx, s.timedCard(), "allocation_ended"); err != nil {
		return err
	}
	if n := len(s.uipath.Writes()); n != before+1 {
		return fmt.Errorf("the end of the grant wrote %d times to UiPath instead of once", n-before)
	}
	s.printSpeech("the card's state", statusOf(s.timedCard().Blocks))
	return nil
}

// timedCard is the card of the request that is for a while.
func (s *stage) timedCard() fakeslack.Message { return s.slack.Messages(channelID)[1] }

// reactAndWait has somebody react on the newest card and waits until it shows that.
func (s *stage) reactAndWait(ctx context.Context, user, emoji, want string) error {
	if err := s.slack.React(user, channelID, s.newestCard().TS, emoji); err != nil {
		return err
	}
	s.printSpeech(s.names[user], "reacts with :"+emoji+":")
	return s.awaitCardText(ctx, want)
}

// awaitCardText waits until the newest card's state says something, and shows it.
func (s *stage) awaitCardText(ctx context.Context, want string) error {
	said := func() bool { return strings.Contains(s.newestCard().Text, want) }
	if err := s.waitUntil(ctx, "the card never said "+want, said); err != nil {
		return err
	}
	s.printSpeech("the card's state", statusOf(s.newestCard().Blocks))
	return nil
}

// awaitThreadReply waits for a reply of one kind in a card's thread, and shows it.
func (s *stage) awaitThreadReply(ctx context.Context, card fakeslack.Message, kind string) error {
	reply := func() (fakeslack.Message, bool) {
		thread := s.slack.Thread(channelID, card.TS)
		at := slices.IndexFunc(thread, func(m fakeslack.Message) bool { return m.Metadata != nil && m.Metadata.EventType == kind })
		if at < 0 {
			return fakeslack.Message{}, false
		}
		return thread[at], true
	}
	told := func() bool { _, there := reply(); return there }
	if err := s.waitUntil(ctx, "the thread never told "+kind, told); err != nil {
		return err
	}
	answer, _ := reply()
	s.printSpeech("licensebot, in the thread", answer.Text)
	return nil
}
