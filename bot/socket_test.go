package bot

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack/socketmode"

	"licensebot/approvals"
	"licensebot/internal/sandbox"
)

// A filer is the real store, with something in the way of it.
type filer struct {
	RequestStore
	file    func(approvals.Request) error
	react   func(approvals.Reaction) error
	step    error
	letters *letters
}

func (f filer) ApplyEvent(ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob) (approvals.Request, error) {
	if f.step != nil {
		return approvals.Request{}, f.step
	}
	return f.RequestStore.ApplyEvent(ctx, id, e, done)
}

func (f filer) FileRequest(ctx context.Context, r approvals.Request) (approvals.Request, bool, error) {
	if f.file != nil {
		if err := f.file(r); err != nil {
			return approvals.Request{}, false, err
		}
	}
	return f.RequestStore.FileRequest(ctx, r)
}

func (f filer) RecordReaction(ctx context.Context, heard approvals.Reaction) error {
	if f.react != nil {
		if err := f.react(heard); err != nil {
			return err
		}
	}
	return f.RequestStore.RecordReaction(ctx, heard)
}

func (f filer) DeadLetter(ctx context.Context, envelope, why string, raw []byte) error {
	if f.letters != nil {
		f.letters.add(envelope, why+": "+string(raw))
	}
	return f.RequestStore.DeadLetter(ctx, envelope, why, raw)
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

// intake has everything at work that serve has.
func (r *rig) intake(f RequestStore) *Intake {
	in := &Intake{
		Store: f, Words: testWords(), TTL: time.Hour,
		Self: r.self, Receipts: r.receipts, Directory: r.directory, Log: testLogger(r),
		Form:    &Form{API: r.api, Catalog: r.catalogue, Words: testWords(), Log: testLogger(r)},
		Home:    NewHome(r.api, r.store, r.directory, testWords(), r.self, func(context.Context) []string { return r.unwell }, testLogger(r)),
		Speaker: r.speaker, Errands: NewBackgroundQueue(testLogger(r)),
	}
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { in.Home.Run(ctx) })
	working.Go(func() { in.Errands.Run(ctx) })
	r.t.Cleanup(func() { cancel(); working.Wait() })
	return in
}

func (r *rig) newSocket(f RequestStore) *Socket {
	cfg := SocketConfig{
		APIURL: r.slack.APIURL(), BotToken: r.slack.BotToken(), AppToken: r.slack.AppToken(),
		Greeted: func() { r.greeted <- struct{}{} },
	}
	return NewSocket(cfg, r.intake(f), testLogger(r))
}

// run runs a socket until the test ends, or until stop is called.
func (r *rig) run(s *Socket) (stop func()) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	})
	r.t.Cleanup(stop)
	return stop
}

// listen runs a socket and waits for its connections.
func (r *rig) listen(f RequestStore) *Socket {
	r.t.Helper()
	s := r.newSocket(f)
	r.run(s)
	r.awaitConnections(s)
	return s
}

// awaitConnections waits until the bot has heard hello on each connection.
func (r *rig) awaitConnections(s *Socket) {
	r.t.Helper()
	for range Connections {
		select {
		case <-r.greeted:
		case <-r.ctx.Done():
			r.t.Fatalf("%d connections are live\n%s", s.LiveConnections(), r.log)
		}
	}
	if s.LiveConnections() != Connections {
		r.t.Errorf("%d connections are live", s.LiveConnections())
	}
}

// typed is what the requester sees of a command.
func (r *rig) typed(text string) sandbox.Typed {
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

// entries counts journal entries of a kind and a type.
func (r *rig) entries(kind, of string) int {
	n := 0
	for _, e := range r.slack.Journal() {
		if e.Kind == kind && (of == "" || e.Type == of || e.Envelope == of) {
			n++
		}
	}
	return n
}

// TestReconnects lets Slack end the connections for each of its reasons. The
// bot comes back with one call for each, and works.
func TestReconnects(t *testing.T) {
	for _, reason := range []string{"warning", "refresh_requested", "link_disabled", "too_many_websockets", "cut"} {
		t.Run(reason, func(t *testing.T) {
			r := newRig(t, sandbox.SlackConfig{})
			r.listen(r.store)
			if n := len(r.slack.Calls("apps.connections.open")); n != 2 {
				t.Errorf("%d connections were opened", n)
			}
			if reason == "cut" {
				r.slack.CutSockets()
			} else {
				r.slack.Disconnect(reason)
			}
			r.await("both to come back", func() bool { return r.entries(sandbox.EntryHello, "") == 2*Connections })
			r.recorded("group-01 IDU")
			if n := len(r.slack.Calls("apps.connections.open")); n != 2*Connections {
				t.Errorf("%d connections were opened", n)
			}
		})
	}
}

// TestRefusedConnections lets every connection end before its hello. The bot
// slows down, and comes back once it is let in.
func TestRefusedConnections(t *testing.T) {
	for _, reason := range []string{"link_disabled", "too_many_websockets", "refresh_requested"} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel() // to wait together for the next attempt
			r := newRig(t, sandbox.SlackConfig{Linger: time.Millisecond})
			r.slack.RefuseSockets(reason)
			r.run(r.newSocket(r.store))
			opened := func() int { return len(r.slack.Calls("apps.connections.open")) }
			for told := false; !told; told = strings.Contains(r.log.String(), "is Socket Mode switched on") {
				if r.ctx.Err() != nil {
					t.Fatalf("the operator is not told\n%s", r.log)
				}
				time.Sleep(5 * time.Millisecond)
			}
			r.slack.RefuseSockets("")
			r.await("a connection", func() bool { return r.slack.Connections() > 0 })
			r.recorded("group-01 IDU")
			if n := opened(); n > 2*Connections+2 { // so many before the first are known to have come to nothing, and a few since
				t.Errorf("%d connections were opened until one was let in", n)
			}
		})
	}
}

// TestAnOutageIsCalledOne: where no connection comes to be, Slack is not said
// to open any.
func TestAnOutageIsCalledOne(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		fault  sandbox.Fault
	}{
		"no network":        {"apps.connections.open", sandbox.Fault{Times: 4, Cut: true}},
		"a proxy's 503":     {"apps.connections.open", sandbox.Fault{Times: 4, Status: 503}},
		"no way for a dial": {"link", sandbox.Fault{Times: 4, Status: 503}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.SlackConfig{})
			r.slack.Inject(c.method, c.fault)
			r.listen(r.store)
			r.recorded("group-01 IDU")
			if log := r.log.String(); strings.Contains(log, "never says hello") || strings.Count(log, "cannot connect to Slack") != 4 {
				t.Error(log)
			}
		})
	}
}

// TestNoSuchPage: what answers 404 is not Slack, and says nothing of the token.
// Both connections come back once Slack answers again, and meanwhile the
// operator is told where to look.
func TestNoSuchPage(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.SlackConfig{})
	r.slack.Inject("apps.connections.open", sandbox.Fault{Times: 2, Status: 404})
	r.listen(r.store)
	r.slack.Inject("apps.connections.open", sandbox.Fault{Times: 1, Status: 404})
	r.slack.DisconnectOne("refresh_requested")
	r.await("the connection to come back", func() bool { return r.entries(sandbox.EntryHello, "") == Connections+1 })
	r.recorded("group-01 IDU")
	log := r.log.String()
	if strings.Contains(log, "SLACK_APP_TOKEN") || strings.Count(log, "SLACK_API_URL") != 3 || !strings.Contains(log, r.slack.APIURL()) {
		t.Error(log)
	}
}

// TestAppTokenNotAccepted ends with words for the operator.
func TestAppTokenNotAccepted(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	s := NewSocket(SocketConfig{APIURL: r.slack.APIURL(), BotToken: r.slack.BotToken(), AppToken: "xapp-secret"}, r.intake(r.store), zerolog.Nop())
	err := s.Run(r.ctx)
	if err == nil || !strings.Contains(err.Error(), "SLACK_APP_TOKEN") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

// TestNothingIsAckedBeforeItIsStored holds the store back, and stops meanwhile:
// nothing is taken in any more, but what was taken in is finished.
func TestNothingIsAckedBeforeItIsStored(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{AckTimeout: patience})
	gate := make(chan struct{})
	s := r.newSocket(filer{RequestStore: r.store, file: func(approvals.Request) error {
		<-gate
		return nil
	}})
	stop := r.run(s)
	r.awaitConnections(s)
	const commands = workerCount + 3 // three of them wait in the queue
	answers := make(chan sandbox.Typed, commands)
	for range commands {
		go func() { answers <- r.typed("group-01 IDU") }()
	}
	for len(s.jobs) < commands-workerCount && r.ctx.Err() == nil {
		runtime.Gosched()
	}
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	if n := r.entries(sandbox.EntryAck, "slash_commands"); n != 0 {
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
	<-stopped
}

// TestNotStored tells the person, and leaves reactions to be delivered again.
func TestNotStored(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{AckTimeout: 500 * time.Millisecond, RetryDelays: []time.Duration{0, 0, 0}})
	full := errors.New("disk full")
	var once sync.Once
	r.listen(filer{
		RequestStore: r.store,
		file:         func(approvals.Request) error { return full },
		react:        func(approvals.Reaction) (err error) { once.Do(func() { err = full }); return err },
	})
	if typed := r.typed("group-01 IDU"); !strings.Contains(typed.Response, "I could not record your request") {
		t.Errorf("%q %q", typed.Error, typed.Response)
	}
	card := r.posted(approvals.Pending)
	if err := r.slack.React(alex, channel, card.CardTS, "white_check_mark"); err != nil {
		t.Fatal(err)
	}
	r.await("the event to be settled", func() bool { return r.slack.Unacked() == 0 })
	if n := r.entries(sandbox.EntryTimeout, "events_api"); n != 1 {
		t.Errorf("a reaction that was not stored was acknowledged, or again and again not: %d", n)
	}
	votes, err := r.store.ListReactions(r.ctx, channel, card.CardTS)
	if err != nil || len(votes) != 1 || votes[0].User != alex || !votes[0].Present {
		t.Errorf("%+v, %v", votes, err)
	}
}

// What nobody can know is not called certain either way.
func TestUncertain(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	r.listen(filer{RequestStore: r.store, file: func(approvals.Request) error { return fmt.Errorf("commit: %w", approvals.ErrCommitUnknown) }})
	if typed := r.typed("group-01 IDU"); typed.Response != CommandUncertain() {
		t.Errorf("%q %q", typed.Error, typed.Response)
	}
}

func TestUncertainOfARequest(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	lost := fmt.Errorf("commit: %w", approvals.ErrCommitUnknown)
	r.listen(filer{RequestStore: r.store, step: lost})
	request, _, err := r.store.FileRequest(r.ctx, approvals.Request{ID: approvals.NewID(), EnvelopeID: "e1", Requester: robin, Channel: channel, Terms: approvals.Terms{TTL: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	id := request.ID
	want := "cannot tell whether it was recorded. Type `/allocate status " + id + "`"
	if typed := r.typed("cancel " + id); !strings.Contains(typed.Response, want) {
		t.Errorf("%q %q", typed.Error, typed.Response)
	}
	in := Intake{Store: filer{RequestStore: granting{r.store}, step: lost}, Words: testWords()}
	if said := in.revokeGrant(r.ctx, "/allocate", id, robin); !strings.Contains(said, want) {
		t.Error(said)
	}
}

// granting shows every request as one that holds something for a time.
type granting struct{ RequestStore }

func (g granting) Request(ctx context.Context, id string) (approvals.Request, error) {
	r, err := g.RequestStore.Request(ctx, id)
	r.Grant = &approvals.Grant{}
	return r, err
}

// TestDeliveriesThatNobodyUnderstands are recorded and then acknowledged, so
// that Slack does not deliver them again.
func TestDeliveriesThatNobodyUnderstands(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	kept := new(letters)
	r.listen(filer{RequestStore: r.store, letters: kept})
	for id, frame := range map[string]string{
		"unknown envelope type": `{"envelope_id":"ID","type":"telepathy","payload":{"token":"secret"}}`,
		"decode event":          `{"envelope_id":"ID","type":"events_api","payload":{"type":"event_callback","event":{"type":"reaction_added","item":"x"}}}`,
		"unknown event type":    `{"envelope_id":"ID","type":"events_api","payload":{"type":"event_callback","event":{"type":"star_added","user":{"id":1}}}}`,
		"none inside":           `{"envelope_id":"ID","type":"events_api","payload":{"type":"url_verification"}}`,
		"decode slash command":  `{"envelope_id":"ID","type":"slash_commands","accepts_response_payload":true,"payload":{"text":5,"token":"secret"}}`,
		"no user or no command": `{"envelope_id":"ID","type":"slash_commands","accepts_response_payload":true,"payload":{"command":"/allocate","response_url":"secret"}}`,
		"decode interaction":    `{"envelope_id":"ID","type":"interactive","payload":{"type":"block_actions","trigger_id":"secret","actions":[5]}}`,
		"unknown interaction":   `{"envelope_id":"ID","type":"interactive","payload":{"type":"block_actions","user":{"id":"U1"},"trigger_id":"secret","actions":[5]}}`,
		"too_long":              `{"envelope_id":"ID","type":"telepathy","payload":"` + strings.Repeat("x", 100<<10) + `"}`,
		"undecodable":           `{"envelope_id":"ID","type":"telepathy"}`,
		"of no type":            `{"envelope_id":"ID","type":{"is":"an object"},"retry_attempt":"1"}`,
		"mistyped":              `{"envelope_id":"ID","type":"mistyped","retry_attempt":"1","payload":{}}`,
	} {
		if err := r.slack.SendRaw([]byte(strings.Replace(frame, "ID", id, 1))); err != nil {
			t.Fatal(err)
		}
		r.await("the acknowledgement of "+id, func() bool { return r.entries(sandbox.EntryAckRefused, id) == 1 })
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
	if n := r.entries(sandbox.EntryHello, ""); n != Connections {
		t.Errorf("%d connections were needed", n)
	}
	for _, e := range r.slack.Journal() {
		if e.Kind == sandbox.EntryAckRefused && strings.HasPrefix(e.Envelope, "no user") && !strings.Contains(string(e.Payload), "Something went wrong inside licensebot") {
			t.Errorf("whoever typed it is not told: %s", e.Payload)
		}
	}
}

// TestAPanicHarmsOnlyItsOwnEnvelope, which is recorded and answered.
func TestAPanicHarmsOnlyItsOwnEnvelope(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	kept := new(letters)
	r.listen(filer{
		RequestStore: r.store, letters: kept,
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
			if !strings.Contains(typed.Response, "Something went wrong inside licensebot") {
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
	if n := r.entries(sandbox.EntryTimeout, ""); n != 0 {
		t.Errorf("%d envelopes were not acknowledged", n)
	}
}

// TestTooManyCommands fills the queue. Each person is told something.
func TestTooManyCommands(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{AckTimeout: patience})
	gate := make(chan struct{})
	r.listen(filer{RequestStore: r.store, file: func(approvals.Request) error {
		<-gate
		return errors.New("disk full")
	}})
	const commands = workerCount + queueLength + 10
	answers := make(chan string, commands)
	for range commands {
		go func() { answers <- r.typed("group-01 IDU").Response }()
	}
	first := <-answers
	close(gate)
	got := []string{first}
	for len(got) < commands {
		got = append(got, <-answers)
	}
	busy := 0
	for _, answer := range got {
		switch answer {
		case CommandBusy():
			busy++
		case CommandNotStored():
		default:
			t.Fatalf("%q", answer)
		}
	}
	// Those in hand are answered by the store. Of those that wait some may have
	// waited too long, on a slow machine all.
	if first != CommandBusy() || busy < 1 || busy > commands-workerCount {
		t.Errorf("%d of %d were told that the bot is busy, the first was told %q", busy, commands, first)
	}
}

// TestAnswersAreInTime for Slack, which gives up on a command after three
// seconds: some of them are left for the acknowledgement to be written.
func TestAnswersAreInTime(t *testing.T) {
	const (
		slackLimit = 3 * time.Second
		doubtLimit = 500 * time.Millisecond // what the store takes to find out the truth; its own tests hold it to that
	)
	if longest := answerLimit + doubtLimit; longest > slackLimit-FlushTime {
		t.Errorf("an answer may take %v", longest)
	}
	if startLimit >= answerLimit {
		t.Errorf("what is begun after %v has no time until %v", startLimit, answerLimit)
	}
}

// TestWhatWaitsIsBounded hands a socket three times as many commands as it has
// room for while nobody works on them. The others are let go at once.
func TestWhatWaitsIsBounded(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	s := r.newSocket(r.store)
	const size = 16 << 10 // of a command, so that keeping them all would be seen
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	before := heap()
	for i := range 3 * (queueLength + busyLength) {
		s.enqueue(r.ctx, s.clients[0], socketmode.Event{Type: socketmode.EventTypeSlashCommand, Request: &socketmode.Request{
			Type: "slash_commands", EnvelopeID: fmt.Sprint(i), Payload: make([]byte, size),
		}})
	}
	after := heap()
	if len(s.jobs) != queueLength || len(s.busy) != busyLength {
		t.Errorf("%d wait for their turn and %d to be told that the bot is busy", len(s.jobs), len(s.busy))
	}
	if most := before + 3*(queueLength+busyLength)*size/2; after > most {
		t.Errorf("it keeps %d MiB, which is more than waits", after>>20)
	}
	runtime.KeepAlive(s)
}

// TestWhichReactionsAreVotes hands reactions to the intake, of which one is a
// vote.
func TestWhichReactionsAreVotes(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	r.listen(r.store)
	card := r.posted(approvals.Pending)
	event := func(change func(event, item map[string]any)) {
		item := map[string]any{"type": "message", "channel": channel, "ts": card.CardTS}
		event := map[string]any{"type": "reaction_added", "user": kim, "reaction": "white_check_mark", "item": item, "item_user": r.self.UserID}
		change(event, item)
		r.slack.SendEvent(event)
	}
	event(func(e, _ map[string]any) { e["reaction"] = "eyes" })
	event(func(e, _ map[string]any) { e["user"] = r.self.UserID })
	event(func(e, _ map[string]any) { e["user"] = "" })
	event(func(e, _ map[string]any) { e["item_user"] = robin })
	event(func(_, item map[string]any) { item["channel"] = general })
	event(func(_, item map[string]any) { item["type"] = "file" })
	event(func(e, _ map[string]any) {
		e["user"], e["reaction"] = alex, "white_check_mark::skin-tone-2"
		delete(e, "item_user")
	})
	event(func(e, _ map[string]any) { e["user"], e["type"] = robin, "reaction_removed" })
	r.await("all to be acknowledged", func() bool { return r.slack.Unacked() == 0 })
	votes, err := r.store.ListReactions(r.ctx, channel, card.CardTS)
	if err != nil || len(votes) != 1 || votes[0].User != alex || votes[0].Name != "white_check_mark" {
		t.Errorf("%+v, %v", votes, err)
	}
	if votes, _ := r.store.ListReactions(r.ctx, general, card.CardTS); len(votes) != 0 {
		t.Errorf("%+v", votes)
	}
}

// TestOtherEvents are noted where they matter.
func TestOtherEvents(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	kept := new(letters)
	r.listen(filer{RequestStore: r.store, letters: kept})
	r.slack.SetUserGroup("S0A", alex)
	if _, err := r.directory.ListMembers(r.ctx, []string{"S0A"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	r.slack.SetUserGroup("S0A", kim)
	r.slack.Leave(channel, r.self.UserID)
	r.slack.Leave(general, robin)
	r.slack.SendEvent(map[string]any{"type": "tokens_revoked", "tokens": map[string]any{"bot": []string{"U1"}}})
	r.slack.SendEvent(map[string]any{"type": "app_uninstalled"})
	r.await("all to be acknowledged", func() bool { return r.slack.Unacked() == 0 })
	if got, err := r.directory.ListMembers(r.ctx, []string{"S0A"}, time.Hour); err != nil || !slices.Equal(got, []string{kim}) {
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
