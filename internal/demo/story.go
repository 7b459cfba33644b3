package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// sceneLimit bounds each wait of the story, so that a bot that does nothing
// ends it with an error.
const sceneLimit = 20 * time.Second

// The cast and the place of the story.
const (
	channelID   = "C0LICENCES"
	generalID   = "C0GENERAL"
	requesterID = "U0ROBIN"
	bystanderID = "U0SAM"
	approverID  = "U0ALEX"
	auditorID   = "U0KIM"
	managerID   = "U0LEE"
	groupID     = "group-01"
)

// A Start runs the bot with an environment, by a clock, until ctx ends.
type Start func(ctx context.Context, env map[string]string, clock *Clock) error

// Play tells a story in two acts, from commands to their outcomes, with the
// bot that start runs. Everything told is read back from the simulators;
// the error says what did not happen as it should.
func Play(ctx context.Context, out io.Writer, start Start) (err error) {
	folder, err := os.MkdirTemp("", "licensebot-sandbox-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s, err := newStage()
	if err != nil {
		return err
	}
	defer s.closeServers()
	policy := filepath.Join(folder, "policy.yaml")
	if err := os.WriteFile(policy, []byte(storyPolicy), 0o600); err != nil {
		return err
	}

	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- start(running, s.botEnvironment(filepath.Join(folder, "sandbox.db"), policy), s.clock)
	}()
	scenes, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	s.out = storyWriter{out, abort}
	go func() {
		if early := <-ended; running.Err() == nil {
			abort(fmt.Errorf("the bot ended before the story did: %w", orUnknown(early)))
			ended <- early
			return
		} else {
			ended <- early
		}
	}()

	err = s.playScenes(scenes)
	stop()
	if left := <-ended; left != nil && err == nil {
		err = fmt.Errorf("the bot did not stop well: %w", left)
	}
	if cause := context.Cause(scenes); err != nil && cause != nil {
		return cause
	}
	return err
}

// storyWriter ends the story when nobody can hear it any more.
type storyWriter struct {
	io.Writer
	abort context.CancelCauseFunc
}

func (h storyWriter) Write(p []byte) (int, error) {
	n, err := h.Writer.Write(p)
	if err != nil {
		h.abort(fmt.Errorf("the story cannot be written: %w", err))
	}
	return n, err
}

func orUnknown(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

// A stage is the two simulators and the paper that the story is written on.
type stage struct {
	out    io.Writer
	clock  *Clock
	slack  *fakeslack.Server
	uipath *fakeuipath.Server
	names  map[string]string
}

func newStage() (*stage, error) {
	clock := NewClock()
	slack, err := fakeslack.New(fakeslack.Config{ChannelPace: true, Now: clock.Now})
	if err != nil {
		return nil, err
	}
	uipath, err := fakeuipath.New(fakeuipath.Config{})
	if err != nil {
		slack.Close()
		return nil, err
	}
	s := &stage{clock: clock, slack: slack, uipath: uipath, names: map[string]string{
		requesterID: "Robin", bystanderID: "Sam", approverID: "Alex", auditorID: "Kim", managerID: "Lee", slack.BotUserID(): "licensebot",
	}}
	people := []string{requesterID, bystanderID, approverID, auditorID, managerID}
	for _, id := range people {
		slack.AddUser(fakeslack.User{ID: id, Name: strings.ToLower(s.names[id]), RealName: s.names[id]})
	}
	slack.AddChannel(fakeslack.Channel{ID: generalID, Name: "general", Members: people})
	slack.AddChannel(fakeslack.Channel{ID: channelID, Name: "licences", Members: append(people, slack.BotUserID())})
	uipath.Own("RPADEVPRONU", 40, 3)
	uipath.Own("IDU", 10, 1)
	uipath.Own("CTZDEVCU", 25, 0)
	uipath.Own("ATTUNU", 50, 12)
	uipath.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance Robots", Rule: []string{"ATTUNU"}})
	uipath.AddGroup(fakeuipath.Group{ID: auditGroupID, Name: auditGroup, Rule: []string{"ATTUNU"}})
	return s, nil
}

func (s *stage) closeServers() {
	s.slack.Close()
	s.uipath.Close()
}

// botEnvironment is the configuration of a real installation with the addresses
// and tokens of the simulators in it.
func (s *stage) botEnvironment(database, policy string) map[string]string {
	return map[string]string{
		"SLACK_BOT_TOKEN": s.slack.BotToken(), "SLACK_APP_TOKEN": s.slack.AppToken(), "SLACK_API_URL": s.slack.APIURL(),
		"UIPATH_URL": s.uipath.URL(), "UIPATH_ORGANIZATION": s.uipath.Organization(), "UIPATH_ACCOUNT_ID": s.uipath.AccountID(),
		"UIPATH_CLIENT_ID": s.uipath.ClientID(), "UIPATH_CLIENT_SECRET": s.uipath.ClientSecret(),
		"LICENSEBOT_CHANNEL": channelID, "LICENSEBOT_POLICY_FILE": policy,
		"LICENSEBOT_DATABASE_URL": "sqlite://" + database, "LICENSEBOT_HTTP_ADDR": "127.0.0.1:0",
	}
}

// playScenes plays the scenes in order.
func (s *stage) playScenes(ctx context.Context) error {
	s.printText("A simulated Slack and a simulated UiPath run on this machine.\n")
	if err := s.waitUntil(ctx, "the bot never connected to Slack", func() bool { return s.slack.Connections() > 0 }); err != nil {
		return err
	}
	s.printText("licensebot is connected to them, as it would be to the real ones. Robin asks, Sam has no\n" +
		"say, Alex approves. Nothing below is made up: each line is read back from the simulators.\n")
	if err := s.expectAllocation(groupID, "before", []string{"ATTUNU"}); err != nil {
		return err
	}
	for _, scene := range []func(context.Context) error{s.askForLicenses, s.showFirstCard, s.reactAsBystander, s.reactAsApprover, s.showWrite, s.showOutcome, s.showAllocationAfter, s.playSecondAct} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	for _, e := range s.slack.Journal() {
		if e.Kind == fakeslack.EntryOddity {
			return fmt.Errorf("the bot called %s oddly: %s", e.Type, e.Detail)
		}
	}
	return nil
}

func (s *stage) showAllocationAfter(context.Context) error {
	return s.expectAllocation(groupID, "after", []string{"ATTUNU", "CTZDEVCU", "IDU", "RPADEVPRONU"})
}

func (s *stage) askForLicenses(ctx context.Context) error {
	s.printHeading("Robin types a command in #general")
	return s.typeCommand(ctx, "group-01 RPADEVPRONU IDU CTZDEVCU")
}

// typeCommand has Robin type a command and hear the answer.
func (s *stage) typeCommand(ctx context.Context, text string) error {
	s.printSpeech("Robin", "/allocate "+text)
	typed, err := s.slack.Command(ctx, requesterID, generalID, "/allocate", text)
	if err != nil {
		return err
	}
	if typed.Error != "" {
		return fmt.Errorf("Slack showed Robin %q instead of an answer", typed.Error)
	}
	s.printSpeech("licensebot, only to Robin", typed.Response)
	return nil
}

func (s *stage) showFirstCard(ctx context.Context) error { return s.awaitCard(ctx, 1) }

// awaitCard waits for the nth card and its two emoji, and shows it.
func (s *stage) awaitCard(ctx context.Context, n int) error {
	s.printHeading("The card in #licences")
	seeded := func() bool {
		cards := s.slack.Messages(channelID)
		return len(cards) == n && len(cards[n-1].Reactions) == 2
	}
	if err := s.waitUntil(ctx, "no card with its two emoji appeared", seeded); err != nil {
		return err
	}
	card := s.newestCard()
	s.printSpeech("licensebot", fakeslack.Render(card.Blocks))
	var emoji []string
	for _, r := range card.Reactions {
		emoji = append(emoji, fmt.Sprintf(":%s: %d", r.Name, r.Count))
	}
	s.printSpeech("reactions", strings.Join(emoji, "  "))
	return nil
}

func (s *stage) reactAsBystander(ctx context.Context) error {
	s.printHeading("Sam, who is no approver, reacts")
	card := s.newestCard()
	if err := s.slack.React(bystanderID, channelID, card.TS, "white_check_mark"); err != nil {
		return err
	}
	s.printSpeech("Sam", "reacts with :white_check_mark:")
	if err := s.waitUntil(ctx, "Sam was not told why the reaction does not count", func() bool { return len(s.slack.Ephemerals(bystanderID)) > 0 }); err != nil {
		return err
	}
	for _, e := range s.slack.Ephemerals(bystanderID) {
		s.printSpeech("licensebot, only to Sam", e.Text)
	}
	if n := len(s.uipath.Writes()); n != 0 {
		return fmt.Errorf("UiPath was written to %d times without an approval", n)
	}
	return nil
}

func (s *stage) reactAsApprover(ctx context.Context) error {
	s.printHeading("Alex, the approver, reacts")
	if err := s.slack.React(approverID, channelID, s.newestCard().TS, "white_check_mark"); err != nil {
		return err
	}
	s.printSpeech("Alex", "reacts with :white_check_mark:")
	return s.waitUntil(ctx, "the approval led to no change at UiPath", func() bool { return len(s.uipath.Writes()) > 0 })
}

func (s *stage) showWrite(context.Context) error {
	s.printHeading("What reached UiPath")
	for _, call := range s.uipath.Calls("PUT group") {
		s.printText("  %s %s\n  %s\n  → %d %s\n", call.Method, call.Path, call.Body, call.Status, strings.TrimSpace(call.Answer))
	}
	if n := len(s.uipath.Writes()); n != 1 {
		return fmt.Errorf("the rule was written %d times instead of once", n)
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
	s.printSpeech("the card's state", statusOf(s.newestCard().Blocks))
	return nil
}

// newestCard is the newest card.
func (s *stage) newestCard() fakeslack.Message {
	if cards := s.slack.Messages(channelID); len(cards) > 0 {
		return cards[len(cards)-1]
	}
	return fakeslack.Message{}
}

func (s *stage) expectAllocation(group, when string, want []string) error {
	rule, _ := s.uipath.Allocation(group)
	s.printHeading("The rule of " + group + " at UiPath, " + when)
	s.printText("  %s\n", strings.Join(rule.Codes, " "))
	if !slices.Equal(rule.Codes, want) {
		return fmt.Errorf("the rule %s is %v instead of %v", when, rule.Codes, want)
	}
	return nil
}

// waitUntil waits for both simulators: either may be the one that changes last.
func (s *stage) waitUntil(ctx context.Context, otherwise string, cond func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, sceneLimit)
	defer cancel()
	met := make(chan error, 2)
	go func() { met <- s.slack.Wait(ctx, cond) }()
	go func() { met <- s.uipath.Wait(ctx, cond) }()
	err := <-met
	cancel()
	<-met
	if err != nil {
		return errors.Join(errors.New(otherwise), err)
	}
	return nil
}

func (s *stage) printText(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, format, args...)
}

func (s *stage) printHeading(text string) { s.printText("\n── %s\n", text) }

// printSpeech prints what somebody said, with mentions as people see them.
func (s *stage) printSpeech(who, text string) {
	text = fakeslack.Readable(text, func(id string) string {
		if name, ok := s.names[id]; ok {
			return name
		}
		return map[string]string{channelID: "licences", generalID: "general"}[id]
	})
	s.printText("  %s:\n    %s\n", who, strings.ReplaceAll(text, "\n", "\n    "))
}
