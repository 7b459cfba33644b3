package demo

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A change is saved at once. Those right after it are gathered for a pause, which leaves
// most of the time to the simulators: a long history takes longer to save.
const (
	savePauses   = 4 // times as long as the saving took
	maxSavePause = 200 * time.Millisecond
)

// save saves the state of the simulators, unless the folder is temporary.
func (s *Sandbox) save() error {
	if s.folder.isTemporary() {
		return nil
	}
	state := savedState{Format: stateFormat, Ahead: s.clock.Ahead()}
	var err error
	if state.Slack, err = s.slack.Save(); err != nil {
		return err
	}
	if state.UiPath, err = s.uipath.Save(); err != nil {
		return err
	}
	return s.folder.saveState(state)
}

// keepSaving saves the state after changes, until the sandbox ends. An error is the
// page's to show, because a full disk may have room again at the next change.
func (s *Sandbox) keepSaving() {
	for seen := 0; ; {
		seq, changed, wake := s.events.since(seen)
		seen = seq
		begun := time.Now()
		if slices.ContainsFunc(changed, func(section string) bool { return section != "bot" }) {
			s.noteSaved(s.save())
		}
		if !sleepUnless(s.quit, min(savePauses*time.Since(begun), maxSavePause)) {
			return
		}
		select {
		case <-s.quit.Done():
			return
		case <-wake:
		}
	}
}

// noteSaved keeps what the page says about saving.
func (s *Sandbox) noteSaved(err error) {
	trouble := ""
	if err != nil {
		trouble = toSentence(err.Error())
	}
	s.mu.Lock()
	isNew := trouble != s.trouble
	s.trouble = trouble
	s.mu.Unlock()
	if isNew {
		s.events.note("bot")
	}
}

// sleepUnless returns false when ctx ends first.
func sleepUnless(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// namePorts explains why simulators of an earlier sandbox did not start: they go on at
// their addresses, because the bot's database has these.
func (f folder) namePorts(err error) error {
	if f.isTemporary() {
		return err
	}
	return fmt.Errorf("the simulators of %s do not start: %w; if another program has taken their port, end it, "+
		"or name another folder", f.file(stateName), err)
}
