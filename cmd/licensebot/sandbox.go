package main

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"licensebot/internal/demo"
)

func sandboxCommand() *cobra.Command {
	var isVerbose, inSteps bool
	var web webSandbox
	var hasPage bool
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Play the main job against a Slack and a UiPath on this machine",
		Long: "sandbox starts a simulated Slack and a simulated UiPath on 127.0.0.1, runs the bot against\n" +
			"them as serve does, and plays a story: one request from /allocate to its outcome. The bot is killed\n" +
			"between the write and UiPath's answer, and finishes the request after its restart. The grant ends\n" +
			"after thirty days, because the story puts the clock forward. All of it is read back from the simulators.\n" +
			"It works without configuration, network and accounts, and removes its files at the end.\n\n" +
			"--web serves a page instead, on which you play the people, break what you like and see what the\n" +
			"bot does; docs/sandbox.md describes it and the HTTP interface behind it. --fakes does the same\n" +
			"without a bot, and prints the environment for yours.\n\n" +
			"Exit codes: 0 the story went as planned, 1 it did not, 2 usage error.",
		Args: refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkSandboxFlags(cmd); err != nil {
				return err
			}
			ignoreBrokenPipe()
			if hasPage || web.onlyFakes {
				return web.run(cmd.Context(), cmd.OutOrStdout())
			}
			return playStory(cmd, isVerbose, inSteps)
		},
	}
	cmd.Flags().BoolVarP(&isVerbose, "verbose", "v", false, "show the bot's own log on standard error")
	cmd.Flags().BoolVar(&inSteps, "step", false, "wait for Enter before each scene")
	cmd.Flags().BoolVar(&hasPage, "web", false, "serve a page on which you play the people yourself")
	cmd.Flags().BoolVar(&web.onlyFakes, "fakes", false,
		"serve only the simulators and print the environment for your own bot")
	cmd.Flags().StringVar(&web.dir, "dir", "", "with --web or --fakes: keep the state in this folder, and go on with it")
	cmd.Flags().StringVar(&web.addr, "addr", "127.0.0.1:0", "with --web or --fakes: the loopback address of the page")
	return cmd
}

// checkSandboxFlags refuses flags that would have no effect.
func checkSandboxFlags(cmd *cobra.Command) error {
	is := cmd.Flags().Changed
	hasPage := is("web") || is("fakes")
	switch {
	case is("web") && is("fakes"):
		return &usageError{errors.New("--web and --fakes exclude each other: --fakes serves the page without a bot")}
	case is("step") && hasPage:
		return &usageError{errors.New("--step goes with the story alone, without --web and --fakes")}
	case (is("dir") || is("addr")) && !hasPage:
		return &usageError{errors.New("--dir and --addr go with --web or --fakes: the story keeps nothing")}
	}
	return nil
}

// playStory plays the story. It shows colors on a terminal only.
func playStory(cmd *cobra.Command, isVerbose, inSteps bool) error {
	telling := demo.Telling{HasColors: isTerminal(cmd.OutOrStdout()) && os.Getenv("NO_COLOR") == ""}
	if inSteps {
		telling.Step = cmd.InOrStdin()
	}
	var log io.Writer
	if isVerbose {
		log = zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: time.RFC3339}
	}
	var err error
	if telling.Options, err = sandboxOptions("", log); err != nil {
		return err
	}
	return demo.Play(cmd.Context(), cmd.OutOrStdout(), telling)
}
