package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rs/zerolog"
)

// A shutdown lists the parts to stop when the bot ends. Serve adds each part right
// after its start. The last to start is the first to stop, because a part may use
// those that started before it.
type shutdown struct {
	parts []part
	log   zerolog.Logger
}

// A part is something that Serve started, and how to stop it.
type part struct {
	name string
	stop func() error
}

// addPart adds a part that has started.
func (s *shutdown) addPart(name string, stop func() error) {
	s.parts = append(s.parts, part{name: name, stop: stop})
}

// addRunning runs a part beside the caller until its turn to stop comes. The end
// of ctx does not stop it, because it must stop in its turn.
func (s *shutdown) addRunning(ctx context.Context, name string, run func(context.Context)) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() { run(running) })
	s.addPart(name, func() error {
		cancel()
		done.Wait()
		return nil
	})
}

// stopAll stops all parts, the last first. If one part fails, the
// others stop all the same. The error joins all failures, each with its part's name.
func (s *shutdown) stopAll() error {
	var failed error
	for len(s.parts) > 0 {
		last := s.parts[len(s.parts)-1]
		s.parts = s.parts[:len(s.parts)-1]
		s.log.Debug().Str("part", last.name).Msg("stopping")
		if err := last.stop(); err != nil {
			failed = errors.Join(failed, fmt.Errorf("stop the %s: %w", last.name, err))
		}
	}
	return failed
}
