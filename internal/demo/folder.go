package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

// The files of a sandbox's folder.
const (
	stateName    = "sandbox.json"
	lockName     = "sandbox.lock"
	databaseName = "sandbox.db"
	policyName   = "policy.yaml"
	draftSuffix  = ".new" // of a file that is being written
)

// stateFormat changes with the meaning of a savedState.
const stateFormat = 1

// A savedState is the state of the simulators. Its file also marks the folder as a
// sandbox's.
type savedState struct {
	Format int             `json:"licensebot_sandbox"`
	Ahead  time.Duration   `json:"clock_ahead"`
	Slack  json.RawMessage `json:"slack,omitempty"`
	UiPath json.RawMessage `json:"uipath,omitempty"`
}

// A folder has the files of a sandbox. A temporary folder goes with its sandbox.
type folder struct {
	path string
	lock *flock.Flock // nil in a temporary folder
}

// openFolder makes a temporary folder for "". Of other folders it takes an empty one and a
// sandbox's, because a sandbox writes files that may be somebody's own elsewhere.
func openFolder(dir string) (folder, error) {
	if dir == "" {
		path, err := os.MkdirTemp("", "licensebot-sandbox-")
		return folder{path: path}, err
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return folder{}, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return folder{}, err
	}
	if err := refuseForeign(path); err != nil {
		return folder{}, err
	}
	f := folder{path: path, lock: flock.New(filepath.Join(path, lockName))}
	locked, err := f.lock.TryLock()
	if err == nil && !locked {
		err = fmt.Errorf("another sandbox uses the folder %s: end it first, or name another folder", path)
	}
	return f, err
}

// refuseForeign refuses a folder with files but without the mark. The mark is the
// sandbox's first file beside the lock.
func refuseForeign(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == name })
	}
	for _, e := range entries {
		if !has(stateName) && e.Name() != lockName && e.Name() != stateName+draftSuffix {
			return fmt.Errorf("the folder %s is not a sandbox's: it has %s and no %s; name a new or an empty folder",
				path, e.Name(), stateName)
		}
	}
	return nil
}

func (f folder) file(name string) string { return filepath.Join(f.path, name) }

func (f folder) isTemporary() bool { return f.lock == nil }

// close gives the folder free, or removes it.
func (f folder) close() error {
	if f.isTemporary() {
		return os.RemoveAll(f.path)
	}
	return f.lock.Unlock()
}

// loadState reads the state of an earlier sandbox, if there was one.
func (f folder) loadState() (savedState, error) {
	state := savedState{Format: stateFormat}
	text, err := os.ReadFile(f.file(stateName))
	if errors.Is(err, os.ErrNotExist) {
		return state, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err != nil {
		return state, fmt.Errorf("the state of the sandbox in %s is damaged (%w): "+
			"put a copy of the file back, or delete the folder to start anew", f.file(stateName), err)
	}
	if state.Format != stateFormat {
		return state, fmt.Errorf("another version of licensebot wrote %s: "+
			"use that version, or delete the folder to start anew", f.file(stateName))
	}
	return state, nil
}

// saveState replaces the file as a whole, so that the loss of power leaves one of the two.
func (f folder) saveState(state savedState) error {
	text, err := json.Marshal(state)
	if err == nil {
		err = f.replace(stateName, text)
	}
	if err != nil {
		return fmt.Errorf("the state of the sandbox could not be saved: %w", err)
	}
	return nil
}

// replace writes a file as a whole.
func (f folder) replace(name string, text []byte) error {
	draft, err := os.OpenFile(f.file(name+draftSuffix), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = draft.Write(text)
	if err == nil {
		err = draft.Sync()
	}
	if err := errors.Join(err, draft.Close()); err != nil {
		return err
	}
	return os.Rename(draft.Name(), f.file(name))
}
