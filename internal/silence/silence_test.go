package silence

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// connect opens a connection with a limit to a server that answers as serve does.
func connect(t *testing.T, limit time.Duration, serve func(net.Conn)) net.Conn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	served := make(chan struct{})
	go func() {
		defer close(served)
		server, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = server.Close() }()
		serve(server)
		_, _ = io.Copy(io.Discard, server) // until the client leaves
	}()
	conn, err := NewDialer(limit)(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); <-served })
	return conn
}

func ask(t *testing.T, conn net.Conn) error {
	t.Helper()
	if _, err := conn.Write([]byte("?")); err != nil {
		t.Fatal(err)
	}
	_, err := conn.Read(make([]byte, 1))
	return err
}

func TestAWaitEnds(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){
		"no answer":     func(net.Conn) {},
		"not a second":  func(server net.Conn) { _, _ = server.Write([]byte("!")) },
		"a part of one": func(server net.Conn) { _, _ = server.Write([]byte("!!")) },
	} {
		conn := connect(t, 50*time.Millisecond, serve)
		var err error
		for range 3 {
			if err = ask(t, conn); err != nil {
				break
			}
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheUsersDeadlineHolds has limits of the connection that are shorter and longer.
func TestTheUsersDeadlineHolds(t *testing.T) {
	conn := connect(t, time.Hour, func(net.Conn) {})
	if err := conn.SetDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the user's deadline: %v", err)
	}
	if _, err := conn.Write([]byte("?")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a write extended the user's deadline: %v", err)
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("?")); err != nil {
		t.Errorf("after the deadline is taken back: %v", err)
	}
}

// TestAnAnswerInTimeIsHeard reads what comes before the limit.
func TestAnAnswerInTimeIsHeard(t *testing.T) {
	conn := connect(t, time.Hour, func(server net.Conn) { _, _ = server.Write([]byte("!!")) })
	for range 2 {
		if err := ask(t, conn); err != nil {
			t.Error(err)
		}
	}
}
