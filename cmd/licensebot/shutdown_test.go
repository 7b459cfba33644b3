package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// TestPartsStopInReverse has two of four parts fail to stop. All stop all the
// same, the last first, and the error names both.
func TestPartsStopInReverse(t *testing.T) {
	var log bytes.Buffer
	parts := &shutdown{log: zerolog.New(&log)}
	errDisk, errSocket := errors.New("the disk is full"), errors.New("the socket is gone")
	var stopped []string
	addPart := func(name string, err error) {
		parts.addPart(name, func() error {
			stopped = append(stopped, name)
			return err
		})
	}
	addPart("store", errDisk)
	addPart("HTTP server", nil)
	addPart("lookups", errSocket)
	addPart("policy", nil)

	err := parts.stopAll()
	if want := []string{"policy", "lookups", "HTTP server", "store"}; !slices.Equal(stopped, want) {
		t.Errorf("stopped %q, want %q", stopped, want)
	}
	if !errors.Is(err, errDisk) || !errors.Is(err, errSocket) {
		t.Errorf("a failure is missing from %v", err)
	}
	if want := "stop the lookups: the socket is gone\nstop the store: the disk is full"; err == nil || err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
	for _, name := range stopped {
		if !strings.Contains(log.String(), `"part":"`+name+`"`) {
			t.Errorf("the log does not name the %s:\n%s", name, log.String())
		}
	}
	if err := parts.stopAll(); err != nil || len(stopped) != 4 {
		t.Errorf("stopping once more stopped %q, %v", stopped, err)
	}
}

// TestRunningPartsStopInTurn ends the context that started two running parts. Both
// go on until it is their turn, and the store stays open until both ended.
func TestRunningPartsStopInTurn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	parts := &shutdown{log: zerolog.Nop()}
	var ended []string
	looked := make(chan struct{})
	addRunning := func(name string) {
		parts.addRunning(ctx, name, func(running context.Context) {
			<-ctx.Done()
			if running.Err() != nil {
				t.Errorf("the %s were told to stop before their turn", name)
			}
			looked <- struct{}{}
			<-running.Done()
			ended = append(ended, name)
		})
	}
	parts.addPart("store", func() error { ended = append(ended, "store"); return errors.New("broken") })
	addRunning("workers")
	addRunning("policies")
	parts.addPart("sockets", func() error { ended = append(ended, "sockets"); return errors.New("lost") })
	cancel()
	<-looked
	<-looked

	err := parts.stopAll()
	if want := []string{"sockets", "policies", "workers", "store"}; !slices.Equal(ended, want) {
		t.Errorf("ended %q, want %q", ended, want)
	}
	if want := "stop the sockets: lost\nstop the store: broken"; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %q", err, want)
	}
}

// TestFailedStartStopsItsParts has the address be taken: the store that was opened
// before is closed, so that the next start can have it.
func TestFailedStartStopsItsParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	taken := strings.TrimPrefix(w.healthBase(), "http://")
	other := newWorld(t)
	other.env["LICENSEBOT_HTTP_ADDR"] = taken
	cfg, err := newConfig(environmentOf(other.env), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err = Serve(t.Context(), cfg, Tuning{}, zerolog.Nop())
		if err == nil || !strings.HasPrefix(err.Error(), "LICENSEBOT_HTTP_ADDR: ") {
			t.Errorf("the start ended with %v", err)
		}
	}
}
