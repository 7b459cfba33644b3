package socket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/rs/zerolog"

	"licensebot/bot/bottest"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

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

// awaitConnections waits until the bot has heard hello on each connection.
func (r *rig) awaitConnections(s *Socket) {
	r.t.Helper()
	r.slack.AwaitHellos(Connections, s.LiveConnections)
}

// entries counts journal entries of a kind and a type.
func (r *rig) entries(kind, of string) int { return r.slack.CountEntries(kind, of) }

// TestReconnects lets Slack end the connections for each of its reasons. The
// bot comes back with one call for each, and works.
func TestReconnects(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"warning", "refresh_requested", "link_disabled", "too_many_websockets", "cut"} {
		t.Run(reason, func(t *testing.T) {
			r := newRig(t, fakeslack.Config{})
			r.listen(new(handling))
			if n := len(r.slack.Calls("apps.connections.open")); n != 2 {
				t.Errorf("%d connections were opened", n)
			}
			if reason == "cut" {
				r.slack.CutSockets()
			} else {
				r.slack.Disconnect(reason)
			}
			r.await("both to come back", func() bool { return r.entries(fakeslack.EntryHello, "") == 2*Connections })
			r.expectHandled()
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
			r := newRig(t, fakeslack.Config{Linger: time.Millisecond})
			r.slack.RefuseSockets(reason)
			r.run(r.newSocket(new(handling)))
			opened := func() int { return len(r.slack.Calls("apps.connections.open")) }
			for told := false; !told; told = strings.Contains(r.log.String(), "is Socket Mode switched on") {
				if r.ctx.Err() != nil {
					t.Fatalf("the operator is not told\n%s", r.log)
				}
				time.Sleep(5 * time.Millisecond)
			}
			r.slack.RefuseSockets("")
			r.await("a connection", func() bool { return r.slack.Connections() > 0 })
			r.expectHandled()
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
		fault  fault.Fault
	}{
		"no network":        {"apps.connections.open", fault.Fault{Times: 4, Cut: true}},
		"a proxy's 503":     {"apps.connections.open", fault.Fault{Times: 4, Status: 503}},
		"no way for a dial": {"link", fault.Fault{Times: 4, Status: 503}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, fakeslack.Config{})
			r.slack.Inject(c.method, c.fault)
			r.listen(new(handling))
			r.expectHandled()
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
	r := newRig(t, fakeslack.Config{})
	r.slack.Inject("apps.connections.open", fault.Fault{Times: 2, Status: 404})
	r.listen(new(handling))
	r.slack.Inject("apps.connections.open", fault.Fault{Times: 1, Status: 404})
	r.slack.DisconnectOne("refresh_requested")
	r.await("the connection to come back", func() bool { return r.entries(fakeslack.EntryHello, "") == Connections+1 })
	r.expectHandled()
	log := r.log.String()
	if strings.Contains(log, "SLACK_APP_TOKEN") || strings.Count(log, "SLACK_API_URL") != 3 || !strings.Contains(log, r.slack.APIURL()) {
		t.Error(log)
	}
}

// TestUnencryptedConnection has a proxy name other addresses than Slack's. One on which the ticket
// would travel in the open is dialed only if the operator allows that.
func TestUnencryptedConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address string
		allowed bool
		refused string
	}{
		{"ws://slack.example/link?ticket=secret", false, "an unencrypted connection to slack.example"},
		{"WS://127.0.0.1.example:80/?ticket=secret", false, "an unencrypted connection to 127.0.0.1.example:80"},
		{"http://slack.example/link?ticket=secret", false, "an unencrypted connection to slack.example"},
		{"ws://slack.example/%zz?ticket=secret", true, errNoAddress.Error()},
		{"ws://slack.example/link?ticket=secret", true, ""},
		{"ws://127.0.0.1:1/link?ticket=secret", false, ""},
		{"ws://[::1]:1/link?ticket=secret", false, ""},
		{"WSS://slack.example/link?ticket=secret", false, ""},
	} {
		log := new(bottest.Log)
		s := New(Config{APIURL: "https://slack.example/api/", AllowHTTP: c.allowed}, new(handling), zerolog.New(log))
		s.opener.next = answering(func(*http.Request) *http.Response {
			return &http.Response{
				StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader(`{"ok":true,"url":"` + c.address + `"}`)),
			}
		})
		dialed := false
		s.dialer.Proxy = nil
		s.dialer.NetDialContext = func(context.Context, string, string) (net.Conn, error) {
			dialed = true
			return nil, errors.New("not here")
		}
		_, err := s.dial(t.Context(), 0)
		if dialed == (c.refused != "") || c.refused != "" && err.Error() != c.refused {
			t.Errorf("%s: dialed: %t, %v", c.address, dialed, err)
		}
		s.logConnectionError(0, err, time.Second)
		names := strings.Contains(log.String(), "set LICENSEBOT_ALLOW_HTTP=true")
		if names != strings.HasPrefix(c.refused, "an unencrypted") || strings.Contains(log.String(), "secret") {
			t.Errorf("%s: the log says %s", c.address, log)
		}
	}
}

// TestAppTokenNotAccepted ends with words for the operator.
func TestAppTokenNotAccepted(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	s := New(Config{APIURL: r.slack.APIURL(), BotToken: r.slack.BotToken(), AppToken: "xapp-secret"}, new(handling), zerolog.Nop())
	err := s.Run(r.ctx)
	if err == nil || !strings.Contains(err.Error(), "SLACK_APP_TOKEN") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

// An app-level token that worked and is refused is waited for if its file is followed.
// Otherwise the socket ends, so that the process starts anew with another one.
func TestAppTokenRevoked(t *testing.T) {
	t.Parallel()
	for name, follows := range map[string]bool{"its file is followed": true, "it comes from the environment": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, fakeslack.Config{})
			s := r.newSocket(new(handling))
			s.cfg.FollowsAppToken = follows
			ended := make(chan error, 1)
			go func() { ended <- s.Run(r.ctx) }()
			r.awaitConnections(s)
			r.slack.ReplaceTokens()
			r.slack.DisconnectOne("refresh_requested")
			if !follows {
				if err := <-ended; err == nil || !strings.Contains(err.Error(), "SLACK_APP_TOKEN") {
					t.Errorf("%v", err)
				}
				return
			}
			r.await("words for the operator", func() bool { return strings.Contains(r.log.String(), "does not accept SLACK_APP_TOKEN any more") })
			s.ReplaceAppToken(r.slack.AppToken())
			r.await("the connection to come back", func() bool { return r.entries(fakeslack.EntryHello, "") == Connections+1 })
			r.expectHandled()
			select {
			case err := <-ended:
				t.Errorf("the socket ended: %v", err)
			default:
			}
		})
	}
}

// TestNothingIsAckedBeforeItIsHandled holds the handler back, and stops meanwhile:
// no more envelopes are taken, but those that were taken are finished.
func TestNothingIsAckedBeforeItIsHandled(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{AckTimeout: patience})
	gate := make(chan struct{})
	s := r.newSocket(&handling{handle: func(Envelope) { <-gate }})
	stop := r.run(s)
	r.awaitConnections(s)
	const commands = workerCount + 3 // three of them wait in the queue
	answers := make(chan fakeslack.Typed, commands)
	for range commands {
		go func() { answers <- r.typed() }()
	}
	for len(s.queue) < commands-workerCount && r.ctx.Err() == nil {
		runtime.Gosched()
	}
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	if n := r.entries(fakeslack.EntryAck, "slash_commands"); n != 0 {
		t.Errorf("%d commands were acknowledged before they were handled", n)
	}
	close(gate)
	for range commands {
		if typed := <-answers; !strings.Contains(typed.Response, handledText) {
			t.Errorf("%q %q", typed.Error, typed.Response)
		}
	}
	<-stopped
}

// TestTooManyCommands fills the queue. Each person is told something.
func TestTooManyCommands(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{AckTimeout: patience})
	gate := make(chan struct{})
	r.listen(&handling{handle: func(Envelope) { <-gate }})
	const commands = workerCount + queueLength + 10
	answers := make(chan string, commands)
	for range commands {
		go func() { answers <- r.typed().Response }()
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
		case busyText:
			busy++
		case handledText:
		default:
			t.Fatalf("%q", answer)
		}
	}
	// Those in hand are handled. Of those that wait some may have waited too long,
	// on a slow machine all.
	if first != busyText || busy < 1 || busy > commands-workerCount {
		t.Errorf("%d of %d were told that the bot is busy, the first was told %q", busy, commands, first)
	}
}

// TestAnswersAreInTime for Slack, which gives up on a command after three
// seconds: some of them are left for the acknowledgment to be written.
func TestAnswersAreInTime(t *testing.T) {
	t.Parallel()
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
// room for while all handlers are busy. It lets the others go at once: they are
// in no queue, and nothing else keeps them either.
func TestWhatWaitsIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	s := r.newSocket(new(handling))
	const (
		room = queueLength + busyLength
		size = 1 << 10 // of a command: too big to share its memory with another
	)
	c := new(connection)
	payloads := make([]weak.Pointer[byte], 3*room)
	for i := range payloads {
		payload := make([]byte, size)
		payloads[i] = weak.Make(&payload[0])
		s.enqueue(delivery{from: c, env: Envelope{Type: "slash_commands", ID: fmt.Sprint(i), Payload: payload}})
	}
	if len(s.queue) != queueLength || len(s.busy) != busyLength {
		t.Errorf("%d wait for their turn and %d to be told that the bot is busy", len(s.queue), len(s.busy))
	}
	runtime.GC()
	kept := 0
	for _, payload := range payloads {
		if payload.Value() != nil {
			kept++
		}
	}
	// The last one may still lie in a register of this loop.
	if kept > room+1 {
		t.Errorf("it keeps %d commands, of which %d wait", kept, room)
	}
	runtime.KeepAlive(s)
}

// TestFormThatWaitedTooLong is declined while there is time, and not handled.
func TestFormThatWaitedTooLong(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	h := &handling{handled: make(chan Envelope, 2)}
	s := r.listen(h)
	c, err := s.dial(r.ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.retire()
	for id, age := range map[string]time.Duration{"late": startLimit + time.Millisecond, "timely": 0} {
		s.handleDelivery(r.ctx, delivery{env: formOf(id), from: c, arrived: time.Now().Add(-age)})
		r.await("the acknowledgment", func() bool { return r.entries(fakeslack.EntryAckRefused, id) == 1 })
	}
	for _, e := range r.slack.Journal() {
		if e.Kind == fakeslack.EntryAckRefused && strings.Contains(string(e.Payload), busyText) != (e.Envelope == "late") {
			t.Errorf("%s was answered with %s", e.Envelope, e.Payload)
		}
	}
	if env := <-h.handled; env.ID != "timely" || len(h.handled) != 0 {
		t.Errorf("%s was handled, and %d more", env.ID, len(h.handled))
	}
}
