package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
)

// A Telling is how the story is told.
type Telling struct {
	Options
	// HasColors marks the headings. For terminals only.
	HasColors bool
	// Step is read up to the end of a line before each scene. Nil: the story does not wait.
	Step io.Reader
}

// Play tells a story with the bot that runs as a child process. Every line is read
// back from the simulators. The error names the scene that failed.
func Play(ctx context.Context, out io.Writer, telling Telling) (err error) {
	sandbox, err := Open(telling.Options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sandbox.Close()) }()
	scenes, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	if err := sandbox.StartBot(); err != nil {
		return err
	}
	s := newStage(sandbox, storyWriter{out, abort}, telling)
	err = s.playScenes(scenes)
	if cause := context.Cause(scenes); err != nil && cause != nil {
		return cause
	}
	return err
}

// storyWriter ends the story when its reader has left.
type storyWriter struct {
	io.Writer
	abort context.CancelCauseFunc
}

// Write passes text on and ends the story when that fails.
func (w storyWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		w.abort(fmt.Errorf("the story cannot be written: %w", err))
	}
	return n, err
}

func errorOrUnknown(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

// playScenes plays the scenes in order.
func (s *stage) playScenes(ctx context.Context) error {
	s.printText("A simulated Slack and a simulated UiPath run on this machine, with licensebot between them. Each line\n"+
		"below is read back from the two.\n\n"+
		"In UiPath, the members of a group share licenses: those of the group's allocation. group-01 is the id\n"+
		"of the group Finance Robots. A code names a kind of license: IDU is %s.\n", s.options.CodeName("IDU"))
	connected := func() bool { return s.slack.Connections() > 0 }
	if err := s.waitUntil(ctx, "the bot never connected to Slack", connected); err != nil {
		return err
	}
	if err := s.expectAllocation(groupID, "before", []string{"ATTUNU"}); err != nil {
		return err
	}
	for _, scene := range []func(context.Context) error{
		s.askForLicenses, s.awaitCard, s.reactAsBystander, s.killAtTheWrite, s.showOutcome, s.passToWarning, s.passToEnd,
	} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	s.printText("\nWhat next? Play the people yourself, and break what you like: add --web to this command.\n" +
		"Set it up for your own Slack and UiPath: docs/set-up.md\n")
	return s.checkOddities()
}

// checkOddities fails if the bot called Slack in a way that Slack would put up with.
func (s *stage) checkOddities() error {
	for _, e := range s.slack.Journal() {
		if e.Kind == fakeslack.EntryOddity {
			return fmt.Errorf("the bot called %s in an odd way: %s", e.Type, e.Detail)
		}
	}
	return nil
}

func (s *stage) askForLicenses(ctx context.Context) error {
	s.printHeading("Robin types a command in #general")
	text := groupID + " RPADEVPRONU IDU CTZDEVCU for 30d"
	s.printSpeech("Robin", commandName+" "+text)
	typed, err := s.slack.Command(ctx, requesterID, generalID, commandName, text)
	if err != nil {
		return err
	}
	if typed.Error != "" {
		return fmt.Errorf("Slack showed Robin %q instead of an answer", typed.Error)
	}
	s.printSpeech("licensebot, only to Robin", typed.Response)
	return nil
}

// awaitCard waits for the card and its two emoji, and shows them.
func (s *stage) awaitCard(ctx context.Context) error {
	s.printHeading("The card in #licenses")
	hasCard := func() bool { return len(s.card().Reactions) == 2 }
	if err := s.waitUntil(ctx, "no card with its two emoji appeared", hasCard); err != nil {
		return err
	}
	s.printSpeech("licensebot", fakeslack.Render(s.card().Blocks))
	var emoji []string
	for _, r := range s.card().Reactions {
		emoji = append(emoji, fmt.Sprintf(":%s: %d", r.Name, r.Count))
	}
	s.printText("  %s  The bot's own two reactions are there to be clicked. They are no votes.\n",
		s.readable(strings.Join(emoji, "  ")))
	return nil
}

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

// killAtTheWrite kills the bot after UiPath made the change and before it answered.
func (s *stage) killAtTheWrite(ctx context.Context) error {
	s.printHeading("Alex, an approver, reacts, and the bot is killed at the worst moment")
	killed := make(chan error, 1)
	s.uipath.After("PUT group", func() { killed <- s.bot.kill() })
	if err := s.reactToCard(approverID, "white_check_mark"); err != nil {
		return err
	}
	written := func() bool { return len(s.uipath.Writes()) > 0 }
	if err := s.waitUntil(ctx, "the approval led to no change at UiPath", written); err != nil {
		return err
	}
	if err := <-killed; err != nil {
		return err
	}
	for _, call := range s.uipath.Writes() {
		s.printText("  %s …/group/%s\n  %s\n", call.Method, groupID, call.Body)
	}
	s.printText("  UiPath made the change. kill -9 ended the bot before it read UiPath's answer.\n")
	return nil
}

// showOutcome starts the bot again, and shows that it finds its change.
func (s *stage) showOutcome(ctx context.Context) error {
	s.printHeading("The bot is started again, and tells the outcome in the card's thread")
	if len(s.slack.Thread(channelID, s.card().TS)) > 0 {
		return errors.New("the bot told an outcome that it could not know")
	}
	if err := s.StartBot(); err != nil {
		return err
	}
	if err := s.awaitThreadReply(ctx, "allocation_done"); err != nil {
		return err
	}
	shown := func() bool { return s.card().Edited && strings.Contains(s.card().Text, "*Done*") }
	if err := s.waitUntil(ctx, "the card never told the outcome", shown); err != nil {
		return err
	}
	s.printSpeech("the card's state", cardState(s.card().Blocks))
	if n := len(s.uipath.Calls("PUT group")); n != 1 {
		return fmt.Errorf("the bot wrote the allocation %d times instead of once", n)
	}
	return s.expectAllocation(groupID, "after one write", []string{"ATTUNU", "CTZDEVCU", "IDU", "RPADEVPRONU"})
}

func (s *stage) passToWarning(ctx context.Context) error {
	s.printHeading("Twenty-nine days later: the clock is put forward")
	if err := s.advanceClock(29*24*time.Hour + time.Minute); err != nil {
		return err
	}
	return s.awaitThreadReply(ctx, "allocation_ending")
}

func (s *stage) passToEnd(ctx context.Context) error {
	s.printHeading("On the thirtieth day")
	before := len(s.uipath.Writes())
	if err := s.advanceClock(24 * time.Hour); err != nil {
		return err
	}
	if err := s.awaitThreadReply(ctx, "allocation_ended"); err != nil {
		return err
	}
	if n := len(s.uipath.Writes()); n != before+1 {
		return fmt.Errorf("the end of the grant wrote %d times to UiPath instead of once", n-before)
	}
	return s.expectAllocation(groupID, "after the grant ended", []string{"ATTUNU"})
}
