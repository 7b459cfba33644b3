package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"licensebot/internal/fakeslack"
)

// A Start runs the bot with an environment and a clock until ctx ends.
type Start func(ctx context.Context, env map[string]string, clock *Clock) error

// Play tells a story in two acts with the bot that start runs. Every line is
// read back from the simulators. The error names the scene that failed.
func Play(ctx context.Context, out io.Writer, start Start) (err error) {
	folder, err := os.MkdirTemp("", "licensebot-sandbox-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s, err := newStage()
	if err != nil {
		return err
	}
	defer s.closeServers()
	policy := filepath.Join(folder, "policy.yaml")
	if err := os.WriteFile(policy, []byte(storyPolicy), 0o600); err != nil {
		return err
	}

	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- start(running, botEnvironment(s.slack, s.uipath, filepath.Join(folder, "sandbox.db"), policy), s.clock)
	}()
	scenes, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	s.out = storyWriter{out, abort}
	stopped := make(chan error, 1)
	go func() {
		early := <-ended
		if running.Err() == nil {
			abort(fmt.Errorf("the bot ended before the story did: %w", errorOrUnknown(early)))
		}
		stopped <- early
	}()

	err = s.playScenes(scenes)
	stop()
	if left := <-stopped; left != nil && err == nil {
		err = fmt.Errorf("the bot did not stop cleanly: %w", left)
	}
	if cause := context.Cause(scenes); err != nil && cause != nil {
		return cause
	}
	return err
}

// storyWriter ends the story when its reader has left.
type storyWriter struct {
	io.Writer
	abort context.CancelCauseFunc
}

// Write passes text on and ends the story when that fails.
func (w storyWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		w.abort(fmt.Errorf("the story cannot be written: %w", err))
	}
	return n, err
}

func errorOrUnknown(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

// playScenes plays the scenes in order.
func (s *stage) playScenes(ctx context.Context) error {
	s.printText("A simulated Slack and a simulated UiPath run on this machine.\n")
	connected := func() bool { return s.slack.Connections() > 0 }
	if err := s.waitUntil(ctx, "the bot never connected to Slack", connected); err != nil {
		return err
	}
	if err := s.playFirstAct(ctx); err != nil {
		return err
	}
	if err := s.playSecondAct(ctx); err != nil {
		return err
	}
	for _, e := range s.slack.Journal() {
		if e.Kind == fakeslack.EntryOddity {
			return fmt.Errorf("the bot called %s in an odd way: %s", e.Type, e.Detail)
		}
	}
	return nil
}
