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

// clocked are the packages that decide something by the clock. The others stay as
// they are, and so does the standard library: a build with another package time
// compiles everything again.
var clocked = []string{"licensing", "internal/store"}

// clockSource is added to each of them.
const clockSource = `package %s

import (
	"os"
	"strconv"
	"time"
)

var chaosSkew, _ = strconv.Atoi(os.Getenv("` + skewVariable + `"))

func chaosNow() time.Time { return time.Now().Add(time.Duration(chaosSkew) * time.Second) }
`

// Build compiles the licensebot in source, a directory of the module, with a
// clock that can be off, and returns the program's file, in dir.
func Build(ctx context.Context, source, dir string, race bool) (string, error) {
	overlay, err := writeOverlay(source, dir)
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

// writeOverlay has the clocked packages ask chaosNow for the time.
func writeOverlay(source, dir string) (string, error) {
	replace := map[string]string{}
	for _, name := range clocked {
		if err := overlayPackage(filepath.Join(source, name), dir, replace); err != nil {
			return "", err
		}
	}
	if len(replace) == len(clocked) {
		return "", errors.New("nothing reads the clock where the suite expects it")
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}

func overlayPackage(folder, dir string, replace map[string]string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	put := func(name, text string) error {
		changed := filepath.Join(dir, fmt.Sprintf("overlay-%d.go", len(replace)))
		replace[filepath.Join(folder, name)] = changed
		return os.WriteFile(changed, []byte(text), 0o600)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if strings.HasSuffix(file, "_test.go") || !strings.Contains(string(text), "time.Now") {
			continue
		}
		asking := strings.ReplaceAll(string(text), "time.Now", "chaosNow") + "\nvar _ time.Time\n"
		if err := put(filepath.Base(file), asking); err != nil {
			return err
		}
	}
	return put("chaos_clock.go", fmt.Sprintf(clockSource, filepath.Base(folder)))
}

// FindModule finds the directory of the module that the working directory is in.
func FindModule(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w", err)
	}
	dir := strings.TrimSpace(string(out))
	if dir == "" {
		return "", errors.New("the working directory is not in licensebot's module: change into it, or name it with -source")
	}
	return dir, nil
}
