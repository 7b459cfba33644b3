package store

import (
	"context"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
	"licensebot/internal/tcpproxy"
)

// A forgetfulNAT stands before a server. It drops what connections send after it has
// forgotten them, without a word to either end.
type forgetfulNAT struct {
	url   string
	epoch atomic.Int64
}

func newForgetfulNAT(t *testing.T, server string) *forgetfulNAT {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	nat := new(forgetfulNAT)
	proxy, err := tcpproxy.Start(u.Host, nat.carry)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	u.Host = proxy.Addr()
	nat.url = withParameter(t, u.String(), "sslmode", "disable")
	return nat
}

func (n *forgetfulNAT) forget() { n.epoch.Add(1) }

func (n *forgetfulNAT) carry(link *tcpproxy.Link) {
	defer link.Close()
	epoch := n.epoch.Load()
	pass := func(to, from net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			count, err := from.Read(buffer)
			if err != nil {
				_ = to.Close()
				return
			}
			if n.epoch.Load() == epoch {
				_, _ = to.Write(buffer[:count])
			}
		}
	}
	var both sync.WaitGroup
	both.Go(func() { pass(link.Server, link.Client) })
	both.Go(func() { pass(link.Client, link.Server) })
	both.Wait()
}

// openBehindNAT opens a store all of whose connections can be forgotten.
func openBehindNAT(t *testing.T, parameters ...string) (*bench, *Store, *forgetfulNAT) {
	t.Helper()
	nat := newForgetfulNAT(t, pgtest.URL(t))
	address := nat.url
	for i := 0; i < len(parameters); i += 2 {
		address = withParameter(t, address, parameters[i], parameters[i+1])
	}
	s, err := Open(t.Context(), address, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &bench{T: t, Conformant: underTest{s}}, s, nat
}

// TestCommandsGoOnAfterConnectionsFellSilent types commands with the time that a
// person's command has, until one is recorded.
func TestCommandsGoOnAfterConnectionsFellSilent(t *testing.T) {
	b, _, nat := openBehindNAT(t)
	for range 3 {
		b.fileRequest(1 + int(nat.epoch.Load())*100)
		nat.forget()
		start := time.Now()
		for n := 2; ; n++ {
			ctx, cancel := context.WithTimeout(b.context(), 2250*time.Millisecond)
			_, _, err := b.FileRequest(ctx, sampleRequest(int(nat.epoch.Load())*100+n))
			cancel()
			if err == nil {
				break
			}
			if time.Since(start) > 10*time.Second {
				t.Fatalf("after %v: %v", time.Since(start), err)
			}
		}
	}
}

// TestNoAnswerIsWaitedForWithoutEnd has callers who set no end themselves.
func TestNoAnswerIsWaitedForWithoutEnd(t *testing.T) {
	b, s, nat := openBehindNAT(t, "statement_timeout", "500ms")
	for name, call := range map[string]func() error{
		"a transaction": func() error { return s.Ping(context.Background()) },
		"a claim": func() error {
			_, _, err := s.ClaimJob(context.Background(), time.Minute, approvals.JobPrepare)
			return err
		},
		"a read":    func() error { _, err := s.ListPendingCards(context.Background()); return err },
		"the clock": func() error { _, err := s.Now(context.Background()); return err },
	} {
		b.mustSucceed(b.Ping(b.context()))
		nat.forget()
		ended := make(chan error, 1)
		go func() { ended <- call() }()
		select {
		case <-ended: // well or not, and in time
		case <-time.After(20 * time.Second):
			t.Fatalf("%s still waits", name)
		}
	}
}

// TestTheListenerNoticesSilence expects a signal, which begins each new connection.
func TestTheListenerNoticesSilence(t *testing.T) {
	_, s, nat := openBehindNAT(t)
	wake, stop := s.Subscribe(approvals.JobPrepare)
	defer stop()
	select {
	case <-wake:
	default:
	}
	nat.forget()
	select {
	case <-wake:
	case <-time.After(4 * listenCheck):
		t.Error("it listens to a silent connection")
	}
}

func TestParseTimeout(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10s": 10 * time.Second, "10000": 10 * time.Second, "10min": 10 * time.Minute, "1.5s": 1500 * time.Millisecond,
		" 2 h": 2 * time.Hour, "1d": 24 * time.Hour, "0": 0, "": 0, "-1": 0, "soon": 0, "5 weeks": 0,
	} {
		if got := parseTimeout(strings.TrimSpace(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
