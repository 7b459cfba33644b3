package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
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
    approvers: [` + approverID + `, ` + auditorID + `]
`

// A stage is a sandbox, and the paper on which its story is written.
type stage struct {
	*Sandbox
	out       io.Writer
	hasColors bool
	step      *bufio.Reader     // nil: no waiting
	names     map[string]string // of people, by user id
}

func newStage(sandbox *Sandbox, out io.Writer, telling Telling) *stage {
	names := map[string]string{sandbox.slack.BotUserID(): "licensebot"}
	for _, p := range cast {
		names[p.id] = p.name
	}
	s := &stage{Sandbox: sandbox, out: out, hasColors: telling.HasColors, names: names}
	if telling.Step != nil {
		s.step = bufio.NewReader(telling.Step)
	}
	return s
}

// reactToCard makes a person react to the card.
func (s *stage) reactToCard(user, emoji string) error {
	if err := s.slack.React(user, channelID, s.card().TS, emoji); err != nil {
		return err
	}
	s.printSpeech(s.names[user], "reacts with :"+emoji+":")
	return nil
}

// awaitThreadReply waits for a reply of one event type in the card's thread, and
// shows it.
func (s *stage) awaitThreadReply(ctx context.Context, eventType string) error {
	var reply fakeslack.Message
	isThere := func() bool {
		for _, m := range s.slack.Thread(channelID, s.card().TS) {
			if isEvent(m, eventType) {
				reply = m
				return true
			}
		}
		return false
	}
	if err := s.waitUntil(ctx, "the thread never told "+eventType, isThere); err != nil {
		return err
	}
	s.printSpeech("licensebot, in the thread", reply.Text)
	return nil
}

// card is the request's card.
func (s *stage) card() fakeslack.Message {
	if cards := s.slack.Messages(channelID); len(cards) > 0 {
		return cards[0]
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

// waitUntil waits for the simulators. It gives up when the bot has ended by itself.
func (s *stage) waitUntil(ctx context.Context, otherwise string, cond func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, sceneLimit)
	defer cancel()
	for {
		_, _, wake := s.events.since(0)
		if cond() {
			return nil
		}
		if state, exit, _, _, lines := s.bot.read(); state == botEnded {
			last := ""
			if len(lines) > 0 {
				last = ": " + lines[len(lines)-1].Line
			}
			return fmt.Errorf("the bot ended before the story did (%s)%s", exit, last)
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return errors.Join(errors.New(otherwise), ctx.Err())
		}
	}
}

func (s *stage) printText(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, format, args...)
}

// printHeading begins a scene, after a line of the reader's if the story waits.
func (s *stage) printHeading(text string) {
	if s.step != nil {
		s.printText("\nEnter goes on.")
		_, _ = s.step.ReadString('\n') // the end of input goes on, too
	}
	if s.hasColors {
		text = "\x1b[1;36m" + text + "\x1b[0m"
	}
	s.printText("\n── %s\n", text)
}

// printSpeech prints what a person or the bot said.
func (s *stage) printSpeech(who, text string) {
	s.printText("  %s:\n    %s\n", who, strings.ReplaceAll(s.readable(text), "\n", "\n    "))
}

// readable is a text with mentions as people see them.
func (s *stage) readable(text string) string {
	return fakeslack.Readable(text, func(id string) string {
		if name, ok := s.names[id]; ok {
			return name
		}
		return map[string]string{channelID: "licenses", generalID: "general"}[id]
	})
}
