// Command check runs the tests and says at the end what was skipped, and why:
// `go test` alone keeps that to itself. Arguments go to `go test`.
//
//	go run ./internal/check
//	go run ./internal/check -race ./internal/store
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	code, err := runTests(ctx, os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
	}
	return code
}

// runTests runs `go test -json` and returns its exit code.
func runTests(ctx context.Context, args []string, out io.Writer) (int, error) {
	if !slices.ContainsFunc(args, isPackage) {
		args = append(args, "./...")
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	report := newReport(out)
	if err := report.read(events); err != nil {
		return 1, err
	}
	err = cmd.Wait()
	report.printSkipped()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}

func isPackage(arg string) bool {
	return strings.HasPrefix(arg, ".") || strings.HasPrefix(arg, "licensebot")
}

// An event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// A report follows the tests of all packages.
type report struct {
	out     io.Writer
	output  map[string][]string // of each test, as long as it runs
	skipped map[string][]string // tests by reason
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[string][]string{}, skipped: map[string][]string{}}
}

func (r *report) read(events io.Reader) error {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(r.out, lines.Text()) // what the build says
			continue
		}
		r.take(e)
	}
	return lines.Err()
}

func (r *report) take(e event) {
	name := e.Package + " " + e.Test
	switch {
	case e.Action == "output":
		r.output[name] = append(r.output[name], e.Output)
		return
	case e.Action == "skip" && e.Test != "":
		reason := skipReason(r.output[name])
		r.skipped[reason] = append(r.skipped[reason], name)
	case e.Action == "fail":
		fmt.Fprint(r.out, strings.Join(r.output[name], ""))
	case e.Test == "" && (e.Action == "pass" || e.Action == "skip"):
		fmt.Fprintf(r.out, "%-4s  %-40s %6.1f s\n", e.Action, e.Package, e.Elapsed)
	case e.Action != "pass":
		return
	}
	delete(r.output, name)
}

// skipReason is the text that a test gave when it skipped itself: the line after
// its file and line number.
func skipReason(output []string) string {
	for _, line := range output {
		trimmed := strings.TrimSpace(line)
		if _, reason, found := strings.Cut(trimmed, ".go:"); found && !strings.HasPrefix(trimmed, "---") {
			_, reason, _ = strings.Cut(reason, ": ")
			return reason
		}
	}
	return "no reason given"
}

// printSkipped lists the skipped tests by reason, most first.
func (r *report) printSkipped() {
	if len(r.skipped) == 0 {
		fmt.Fprintln(r.out, "\nNo test was skipped.")
		return
	}
	reasons := slices.SortedFunc(maps.Keys(r.skipped), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(r.skipped[b]), len(r.skipped[a])), cmp.Compare(a, b))
	})
	fmt.Fprintln(r.out, "\nSkipped:")
	for _, reason := range reasons {
		tests := r.skipped[reason]
		fmt.Fprintf(r.out, "  %d × %s\n      for example %s\n", len(tests), reason, tests[0])
	}
}
