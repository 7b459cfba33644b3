package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// sceneLimit bounds each wait of the story: a bot that does nothing ends the
// story with an error.
const sceneLimit = 20 * time.Second

// The cast and the places of the story.
const (
	channelID    = "C0LICENSES"
	generalID    = "C0GENERAL"
	requesterID  = "U0ROBIN"
	bystanderID  = "U0SAM"
	approverID   = "U0ALEX"
	auditorID    = "U0KIM"
	managerID    = "U0LEE"
	guestID      = "U0GALE"
	groupID      = "group-01"
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
  - name: all other groups
    approvers: [` + approverID + `]
`

// A stage is the two simulators, their people, and the paper on which the
// story is written.
type stage struct {
	out    io.Writer
	clock  *Clock
	slack  *fakeslack.Server
	uipath *fakeuipath.Server
	names  map[string]string // of people, by user id
}

func newStage() (*stage, error) {
	clock := NewClock()
	slack, uipath, err := newSimulators(clock)
	if err != nil {
		return nil, err
	}
	names := map[string]string{slack.BotUserID(): "licensebot"}
	for _, p := range cast {
		names[p.id] = p.name
	}
	return &stage{clock: clock, slack: slack, uipath: uipath, names: names}, nil
}

func (s *stage) closeServers() {
	s.slack.Close()
	s.uipath.Close()
}

// typeCommand makes Robin type a command, and shows the bot's answer.
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

// reactToCard makes a person react to the newest card.
func (s *stage) reactToCard(user, emoji string) error {
	if err := s.slack.React(user, channelID, s.newestCard().TS, emoji); err != nil {
		return err
	}
	s.printSpeech(s.names[user], "reacts with :"+emoji+":")
	return nil
}

// hasCard tells whether the nth card is there with its two emoji.
func (s *stage) hasCard(n int) bool {
	cards := s.slack.Messages(channelID)
	return len(cards) == n && len(cards[n-1].Reactions) == 2
}

// awaitCard waits for the nth card and its two emoji, and shows them.
func (s *stage) awaitCard(ctx context.Context, n int) error {
	s.printHeading("The card in #licenses")
	if err := s.waitUntil(ctx, "no card with its two emoji appeared", func() bool { return s.hasCard(n) }); err != nil {
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

// awaitCardText waits for a text on the newest card, and shows the card's
// state.
func (s *stage) awaitCardText(ctx context.Context, want string) error {
	shown := func() bool { return strings.Contains(s.newestCard().Text, want) }
	if err := s.waitUntil(ctx, "the card never said "+want, shown); err != nil {
		return err
	}
	s.printSpeech("the card's state", cardState(s.newestCard().Blocks))
	return nil
}

// awaitThreadReply waits for a reply of one event type in a card's thread, and
// shows it.
func (s *stage) awaitThreadReply(ctx context.Context, card fakeslack.Message, eventType string) error {
	replies := func() []fakeslack.Message {
		return slices.DeleteFunc(s.slack.Thread(channelID, card.TS), func(m fakeslack.Message) bool {
			return m.Metadata == nil || m.Metadata.EventType != eventType
		})
	}
	if err := s.waitUntil(ctx, "the thread never told "+eventType, func() bool { return len(replies()) > 0 }); err != nil {
		return err
	}
	s.printSpeech("licensebot, in the thread", replies()[0].Text)
	return nil
}

// newestCard is the newest card.
func (s *stage) newestCard() fakeslack.Message {
	if cards := s.slack.Messages(channelID); len(cards) > 0 {
		return cards[len(cards)-1]
	}
	return fakeslack.Message{}
}

// cardState is the section after the divider: it tells the state of the
// request.
func cardState(raw json.RawMessage) string {
	var blocks []struct {
		Type string `json:"type"`
		Text *struct {
			Text string `json:"text"`
		} `json:"text"`
	}
	_ = json.Unmarshal(raw, &blocks) // an unreadable card shows no state
	for i, b := range blocks {
		if b.Type == "divider" && i+1 < len(blocks) && blocks[i+1].Text != nil {
			return blocks[i+1].Text.Text
		}
	}
	return ""
}

// expectAllocation shows a group's allocation and compares it with the story.
func (s *stage) expectAllocation(group, when string, want []string) error {
	allocation, _ := s.uipath.Allocation(group)
	s.printHeading("The allocation of " + group + " at UiPath, " + when)
	s.printText("  %s\n", strings.Join(allocation.Codes, " "))
	if !slices.Equal(allocation.Codes, want) {
		return fmt.Errorf("the allocation %s is %v instead of %v", when, allocation.Codes, want)
	}
	return nil
}

// waitUntil waits for both simulators, because either may change last.
func (s *stage) waitUntil(ctx context.Context, otherwise string, cond func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, sceneLimit)
	defer cancel()
	met := make(chan error, 2)
	go func() { met <- s.slack.Wait(ctx, cond) }()
	go func() { met <- s.uipath.Wait(ctx, cond) }()
	err := <-met
	cancel()
	<-met //nolint:errcheck // the other wait has ended too, canceled
	if err != nil {
		return errors.Join(errors.New(otherwise), err)
	}
	return nil
}

func (s *stage) printText(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, format, args...)
}

func (s *stage) printHeading(text string) { s.printText("\n── %s\n", text) }

// printSpeech prints what a person or the bot said, with mentions as people
// see them.
func (s *stage) printSpeech(who, text string) {
	text = fakeslack.Readable(text, func(id string) string {
		if name, ok := s.names[id]; ok {
			return name
		}
		return map[string]string{channelID: "licenses", generalID: "general"}[id]
	})
	s.printText("  %s:\n    %s\n", who, strings.ReplaceAll(text, "\n", "\n    "))
}
