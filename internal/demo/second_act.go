package demo

import (
	"context"
	"fmt"
	"time"

	"licensebot/internal/fakeslack"
)

// playSecondAct plays a request that needs two votes and ends after thirty
// days.
func (s *stage) playSecondAct(ctx context.Context) error {
	s.printText("\n\nThe second act. For the group Audit Robots the policy wants two votes from Alex, Kim and Lee.\n" +
		"Robin asks for thirty days, which pass between two lines.\n")
	for _, scene := range []func(context.Context) error{
		s.askForThirtyDays, s.takeVoteBack, s.reachQuorum, s.denyRequest, s.passToWarning, s.passToEnd,
	} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return s.expectAllocation(auditGroupID, "after the grant ended", []string{"ATTUNU"})
}

func (s *stage) askForThirtyDays(ctx context.Context) error {
	s.printHeading("Robin asks for licenses that end after thirty days")
	if err := s.typeCommand(ctx, `"`+auditGroup+`" IDU for 30d because year-end audit`); err != nil {
		return err
	}
	return s.awaitCard(ctx, 2)
}

// takeVoteBack takes a vote back before the quorum.
func (s *stage) takeVoteBack(ctx context.Context) error {
	s.printHeading("Alex approves, and takes it back")
	if err := s.vote(ctx, approverID, "white_check_mark", "1 of 2"); err != nil {
		return err
	}
	if err := s.slack.Unreact(approverID, channelID, s.newestCard().TS, "white_check_mark"); err != nil {
		return err
	}
	s.printSpeech("Alex", "takes :white_check_mark: back")
	return s.awaitCardText(ctx, "0 of 2")
}

func (s *stage) reachQuorum(ctx context.Context) error {
	s.printHeading("Kim and Lee approve")
	if err := s.vote(ctx, auditorID, "white_check_mark", "1 of 2"); err != nil {
		return err
	}
	if err := s.vote(ctx, managerID, "white_check_mark", "*Done*"); err != nil {
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
	if err := s.waitUntil(ctx, "no third card appeared", func() bool { return s.hasCard(3) }); err != nil {
		return err
	}
	if err := s.vote(ctx, auditorID, "x", "*Denied*"); err != nil {
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
	s.printSpeech("the card's state", cardState(s.timedCard().Blocks))
	return nil
}

// vote makes a person react to the newest card, and waits until the card
// shows the effect.
func (s *stage) vote(ctx context.Context, user, emoji, want string) error {
	if err := s.reactToCard(user, emoji); err != nil {
		return err
	}
	return s.awaitCardText(ctx, want)
}

// timedCard is the card of the request for thirty days.
func (s *stage) timedCard() fakeslack.Message { return s.slack.Messages(channelID)[1] }
