package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// Options is what a sandbox needs from the program that it shows.
type Options struct {
	// Dir keeps the policy file and the bot's last database. Empty means a folder that
	// Close removes.
	Dir string
	// Bot makes the command that runs the bot with an environment. Nil means that the
	// sandbox has only the simulators.
	Bot func(env map[string]string) *exec.Cmd
	// CheckPolicy finds everything that is wrong in a policy file.
	CheckPolicy func(text string) []PolicyProblem
	// ReadRecords reads what the bot's database has. It is not there before the first
	// start.
	ReadRecords func(ctx context.Context, database string) (Records, error)
	// CodeName is what UiPath calls a license code, or "".
	CodeName func(code string) string
}

// A PolicyProblem is something wrong in a policy file.
type PolicyProblem struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// Records is what the bot's database has for people to see.
type Records struct {
	Jobs     []JobRecord     `json:"jobs"`
	Requests []RequestRecord `json:"requests"`
	Journal  []JournalRecord `json:"journal"`
}

// A JobRecord is a job that the bot owes.
type JobRecord struct {
	Request string    `json:"request"`
	Kind    string    `json:"kind"`
	Due     time.Time `json:"due"`
	Attempt int       `json:"attempt"`
	Leased  bool      `json:"leased"`
}

// A RequestRecord is a request.
type RequestRecord struct {
	ID          string    `json:"id"`
	State       string    `json:"state"`
	Group       string    `json:"group"`
	Codes       []string  `json:"codes"`
	CardChannel string    `json:"card_channel"`
	CardTS      string    `json:"card_ts"`
	AskedBy     string    `json:"asked_by"`
	FiledAt     time.Time `json:"filed_at"`
}

// A JournalRecord is a line of the journal.
type JournalRecord struct {
	Request string    `json:"request"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Detail  string    `json:"detail"`
}

// A Sandbox is a simulated Slack and UiPath with a bot to play with, and the HTTP
// interface to all three. [Sandbox.Handler] serves it.
type Sandbox struct {
	options   Options
	folder    string
	temporary bool
	clock     *Clock
	slack     *fakeslack.Server
	uipath    *fakeuipath.Server
	bot       *botProcess
	events    *eventHub
	quit      context.Context
	stop      context.CancelFunc
	work      sync.WaitGroup

	mu      sync.Mutex
	weather map[string]bool
	scene   *sceneState
	records Records
}

// Open starts the simulators. [Sandbox.StartBot] starts the bot.
func Open(options Options) (*Sandbox, error) {
	folder, err := openFolder(options.Dir)
	if err != nil {
		return nil, err
	}
	clock := NewClock()
	slack, uipath, err := newSimulators(clock)
	if err != nil {
		return nil, errors.Join(err, removeIf(options.Dir == "", folder))
	}
	s := &Sandbox{
		options: options, folder: folder, temporary: options.Dir == "", clock: clock, slack: slack, uipath: uipath,
		events: newEventHub(), weather: map[string]bool{},
	}
	s.quit, s.stop = context.WithCancel(context.Background())
	var program func() *exec.Cmd
	if options.Bot != nil {
		program = func() *exec.Cmd { return options.Bot(s.Environment()) }
	}
	s.bot = newBotProcess(program, clock, func() { s.events.note("bot") })
	if err := errors.Join(s.keepPolicy(), s.dropDatabase()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.work.Go(s.watchSimulators)
	return s, nil
}

func openFolder(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "licensebot-sandbox-")
	}
	return dir, os.MkdirAll(dir, 0o700)
}

func removeIf(is bool, folder string) error {
	if !is {
		return nil
	}
	return os.RemoveAll(folder)
}

// keepPolicy writes the first policy file, unless there is one.
func (s *Sandbox) keepPolicy() error {
	if _, err := os.Stat(s.policyFile()); err == nil {
		return nil
	}
	return os.WriteFile(s.policyFile(), []byte(storyPolicy), 0o600)
}

// dropDatabase begins with an empty database, because the simulated Slack begins with an
// empty channel.
func (s *Sandbox) dropDatabase() error {
	files, err := filepath.Glob(s.databaseFile() + "*")
	for _, file := range files {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}

func (s *Sandbox) policyFile() string   { return filepath.Join(s.folder, "policy.yaml") }
func (s *Sandbox) databaseFile() string { return filepath.Join(s.folder, "sandbox.db") }

// Environment is the configuration of a bot that works with the simulators.
func (s *Sandbox) Environment() map[string]string {
	return botEnvironment(s.slack, s.uipath, s.databaseFile(), s.policyFile())
}

// StartBot starts the bot.
func (s *Sandbox) StartBot() error { return s.bot.start() }

// Close stops the bot and the simulators.
func (s *Sandbox) Close() error {
	s.stop()
	var err error
	if s.options.Bot != nil {
		err = s.bot.stop()
	}
	s.slack.Close()
	s.uipath.Close()
	s.work.Wait()
	return errors.Join(err, removeIf(s.temporary, s.folder))
}

// watchSimulators notes every change of the simulators.
func (s *Sandbox) watchSimulators() {
	var watching sync.WaitGroup
	watching.Go(func() { s.watch("slack", s.slack.Length, s.slack.Wait) })
	watching.Go(func() { s.watch("uipath", s.uipath.Length, s.uipath.Wait) })
	watching.Wait()
}

func (s *Sandbox) watch(
	section string, length func() int, wait func(ctx context.Context, cond func() bool) error,
) {
	seen := length()
	for wait(s.quit, func() bool { return length() != seen }) == nil {
		seen = length()
		s.events.note(section)
	}
}

// advanceClock puts all clocks forward.
func (s *Sandbox) advanceClock(d time.Duration) error {
	if d <= 0 || d > 400*24*time.Hour {
		return errors.New("the clock goes forward only, by 400 days at most")
	}
	s.clock.Jump(d)
	s.bot.tellTime()
	for _, section := range sections {
		s.events.note(section)
	}
	return nil
}

// checkPolicy returns what is wrong in a policy. It is never nil.
func (s *Sandbox) checkPolicy(text string) []PolicyProblem {
	return append([]PolicyProblem{}, s.options.CheckPolicy(text)...)
}

// savePolicy writes a policy without problems to the file and makes the bot read it.
func (s *Sandbox) savePolicy(text string) ([]PolicyProblem, error) {
	problems := s.checkPolicy(text)
	if len(problems) > 0 {
		return problems, nil
	}
	draft := s.policyFile() + ".new"
	if err := os.WriteFile(draft, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("the policy could not be saved: %w", err)
	}
	if err := os.Rename(draft, s.policyFile()); err != nil {
		return nil, fmt.Errorf("the policy could not be saved: %w", err)
	}
	s.bot.reloadPolicy()
	s.events.note("bot")
	return problems, nil
}

// A problemError is an error with the HTTP status of its answer.
type problemError struct {
	status int
	error
}

func badRequest(format string, args ...any) error {
	return problemError{http.StatusBadRequest, fmt.Errorf(format, args...)}
}
