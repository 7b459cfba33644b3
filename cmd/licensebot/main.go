// Command licensebot asks in Slack whether a UiPath group may have more user
// licenses. Once the approvers agree, it makes the change at UiPath.
//
// Each subcommand has a file: [newRootCommand] lists them. The bot itself is
// [Serve]: the environment becomes a checked [Config], each part starts and joins
// the [shutdown] list, and the parts run until the context ends. Tests and the
// sandbox call Serve in the same way, with a [Tuning].
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"licensebot/bot"
	"licensebot/deploy"
)

// Exit codes.
const (
	exitFailure   = 1
	exitUsage     = 2
	exitUnchecked = 3
)

// stamped is set by the linker: -X main.stamped=v1.2.3.
var stamped string

// versionName returns the stamped version, or what the Go toolchain knows of the
// build.
func versionName() string {
	if stamped != "" {
		return stamped
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// A usageError is a wrong command line: exit code 2.
type usageError struct{ error }

func main() { os.Exit(runMain(os.Args[1:], os.Stdout)) }

// runMain runs a command until it ends or a signal stops it. It returns the exit
// code.
func runMain(args []string, stdout io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	root := newRootCommand(hangups)
	root.SetArgs(args)
	root.SetOut(stdout)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		printLine(os.Stderr, "licensebot: stopped before the end")
		return exitFailure
	}
	if code, ok := errors.AsType[exitError](err); ok {
		return int(code)
	}
	printLine(os.Stderr, "licensebot:", err)
	if isUsageError(err) {
		return exitUsage
	}
	return exitFailure
}

// ignoreBrokenPipe makes the next write fail when the reader has left, where the
// signal would kill the process: the bot goes on, and the story removes its files.
func ignoreBrokenPipe() { signal.Ignore(syscall.SIGPIPE) }

// newRootCommand makes the command line. hangups receives each SIGHUP.
func newRootCommand(hangups <-chan os.Signal) *cobra.Command {
	root := &cobra.Command{
		Use:   "licensebot",
		Short: "Ask for UiPath user licenses in Slack, approve with a reaction",
		Long: "licensebot is a Slack Socket Mode bot. People type /allocate with a UiPath group and license\n" +
			"codes, and approvers react to the request's card. Only then does the bot change the group's\n" +
			"allocation at UiPath. The card's thread tells what really happened.\n\n" +
			"Exit codes: 0 success, 1 failure, 2 usage error, 3 could not check (doctor, audit).",
		Version:       versionName(), // cobra gives the root the flag --version
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          refuseArguments,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("licensebot {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	root.AddCommand(serveCommand(hangups), doctorCommand(), sandboxCommand(), policyCommand(), manifestCommand(),
		migrateCommand(), grantCommand(), backupCommand(), auditCommand(), versionCommand(), sandboxBotCommand(hangups))
	return root
}

// refuseArguments wants no arguments at all.
func refuseArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	path := cmd.CommandPath()
	return &usageError{fmt.Errorf("%q is no command or argument of %s; see %s --help", args[0], path, path)}
}

func serveCommand(hangups <-chan os.Signal) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the bot until SIGTERM or Ctrl-C",
		Long: "serve runs the bot. The environment configures it; docs/configuration.md has every variable.\n" +
			"serve reports all problems of the configuration at once, with exit code 2; without any\n" +
			"configuration, it names the required variables. After SIGHUP it reads the policy file again.",
		Args: refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := LoadConfig()
			if err != nil {
				return err
			}
			ignoreBrokenPipe()
			stdlog.SetOutput(io.Discard) // libraries write there, and would wait for the reader of stderr
			output := newLogOutput(cfg, os.Stderr)
			defer output.Close()
			tuning := Tuning{Rates: bot.DefaultRates, Hangups: hangups, LostLines: output.Lost}
			return Serve(cmd.Context(), cfg, tuning, newLogger(cfg, output))
		},
	}
}

func manifestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "manifest",
		Short: "Print the Slack app manifest to paste at api.slack.com/apps",
		Args:  refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(deploy.SlackManifest)
			return err
		},
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "licensebot", versionName())
			return err
		},
	}
}
