package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

const (
	// logQueue is how many lines wait for a reader that stands still.
	logQueue = 1024
	// logGrace is how long the end of the program waits for that reader.
	logGrace = time.Second
)

// A logOutput writes the log in its own goroutine, so that a reader who stands still
// or has left never holds up the bot. What does not fit into its queue, and what
// cannot be written, is lost and counted. The next line that is written says so.
type logOutput struct {
	w      io.Writer
	notice zerolog.Logger // writes to w at once
	lines  chan []byte
	lost   atomic.Uint64
	told   uint64 // of lost; the goroutine's own
	stop   func()
	stops  chan struct{}
	done   chan struct{}
}

// newLogOutput starts to write to w. cfg says in which format.
func newLogOutput(cfg Config, w io.Writer) *logOutput {
	o := &logOutput{
		w: w, notice: newLogger(cfg, w),
		lines: make(chan []byte, logQueue), stops: make(chan struct{}), done: make(chan struct{}),
	}
	o.stop = sync.OnceFunc(func() { close(o.stops) })
	go o.writeLines()
	return o
}

// Write queues one line. It never fails and never waits.
func (o *logOutput) Write(line []byte) (int, error) {
	select {
	case o.lines <- slices.Clone(line): // zerolog uses the line's memory again
	default:
		o.lost.Add(1)
	}
	return len(line), nil
}

// Lost is how many lines were lost so far.
func (o *logOutput) Lost() uint64 { return o.lost.Load() }

// Close writes what waits, for as long as the grace allows.
func (o *logOutput) Close() {
	o.stop()
	waitFor(o.done, logGrace)
}

func (o *logOutput) writeLines() {
	defer close(o.done)
	for {
		select {
		case line := <-o.lines:
			o.writeLine(line)
			continue
		default:
		}
		select {
		case line := <-o.lines:
			o.writeLine(line)
		case <-o.stops:
			return
		}
	}
}

// writeLine writes one line, and after it how many were lost since the last that was.
func (o *logOutput) writeLine(line []byte) {
	if _, err := o.w.Write(line); err != nil {
		o.lost.Add(1)
		return
	}
	if lost := o.lost.Load(); lost > o.told {
		o.notice.Warn().Uint64("lost", lost-o.told).Msg("lines of the log could not be written and are lost")
		o.told = lost
	}
}

// printLine prints a line to w. It gives up after the grace, because a reader that
// stands still must not keep the program from ending.
func printLine(w io.Writer, words ...any) {
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		_, _ = fmt.Fprintln(w, words...)
	}()
	waitFor(printed, logGrace)
}

func waitFor(done <-chan struct{}, limit time.Duration) {
	select {
	case <-done:
	case <-time.After(limit):
	}
}
