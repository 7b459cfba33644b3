package tcpproxy_test

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"licensebot/internal/tcpproxy"
)

// A line server answers each line with the same line, except "mute".
func startLineServer(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					if lines.Text() != "mute" {
						_, _ = io.WriteString(conn, lines.Text()+"\n")
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// A proxied is a client of the line server by way of a proxy.
type proxied struct {
	t     *testing.T
	proxy *tcpproxy.Proxy
}

func startProxied(t *testing.T) *proxied {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	proxy, err := tcpproxy.Start(startLineServer(t), (*tcpproxy.Link).Forward)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	return &proxied{t: t, proxy: proxy}
}

func (p *proxied) dialProxy() net.Conn {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.proxy.Addr())
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	return conn
}

func (p *proxied) sendLine(conn net.Conn, line string) {
	p.t.Helper()
	if _, err := io.WriteString(conn, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

func (p *proxied) wantEcho(conn net.Conn, line string) {
	p.t.Helper()
	p.sendLine(conn, line)
	got := make([]byte, len(line)+1)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != line+"\n" {
		p.t.Errorf("the echo of %q is %q (%v)", line, got, err)
	}
}

func (p *proxied) wantEnded(conn net.Conn) {
	p.t.Helper()
	_, err := conn.Read(make([]byte, 1))
	if timeout, ok := err.(net.Error); err == nil || ok && timeout.Timeout() {
		p.t.Errorf("the connection has not ended: %v", err)
	}
}

func TestForwardPassesEverythingOn(t *testing.T) {
	p := startProxied(t)
	first, second := p.dialProxy(), p.dialProxy()
	p.wantEcho(first, "one")
	p.wantEcho(second, "two")
	p.wantEcho(first, "three")
}

func TestAnswerDue(t *testing.T) {
	p := startProxied(t)
	conn := p.dialProxy()
	p.wantEcho(conn, "hello")
	if p.proxy.AnswerDue() {
		t.Error("an answer is due after the answer")
	}
	p.sendLine(conn, "mute")
	for end := time.Now().Add(10 * time.Second); !p.proxy.AnswerDue(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no answer is due after a question")
		}
	}
}

func TestCutEndsOpenLinksOnly(t *testing.T) {
	p := startProxied(t)
	conn := p.dialProxy()
	p.wantEcho(conn, "hello")
	p.proxy.Cut()
	p.wantEnded(conn)
	p.wantEcho(p.dialProxy(), "again")
}

func TestRefuseEndsNewConnectionsOnly(t *testing.T) {
	p := startProxied(t)
	conn := p.dialProxy()
	p.wantEcho(conn, "hello")
	p.proxy.Refuse(true)
	p.wantEnded(p.dialProxy())
	p.wantEcho(conn, "still here")
	p.proxy.Refuse(false)
	p.wantEcho(p.dialProxy(), "again")
}

func TestTargetIsDown(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	proxy, err := tcpproxy.Start(listener.Addr().String(), (*tcpproxy.Link).Forward)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	p := &proxied{t: t, proxy: proxy}
	p.wantEnded(p.dialProxy())
}

func TestCloseEndsLinks(t *testing.T) {
	p := startProxied(t)
	conn := p.dialProxy()
	p.wantEcho(conn, "hello")
	p.proxy.Close()
	p.wantEnded(conn)
}
