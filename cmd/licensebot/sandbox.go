package main

import (
	"context"
	"os"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"licensebot/bot"
	"licensebot/internal/demo"
)

func sandboxCommand() *cobra.Command {
	var verbose bool
	var web webSandbox
	var hasPage bool
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Play the main job against a Slack and a UiPath on this machine",
		Long: "sandbox starts a simulated Slack and a simulated UiPath on 127.0.0.1, runs the bot against\n" +
			"them as serve does, and plays a story in two acts: one request from /allocate to its outcome,\n" +
			"then a quorum of two with a change of mind, a refusal, and a grant that ends after thirty days,\n" +
			"because the story puts the clock forward. Everything it prints is read back from the simulators.\n" +
			"It works without configuration, network and accounts, and removes its files at the end.\n\n" +
			"--web serves a page instead, on which you play the people, break what you like and see what the\n" +
			"bot does; docs/sandbox.md describes it and the HTTP interface behind it. --fakes does the same\n" +
			"without a bot, and prints the environment for yours.\n\n" +
			"Exit codes: 0 the story went as planned, 1 it did not, 2 usage error.",
		Args: refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ignoreBrokenPipe()
			if hasPage || web.onlyFakes {
				return web.run(cmd.Context(), cmd.OutOrStdout())
			}
			log := zerolog.Nop()
			if verbose {
				log = newLogger(Config{Console: true}, os.Stderr)
			}
			serve := func(ctx context.Context, env map[string]string, clock *demo.Clock) error {
				cfg, err := newConfig(environmentOf(env), nil)
				if err != nil {
					return err
				}
				return Serve(ctx, cfg, Tuning{Rates: bot.DefaultRates, Now: clock.Now, Jumps: clock.Jumps()}, log)
			}
			return demo.Play(cmd.Context(), cmd.OutOrStdout(), serve)
		},
	}
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "show the bot's own log on standard error")
	cmd.Flags().BoolVar(&hasPage, "web", false, "serve a page on which you play the people yourself")
	cmd.Flags().BoolVar(&web.onlyFakes, "fakes", false, "serve only the simulators and print the environment for your own bot")
	cmd.Flags().StringVar(&web.dir, "dir", "", "with --web or --fakes: keep the state in this folder")
	cmd.Flags().StringVar(&web.addr, "addr", "127.0.0.1:0", "with --web or --fakes: the loopback address of the page")
	return cmd
}
