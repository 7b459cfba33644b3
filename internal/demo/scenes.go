package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"licensebot/internal/fakeslack"
)

// A storyState is a story that one call sets.
type storyState struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Watch string `json:"watch"`
}

// A sceneState is the story that was begun last.
type sceneState struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Watch string `json:"watch"`
	Error string `json:"error"`
}

// storyLimit bounds a story: it may wait for the end of what is being carried out.
const storyLimit = 90 * time.Second

// The states of a scene.
const (
	scenePlaying = "playing"
	sceneSet     = "set"
	sceneFailed  = "failed"
)

// A scene sets a story.
type scene struct {
	storyState
	play func(*Sandbox, context.Context) error
}

func scenes() []scene {
	return []scene{
		{
			storyState{
				"secret-expired", "The secret has expired",
				"Alex has approved, and UiPath refuses the bot's secret. The thread says that an operator has to act, and the " +
					"request waits. Switch the weather \"The secret has expired\" off: within 40 seconds the request is done.",
			}, (*Sandbox).playExpiredSecret,
		},
		{
			storyState{
				"two-approvers", "Two approvers at once",
				"Kim and Lee react in the same moment, and both votes are needed. UiPath sees exactly one PUT, and the thread " +
					"has exactly one outcome.",
			}, (*Sandbox).playTwoApprovers,
		},
		{
			storyState{
				"killed", "Killed between write and answer",
				"UiPath has made the change, and the bot died before it read the answer. Start the bot: it reads the " +
					"allocation, finds its change, and says so. There is no second PUT.",
			}, (*Sandbox).playKilled,
		},
		{
			storyState{
				"grant-ends", "A grant ends",
				"Thirty days have passed since Robin got a license for 30 days. The bot takes its code out of the " +
					"allocation, and the thread says so. The other codes stay.",
			}, (*Sandbox).playGrantEnds,
		},
		{
			storyState{
				"uipath-down", "UiPath is down",
				"Alex has approved while UiPath answers 503. The thread makes no claim of success, and the bot tries again. " +
					"Click \"Clear up the weather\": then the request is done.",
			}, (*Sandbox).playUiPathDown,
		},
	}
}

func listStories() []storyState {
	var all []storyState
	for _, s := range scenes() {
		all = append(all, s.storyState)
	}
	return all
}

// beginScene plays a story in the background, one at a time.
func (s *Sandbox) beginScene(r *http.Request, _ struct{}) (any, error) {
	for _, found := range scenes() {
		if found.Name == r.PathValue("name") {
			return map[string]string{"watch": found.Watch}, s.play(found)
		}
	}
	return nil, problemError{http.StatusNotFound, fmt.Errorf("there is no story %q", r.PathValue("name"))}
}

func (s *Sandbox) play(chosen scene) error {
	if s.options.Bot == nil {
		return errNoBot
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scene != nil && s.scene.State == scenePlaying {
		return errors.New("another story is playing; wait a moment")
	}
	s.scene = &sceneState{Name: chosen.Name, State: scenePlaying, Watch: chosen.Watch}
	s.work.Go(func() {
		ctx, cancel := context.WithTimeout(s.quit, storyLimit)
		defer cancel()
		ended := sceneState{Name: chosen.Name, State: sceneSet, Watch: chosen.Watch}
		if err := s.playFresh(ctx, chosen); err != nil {
			ended.State, ended.Error = sceneFailed, toSentence(err.Error())
		}
		s.mu.Lock()
		s.scene = &ended
		s.mu.Unlock()
		s.events.note("weather")
	})
	s.events.note("weather")
	return nil
}

// playFresh plays a scene in fair weather with a bot that runs, and with the
// allocations of the beginning.
func (s *Sandbox) playFresh(ctx context.Context, chosen scene) error {
	if err := s.setWeather("all", false); err != nil {
		return err
	}
	if err := s.bot.start(); err != nil {
		return err
	}
	connected := func() bool { return s.slack.Connections() > 0 }
	if err := s.waitUntil(ctx, "the bot did not connect to Slack", connected); err != nil {
		return err
	}
	if err := s.withdrawPending(ctx); err != nil {
		return err
	}
	return chosen.play(s, ctx)
}

// withdrawPending cancels what no approver has decided, because no two open requests
// are the same.
func (s *Sandbox) withdrawPending(ctx context.Context) error {
	for _, r := range s.listOpen(ctx) {
		if r.State == "approved" { // it is being carried out
			continue
		}
		if _, err := s.slack.Command(ctx, r.AskedBy, generalID, commandName, "cancel "+r.ID); err != nil {
			return err
		}
	}
	return nil
}

// listOpen lists the requests that may still change something.
func (s *Sandbox) listOpen(ctx context.Context) []RequestRecord {
	s.refreshRecords(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.records.Requests), func(r RequestRecord) bool {
		return !slices.Contains([]string{"filed", "pending", "approved"}, r.State)
	})
}

// chooseCode chooses a code that a group lacks and that no request is about. If there
// is none, an administrator takes all but one out in the portal. The next request then
// waits for a minute, because the bot does not trust a read that contradicts its own.
func (s *Sandbox) chooseCode(ctx context.Context, group string) string {
	allocation, _ := s.uipath.Allocation(group)
	taken := slices.Clone(allocation.Codes)
	for _, r := range s.listOpen(ctx) {
		taken = append(taken, r.Codes...)
	}
	for _, code := range []string{"IDU", "CTZDEVCU", "RPADEVPRONU"} {
		if !slices.Contains(taken, code) {
			return code
		}
	}
	s.uipath.Edit(group, func([]string) []string { return []string{"ATTUNU"} })
	return "IDU"
}

func (s *Sandbox) playExpiredSecret(ctx context.Context) error {
	return s.approveIn(ctx, "uipath-secret")
}

func (s *Sandbox) playUiPathDown(ctx context.Context) error {
	return s.approveIn(ctx, "uipath-503")
}

// approveIn has Robin ask and Alex approve, with bad weather between the two.
func (s *Sandbox) approveIn(ctx context.Context, weather string) error {
	card, err := s.ask(ctx, groupID, "")
	if err != nil {
		return err
	}
	if err := s.setWeather(weather, true); err != nil {
		return err
	}
	return s.slack.React(approverID, channelID, card, "white_check_mark")
}

func (s *Sandbox) playTwoApprovers(ctx context.Context) error {
	card, err := s.ask(ctx, auditGroupID, "")
	if err != nil {
		return err
	}
	var reacting sync.WaitGroup
	errs := make([]error, 2)
	for i, user := range []string{auditorID, managerID} {
		reacting.Go(func() { errs[i] = s.slack.React(user, channelID, card, "white_check_mark") })
	}
	reacting.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.awaitReply(ctx, card, "allocation_done")
}

func (s *Sandbox) playKilled(ctx context.Context) error {
	card, err := s.ask(ctx, groupID, "")
	if err != nil {
		return err
	}
	killed := make(chan error, 1)
	s.uipath.After("PUT group", func() { killed <- s.bot.kill() })
	if err := s.slack.React(approverID, channelID, card, "white_check_mark"); err != nil {
		return err
	}
	select {
	case err := <-killed:
		return err
	case <-ctx.Done():
		return errors.New("the bot wrote nothing to UiPath")
	}
}

func (s *Sandbox) playGrantEnds(ctx context.Context) error {
	card, err := s.ask(ctx, groupID, " for 30d")
	if err != nil {
		return err
	}
	if err := s.slack.React(approverID, channelID, card, "white_check_mark"); err != nil {
		return err
	}
	if err := s.awaitReply(ctx, card, "allocation_done"); err != nil {
		return err
	}
	if err := s.advanceClock(30*24*time.Hour + time.Minute); err != nil {
		return err
	}
	return s.awaitReply(ctx, card, "allocation_ended")
}

// ask has Robin ask, and waits for the card. It returns the card's timestamp.
func (s *Sandbox) ask(ctx context.Context, group, duration string) (card string, err error) {
	before := len(s.slack.Messages(channelID))
	text := group + " " + s.chooseCode(ctx, group) + duration
	typed, err := s.slack.Command(ctx, requesterID, generalID, commandName, text)
	if err != nil {
		return "", err
	}
	if !strings.Contains(typed.Response, "is recorded") {
		return "", fmt.Errorf("the bot did not take the request: %s", typed.Error+typed.Response)
	}
	find := func() bool {
		for _, m := range s.slack.Messages(channelID)[before:] {
			if m.Metadata != nil && m.Metadata.EventType == "allocation_requested" && len(m.Reactions) == 2 {
				card = m.TS
			}
		}
		return card != ""
	}
	return card, s.waitUntil(ctx, "no card with its two emoji appeared", find)
}

func (s *Sandbox) awaitReply(ctx context.Context, card, eventType string) error {
	isThere := func() bool {
		for _, m := range s.slack.Thread(channelID, card) {
			if isEvent(m, eventType) {
				return true
			}
		}
		return false
	}
	return s.waitUntil(ctx, "the thread does not tell "+eventType, isThere)
}

func isEvent(m fakeslack.Message, eventType string) bool {
	return m.Metadata != nil && m.Metadata.EventType == eventType
}

// waitUntil waits for something in Slack.
func (s *Sandbox) waitUntil(ctx context.Context, otherwise string, cond func() bool) error {
	if err := s.slack.Wait(ctx, cond); err != nil {
		return errors.New(otherwise)
	}
	return nil
}
