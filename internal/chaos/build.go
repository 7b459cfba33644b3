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
// clock that can be off, and returns the program's file, in dir. changed has, by their
// paths in the module, files that are compiled with another text.
func Build(ctx context.Context, source, dir string, race bool, changed map[string]string) (string, error) {
	overlay, err := writeOverlay(source, dir, changed)
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

// BuildTest compiles the tests of a package, a folder in source, with the texts of changed,
// and returns the file, in dir. Their clock is the real one.
func BuildTest(ctx context.Context, source, dir, folder string, changed map[string]string) (string, error) {
	o := &overlay{source: source, dir: dir, replace: map[string]string{}}
	for name, text := range changed {
		if err := o.put(filepath.Join(source, name), text); err != nil {
			return "", err
		}
	}
	file, err := o.write()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "tests")
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", file, "-c", "-o", binary, "./"+folder)
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go test -c: %w\n%s", err, out)
	}
	return binary, nil
}

// An overlay has the compiler read other files in place of those in the module.
type overlay struct {
	source, dir string
	changed     map[string]string // texts, by path in the module
	replace     map[string]string // files, by file
}

func (o *overlay) put(file, text string) error {
	other := filepath.Join(o.dir, fmt.Sprintf("overlay-%d.go", len(o.replace)))
	o.replace[file] = other
	return os.WriteFile(other, []byte(text), 0o600)
}

// read reads a file as it is to be compiled.
func (o *overlay) read(file string) (string, error) {
	name, _ := filepath.Rel(o.source, file)
	if text, ok := o.changed[name]; ok {
		return text, nil
	}
	text, err := os.ReadFile(file)
	return string(text), err
}

// writeOverlay has the clocked packages ask chaosNow for the time.
func writeOverlay(source, dir string, changed map[string]string) (string, error) {
	o := &overlay{source: source, dir: dir, changed: changed, replace: map[string]string{}}
	for name, text := range changed {
		if err := o.put(filepath.Join(source, name), text); err != nil {
			return "", err
		}
	}
	before := len(o.replace)
	for _, name := range clocked {
		if err := o.addClock(filepath.Join(source, name)); err != nil {
			return "", err
		}
	}
	if len(o.replace) == before+len(clocked) {
		return "", errors.New("nothing reads the clock where the suite expects it")
	}
	return o.write()
}

// write writes the file that tells the compiler of the overlay.
func (o *overlay) write() (file string, err error) {
	text, err := json.Marshal(map[string]any{"Replace": o.replace})
	if err != nil {
		return "", err
	}
	file = filepath.Join(o.dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

// addClock has one package ask chaosNow for the time.
func (o *overlay) addClock(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := o.read(file)
		if err != nil {
			return err
		}
		if strings.HasSuffix(file, "_test.go") || !strings.Contains(text, "time.Now") {
			continue
		}
		asking := strings.ReplaceAll(text, "time.Now", "chaosNow") + "\nvar _ time.Time\n"
		if err := o.put(file, asking); err != nil {
			return err
		}
	}
	return o.put(filepath.Join(folder, "chaos_clock.go"), fmt.Sprintf(clockSource, filepath.Base(folder)))
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
