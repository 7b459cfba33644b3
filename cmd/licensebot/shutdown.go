package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rs/zerolog"
)

// A shutdown is the list of what stops when the bot ends. Each part adds itself
// when it starts, and the last to start is the first to stop.
type shutdown struct {
	parts []part
	log   zerolog.Logger
}

type part struct {
	name string
	stop func() error
}

func (s *shutdown) addPart(name string, stop func() error) {
	s.parts = append(s.parts, part{name: name, stop: stop})
}

// addRunning runs a part beside the caller until it is its turn to stop. It
// outlives ctx, because it has to stop in its turn.
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

// stopAll stops all parts, the last first.
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
