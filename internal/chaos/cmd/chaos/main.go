//go:build linux

// Command chaos tries to make licensebot break its promises, for as long as the
// flags say. Package chaos tells how.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"licensebot/internal/chaos"
)

func main() { os.Exit(runCommand()) }

func runCommand() int {
	var o chaos.Options
	flag.Uint64Var(&o.Seed, "seed", 1, "seed of the first round; the next ones count on from it")
	flag.IntVar(&o.Rounds, "rounds", 0, "how many rounds (default: until -for is over, or one)")
	flag.DurationVar(&o.For, "for", 0, "start no round after this long")
	flag.StringVar(&o.Store, "store", chaos.SQLite, "sqlite or postgres")
	flag.IntVar(&o.Replicas, "replicas", 1, "replicas in each world; sqlite takes one")
	flag.IntVar(&o.Worlds, "worlds", 1, "rounds that run at the same time")
	flag.IntVar(&o.Steps, "steps", 0, "steps of a round (default 240)")
	flag.StringVar(&o.Focus, "focus", "", "actions that happen more often, separated by commas")
	flag.BoolVar(&o.Calm, "calm", false, "only the actions of -focus happen")
	flag.DurationVar(&o.Patience, "patience", 0, "how long a round may take to settle (default 5m)")
	flag.StringVar(&o.Keep, "keep", "", "keep the files and journals of rounds that went wrong in this folder")
	source := flag.String("source", "", "directory of the module to build (default: this one)")
	race := flag.Bool("race", false, "build licensebot with the race detector")
	verbose := flag.Bool("v", false, "print every step and the logs of the replicas")
	mutants := flag.Bool("mutants", false, "instead see whether every mutant is caught")
	only := flag.String("only", "", "with -mutants: those whose name contains this")
	flag.Parse()
	if *verbose {
		o.Verbose = os.Stderr
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := runSuite(ctx, &o, *source, *race, *mutants, *only); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 1
	}
	return 0
}

// runSuite builds what is needed in a directory of its own and runs it.
func runSuite(ctx context.Context, o *chaos.Options, source string, race, mutants bool, only string) error {
	dir, err := os.MkdirTemp("", "chaos-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL runs as another user
		return err
	}
	o.Dir = dir
	if source == "" {
		if source, err = chaos.FindModule(ctx); err != nil {
			return err
		}
	}
	if mutants {
		return huntMutants(ctx, *o, source, only)
	}
	if o.Binary, err = chaos.Build(ctx, source, dir, race, nil); err != nil {
		return err
	}
	return playRounds(ctx, *o)
}

// playRounds runs the rounds and shows how they go.
func playRounds(ctx context.Context, o chaos.Options) error {
	tally := chaos.NewTally(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		chaos.Run(ctx, o, tally)
	}()
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	shown := 0
	for running := true; running; {
		select {
		case <-tick.C:
			fmt.Println(tally)
		case <-done:
			running = false
		}
		failures := tally.Failures()
		for _, f := range failures[shown:] {
			fmt.Print(f)
		}
		shown = len(failures)
	}
	for _, what := range tally.Skipped() {
		fmt.Println("skipped:", what)
	}
	fmt.Println("in all,", tally)
	if shown > 0 {
		return fmt.Errorf("%d rounds did not go well", shown)
	}
	return nil
}
