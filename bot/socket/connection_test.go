package socket

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"licensebot/internal/fakeslack"
)

// A pipeSlack is a Slack without a network, for tests that own the clock. Its sockets
// are read, so that pings are answered unless answersPings is off.
type pipeSlack struct {
	answersPings, sendsPings, saysHello bool

	conns  chan net.Conn
	mu     sync.Mutex
	opened []time.Time
	ended  []EndReason
}

func (p *pipeSlack) Accept() (net.Conn, error) {
	c, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p *pipeSlack) Close() error   { return nil }
func (p *pipeSlack) Addr() net.Addr { return &net.TCPAddr{} }

// dialPipe connects a client.
func (p *pipeSlack) dialPipe(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.conns <- server
	return client, nil
}

func (p *pipeSlack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = ws.Close() }()
	p.mu.Lock()
	p.opened = append(p.opened, time.Now())
	p.mu.Unlock()
	if !p.answersPings {
		ws.SetPingHandler(func(string) error { return nil })
	}
	if p.saysHello {
		_ = ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","num_connections":1}`))
	}
	ended := make(chan struct{})
	defer close(ended)
	if p.sendsPings {
		go func() {
			for {
				select {
				case <-ended:
					return
				case <-time.After(19001 * time.Millisecond): // never with one of the client, which would lock the pipe
					_ = ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
				}
			}
		}()
	}
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}

func (p *pipeSlack) noteEnd(reason EndReason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = append(p.ended, reason)
}

// listenOnPipe runs a socket for a time of the test's own clock.
func listenOnPipe(t *testing.T, p *pipeSlack, during time.Duration) {
	t.Helper()
	p.conns = make(chan net.Conn)
	server := &http.Server{Handler: p}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(p) }()
	s := New(Config{APIURL: "https://slack.example/api/", AllowHTTP: true, Watch: Watch{Ended: p.noteEnd}}, new(handling), zerolog.Nop())
	s.opener.next = answering(func(*http.Request) *http.Response {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(`{"ok":true,"url":"ws://slack.example/link"}`)),
		}
	})
	s.dialer.NetDialContext, s.dialer.Proxy = p.dialPipe, nil
	ctx, stop := context.WithTimeout(t.Context(), during)
	defer stop()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
	close(p.conns)
	<-served
}

// TestASilentConnectionIsReplaced within ten seconds, whatever is wrong with it that
// the bot can notice. A connection on which little is said lives on.
func TestASilentConnectionIsReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		slack  *pipeSlack
		reason EndReason // "": it lives on
		within time.Duration
	}{
		"nothing is answered":     {&pipeSlack{saysHello: true}, EndSilent, 10 * time.Second},
		"pings alone come":        {&pipeSlack{saysHello: true, answersPings: true, sendsPings: true}, "", 0},
		"a proxy answers, not it": {&pipeSlack{saysHello: true, answersPings: true}, EndNoPing, slackPingLimit + 2*pingEvery},
		"no hello":                {&pipeSlack{answersPings: true, sendsPings: true}, EndNoHello, helloLimit + 2*pingEvery},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := c.slack
				listenOnPipe(t, p, 5*time.Minute)
				p.mu.Lock()
				defer p.mu.Unlock()
				if c.reason == "" {
					if len(p.opened) != Connections {
						t.Errorf("%d connections were opened, ended as %v", len(p.opened), p.ended)
					}
					return
				}
				if p.ended[0] != c.reason || len(p.opened) <= Connections {
					t.Fatalf("%d connections were opened, ended as %v", len(p.opened), p.ended)
				}
				if gap := p.opened[Connections].Sub(p.opened[0]); gap > c.within {
					t.Errorf("replaced after %v", gap)
				}
			})
		})
	}
}

// TestSilenceOnARealConnection: a half-open one is replaced, and what people type
// reaches the bot again.
func TestSilenceOnARealConnection(t *testing.T) {
	t.Parallel() // it waits for some seconds of real time
	r := newRig(t, fakeslack.Config{})
	r.listen(new(handling))
	r.slack.Silence(true)
	r.await("both to come back", func() bool { return r.entries(fakeslack.EntryHello, "") == 2*Connections })
	r.await("the silent ones to go", func() bool { return r.slack.Connections() == Connections })
	r.expectHandled()
}

// TestAStopAnswersWhatArrives stops sockets while commands arrive all the time. Each
// is acknowledged, or its answer is handed back to be told in another way.
func TestAStopAnswersWhatArrives(t *testing.T) {
	t.Parallel()
	for _, pace := range []time.Duration{0, time.Millisecond} {
		t.Run(pace.String(), func(t *testing.T) {
			r := newRig(t, fakeslack.Config{AckTimeout: patience})
			var mu sync.Mutex
			told := map[string]bool{}
			h := &handling{
				handle: func(Envelope) { time.Sleep(pace) },
				unacknowledged: func(env Envelope, _ any) {
					mu.Lock()
					defer mu.Unlock()
					told[env.ID] = true
				},
			}
			stop := r.run(r.newSocket(h))
			r.await("the connections", func() bool { return r.entries(fakeslack.EntryHello, "") == Connections })
			waiting, giveUp := context.WithCancel(r.ctx)
			var typing sync.WaitGroup
			var answers []fakeslack.Typed
			count := func() int {
				mu.Lock()
				defer mu.Unlock()
				return len(answers)
			}
			for range 20 {
				typing.Go(func() {
					for r.slack.Connections() > 0 {
						typed, _ := r.slack.Command(waiting, robin, general, "/allocate", "group-01 IDU")
						mu.Lock()
						answers = append(answers, typed)
						mu.Unlock()
					}
				})
			}
			r.await("some commands", func() bool { return count() > 50 })
			stop()
			giveUp()
			typing.Wait()
			handled := 0
			for _, typed := range answers {
				switch {
				case typed.Error == "":
					handled++
				case typed.Error == "dispatch_failed": // Slack knows that no socket is left
				case !told[typed.EnvelopeID]:
					t.Errorf("a command was left unanswered: %s", typed.Error)
				}
			}
			if handled < 50 {
				t.Errorf("only %d commands were handled", handled)
			}
		})
	}
}

// TestOneConnectionIsClosedAfterTheOther holds a command on the first connection while
// the socket stops. Both go on until it is acknowledged.
func TestOneConnectionIsClosedAfterTheOther(t *testing.T) {
	r := newRig(t, fakeslack.Config{AckTimeout: patience})
	held, gate := make(chan struct{}), make(chan struct{})
	var isHeld atomic.Bool
	hold := func(env Envelope) {
		if env.Connection == 0 && isHeld.CompareAndSwap(false, true) {
			close(held)
			<-gate
		}
	}
	s := r.newSocket(&handling{handle: hold})
	stop := r.run(s)
	r.awaitConnections(s)
	answers := make(chan fakeslack.Typed, 100)
	typed := 0
	for waiting := true; waiting; typed++ {
		go func() { answers <- r.typed() }()
		select {
		case <-held:
			waiting = false
		case a := <-answers:
			answers <- a
		}
	}
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	for range 10 {
		r.expectHandled()
	}
	if n := r.entries(fakeslack.EntrySocketClosed, ""); n != 0 {
		t.Errorf("%d connections were closed while a command was in flight", n)
	}
	close(gate)
	for range typed {
		if a := <-answers; a.Error != "" {
			t.Errorf("a command was answered with %q", a.Error)
		}
	}
	<-stopped
}

// TestASlowEnvelopeKeepsItsConnection: a connection is not closed before what came by
// it is acknowledged.
func TestASlowEnvelopeKeepsItsConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f inFlight
		select {
		case <-f.none():
		default:
			t.Fatal("nothing is in flight, but it waits")
		}
		f.add()
		f.add()
		none := f.none()
		f.remove()
		select {
		case <-none:
			t.Error("one is still in flight")
		default:
		}
		f.remove()
		<-none
		<-f.none()
	})
}

// TestLongAcknowledgments are refused, because Slack drops them without a word.
func TestLongAcknowledgments(t *testing.T) {
	t.Parallel()
	c := new(connection)
	if err := c.acknowledge("e", map[string]string{"text": strings.Repeat("x", maxAck)}); err == nil {
		t.Error("it was written")
	}
	if err := c.acknowledge("e", json.RawMessage("{")); err == nil {
		t.Error("it was written")
	}
}

// A frame that is too long is left aside, and its connection goes on.
func TestALongFrameKeepsItsConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.listen(&handling{})
	for range 2 * Connections { // the frames go round the connections
		frame := `{"envelope_id":"long","type":"events_api","payload":"` + strings.Repeat("x", 3*readLimit) + `"}`
		if err := r.slack.SendRaw([]byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 * Connections {
		r.expectHandled()
	}
	if n := strings.Count(r.log.String(), errLongFrame.Error()); n != 2*Connections {
		t.Errorf("%d warnings", n)
	}
	hellos := 0
	for _, e := range r.slack.Journal() {
		if e.Kind == fakeslack.EntryHello {
			hellos++
		}
	}
	if hellos != Connections {
		t.Errorf("%d connections were needed", hellos)
	}
}
