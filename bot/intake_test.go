package bot

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/socket"
	"licensebot/internal/fakeslack"
)

// A faultyStore is the real store, with something in the way of it.
type faultyStore struct {
	Store
	file    func(approvals.Request) error
	react   func(approvals.Reaction) error
	step    error
	letters *letters
}

func (f faultyStore) ApplyEvent(ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob) (approvals.Request, error) {
	if f.step != nil {
		return approvals.Request{}, f.step
	}
	return f.Store.ApplyEvent(ctx, id, e, done)
}

func (f faultyStore) FileRequest(ctx context.Context, r approvals.Request) (approvals.Request, approvals.Receipt, error) {
	if f.file != nil {
		if err := f.file(r); err != nil {
			return approvals.Request{}, approvals.Receipt{}, err
		}
	}
	return f.Store.FileRequest(ctx, r)
}

func (f faultyStore) RecordReaction(ctx context.Context, heard approvals.Reaction) error {
	if f.react != nil {
		if err := f.react(heard); err != nil {
			return err
		}
	}
	return f.Store.RecordReaction(ctx, heard)
}

func (f faultyStore) DeadLetter(ctx context.Context, envelope, why string, raw []byte) error {
	if f.letters != nil {
		f.letters.add(envelope, why+": "+string(raw))
	}
	return f.Store.DeadLetter(ctx, envelope, why, raw)
}

// letters are the dead letters, by envelope.
type letters struct {
	mu  sync.Mutex
	all map[string]string
}

func (l *letters) add(envelope, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = make(map[string]string)
	}
	l.all[envelope] = text
}

func (l *letters) of(envelope string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[envelope]
}

// typed is what the requester sees of a command.
func (r *rig) typed(text string) fakeslack.Typed {
	r.t.Helper()
	typed, err := r.slack.Command(r.ctx, robin, general, "/allocate", text)
	if err != nil {
		r.t.Error(err)
	}
	return typed
}

var requestID = regexp.MustCompile(`R-[0-9A-Z]{8}`)

// recorded types a command that is recorded and returns the request's id.
func (r *rig) recorded(text string) string {
	r.t.Helper()
	typed := r.typed(text)
	if typed.Error != "" || !strings.Contains(typed.Response, "is recorded") {
		r.t.Errorf("%q was answered with %q %q\n%s", text, typed.Error, typed.Response, r.log)
	}
	return requestID.FindString(typed.Response)
}

// TestNotStored tells the person, and leaves reactions to be delivered again.
func TestNotStored(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{EventTimeout: 500 * time.Millisecond, RetryDelays: []time.Duration{0, 0, 0}})
	full := errors.New("disk full")
	var once sync.Once
	r.listen(faultyStore{
		Store: r.store,
		file:  func(approvals.Request) error { return full },
		react: func(approvals.Reaction) (err error) { once.Do(func() { err = full }); return err },
	})
	if typed := r.typed("group-01 IDU"); !strings.Contains(typed.Response, "I could not record your request") {
		t.Errorf("%q %q", typed.Error, typed.Response)
	}
	card := r.posted(approvals.Pending)
	if err := r.slack.React(alex, channel, card.CardTS, "white_check_mark"); err != nil {
		t.Fatal(err)
	}
	r.await("the event to be settled", func() bool { return r.slack.Unacked() == 0 })
	if n := r.entries(fakeslack.EntryTimeout, "events_api"); n == 0 {
		t.Error("a reaction that was not stored was acknowledged")
	}
	votes, err := r.store.ListReactions(r.ctx, channel, card.CardTS)
	if err != nil || len(votes) != 1 || votes[0].User != alex || !votes[0].Present {
		t.Errorf("%+v, %v", votes, err)
	}
}

// A person with too many open requests reads what to do, in the name of the command
// that was typed.
func TestTooManyOpen(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.listen(faultyStore{Store: r.store, file: func(approvals.Request) error { return &approvals.TooManyOpenError{Most: 7} }})
	if typed := r.typed("group-01 IDU"); typed.Response != message.TooManyOpen("/allocate", 7) {
		t.Errorf("%q %q", typed.Error, typed.Response)
	}
}

// The bot claims neither success nor failure when it cannot know which it was.
func TestUncertain(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.listen(faultyStore{Store: r.store, file: func(approvals.Request) error { return fmt.Errorf("commit: %w", approvals.ErrCommitUnknown) }})
	if typed := r.typed("group-01 IDU"); typed.Response != message.CommandUncertain() {
		t.Errorf("%q %q", typed.Error, typed.Response)
	}
}

func TestUncertainOfARequest(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	lost := fmt.Errorf("commit: %w", approvals.ErrCommitUnknown)
	r.listen(faultyStore{Store: r.store, step: lost})
	request, _, err := r.store.FileRequest(r.ctx, approvals.Request{ID: approvals.NewID(), EnvelopeID: "e1", Requester: robin, Channel: channel, Terms: approvals.Terms{TTL: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	id := request.ID
	want := "cannot tell whether it was recorded. Type `/allocate status " + id + "`"
	if typed := r.typed("cancel " + id); !strings.Contains(typed.Response, want) {
		t.Errorf("%q %q", typed.Error, typed.Response)
	}
	c := changes{store: faultyStore{Store: granting{r.store}, step: lost}, phrases: phrases(), log: r.logger()}
	if said := c.revokeGrant(r.ctx, "/allocate", id, robin); !strings.Contains(said, want) {
		t.Error(said)
	}
}

// granting shows every request as one that holds something for a time.
type granting struct{ Store }

func (g granting) Request(ctx context.Context, id string) (approvals.Request, error) {
	r, err := g.Store.Request(ctx, id)
	r.Grant = &approvals.Grant{}
	return r, err
}

// TestDeliveriesThatNobodyUnderstands are recorded and then acknowledged, so
// that Slack does not deliver them again.
func TestDeliveriesThatNobodyUnderstands(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	kept := new(letters)
	r.listen(faultyStore{Store: r.store, letters: kept})
	for id, frame := range map[string]string{
		"unknown envelope type": `{"envelope_id":"ID","type":"telepathy","payload":{"token":"secret"}}`,
		"decode event":          `{"envelope_id":"ID","type":"events_api","payload":{"team_id":"TEAM","type":"event_callback","event":{"type":"reaction_added","item":"x"}}}`,
		"unknown event type":    `{"envelope_id":"ID","type":"events_api","payload":{"team_id":"TEAM","type":"event_callback","event":{"type":"star_added","user":{"id":1}}}}`,
		"none inside":           `{"envelope_id":"ID","type":"events_api","payload":{"team_id":"TEAM","type":"url_verification"}}`,
		"names no workspace":    `{"envelope_id":"ID","type":"slash_commands","accepts_response_payload":true,"payload":{"user_id":"U1","command":"/allocate","text":"pending","token":"secret"}}`,
		"decode slash command":  `{"envelope_id":"ID","type":"slash_commands","accepts_response_payload":true,"payload":{"team_id":"TEAM","text":5,"token":"secret"}}`,
		"no user or no command": `{"envelope_id":"ID","type":"slash_commands","accepts_response_payload":true,"payload":{"team_id":"TEAM","command":"/allocate","response_url":"secret"}}`,
		"decode interaction":    `{"envelope_id":"ID","type":"interactive","payload":{"team":{"id":"TEAM"},"type":"block_actions","trigger_id":"secret","actions":[5]}}`,
		"unknown interaction":   `{"envelope_id":"ID","type":"interactive","payload":{"team":{"id":"TEAM"},"type":"block_actions","user":{"id":"U1"},"trigger_id":"secret","actions":[5]}}`,
		"too_long":              `{"envelope_id":"ID","type":"telepathy","payload":"` + strings.Repeat("x", 100<<10) + `"}`,
		"undecodable":           `{"envelope_id":"ID","type":"telepathy"}`,
		"of no type":            `{"envelope_id":"ID","type":{"is":"an object"},"retry_attempt":"1"}`,
		"mistyped":              `{"envelope_id":"ID","type":"mistyped","retry_attempt":"1","payload":{}}`,
	} {
		frame = strings.NewReplacer("ID", id, "TEAM", r.slack.TeamID()).Replace(frame)
		if err := r.slack.SendRaw([]byte(frame)); err != nil {
			t.Fatal(err)
		}
		r.await("the acknowledgment of "+id, func() bool { return r.entries(fakeslack.EntryAckRefused, id) == 1 })
		if letter := kept.of(id); letter == "" || id != "of no type" && !strings.Contains(letter, id) || strings.Contains(letter, "secret") {
			t.Errorf("%s: %.200q", id, letter)
		}
	}
	for _, frame := range []string{"", "{", "5", "[]", "null", `{"type":"telepathy"}`, `{"envelope_id":7}`, `{"envelope_id":"","type":"events_api"}`} {
		if err := r.slack.SendRaw([]byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	r.recorded("group-01 IDU")
	if n := r.entries(fakeslack.EntryHello, ""); n != socket.Connections {
		t.Errorf("%d connections were needed", n)
	}
	for _, e := range r.slack.Journal() {
		if e.Kind == fakeslack.EntryAckRefused && strings.HasPrefix(e.Envelope, "no user") && !strings.Contains(string(e.Payload), "something go wrong inside licensebot") {
			t.Errorf("whoever typed it is not told: %s", e.Payload)
		}
	}
}

// TestAPanicHarmsOnlyItsOwnEnvelope, which is recorded and answered.
func TestAPanicHarmsOnlyItsOwnEnvelope(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	kept := new(letters)
	r.listen(faultyStore{
		Store: r.store, letters: kept,
		file: func(asked approvals.Request) error {
			if asked.Ask.Group == "bad" {
				panic("of the handler")
			}
			return nil
		},
		react: func(approvals.Reaction) error { panic("of a reaction") },
	})
	var typing sync.WaitGroup
	for range 4 {
		typing.Go(func() {
			typed := r.typed("bad IDU")
			if !strings.Contains(typed.Response, "something go wrong inside licensebot") {
				t.Errorf("%q %q", typed.Error, typed.Response)
			}
			if letter := kept.of(typed.EnvelopeID); !strings.Contains(letter, "panic: of the handler") {
				t.Errorf("%q", letter)
			}
		})
		typing.Go(func() { r.recorded("good IDU") })
	}
	typing.Wait()
	card := r.posted(approvals.Pending)
	if err := r.slack.React(alex, channel, card.CardTS, "x"); err != nil {
		t.Fatal(err)
	}
	r.await("the reaction to be set aside", func() bool { return r.slack.Unacked() == 0 })
	if n := r.entries(fakeslack.EntryTimeout, ""); n != 0 {
		t.Errorf("%d envelopes were not acknowledged", n)
	}
}

// TestWhichReactionsAreRecorded hands reactions to the intake, of which two are on
// the card. What an emoji means there, the request says.
func TestWhichReactionsAreRecorded(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.listen(r.store)
	card := r.posted(approvals.Pending)
	event := func(change func(event, item map[string]any)) {
		item := map[string]any{"type": "message", "channel": channel, "ts": card.CardTS}
		event := map[string]any{"type": "reaction_added", "user": kim, "reaction": "white_check_mark", "item": item, "item_user": r.bot.UserID()}
		change(event, item)
		r.slack.SendEvent(event)
	}
	event(func(e, _ map[string]any) { e["reaction"] = "eyes" })
	event(func(e, _ map[string]any) { e["user"] = r.bot.UserID() })
	event(func(e, _ map[string]any) { e["user"] = "" })
	event(func(e, _ map[string]any) { e["item_user"] = robin })
	event(func(e, item map[string]any) { item["channel"] = general; delete(e, "item_user") })
	event(func(_, item map[string]any) { item["type"] = "file" })
	event(func(e, _ map[string]any) {
		e["user"], e["reaction"] = alex, "white_check_mark::skin-tone-2"
		delete(e, "item_user")
	})
	event(func(e, _ map[string]any) { e["user"], e["type"] = robin, "reaction_removed" })
	r.await("all to be acknowledged", func() bool { return r.slack.Unacked() == 0 })
	recorded, err := r.store.ListReactions(r.ctx, channel, card.CardTS)
	votes := slices.DeleteFunc(slices.Clone(recorded), func(r approvals.Reaction) bool { return r.Name == "eyes" })
	if err != nil || len(recorded) != 2 || len(votes) != 1 || votes[0].User != alex || votes[0].Name != "white_check_mark::skin-tone-2" {
		t.Errorf("%+v, %v", votes, err)
	}
	if votes, _ := r.store.ListReactions(r.ctx, general, card.CardTS); len(votes) != 0 {
		t.Errorf("%+v", votes)
	}
}

// TestOtherEvents are noted where they matter.
func TestOtherEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	kept := new(letters)
	r.listen(faultyStore{Store: r.store, letters: kept})
	r.slack.SetUserGroup("S0A", alex)
	if _, err := r.bot.directory.ListMembers(r.ctx, []string{"S0A"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	r.slack.SetUserGroup("S0A", kim)
	r.slack.Leave(channel, r.bot.UserID())
	r.slack.Leave(general, robin)
	r.slack.SendEvent(map[string]any{"type": "tokens_revoked", "tokens": map[string]any{"bot": []string{"U1"}}})
	r.slack.SendEvent(map[string]any{"type": "app_uninstalled"})
	r.await("all to be acknowledged", func() bool { return r.slack.Unacked() == 0 })
	if got, err := r.bot.directory.ListMembers(r.ctx, []string{"S0A"}, time.Hour); err != nil || !slices.Equal(got, []string{kim}) {
		t.Errorf("a change of the user group was not heard: %v, %v", got, err)
	}
	for _, words := range []string{"removed from the approvals channel", `"event":"tokens_revoked"`, `"event":"app_uninstalled"`} {
		if n := strings.Count(r.log.String(), words); n != 1 {
			t.Errorf("%q is logged %d times\n%s", words, n, r.log)
		}
	}
	if len(kept.all) != 0 {
		t.Errorf("set aside: %v", kept.all)
	}
}

// entries counts journal entries of a kind and a type.
func (r *rig) entries(kind, of string) int { return r.slack.CountEntries(kind, of) }

// TestNothingIsAckedBeforeItIsStored holds the store back, and stops meanwhile:
// what was taken in is finished, and what was acknowledged is stored.
func TestNothingIsAckedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{AckTimeout: patience})
	gate, storing := make(chan struct{}), make(chan struct{}, 10)
	b := r.newBot(faultyStore{Store: r.store, file: func(approvals.Request) error {
		storing <- struct{}{}
		<-gate
		return nil
	}})
	ctx, stop := context.WithCancel(r.ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- b.Run(ctx) }()
	r.awaitConnections()
	const commands = 8
	answers := make(chan fakeslack.Typed, commands)
	for range commands {
		go func() { answers <- r.typed("group-01 IDU") }()
	}
	for range commands {
		<-storing
	}
	stop()
	if n := r.entries(fakeslack.EntryAck, "slash_commands"); n != 0 {
		t.Errorf("%d commands were acknowledged before they were stored", n)
	}
	close(gate)
	for range commands {
		typed := <-answers
		if !strings.Contains(typed.Response, "is recorded") {
			t.Errorf("%q %q", typed.Error, typed.Response)
		}
		if _, err := r.store.Request(r.ctx, requestID.FindString(typed.Response)); err != nil {
			t.Errorf("what was acknowledged is not there: %v", err)
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	b.Close()
}

// A channel's new id is delivered again until it is stored.
func TestMovedChannelIsNotLost(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{EventTimeout: 500 * time.Millisecond, RetryDelays: []time.Duration{0, 0, 0}})
	var moves atomic.Int32
	r.listen(movingStore{Store: r.store, moves: &moves})
	r.slack.UpdateChannel(channel, func(c *fakeslack.Channel) { c.ID = "C0MOVED" })
	r.await("a second delivery", func() bool { return moves.Load() == 2 && r.slack.Unacked() == 0 })
	if now := r.bot.channel.get(); now != "C0MOVED" {
		t.Errorf("the approvals channel is %s", now)
	}
	if !strings.Contains(r.log.String(), "set LICENSEBOT_CHANNEL to the new one") {
		t.Errorf("the operator reads %s", r.log)
	}
	r.slack.UpdateChannel("C0MOVED", func(c *fakeslack.Channel) { c.Archived = true })
	r.await("a line about the archive", func() bool { return strings.Contains(r.log.String(), "was archived") })
}

// A movingStore cannot record the first move of a channel.
type movingStore struct {
	Store
	moves *atomic.Int32
}

func (m movingStore) MoveChannel(ctx context.Context, move approvals.ChannelMove) error {
	if m.moves.Add(1) == 1 {
		return errors.New("disk full")
	}
	return m.Store.MoveChannel(ctx, move)
}
