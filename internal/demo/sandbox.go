package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// Options is what a sandbox needs from the program that it shows.
type Options struct {
	// Dir keeps everything for a later sandbox: the simulators, the policy file and the
	// bot's database. Empty means a folder that Close removes.
	Dir string
	// Bot makes the command that runs the bot with an environment. Nil means that the
	// sandbox has only the simulators.
	Bot func(env map[string]string) *exec.Cmd
	// Log receives each line of the bot's log. Nil means that it is only kept.
	Log io.Writer
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
	options Options
	folder  folder
	clock   *Clock
	slack   *fakeslack.Server
	uipath  *fakeuipath.Server
	bot     *botProcess
	events  *eventHub
	quit    context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup

	mu      sync.Mutex
	weather map[string]bool
	scene   *sceneState
	records Records
	trouble string // why the state could not be saved
}

// Open starts the simulators. [Sandbox.StartBot] starts the bot.
func Open(options Options) (*Sandbox, error) {
	folder, err := openFolder(options.Dir)
	if err != nil {
		return nil, err
	}
	saved, err := folder.loadState()
	if err != nil {
		return nil, errors.Join(err, folder.close())
	}
	clock := NewClock()
	clock.set(saved.Ahead)
	slack, uipath, err := newSimulators(clock, saved)
	if err != nil {
		return nil, errors.Join(folder.namePorts(err), folder.close())
	}
	s := &Sandbox{
		options: options, folder: folder, clock: clock, slack: slack, uipath: uipath,
		events: newEventHub(), weather: map[string]bool{},
	}
	s.quit, s.stop = context.WithCancel(context.Background())
	var program func() *exec.Cmd
	if options.Bot != nil {
		program = func() *exec.Cmd { return options.Bot(s.Environment()) }
	}
	s.bot = newBotProcess(program, options.Log, clock, func() { s.events.note("bot") })
	// The state first: it marks the folder.
	if err := s.save(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.keepPolicy(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.work.Go(s.watchSimulators)
	if !folder.isTemporary() {
		s.work.Go(s.keepSaving)
	}
	return s, nil
}

// keepPolicy writes the first policy file, unless there is one.
func (s *Sandbox) keepPolicy() error {
	if _, err := os.Stat(s.policyFile()); err == nil {
		return nil
	}
	return os.WriteFile(s.policyFile(), []byte(storyPolicy), 0o600)
}

func (s *Sandbox) policyFile() string   { return s.folder.file(policyName) }
func (s *Sandbox) databaseFile() string { return s.folder.file(databaseName) }

// Environment is the configuration of a bot that works with the simulators.
func (s *Sandbox) Environment() map[string]string {
	return botEnvironment(s.slack, s.uipath, s.databaseFile(), s.policyFile())
}

// StartBot starts the bot.
func (s *Sandbox) StartBot() error { return s.bot.start() }

// Close stops the bot and the simulators, and saves what they have.
func (s *Sandbox) Close() error {
	s.stop()
	var err error
	if s.options.Bot != nil {
		err = s.bot.stop()
	}
	s.work.Wait()
	err = errors.Join(err, s.save())
	s.slack.Close()
	s.uipath.Close()
	return errors.Join(err, s.folder.close())
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
	if err := s.folder.replace(policyName, []byte(text)); err != nil {
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
