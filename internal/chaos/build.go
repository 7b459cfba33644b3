//go:build linux

package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// skewVariable is the environment variable by which a replica's clock is off,
// in seconds. Only binaries made by Build know it.
const skewVariable = "CHAOS_CLOCK_SKEW"

// skewSource is added to the standard library's package time.
const skewSource = `package time

import "syscall"

var skew = readSkew()

func readSkew() (seconds int64) {
	text, _ := syscall.Getenv("` + skewVariable + `")
	for _, c := range []byte(text) {
		if c != '-' {
			seconds = seconds*10 + int64(c-'0')
		}
	}
	if len(text) > 0 && text[0] == '-' {
		return -seconds
	}
	return seconds
}
`

// The place in time.Now where the wall clock is read; the monotonic clock is
// left alone, as by a machine whose clock is set wrongly.
const (
	nowBefore = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	nowAfter  = nowBefore + "\tsec += skew\n"
)

// Build compiles the licensebot in source, a directory of the module, with a
// wall clock that can be off, and returns the program's file, in dir.
func Build(ctx context.Context, source, dir string, race bool) (string, error) {
	overlay, err := writeOverlay(ctx, dir)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "licensebot")
	args := []string{"build", "-overlay", overlay, "-o", binary}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/licensebot")...)
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
}

func writeOverlay(ctx context.Context, dir string) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	library := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	original, err := os.ReadFile(filepath.Join(library, "time.go"))
	if err != nil {
		return "", err
	}
	if strings.Count(string(original), nowBefore) != 1 {
		return "", errors.New("this Go's time.Now is another one than the suite knows how to skew")
	}
	changed := filepath.Join(dir, "time.go")
	added := filepath.Join(dir, "skew.go")
	overlay := filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(library, "time.go"): changed,
		filepath.Join(library, "skew.go"): added,
	}})
	return overlay, errors.Join(err,
		os.WriteFile(changed, []byte(strings.Replace(string(original), nowBefore, nowAfter, 1)), 0o600),
		os.WriteFile(added, []byte(skewSource), 0o600),
		os.WriteFile(overlay, replace, 0o600))
}

// Module finds the directory of the module that the working directory is in.
func Module(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
