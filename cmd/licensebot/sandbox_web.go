package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"licensebot/bot"
	"licensebot/internal/demo"
	"licensebot/internal/policyfile"
	"licensebot/internal/store"
	"licensebot/licensing"
)

// peekLimit is how many requests, jobs and lines of the journal the sandbox shows.
const peekLimit = 200

// A webSandbox is how the sandbox with a page is started.
type webSandbox struct {
	dir, addr string
	onlyFakes bool
}

// run serves the sandbox until ctx ends.
func (w webSandbox) run(ctx context.Context, out io.Writer) error {
	listener, err := listenOnLoopback(ctx, w.addr)
	if err != nil {
		return err
	}
	options, err := sandboxOptions(w.dir, nil)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if w.onlyFakes {
		options.Bot = nil
	}
	sandbox, err := demo.Open(options)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: sandbox.Handler(), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	err = w.announce(out, sandbox, listener.Addr().String())
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-served:
		}
	}
	return errors.Join(err, sandbox.Close(), server.Close())
}

// sandboxOptions runs this very program as the bot.
func sandboxOptions(dir string, log io.Writer) (demo.Options, error) {
	program, err := os.Executable()
	if err != nil {
		return demo.Options{}, fmt.Errorf("find this program: %w", err)
	}
	return demo.Options{
		Dir: dir, Log: log, CheckPolicy: checkPolicyText, ReadRecords: readRecords, CodeName: codeName,
		Bot: func(env map[string]string) *exec.Cmd { return childCommand(program, env) },
	}, nil
}

// announce starts the bot and prints where the sandbox is.
func (w webSandbox) announce(out io.Writer, sandbox *demo.Sandbox, addr string) error {
	if w.onlyFakes {
		_, err := io.WriteString(out, environmentLines(sandbox.Environment(), addr))
		return err
	}
	if err := sandbox.StartBot(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "The sandbox is at http://%s\nCtrl-C ends it.\n", addr)
	return err
}

// environmentLines are lines for a shell or for an environment file. All values are
// without blanks, except in names of folders, which are quoted.
func environmentLines(env map[string]string, addr string) string {
	var lines strings.Builder
	fmt.Fprintf(&lines, "# The page and its interface are at http://%s; Ctrl-C ends the simulators.\n", addr)
	for _, name := range slices.Sorted(maps.Keys(env)) {
		value := env[name]
		if strings.ContainsAny(value, " '\"$`\\&;()#*?<>|~!") {
			value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		}
		fmt.Fprintf(&lines, "export %s=%s\n", name, value)
	}
	return lines.String()
}

// listenOnLoopback refuses an address that others could reach.
func listenOnLoopback(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	if err != nil || (host != "localhost" && (ip == nil || !ip.IsLoopback())) {
		return nil, &usageError{fmt.Errorf("--addr %q must be a loopback address with a port, such as 127.0.0.1:0", addr)}
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

// childCommand runs the bot of the sandbox. It gets nothing of this shell's own
// configuration of a bot.
func childCommand(program string, env map[string]string) *exec.Cmd {
	cmd := exec.Command(program, sandboxBotName)
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !isBotVariable(name) {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

func isBotVariable(name string) bool {
	return slices.ContainsFunc([]string{"SLACK_", "UIPATH_", "LICENSEBOT_"}, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}

const sandboxBotName = "sandbox-bot"

// childGrace is how long the bot may take to stop once the sandbox is gone.
const childGrace = 15 * time.Second

// sandboxBotCommand runs the bot for the sandbox: as serve does, with the clock that
// comes on standard input. It stops at the end of its input, because the sandbox is
// gone then.
func sandboxBotCommand(hangups <-chan os.Signal) *cobra.Command {
	return &cobra.Command{
		Use:    sandboxBotName,
		Hidden: true,
		Args:   refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := LoadConfig()
			if err != nil {
				return err
			}
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			clock := demo.NewClock()
			giveUp := func() { time.AfterFunc(childGrace, func() { os.Exit(exitFailure) }) }
			if err := clock.Follow(os.Stdin, func() { stop(); giveUp() }); err != nil {
				return err
			}
			tuning := Tuning{Rates: bot.DefaultRates, Now: clock.Now, Jumps: clock.Jumps(), Hangups: hangups}
			return Serve(ctx, cfg, tuning, newLogger(cfg, os.Stderr))
		},
	}
}

// checkPolicyText finds what policy check finds.
func checkPolicyText(text string) []demo.PolicyProblem {
	_, err := policyfile.Load("policy.yaml", []byte(text), meaningOf)
	if err == nil {
		return nil
	}
	problems, ok := errors.AsType[policyfile.Problems](err)
	if !ok {
		return []demo.PolicyProblem{{Line: 1, Text: err.Error()}}
	}
	var found []demo.PolicyProblem
	for _, p := range problems {
		found = append(found, demo.PolicyProblem{Line: p.Line, Text: p.Wrong + "; " + p.Remedy})
	}
	return found
}

// codeName is what UiPath calls a code, or "".
func codeName(code string) string {
	name, _ := licensing.CodeName(code)
	return name
}

// readRecords reads what the bot's database has for people to see.
func readRecords(ctx context.Context, database string) (demo.Records, error) {
	peek, err := store.PeekAt(ctx, database, peekLimit)
	var found demo.Records
	for _, j := range peek.Jobs {
		found.Jobs = append(found.Jobs, demo.JobRecord{
			Request: j.RequestID, Kind: j.Kind, Due: j.Due, Attempt: j.Attempt, Leased: j.Leased,
		})
	}
	for _, r := range peek.Requests {
		group := r.Ask.Group
		if r.Proposal != nil {
			group = r.Proposal.Group.ID
		}
		found.Requests = append(found.Requests, demo.RequestRecord{
			ID: r.ID, State: string(r.State), Group: group, Codes: r.Ask.Codes, CardChannel: r.Channel,
			CardTS: r.CardTS, AskedBy: r.Requester, FiledAt: r.FiledAt,
		})
	}
	for _, e := range peek.Journal {
		found.Journal = append(found.Journal, demo.JournalRecord{
			Request: e.RequestID, At: e.At, Kind: e.Kind, Detail: e.Actor,
		})
	}
	return found, err
}
