package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"licensebot/bot"
	"licensebot/internal/demo"
)

func sandboxCommand() *cobra.Command {
	var verbose bool
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "See the main job played against a Slack and a UiPath on this machine",
		Long: "sandbox starts a simulated Slack and a simulated UiPath on 127.0.0.1, runs the bot against\n" +
			"them as serve would, and plays a story in two acts: one request from /allocate to its outcome,\n" +
			"then a quorum of two with a change of mind, a refusal, and a grant that ends after thirty days,\n" +
			"on a clock that is put forward. Everything it prints is read back from the simulators. It needs no configuration, no network and no\n" +
			"account, and leaves nothing behind. Exit code 0: the story ended as told.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			signal.Ignore(syscall.SIGPIPE) // a reader that leaves ends the story, not the process with its files
			log := zerolog.Nop()
			if verbose {
				log = newLogger(Config{Console: true}, os.Stderr)
			}
			return demo.Play(cmd.Context(), cmd.OutOrStdout(), func(ctx context.Context, env map[string]string, clock *demo.Clock) error {
				return serveWith(ctx, env, Tuning{Pace: bot.DefaultPace, Now: clock.Now, Jumps: clock.Jumps()}, log)
			})
		},
	}
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "show the bot's own log on standard error")
	return cmd
}

// serveWith runs the bot with exactly this configuration, whatever else is in
// the environment of the process.
func serveWith(ctx context.Context, env map[string]string, tuning Tuning, log zerolog.Logger) error {
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "SLACK_") || strings.HasPrefix(name, "UIPATH_") || strings.HasPrefix(name, "LICENSEBOT_") {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	var failed error
	for name, value := range env {
		failed = errors.Join(failed, os.Setenv(name, value))
	}
	if failed != nil {
		return failed
	}
	cfg, err := LoadConfig()
	if err != nil {
		return err
	}
	return Serve(ctx, cfg, tuning, log)
}
