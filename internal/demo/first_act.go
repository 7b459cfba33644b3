package demo

import (
	"context"
	"fmt"
	"strings"
)

// playFirstAct plays one request from the command to its outcome.
func (s *stage) playFirstAct(ctx context.Context) error {
	s.printText("licensebot is connected to both, as it would be to the real ones. Robin asks, Sam has no vote,\n" +
		"Alex approves. Nothing below is made up: each line is read back from the simulators.\n")
	if err := s.expectAllocation(groupID, "before", []string{"ATTUNU"}); err != nil {
		return err
	}
	for _, scene := range []func(context.Context) error{
		s.askForLicenses, s.showFirstCard, s.reactAsBystander, s.reactAsApprover, s.showWrite, s.showOutcome,
	} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return s.expectAllocation(groupID, "after", []string{"ATTUNU", "CTZDEVCU", "IDU", "RPADEVPRONU"})
}

func (s *stage) askForLicenses(ctx context.Context) error {
	s.printHeading("Robin types a command in #general")
	return s.typeCommand(ctx, "group-01 RPADEVPRONU IDU CTZDEVCU")
}

func (s *stage) showFirstCard(ctx context.Context) error { return s.awaitCard(ctx, 1) }

// reactAsBystander shows that a vote of a person who is not an approver
// changes nothing, and that the bot tells the person why.
func (s *stage) reactAsBystander(ctx context.Context) error {
	s.printHeading("Sam, who is not an approver, reacts")
	if err := s.reactToCard(bystanderID, "white_check_mark"); err != nil {
		return err
	}
	told := func() bool { return len(s.slack.Ephemerals(bystanderID)) > 0 }
	if err := s.waitUntil(ctx, "Sam was not told why the reaction does not count", told); err != nil {
		return err
	}
	for _, e := range s.slack.Ephemerals(bystanderID) {
		s.printSpeech("licensebot, only to Sam", e.Text)
	}
	if n := len(s.uipath.Writes()); n != 0 {
		return fmt.Errorf("the bot wrote to UiPath %d times without an approval", n)
	}
	return nil
}

func (s *stage) reactAsApprover(ctx context.Context) error {
	s.printHeading("Alex, the approver, reacts")
	if err := s.reactToCard(approverID, "white_check_mark"); err != nil {
		return err
	}
	written := func() bool { return len(s.uipath.Writes()) > 0 }
	return s.waitUntil(ctx, "the approval led to no change at UiPath", written)
}

func (s *stage) showWrite(context.Context) error {
	s.printHeading("What reached UiPath")
	for _, call := range s.uipath.Calls("PUT group") {
		s.printText("  %s %s\n  %s\n", call.Method, call.Path, call.Body)
		s.printText("  → %d %s\n", call.Status, strings.TrimSpace(call.Answer))
	}
	if n := len(s.uipath.Writes()); n != 1 {
		return fmt.Errorf("the bot wrote the allocation %d times instead of once", n)
	}
	return nil
}

func (s *stage) showOutcome(ctx context.Context) error {
	s.printHeading("The outcome in the card's thread")
	told := func() bool {
		card := s.newestCard()
		return len(s.slack.Thread(channelID, card.TS)) > 0 && card.Edited && strings.Contains(card.Text, "*Done*")
	}
	if err := s.waitUntil(ctx, "the thread and the card never told the outcome", told); err != nil {
		return err
	}
	replies := s.slack.Thread(channelID, s.newestCard().TS)
	for _, reply := range replies {
		s.printSpeech("licensebot", reply.Text)
	}
	if len(replies) != 1 {
		return fmt.Errorf("the thread has %d replies instead of one", len(replies))
	}
	s.printSpeech("the card's state", cardState(s.newestCard().Blocks))
	return nil
}
